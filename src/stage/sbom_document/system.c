/* SPDX-License-Identifier: Apache-2.0 */
/* Which system the packages of a document belong to. */
#include "stage/sbom_document/taking.h"

#include "codec/distribution.h"

/* Names that tools give systems, in lower case, and their IDs in os-release. */
static const struct {
	struct span word;
	struct span id;
} known_as[] = {
	{SPAN_INIT("alma"), SPAN_INIT("almalinux")},
	{SPAN_INIT("amazon"), SPAN_INIT("amzn")},
	{SPAN_INIT("azure"), SPAN_INIT("azurelinux")},
	{SPAN_INIT("cbl-mariner"), SPAN_INIT("mariner")},
	{SPAN_INIT("opensuse.leap"), SPAN_INIT("opensuse-leap")},
	{SPAN_INIT("opensuse leap"), SPAN_INIT("opensuse-leap")},
	{SPAN_INIT("opensuse.tumbleweed"), SPAN_INIT("opensuse-tumbleweed")},
	{SPAN_INIT("opensuse tumbleweed"), SPAN_INIT("opensuse-tumbleweed")},
	{SPAN_INIT("oracle"), SPAN_INIT("ol")},
	{SPAN_INIT("redhat"), SPAN_INIT("rhel")},
	{SPAN_INIT("suse linux enterprise server"), SPAN_INIT("sles")},
};

int
taking_system_id(struct taking *taking, struct span word, struct span *ret, struct err *err)
{
	struct span id = arena_lower(taking->arena, word);

	if (!id.p)
		return err_memory(err);
	for (size_t i = 0; i < sizeof(known_as) / sizeof(known_as[0]); i++) {
		if (span_equal(id, known_as[i].word))
			id = known_as[i].id;
	}
	*ret = id;
	return 0;
}

/* "2 (Karoo)" is the 2 of Amazon Linux; some write its blank as '+'. */
static struct span
first_word(struct span version)
{
	size_t blank = span_find(version, ' ');
	size_t plus = span_find(version, '+');

	return span_slice(version, 0, blank < plus ? blank : plus);
}

int
release_of_purl(struct taking *taking, const struct purl *purl, struct release *ret,
		struct err *err)
{
	struct span distro = purl_qualifier(purl, SPAN("distro"));
	struct span space = arena_lower(taking->arena, purl->space);
	size_t dash = span_find_last(distro, '-');

	distro = arena_lower(taking->arena, distro);
	if (!space.p || !distro.p)
		return err_memory(err);
	/* "debian-12", where an id may have dashes of its own; or "bookworm", or "debian" alone */
	if (space.n && span_starts_with(distro, space) && distro.n > space.n &&
	    distro.p[space.n] == '-')
		dash = space.n;
	if (dash < distro.n)
		*ret = (struct release){span_slice(distro, 0, dash),
					span_slice(distro, dash + 1, distro.n)};
	else if (span_equal(distro, space))
		*ret = (struct release){space, SPAN("")};
	else
		*ret = (struct release){space, distro};
	ret->version = first_word(ret->version);
	return taking_system_id(taking, ret->id, &ret->id, err);
}

/* "12" and "12.4" are one release, "22.04" and "22.10" are two. */
static bool
begins_with_parts(struct span s, struct span start)
{
	return span_starts_with(s, start) && (s.n == start.n || s.p[start.n] == '.');
}

/* The name that all ways to write it have in common. */
static struct span
canonical(const struct release *release)
{
	struct span name = SPAN("");

	if (span_equal(release->id, SPAN("debian")))
		name = debian_codename(release->version);
	return name.n ? name : release->version;
}

bool
release_agrees(const struct release *a, const struct release *b)
{
	struct span first = canonical(a);
	struct span second = canonical(b);

	if (a->id.n && b->id.n && !span_equal(a->id, b->id))
		return false;
	return first.n == 0 || second.n == 0 || begins_with_parts(first, second) ||
	       begins_with_parts(second, first);
}

/* ---- what the document states ---- */

/* Statements so far, put together; what contradicts them ends the matter. */
struct stated {
	struct release release;
	struct span codename;
	struct span description;
	bool contradicted;
};

/* Takes over what was not stated before; two that differ in it are a contradiction. */
static int
add_statement(struct taking *taking, struct stated *stated, const struct release *release,
	      struct err *err)
{
	struct release *known = &stated->release;

	if (stated->contradicted || (release->id.n == 0 && release->version.n == 0))
		return 0;
	if (!release_agrees(known, release)) {
		stated->contradicted = true;
		return taking_gap(taking, err, SPAN("system"),
				  "the document states both %.*s %.*s and %.*s %.*s",
				  WORD_ARG(known->id), WORD_ARG(known->version),
				  WORD_ARG(release->id), WORD_ARG(release->version));
	}
	if (known->id.n == 0)
		known->id = release->id;
	if (known->version.n == 0)
		known->version = release->version;
	return 0;
}

static int
ask_systems(struct taking *taking, struct stated *stated, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < taking->document->item_count; i++) {
		const struct sbom_item *item = &taking->document->items[i];
		struct release release;

		if (item->kind != SBOM_ITEM_SYSTEM)
			continue;
		r = taking_system_id(taking, item->name, &release.id, err);
		if (r == 0) {
			release.version = arena_lower(taking->arena, first_word(item->version));
			r = release.version.p ? 0 : err_memory(err);
		}
		if (r == 0)
			r = add_statement(taking, stated, &release, err);
		if (stated->codename.n == 0)
			stated->codename = item->codename;
		if (stated->description.n == 0)
			stated->description = item->description;
	}
	return r;
}

static int
ask_purls(struct taking *taking, struct stated *stated, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < taking->document->item_count; i++) {
		const struct purl *purl = &taking->purls[i];
		struct release release;

		if (taking_ecosystem(purl).n == 0)
			continue;
		r = release_of_purl(taking, purl, &release, err);
		if (r == 0)
			r = add_statement(taking, stated, &release, err);
	}
	return r;
}

static bool
is_number(struct span version)
{
	return version.n && version.p[0] >= '0' && version.p[0] <= '9';
}

static int
set_system(struct taking *taking, const struct stated *stated, struct err *err)
{
	const struct release *release = &stated->release;
	bool number = is_number(release->version);
	struct span codename = number || stated->codename.n ? stated->codename : release->version;
	struct os_identity os = {
		.known = true,
		.id = release->id,
		.id_like = SPAN(""),
		.version_id = number ? release->version : SPAN(""),
		.codename = arena_copy(taking->arena, codename),
		.pretty_name =
			stated->description.n
				? arena_copy(taking->arena, stated->description)
				: arena_printf(taking->arena, "%.*s %.*s", SPAN_ARG(release->id),
					       SPAN_ARG(release->version)),
	};

	if (!os.codename.p || !os.pretty_name.p)
		return err_memory(err);
	taking->os = os;
	return 0;
}

/* A component that is the system says it; else, or when it names no release, the purls do. */
int
taking_system(struct taking *taking, struct err *err)
{
	struct stated stated = {{{NULL, 0}, {NULL, 0}}, {NULL, 0}, {NULL, 0}, false};
	int r = ask_systems(taking, &stated, err);

	if (r == 0 && (stated.release.id.n == 0 || stated.release.version.n == 0) &&
	    stated.codename.n == 0)
		r = ask_purls(taking, &stated, err);
	if (r < 0 || stated.contradicted)
		return r;
	if (stated.release.id.n == 0)
		return taking_gap(taking, err, SPAN("system"),
				  "the document names none, neither as a component nor in a "
				  "package URL");
	return set_system(taking, &stated, err);
}
