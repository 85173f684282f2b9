/* SPDX-License-Identifier: Apache-2.0 */
/* in-toto/attestation: spec/predicates/test-result.md, v0.1 */
#include "codec/predicates/parts.h"

/* "api/login"; a command that counts as one case is named once. */
static json_t *
case_name(struct predicate_writer *writer, const struct suite_case *one)
{
	if (one->suite.n == 0 || span_equal(one->suite, one->name))
		return json_span(one->name);
	struct span text =
		arena_printf(writer->arena, "%.*s/%.*s", SPAN_ARG(one->suite), SPAN_ARG(one->name));
	return text.p ? json_span(text) : NULL;
}

static json_t *
cases_in(struct predicate_writer *writer, enum case_state state, enum case_state or_state)
{
	const struct suite *suite = writer->evidence->suite;
	json_t *list = json_array();

	for (size_t i = 0; i < suite->count; i++) {
		if (suite->cases[i].state == state || suite->cases[i].state == or_state)
			write_item(&writer->writer, list, case_name(writer, &suite->cases[i]));
	}
	return list;
}

static json_t *
configuration_json(struct predicate_writer *writer)
{
	const struct digest *service = writer->context->service_file;
	json_t *list = json_array();
	struct digest image;

	if (predicate_subject(writer, &image)) {
		struct span purl =
			predicate_image_purl(writer, &image, writer->context->repository);

		write_item(&writer->writer, list,
			   predicate_resource(writer, SPAN("image"), purl, &image));
	}
	if (service)
		write_item(&writer->writer, list,
			   predicate_resource(writer, SPAN("mohs.yaml"), SPAN(""), service));
	return list;
}

/* Nothing that passed is no pass, and what was skipped makes it no clean one. */
static const char *
result_of(const struct suite *suite)
{
	if (!suite->started || suite->failed > 0 || suite->passed == 0 || suite->gaps.count > 0)
		return "FAILED";
	return suite->skipped > 0 ? "WARNED" : "PASSED";
}

json_t *
predicate_test_result(struct predicate_writer *writer)
{
	const struct suite *suite = writer->evidence->suite;
	struct writer *out = &writer->writer;

	if (!suite || (suite->started && suite->count == 0 && suite->gaps.count == 0))
		return NULL;
	json_t *json = json_object();
	write_text(out, json, "result", span_from(result_of(suite)));
	write_member(out, json, "configuration", configuration_json(writer));
	write_member(out, json, "passedTests", cases_in(writer, CASE_PASSED, CASE_PASSED));
	write_member(out, json, "warnedTests", json_array());
	write_member(out, json, "failedTests", cases_in(writer, CASE_FAILED, CASE_ERROR));
	/* Not in warnedTests: those ran. Consumers ignore members they do not know. */
	if (suite->skipped > 0)
		write_member(out, json, "mohs_skippedTests",
			     cases_in(writer, CASE_SKIPPED, CASE_SKIPPED));
	return json;
}
