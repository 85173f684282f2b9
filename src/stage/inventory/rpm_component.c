/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/purl.h"
#include "stage/inventory/rpm.h"

/* Names a line each. rpm's own (what a package asks of rpm itself) are left out. */
static int
join_names(struct reading *reading, const struct rpm_value *names, struct span *ret,
	   struct err *err)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(RPM_HEADER_MAX);
	struct span rest = names->data;
	struct span name;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < names->count && rpm_string_next(&rest, &name); i++) {
		if (name.n == 0 || span_starts_with(name, SPAN("rpmlib(")) ||
		    span_find(name, '\n') < name.n)
			continue;
		r = text.n ? buf_byte(&text, '\n', err) : 0;
		if (r == 0)
			r = buf_append(&text, name, err);
	}
	if (r < 0)
		return r;
	*ret = arena_copy(reading->arena, buf_span(&text));
	return ret->p ? 0 : err_memory(err);
}

static struct span
distribution(struct reading *reading)
{
	const struct os_identity *os = &reading->os;

	if (!os->known)
		return SPAN("");
	return arena_printf(reading->arena, "%.*s%s%.*s", SPAN_ARG(os->id),
			    os->version_id.n ? "-" : "", SPAN_ARG(os->version_id));
}

/* purl-spec, types/rpm-definition: the epoch is a qualifier. */
static int
make_purl(struct reading *reading, const struct rpm_package *package, struct component *component,
	  struct err *err)
{
	const struct span version =
		rpm_version(0, package->version, package->release, reading->arena);
	const struct span epoch = arena_printf(reading->arena, "%u", package->epoch);
	struct purl_qualifier qualifiers[] = {
		{SPAN("arch"), component->architecture},
		{SPAN("distro"), distribution(reading)},
		{SPAN("epoch"), package->epoch ? epoch : SPAN("")},
		{SPAN("modularitylabel"), package->module},
		{SPAN("upstream"), package->source},
	};
	const struct purl purl = {
		.type = SPAN("rpm"),
		.space = reading->os.known ? reading->os.id : SPAN("linux"),
		.name = component->name,
		.version = version,
		.qualifiers = qualifiers,
		.qualifier_count = sizeof(qualifiers) / sizeof(qualifiers[0]),
	};

	if (!version.p || !epoch.p || !qualifiers[1].value.p)
		return err_memory(err);
	component->purl = SPAN("");
	int r = purl_write(&purl, reading->arena, &component->purl, err);
	return r == -ERR_LIMIT ? 0 : r;
}

static int
make_source(struct reading *reading, const struct rpm_package *package, struct component *component,
	    struct err *err)
{
	struct span version;
	struct span release;

	component->source = component->name;
	component->source_version = component->version;
	if (!rpm_source_parse(package->source, &component->source, &version, &release))
		return 0;
	component->source_version = rpm_version(package->epoch, version, release, reading->arena);
	return component->source_version.p ? 0 : err_memory(err);
}

int
rpm_component(struct reading *reading, const struct rpm_package *package,
	      struct component *component, struct err *err)
{
	int r = 0;

	component->ecosystem = SPAN("rpm");
	component->name = package->name;
	component->version =
		rpm_version(package->epoch, package->version, package->release, reading->arena);
	component->architecture = package->architecture;
	component->maintainer = package->vendor.n ? package->vendor : package->packager;
	component->section = package->group;
	component->licence = package->licence;
	component->module = rpm_module_stream(package->module);
	component->state = COMPONENT_INSTALLED;
	if (!component->version.p)
		return err_memory(err);
	if (package->version.n == 0)
		r = reading_gap(reading, err, component->name,
				"no version in %.*s: it cannot be matched",
				SPAN_ARG(component->database));
	if (r == 0)
		r = make_source(reading, package, component, err);
	if (r == 0)
		r = join_names(reading, &package->provides, &component->provides, err);
	if (r == 0)
		r = join_names(reading, &package->requires, &component->depends, err);
	return r < 0 ? r : make_purl(reading, package, component, err);
}
