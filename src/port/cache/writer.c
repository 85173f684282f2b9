/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/layer_index.h"
#include "port/cache/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITEBACK_BYTES = 8 << 20 };

struct cache_writer {
	const struct cache *cache;
	char name[CACHE_NAME]; /* of the temporary folder; empty: not there (any more) */
	int tar;
	int index;
	struct digest_stream *digest;
	struct layer_index_head head;
	uint64_t started; /* bytes of the tar on their way to the disk: less to wait for at last */
};

static int
make_file(struct cache_writer *writer, const char *file, int *ret, struct err *err)
{
	char path[CACHE_NAME + 16];

	(void)snprintf(path, sizeof(path), "%s/%s", writer->name, file);
	*ret = openat(writer->cache->fd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, CACHE_FILE);
	return *ret < 0 ? cache_failed(writer->cache, errno, "cannot create a file", err) : 0;
}

static int
make_folder(struct cache_writer *writer, struct err *err)
{
	char name[CACHE_NAME];
	int r = cache_temporary_name(name, err);

	if (r < 0)
		return r;
	if (mkdirat(writer->cache->fd, name, CACHE_MODE) < 0)
		return cache_failed(writer->cache, errno, "cannot create a folder", err);
	memcpy(writer->name, name, sizeof(name));
	r = make_file(writer, CACHE_TAR, &writer->tar, err);
	if (r == 0 && flock(writer->tar, LOCK_SH) < 0)
		r = cache_failed(writer->cache, errno, "cannot lock a layer", err);
	return r < 0 ? r : make_file(writer, CACHE_INDEX, &writer->index, err);
}

int
cache_write(struct cache *cache, struct cache_writer **ret, struct err *err)
{
	static const uint8_t no_head[LAYER_INDEX_HEAD];
	CLEANUP(cache_writer_cleanup) struct cache_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return err_memory(err);
	writer->cache = cache;
	writer->tar = -1;
	writer->index = -1;
	writer->digest = digest_stream_new();
	if (!writer->digest)
		return err_memory(err);
	int r = make_folder(writer, err);
	if (r == 0 && write(writer->index, no_head, sizeof(no_head)) != (ssize_t)sizeof(no_head))
		r = cache_failed(cache, errno, "cannot write", err);
	if (r < 0)
		return r;
	*ret = TAKE(writer);
	return 0;
}

void
cache_writer_free(struct cache_writer *writer)
{
	if (!writer)
		return;
	if (writer->name[0])
		cache_remove(writer->cache, writer->name);
	fd_cleanup(&writer->tar);
	fd_cleanup(&writer->index);
	digest_stream_free(writer->digest);
	free(writer);
}

void
cache_writer_cleanup(struct cache_writer **writer)
{
	cache_writer_free(*writer);
	*writer = NULL;
}

int
cache_writer_tar(struct cache_writer *writer, const void *p, size_t n, struct err *err)
{
	if (fd_write_full(writer->tar, (struct span){p, n}, err) < 0)
		return cache_failed(writer->cache, err->sys, "cannot write", err);
	writer->head.inflated += n;
	if (writer->head.inflated - writer->started >= WRITEBACK_BYTES) {
		(void)sync_file_range(writer->tar, (off_t)writer->started,
				      (off_t)(writer->head.inflated - writer->started),
				      SYNC_FILE_RANGE_WRITE);
		writer->started = writer->head.inflated;
	}
	return 0;
}

int
cache_writer_index(struct cache_writer *writer, const void *p, size_t n, struct err *err)
{
	digest_stream_update(writer->digest, p, n);
	if (fd_write_full(writer->index, (struct span){p, n}, err) < 0)
		return cache_failed(writer->cache, err->sys, "cannot write", err);
	writer->head.body += n;
	return 0;
}

int
cache_writer_reader(const struct cache_writer *writer, int *ret_fd, struct err *err)
{
	char path[CACHE_NAME + 16];

	(void)snprintf(path, sizeof(path), "%s/" CACHE_TAR, writer->name);
	int fd = openat(writer->cache->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return cache_failed(writer->cache, errno, "cannot open a layer", err);
	*ret_fd = fd;
	return 0;
}

static int
finish_files(struct cache_writer *writer, const struct digest *diff_id, struct err *err)
{
	uint8_t head[LAYER_INDEX_HEAD];

	digest_stream_finish(writer->digest, &writer->head.digest);
	writer->head.diff_id = *diff_id;
	layer_index_put_head(&writer->head, head);
	if (pwrite(writer->index, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    fdatasync(writer->tar) < 0 || fdatasync(writer->index) < 0)
		return cache_failed(writer->cache, errno, "cannot write", err);
	return 0;
}

/* Under its own name, unless another mohs was first. */
static int
publish(struct cache_writer *writer, const struct digest *diff_id, struct err *err)
{
	char name[CACHE_NAME];

	cache_name(diff_id, name);
	if (renameat(writer->cache->fd, writer->name, writer->cache->fd, name) == 0) {
		writer->name[0] = '\0';
		if (fsync(writer->cache->fd) < 0)
			return cache_failed(writer->cache, errno, "cannot sync", err);
		return 0;
	}
	if (errno != EEXIST && errno != ENOTEMPTY)
		return cache_failed(writer->cache, errno, "cannot rename", err);
	return 0;
}

int
cache_commit(struct cache *cache, struct cache_writer *writer, const struct digest *diff_id,
	     uint32_t count, struct cache_layer *ret, struct err *err)
{
	writer->head.count = count;
	int r = finish_files(writer, diff_id, err);

	if (r == 0)
		r = publish(writer, diff_id, err);
	if (r < 0)
		return r;
	/* The files stay usable by their descriptors, whatever becomes of the names. */
	*ret = (struct cache_layer){
		.tar = TAKE_FD(writer->tar),
		.index = TAKE_FD(writer->index),
		.diff_id = *diff_id,
		.inflated = writer->head.inflated,
		.count = writer->head.count,
	};
	cache_evict(cache);
	return 0;
}
