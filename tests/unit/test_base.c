/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/map.h"
#include "base/proc.h"
#include "base/vec.h"
#include "codec/glob.h"

#include <ctype.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static void
span_cuts(void **state)
{
	struct span rest = SPAN("a,,b");

	(void)state;
	assert_span(span_cut(&rest, ','), "a");
	assert_span(span_cut(&rest, ','), "");
	assert_span(span_cut(&rest, ','), "b");
	assert_null(rest.p);
	assert_span(span_trim(SPAN(" \t x \n")), "x");
}

static void
numbers_refuse_overflow(void **state)
{
	uint64_t value = 7;

	(void)state;
	assert_true(span_to_u64(SPAN("18446744073709551615"), &value));
	assert_true(value == UINT64_MAX);
	assert_false(span_to_u64(SPAN("18446744073709551616"), &value));
	assert_false(span_to_u64(SPAN(""), &value));
	assert_false(span_to_u64(SPAN("-1"), &value));
}

static void
numbers_in_bytes_of_either_order(void **state)
{
	uint8_t bytes[] = {0xff, 0x01, 0x02, 0x03, 0x84, 0x05, 0x06, 0x07, 0x88, 0xff};

	(void)state;
	assert_int_equal(bytes_u16(bytes + 1, true), 0x0102);
	assert_int_equal(bytes_u16(bytes + 1, false), 0x0201);
	assert_int_equal(bytes_u32(bytes + 1, true), 0x01020384U);
	assert_int_equal(bytes_u32(bytes + 1, false), 0x84030201U);
	assert_true(bytes_u64(bytes + 1, true) == 0x0102038405060788U);
	assert_true(bytes_u64(bytes + 1, false) == 0x8807060584030201U);
	assert_int_equal(bytes_number(bytes + 1, 3, true), 0x010203);
	for (int big = 0; big < 2; big++) {
		for (size_t n = 1; n <= 8; n++) {
			uint64_t value = 0xfedcba9876543210U >> (64 - 8 * n);

			bytes_put(bytes + 1, value, n, big);
			assert_true(bytes_number(bytes + 1, n, big) == value);
			assert_int_equal(bytes[0], 0xff);
			assert_int_equal(bytes[9], 0xff);
		}
	}
	bytes_put_u32(bytes + 1, 0x01020304, true);
	assert_memory_equal(bytes + 1, "\1\2\3\4", 4);
	bytes_put_u16(bytes + 1, 0x0102, false);
	assert_memory_equal(bytes + 1, "\2\1\3\4", 4);
}

static void
paths_are_below_folders(void **state)
{
	(void)state;
	assert_true(span_is_below(SPAN("/var/lib"), SPAN("/var")));
	assert_true(span_is_below(SPAN("/var"), SPAN("/var")));
	assert_true(span_is_below(SPAN("/var"), SPAN("/")));
	assert_true(span_is_below(SPAN("/"), SPAN("/")));
	assert_false(span_is_below(SPAN("/variable"), SPAN("/var")));
	assert_false(span_is_below(SPAN("/va"), SPAN("/var")));
	assert_false(span_is_below(SPAN("/"), SPAN("/var")));
}

static void
bytes_of_ascii_are_told_apart(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);

	(void)state;
	for (int c = CHAR_MIN; c <= CHAR_MAX; c++) {
		char byte = (char)c;
		bool ascii = c >= 0 && c < 128;

		assert_int_equal(ascii_is_digit(byte), ascii && isdigit(c));
		assert_int_equal(ascii_is_letter(byte), ascii && isalpha(c));
		assert_int_equal(ascii_lower(byte), ascii ? tolower(c) : c);
		assert_int_equal(ascii_hex_digit(byte) >= 0, ascii && isxdigit(c));
	}
	assert_int_equal(ascii_hex_digit('9'), 9);
	assert_int_equal(ascii_hex_digit('a'), 10);
	assert_int_equal(ascii_hex_digit('F'), 15);
	struct span lower = arena_lower(arena, SPAN("Node.JS \xc3\x84"));
	assert_true(span_equal(lower, SPAN("node.js \xc3\x84")));
	assert_int_equal(lower.p[lower.n], '\0');
	assert_non_null(arena_lower(arena, SPAN("")).p);
}

static void
errors_gather_context(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&err, ERR_INVALID, "line %d", 3), -ERR_INVALID);
	assert_int_equal(err_wrap(&err, "file"), -ERR_INVALID);
	assert_string_equal(err.text, "file: line 3");
	err_append(&err, "; %s", "mend it");
	assert_string_equal(err.text, "file: line 3; mend it");
	for (int i = 0; i < 100; i++)
		err_append(&err, "%s", "more and more");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_int_equal(err_exit_code(ERR_USAGE), 2);
	assert_int_equal(err_exit_code(ERR_IO), 3);
}

static void
arena_keeps_its_limit(void **state)
{
	struct arena *arena = arena_new(100000);

	(void)state;
	assert_non_null(arena);
	for (int i = 0; i < 1000; i++) {
		char *p = arena_alloc(arena, 60);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		memset(p, 1, 60);
	}
	assert_null(arena_alloc(arena, 60000));
	assert_null(arena_array(arena, SIZE_MAX / 2, 4));
	assert_span(arena_printf(arena, "%s-%d", "x", 5), "x-5");
	arena_free(arena);
}

static void
map_holds_what_was_put(void **state)
{
	struct map *map = map_new(0);
	struct arena *arena = arena_new(0);
	uint64_t value;

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		assert_good(map_put(map, arena_printf(arena, "key%u", i), i, err));
	assert_int_equal(map_count(map), 10000);
	for (unsigned i = 0; i < 10000; i++) {
		assert_true(map_get(map, arena_printf(arena, "key%u", i), &value));
		assert_int_equal(value, i);
	}
	assert_false(map_get(map, SPAN("key10000"), &value));
	map_free(map);
	arena_free(arena);
}

static void
digests_round_trip(void **state)
{
	static const char empty[] =
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	struct digest digest;
	struct digest parsed;
	char text[DIGEST_TEXT];

	(void)state;
	digest_of(SPAN(""), &digest);
	assert_string_equal(digest_format(&digest, text), empty);
	assert_good(digest_parse(span_from(empty), &parsed, err));
	assert_true(digest_equal(&digest, &parsed));
	assert_fails(ERR_UNSUPPORTED, digest_parse(SPAN("sha512:00"), &parsed, err));
	assert_fails(ERR_INVALID, digest_parse(SPAN("sha256:XY"), &parsed, err));
	assert_fails(ERR_INVALID, digest_parse(SPAN("hello"), &parsed, err));
}

static void
times_and_durations(void **state)
{
	static const struct {
		struct span text;
		uint64_t ms;
	} good[] = {
		{SPAN_INIT("30s"), 30000},
		{SPAN_INIT("1h30m"), 5400000},
		{SPAN_INIT("5d"), 432000000},
		{SPAN_INIT("250ms"), 250},
	};
	int64_t when;
	uint64_t ms;
	char text[CLOCK_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_good(duration_parse(good[i].text, &ms, err));
		assert_int_equal(ms, good[i].ms);
	}
	assert_fails(ERR_INVALID, duration_parse(SPAN("5"), &ms, err));
	assert_fails(ERR_INVALID, duration_parse(SPAN(""), &ms, err));
	assert_fails(ERR_INVALID, duration_parse(SPAN("99999999999999999999d"), &ms, err));
	assert_good(clock_parse(SPAN("2026-11-23T05:00:00.5+01:00"), &when, err));
	assert_string_equal(clock_format(when, text), "2026-11-23T04:00:00Z");
	assert_good(clock_parse(SPAN("1970-01-02"), &when, err));
	assert_int_equal(when, 86400);
	assert_fails(ERR_INVALID, clock_parse(SPAN("2026-13-01"), &when, err));
}

static void
globs_match_paths(void **state)
{
	static const struct {
		struct span pattern;
		struct span path;
		bool match;
	} cases[] = {
		{SPAN_INIT("/usr/share"), SPAN_INIT("/usr/share/x"), true},
		{SPAN_INIT("/usr/share"), SPAN_INIT("/usr/shared"), false},
		{SPAN_INIT("/usr/*/x"), SPAN_INIT("/usr/a/x"), true},
		{SPAN_INIT("/usr/*/x"), SPAN_INIT("/usr/a/b/x"), false},
		{SPAN_INIT("/usr/**/x"), SPAN_INIT("/usr/a/b/x"), true},
		{SPAN_INIT("**/*.so.[0-9]"), SPAN_INIT("/usr/lib/a.so.6"), true},
		{SPAN_INIT("**/*.so.[!0-9]"), SPAN_INIT("/usr/lib/a.so.6"), false},
		{SPAN_INIT("/a\\*"), SPAN_INIT("/a*"), true},
		{SPAN_INIT("/a?c"), SPAN_INIT("/a/c"), false},
		{SPAN_INIT("/"), SPAN_INIT("/etc"), true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (glob_match(cases[i].pattern, cases[i].path) != cases[i].match)
			fail_msg("%s on %s", cases[i].pattern.p, cases[i].path.p);
	}
	assert_fails(ERR_INVALID, glob_check(SPAN("usr"), err));
	assert_fails(ERR_INVALID, glob_check(SPAN("/a["), err));
	assert_fails(ERR_INVALID, glob_check(SPAN("/a\\"), err));
	assert_good(glob_check(SPAN("/a[x]"), err));
}

static void
files_are_replaced_whole(void **state)
{
	struct arena *arena = arena_new(0);
	struct span folder;
	struct span content;

	(void)state;
	assert_good(directory_temporary(arena, &folder, err));
	const char *deep = arena_printf(arena, "%s/a/b", folder.p).p;
	const char *path = arena_printf(arena, "%s/file", deep).p;
	assert_good(directory_make(deep, 0755, err));
	assert_good(file_replace(path, SPAN("one"), 0644, err));
	assert_good(file_replace(path, SPAN("two"), 0644, err));
	assert_good(file_load(path, 3, arena, &content, err));
	assert_span(content, "two");
	assert_fails(ERR_LIMIT, file_load(path, 2, arena, &content, err));
	assert_good(file_put(path, SPAN("more"), 0600, err));
	assert_good(file_load(path, 4, arena, &content, err));
	assert_span(content, "more");
	assert_good(tree_remove(folder.p, err));
	assert_int_equal(access(folder.p, F_OK), -1);
	assert_good(tree_remove(folder.p, err));
	arena_free(arena);
}

static void
programs_run_and_are_killed(void **state)
{
	struct buf output = BUF_INIT(8);
	struct proc_options echo = {.argv = (const char *[]){"sh", "-c", "echo 123456789", NULL},
				    .input = -1};
	struct proc_options fails = {.argv = (const char *[]){"sh", "-c", "echo why; exit 3", NULL},
				     .input = -1};
	struct proc_options slow = {.argv = (const char *[]){"sleep", "60", NULL}, .input = -1};
	struct proc_options absent = {.argv = (const char *[]){"/no/such/program", NULL},
				      .input = -1};
	struct err problem = ERR_INIT;

	(void)state;
	assert_good(proc_run(&echo, 10000, &output, err));
	assert_span(buf_span(&output), "3456789\n");
	buf_cleanup(&output);
	output.max = 100;
	assert_int_equal(proc_run(&fails, 10000, &output, &problem), -ERR_CHILD);
	assert_string_equal(problem.text, "sh exited with status 3: why");
	assert_fails(ERR_TIMEOUT, proc_run(&slow, 50, NULL, err));
	assert_fails(ERR_NOT_FOUND, proc_run(&absent, 50, NULL, err));

	/* one that has ended is seen without any time to wait */
	struct proc ended = PROC_INIT;
	struct pollfd end = {.events = POLLIN};
	int status = -1;
	assert_good(proc_start(&fails, &ended, err));
	end.fd = ended.pidfd;
	assert_int_equal(poll(&end, 1, 10000), 1);
	assert_good(proc_wait(&ended, 0, &status, err));
	assert_int_equal(status, 3);
	buf_cleanup(&output);
}

static void
vectors_stop_at_their_limit(void **state)
{
	VEC(int) numbers = {0};
	int number = 5;

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_good(vec_push(&numbers, &number, 20, err));
	assert_fails(ERR_LIMIT, vec_push(&numbers, &number, 20, err));
	assert_int_equal(numbers.items[19], 5);
	vec_free(&numbers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(span_cuts),
		cmocka_unit_test(numbers_refuse_overflow),
		cmocka_unit_test(numbers_in_bytes_of_either_order),
		cmocka_unit_test(paths_are_below_folders),
		cmocka_unit_test(bytes_of_ascii_are_told_apart),
		cmocka_unit_test(errors_gather_context),
		cmocka_unit_test(arena_keeps_its_limit),
		cmocka_unit_test(map_holds_what_was_put),
		cmocka_unit_test(digests_round_trip),
		cmocka_unit_test(times_and_durations),
		cmocka_unit_test(globs_match_paths),
		cmocka_unit_test(files_are_replaced_whole),
		cmocka_unit_test(programs_run_and_are_killed),
		cmocka_unit_test(vectors_stop_at_their_limit),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
