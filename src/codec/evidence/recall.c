/* SPDX-License-Identifier: Apache-2.0 */
/* Reads back from evidence.json what a run was made from. */
#include "codec/evidence_json.h"

#include "base/cleanup.h"
#include "codec/json.h"

#include <stddef.h>

struct document {
	struct span schema;
	json_t *image;
	json_t *plan;
};

static const struct json_field document_fields[] = {
	{"schema", JSON_FIELD_SPAN, offsetof(struct document, schema), true},
	{"image", JSON_FIELD_RAW, offsetof(struct document, image), true},
	{"plan", JSON_FIELD_RAW, offsetof(struct document, plan), false},
	{0},
};

struct side {
	struct span reference;
	struct span digest;
};

static const struct json_field side_fields[] = {
	{"reference", JSON_FIELD_SPAN, offsetof(struct side, reference), true},
	{"digest", JSON_FIELD_SPAN, offsetof(struct side, digest), true},
	{0},
};

struct planned {
	struct span granularity;
	struct span unused_libraries;
	struct span_list keep;
	struct span_list drop;
};

static const struct json_field plan_fields[] = {
	{"granularity", JSON_FIELD_SPAN, offsetof(struct planned, granularity), true},
	{"unused_libraries", JSON_FIELD_SPAN, offsetof(struct planned, unused_libraries), false},
	{"keep", JSON_FIELD_STRINGS, offsetof(struct planned, keep), false},
	{"drop", JSON_FIELD_STRINGS, offsetof(struct planned, drop), false},
	{0},
};

static int
read_side(const json_t *image, const char *name, struct arena *arena, struct span *ret_reference,
	  struct digest *ret_digest, struct err *err)
{
	const json_t *json = json_object_get(image, name);
	struct side side = {0};

	if (!json || json_is_null(json))
		return 0;
	int r = json_read(json, side_fields, &side, arena, err);
	if (r == 0)
		r = digest_parse(side.digest, ret_digest, err);
	if (r == 0)
		*ret_reference = side.reference;
	return r;
}

static int
read_document(const json_t *json, struct arena *arena, struct evidence_recall *recall,
	      struct err *err)
{
	struct document document = {0};
	struct planned plan = {0};
	int r = json_read(json, document_fields, &document, arena, err);

	if (r < 0)
		return r;
	if (!span_equal(document.schema, SPAN(EVIDENCE_SCHEMA)))
		return err_set(
			err, ERR_UNSUPPORTED, "it is no evidence of this version: schema %.*s",
			document.schema.n > 80 ? 80 : (int)document.schema.n, document.schema.p);
	r = read_side(document.image, "before", arena, &recall->reference, &recall->digest, err);
	if (r == 0)
		r = read_side(document.image, "after", arena, &recall->hardened,
			      &recall->hardened_digest, err);
	if (r == 0 && recall->reference.n == 0)
		return err_set(err, ERR_MISMATCH,
			       "it is of a bill of materials: there is no image");
	if (r == 0 && document.plan)
		r = json_read(document.plan, plan_fields, &plan, arena, err);
	if (r < 0)
		return r;
	recall->planned = document.plan != NULL;
	recall->whole_packages = span_equal(plan.granularity, SPAN("package"));
	recall->stubs = span_equal(plan.unused_libraries, SPAN("stub"));
	recall->keep = plan.keep;
	recall->drop = plan.drop;
	return 0;
}

bool
evidence_likely(struct span text)
{
	return span_starts_with(span_trim(text), SPAN("{")) &&
	       span_contains(text, SPAN("\"" EVIDENCE_SCHEMA "\""));
}

int
evidence_read_recall(struct span text, struct arena *arena, struct evidence_recall *ret,
		     struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct evidence_recall recall = {0};
	int r = json_parse(text, &json, err);

	if (r == 0)
		r = read_document(json, arena, &recall, err);
	if (r == 0)
		*ret = recall;
	return r;
}
