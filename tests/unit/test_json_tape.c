/* SPDX-License-Identifier: Apache-2.0 */
/* What jansson makes of the same bytes is judged in fuzz/fuzz_json_tape.c, over its corpus. */
#include "test.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json_tape.h"

static void
values_are_found(void **state)
{
	CLEANUP(json_tape_cleanup) struct json_tape tape = {0};
	struct span text =
		SPAN("{\"a\\u0062\": [1, -2.5, \"x\\ny\", null, {\"c\": true}], \"d\": {}}");
	struct json_walk walk;
	struct json_view value;
	struct span key;
	double number;
	int64_t integer;

	(void)state;
	assert_good(json_tape_read(&tape, text, err));
	struct json_view list = json_view_get(json_tape_top(&tape), SPAN("ab"));
	assert_int_equal(json_view_count(list), 5);
	walk = json_walk_start(list);
	assert_true(json_walk_next(&walk, &key, &value));
	assert_true(json_view_integer(value, &integer));
	assert_int_equal(integer, 1);
	assert_true(json_walk_next(&walk, &key, &value));
	assert_false(json_view_integer(value, &integer));
	assert_true(json_view_number(value, &number));
	assert_true(number < -2.4 && number > -2.6);
	assert_true(json_walk_next(&walk, &key, &value));
	assert_span(json_view_string(value), "x\ny");
	assert_true(json_walk_next(&walk, &key, &value));
	assert_int_equal(json_view_kind(value), JSON_KIND_NULL);
	assert_true(json_walk_next(&walk, &key, &value));
	assert_int_equal(json_view_kind(json_view_get(value, SPAN("c"))), JSON_KIND_TRUE);
	assert_int_equal(json_view_kind(json_view_get(value, SPAN("none"))), JSON_KIND_ABSENT);
	assert_false(json_walk_next(&walk, &key, &value));
	assert_int_equal(json_view_count(json_view_get(json_tape_top(&tape), SPAN("d"))), 0);
	assert_null(json_view_string(list).p);
	/* what is not there has nothing in it */
	assert_int_equal(json_view_kind(json_view_get((struct json_view){0}, SPAN("a"))),
			 JSON_KIND_ABSENT);
	assert_false(json_view_number((struct json_view){0}, &number));
}

static void
a_tape_is_used_again(void **state)
{
	CLEANUP(json_tape_cleanup) struct json_tape tape = {0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_good(json_tape_read(&tape, SPAN("[\"\\u00e9\",\"a\\tb\"]"), err));
		assert_int_equal(json_view_count(json_tape_top(&tape)), 2);
		assert_fails(ERR_INVALID,
			     json_tape_read(&tape, SPAN("[\"\\u00e9\",\"a\\tb\""), err));
		assert_good(
			json_tape_read(&tape, SPAN("\"a longer one, \\\\ with an escape\""), err));
		assert_span(json_view_string(json_tape_top(&tape)),
			    "a longer one, \\ with an escape");
	}
}

static void
ceilings_hold(void **state)
{
	CLEANUP(json_tape_cleanup) struct json_tape tape = {0};
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(MIB);
	struct err ignored = ERR_INIT;

	(void)state;
	for (int i = 0; i <= JSON_DEPTH_MAX; i++)
		assert_int_equal(buf_byte(&text, '[', &ignored), 0);
	assert_fails(ERR_LIMIT, json_tape_read(&tape, buf_span(&text), err));
	text.n--;
	assert_fails(ERR_INVALID, json_tape_read(&tape, buf_span(&text), err));
}

/* Names that are no neighbours, of many and of few. */
static void
names_are_there_once(void **state)
{
	static const size_t counts[] = {2, 5, 12, 13, 40, 500};
	CLEANUP(json_tape_cleanup) struct json_tape tape = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		CLEANUP(buf_cleanup) struct buf text = BUF_INIT(MIB);
		struct err ignored = ERR_INIT;

		assert_int_equal(buf_byte(&text, '{', &ignored), 0);
		for (size_t j = 0; j < counts[i]; j++)
			assert_int_equal(buf_printf(&text, &ignored, "%s\"n%zu\":0", j ? "," : "",
						    (j * 7919) % 100003),
					 0);
		size_t whole = text.n;
		assert_int_equal(buf_byte(&text, '}', &ignored), 0);
		assert_good(json_tape_read(&tape, buf_span(&text), err));
		assert_int_equal(json_view_count(json_tape_top(&tape)), counts[i]);
		text.n = whole;
		assert_int_equal(buf_append(&text, SPAN(",\"n0\":1}"), &ignored), 0);
		assert_fails(ERR_INVALID, json_tape_read(&tape, buf_span(&text), err));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found),
		cmocka_unit_test(a_tape_is_used_again),
		cmocka_unit_test(ceilings_hold),
		cmocka_unit_test(names_are_there_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
