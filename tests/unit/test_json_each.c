/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/bytes_mask.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/feed.h"
#include "codec/json.h"

#include <stdio.h>
#include <stdlib.h>

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

/* Bytes of which half mean something to a scanner. */
static void
make_text(unsigned *seed, char *text, size_t n)
{
	static const char telling[] = "{}[]\"\"\\:,\x1f\x7f\x80\xff!#[z|~ 1a";

	for (size_t i = 0; i < n; i++) {
		unsigned pick = (unsigned)rand_r(seed);

		text[i] = pick & 1 ? telling[pick / 2 % (sizeof(telling) - 1)]
				   : (char)(pick / 2 % 256);
	}
}

static uint64_t
mask_by_bytes(const unsigned char *p, char one, char other)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < MASK_BYTES; i++)
		mask |= (uint64_t)((char)p[i] == one || (char)p[i] == other) << i;
	return mask;
}

static void
check_masks(const unsigned char *p, struct json_masks masks)
{
	assert_true(masks.quotes == mask_by_bytes(p, '"', '"'));
	assert_true(masks.slashes == mask_by_bytes(p, '\\', '\\'));
	assert_true(masks.opens == mask_by_bytes(p, '{', '['));
	assert_true(masks.closes == mask_by_bytes(p, '}', ']'));
}

static bool
is_odd(unsigned char byte)
{
	return byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\';
}

static void
masks_are_those_of_the_bytes(void **state)
{
	enum { ROUNDS = 20000 };
	unsigned seed = 1;

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		char text[MASK_BYTES];
		const unsigned char *p = (const unsigned char *)text;
		size_t first = 0;

		make_text(&seed, text, sizeof(text));
		check_masks(p, json_masks_of(p));
		check_masks(p, json_masks_by_words(p));
		while (first < JSON_ODD_BYTES && !is_odd(p[first]))
			first++;
		assert_true((json_odd_bytes(p) != 0) == (first < JSON_ODD_BYTES));
		if (first < JSON_ODD_BYTES)
			assert_int_equal(json_odd_first(json_odd_bytes(p)), first);
		uint64_t odd = json_odd_of_word(mask_word(p));
		assert_true((odd != 0) == (first < sizeof(odd)));
		if (odd)
			assert_int_equal(__builtin_ctzll(odd) / 8, first);
	}
}

/* Lengths and texts of all members. */
static int
append(void *context, const struct json_member *member, struct err *problem)
{
	return buf_printf(context, problem, "%zu %llu %.*s\n", member->text.n,
			  (unsigned long long)member->end, SPAN_ARG(member->text));
}

/* Byte for byte none of the fast ways is taken: they must see the same, errors included. */
static void
fast_ways_split_as_slow_ones(void **state)
{
	enum { ROUNDS = 20000, LONGEST = 220 };
	CLEANUP(buf_cleanup) struct buf fast = BUF_INIT(1 * MIB);
	CLEANUP(buf_cleanup) struct buf slow = BUF_INIT(1 * MIB);
	unsigned seed = 2;

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		char text[LONGEST + 3] = "[{";
		size_t n = (size_t)rand_r(&seed) % LONGEST;
		struct err one = ERR_INIT;
		struct err other = ERR_INIT;

		if (round % 2)
			make_text(&seed, text + 2, n);
		for (size_t i = 0; round % 2 == 0 && i < n; i++)
			text[i + 2] = "{}[]\"\"\"\\a,"[(unsigned)rand_r(&seed) % 10];
		struct trickle whole = {{text, n + 2}, SIZE_MAX};
		struct trickle bytes = {{text, n + 2}, 1};
		fast.n = 0;
		slow.n = 0;
		int r = json_each(read_trickle, &whole, "", false, append, &fast, &one);
		assert_int_equal(json_each(read_trickle, &bytes, "", false, append, &slow, &other),
				 r);
		assert_string_equal(one.text, other.text);
		assert_int_equal(fast.n, slow.n);
		assert_true(span_equal(buf_span(&fast), buf_span(&slow)));
	}
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
		cmocka_unit_test(masks_are_those_of_the_bytes),
		cmocka_unit_test(fast_ways_split_as_slow_ones),
	};

	return cmocka_run_group_tests_name("json_each", tests, NULL, NULL);
}
