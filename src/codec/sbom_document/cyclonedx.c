/* SPDX-License-Identifier: Apache-2.0 */
/* CycloneDX 1.4 to 1.7 (ECMA-424 is 1.6): what is read of it is the same in all of them. */
#include "codec/sbom_document/reading.h"

#include "codec/cyclonedx_read.h"

struct metadata {
	json_t *component;
	json_t *properties;
};

static const struct json_field metadata_fields[] = {
	{"component", JSON_FIELD_RAW, offsetof(struct metadata, component), false},
	{"properties", JSON_FIELD_RAW, offsetof(struct metadata, properties), false},
	{0},
};

struct component {
	struct span type;
	struct span name;
	struct span version;
	struct span purl;
	struct span description;
	json_t *properties;
	json_t *components;
};

static const struct json_field component_fields[] = {
	{"type", JSON_FIELD_SPAN, offsetof(struct component, type), true},
	{"name", JSON_FIELD_SPAN, offsetof(struct component, name), false},
	{"version", JSON_FIELD_SPAN, offsetof(struct component, version), false},
	{"purl", JSON_FIELD_SPAN, offsetof(struct component, purl), false},
	{"description", JSON_FIELD_SPAN, offsetof(struct component, description), false},
	{"properties", JSON_FIELD_RAW, offsetof(struct component, properties), false},
	{"components", JSON_FIELD_RAW, offsetof(struct component, components), false},
	{0},
};

struct property {
	struct span name;
	struct span value;
};

static const struct json_field property_fields[] = {
	{"name", JSON_FIELD_SPAN, offsetof(struct property, name), false},
	{"value", JSON_FIELD_SPAN, offsetof(struct property, value), false},
	{0},
};

/* What tools say in properties of their own. */
struct said {
	struct span source;	    /* by mohs */
	struct span source_version; /* whole */
	struct span trivy_source;
	struct span trivy_epoch; /* of the source package's version, in three parts */
	struct span trivy_version;
	struct span trivy_release;
	struct span codename; /* by Syft, of the system */
	struct span guessed;  /* by mohs: the file that says so */
};

static const struct {
	struct span name;
	size_t offset;
} known_properties[] = {
	{SPAN_INIT("mohs:guessed"), offsetof(struct said, guessed)},
	{SPAN_INIT("mohs:source"), offsetof(struct said, source)},
	{SPAN_INIT("mohs:source-version"), offsetof(struct said, source_version)},
	{SPAN_INIT("aquasecurity:trivy:SrcName"), offsetof(struct said, trivy_source)},
	{SPAN_INIT("aquasecurity:trivy:SrcEpoch"), offsetof(struct said, trivy_epoch)},
	{SPAN_INIT("aquasecurity:trivy:SrcVersion"), offsetof(struct said, trivy_version)},
	{SPAN_INIT("aquasecurity:trivy:SrcRelease"), offsetof(struct said, trivy_release)},
	{SPAN_INIT("syft:distro:versionCodename"), offsetof(struct said, codename)},
};

static int
read_property(const json_t *json, struct arena *arena, struct property *ret, struct err *err)
{
	*ret = (struct property){.name = SPAN(""), .value = SPAN("")};
	int r = json_read(json, property_fields, ret, arena, err);
	return r < 0 ? err_wrap(err, "a property") : 0;
}

static int
read_properties(const json_t *list, struct arena *arena, struct said *said, struct err *err)
{
	int r = json_check_list(list, "properties", err);
	size_t i;
	json_t *item;

	if (r < 0)
		return r;
	json_array_foreach(list, i, item)
	{
		struct property property;

		r = read_property(item, arena, &property, err);
		if (r < 0)
			return r;
		for (size_t k = 0; k < sizeof(known_properties) / sizeof(known_properties[0]);
		     k++) {
			if (span_equal(property.name, known_properties[k].name))
				memcpy((char *)said + known_properties[k].offset, &property.value,
				       sizeof(property.value));
		}
	}
	return 0;
}

/* "[EPOCH:]VERSION[-RELEASE]" */
static int
take_source(const struct said *said, struct arena *arena, struct sbom_item *item, struct err *err)
{
	item->source = said->source;
	item->source_version = said->source_version;
	item->codename = said->codename;
	item->guessed = said->guessed;
	if (said->source.n || said->trivy_source.n == 0)
		return 0;
	bool epoch = said->trivy_epoch.n && !span_equal(said->trivy_epoch, SPAN("0"));
	item->source = said->trivy_source;
	item->source_version = arena_printf(
		arena, "%.*s%s%.*s%s%.*s", epoch ? (int)said->trivy_epoch.n : 0,
		epoch ? said->trivy_epoch.p : "", epoch ? ":" : "", SPAN_ARG(said->trivy_version),
		said->trivy_release.n ? "-" : "", SPAN_ARG(said->trivy_release));
	return item->source_version.p ? 0 : err_memory(err);
}

/* Files are what packages are made of: one without a package URL is no component. */
static bool
is_file(const struct component *component)
{
	return span_equal(component->type, SPAN("file")) && component->purl.n == 0;
}

static int
read_component(struct sbom_reading *reading, const json_t *json, bool subject,
	       json_t **ret_components, struct err *err)
{
	struct component component = {.purl = SPAN("")};
	struct said said = {{NULL, 0}};
	struct sbom_item item = {.kind = subject ? SBOM_ITEM_SUBJECT : SBOM_ITEM_PACKAGE};
	int r = json_read(json, component_fields, &component, reading->arena, err);

	if (r == 0)
		r = json_check_list(component.components, "components", err);
	if (r == 0)
		r = read_properties(component.properties, reading->arena, &said, err);
	if (r == 0)
		r = take_source(&said, reading->arena, &item, err);
	if (r < 0)
		return err_wrap(err, "component %.*s",
				component.name.n > 80 ? 80 : (int)component.name.n,
				component.name.p ? component.name.p : "");
	*ret_components = component.components;
	if (subject)
		reading->name = component.name;
	if (span_equal(component.type, SPAN("operating-system")))
		item.kind = SBOM_ITEM_SYSTEM;
	else if (!subject && is_file(&component))
		return 0;
	item.name = component.name;
	item.version = component.version;
	item.purl = component.purl;
	item.description = component.description;
	return sbom_reading_add(reading, &item, err);
}

static int
read_part(void *context, const json_t *json, json_t **ret_components, struct err *err)
{
	return read_component(context, json, false, ret_components, err);
}

/* Gaps that mohs wrote. */
static int
read_gaps(struct sbom_reading *reading, const json_t *properties, struct err *err)
{
	int r = json_check_list(properties, "properties", err);
	size_t i;
	json_t *item;

	if (r < 0)
		return r;
	json_array_foreach(properties, i, item)
	{
		struct property property;

		r = read_property(item, reading->arena, &property, err);
		if (r == 0 && span_equal(property.name, SPAN("mohs:gap")))
			r = sbom_reading_stated_gap(reading, property.value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
read_metadata(struct sbom_reading *reading, const json_t *json, struct err *err)
{
	struct metadata metadata = {NULL, NULL};
	json_t *inner = NULL;
	int r = json ? json_read(json, metadata_fields, &metadata, reading->arena, err) : 0;

	if (r == 0 && metadata.component)
		r = read_component(reading, metadata.component, true, &inner, err);
	if (r == 0)
		r = cyclonedx_walk(inner, read_part, reading, err);
	if (r == 0)
		r = read_gaps(reading, metadata.properties, err);
	return r < 0 ? err_wrap(err, "metadata") : 0;
}

/* "incomplete", "incomplete_first_party_only" and so on, where no gap of ours says why. */
static int
read_compositions(struct sbom_reading *reading, const json_t *list, struct err *err)
{
	int r = json_check_list(list, "compositions", err);
	size_t i;
	json_t *item;

	if (r < 0)
		return r;
	json_array_foreach(list, i, item)
	{
		struct span word = json_string_span(json_object_get(item, "aggregate"));

		if (reading->gaps.count == 0 && span_starts_with(word, SPAN("incomplete")))
			return sbom_reading_gap(reading, SPAN("document"),
						SPAN("says of itself that it is incomplete"), err);
	}
	return 0;
}

static int
read(struct sbom_reading *reading, const json_t *json, struct err *err)
{
	struct cyclonedx_document document;
	int r = cyclonedx_read(json, reading->arena, &document, err);

	if (r < 0)
		return r;
	reading->format = document.format;
	r = read_metadata(reading, document.metadata, err);
	if (r == 0)
		r = cyclonedx_walk(document.components, read_part, reading, err);
	return r < 0 ? r : read_compositions(reading, document.compositions, err);
}

const struct sbom_format sbom_cyclonedx = {"bomFormat", read};
