/* SPDX-License-Identifier: Apache-2.0 */
/* Which code ran, as a view that reads nothing ahead tells it; libraries of the C compiler's. */
#include "view.h"

#include "stubbed.h"

#include "base/cleanup.h"
#include "codec/elf_code.h"

#include <fcntl.h>
#include <unistd.h>

static void
read_from(const char *path, off_t offset)
{
	CLEANUP(fd_cleanup) int fd = open(view_path("view", path), O_RDONLY | O_CLOEXEC);
	char byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, offset), 1);
}

static bool
ran(const struct view *view, const char *path)
{
	const struct profile_path *found = view_find_path(view, path);

	assert_non_null(found);
	assert_true(found->use & USE_READ);
	return found->use & USE_RUN;
}

/* Of a library of several pages: its first one alone, then each. */
static void
a_page_that_was_not_touched_was_not_read(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span file = stubbed_load(arena, "libhelped.so.1");
	const struct fixture_entry table[] = {
		{.path = "/lib/libhelped.so.1", .content = file.p, .size = file.n},
		{.path = "/etc/text", .content = "no program\n"},
	};
	struct view view;

	(void)state;
	assert_true(file.n > 3 * ELF_CODE_PAGE);
	view_start_watching(&view, table, COUNT(table));
	read_from("/lib/libhelped.so.1", 0);
	read_from("/etc/text", 0);
	view_collect(&view);
	assert_true(view.profile->code_watched);
	assert_false(ran(&view, "/lib/libhelped.so.1"));
	assert_false(ran(&view, "/etc/text"));
	for (size_t at = 0; at < file.n; at += ELF_CODE_PAGE)
		read_from("/lib/libhelped.so.1", (off_t)at);
	view_collect(&view);
	assert_true(ran(&view, "/lib/libhelped.so.1"));

	/* what was read before a reset is forgotten */
	assert_good(lens_reset(view.lens, err));
	read_from("/lib/libhelped.so.1", 0);
	view_collect(&view);
	assert_false(ran(&view, "/lib/libhelped.so.1"));
	assert_int_equal(view.profile->gaps.count, 0);
	view_end(&view);
}

static void
what_cannot_be_told_ran_and_is_a_gap(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/lib/damaged.so", .content = "\177ELF and then nothing of it"}};
	struct view view;

	(void)state;
	view_start_watching(&view, table, COUNT(table));
	read_from("/lib/damaged.so", 0);
	view_collect(&view);
	assert_true(ran(&view, "/lib/damaged.so"));
	assert_int_equal(view.profile->gaps.count, 1);
	assert_true(
		span_contains(view.profile->gaps.items[0].text, SPAN("/lib/damaged.so imports")));
	view_end(&view);
}

static void
without_watching_nothing_is_told(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span file = stubbed_load(arena, "libhelped.so.1");
	const struct fixture_entry table[] = {
		{.path = "/lib/libhelped.so.1", .content = file.p, .size = file.n}};
	struct view view;

	(void)state;
	view_start(&view, table, COUNT(table));
	for (size_t at = 0; at < file.n; at += ELF_CODE_PAGE)
		read_from("/lib/libhelped.so.1", (off_t)at);
	view_collect(&view);
	assert_false(view.profile->code_watched);
	assert_false(ran(&view, "/lib/libhelped.so.1"));
	view_end(&view);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_that_was_not_touched_was_not_read),
		cmocka_unit_test(what_cannot_be_told_ran_and_is_a_gap),
		cmocka_unit_test(without_watching_nothing_is_told),
	};

	view_prepare();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	view_put_away();
	return failed;
}
