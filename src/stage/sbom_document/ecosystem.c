/* SPDX-License-Identifier: Apache-2.0 */
/* What package URLs of each type call a package, and what readers of images and advisories do. */
#include "stage/sbom_document/taking.h"

#include "codec/package_key.h"
#include "codec/rpm_header.h"

/* How the name is put together. */
enum naming {
	NAMED_ALONE, /* the namespace is no part of it */
	NAMED_SLASH, /* "@scope/name", "github.com/a/b" */
	NAMED_COLON, /* "group:artifact" */
};

/* https://github.com/package-url/purl-spec, types. Those that are not here stand for themselves. */
static const struct {
	struct span type;
	struct span ecosystem;
	bool of_system; /* a distribution's own package */
	enum naming naming;
} types[] = {
	{SPAN_INIT("apk"), SPAN_INIT("apk"), true, NAMED_ALONE},
	{SPAN_INIT("deb"), SPAN_INIT("dpkg"), true, NAMED_ALONE},
	{SPAN_INIT("rpm"), SPAN_INIT("rpm"), true, NAMED_ALONE},
	{SPAN_INIT("bitnami"), SPAN_INIT("generic"), false, NAMED_ALONE},
	{SPAN_INIT("cargo"), SPAN_INIT("cargo"), false, NAMED_ALONE},
	{SPAN_INIT("composer"), SPAN_INIT("composer"), false, NAMED_SLASH},
	{SPAN_INIT("gem"), SPAN_INIT("gem"), false, NAMED_ALONE},
	{SPAN_INIT("generic"), SPAN_INIT("generic"), false, NAMED_ALONE},
	{SPAN_INIT("golang"), SPAN_INIT("golang"), false, NAMED_SLASH},
	{SPAN_INIT("maven"), SPAN_INIT("maven"), false, NAMED_COLON},
	{SPAN_INIT("npm"), SPAN_INIT("npm"), false, NAMED_SLASH},
	{SPAN_INIT("nuget"), SPAN_INIT("nuget"), false, NAMED_ALONE},
	{SPAN_INIT("pypi"), SPAN_INIT("pypi"), false, NAMED_ALONE},
};

enum { TYPES = sizeof(types) / sizeof(types[0]) };

struct span
taking_ecosystem(const struct purl *purl)
{
	for (size_t i = 0; i < TYPES; i++) {
		if (types[i].of_system && span_equal(purl->type, types[i].type))
			return types[i].ecosystem;
	}
	return SPAN("");
}

int
taking_library(struct taking *taking, const struct sbom_item *item, const struct purl *purl,
	       struct component *component, struct err *err)
{
	enum naming naming = NAMED_ALONE;

	component->ecosystem = purl->type;
	for (size_t i = 0; i < TYPES; i++) {
		if (!span_equal(purl->type, types[i].type))
			continue;
		component->ecosystem = types[i].ecosystem;
		naming = types[i].naming;
	}
	if (naming == NAMED_ALONE || purl->space.n == 0)
		component->name = naming == NAMED_ALONE && item->name.n ? item->name : purl->name;
	else
		component->name =
			arena_printf(taking->arena, "%.*s%c%.*s", SPAN_ARG(purl->space),
				     naming == NAMED_COLON ? ':' : '/', SPAN_ARG(purl->name));
	if (!component->name.p)
		return err_memory(err);
	component->source =
		package_key(component->ecosystem,
			    naming == NAMED_ALONE ? purl->name : component->name, taking->arena);
	return component->source.p ? 0 : err_memory(err);
}

/* ---- rpm ---- */

/* An epoch of 0 is the same as none, and readers of databases write none. */
static struct span
without_zero_epoch(struct span version)
{
	return span_starts_with(version, SPAN("0:")) ? span_slice(version, 2, version.n) : version;
}

int
taking_rpm(struct taking *taking, const struct purl *purl, struct component *component,
	   struct err *err)
{
	struct span label = purl_qualifier(purl, SPAN("modularitylabel"));
	struct span version;
	struct span release;
	uint64_t epoch = 0;

	component->module =
		rpm_module_stream(label.n ? label : purl_qualifier(purl, SPAN("rpmmod")));
	component->version = without_zero_epoch(component->version);
	component->source_version = without_zero_epoch(component->source_version);
	if (!rpm_source_parse(component->source, &component->source, &version, &release))
		return 0;
	/* The file's name has no epoch: that of the package is the source's own. */
	size_t colon = span_find(component->version, ':');
	if (colon < component->version.n)
		(void)span_to_u64(span_slice(component->version, 0, colon), &epoch);
	component->source_version = rpm_version((uint32_t)epoch, version, release, taking->arena);
	return component->source_version.p ? 0 : err_memory(err);
}
