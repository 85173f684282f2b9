/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/purl.h"

#include "stage/inventory/reading.h"

/* "debian-12", "debian-trixie" where no version is stated. */
static struct span
distro(const struct reading *reading)
{
	const struct os_identity *os = &reading->os;
	struct span release = os->version_id.n ? os->version_id : os->codename;

	if (!os->known)
		return SPAN("");
	return arena_printf(reading->arena, "%.*s%s%.*s", SPAN_ARG(os->id), release.n ? "-" : "",
			    SPAN_ARG(release));
}

/* "openssl", "gcc-12@12.2.0-14": nothing when it is the package itself. */
static struct span
upstream(const struct reading *reading, const struct component *component)
{
	bool same_name = span_equal(component->source, component->name);
	bool same_version = component->source_version.n == 0 ||
			    span_equal(component->source_version, component->version);

	if (component->source.n == 0 || (same_name && same_version))
		return SPAN("");
	if (same_version)
		return component->source;
	return arena_printf(reading->arena, "%.*s@%.*s", SPAN_ARG(component->source),
			    SPAN_ARG(component->source_version));
}

struct span
purl_make(struct reading *reading, const char *type, struct span vendor,
	  const struct component *component)
{
	struct purl_qualifier qualifiers[] = {
		{SPAN("arch"), component->architecture},
		{SPAN("distro"), distro(reading)},
		{SPAN("upstream"), upstream(reading, component)},
	};
	const struct purl purl = {
		.type = span_from(type),
		.space = reading->os.known ? reading->os.id : vendor,
		.name = component->name,
		.version = component->version,
		.qualifiers = qualifiers,
		.qualifier_count = sizeof(qualifiers) / sizeof(qualifiers[0]),
	};
	struct span text = {NULL, 0};
	struct err err = ERR_INIT;

	if (!qualifiers[1].value.p || !qualifiers[2].value.p)
		return text;
	int r = purl_write(&purl, reading->arena, &text, &err);
	return r == -ERR_LIMIT ? SPAN("") : text;
}
