/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/feed.h"
#include "codec/json.h"

#include <stdio.h>

/* Gives a text in parts of `step` bytes. */
struct trickle {
	struct span rest;
	size_t step;
};

static int
read_trickle(void *context, void *p, size_t n, size_t *ret_n, struct err *err)
{
	struct trickle *trickle = context;

	return feed_read_span(&trickle->rest, p, n < trickle->step ? n : trickle->step, ret_n, err);
}

/* "key=compact value;" of everything seen, which jansson judges. */
static int
note(void *context, const struct json_member *member, struct err *err)
{
	CLEANUP(json_cleanup)
	json_t *value = json_loadb(member->text.p, member->text.n,
				   JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	CLEANUP(free_cleanup)
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);

	return text ? buf_printf(context, err, "%.*s=%s;", SPAN_ARG(member->key), text)
		    : err_set(err, ERR_INVALID, "not JSON");
}

static int
split(const char *document, const char *path, size_t step, struct buf *seen, struct err *err)
{
	struct trickle trickle = {span_from(document), step};

	seen->n = 0;
	return json_each(read_trickle, &trickle, path, false, note, seen, err);
}

static void
members_are_split(void **state)
{
	static const struct {
		const char *document;
		const char *path;
		const char *seen;
	} cases[] = {
		{"{}", "", ""},
		{" [ ] ", "", ""},
		{"{\"a\":1,\"b\":{\"c\":[1,2]}}", "", "a=1;b={\"c\":[1,2]};"},
		{"[1,\"x\",null,true,-2.5e3]", "", "=1;=\"x\";=null;=true;=-2500.0;"},
		{"{\"x\":[{\"}\":\"]\"}],\"v\":[{\"a\":\"\\\"}\"}]}", "v", "={\"a\":\"\\\"}\"};"},
		{"{\"a\":{\"b\":{\"c\":1}},\"z\":2}", "a/b", "c=1;"},
		{"{\"\\u0061\\n\":1}", "", "a\n=1;"},
		{"{\"\\u00e9\":[]}", "", "\xc3\xa9=[];"},
		{"\n{ \"a\" : 1 ,\t\"b\" : [ ] }\r\n", "", "a=1;b=[];"},
		{"{\"k\":\"\\\\\"}", "", "k=\"\\\\\";"},
	};
	static const size_t steps[] = {1, 2, 3, 7, 4096};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
			CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);

			assert_good(split(cases[i].document, cases[i].path, steps[j], &seen, err));
			assert_span(buf_span(&seen), cases[i].seen);
		}
	}
}

static void
malformed_documents_are_refused(void **state)
{
	static const struct {
		const char *document;
		const char *path;
	} cases[] = {
		{"", ""},
		{"{", ""},
		{"1", ""},
		{"{}x", ""},
		{"{}{}", ""},
		{"[1,]", ""},
		{"[,1]", ""},
		{"[1 2]", ""},
		{"[1}", ""},
		{"{\"a\":}", ""},
		{"{\"a\"}", ""},
		{"{a:1}", ""},
		{"{\"a\":1,}", ""},
		{"{\"a\":\"x}", ""},
		{"{\"a\":\"x\\", ""},
		{"{\"a\":[1}", ""},
		{"{\"a\":{\"b\":1]}", ""},
		{"[{\"a\":1,\"a\":2}]", ""},
		{"[tru]", ""},
		{"[\"\x01\"]", ""},
		{"[\"\xff\"]", ""},
		{"[\"a\"\"b\"]", ""},
		{"{\"\xff\":1}", ""},
		{"{\"v\":[]}", "w"},
		{"{\"v\":[],\"v\":[]}", "v"},
		{"{\"v\":1}", "v"},
		{"[]", "v"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
		struct err err = ERR_INIT;

		if (split(cases[i].document, cases[i].path, 3, &seen, &err) != -ERR_INVALID)
			fail_msg("taken: %s (%s)", cases[i].document, err.text);
	}
}

/* Endless "[[[[" and "[\"aaaa". */
static int
read_endless(void *context, void *p, size_t n, size_t *ret_n, struct err *err)
{
	char **next = context;

	(void)err;
	memset(p, **next, n);
	if ((*next)[1] != '\0') {
		*ret_n = 1;
		(*next)++;
	} else {
		*ret_n = n;
	}
	return 0;
}

static void
depth_and_length_are_bounded(void **state)
{
	static const char *const cases[] = {"[", "[\"a", "[1", "{\"a\":{\"b\":[1,"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
		const char *next = cases[i];

		assert_fails(ERR_LIMIT,
			     json_each(read_endless, (void *)&next, "", false, note, &seen, err));
	}
}

static int
stop(void *context, const struct json_member *member, struct err *err)
{
	(void)context;
	(void)member;
	return err_set(err, ERR_CANCELLED, "enough");
}

static int
read_fails(void *context, void *p, size_t n, size_t *ret_n, struct err *err)
{
	(void)context;
	(void)p;
	(void)n;
	(void)ret_n;
	return err_set(err, ERR_IO, "no disk");
}

static void
errors_of_both_ends_come_through(void **state)
{
	struct span text = SPAN("[1]");

	(void)state;
	assert_fails(ERR_CANCELLED, json_each(feed_read_span, &text, "", false, stop, NULL, err));
	assert_fails(ERR_IO, json_each(read_fails, NULL, "", false, stop, NULL, err));
}

static void
scalars_beside_the_path_are_given(void **state)
{
	CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
	struct span text = SPAN("{\"total\":2,\"x\":{\"y\":1},\"v\":[7],\"s\":\"t\"}");

	(void)state;
	assert_good(json_each(feed_read_span, &text, "v", true, note, &seen, err));
	assert_span(buf_span(&seen), "total=2;=7;s=\"t\";");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_split),
		cmocka_unit_test(malformed_documents_are_refused),
		cmocka_unit_test(depth_and_length_are_bounded),
		cmocka_unit_test(errors_of_both_ends_come_through),
		cmocka_unit_test(scalars_beside_the_path_are_given),
	};

	return cmocka_run_group_tests_name("json_each", tests, NULL, NULL);
}
