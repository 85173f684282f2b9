/* SPDX-License-Identifier: Apache-2.0 */
/* The image view, mounted for real: needs root and /dev/fuse, else it is skipped with the reason.
 */
#include "test.h"

#include "fixture.h"

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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char skip_reason[128];
static char work[64]; /* a tmpfs: "view", "upper", "workdir", "merged" */

/* A program that leaves with status 42, without interpreter or libraries. */
static const unsigned char tiny_elf[] = {
	0x7f,
	'E',
	'L',
	'F',
	2,
	1,
	1,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	2,
	0,
#if defined(__aarch64__)
	183,
	0,
#else
	62,
	0,
#endif
	1,
	0,
	0,
	0,
	0x78,
	0,
	0x40,
	0,
	0,
	0,
	0,
	0,
	64,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	64,
	0,
	56,
	0,
	1,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	/* one segment: the whole file at 0x400000, readable and executable */
	1,
	0,
	0,
	0,
	5,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0x40,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0x40,
	0,
	0,
	0,
	0,
	0,
	0x84,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0x84,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0x10,
	0,
	0,
	0,
	0,
	0,
	0,
#if defined(__aarch64__)
	0x40,
	0x05,
	0x80,
	0xd2,
	0xa8,
	0x0b,
	0x80,
	0xd2,
	0x01,
	0,
	0,
	0xd4,
#else
	0xbf,
	42,
	0,
	0,
	0,
	0xb8,
	60,
	0,
	0,
	0,
	0x0f,
	0x05,
#endif
};

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
	{.path = "/usr/bin/tiny",
	 .content = (const char *)tiny_elf,
	 .size = sizeof(tiny_elf),
	 .mode = 0755},
	{.path = "/usr/bin/script", .content = "#!/bin/tiny\n", .mode = 0755},
	{.path = "/usr/share/a", .content = "a"},
	{.path = "/usr/share/b", .content = "b"},
};

struct view {
	struct fixture fixture;
	struct fixture original;
	struct lens *lens;
	struct arena *arena;
	struct profile *profile;
	struct profile_phase phases[3];
};

static const char *
at(const char *folder, const char *path)
{
	static char text[4][256];
	static int which;
	char *p = text[which++ % 4];

	(void)snprintf(p, sizeof(text[0]), "%s/%s%s", work, folder, path);
	return p;
}

/* cap_net_raw in the form of linux/capability.h, VFS_CAP_REVISION_2. */
static const char capability[20] = {1, 0, 0, 2, 0, 0x20};

/* The table holds texts; this value has NUL bytes. */
static void
set_capability(struct image *image)
{
	uint32_t entry = image_find(image, SPAN("/usr/bin/ping"));

	if (entry != IMAGE_NONE)
		image->xattrs[image->entries[entry].first_xattr].value =
			(struct span){capability, sizeof(capability)};
}

static void
view_start(struct view *view, const struct fixture_entry *entries, size_t count)
{
	*view = (struct view){0};
	if (skip_reason[0]) {
		print_message("skipped: %s\n", skip_reason);
		skip();
	}
	assert_good(fixture_make(entries, count, &view->fixture, err));
	set_capability(view->fixture.image);
	struct lens_options options = {
		.image = view->fixture.image,
		.contents = view->fixture.contents,
	};
	assert_good(lens_start(&options, at("view", ""), &view->lens, err));
}

static void
view_collect(struct view *view)
{
	view->arena = arena_new(0);
	view->profile = arena_alloc(view->arena, sizeof(*view->profile));
	assert_non_null(view->profile);
	view->profile->arena = view->arena;
	view->profile->complete = true;
	view->profile->phases = view->phases;
	view->profile->phase_count = COUNT(view->phases);
	assert_good(lens_collect(view->lens, view->profile, err));
}

static void
view_end(struct view *view)
{
	assert_good(lens_stop(view->lens, err));
	lens_cleanup(&view->lens);
	arena_cleanup(&view->arena);
	fixture_free(&view->fixture);
	if (view->original.image)
		fixture_free(&view->original);
}

static const struct profile_path *
find_path(const struct view *view, const char *path)
{
	for (size_t i = 0; i < view->profile->path_count; i++)
		if (span_equal(view->profile->paths[i].path, span_from(path)))
			return &view->profile->paths[i];
	return NULL;
}

static const struct profile_missing *
find_missing(const struct view *view, const char *path, uint32_t phase)
{
	for (size_t i = 0; i < view->profile->missing_count; i++) {
		const struct profile_missing *missing = &view->profile->missing[i];

		if (missing->phase == phase && span_equal(missing->path, span_from(path)))
			return missing;
	}
	return NULL;
}

static void
assert_used(const struct view *view, const char *path, int use)
{
	const struct profile_path *found = find_path(view, path);

	if (!found || found->use != use)
		fail_msg("%s: use %d, not %d", path, found ? found->use : -1, use);
}

/* What is recorded is exactly this, blank-separated, in order. */
static void
assert_paths(const struct view *view, const char *expected)
{
	char text[4096] = "";

	for (size_t i = 0; i < view->profile->path_count; i++) {
		size_t n = strlen(text);

		(void)snprintf(text + n, sizeof(text) - n, "%s%.*s", n ? " " : "",
			       SPAN_ARG(view->profile->paths[i].path));
	}
	assert_string_equal(text, expected);
}

static void
assert_phases(const struct view *view, const char *path, const char *expected)
{
	const struct profile_path *found = find_path(view, path);
	char text[64] = "";

	if (!found)
		fail_msg("%s is not recorded", path);
	for (size_t i = 0; found && i < found->phase_count; i++) {
		size_t n = strlen(text);

		(void)snprintf(text + n, sizeof(text) - n, "%u", found->phases[i]);
	}
	if (strcmp(text, expected) != 0)
		fail_msg("%s: phases %s, not %s", path, text, expected);
}

static size_t
read_file(const char *path, char *p, size_t size)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	ssize_t n = read(fd, p, size);
	assert_true(n >= 0);
	return (size_t)n;
}

static void
assert_content(const char *path, const char *expected)
{
	char text[256];
	size_t n = read_file(path, text, sizeof(text));

	assert_int_equal(n, strlen(expected));
	assert_memory_equal(text, expected, n);
}

static void
serves_what_the_table_says(void **state)
{
	struct view view;
	struct stat st;
	char text[64];

	(void)state;
	view_start(&view, table, COUNT(table));

	assert_content(at("view", "/etc/passwd"), "root:x:0:0\n");
	assert_content(at("view", "/etc/empty"), "");
	assert_int_equal(stat(at("view", "/etc/shadow"), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_gid, 42);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(lstat(at("view", "/bin"), &st), 0);
	assert_int_equal(st.st_mode, S_IFLNK | 0777);
	assert_int_equal(st.st_size, 7);
	assert_int_equal(readlink(at("view", "/bin"), text, sizeof(text)), 7);
	assert_memory_equal(text, "usr/bin", 7);
	assert_int_equal(stat(at("view", "/dev/null"), &st), 0);
	assert_int_equal(st.st_mode, S_IFCHR | 0666);
	assert_true(st.st_rdev == makedev(1, 3));
	assert_int_equal(stat(at("view", "/dev/disk"), &st), 0);
	assert_true(S_ISBLK(st.st_mode) && st.st_rdev == makedev(259, 70000));
	assert_int_equal(stat(at("view", "/run/pipe"), &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(stat(at("view", "/tmp"), &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 01777);
	assert_int_equal(stat(at("view", "/usr"), &st), 0);
	assert_int_equal(st.st_nlink, 4);
	assert_int_equal(stat(at("view", "/usr/bin/ping"), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 04755);
	assert_int_equal(open(at("view", "/etc/passwd"), O_RDWR | O_CLOEXEC), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(stat(at("view", "/etc/nothing"), &st), -1);
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
	assert_int_equal(stat(at("view", "/etc/passwd"), &a), 0);
	assert_int_equal(stat(at("view", "/etc/hard"), &b), 0);
	assert_true(a.st_ino == b.st_ino && a.st_nlink == 2 && b.st_nlink == 2);
	assert_int_equal(a.st_mtim.tv_sec, 1700000000);
	assert_content(at("view", "/etc/hard"), "root:x:0:0\n");
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
	assert_int_equal(
		getxattr(at("view", "/usr/bin/ping"), "security.capability", value, sizeof(value)),
		20);
	assert_memory_equal(value, capability, sizeof(capability));
	assert_int_equal(getxattr(at("view", "/usr/bin/ping"), "security.capability", value, 3),
			 -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(listxattr(at("view", "/usr/bin/ping"), value, sizeof(value)), 20);
	assert_string_equal(value, "security.capability");
	assert_int_equal(getxattr(at("view", "/usr/bin/odd"), "trusted.overlay.opaque", value,
				  sizeof(value)),
			 -1);
	assert_int_equal(errno, ENODATA);
	assert_int_equal(listxattr(at("view", "/usr/bin/odd"), value, sizeof(value)), 0);
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
	if (skip_reason[0]) {
		print_message("skipped: %s\n", skip_reason);
		skip();
	}
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
	assert_good(lens_start(&options, at("view", ""), &view.lens, err));
	CLEANUP(fd_cleanup) int fd = open(at("view", "/data/hole"), O_RDONLY | O_CLOEXEC);
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
	assert_int_equal(list(at("view", "/usr/share")), 4);
	assert_int_equal(list(at("view", "")), 9);
	view_collect(&view);
	assert_paths(&view, "/ /usr /usr/share");
	assert_used(&view, "/", USE_LOOKUP | USE_LIST);
	assert_used(&view, "/usr/share", USE_LOOKUP | USE_LIST);
	view_end(&view);
}

static void
notes_how_a_path_was_used(void **state)
{
	struct view view;
	struct stat st;

	(void)state;
	view_start(&view, table, COUNT(table));
	assert_int_equal(stat(at("view", "/usr/share/a"), &st), 0);
	assert_content(at("view", "/etc/hop"), "root:x:0:0\n");
	view_collect(&view);
	assert_paths(&view, "/ /etc /etc/hop /etc/passwd /etc/skip /usr /usr/share /usr/share/a");
	assert_used(&view, "/usr/share/a", USE_LOOKUP);
	assert_used(&view, "/etc/hop", USE_LOOKUP | USE_READLINK);
	assert_used(&view, "/etc/skip", USE_LOOKUP | USE_READLINK);
	assert_used(&view, "/etc/passwd", USE_LOOKUP | USE_READ);
	assert_true(span_ends_with(find_path(&view, "/etc")->program, SPAN("test_lens")));
	view_end(&view);
}

static void
each_phase_has_its_own_first_uses(void **state)
{
	struct view view;
	struct stat st;

	(void)state;
	view_start(&view, table, COUNT(table));
	assert_content(at("view", "/etc/hop"), "root:x:0:0\n");
	assert_int_equal(stat(at("view", "/etc/nothing"), &st), -1);
	assert_good(lens_phase(view.lens, 1, err));
	assert_content(at("view", "/etc/hop"), "root:x:0:0\n");
	assert_content(at("view", "/usr/share/a"), "a");
	assert_int_equal(stat(at("view", "/etc/nothing"), &st), -1);
	assert_int_equal(stat(at("view", "/etc/nothing"), &st), -1);
	assert_good(lens_phase(view.lens, 2, err));
	assert_int_equal(list(at("view", "/usr/share")), 4);
	view_collect(&view);
	assert_phases(&view, "/", "012");
	assert_phases(&view, "/etc/hop", "01");
	assert_phases(&view, "/etc/skip", "01");
	assert_phases(&view, "/etc/passwd", "01");
	assert_phases(&view, "/usr/share", "12");
	assert_phases(&view, "/usr/share/a", "1");
	assert_non_null(find_missing(&view, "/etc/nothing", 0));
	assert_non_null(find_missing(&view, "/etc/nothing", 1));
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
	assert_content(at("view", "/etc/passwd"), "root:x:0:0\n");
	assert_int_equal(stat(at("view", "/etc/nothing"), &st), -1);
	assert_int_equal(stat(at("view", "/etc/never"), &st), -1);
	assert_good(lens_reset(view.lens, err));
	assert_int_equal(stat(at("view", "/etc/nothing"), &st), -1);
	view_collect(&view);
	assert_paths(&view, "/ /etc");
	assert_int_equal(view.profile->missing_count, 1);
	assert_span(view.profile->missing[0].path, "/etc/nothing");
	view_end(&view);
}

static void
mount_overlay(void)
{
	char options[512];

	(void)snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s,xino=off",
		       at("view", ""), at("upper", ""), at("workdir", ""));
	if (mount("overlay", at("merged", ""), "overlay", 0, options) < 0)
		fail_msg("overlay: %s", strerror(errno));
}

static void
end_overlay(void)
{
	assert_int_equal(umount2(at("merged", ""), MNT_DETACH), 0);
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
	mount_overlay();
	assert_good(lens_overlay(view.lens, at("merged", ""), err));
	assert_good(lens_reset(view.lens, err));
	assert_content(at("merged", "/etc/passwd"), "root:x:0:0\n");
	CLEANUP(fd_cleanup) int held = open(at("merged", "/usr/share/b"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(held, text, sizeof(text), 0), 1);
	const char *mapped = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, held, 0);
	assert_true(mapped != MAP_FAILED && mapped[0] == 'b');
	assert_int_equal(stat(at("merged", "/etc/nothing"), &st), -1);

	assert_good(lens_phase(view.lens, 1, err));
	assert_content(at("merged", "/etc/hop"), "root:x:0:0\n");
	assert_int_equal(stat(at("merged", "/etc/nothing"), &st), -1);
	assert_int_equal(mapped[0], 'b');

	assert_good(lens_phase(view.lens, 2, err));
	assert_int_equal(pread(held, text, sizeof(text), 0), 1);
	view_collect(&view);
	assert_phases(&view, "/etc/passwd", "01");
	assert_phases(&view, "/etc/hop", "1");
	assert_phases(&view, "/usr/share/b", "012");
	assert_non_null(find_missing(&view, "/etc/nothing", 0));
	assert_non_null(find_missing(&view, "/etc/nothing", 1));
	(void)munmap((void *)(uintptr_t)mapped, 1);
	end_overlay();
	view_end(&view);
}

/* A mount namespace of our own with a tmpfs in it; says why when that cannot be had. */
static void
prepare(void)
{
	static const char *const folders[] = {"view", "upper", "workdir", "merged"};
	CLEANUP(fd_cleanup) int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fuse < 0)
		(void)snprintf(skip_reason, sizeof(skip_reason), "/dev/fuse: %s", strerror(errno));
	else if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
		 mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		(void)snprintf(skip_reason, sizeof(skip_reason),
			       "no mount namespace of our own (root is needed)");
	if (skip_reason[0])
		return;
	(void)strcpy(work, "/tmp/mohs-test-lens-XXXXXX");
	if (!mkdtemp(work) || mount("tmpfs", work, "tmpfs", 0, NULL) < 0)
		(void)snprintf(skip_reason, sizeof(skip_reason), "%s: %s", work, strerror(errno));
	for (size_t i = 0; i < COUNT(folders); i++)
		(void)mkdir(at(folders[i], ""), 0755);
}

static void
put_away(void)
{
	if (work[0]) {
		(void)umount2(work, MNT_DETACH);
		(void)rmdir(work);
	}
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
		cmocka_unit_test(notes_how_a_path_was_used),
		cmocka_unit_test(each_phase_has_its_own_first_uses),
		cmocka_unit_test(a_reset_forgets),
		cmocka_unit_test(phases_reach_through_an_overlay),
	};

	prepare();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	put_away();
	return failed;
}
