/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "codec/affected.h"
#include "codec/range_text.h"

static const struct {
	const char *ecosystem;
	const char *text;
	const char *affected;
} ranges[] = {
	{"npm", ">=1.2.0 <2.0.0", "[1.2.0,2.0.0)"},
	{"npm", ">=1.2.0,<2.0.0 || ^3", "[1.2.0,2.0.0) [3.0.0,4.0.0-0)"},
	{"npm", "^1.2.3", "[1.2.3,2.0.0-0)"},
	{"npm", "^0.2.3", "[0.2.3,0.3.0-0)"},
	{"npm", "^0.0.3", "[0.0.3,0.0.4-0)"},
	{"npm", "^0.0", "[0.0.0,0.1.0-0)"},
	{"npm", "^1.x", "[1.0.0,2.0.0-0)"},
	{"npm", "~1.2.3", "[1.2.3,1.3.0-0)"},
	{"npm", "~> 1.2", "[1.2.0,1.3.0-0)"},
	{"npm", "~1", "[1.0.0,2.0.0-0)"},
	{"npm", "1.2.x", "[1.2.0,1.3.0-0)"},
	{"npm", "1.*.*", "[1.0.0,2.0.0-0)"},
	{"npm", "1.2", "[1.2.0,1.3.0-0)"},
	{"npm", "1.2.3", "=1.2.3"},
	{"npm", "v1.2.3 - 2.3.4", "[v1.2.3,2.3.4]"},
	{"npm", "1.2 - 2.3", "[1.2.0,2.4.0-0)"},
	{"npm", ">1.2", "[1.3.0-0,)"},
	{"npm", "<=1.2", "[,1.3.0-0)"},
	{"npm", "<1.2", "[,1.2.0)"},
	{"npm", "> 1.2.3", "(1.2.3,)"},
	{"npm", "*", "[,)"},
	{"npm", "", "[,)"},
	{"npm", "<2 || ", "[,2.0.0) [,)"},
	{"npm", ">*", ""},
	{"npm", ">2.0.0 <1.0.0", ""},
	{"npm", ">=1.0.0-alpha.1 <1.0.0", "[1.0.0-alpha.1,1.0.0)"},
	{"cargo", ">= 0.1.0, < 0.2.3", "[0.1.0,0.2.3)"},
	{"cargo", "1.2.3", "[1.2.3,2.0.0-0)"},
	{"cargo", "=1.2.3", "=1.2.3"},
	{"cargo", "0.*", "[0.0.0,1.0.0-0)"},
	{"pypi", ">=1,<2,!=1.5", "[1,1.5) (1.5,2)"},
	{"pypi", "==1.5.*", "[1.5.dev0,1.6.dev0)"},
	{"pypi", ">=1,!=1.5.*", "[1,1.5.dev0) [1.6.dev0,)"},
	{"pypi", "~=1.4.2", "[1.4.2,1.5.dev0)"},
	{"pypi", "~=1!2.2", "[1!2.2,1!3.dev0)"},
	{"pypi", "===1.0+x", "=1.0+x"},
	{"pypi", ">=1.0,<1.0.0", ""},
	{"pypi", ">=1.0,<=1.0", "=1.0"},
	{"pypi", "< 1.0 || == 3", "[,1.0) =3"},
	{"gem", "~> 1.2", "[1.2,2.A)"},
	{"gem", "~> 1.2.3", "[1.2.3,1.3.A)"},
	{"gem", "~> 1", "[1,2.A)"},
	{"gem", ">= 1, < 2", "[1,2)"},
	{"gem", "~> 2.0.8, >= 2.0.8.1", "[2.0.8.1,2.1.A)"},
	{"composer", ">=1.0,<1.5|>=2.0,<2.1", "[1.0,1.5) [2.0,2.1)"},
	{"composer", "^1.2", "[1.2,2-dev)"},
	{"composer", "~1.2.3", "[1.2.3,1.3-dev)"},
	{"composer", "~1.2", "[1.2,2-dev)"},
	{"composer", "1.2.*", "[1.2-dev,1.3-dev)"},
	{"composer", "1.0 - 2.0", "[1.0,2.0]"},
	{"composer", ">=5.4.0 <>5.5", "[5.4.0,5.5) (5.5,)"},
	{"maven", "[1.0,2.0),[3.0,3.1]", "[1.0,2.0) [3.0,3.1]"},
	{"maven", "(,1.0]", "[,1.0]"},
	{"maven", "[ 1.0 ]", "=1.0"},
	{"maven", "(1.0, )", "(1.0,)"},
	{"maven", "[2.0-M1,2.0.Final)", "[2.0-M1,2.0.Final)"},
	{"maven", ">= 2.0, < 2.17.1 || = 3", "[2.0,2.17.1) =3"},
	{"nuget", "(4.0.0, 4.3.1]", "(4.0.0,4.3.1]"},
	{"nuget", "[4.0.0, 4.3.1) || [5.0.0]", "[4.0.0,4.3.1) =5.0.0"},
	{"golang", ">=v1.0 <v1.2", "[v1.0,v1.2)"},
	{"golang", "< 1.21.0-0", "[,1.21.0-0)"},
	{"dpkg", "< 1:1.2-3~deb12u1", "[,1:1.2-3~deb12u1)"},
	{"rpm", "< 0:1.2-3.el9", "[,0:1.2-3.el9)"},
	{"apk", "< 1.2.3-r4", "[,1.2.3-r4)"},
	{"generic", ">= 1.1.1, < 1.1.1w || = 3.0.0", "[1.1.1,1.1.1w) =3.0.0"},
};

static void
ranges_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		struct buf affected = BUF_INIT(1000);
		struct err err = ERR_INIT;

		if (range_text_read(span_from(ranges[i].text), span_from(ranges[i].ecosystem),
				    &affected, &err) < 0)
			fail_msg("%s \"%s\": %s", ranges[i].ecosystem, ranges[i].text, err.text);
		if (!span_equal(buf_span(&affected), span_from(ranges[i].affected)))
			fail_msg("%s \"%s\" is \"%.*s\"", ranges[i].ecosystem, ranges[i].text,
				 SPAN_ARG(buf_span(&affected)));
		buf_cleanup(&affected);
	}
}

static void
other_texts_are_refused(void **state)
{
	static const struct {
		const char *ecosystem;
		const char *text;
	} bad[] = {
		{"npm", ">="},
		{"npm", ">= 1 |"},
		{"npm", "foo"},
		{"npm", "[1.0,2.0)"},
		{"npm", "1.2.3 -"},
		{"npm", "1.x.3"},
		{"npm", "^18446744073709551615.0.0"},
		{"npm", ">>1"},
		{"pypi", "^1.0"},
		{"pypi", "~> 1.0"},
		{"pypi", ">=1.0.foo"},
		{"gem", "^1.0"},
		{"gem", "1.*"},
		{"composer", "dev-main"},
		{"maven", "[1.0,2.0"},
		{"maven", "(1.0)"},
		{"maven", "[]"},
		{"maven", "[1.0,2.0),>3"},
		{"maven", ">3,[1.0,2.0)"},
		{"maven", "[1,2,3]"},
		{"golang", "< devel"},
		{"dpkg", "~ 1"},
		{"dpkg", "< 1_2"},
		{"rpm", "1 | 2"},
	};
	struct buf affected = BUF_INIT(1000);

	(void)state;
	assert_good(buf_append(&affected, SPAN("=7"), err));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;
		int r = range_text_read(span_from(bad[i].text), span_from(bad[i].ecosystem),
					&affected, &err);

		if (r != -ERR_INVALID || err.text[0] == '\0')
			fail_msg("%s \"%s\": %d %s", bad[i].ecosystem, bad[i].text, r, err.text);
		assert_span(buf_span(&affected), "=7");
	}
	assert_fails(ERR_NOT_FOUND, range_text_read(SPAN("1"), SPAN("abacus"), &affected, err));
	buf_cleanup(&affected);
}

static void
a_range_is_appended(void **state)
{
	struct buf affected = BUF_INIT(1000);

	(void)state;
	assert_good(range_text_read(SPAN("<1"), SPAN("gem"), &affected, err));
	assert_good(range_text_read(SPAN(">2"), SPAN("gem"), &affected, err));
	assert_span(buf_span(&affected), "[,1) (2,)");
	buf_cleanup(&affected);
}

static void
a_range_has_limits(void **state)
{
	struct buf text = BUF_INIT(MIB);
	struct buf affected = BUF_INIT(MIB);

	(void)state;
	for (size_t i = 0; i < 20000; i++)
		assert_good(buf_append(&text, SPAN("1||"), err));
	assert_fails(ERR_LIMIT, range_text_read(buf_span(&text), SPAN("gem"), &affected, err));
	for (size_t i = 0; i < 20000; i++)
		assert_good(buf_append(&text, SPAN("1||"), err));
	assert_fails(ERR_LIMIT, range_text_read(buf_span(&text), SPAN("gem"), &affected, err));
	assert_int_equal(affected.n, 0);
	buf_cleanup(&text);
	buf_cleanup(&affected);
}

static void
what_is_good_is_left_out(void **state)
{
	static const struct {
		const char *affected;
		const char *good;
		const char *left;
	} cases[] = {
		{"[,)", "[1.2.3,2.0.0-0) [2.0.1,)", "[,1.2.3) [2.0.0-0,2.0.1)"},
		{"[,)", "(1.0.0,)", "[,1.0.0]"},
		{"[1.0.0,2.0.0)", "=1.5.0", "[1.0.0,1.5.0) (1.5.0,2.0.0)"},
		{"[1.0.0,2.0.0) =3.0.0", "[2.0.0,)", "[1.0.0,2.0.0)"},
		{"[1.0.0,2.0.0)", "[,)", ""},
		{"[1.0.0,2.0.0)", "", "[1.0.0,2.0.0)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf left = BUF_INIT(1000);

		assert_good(range_text_without(span_from(cases[i].affected),
					       span_from(cases[i].good), SPAN("npm"), &left, err));
		assert_span(buf_span(&left), cases[i].left);
		buf_cleanup(&left);
	}
	struct buf left = BUF_INIT(1000);
	assert_fails(ERR_INVALID, range_text_without(SPAN("x"), SPAN(""), SPAN("npm"), &left, err));
	assert_fails(ERR_INVALID, range_text_without(SPAN(""), SPAN("x"), SPAN("npm"), &left, err));
	assert_fails(ERR_NOT_FOUND, range_text_without(SPAN(""), SPAN(""), SPAN("x"), &left, err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_read),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(a_range_is_appended),
		cmocka_unit_test(a_range_has_limits),
		cmocka_unit_test(what_is_good_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
