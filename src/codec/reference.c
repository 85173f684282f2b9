/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/reference.h"

#include "base/limits.h"

enum {
	TAG_MAX = 128,
	SHOWN_MAX = 120, /* of a wrong reference, in the error */
};

static bool
is_lower(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_alphanumeric(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool
is_all(struct span s, bool (*is)(char))
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is(s.p[i]))
			return false;
	}
	return s.n > 0;
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
is_address(char c)
{
	return is_hex(c) || c == ':';
}

static bool
is_word_or_dash(char c)
{
	return is_alphanumeric(c) || c == '-';
}

static bool
is_tag_byte(char c)
{
	return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
}

static bool
is_port(struct span s)
{
	uint64_t port;

	return span_to_u64(s, &port) && port > 0 && port <= UINT16_MAX;
}

/* Labels of a host name; a dash neither first nor last. */
static bool
is_host(struct span s)
{
	while (s.p) {
		struct span label = span_cut(&s, '.');

		if (!is_all(label, is_word_or_dash) || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
	}
	return true;
}

static bool
is_domain(struct span s)
{
	size_t colon;

	if (s.n > 0 && s.p[0] == '[') {
		size_t end = span_find(s, ']');

		if (end == s.n || !is_all(span_slice(s, 1, end), is_address))
			return false;
		return end + 1 == s.n ||
		       (s.p[end + 1] == ':' && is_port(span_slice(s, end + 2, s.n)));
	}
	colon = span_find(s, ':');
	if (colon < s.n && !is_port(span_slice(s, colon + 1, s.n)))
		return false;
	return is_host(span_slice(s, 0, colon));
}

/* Length of the separator at the front of s: one of ". _", "__", or dashes; 0 when none. */
static size_t
separator(struct span s)
{
	size_t n = 0;

	if (s.n == 0)
		return 0;
	if (s.p[0] == '.')
		return 1;
	if (s.p[0] == '_')
		return s.n > 1 && s.p[1] == '_' ? 2 : 1;
	while (n < s.n && s.p[n] == '-')
		n++;
	return n;
}

/* Lower-case words with separators between them. */
static bool
is_component(struct span s)
{
	for (;;) {
		size_t n = 0;

		while (n < s.n && is_lower(s.p[n]))
			n++;
		if (n == 0)
			return false;
		s = span_slice(s, n, s.n);
		if (s.n == 0)
			return true;
		n = separator(s);
		if (n == 0)
			return false;
		s = span_slice(s, n, s.n);
	}
}

static bool
is_repository(struct span s)
{
	while (s.p) {
		if (!is_component(span_cut(&s, '/')))
			return false;
	}
	return true;
}

/* What may be shown of a wrong reference: "user:secret@host/..." loses what stands before "@". */
static struct span
showable(struct span text)
{
	size_t at = span_find_last(text, '@');

	if (at < text.n && !span_starts_with(span_slice(text, at + 1, text.n), SPAN("sha")))
		text = span_slice(text, at, text.n);
	return text.n > SHOWN_MAX ? span_slice(text, 0, SHOWN_MAX) : text;
}

static int
wrong(struct span text, const char *why, struct err *err)
{
	struct span shown = showable(text);

	return err_set(err, ERR_USAGE, "\"%.*s\" is no image reference: %s", (int)shown.n,
		       shown.p ? shown.p : "", why);
}

/* Whether the first component names a host and not a folder of docker.io. */
static bool
looks_like_domain(struct span s)
{
	if (span_equal(s, SPAN("localhost")))
		return true;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' || s.p[i] == ':' || (s.p[i] >= 'A' && s.p[i] <= 'Z'))
			return true;
	}
	return false;
}

static void
split_domain(struct span name, struct reference *ref)
{
	size_t slash = span_find(name, '/');

	ref->domain = SPAN("docker.io");
	ref->repository = name;
	if (slash < name.n && looks_like_domain(span_slice(name, 0, slash))) {
		ref->domain = span_slice(name, 0, slash);
		ref->repository = span_slice(name, slash + 1, name.n);
	}
	if (span_equal(ref->domain, SPAN("index.docker.io")))
		ref->domain = SPAN("docker.io");
}

/* Cuts "@digest" and ":tag" off the end of *name. */
static int
take_ends(struct span whole, struct span *name, struct reference *ref, struct err *err)
{
	size_t at = span_find(*name, '@');

	if (at < name->n) {
		int r = digest_parse(span_slice(*name, at + 1, name->n), &ref->digest, err);
		if (r < 0 && err->kind == ERR_UNSUPPORTED)
			return err_wrap(err, "image reference");
		if (r < 0)
			return wrong(whole, "what follows \"@\" is not a digest", err);
		ref->has_digest = true;
		*name = span_slice(*name, 0, at);
	}
	size_t colon = span_find_last(*name, ':');
	size_t slash = span_find_last(*name, '/');
	if (colon == name->n || (slash < name->n && slash > colon))
		return 0;
	ref->tag = span_slice(*name, colon + 1, name->n);
	*name = span_slice(*name, 0, colon);
	if (!is_all(ref->tag, is_tag_byte) || ref->tag.n > TAG_MAX || ref->tag.p[0] == '.' ||
	    ref->tag.p[0] == '-')
		return wrong(whole, "a tag is at most 128 letters, digits, \"_\", \".\", \"-\"",
			     err);
	return 0;
}

/* docker.io's repositories of one word stand in library/. */
static bool
in_library(const struct reference *ref)
{
	return span_equal(ref->domain, SPAN("docker.io")) &&
	       span_find(ref->repository, '/') == ref->repository.n;
}

static int
check_name(struct span whole, const struct reference *ref, struct err *err)
{
	if (!is_domain(ref->domain))
		return wrong(whole, "its host is malformed", err);
	if (!is_repository(ref->repository))
		return wrong(whole,
			     "a repository is lower-case words joined by \".\", \"_\", \"-\", "
			     "\"/\"",
			     err);
	size_t implied = in_library(ref) ? sizeof("library/") - 1 : 0;
	if (ref->domain.n + 1 + implied + ref->repository.n > IMAGE_NAME_MAX)
		return wrong(whole, "its name is longer than 255 bytes", err);
	return 0;
}

/* Spells everything out in one text; the other parts become slices of it. */
static int
spell_out(struct reference *ref, struct arena *arena, struct err *err)
{
	bool library = in_library(ref);
	char digest[DIGEST_TEXT] = "";
	size_t at;

	if (ref->has_digest)
		(void)digest_format(&ref->digest, digest);
	ref->text = arena_printf(arena, "%.*s/%s%.*s%s%.*s%s%s", SPAN_ARG(ref->domain),
				 library ? "library/" : "", SPAN_ARG(ref->repository),
				 ref->tag.n ? ":" : "", (int)ref->tag.n,
				 ref->tag.n ? ref->tag.p : "", ref->has_digest ? "@" : "", digest);
	if (!ref->text.p)
		return err_memory(err);
	at = ref->domain.n;
	size_t repository = ref->repository.n + (library ? sizeof("library/") - 1 : 0);
	ref->domain = span_slice(ref->text, 0, at);
	ref->repository = span_slice(ref->text, at + 1, at + 1 + repository);
	at += 1 + repository;
	ref->tag = ref->tag.n ? span_slice(ref->text, at + 1, at + 1 + ref->tag.n) : SPAN("");
	return 0;
}

int
reference_parse(struct span text, struct arena *arena, struct reference *ret, struct err *err)
{
	struct reference ref = {{NULL, 0}};
	struct span name = text;
	int r;

	if (text.n == 0 || text.n > IMAGE_PATH_MAX)
		return wrong(span_slice(text, 0, 0), "it is empty or far too long", err);
	r = take_ends(text, &name, &ref, err);
	if (r < 0)
		return r;
	split_domain(name, &ref);
	r = check_name(text, &ref, err);
	if (r < 0)
		return r;
	if (name.n == DIGEST_HEX && is_all(name, is_hex))
		return wrong(text, "64 hex digits would be mistaken for an image's identifier",
			     err);
	if (ref.tag.n == 0 && !ref.has_digest)
		ref.tag = SPAN("latest");
	r = spell_out(&ref, arena, err);
	if (r < 0)
		return r;
	*ret = ref;
	return 0;
}

int
reference_name(struct span text, struct arena *arena, struct span *ret, struct err *err)
{
	struct reference reference;
	int r = reference_parse(text, arena, &reference, err);

	if (r < 0)
		return r;
	struct span name = arena_printf(arena, "%.*s/%.*s", SPAN_ARG(reference.domain),
					SPAN_ARG(reference.repository));
	if (!name.p)
		return err_memory(err);
	*ret = name;
	return 0;
}

bool
reference_same(struct span a, struct span b, struct arena *arena)
{
	struct err ignored = ERR_INIT;
	struct reference first;
	struct reference second;

	return reference_parse(a, arena, &first, &ignored) == 0 &&
	       reference_parse(b, arena, &second, &ignored) == 0 &&
	       span_equal(first.text, second.text);
}

struct span
reference_transport(struct span text, struct span *ret_rest)
{
	size_t colon = span_find(text, ':');

	for (size_t i = 0; i < colon; i++) {
		if (!is_lower(text.p[i]) && text.p[i] != '-')
			colon = text.n;
	}
	if (colon == text.n) {
		*ret_rest = text;
		return span_slice(text, 0, 0);
	}
	*ret_rest = span_slice(text, colon + 1, text.n);
	return span_slice(text, 0, colon);
}

/* org.opencontainers.image.ref.name (image-spec annotations.md): words with separators between. */
static bool
is_ref_name(struct span s)
{
	static const char separators[] = "-._:@+/";
	bool word = false;

	for (size_t i = 0; i < s.n; i++) {
		if (is_alphanumeric(s.p[i])) {
			word = true;
			continue;
		}
		bool second_dash =
			s.p[i] == '-' && i > 1 && s.p[i - 1] == '-' && is_alphanumeric(s.p[i - 2]);
		if (s.p[i] == '\0' || !strchr(separators, s.p[i]) || (!word && !second_dash))
			return false;
		word = false;
	}
	return word;
}

int
reference_path(struct span text, struct span *ret_path, struct span *ret_name, struct err *err)
{
	struct span name = text;
	struct span path = span_cut(&name, ':');

	if (path.n == 0 || path.n > IMAGE_PATH_MAX || memchr(path.p, '\0', path.n))
		return wrong(text, "it names no file or folder", err);
	/* "@3": the fourth image of an archive; the caller knows whether that makes sense */
	bool index = name.p && name.n > 1 && name.p[0] == '@';
	if (name.p && !index && !is_ref_name(name))
		return wrong(text, "what follows the colon behind the path is no image name", err);
	*ret_path = path;
	*ret_name = name.p ? name : SPAN("");
	return 0;
}
