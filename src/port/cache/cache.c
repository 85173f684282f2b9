/* SPDX-License-Identifier: Apache-2.0 */
#include "port/cache/cache.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/layer_index.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

int
cache_failed(const struct cache *cache, int error, const char *what, struct err *err)
{
	if (error == ENOSPC || error == EDQUOT)
		return err_sys(err, ERR_IO, error, "no room in the layer cache %s (MOHS_CACHE)",
			       cache->folder.p);
	return err_sys(err, ERR_IO, error, "layer cache %s (MOHS_CACHE names another): %s",
		       cache->folder.p, what);
}

static int
choose_folder(const char *folder, struct arena *arena, struct span *ret, struct err *err)
{
	const char *own = getenv("MOHS_CACHE");
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (!folder && own && own[0])
		folder = own;
	if (folder)
		*ret = arena_printf(arena, "%s/layers", folder);
	else if (cache && cache[0] == '/')
		*ret = arena_printf(arena, "%s/mohs/layers", cache);
	else if (home && home[0] == '/')
		*ret = arena_printf(arena, "%s/.cache/mohs/layers", home);
	else
		return err_set(err, ERR_USAGE, "no folder for the layer cache: set MOHS_CACHE");
	return ret->p ? 0 : err_memory(err);
}

static int
read_ceiling(uint64_t *ret, struct err *err)
{
	const char *text = getenv("MOHS_CACHE_MAX");

	*ret = CACHE_BYTES_DEFAULT;
	if (text && text[0] && !span_to_u64(span_from(text), ret))
		return err_set(err, ERR_USAGE, "MOHS_CACHE_MAX is no number of bytes: %s", text);
	return 0;
}

static int
make_folder(const struct cache *cache, struct err *err)
{
	int r = directory_make(cache->folder.p, CACHE_MODE, err);

	return r < 0 ? err_wrap(err, "layer cache (MOHS_CACHE names another)") : 0;
}

int
cache_open(const char *folder, struct cache **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct cache *cache = arena ? arena_alloc(arena, sizeof(*cache)) : NULL;

	if (!cache)
		return err_memory(err);
	int r = choose_folder(folder, arena, &cache->folder, err);
	if (r == 0)
		r = read_ceiling(&cache->max, err);
	if (r == 0)
		r = make_folder(cache, err);
	if (r < 0)
		return r;
	cache->fd = open(cache->folder.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache->fd < 0)
		return cache_failed(cache, errno, "cannot open", err);
	cache->arena = TAKE(arena);
	*ret = cache;
	return 0;
}

void
cache_free(struct cache *cache)
{
	if (!cache)
		return;
	fd_cleanup(&cache->fd);
	arena_free(cache->arena); /* holds *cache itself */
}

void
cache_cleanup(struct cache **cache)
{
	cache_free(*cache);
	*cache = NULL;
}

void
cache_layer_close(struct cache_layer *layer)
{
	fd_cleanup(&layer->tar);
	fd_cleanup(&layer->index);
}

void
cache_name(const struct digest *diff_id, char name[CACHE_NAME])
{
	char text[DIGEST_TEXT];

	(void)snprintf(name, CACHE_NAME, "%s", digest_format(diff_id, text) + 7);
}

int
cache_temporary_name(char name[CACHE_NAME], struct err *err)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return err_sys(err, ERR_IO, errno, "no random number");
	(void)snprintf(name, CACHE_NAME, CACHE_TEMPORARY "%016" PRIx64, number);
	return 0;
}

void
cache_remove(const struct cache *cache, const char *name)
{
	char path[CACHE_NAME + 16];

	(void)snprintf(path, sizeof(path), "%s/" CACHE_INDEX, name);
	(void)unlinkat(cache->fd, path, 0);
	(void)snprintf(path, sizeof(path), "%s/" CACHE_TAR, name);
	(void)unlinkat(cache->fd, path, 0);
	(void)unlinkat(cache->fd, name, AT_REMOVEDIR);
}

void
cache_drop(struct cache *cache, const struct digest *diff_id)
{
	char name[CACHE_NAME];
	char gone[CACHE_NAME];
	struct err ignored = ERR_INIT;

	cache_name(diff_id, name);
	if (cache_temporary_name(gone, &ignored) == 0 &&
	    renameat(cache->fd, name, cache->fd, gone) == 0)
		cache_remove(cache, gone);
}

static int
open_files(const struct cache *cache, const char *name, struct cache_layer *layer)
{
	char path[CACHE_NAME + 16];

	(void)snprintf(path, sizeof(path), "%s/" CACHE_TAR, name);
	layer->tar = openat(cache->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (layer->tar < 0)
		return errno;
	(void)snprintf(path, sizeof(path), "%s/" CACHE_INDEX, name);
	layer->index = openat(cache->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (layer->index < 0)
		return errno;
	return flock(layer->tar, LOCK_SH) < 0 ? errno : 0;
}

static bool
is_file_of(int fd, uint64_t size)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size;
}

/* Whether the head belongs to this layer and both files have the length it says. */
static bool
read_head(struct cache_layer *layer, const struct digest *diff_id)
{
	uint8_t bytes[LAYER_INDEX_HEAD];
	struct layer_index_head head;
	struct err ignored = ERR_INIT;

	if (fd_pread_full(layer->index, bytes, sizeof(bytes), 0, &ignored) < 0 ||
	    layer_index_get_head(bytes, &head, &ignored) < 0 ||
	    !digest_equal(&head.diff_id, diff_id) || !is_file_of(layer->tar, head.inflated) ||
	    !is_file_of(layer->index, LAYER_INDEX_HEAD + head.body))
		return false;
	layer->diff_id = *diff_id;
	layer->inflated = head.inflated;
	layer->count = head.count;
	return true;
}

int
cache_find(struct cache *cache, const struct digest *diff_id, struct cache_layer *ret,
	   bool *ret_found, struct err *err)
{
	CLEANUP(cache_layer_close) struct cache_layer layer = CACHE_LAYER_INIT;
	char name[CACHE_NAME];

	cache_name(diff_id, name);
	int error = open_files(cache, name, &layer);
	if (error && error != ENOENT)
		return cache_failed(cache, error, "cannot open a layer", err);
	if (error || !read_head(&layer, diff_id)) {
		if (layer.tar >= 0)
			cache_drop(cache, diff_id);
		*ret_found = false;
		return 0;
	}
	(void)futimens(layer.index, NULL); /* last use, for cache_evict() */
	*ret = layer;
	layer = (struct cache_layer)CACHE_LAYER_INIT;
	*ret_found = true;
	return 0;
}

/* Records from the index, through a window that grows to the biggest record. */
struct index_reader {
	const struct cache_layer *layer;
	struct digest_stream *digest;
	struct buf window;
	size_t at; /* in the window */
	uint64_t offset;
	uint64_t left; /* bytes of the body behind the window */
};

enum { WINDOW_BYTES = 256 << 10 };

static int
refill(struct index_reader *reader, struct err *err)
{
	struct buf *window = &reader->window;
	size_t unread = window->n - reader->at;
	size_t more = reader->left < WINDOW_BYTES ? (size_t)reader->left : WINDOW_BYTES;

	if (more == 0)
		return err_set(err, ERR_INVALID, "a damaged layer index: it ends too early");
	if (window->p)
		memmove(window->p, window->p + reader->at, unread);
	window->n = unread;
	reader->at = 0;
	int r = buf_reserve(window, more, err);
	if (r == 0)
		r = fd_pread_full(reader->layer->index, window->p + unread, more, reader->offset,
				  err);
	if (r < 0)
		return r;
	digest_stream_update(reader->digest, window->p + unread, more);
	window->n += more;
	reader->offset += more;
	reader->left -= more;
	return 0;
}

static int
next_record(struct index_reader *reader, struct layer_index_scratch *scratch,
	    struct layer_record *ret, struct err *err)
{
	for (;;) {
		struct span bytes =
			span_slice(buf_span(&reader->window), reader->at, reader->window.n);
		size_t used;
		int r = layer_index_get(bytes, reader->layer->inflated, scratch, ret, &used, err);

		if (r < 0)
			return r;
		reader->at += used;
		if (used > 0)
			return 0;
		r = refill(reader, err);
		if (r < 0)
			return r;
	}
}

/* Whether the records are not those that were written; reads those that are left. */
static bool
is_damaged(struct index_reader *reader, const struct layer_index_head *head)
{
	struct err ignored = ERR_INIT;
	struct digest digest;

	while (reader->left > 0) {
		reader->at = reader->window.n;
		if (refill(reader, &ignored) < 0)
			return true;
	}
	digest_stream_finish(reader->digest, &digest);
	return !digest_equal(&digest, &head->digest);
}

static int
check_end(struct index_reader *reader, const struct layer_index_head *head, struct err *err)
{
	if (reader->left > 0 || reader->at < reader->window.n || is_damaged(reader, head))
		return err_set(err, ERR_INVALID, "a damaged layer index: its digest differs");
	return 0;
}

int
cache_layer_each(const struct cache_layer *layer,
		 int (*each)(void *context, const struct layer_record *record, struct err *err),
		 void *context, bool *ret_damaged, struct err *err)
{
	CLEANUP(layer_index_scratch_cleanup) struct layer_index_scratch scratch = {0};
	CLEANUP(digest_stream_cleanup) struct digest_stream *digest = digest_stream_new();
	struct index_reader reader = {
		.layer = layer,
		.digest = digest,
		.window = BUF_INIT(WINDOW_BYTES + LAYER_INDEX_RECORD_MAX),
		.offset = LAYER_INDEX_HEAD,
	};
	struct layer_index_head head;
	struct layer_record record;
	uint8_t bytes[LAYER_INDEX_HEAD];

	if (!digest)
		return err_memory(err);
	int r = fd_pread_full(layer->index, bytes, sizeof(bytes), 0, err);
	if (r == 0)
		r = layer_index_get_head(bytes, &head, err);
	*ret_damaged = r < 0;
	reader.left = r == 0 ? head.body : 0;
	for (uint32_t i = 0; r == 0 && i < head.count; i++) {
		r = next_record(&reader, &scratch, &record, err);
		*ret_damaged = r == -ERR_INVALID;
		if (r < 0)
			break;
		r = each(context, &record, err);
		if (r < 0)
			*ret_damaged = is_damaged(&reader, &head);
	}
	if (r == 0) {
		r = check_end(&reader, &head, err);
		*ret_damaged = r < 0;
	}
	buf_cleanup(&reader.window);
	return r;
}
