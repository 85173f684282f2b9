/* SPDX-License-Identifier: Apache-2.0 */
/* What a start changed: upper directories against what lies below them. */
#include "stage/profile/session.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

struct finder {
	struct session *session;
	const struct changes_tree *tree;
	VEC(struct start_change) changes;
	size_t contents; /* bytes kept so far */
};

/* What was there before; `type` 0: nothing. */
struct before {
	mode_t type;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint64_t size;
	uint32_t entry;
	char path[PATH_MAX];
};

static void
look_in_image(const struct finder *finder, struct span path, struct before *ret)
{
	static const mode_t types[] = {
		[IMAGE_FILE] = S_IFREG,	     [IMAGE_DIRECTORY] = S_IFDIR, [IMAGE_SYMLINK] = S_IFLNK,
		[IMAGE_CHARACTER] = S_IFCHR, [IMAGE_BLOCK] = S_IFBLK,	  [IMAGE_FIFO] = S_IFIFO,
	};
	const struct image *image = finder->session->options->image;

	ret->entry = image_find(image, path);
	if (ret->entry == IMAGE_NONE)
		return;
	const struct image_entry *entry = image_inode(image, ret->entry);
	ret->type = types[entry->type];
	ret->mode = entry->mode;
	ret->uid = entry->uid;
	ret->gid = entry->gid;
	ret->size = entry->size;
}

static void
look_before(const struct finder *finder, struct span path, struct before *ret)
{
	struct stat st;

	*ret = (struct before){.entry = IMAGE_NONE};
	if (!finder->tree->original) {
		look_in_image(finder, path, ret);
		return;
	}
	(void)snprintf(ret->path, sizeof(ret->path), "%s%.*s", finder->tree->original,
		       SPAN_ARG(path));
	if (lstat(ret->path, &st) < 0)
		return;
	ret->type = st.st_mode & S_IFMT;
	ret->mode = st.st_mode & 07777;
	ret->uid = st.st_uid;
	ret->gid = st.st_gid;
	ret->size = (uint64_t)st.st_size;
}

static int
load_before(const struct finder *finder, const struct before *before, struct arena *arena,
	    struct span *ret, struct err *err)
{
	const struct profile_options *options = finder->session->options;

	if (finder->tree->original)
		return file_load(before->path, START_READ_MAX, arena, ret, err);
	return contents_load(options->contents, options->image, before->entry, START_READ_MAX,
			     arena, ret, err);
}

static bool
same_attributes(const struct before *before, const struct stat *st)
{
	return before->mode == (st->st_mode & 07777) && before->uid == st->st_uid &&
	       before->gid == st->st_gid;
}

/* A change of which only the kind is known, and why. */
static void
set_other(struct start_change *change, const char *why)
{
	change->kind = CHANGE_OTHER;
	change->content = span_from(why);
}

static bool
is_text(struct span s)
{
	return json_is_text(s) && !memchr(s.p, '\0', s.n);
}

static int
set_content(struct finder *finder, struct start_change *change, struct span content,
	    struct err *err)
{
	if (content.n > START_CONTENT_MAX || finder->contents + content.n > START_CONTENTS_MAX) {
		set_other(change, "it is too big to be part of a start");
		return 0;
	}
	if (!is_text(content)) {
		set_other(change, "its content is no text");
		return 0;
	}
	finder->contents += content.n;
	change->content = arena_copy(finder->session->arena, content);
	return change->content.p ? 0 : err_memory(err);
}

/* 1 when there is a change, 0 when not, < 0. */
static int
compare_file(struct finder *finder, const char *path, const struct stat *st,
	     const struct before *before, struct start_change *change, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span now = SPAN("");
	struct span then = SPAN("");

	if (!arena)
		return err_memory(err);
	change->kind = CHANGE_FILE;
	if ((uint64_t)st->st_size > START_READ_MAX || before->size > START_READ_MAX) {
		set_other(change, "it is too big to be part of a start");
		return 1;
	}
	if (before->type && before->type != S_IFREG) {
		set_other(change, "it is a file where the image has something else");
		return 1;
	}
	int r = file_load(path, START_READ_MAX, arena, &now, err);
	if (r == 0 && before->type)
		r = load_before(finder, before, arena, &then, err);
	if (r < 0)
		return r;
	if (before->type && span_equal(now, then)) {
		change->kind = CHANGE_ATTRIBUTES;
		return !same_attributes(before, st);
	}
	change->replaces = before->type != 0;
	if (before->type)
		digest_of(then, &change->before);
	r = set_content(finder, change, now, err);
	return r < 0 ? r : 1;
}

static int
compare_link(struct finder *finder, const char *path, const struct before *before,
	     struct start_change *change, struct err *err)
{
	const struct image *image = finder->session->options->image;
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target));
	struct span text = {target, n > 0 ? (size_t)n : 0};

	change->kind = CHANGE_LINK;
	if (before->type == S_IFLNK && before->entry != IMAGE_NONE &&
	    span_equal(image->entries[before->entry].link, text))
		return 0;
	if (n <= 0 || (size_t)n == sizeof(target) || before->type) {
		set_other(change, "it is a link where something else was");
		return 1;
	}
	int r = set_content(finder, change, text, err);
	return r < 0 ? r : 1;
}

static int
compare_directory(const char *path, const struct stat *st, const struct before *before,
		  struct start_change *change)
{
	char opaque = 'n';

	change->kind = CHANGE_DIRECTORY;
	if (!before->type)
		return 1;
	if (before->type != S_IFDIR)
		set_other(change, "it is a directory where something else was");
	else if (lgetxattr(path, "trusted.overlay.opaque", &opaque, 1) == 1 && opaque == 'y')
		set_other(change, "it was removed and made anew");
	else if (same_attributes(before, st))
		return 0;
	else
		change->kind = CHANGE_ATTRIBUTES;
	return 1;
}

static int
compare(struct finder *finder, const char *path, const struct stat *st, const struct before *before,
	struct start_change *change, struct err *err)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return compare_file(finder, path, st, before, change, err);
	case S_IFDIR:
		return compare_directory(path, st, before, change);
	case S_IFLNK:
		return compare_link(finder, path, before, change, err);
	case S_IFIFO:
		change->kind = CHANGE_FIFO;
		if (before->type)
			set_other(change, "it is a pipe where something else was");
		return 1;
	case S_IFCHR:
		if (st->st_rdev == makedev(0, 0)) {
			change->kind = CHANGE_REMOVED; /* the overlay's mark */
			return before->type != 0;
		}
		set_other(change, "it is a device");
		return 1;
	default:
		set_other(change, "it is a socket or a device");
		return 1;
	}
}

static int
look_at(void *context, const struct rootfs_change *found, struct err *err)
{
	struct finder *finder = context;
	struct arena *arena = finder->session->arena;
	struct span path = found->path;
	struct start_change change = {0};
	struct before before;
	char full[PATH_MAX];
	struct stat st;

	if (finder->tree->prefix.n == 0 && session_covers(finder->session, path))
		return 0;
	(void)snprintf(full, sizeof(full), "%s/upper%.*s", finder->tree->folder, SPAN_ARG(path));
	if (lstat(full, &st) < 0)
		return err_sys(err, ERR_IO, errno, "cannot read %s", full);
	look_before(finder, path, &before);
	change.mode = st.st_mode & 07777;
	change.uid = st.st_uid;
	change.gid = st.st_gid;
	int r = compare(finder, full, &st, &before, &change, err);
	if (r <= 0)
		return r;
	change.path =
		arena_printf(arena, "%.*s%.*s", SPAN_ARG(finder->tree->prefix), SPAN_ARG(path));
	if (!change.path.p)
		return err_memory(err);
	if (!is_text(change.path))
		set_other(&change, "its name is no text");
	return vec_push(&finder->changes, &change, START_CHANGES_MAX, err);
}

/* The top of what is mounted is in no folder of its own. */
static int
look_at_top(struct finder *finder, struct err *err)
{
	const struct changes_tree *tree = finder->tree;
	struct start_change change = {.kind = CHANGE_ATTRIBUTES, .path = tree->prefix};
	char upper[PATH_MAX];
	struct stat now;
	struct stat then;

	(void)snprintf(upper, sizeof(upper), "%s/upper", tree->folder);
	if (!tree->original || stat(upper, &now) < 0 || stat(tree->original, &then) < 0 ||
	    (now.st_mode == then.st_mode && now.st_uid == then.st_uid && now.st_gid == then.st_gid))
		return 0;
	change.mode = now.st_mode & 07777;
	change.uid = now.st_uid;
	change.gid = now.st_gid;
	return vec_push(&finder->changes, &change, START_CHANGES_MAX, err);
}

static int
by_path(const void *a, const void *b)
{
	const struct start_change *x = a;
	const struct start_change *y = b;

	return span_compare(x->path, y->path);
}

int
changes_find(struct session *session, const struct changes_tree *trees, size_t count,
	     struct start_state *state, struct err *err)
{
	struct finder finder = {.session = session};
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		finder.tree = &trees[i];
		r = look_at_top(&finder, err);
		if (r == 0)
			r = rootfs_written(trees[i].folder, look_at, &finder, err);
	}
	state->changes =
		arena_array(session->arena, finder.changes.count + 1, sizeof(*state->changes));
	if (!state->changes)
		r = err_memory(err);
	if (r == 0 && finder.changes.count) {
		qsort(finder.changes.items, finder.changes.count, sizeof(*state->changes), by_path);
		memcpy(state->changes, finder.changes.items,
		       finder.changes.count * sizeof(*state->changes));
		state->change_count = finder.changes.count;
	}
	vec_free(&finder.changes);
	return r;
}
