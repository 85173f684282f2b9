/* SPDX-License-Identifier: Apache-2.0 */
#include "group_arena.h"
#include "test.h"

#include "base/buf.h"
#include "base/limits.h"
#include "codec/junit.h"
#include "codec/suite_json.h"

static void
cases_are_read(void **state)
{
	static const char xml[] =
		"<?xml version='1.0'?><testsuites><testsuite name='s' tests='6'>"
		"<testcase classname='c' name='one' time='0.25'/>"
		"<testcase name='two' time='1,234.5'><failure message='not &lt;good&gt;&#10;more'>"
		"text</failure></testcase>"
		"<testcase name='three'><error><![CDATA[\n  first "
		"line\nsecond]]></error></testcase>"
		"<testcase name='four'><skipped/><system-out>x</system-out></testcase>"
		"<testcase name='five' time='-3'><failure/><error message='later'/></testcase>"
		"<testcase time='NaN'/>"
		"</testsuite></testsuites>";
	junit_cases cases = {0};

	(void)state;
	assert_good(junit_read(span_from(xml), SPAN("api"), arena, &cases, err));
	assert_int_equal(cases.count, 6);
	assert_span(cases.items[0].suite, "api");
	assert_span(cases.items[0].name, "c.one");
	assert_true(cases.items[0].seconds > 0.24 && cases.items[0].seconds < 0.26);
	assert_int_equal(cases.items[0].state, CASE_PASSED);
	assert_int_equal(cases.items[1].state, CASE_FAILED);
	assert_span(cases.items[1].message, "not <good>");
	assert_true(cases.items[1].seconds > 1234);
	assert_int_equal(cases.items[2].state, CASE_ERROR);
	assert_span(cases.items[2].message, "first line");
	assert_int_equal(cases.items[3].state, CASE_SKIPPED);
	assert_int_equal(cases.items[4].state, CASE_FAILED);
	assert_true(cases.items[4].seconds >= 0);
	assert_span(cases.items[5].name, "");

	struct suite suite = {.arena = arena,
			      .cases = cases.items,
			      .count = cases.count,
			      .started = true,
			      .start_error = SPAN("")};
	struct suite *back = NULL;
	struct span text;
	assert_good(suite_json_write(&suite, arena, &text, err));
	assert_good(suite_json_read(text, &back, err));
	assert_int_equal(back->passed, 2);
	assert_int_equal(back->failed, 3);
	assert_int_equal(back->skipped, 1);
	assert_true(back->started);
	assert_span(back->cases[2].message, "first line");
	suite_free(back);
	vec_free(&cases);
}

static void
hostile_documents_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"<testsuite>",
		"<testsuite><testcase name='a'></testsuite>",
		"<testcase><testcase/></testcase>",
		"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><testcase name='&a;'/>",
		"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><testcase/>",
		"<testcase name='&undefined;'/>",
		"<testcase/><testcase/>",
	};
	struct suite_case before = {.name = SPAN("kept")};
	junit_cases cases = {0};
	struct buf deep = BUF_INIT(MIB);

	(void)state;
	assert_good(vec_push(&cases, &before, 10, err));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_fails(ERR_INVALID,
			     junit_read(span_from(bad[i]), SPAN("x"), arena, &cases, err));
		assert_int_equal(cases.count, 1);
	}
	for (unsigned i = 0; i <= XML_DEPTH_MAX; i++)
		assert_good(buf_printf(&deep, err, "<a>"));
	assert_fails(ERR_LIMIT, junit_read(buf_span(&deep), SPAN("x"), arena, &cases, err));
	buf_cleanup(&deep);
	vec_free(&cases);
}

static void
malformed_results_are_refused(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{\"schema\":\"" SUITE_SCHEMA
		"\",\"started\":true,\"start_error\":\"\",\"cases\":{},"
		"\"gaps\":[]}",
		"{\"schema\":\"" SUITE_SCHEMA "\",\"started\":true,\"start_error\":\"\",\"cases\":["
		"{\"suite\":\"\",\"name\":\"\",\"state\":\"fine\",\"message\":\"\",\"seconds\":1}],"
		"\"gaps\":[]}",
	};
	struct suite *suite = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails(ERR_INVALID, suite_json_read(span_from(bad[i]), &suite, err));
	assert_null(suite);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_are_read),
		cmocka_unit_test(hostile_documents_are_refused),
		cmocka_unit_test(malformed_results_are_refused),
	};

	return cmocka_run_group_tests_name("junit", tests, group_arena, group_arena_free);
}
