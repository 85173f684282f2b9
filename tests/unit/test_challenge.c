/* SPDX-License-Identifier: Apache-2.0 */
#include "group_arena.h"
#include "test.h"

#include "base/limits.h"
#include "codec/challenge.h"

static void
bearer_is_read(void **state)
{
	static const char text[] =
		"Bearer realm=\"https://auth.example.com/token\",service=\"r.example.com\","
		"scope=\"repository:a/b:pull,push\" , error = invalid_token, other=\"x,y\"";
	struct challenge *list;
	size_t count;

	(void)state;
	assert_good(challenge_parse(span_from(text), arena, &list, &count, err));
	assert_int_equal(count, 1);
	assert_span(list[0].scheme, "Bearer");
	assert_span(list[0].realm, "https://auth.example.com/token");
	assert_span(list[0].service, "r.example.com");
	assert_span(list[0].scope, "repository:a/b:pull,push");
	assert_span(list[0].error, "invalid_token");
}

static void
several_in_one_header(void **state)
{
	static const char text[] = "Negotiate, NTLM abc+/==, Basic realm=\"a \\\"b\\\" c\", "
				   "bearer REALM=x,realm=second";
	struct challenge *list;
	size_t count;

	(void)state;
	assert_good(challenge_parse(span_from(text), arena, &list, &count, err));
	assert_int_equal(count, 4);
	assert_span(list[1].scheme, "NTLM");
	assert_null(list[1].realm.p);
	assert_span(list[2].realm, "a \"b\" c");
	assert_span(list[3].scheme, "bearer");
	assert_span(list[3].realm, "x");
	assert_good(challenge_parse(SPAN(""), arena, &list, &count, err));
	assert_int_equal(count, 0);
}

static void
malformed_ones_are_refused(void **state)
{
	static const char *const cases[] = {
		"realm=\"x\"",
		"Bearer realm=\"x",
		"Bearer realm=\"x\\",
		"Bearer a=b, realm=,",
		"Bearer realm=\"\n\"",
		"\"Bearer\"",
		"Bearer=",
		"Bearer\"x\"",
		"Bearer realm=\"a\"b=\"c\"d{",
	};
	char many[4 * (CHALLENGES_MAX + 2)];
	struct challenge *list;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;

		if (challenge_parse(span_from(cases[i]), arena, &list, &count, &err) !=
		    -ERR_INVALID)
			fail_msg("%s was accepted", cases[i]);
	}
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = "ab, "[i % 4];
	assert_fails(ERR_LIMIT,
		     challenge_parse((struct span){many, sizeof(many)}, arena, &list, &count, err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bearer_is_read),
		cmocka_unit_test(several_in_one_header),
		cmocka_unit_test(malformed_ones_are_refused),
	};

	return cmocka_run_group_tests_name("challenge", tests, group_arena, group_arena_free);
}
