/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image view mounted in a mount namespace of the test program's own, for the tests of the lens.
 * Needs root and /dev/fuse: view_need() skips the test with the reason where they are missing.
 */
#pragma once

#include "test.h"

#include "fixture.h"
#include "port/lens.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct view {
	struct fixture fixture;
	struct fixture original;
	struct lens *lens;
	struct arena *arena;
	struct profile *profile;
	struct profile_phase phases[3];
};

/* cap_net_raw in the form of linux/capability.h, VFS_CAP_REVISION_2: of /usr/bin/ping. */
extern const char view_capability[20];

/* Once, before and after all tests. */
void view_prepare(void);
void view_put_away(void);

/* Skips when there can be no view. */
void view_need(void);

/* `path` in "view" or "merged" (the overlay on it); good for the next three calls. */
const char *view_path(const char *folder, const char *path);

void view_start(struct view *view, const struct fixture_entry *entries, size_t count);
/* As lens_options.watch_code. */
void view_start_watching(struct view *view, const struct fixture_entry *entries, size_t count);
void view_start_against(struct view *view, const struct fixture_entry *entries, size_t count,
			const struct fixture_entry *original, size_t original_count);
void view_end(struct view *view);
void view_mount_overlay(void);
void view_end_overlay(void);

/* Fills view->profile; the lens may still run. */
void view_collect(struct view *view);
const struct profile_path *view_find_path(const struct view *view, const char *path);
const struct profile_missing *view_find_missing(const struct view *view, const char *path,
						uint32_t phase);

void assert_used(const struct view *view, const char *path, int use);

/* What is recorded is exactly this, blank-separated, in order. */
void assert_paths(const struct view *view, const char *expected);

/* The phases a path was used in, as digits. */
void assert_phases(const struct view *view, const char *path, const char *expected);
void assert_content(const char *path, const char *expected);
