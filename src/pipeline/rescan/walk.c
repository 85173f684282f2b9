/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/limits.h"
#include "pipeline/rescan/rescan.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>

/* Files of these names are nothing but bills. */
static const struct span endings[] = {
	SPAN_INIT(".cdx.json"),
	SPAN_INIT(".spdx.json"),
	SPAN_INIT("bom.json"),
};

static bool
is_named(struct span path)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (span_ends_with(path, endings[i]))
			return true;
	}
	return false;
}

struct walk {
	struct arena *arena;
	struct rescan_files *files;
	const char *asked; /* the path that is walked, as it was asked for */
	const char *real;
};

static int
add(struct walk *walk, const FTSENT *entry, const char *problem, struct err *err)
{
	struct span path = span_from(entry->fts_path);
	struct span below = span_slice(path, strlen(walk->asked), path.n);
	struct rescan_file file = {
		.path = arena_copy(walk->arena, path),
		.key = arena_printf(walk->arena, "%s%.*s", walk->real, SPAN_ARG(below)),
		.problem = problem ? arena_printf(walk->arena, "%s: %s", entry->fts_path, problem)
				   : SPAN(""),
		.named = entry->fts_level == FTS_ROOTLEVEL || is_named(path),
	};

	if (!file.path.p || !file.key.p || !file.problem.p)
		return err_memory(err);
	return vec_push(&walk->files->items, &file, RESCAN_BILLS_MAX, err);
}

static int
visit(struct walk *walk, const FTSENT *entry, struct err *err)
{
	switch (entry->fts_info) {
	case FTS_D:
		if (entry->fts_level > RESCAN_DEPTH_MAX)
			return err_set(err, ERR_LIMIT, "%.120s: too deep (RESCAN_DEPTH_MAX is %d)",
				       entry->fts_path, RESCAN_DEPTH_MAX);
		return 0;
	case FTS_F:
		if (entry->fts_level == FTS_ROOTLEVEL ||
		    span_ends_with(span_from(entry->fts_name), SPAN(".json")))
			return add(walk, entry, NULL, err);
		return 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return add(walk, entry, strerror(entry->fts_errno), err);
	default:
		return 0;
	}
}

static void
fts_cleanup(FTS **fts)
{
	if (*fts)
		(void)fts_close(*fts);
}

static int
walk_path(struct walk *walk, const char *path, struct err *err)
{
	CLEANUP(free_cleanup) char *asked = strdup(path);
	CLEANUP(free_cleanup) char *real = realpath(path, NULL);
	FTSENT *entry;
	int r = 0;

	if (!asked)
		return err_memory(err);
	if (!real)
		return err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "%.150s",
			       path);
	for (size_t n = strlen(asked); n > 1 && asked[n - 1] == '/'; n--)
		asked[n - 1] = '\0';
	walk->asked = asked;
	walk->real = real;
	CLEANUP(fts_cleanup)
	FTS *fts = fts_open((char *const[]){asked, NULL},
			    FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	if (!fts)
		return err_sys(err, ERR_IO, errno, "%.150s", path);
	while (r == 0 && (errno = 0, entry = fts_read(fts)))
		r = visit(walk, entry, err);
	if (r == 0 && errno != 0)
		r = err_sys(err, ERR_IO, errno, "%.150s", path);
	return r;
}

static int
by_key(const void *a, const void *b)
{
	const struct rescan_file *left = a;
	const struct rescan_file *right = b;
	int order = span_compare(left->key, right->key);

	return order ? order : (int)right->named - (int)left->named;
}

/* In order, and each once. */
static void
sort(struct rescan_files *files)
{
	size_t kept = 0;

	if (files->items.count > 0)
		qsort(files->items.items, files->items.count, sizeof(*files->items.items), by_key);
	for (size_t i = 0; i < files->items.count; i++) {
		struct rescan_file *file = &files->items.items[i];

		if (kept == 0 || !span_equal(files->items.items[kept - 1].key, file->key))
			files->items.items[kept++] = *file;
	}
	files->items.count = kept;
}

int
rescan_walk(const struct rescan_request *request, struct arena *arena, struct rescan_files *ret,
	    struct err *err)
{
	struct walk walk = {.arena = arena, .files = ret};
	CLEANUP(digest_stream_cleanup) struct digest_stream *stream = digest_stream_new();
	char text[DIGEST_TEXT];
	struct digest digest;
	int r = stream ? 0 : err_memory(err);

	for (size_t i = 0; r == 0 && i < request->path_count; i++) {
		CLEANUP(free_cleanup) char *real = realpath(request->paths[i], NULL);

		r = walk_path(&walk, request->paths[i], err);
		if (r == 0 && real)
			digest_stream_update(stream, real, strlen(real) + 1);
	}
	if (r < 0)
		return r;
	digest_stream_finish(stream, &digest);
	ret->name = arena_copy(arena, span_from(digest_format(&digest, text) + 7));
	sort(ret);
	return ret->name.p ? 0 : err_memory(err);
}
