/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "codec/affected.h"

static void
intervals_are_written_and_read_back(void **state)
{
	static const struct {
		struct affected affected;
		const char *text;
	} cases[] = {
		{{SPAN_INIT("1.0"), SPAN_INIT("1.2"), false, false}, "[1.0,1.2)"},
		{{SPAN_INIT("1.0"), SPAN_INIT("1.2"), false, true}, "[1.0,1.2]"},
		{{SPAN_INIT("1.0"), SPAN_INIT(""), true, false}, "(1.0,)"},
		{{SPAN_INIT(""), SPAN_INIT("1.2"), false, false}, "[,1.2)"},
		{{SPAN_INIT("1:2~rc1+x"), SPAN_INIT("1:2~rc1+x"), false, true}, "=1:2~rc1+x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf buf = BUF_INIT(1000);
		struct affected back;
		struct err problem = ERR_INIT;

		assert_good(affected_put(&cases[i].affected, &buf, err));
		assert_span(buf_span(&buf), cases[i].text);
		struct span rest = buf_span(&buf);
		assert_int_equal(affected_next(&rest, &back, &problem), 1);
		assert_true(span_equal(back.from, cases[i].affected.from));
		assert_true(span_equal(back.to, cases[i].affected.to));
		assert_int_equal(back.without_from, cases[i].affected.without_from);
		assert_int_equal(back.with_to, cases[i].affected.with_to);
		assert_int_equal(affected_next(&rest, &back, &problem), 0);
		buf_cleanup(&buf);
	}
}

static void
a_version_is_in_an_interval_or_not(void **state)
{
	static const struct {
		const char *text;
		const char *version;
		const char *fixed; /* NULL: not in it */
	} cases[] = {
		{"[1.0,1.2)", "1.0", "1.2"},
		{"[1.0,1.2)", "1.2", NULL},
		{"[1.0,1.2)", "0.9", NULL},
		{"(1.0,1.2)", "1.0", NULL},
		{"(1.0,1.2)", "1.1", "1.2"},
		{"[1.0,1.2]", "1.2", ""},
		{"[1.0,1.2]", "1.2-1", NULL},
		{"[1.0,)", "99", ""},
		{"[,1.2)", "0", "1.2"},
		{"=1.1", "1.1", ""},
		{"=1.1", "1.1-0", ""}, /* the same to dpkg */
		{"=1.1", "1.10", NULL},
		{"[1.0,1.2) [2.0,2.3)", "2.1", "2.3"},
		{"[1.0,1.2) [2.0,2.3)", "1.5", NULL},
		{"[1.0,9] [1.0,1.2)", "1.1", "1.2"},
		{"[,1.2) [,1.5)", "1.1", "1.5"},
		{"[1.4,1.6) [,1.5) [1.7,2)", "1.1", "1.6"},
		{"[1,2) [2,3)", "1.5", "3"},
		{"[,1.2) [,)", "1.1", "1.2"},
		{"", "1", NULL},
	};
	const struct version_order *order = version_order_find(SPAN("dpkg"));

	(void)state;
	assert_non_null(order);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span fixed;
		bool hit = false;

		assert_good(affected_judge(span_from(cases[i].text), order,
					   span_from(cases[i].version), &hit, &fixed, err));
		if (hit != (cases[i].fixed != NULL) ||
		    (hit && !span_equal(fixed, span_from(cases[i].fixed))))
			fail_msg("%s in %s", cases[i].version, cases[i].text);
	}
}

static void
what_is_no_range_is_refused(void **state)
{
	static const char *const bad[] = {
		"1.0", "[1.0", "[1.0,2.0", "1.0,2.0)", "[1.0 2.0)", "[]",
		"=",   " ",    "[1,2,3)",  "==1",      "[(1,2)",    "{1,2}",
	};
	static const char *const versions[] = {"1 2", "1,2", "[1", "1)", "=1", "1\n"};
	char wide[FEED_VERSION_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct span fixed;
		bool hit;

		assert_fails(ERR_INVALID,
			     affected_judge(span_from(bad[i]), version_order_find(SPAN("dpkg")),
					    SPAN("1"), &hit, &fixed, err));
	}
	memset(wide, '1', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	for (size_t i = 0; i <= sizeof(versions) / sizeof(versions[0]); i++) {
		bool last = i == sizeof(versions) / sizeof(versions[0]);
		struct affected affected = affected_only(span_from(last ? wide : versions[i]));
		struct buf buf = BUF_INIT(1000);

		assert_fails(ERR_INVALID, affected_put(&affected, &buf, err));
		assert_int_equal(buf.n, 0);
		buf_cleanup(&buf);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_are_written_and_read_back),
		cmocka_unit_test(a_version_is_in_an_interval_or_not),
		cmocka_unit_test(what_is_no_range_is_refused),
	};

	return cmocka_run_group_tests_name("affected", tests, NULL, NULL);
}
