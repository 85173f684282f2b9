/* SPDX-License-Identifier: Apache-2.0 */
/* OpenVEX 0.2.0 (openvex/spec: OPENVEX-SPEC.md). */
#include "codec/vex/reading.h"

struct document {
	struct span context;
	struct span author;
	struct span timestamp;
	struct span last_updated;
	json_t *statements;
};

static const struct json_field document_fields[] = {
	{"@context", JSON_FIELD_SPAN, offsetof(struct document, context), true},
	{"author", JSON_FIELD_SPAN, offsetof(struct document, author), false},
	{"timestamp", JSON_FIELD_SPAN, offsetof(struct document, timestamp), true},
	{"last_updated", JSON_FIELD_SPAN, offsetof(struct document, last_updated), false},
	{"statements", JSON_FIELD_RAW, offsetof(struct document, statements), true},
	{0},
};

struct statement {
	json_t *vulnerability;
	json_t *products;
	struct span status;
	struct span justification;
	struct span impact;
	struct span notes;
	struct span timestamp;
	struct span last_updated;
};

static const struct json_field statement_fields[] = {
	{"vulnerability", JSON_FIELD_RAW, offsetof(struct statement, vulnerability), true},
	{"products", JSON_FIELD_RAW, offsetof(struct statement, products), false},
	{"status", JSON_FIELD_SPAN, offsetof(struct statement, status), true},
	{"justification", JSON_FIELD_SPAN, offsetof(struct statement, justification), false},
	{"impact_statement", JSON_FIELD_SPAN, offsetof(struct statement, impact), false},
	{"status_notes", JSON_FIELD_SPAN, offsetof(struct statement, notes), false},
	{"timestamp", JSON_FIELD_SPAN, offsetof(struct statement, timestamp), false},
	{"last_updated", JSON_FIELD_SPAN, offsetof(struct statement, last_updated), false},
	{0},
};

struct vulnerability {
	struct span name;
	struct span_list aliases;
};

static const struct json_field vulnerability_fields[] = {
	{"name", JSON_FIELD_SPAN, offsetof(struct vulnerability, name), true},
	{"aliases", JSON_FIELD_STRINGS, offsetof(struct vulnerability, aliases), false},
	{0},
};

struct component {
	struct span id;
	json_t *identifiers;
	json_t *hashes;
	json_t *subcomponents; /* of products alone */
};

static const struct json_field component_fields[] = {
	{"@id", JSON_FIELD_SPAN, offsetof(struct component, id), false},
	{"identifiers", JSON_FIELD_RAW, offsetof(struct component, identifiers), false},
	{"hashes", JSON_FIELD_RAW, offsetof(struct component, hashes), false},
	{"subcomponents", JSON_FIELD_RAW, offsetof(struct component, subcomponents), false},
	{0},
};

static const struct json_field identifier_fields[] = {
	{"purl", JSON_FIELD_SPAN, 0, false},
	{0},
};

static const struct json_field hash_fields[] = {
	{"sha-256", JSON_FIELD_SPAN, 0, false},
	{0},
};

static int
read_hash(struct vex_reading *reading, const json_t *json, struct openvex_component *ret,
	  struct err *err)
{
	struct span hex = SPAN("");
	int r = json_read(json, hash_fields, &hex, reading->arena, err);

	if (r < 0 || hex.n == 0)
		return r;
	struct span text = arena_printf(reading->arena, "sha256:%.*s", SPAN_ARG(hex));
	if (!text.p)
		return err_memory(err);
	r = digest_parse(text, &ret->sha256, err);
	ret->has_sha256 = r == 0;
	return r;
}

static int
read_component(struct vex_reading *reading, const json_t *json, struct openvex_component *ret,
	       json_t **ret_subcomponents, struct err *err)
{
	struct component component = {.id = SPAN("")};
	int r = json_read(json, component_fields, &component, reading->arena, err);

	if (r < 0)
		return r;
	*ret = (struct openvex_component){.id = component.id, .purl = SPAN("")};
	*ret_subcomponents = component.subcomponents;
	if (component.identifiers)
		r = json_read(component.identifiers, identifier_fields, &ret->purl, reading->arena,
			      err);
	if (r == 0 && component.hashes)
		r = read_hash(reading, component.hashes, ret, err);
	return r;
}

static int
read_product(struct vex_reading *reading, const json_t *json, struct openvex_product *product,
	     struct err *err)
{
	json_t *list = NULL;
	json_t *ignored = NULL;
	int r = read_component(reading, json, &product->component, &list, err);

	if (r == 0)
		r = json_check_list(list, "subcomponents", err);
	if (r == 0)
		r = vex_components(reading, json_array_size(list), &product->subcomponents, err);
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		r = read_component(reading, json_array_get(list, i), &product->subcomponents[i],
				   &ignored, err);
		product->subcomponent_count++;
	}
	return r;
}

static int
read_products(struct vex_reading *reading, const json_t *list, struct vex_statement *statement,
	      struct err *err)
{
	int r = json_check_list(list, "products", err);

	if (r == 0)
		r = vex_products(reading, json_array_size(list), &statement->products, err);
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		r = read_product(reading, json_array_get(list, i), &statement->products[i], err);
		statement->product_count++;
	}
	return r;
}

static int
read_names(struct vex_reading *reading, const json_t *json, struct span_list *ret, struct err *err)
{
	struct vulnerability vulnerability = {.name = SPAN("")};
	int r = json_read(json, vulnerability_fields, &vulnerability, reading->arena, err);

	if (r < 0)
		return err_wrap(err, "vulnerability");
	size_t count = vulnerability.aliases.count;
	struct span *items = arena_array(reading->arena, count + 1, sizeof(*items));
	if (!items)
		return err_memory(err);
	items[0] = vulnerability.name;
	if (count)
		memcpy(items + 1, vulnerability.aliases.items, count * sizeof(*items));
	*ret = (struct span_list){items, count + 1};
	return 0;
}

static int
read_status(const struct statement *raw, struct vex_statement *statement, struct err *err)
{
	enum openvex_status status = 0;

	while (status < OPENVEX_STATUSES &&
	       !span_equal(raw->status, span_from(openvex_status_name(status))))
		status++;
	if (status == OPENVEX_STATUSES)
		return err_set(err, ERR_INVALID, "no status \"%.*s\"",
			       raw->status.n > 40 ? 40 : (int)raw->status.n, raw->status.p);
	if (status == OPENVEX_NOT_AFFECTED && raw->justification.n == 0 && raw->impact.n == 0)
		return err_set(err, ERR_INVALID,
			       "not_affected without a justification or an impact_statement");
	statement->status = status;
	return 0;
}

static int
read_statement(struct vex_reading *reading, const json_t *json, int64_t timestamp, struct err *err)
{
	const struct span none = SPAN("");
	struct statement raw = {.justification = none,
				.impact = none,
				.notes = none,
				.timestamp = none,
				.last_updated = none};
	struct vex_statement statement = {.timestamp = timestamp};
	int r = json_read(json, statement_fields, &raw, reading->arena, err);

	if (r == 0)
		r = read_names(reading, raw.vulnerability, &statement.names, err);
	if (r == 0)
		r = read_status(&raw, &statement, err);
	if (r == 0)
		r = read_products(reading, raw.products, &statement, err);
	if (r == 0)
		r = vex_time(raw.last_updated.n ? raw.last_updated : raw.timestamp,
			     &statement.timestamp, err);
	if (r == 0)
		r = vex_join(reading, raw.justification, raw.impact.n ? raw.impact : raw.notes,
			     &statement.reason, err);
	return r < 0 ? r : vex_add(reading, &statement, err);
}

static int
read(struct vex_reading *reading, const json_t *json, struct err *err)
{
	struct document document = {.author = SPAN(""), .last_updated = SPAN("")};
	int64_t timestamp = 0;
	int r = json_read(json, document_fields, &document, reading->arena, err);

	if (r < 0)
		return r;
	if (!span_equal(document.context, SPAN(OPENVEX_CONTEXT)) &&
	    !span_equal(document.context, SPAN("https://openvex.dev/ns")))
		return err_set(
			err, ERR_UNSUPPORTED, "@context \"%.*s\": only " OPENVEX_CONTEXT " is read",
			document.context.n > 80 ? 80 : (int)document.context.n, document.context.p);
	r = json_check_list(document.statements, "statements", err);
	if (r == 0)
		r = vex_time(document.last_updated.n ? document.last_updated : document.timestamp,
			     &timestamp, err);
	for (size_t i = 0; r == 0 && i < json_array_size(document.statements); i++) {
		r = read_statement(reading, json_array_get(document.statements, i), timestamp, err);
		if (r < 0)
			return err_wrap(err, "statement %zu", i + 1);
	}
	reading->format = SPAN("OpenVEX");
	reading->author = document.author;
	return r;
}

const struct vex_format vex_openvex = {"@context", read};
