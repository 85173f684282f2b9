/* SPDX-License-Identifier: Apache-2.0 */
/* bbolt databases, whole and damaged: those of fuzz/corpus/bbolt. */
#include "group_arena.h"
#include "test.h"

#include "base/fd.h"
#include "codec/bbolt.h"

/* "key=value key{...} " of all below a bucket, long values as their length. */
static int
show(struct bbolt *bolt, const struct bbolt_bucket *bucket, size_t level, struct span *text,
     struct err *err)
{
	struct bbolt_cursor cursor;
	struct bbolt_item item;
	int r = bbolt_start(bolt, bucket, &cursor, err);

	while (r >= 0 && level < 4 && (r = bbolt_next(&cursor, &item, err)) > 0) {
		*text = arena_printf(arena, "%.*s%.*s%s", SPAN_ARG(*text), SPAN_ARG(item.key),
				     item.is_bucket ? "{" : "=");
		if (item.is_bucket)
			r = show(bolt, &item.bucket, level + 1, text, err);
		if (item.is_bucket)
			*text = arena_printf(arena, "%.*s} ", SPAN_ARG(*text));
		else if (item.value.n > 20)
			*text = arena_printf(arena, "%.*s%zu ", SPAN_ARG(*text), item.value.n);
		else
			*text = arena_printf(arena, "%.*s%.*s ", SPAN_ARG(*text),
					     SPAN_ARG(item.value));
	}
	return r;
}

static int
read_one(const char *name, struct bbolt *bolt, struct span *text, struct err *err)
{
	struct span bytes;
	const char *path = arena_printf(arena, "fuzz/corpus/bbolt/%s", name).p;

	*text = SPAN("");
	int r = file_load(path, MIB, arena, &bytes, err);
	if (r == 0)
		r = bbolt_open(bytes, bolt, err);
	return r < 0 ? r : show(bolt, &bolt->root, 0, text, err);
}

#define NINE "a{k00=v00 k01=v01 k02=v02 k03=v03 k04=v04 k05=v05 k06=v06 k07=v07 k08=v08 } "

static void
whole_ones_are_read(void **state)
{
	static const struct {
		const char *name;
		const char *text;
	} cases[] = {
		{"inline", "debian 12{k00=v00 k01=v01 k02=v02 } vulnerability{} "},
		{"branches", NINE},
		{"one_head_damaged", NINE},
		{"second_head_damaged", NINE},
		{"page_that_runs_on", "a{k=900 } "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bbolt bolt;
		struct span text;

		assert_good(read_one(cases[i].name, &bolt, &text, err));
		assert_span(text, cases[i].text);
	}
}

static void
damaged_ones_are_told(void **state)
{
	static const struct {
		const char *name;
		const char *why; /* a part of the text */
		enum err_kind kind;
	} cases[] = {
		{"branch_inside", "has branches", ERR_INVALID},
		{"count_lies", "no room for its elements", ERR_INVALID},
		{"cut", "it is cut", ERR_INVALID},
		{"cycle", "do not rise", ERR_INVALID},
		{"cycle_at_once", "BBOLT_DEPTH_MAX", ERR_LIMIT},
		{"empty_key", "outside of its page", ERR_INVALID},
		{"empty_leaf_below", "is empty", ERR_INVALID},
		{"falling_keys", "do not rise", ERR_INVALID},
		{"head_as_bucket", "outside of it", ERR_INVALID},
		{"key_outside", "outside of its page", ERR_INVALID},
		{"no_pages", "root is outside", ERR_INVALID},
		{"other_number", "another number", ERR_INVALID},
		{"outside", "outside of it", ERR_INVALID},
		{"page_twice", "do not rise", ERR_INVALID},
		{"runs_over_end", "runs over the end", ERR_INVALID},
		{"short_bucket", "too short", ERR_INVALID},
		{"too_deep", "BBOLT_DEPTH_MAX", ERR_LIMIT},
		{"value_outside", "outside of its page", ERR_INVALID},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		struct bbolt bolt;
		struct span text;

		if (read_one(cases[i].name, &bolt, &text, &err) >= 0)
			fail_msg("%s is read: %s", cases[i].name, text.p);
		if (err.kind != cases[i].kind ||
		    !span_contains(span_from(err.text), span_from(cases[i].why)))
			fail_msg("%s: %s", cases[i].name, err.text);
	}
	assert_fails(ERR_INVALID, bbolt_open(SPAN(""), &(struct bbolt){.steps = 0}, err));
	assert_fails(ERR_INVALID,
		     bbolt_open(SPAN("SQLite format 3"), &(struct bbolt){.steps = 0}, err));
}

/* It may hold itself: how deep to go is for the reader to say. */
static void
a_bucket_in_itself_is_no_trap(void **state)
{
	struct bbolt bolt;
	struct span text;

	(void)state;
	assert_good(read_one("bucket_in_itself", &bolt, &text, err));
	assert_span(text, "a{a{a{a{} } } } ");
}

static void
keys_are_found(void **state)
{
	static const char *const there[] = {"k00", "k04", "k05", "k08"};
	static const char *const absent[] = {"", "a", "k", "k045", "k09", "z"};
	struct bbolt_item bucket;
	struct bbolt_item item;
	struct bbolt bolt;
	struct span text;
	struct err problem = ERR_INIT;

	(void)state;
	assert_good(read_one("branches", &bolt, &text, err));
	assert_int_equal(bbolt_find(&bolt, &bolt.root, SPAN("a"), &bucket, &problem), 1);
	assert_true(bucket.is_bucket);
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
		assert_int_equal(
			bbolt_find(&bolt, &bucket.bucket, span_from(there[i]), &item, &problem), 1);
		assert_span(item.value, arena_printf(arena, "v%s", there[i] + 1).p);
	}
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_int_equal(
			bbolt_find(&bolt, &bucket.bucket, span_from(absent[i]), &item, &problem),
			0);
	assert_int_equal(bbolt_find(&bolt, &bolt.root, SPAN("b"), &item, &problem), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_ones_are_read),
		cmocka_unit_test(damaged_ones_are_told),
		cmocka_unit_test(a_bucket_in_itself_is_no_trap),
		cmocka_unit_test(keys_are_found),
	};

	return cmocka_run_group_tests(tests, group_arena, group_arena_free);
}
