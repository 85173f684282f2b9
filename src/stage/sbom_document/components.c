/* SPDX-License-Identifier: Apache-2.0 */
/* What the document lists, as components that can be matched, or as gaps. */
#include "stage/sbom_document/taking.h"

#include "base/limits.h"

/* Whether advisories are about source packages that can have another name. */
static bool
has_sources(struct span ecosystem)
{
	return span_equal(ecosystem, SPAN("dpkg")) || span_equal(ecosystem, SPAN("apk"));
}

static int
left_out(struct taking *taking, const struct sbom_item *item, const char *why, struct err *err)
{
	struct span subject = item->purl.n   ? item->purl
			      : item->name.n ? item->name
					     : SPAN("component without a name");

	return taking_gap(taking, err, subject, "not matched: %s", why);
}

/* ---- versions ---- */

/* "1" of "1:2.0-1"; empty when there is no epoch. */
static struct span
epoch_of(struct span version)
{
	size_t digits = 0;

	while (digits < version.n && version.p[digits] >= '0' && version.p[digits] <= '9')
		digits++;
	bool epoch = digits > 0 && digits < version.n && version.p[digits] == ':';
	return span_slice(version, 0, epoch ? digits : 0);
}

static struct span
without_epoch(struct span version)
{
	struct span epoch = epoch_of(version);

	return epoch.n ? span_slice(version, epoch.n + 1, version.n) : version;
}

static bool
all_digits(struct span s)
{
	uint64_t ignored;

	return span_to_u64(s, &ignored);
}

/*
 * With its epoch, which may be in the version, in a qualifier, or in the version that the document
 * states beside the package URL. Where they contradict one another, *ret_why says so.
 */
static int
read_version(struct taking *taking, const struct sbom_item *item, const struct purl *purl,
	     struct span *ret, const char **ret_why, struct err *err)
{
	struct span version = purl->version.n ? purl->version : item->version;
	struct span stated = item->version.n ? item->version : version;
	struct span parts[] = {epoch_of(version), purl_qualifier(purl, SPAN("epoch")),
			       epoch_of(stated)};
	struct span epoch = SPAN("");

	*ret_why = NULL;
	if (!span_equal(without_epoch(version), without_epoch(stated)))
		*ret_why = "its package URL has another version";
	if (parts[1].n && !all_digits(parts[1]))
		*ret_why = "its epoch is no number";
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (epoch.n && parts[i].n && !span_equal(epoch, parts[i]))
			*ret_why = "it has two epochs";
		if (epoch.n == 0)
			epoch = parts[i];
	}
	*ret = epoch.n == 0 || epoch_of(version).n
		       ? arena_copy(taking->arena, version)
		       : arena_printf(taking->arena, "%.*s:%.*s", SPAN_ARG(epoch),
				      SPAN_ARG(version));
	return ret->p ? 0 : err_memory(err);
}

/* ---- components ---- */

/* "NAME" or "NAME@VERSION" of the package URL, else what the document says; false: neither. */
static bool
read_source(const struct sbom_item *item, const struct purl *purl, struct component *component)
{
	struct span upstream = purl_qualifier(purl, SPAN("upstream"));

	component->source = component->name;
	component->source_version = component->version;
	if (upstream.n) {
		component->source = span_cut(&upstream, '@');
		if (upstream.n)
			component->source_version = upstream;
		return true;
	}
	if (item->source.n == 0)
		return false;
	component->source = item->source;
	if (item->source_version.n)
		component->source_version = item->source_version;
	return true;
}

static int
copy_texts(struct taking *taking, struct component *component, struct err *err)
{
	struct span *const texts[] = {&component->ecosystem,	  &component->name,
				      &component->architecture,	  &component->source,
				      &component->source_version, &component->purl,
				      &component->module,	  &component->database};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i] = arena_copy(taking->arena, *texts[i]);
		if (!texts[i]->p)
			return err_memory(err);
	}
	return 0;
}

static int
add_component(struct taking *taking, const struct sbom_item *item, struct component *component,
	      struct err *err)
{
	component->purl = item->purl;
	component->state = COMPONENT_INSTALLED;
	component->guessed = item->guessed.n > 0;
	component->database = item->guessed;
	int r = copy_texts(taking, component, err);

	return r < 0 ? r : vec_push(&taking->components, component, PACKAGES_MAX, err);
}

/* A package of the distribution; *with_source: whether the document names its source. */
static int
add_distribution_package(struct taking *taking, const struct sbom_item *item,
			 const struct purl *purl, bool *with_source, struct err *err)
{
	const struct release system = {taking->os.id, taking->os.version_id.n
							      ? taking->os.version_id
							      : taking->os.codename};
	struct component component = {
		.ecosystem = taking_ecosystem(purl),
		.name = purl->name,
		.architecture = purl_qualifier(purl, SPAN("arch")),
	};
	struct release space = {.version = SPAN("")};
	struct release release;
	const char *why = NULL;
	int r = release_of_purl(taking, purl, &release, err);

	if (r == 0)
		r = taking_system_id(taking, purl->space, &space.id, err);
	if (r < 0)
		return r;
	if (taking->os.known &&
	    (!release_agrees(&system, &release) || !release_agrees(&system, &space)))
		return left_out(taking, item, "it is of another distribution than the document's",
				err);
	r = read_version(taking, item, purl, &component.version, &why, err);
	if (r < 0)
		return r;
	if (why)
		return left_out(taking, item, why, err);
	*with_source |= read_source(item, purl, &component);
	if (span_equal(component.ecosystem, SPAN("rpm")))
		r = taking_rpm(taking, purl, &component, err);
	return r < 0 ? r : add_component(taking, item, &component, err);
}

/* A component of another ecosystem: a language's library, or what no advisories are about. */
static int
add_other(struct taking *taking, const struct sbom_item *item, const struct purl *purl,
	  struct err *err)
{
	struct component component = {
		.version =
			arena_copy(taking->arena, purl->version.n ? purl->version : item->version),
		.architecture = purl_qualifier(purl, SPAN("arch")),
	};

	if (!component.version.p)
		return err_memory(err);
	int r = taking_library(taking, item, purl, &component, err);
	component.source_version = component.version;
	return r < 0 ? r : add_component(taking, item, &component, err);
}

/* An image, or whatever else has components and is none. */
static bool
is_whole(const struct sbom_item *item, const struct purl *purl)
{
	return item->kind == SBOM_ITEM_SUBJECT &&
	       (item->purl.n == 0 || span_equal(purl->type, SPAN("oci")) ||
		span_equal(purl->type, SPAN("docker")));
}

static int
take_item(struct taking *taking, size_t number, bool *with_source, struct err *err)
{
	const struct sbom_item *item = &taking->document->items[number];
	const struct purl *purl = &taking->purls[number];

	if (item->kind == SBOM_ITEM_SYSTEM || is_whole(item, purl))
		return 0;
	if (item->purl.n == 0)
		return left_out(taking, item, "the document gives it no package URL", err);
	if (purl->type.n == 0)
		return 0; /* said when it could not be read */
	if (taking_ecosystem(purl).n)
		return add_distribution_package(taking, item, purl, with_source, err);
	return add_other(taking, item, purl, err);
}

/* Several things that a document is about are its components. */
static int
check_subjects(struct taking *taking, struct err *err)
{
	const struct sbom_item *first = NULL;
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < taking->document->item_count; i++) {
		const struct sbom_item *item = &taking->document->items[i];

		if (item->kind != SBOM_ITEM_SUBJECT || item->purl.n)
			continue;
		if (++count == 1) {
			first = item;
			continue;
		}
		if (count == 2)
			r = left_out(taking, first, "the document gives it no package URL", err);
		if (r == 0)
			r = left_out(taking, item, "the document gives it no package URL", err);
	}
	return r;
}

int
taking_components(struct taking *taking, struct err *err)
{
	bool with_source = false;
	size_t packages = 0;
	int r = check_subjects(taking, err);

	for (size_t i = 0; r == 0 && i < taking->document->item_count; i++)
		r = take_item(taking, i, &with_source, err);
	for (size_t i = 0; i < taking->components.count; i++)
		packages += has_sources(taking->components.items[i].ecosystem);
	if (r == 0 && packages > 0 && !with_source)
		r = taking_gap(taking, err, SPAN("source packages"),
			       "the document names none: each package is taken for its own, and "
			       "flaws of sources with another name are not found");
	if (r == 0 && taking->components.count == 0 && taking->gaps.count == 0)
		r = taking_gap(taking, err, SPAN("packages"), "the document lists none");
	return r;
}
