/* SPDX-License-Identifier: Apache-2.0 */
#include "view.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char skip_reason[128];
static char work[64]; /* a tmpfs: "view", "upper", "merged" */

const char *
view_path(const char *folder, const char *path)
{
	static char text[4][256];
	static int which;
	char *p = text[which++ % 4];

	(void)snprintf(p, sizeof(text[0]), "%s/%s%s", work, folder, path);
	return p;
}

void
view_need(void)
{
	if (skip_reason[0]) {
		print_message("# skipped: %s\n", skip_reason);
		skip();
	}
}

const char view_capability[20] = {1, 0, 0, 2, 0, 0x20};

/* The table holds texts; this value has NUL bytes. */
static void
set_capability(struct image *image)
{
	uint32_t entry = image_find(image, SPAN("/usr/bin/ping"));

	if (entry != IMAGE_NONE)
		image->xattrs[image->entries[entry].first_xattr].value =
			(struct span){view_capability, sizeof(view_capability)};
}

static void
make_fixture(struct view *view, const struct fixture_entry *entries, size_t count)
{
	*view = (struct view){0};
	view_need();
	assert_good(fixture_make(entries, count, &view->fixture, err));
	set_capability(view->fixture.image);
}

static void
start(struct view *view, bool watch_code)
{
	struct lens_options options = {
		.image = view->fixture.image,
		.contents = view->fixture.contents,
		.original = view->original.image,
		.watch_code = watch_code,
	};
	assert_good(lens_start(&options, view_path("view", ""), &view->lens, err));
}

void
view_start(struct view *view, const struct fixture_entry *entries, size_t count)
{
	make_fixture(view, entries, count);
	start(view, false);
}

void
view_start_watching(struct view *view, const struct fixture_entry *entries, size_t count)
{
	make_fixture(view, entries, count);
	start(view, true);
}

void
view_start_against(struct view *view, const struct fixture_entry *entries, size_t count,
		   const struct fixture_entry *original, size_t original_count)
{
	make_fixture(view, entries, count);
	assert_good(fixture_make(original, original_count, &view->original, err));
	start(view, false);
}

void
view_collect(struct view *view)
{
	arena_cleanup(&view->arena);
	view->arena = arena_new(0);
	view->profile = arena_alloc(view->arena, sizeof(*view->profile));
	assert_non_null(view->profile);
	view->profile->arena = view->arena;
	view->profile->complete = true;
	view->profile->phases = view->phases;
	view->profile->phase_count = COUNT(view->phases);
	assert_good(lens_collect(view->lens, view->profile, err));
}

void
view_end(struct view *view)
{
	assert_good(lens_stop(view->lens, err));
	lens_cleanup(&view->lens);
	arena_cleanup(&view->arena);
	fixture_free(&view->fixture);
	if (view->original.image)
		fixture_free(&view->original);
}

const struct profile_path *
view_find_path(const struct view *view, const char *path)
{
	for (size_t i = 0; i < view->profile->path_count; i++)
		if (span_equal(view->profile->paths[i].path, span_from(path)))
			return &view->profile->paths[i];
	return NULL;
}

const struct profile_missing *
view_find_missing(const struct view *view, const char *path, uint32_t phase)
{
	for (size_t i = 0; i < view->profile->missing_count; i++) {
		const struct profile_missing *missing = &view->profile->missing[i];

		if (missing->phase == phase && span_equal(missing->path, span_from(path)))
			return missing;
	}
	return NULL;
}

void
assert_used(const struct view *view, const char *path, int use)
{
	const struct profile_path *found = view_find_path(view, path);

	if (!found || found->use != use)
		fail_msg("%s: use %d, not %d", path, found ? found->use : -1, use);
}

/* What is recorded is exactly this, blank-separated, in order. */
void
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

void
assert_phases(const struct view *view, const char *path, const char *expected)
{
	const struct profile_path *found = view_find_path(view, path);
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

void
assert_content(const char *path, const char *expected)
{
	char text[256];
	size_t n = read_file(path, text, sizeof(text));

	assert_int_equal(n, strlen(expected));
	assert_memory_equal(text, expected, n);
}

/* A fresh upper directory each time: a used one hides what is below it. */
void
view_mount_overlay(void)
{
	char options[1024];

	if (mount("tmpfs", view_path("upper", ""), "tmpfs", 0, NULL) < 0 ||
	    mkdir(view_path("upper", "/files"), 0755) < 0 ||
	    mkdir(view_path("upper", "/work"), 0755) < 0)
		fail_msg("upper: %s", strerror(errno));
	(void)snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s,xino=off",
		       view_path("view", ""), view_path("upper", "/files"),
		       view_path("upper", "/work"));
	if (mount("overlay", view_path("merged", ""), "overlay", 0, options) < 0)
		fail_msg("overlay: %s", strerror(errno));
}

void
view_end_overlay(void)
{
	assert_int_equal(umount2(view_path("merged", ""), MNT_DETACH), 0);
	assert_int_equal(umount2(view_path("upper", ""), MNT_DETACH), 0);
}

/* A mount namespace of our own with a tmpfs in it; says why when that cannot be had. */
void
view_prepare(void)
{
	static const char *const folders[] = {"view", "upper", "merged"};
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
		(void)mkdir(view_path(folders[i], ""), 0755);
}

void
view_put_away(void)
{
	if (work[0]) {
		(void)umount2(work, MNT_DETACH);
		(void)rmdir(work);
	}
}
