/* SPDX-License-Identifier: Apache-2.0 */
/* The image view, mounted for real: needs root and /dev/fuse, else it is skipped with the reason.
 */
#include "test.h"

#include "view.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "port/lens.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const struct fixture_entry table[] = {
	{.path = "/", .type = IMAGE_DIRECTORY, .mode = 0755, .mtime = 1},
	{.path = "/bin", .type = IMAGE_SYMLINK, .link = "usr/bin"},
	{.path = "/data/hole", .content = "abcdefgh"},
	{.path = "/dev/null",
	 .type = IMAGE_CHARACTER,
	 .mode = 0666,
	 .device_major = 1,
	 .device_minor = 3},
	{.path = "/dev/disk", .type = IMAGE_BLOCK, .device_major = 259, .device_minor = 70000},
	{.path = "/etc/passwd", .content = "root:x:0:0\n", .mtime = 1700000000},
	{.path = "/etc/shadow", .content = "secret", .mode = 0640, .gid = 42},
	{.path = "/etc/empty", .content = ""},
	{.path = "/etc/hard", .hardlink = "/etc/passwd"},
	{.path = "/etc/hop", .type = IMAGE_SYMLINK, .link = "../etc/skip"},
	{.path = "/etc/skip", .type = IMAGE_SYMLINK, .link = "passwd"},
	{.path = "/run/pipe", .type = IMAGE_FIFO, .mode = 0600},
	{.path = "/tmp", .type = IMAGE_DIRECTORY, .mode = 01777},
	{.path = "/usr/bin/ping",
	 .content = "x",
	 .mode = 04755,
	 .xattr = "security.capability",
	 .xattr_value = "set later"},
	{.path = "/usr/bin/odd",
	 .content = "x",
	 .xattr = "trusted.overlay.opaque",
	 .xattr_value = "y"},
	{.path = "/usr/share/a", .content = "a"},
	{.path = "/usr/share/b", .content = "b"},
};

static void
serves_what_the_table_says(void **state)
{
	struct view view;
	struct stat st;
	char text[64];

	(void)state;
	view_start(&view, table, COUNT(table));

	assert_content(view_path("view", "/etc/passwd"), "root:x:0:0\n");
	assert_content(view_path("view", "/etc/empty"), "");
	assert_int_equal(stat(view_path("view", "/etc/shadow"), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_gid, 42);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(lstat(view_path("view", "/bin"), &st), 0);
	assert_int_equal(st.st_mode, S_IFLNK | 0777);
	assert_int_equal(st.st_size, 7);
	assert_int_equal(readlink(view_path("view", "/bin"), text, sizeof(text)), 7);
	assert_memory_equal(text, "usr/bin", 7);
	assert_int_equal(stat(view_path("view", "/dev/null"), &st), 0);
	assert_int_equal(st.st_mode, S_IFCHR | 0666);
	assert_true(st.st_rdev == makedev(1, 3));
	assert_int_equal(stat(view_path("view", "/dev/disk"), &st), 0);
	assert_true(S_ISBLK(st.st_mode) && st.st_rdev == makedev(259, 70000));
	assert_int_equal(stat(view_path("view", "/run/pipe"), &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(stat(view_path("view", "/tmp"), &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 01777);
	assert_int_equal(stat(view_path("view", "/usr"), &st), 0);
	assert_int_equal(st.st_nlink, 4);
	assert_int_equal(stat(view_path("view", "/usr/bin/ping"), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 04755);
	assert_int_equal(open(view_path("view", "/etc/passwd"), O_RDWR | O_CLOEXEC), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(stat(view_path("view", "/etc/nothing"), &st), -1);
	assert_int_equal(errno, ENOENT);
	view_end(&view);
}

static void
hard_links_share_an_inode(void **state)
{
	struct view view;
	struct stat a;
	struct stat b;

	(void)state;
	view_start(&view, table, COUNT(table));
	assert_int_equal(stat(view_path("view", "/etc/passwd"), &a), 0);
	assert_int_equal(stat(view_path("view", "/etc/hard"), &b), 0);
	assert_true(a.st_ino == b.st_ino && a.st_nlink == 2 && b.st_nlink == 2);
	assert_int_equal(a.st_mtim.tv_sec, 1700000000);
	assert_content(view_path("view", "/etc/hard"), "root:x:0:0\n");
	view_collect(&view);
	assert_used(&view, "/etc/passwd", USE_LOOKUP);
	assert_used(&view, "/etc/hard", USE_LOOKUP | USE_READ);
	view_end(&view);
}

static void
serves_attributes(void **state)
{
	struct view view;
	char value[64];

	(void)state;
	view_start(&view, table, COUNT(table));
	assert_int_equal(getxattr(view_path("view", "/usr/bin/ping"), "security.capability", value,
				  sizeof(value)),
			 20);
	assert_memory_equal(value, view_capability, sizeof(view_capability));
	assert_int_equal(
		getxattr(view_path("view", "/usr/bin/ping"), "security.capability", value, 3), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(listxattr(view_path("view", "/usr/bin/ping"), value, sizeof(value)), 20);
	assert_string_equal(value, "security.capability");
	assert_int_equal(getxattr(view_path("view", "/usr/bin/odd"), "trusted.overlay.opaque",
				  value, sizeof(value)),
			 -1);
	assert_int_equal(errno, ENODATA);
	assert_int_equal(listxattr(view_path("view", "/usr/bin/odd"), value, sizeof(value)), 0);
	view_collect(&view);
	assert_used(&view, "/usr/bin/ping", USE_LOOKUP | USE_XATTR);
	view_end(&view);
}

static void
serves_holes_as_zeroes(void **state)
{
	static struct image_extent extents[2];
	struct view view;
	struct stat st;
	char text[64];

	(void)state;
	view_need();
	view = (struct view){0};
	assert_good(fixture_make(table, COUNT(table), &view.fixture, err));
	struct image *image = view.fixture.image;
	struct image_entry *entry = &image->entries[image_find(image, SPAN("/data/hole"))];
	extents[0] = (struct image_extent){2, entry->offset, 3};
	extents[1] = (struct image_extent){9000, entry->offset + 3, 5};
	image->extents = extents;
	entry->first_extent = 0;
	entry->extents = 2;
	entry->size = 10000;

	struct lens_options options = {.image = image, .contents = view.fixture.contents};
	assert_good(lens_start(&options, view_path("view", ""), &view.lens, err));
	CLEANUP(fd_cleanup) int fd = open(view_path("view", "/data/hole"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 10000);
	assert_int_equal(pread(fd, text, 8, 0), 8);
	assert_memory_equal(text, "\0\0abc\0\0\0", 8);
	assert_int_equal(pread(fd, text, 64, 8996), 64);
	assert_memory_equal(text, "\0\0\0\0defgh\0\0", 11);
	assert_int_equal(pread(fd, text, 64, 9990), 10);
	view_end(&view);
}

static size_t
list(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	size_t n = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		n += entry->d_type != DT_UNKNOWN;
	(void)closedir(directory);
	return n;
}

static void
a_listing_marks_no_entries(void **state)
{
	struct view view;

	(void)state;
	view_start(&view, table, COUNT(table));
	assert_int_equal(list(view_path("view", "/usr/share")), 4);
	assert_int_equal(list(view_path("view", "")), 9);
	view_collect(&view);
	assert_paths(&view, "/ /usr /usr/share");
	assert_used(&view, "/", USE_LOOKUP | USE_LIST);
	assert_used(&view, "/usr/share", USE_LOOKUP | USE_LIST);
	view_end(&view);
}

/* Many requests for one listing; also from a place in its middle. */
static void
lists_large_directories(void **state)
{
	enum { FILES = 3000 };
	static struct fixture_entry entries[FILES];
	static char names[FILES][24];
	struct view view;
	long middle = 0;
	char after[24] = "";

	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "/many/file-%zu", i);
		entries[i] = (struct fixture_entry){.path = names[i], .content = "x"};
	}
	view_start(&view, entries, FILES);
	assert_int_equal(list(view_path("view", "/many")), FILES + 2);

	DIR *directory = opendir(view_path("view", "/many"));
	assert_non_null(directory);
	for (size_t i = 0; i < FILES; i++) {
		const struct dirent *entry = readdir(directory);

		assert_non_null(entry);
		if (i == FILES / 2)
			middle = telldir(directory);
		if (i == FILES / 2 + 1)
			(void)snprintf(after, sizeof(after), "%.23s", entry->d_name);
	}
	seekdir(directory, middle);
	assert_string_equal(readdir(directory)->d_name, after);
	(void)closedir(directory);
	view_collect(&view);
	assert_paths(&view, "/ /many");
	view_end(&view);
}

/* A directory that is in both: the overlay merges its listing by itself. */
static void
a_merged_listing_marks_no_entries(void **state)
{
	struct view view;

	(void)state;
	view_start(&view, table, COUNT(table));
	view_mount_overlay();
	assert_good(lens_overlay(view.lens, view_path("merged", ""), err));
	assert_int_equal(mkdir(view_path("merged", "/usr/share/new"), 0755), 0);
	assert_good(lens_reset(view.lens, err));
	assert_int_equal(list(view_path("merged", "/usr/share")), 5);
	view_collect(&view);
	assert_paths(&view, "/ /usr /usr/share");
	view_end_overlay();
	view_end(&view);
}

static void
notes_how_a_path_was_used(void **state)
{
	struct view view;
	struct stat st;

	(void)state;
	view_start(&view, table, COUNT(table));
	assert_int_equal(stat(view_path("view", "/usr/share/a"), &st), 0);
	assert_content(view_path("view", "/etc/hop"), "root:x:0:0\n");
	view_collect(&view);
	assert_paths(&view, "/ /etc /etc/hop /etc/passwd /etc/skip /usr /usr/share /usr/share/a");
	assert_used(&view, "/usr/share/a", USE_LOOKUP);
	assert_used(&view, "/etc/hop", USE_LOOKUP | USE_READLINK);
	assert_used(&view, "/etc/skip", USE_LOOKUP | USE_READLINK);
	assert_used(&view, "/etc/passwd", USE_LOOKUP | USE_READ);
	assert_true(span_ends_with(view_find_path(&view, "/etc")->program, SPAN("test_lens")));
	view_end(&view);
}

static void
each_phase_has_its_own_first_uses(void **state)
{
	struct view view;
	struct stat st;

	(void)state;
	view_start(&view, table, COUNT(table));
	assert_content(view_path("view", "/etc/hop"), "root:x:0:0\n");
	assert_int_equal(stat(view_path("view", "/etc/nothing"), &st), -1);
	assert_good(lens_phase(view.lens, 1, err));
	assert_content(view_path("view", "/etc/hop"), "root:x:0:0\n");
	assert_content(view_path("view", "/usr/share/a"), "a");
	assert_int_equal(stat(view_path("view", "/etc/nothing"), &st), -1);
	assert_int_equal(stat(view_path("view", "/etc/nothing"), &st), -1);
	assert_good(lens_phase(view.lens, 2, err));
	assert_int_equal(list(view_path("view", "/usr/share")), 4);
	view_collect(&view);
	assert_phases(&view, "/", "012");
	assert_phases(&view, "/etc/hop", "01");
	assert_phases(&view, "/etc/skip", "01");
	assert_phases(&view, "/etc/passwd", "01");
	assert_phases(&view, "/usr/share", "12");
	assert_phases(&view, "/usr/share/a", "1");
	assert_non_null(view_find_missing(&view, "/etc/nothing", 0));
	assert_non_null(view_find_missing(&view, "/etc/nothing", 1));
	assert_int_equal(view.profile->missing_count, 2);
	assert_true(span_ends_with(view.profile->missing[0].program, SPAN("test_lens")));
	assert_int_equal(view.phases[0].new_paths, 5);
	assert_int_equal(view.phases[1].new_paths, 3);
	assert_int_equal(view.phases[1].used_paths, 8);
	assert_int_equal(view.phases[2].used_paths, 3);
	assert_true(view.profile->complete);
	assert_int_equal(view.profile->gaps.count, 0);
	assert_int_equal(view.profile->curve[view.profile->curve_count - 1].paths, 8);
	assert_true(view.profile->curve[view.profile->curve_count - 1].ms ==
		    view.profile->last_new_path_ms);
	view_end(&view);
}

static void
a_reset_forgets(void **state)
{
	struct view view;
	struct stat st;

	(void)state;
	view_start(&view, table, COUNT(table));
	assert_content(view_path("view", "/etc/passwd"), "root:x:0:0\n");
	assert_int_equal(stat(view_path("view", "/etc/nothing"), &st), -1);
	assert_int_equal(stat(view_path("view", "/etc/never"), &st), -1);
	assert_good(lens_reset(view.lens, err));
	assert_int_equal(stat(view_path("view", "/etc/nothing"), &st), -1);
	view_collect(&view);
	assert_paths(&view, "/ /etc");
	assert_int_equal(view.profile->missing_count, 1);
	assert_span(view.profile->missing[0].path, "/etc/nothing");
	view_end(&view);
}

/* A file held open and mapped while phases change stays readable, and counts where it is read. */
static void
phases_reach_through_an_overlay(void **state)
{
	struct view view;
	struct stat st;
	char text[16];

	(void)state;
	view_start(&view, table, COUNT(table));
	view_mount_overlay();
	assert_good(lens_overlay(view.lens, view_path("merged", ""), err));
	assert_good(lens_reset(view.lens, err));
	assert_content(view_path("merged", "/etc/passwd"), "root:x:0:0\n");
	CLEANUP(fd_cleanup)
	int held = open(view_path("merged", "/usr/share/b"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(held, text, sizeof(text), 0), 1);
	const char *mapped = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, held, 0);
	assert_true(mapped != MAP_FAILED && mapped[0] == 'b');
	assert_int_equal(stat(view_path("merged", "/etc/nothing"), &st), -1);

	assert_good(lens_phase(view.lens, 1, err));
	assert_content(view_path("merged", "/etc/hop"), "root:x:0:0\n");
	assert_int_equal(stat(view_path("merged", "/etc/nothing"), &st), -1);
	assert_int_equal(mapped[0], 'b');

	assert_good(lens_phase(view.lens, 2, err));
	assert_int_equal(pread(held, text, sizeof(text), 0), 1);
	view_collect(&view);
	assert_phases(&view, "/etc/passwd", "01");
	assert_phases(&view, "/etc/hop", "1");
	assert_phases(&view, "/usr/share/b", "012");
	assert_non_null(view_find_missing(&view, "/etc/nothing", 0));
	assert_non_null(view_find_missing(&view, "/etc/nothing", 1));
	(void)munmap((void *)(uintptr_t)mapped, 1);
	view_end_overlay();
	view_end(&view);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_what_the_table_says),
		cmocka_unit_test(hard_links_share_an_inode),
		cmocka_unit_test(serves_attributes),
		cmocka_unit_test(serves_holes_as_zeroes),
		cmocka_unit_test(a_listing_marks_no_entries),
		cmocka_unit_test(lists_large_directories),
		cmocka_unit_test(a_merged_listing_marks_no_entries),
		cmocka_unit_test(notes_how_a_path_was_used),
		cmocka_unit_test(each_phase_has_its_own_first_uses),
		cmocka_unit_test(a_reset_forgets),
		cmocka_unit_test(phases_reach_through_an_overlay),
	};

	view_prepare();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	view_put_away();
	return failed;
}
