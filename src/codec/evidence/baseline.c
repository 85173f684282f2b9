/* SPDX-License-Identifier: Apache-2.0 */
/* Reads back from a scan's document which findings it had. */
#include "codec/evidence_json.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"

struct document {
	struct span schema;
	json_t *findings;
};

static const struct json_field document_fields[] = {
	{"schema", JSON_FIELD_SPAN, offsetof(struct document, schema), true},
	{"findings", JSON_FIELD_RAW, offsetof(struct document, findings), true},
	{0},
};

struct sides {
	json_t *before;
	json_t *after;
};

static const struct json_field sides_fields[] = {
	{"before", JSON_FIELD_RAW, offsetof(struct sides, before), false},
	{"after", JSON_FIELD_RAW, offsetof(struct sides, after), false},
	{0},
};

struct scan {
	bool matched;
	json_t *items;
	json_t *not_counted;
};

static const struct json_field scan_fields[] = {
	{"matched", JSON_FIELD_BOOL, offsetof(struct scan, matched), true},
	{"items", JSON_FIELD_RAW, offsetof(struct scan, items), true},
	{"not_counted", JSON_FIELD_RAW, offsetof(struct scan, not_counted), false},
	{0},
};

static const struct json_field list_fields[] = {{"items", JSON_FIELD_RAW, 0, true}, {0}};

struct item {
	struct evidence_finding finding;
	struct span status;
	struct span why; /* of those that were not counted */
};

static const struct json_field item_fields[] = {
	{"id", JSON_FIELD_SPAN, offsetof(struct item, finding.id), true},
	{"package", JSON_FIELD_SPAN, offsetof(struct item, finding.package), true},
	{"purl", JSON_FIELD_SPAN, offsetof(struct item, finding.purl), false},
	{"status", JSON_FIELD_SPAN, offsetof(struct item, status), true},
	{"why", JSON_FIELD_SPAN, offsetof(struct item, why), false},
	{0},
};

typedef VEC(struct evidence_finding) finding_list;

/* What was undetermined then is new once it is determined; so is what was set aside. */
static int
read_items(const json_t *list, bool aside, struct arena *arena, finding_list *found,
	   struct err *err)
{
	if (!json_is_array(list))
		return err_set(err, ERR_INVALID, "member \"items\" is not a list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct item item = {.finding.purl = SPAN(""), .why = SPAN("")};
		int r = json_read(json_array_get(list, i), item_fields, &item, arena, err);

		if (r < 0)
			return err_wrap(err, "finding %zu", i + 1);
		if (span_equal(item.status, SPAN("undetermined")) ||
		    (aside && !span_equal(item.why, SPAN("known"))))
			continue;
		r = vec_push(found, &item.finding, FINDINGS_MAX, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
read_scan(const json_t *json, struct arena *arena, finding_list *found, struct err *err)
{
	struct scan scan = {.matched = false};
	json_t *aside = NULL;
	int r = json_read(json, scan_fields, &scan, arena, err);

	if (r < 0)
		return r;
	if (!scan.matched)
		return err_set(err, ERR_MISMATCH,
			       "that scan could not match any advisories: it is no baseline");
	r = read_items(scan.items, false, arena, found, err);
	if (r == 0 && scan.not_counted)
		r = json_read(scan.not_counted, list_fields, &aside, arena, err);
	return r < 0 || !aside ? r : read_items(aside, true, arena, found, err);
}

static int
take(const finding_list *found, struct arena *arena, struct evidence_baseline *ret, struct err *err)
{
	struct evidence_finding *items = vec_keep(found, arena);

	if (!items)
		return err_memory(err);
	*ret = (struct evidence_baseline){items, found->count};
	return 0;
}

int
evidence_read_baseline(struct span text, struct arena *arena, struct evidence_baseline *ret,
		       struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct document document = {.schema = SPAN("")};
	struct sides sides = {NULL, NULL};
	finding_list found = {0};
	int r = json_parse(text, &json, err);

	if (r == 0)
		r = json_read(json, document_fields, &document, arena, err);
	if (r < 0)
		return r;
	if (!span_equal(document.schema, SPAN(EVIDENCE_SCHEMA)))
		return err_set(err, ERR_UNSUPPORTED, "not a document of schema " EVIDENCE_SCHEMA);
	r = json_read(document.findings, sides_fields, &sides, arena, err);
	if (r == 0 && !sides.after && !sides.before)
		r = err_set(err, ERR_MISMATCH, "nothing was scanned: it is no baseline");
	if (r == 0)
		r = read_scan(sides.after ? sides.after : sides.before, arena, &found, err);
	if (r == 0)
		r = take(&found, arena, ret, err);
	vec_free(&found);
	return r;
}
