/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/suite_json.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/gaps_json.h"

#include <stddef.h>

enum { STATES = CASE_SKIPPED + 1 };

static const char *
state_name(enum case_state state)
{
	static const char *const names[STATES] = {
		[CASE_PASSED] = "passed",
		[CASE_FAILED] = "failed",
		[CASE_ERROR] = "error",
		[CASE_SKIPPED] = "skipped",
	};

	return (unsigned)state < STATES ? names[state] : "unknown";
}

void
suite_count(struct suite *suite)
{
	suite->passed = suite->failed = suite->skipped = 0;
	for (size_t i = 0; i < suite->count; i++) {
		uint32_t *const counters[STATES] = {
			[CASE_PASSED] = &suite->passed,
			[CASE_FAILED] = &suite->failed,
			[CASE_ERROR] = &suite->failed,
			[CASE_SKIPPED] = &suite->skipped,
		};

		(*counters[suite->cases[i].state])++;
	}
}

int
suite_json_write(const struct suite *suite, struct arena *arena, struct span *ret, struct err *err)
{
	json_t *cases = json_array();

	for (size_t i = 0; i < suite->count; i++) {
		const struct suite_case *one = &suite->cases[i];

		json_add(&cases,
			 json_pack("{s:o, s:o, s:s, s:o, s:f}", "suite", json_span(one->suite),
				   "name", json_span(one->name), "state", state_name(one->state),
				   "message", json_span(one->message), "seconds", one->seconds));
	}
	CLEANUP(json_cleanup)
	json_t *json = json_pack("{s:s, s:b, s:o, s:o, s:o}", "schema", SUITE_SCHEMA, "started",
				 suite->started, "start_error", json_span(suite->start_error),
				 "cases", cases, "gaps", gaps_json_make(&suite->gaps));
	return json_text(json, true, arena, ret, err);
}

struct case_document {
	struct suite_case one;
	struct span state;
};

static int
case_read(const json_t *value, struct arena *arena, struct suite_case *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"suite", JSON_FIELD_SPAN, offsetof(struct case_document, one.suite), true},
		{"name", JSON_FIELD_SPAN, offsetof(struct case_document, one.name), true},
		{"state", JSON_FIELD_SPAN, offsetof(struct case_document, state), true},
		{"message", JSON_FIELD_SPAN, offsetof(struct case_document, one.message), true},
		{"seconds", JSON_FIELD_DOUBLE, offsetof(struct case_document, one.seconds), true},
		{NULL},
	};
	struct case_document document = {0};
	int r = json_read(value, fields, &document, arena, err);

	if (r < 0)
		return r;
	for (enum case_state state = CASE_PASSED; state <= CASE_SKIPPED; state++) {
		if (span_equal(document.state, span_from(state_name(state)))) {
			*ret = document.one;
			ret->state = state;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "a case with an unknown state");
}

struct suite_document {
	struct span schema;
	struct span start_error;
	bool started;
	json_t *cases;
	json_t *gaps;
};

static int
suite_document_read(const json_t *json, struct suite *suite, struct err *err)
{
	static const struct json_field fields[] = {
		{"schema", JSON_FIELD_SPAN, offsetof(struct suite_document, schema), true},
		{"started", JSON_FIELD_BOOL, offsetof(struct suite_document, started), true},
		{"start_error", JSON_FIELD_SPAN, offsetof(struct suite_document, start_error),
		 true},
		{"cases", JSON_FIELD_RAW, offsetof(struct suite_document, cases), true},
		{"gaps", JSON_FIELD_RAW, offsetof(struct suite_document, gaps), true},
		{NULL},
	};
	static const struct json_items cases = {"cases", SUITE_CASES_MAX,
						sizeof(struct suite_case)};
	struct suite_document document = {0};
	int r = json_read(json, fields, &document, suite->arena, err);

	if (r < 0)
		return r;
	if (!span_equal(document.schema, SPAN(SUITE_SCHEMA)))
		return err_set(err, ERR_UNSUPPORTED, "not test results of this version");
	r = json_items(document.cases, &cases, suite->arena, &suite->cases, &suite->count, err);
	for (size_t i = 0; r == 0 && i < suite->count; i++)
		r = case_read(json_array_get(document.cases, i), suite->arena, &suite->cases[i],
			      err);
	suite->started = document.started;
	suite->start_error = document.start_error;
	if (r == 0)
		r = gaps_json_read(document.gaps, suite->arena, &suite->gaps, err);
	if (r == 0)
		suite_count(suite);
	return r;
}

int
suite_json_read(struct span text, struct suite **ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct arena *arena = arena_new(0);
	struct suite *suite = arena ? arena_alloc(arena, sizeof(*suite)) : NULL;

	if (!suite) {
		arena_free(arena);
		return err_memory(err);
	}
	suite->arena = arena;
	int r = json_parse(text, &json, err);
	if (r == 0)
		r = suite_document_read(json, suite, err);
	if (r < 0) {
		arena_free(arena);
		return err_wrap(err, "test results");
	}
	*ret = suite;
	return 0;
}
