/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VEX in CycloneDX 1.4 to 1.7 (ECMA-424): vulnerabilities with an analysis, of components in the
 * same document or, by BOM-Link, in another one.
 */
#include "codec/vex/reading.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/map.h"
#include "codec/cyclonedx_read.h"

struct metadata {
	struct span timestamp;
	json_t *component;
};

static const struct json_field metadata_fields[] = {
	{"timestamp", JSON_FIELD_SPAN, offsetof(struct metadata, timestamp), false},
	{"component", JSON_FIELD_RAW, offsetof(struct metadata, component), false},
	{0},
};

struct component {
	struct span ref;
	struct span purl;
	json_t *components;
};

static const struct json_field component_fields[] = {
	{"bom-ref", JSON_FIELD_SPAN, offsetof(struct component, ref), false},
	{"purl", JSON_FIELD_SPAN, offsetof(struct component, purl), false},
	{"components", JSON_FIELD_RAW, offsetof(struct component, components), false},
	{0},
};

struct vulnerability {
	struct span id;
	struct span updated;
	json_t *references;
	json_t *analysis;
	json_t *affects;
};

static const struct json_field vulnerability_fields[] = {
	{"id", JSON_FIELD_SPAN, offsetof(struct vulnerability, id), false},
	{"updated", JSON_FIELD_SPAN, offsetof(struct vulnerability, updated), false},
	{"references", JSON_FIELD_RAW, offsetof(struct vulnerability, references), false},
	{"analysis", JSON_FIELD_RAW, offsetof(struct vulnerability, analysis), false},
	{"affects", JSON_FIELD_RAW, offsetof(struct vulnerability, affects), false},
	{0},
};

struct analysis {
	struct span state;
	struct span justification;
	struct span detail;
	struct span updated;
};

static const struct json_field analysis_fields[] = {
	{"state", JSON_FIELD_SPAN, offsetof(struct analysis, state), false},
	{"justification", JSON_FIELD_SPAN, offsetof(struct analysis, justification), false},
	{"detail", JSON_FIELD_SPAN, offsetof(struct analysis, detail), false},
	{"lastUpdated", JSON_FIELD_SPAN, offsetof(struct analysis, updated), false},
	{0},
};

static const struct json_field reference_fields[] = {{"id", JSON_FIELD_SPAN, 0, false}, {0}};
static const struct json_field affect_fields[] = {{"ref", JSON_FIELD_SPAN, 0, true}, {0}};

static const struct {
	struct span state;
	enum openvex_status status;
} states[] = {
	{SPAN_INIT("not_affected"), OPENVEX_NOT_AFFECTED},
	{SPAN_INIT("false_positive"), OPENVEX_NOT_AFFECTED},
	{SPAN_INIT("resolved"), OPENVEX_FIXED},
	{SPAN_INIT("resolved_with_pedigree"), OPENVEX_FIXED},
	{SPAN_INIT("exploitable"), OPENVEX_AFFECTED},
	{SPAN_INIT("in_triage"), OPENVEX_UNDER_INVESTIGATION},
};

/* The components by reference: a package URL each, in the order they come. */
struct components {
	struct vex_reading *reading;
	struct map *places;
	VEC(struct span) purls;
	struct component subject; /* what the document is about; all empty: unsaid */
	int64_t timestamp;
};

static int
add_component(void *context, const json_t *json, json_t **ret_components, struct err *err)
{
	struct components *known = context;
	struct component component = {.ref = SPAN(""), .purl = SPAN("")};
	int r = json_read(json, component_fields, &component, known->reading->arena, err);

	if (r == 0)
		r = json_check_list(component.components, "components", err);
	if (r < 0)
		return err_wrap(err, "a component");
	*ret_components = component.components;
	if (component.ref.n == 0)
		return 0;
	r = map_put(known->places, component.ref, known->purls.count, err);
	return r < 0 ? r : vec_push(&known->purls, &component.purl, SBOM_ITEMS_MAX, err);
}

static int
read_metadata(struct components *known, const json_t *json, struct err *err)
{
	struct metadata metadata = {.timestamp = SPAN("")};
	int r = json ? json_read(json, metadata_fields, &metadata, known->reading->arena, err) : 0;

	if (r == 0)
		r = vex_time(metadata.timestamp, &known->timestamp, err);
	if (r == 0 && metadata.component)
		r = json_read(metadata.component, component_fields, &known->subject,
			      known->reading->arena, err);
	if (r == 0 && metadata.component)
		r = json_check_list(known->subject.components, "components", err);
	if (r == 0)
		r = cyclonedx_walk(known->subject.components, add_component, known, err);
	return r < 0 ? err_wrap(err, "metadata") : 0;
}

/*
 * What a reference means: the subject as a whole, a component of it, or, where it is a BOM-Link
 * (urn:cdx:SERIAL/VERSION#REF) or nothing known, the package URL that it may be itself.
 */
static int
resolve(struct components *known, struct span ref, struct openvex_product *product, struct err *err)
{
	struct openvex_component *part;
	uint64_t place;

	product->component = (struct openvex_component){.id = ref, .purl = SPAN("")};
	if (known->subject.ref.n && span_equal(ref, known->subject.ref)) {
		product->component.purl = known->subject.purl;
		return 0;
	}
	if (!map_get(known->places, ref, &place)) {
		if (span_starts_with(ref, SPAN("urn:cdx:")))
			product->component.id = span_slice(
				ref, span_find(ref, '#') + (span_find(ref, '#') < ref.n), ref.n);
		return 0;
	}
	if (known->subject.purl.n == 0) {
		product->component.purl = known->purls.items[place];
		return 0;
	}
	int r = vex_components(known->reading, 1, &part, err);
	if (r < 0)
		return r;
	*part = (struct openvex_component){.id = ref, .purl = known->purls.items[place]};
	product->component =
		(struct openvex_component){.id = known->subject.ref, .purl = known->subject.purl};
	product->subcomponents = part;
	product->subcomponent_count = 1;
	return 0;
}

static int
read_affects(struct components *known, const json_t *list, struct vex_statement *statement,
	     struct err *err)
{
	int r = json_check_list(list, "affects", err);

	if (r == 0)
		r = vex_products(known->reading, json_array_size(list), &statement->products, err);
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		struct span ref = SPAN("");

		r = json_read(json_array_get(list, i), affect_fields, &ref, known->reading->arena,
			      err);
		if (r == 0)
			r = resolve(known, ref, &statement->products[i], err);
		statement->product_count++;
	}
	return r;
}

static int
read_names(struct vex_reading *reading, const struct vulnerability *raw, struct span_list *ret,
	   struct err *err)
{
	size_t count = json_array_size(raw->references);
	struct span *items = arena_array(reading->arena, count + 1, sizeof(*items));
	size_t n = 0;
	int r = json_check_list(raw->references, "references", err);

	if (r == 0 && !items)
		r = err_memory(err);
	if (r < 0)
		return r;
	if (raw->id.n)
		items[n++] = raw->id;
	for (size_t i = 0; i < count; i++) {
		struct span id = SPAN("");

		r = json_read(json_array_get(raw->references, i), reference_fields, &id,
			      reading->arena, err);
		if (r < 0)
			return err_wrap(err, "references");
		if (id.n)
			items[n++] = id;
	}
	*ret = (struct span_list){items, n};
	return 0;
}

/* Without an analysis that states something, nothing is said: status "affected" is not assumed. */
static int
read_analysis(struct vex_reading *reading, const json_t *json, struct vex_statement *statement,
	      bool *ret_says, struct err *err)
{
	const struct span none = SPAN("");
	struct analysis raw = {none, none, none, none};
	size_t i = 0;
	int r = json ? json_read(json, analysis_fields, &raw, reading->arena, err) : 0;

	*ret_says = false;
	if (r < 0 || raw.state.n == 0)
		return r;
	while (i < sizeof(states) / sizeof(states[0]) && !span_equal(raw.state, states[i].state))
		i++;
	if (i == sizeof(states) / sizeof(states[0]))
		return err_set(err, ERR_INVALID, "no analysis state \"%.*s\"",
			       raw.state.n > 40 ? 40 : (int)raw.state.n, raw.state.p);
	*ret_says = true;
	statement->status = states[i].status;
	r = vex_time(raw.updated, &statement->timestamp, err);
	return r < 0 ? r
		     : vex_join(reading, raw.justification.n ? raw.justification : raw.state,
				raw.detail, &statement->reason, err);
}

static int
read_vulnerability(struct components *known, const json_t *json, struct err *err)
{
	struct vulnerability raw = {.id = SPAN(""), .updated = SPAN("")};
	struct vex_statement statement = {.timestamp = known->timestamp};
	bool says = false;
	int r = json_read(json, vulnerability_fields, &raw, known->reading->arena, err);

	if (r == 0)
		r = vex_time(raw.updated, &statement.timestamp, err);
	if (r == 0)
		r = read_analysis(known->reading, raw.analysis, &statement, &says, err);
	if (r < 0 || !says)
		return r;
	r = read_names(known->reading, &raw, &statement.names, err);
	if (r == 0)
		r = read_affects(known, raw.affects, &statement, err);
	return r < 0 || statement.names.count == 0 ? r : vex_add(known->reading, &statement, err);
}

static int
read_all(struct components *known, const struct cyclonedx_document *document, struct err *err)
{
	int r = json_check_list(document->vulnerabilities, "vulnerabilities", err);

	if (r == 0)
		r = read_metadata(known, document->metadata, err);
	if (r == 0)
		r = cyclonedx_walk(document->components, add_component, known, err);
	for (size_t i = 0; r == 0 && i < json_array_size(document->vulnerabilities); i++) {
		r = read_vulnerability(known, json_array_get(document->vulnerabilities, i), err);
		if (r < 0)
			return err_wrap(err, "vulnerability %zu", i + 1);
	}
	return r;
}

static int
read(struct vex_reading *reading, const json_t *json, struct err *err)
{
	struct cyclonedx_document document;
	int r = cyclonedx_read(json, reading->arena, &document, err);

	if (r < 0)
		return r;
	reading->format = document.format;
	struct components known = {
		.reading = reading,
		.places = map_new(64),
		.subject = {.ref = SPAN(""), .purl = SPAN("")},
	};
	r = known.places ? read_all(&known, &document, err) : err_memory(err);
	map_free(known.places);
	vec_free(&known.purls);
	return r;
}

const struct vex_format vex_cyclonedx = {"bomFormat", read};
