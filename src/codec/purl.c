/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/purl.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"

#define SCHEME "pkg:"

/* ---- reading ---- */

static int
malformed(const char *what, struct err *err)
{
	return err_set(err, ERR_INVALID, "not a package URL: %s", what);
}

static int
decode(struct span s, struct arena *arena, struct span *ret, struct err *err)
{
	char *p = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	if (!p)
		return err_memory(err);
	for (size_t i = 0; i < s.n; i++, n++) {
		int high = s.p[i] == '%' && i + 2 < s.n ? ascii_hex_digit(s.p[i + 1]) : -1;
		int low = high >= 0 ? ascii_hex_digit(s.p[i + 2]) : -1;

		p[n] = s.p[i];
		if (s.p[i] == '%') {
			if (low < 0)
				return malformed("a percent sign without two hex digits", err);
			p[n] = (char)(high * 16 + low);
			i += 2;
		}
		if (p[n] == '\0')
			return malformed("a NUL byte", err);
	}
	*ret = (struct span){p, n};
	return json_is_text(*ret) ? 0 : malformed("a part is not UTF-8", err);
}

/* Letters, digits and `more`, a letter in front. */
static bool
is_word(struct span s, const char *more)
{
	for (size_t i = 0; i < s.n; i++) {
		bool good = ascii_is_letter(s.p[i]) ||
			    (i > 0 && (ascii_is_digit(s.p[i]) || (s.p[i] && strchr(more, s.p[i]))));
		if (!good)
			return false;
	}
	return s.n > 0;
}

/* Segments that say nothing are passed over: empty ones, and in a subpath "." and "..". */
static int
read_segments(struct span text, bool dots_count, struct arena *arena, struct span *ret,
	      struct err *err)
{
	CLEANUP(buf_cleanup) struct buf joined = BUF_INIT(PURL_MAX);
	int r = 0;

	while (r == 0 && text.p) {
		struct span segment = span_cut(&text, '/');

		r = decode(segment, arena, &segment, err);
		if (r == 0 && span_find(segment, '/') < segment.n)
			return malformed("a slash inside a segment", err);
		bool dots = span_equal(segment, SPAN(".")) || span_equal(segment, SPAN(".."));
		if (r < 0 || segment.n == 0 || (dots && !dots_count))
			continue;
		if (joined.n)
			r = buf_byte(&joined, '/', err);
		if (r == 0)
			r = buf_append(&joined, segment, err);
	}
	if (r < 0)
		return r;
	*ret = arena_copy(arena, buf_span(&joined));
	return ret->p ? 0 : err_memory(err);
}

static int
read_qualifier(struct span text, struct arena *arena, struct purl *purl, struct err *err)
{
	struct purl_qualifier *qualifier = &purl->qualifiers[purl->qualifier_count];
	struct span key = span_cut(&text, '=');

	if (!is_word(key, ".-_"))
		return malformed("a qualifier without a proper key", err);
	key = arena_lower(arena, key);
	if (!key.p)
		return err_memory(err);
	int r = decode(text.p ? text : SPAN(""), arena, &text, err);
	if (r < 0 || text.n == 0)
		return r;
	if (purl_qualifier(purl, key).n)
		return malformed("a qualifier is there twice", err);
	*qualifier = (struct purl_qualifier){key, text};
	purl->qualifier_count++;
	return 0;
}

static int
read_qualifiers(struct span text, struct arena *arena, struct purl *purl, struct err *err)
{
	size_t count = 1;
	int r = 0;

	for (size_t i = 0; i < text.n; i++)
		count += text.p[i] == '&';
	if (count > PURL_QUALIFIERS_MAX)
		return err_set(err, ERR_LIMIT, "a package URL with %zu qualifiers (at most %d)",
			       count, PURL_QUALIFIERS_MAX);
	purl->qualifiers = arena_array(arena, count, sizeof(*purl->qualifiers));
	if (!purl->qualifiers)
		return err_memory(err);
	while (r == 0 && text.p) {
		struct span part = span_cut(&text, '&');

		if (part.n)
			r = read_qualifier(part, arena, purl, err);
	}
	return r;
}

/* What follows the last `separator` is cut off and returned; .p is NULL when there is none. */
static struct span
cut_last(struct span *rest, char separator)
{
	size_t at = span_find_last(*rest, separator);
	struct span behind = {NULL, 0};

	if (at == rest->n)
		return behind;
	behind = span_slice(*rest, at + 1, rest->n);
	*rest = span_slice(*rest, 0, at);
	return behind;
}

/* "NAMESPACE/NAME@VERSION" */
static int
read_path(struct span rest, struct arena *arena, struct purl *purl, struct err *err)
{
	struct span version = SPAN("");
	int r;

	while (rest.n && rest.p[rest.n - 1] == '/')
		rest.n--;
	size_t at = span_find_last(rest, '@');
	bool begins = at < rest.n && (at == 0 || rest.p[at - 1] == '/');
	bool scope = begins && span_find(span_slice(rest, at, rest.n), '/') < rest.n - at;
	if (at < rest.n && !scope) {
		version = span_slice(rest, at + 1, rest.n);
		rest = span_slice(rest, 0, at);
	}
	struct span name = cut_last(&rest, '/');
	if (!name.p) {
		name = rest;
		rest = SPAN("");
	}
	r = read_segments(rest, true, arena, &purl->space, err);
	if (r == 0)
		r = decode(name, arena, &purl->name, err);
	if (r == 0)
		r = decode(version, arena, &purl->version, err);
	if (r == 0 && purl->name.n == 0)
		return malformed("no name", err);
	return r;
}

int
purl_parse(struct span text, struct arena *arena, struct purl *ret, struct err *err)
{
	const struct span scheme = SPAN(SCHEME);
	struct purl purl = {.space = SPAN(""), .version = SPAN("")};

	if (text.n > PURL_MAX)
		return err_set(err, ERR_LIMIT, "a package URL of %zu bytes (at most %lu)", text.n,
			       PURL_MAX);
	if (text.n < scheme.n || !span_equal_nocase(span_slice(text, 0, scheme.n), scheme))
		return malformed("it does not begin with \"pkg:\"", err);
	struct span rest = span_slice(text, scheme.n, text.n);
	struct span subpath = cut_last(&rest, '#');
	struct span qualifiers = cut_last(&rest, '?');
	while (rest.n && rest.p[0] == '/')
		rest = span_slice(rest, 1, rest.n);
	struct span type = span_cut(&rest, '/');
	if (!is_word(type, ".-+"))
		return malformed("no proper type", err);
	if (!rest.p)
		return malformed("no name", err);
	purl.type = arena_lower(arena, type);
	if (!purl.type.p)
		return err_memory(err);
	int r = read_path(rest, arena, &purl, err);
	if (r == 0 && qualifiers.p)
		r = read_qualifiers(qualifiers, arena, &purl, err);
	if (r == 0)
		r = read_segments(subpath.p ? subpath : SPAN(""), false, arena, &purl.subpath, err);
	if (r == 0)
		*ret = purl;
	return r;
}

struct span
purl_qualifier(const struct purl *purl, struct span key)
{
	for (size_t i = 0; i < purl->qualifier_count; i++) {
		if (span_equal(purl->qualifiers[i].key, key))
			return purl->qualifiers[i].value;
	}
	return SPAN("");
}

/* ---- writing ---- */

/* purl-spec, "Character encoding"; `also` stays as it is, too. */
static int
append_encoded(struct buf *buf, struct span s, const char *also, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < s.n && r == 0; i++) {
		char c = s.p[i];
		bool plain = ascii_is_letter(c) || ascii_is_digit(c) ||
			     (c && (strchr(".-_~", c) || strchr(also, c)));

		r = plain ? buf_byte(buf, c, err)
			  : buf_printf(buf, err, "%%%02X", (unsigned char)c);
	}
	return r;
}

static int
append_part(struct buf *buf, char separator, struct span s, const char *also, struct err *err)
{
	int r = s.n ? buf_byte(buf, separator, err) : 0;

	return r < 0 ? r : append_encoded(buf, s, also, err);
}

static int
append_qualifiers(struct buf *buf, const struct purl *purl, struct err *err)
{
	char separator = '?';
	int r = 0;

	for (size_t i = 0; i < purl->qualifier_count && r == 0; i++) {
		const struct purl_qualifier *qualifier = &purl->qualifiers[i];

		if (qualifier->value.n == 0)
			continue;
		r = buf_printf(buf, err, "%c%.*s=", separator, SPAN_ARG(qualifier->key));
		if (r == 0)
			r = append_encoded(buf, qualifier->value, "", err);
		separator = '&';
	}
	return r;
}

static int
append_purl(struct buf *buf, const struct purl *purl, struct err *err)
{
	int r = buf_printf(buf, err, SCHEME "%.*s", SPAN_ARG(purl->type));

	if (r == 0)
		r = append_part(buf, '/', purl->space, "/", err);
	if (r == 0)
		r = append_part(buf, '/', purl->name, "", err);
	if (r == 0)
		r = append_part(buf, '@', purl->version, "", err);
	if (r == 0)
		r = append_qualifiers(buf, purl, err);
	return r < 0 ? r : append_part(buf, '#', purl->subpath, "/", err);
}

int
purl_write(const struct purl *purl, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(PURL_MAX);
	int r = append_purl(&buf, purl, err);

	if (r < 0)
		return r;
	struct span text = arena_copy(arena, buf_span(&buf));
	if (!text.p)
		return err_memory(err);
	*ret = text;
	return 0;
}

int
purl_append_image(struct buf *buf, const struct purl_image *image, struct err *err)
{
	struct purl_qualifier qualifiers[] = {
		{SPAN("arch"), image->architecture},
		{SPAN("repository_url"), image->repository},
		{SPAN("tag"), image->tag},
	};
	char digest[DIGEST_TEXT];
	const struct purl purl = {
		.type = SPAN("oci"),
		.name = image->name,
		.version = span_from(digest_format(&image->digest, digest)),
		.qualifiers = qualifiers,
		.qualifier_count = sizeof(qualifiers) / sizeof(qualifiers[0]),
	};

	return append_purl(buf, &purl, err);
}
