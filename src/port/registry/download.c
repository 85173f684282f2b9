/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "port/registry/blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t
expected(const struct download *download)
{
	uint64_t size = download->blob.size;

	return size == UINT64_MAX ? LAYER_COMPRESSED_MAX : size;
}

static int
sink_start(void *context, uint64_t offset, struct err *err)
{
	struct download *download = context;

	if (offset != 0 && offset == download->received)
		return 0;
	if (offset != 0)
		return err_set(err, ERR_NETWORK, "blob %s: the answer starts at the wrong place",
			       download->text);
	if (ftruncate(download->fd, 0) < 0 || lseek(download->fd, 0, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "%s", download->part);
	digest_stream_free(download->stream);
	download->stream = digest_stream_new();
	if (!download->stream)
		return err_memory(err);
	download->total->done -= download->received;
	download->received = 0;
	download->carried = false;
	return 0;
}

static int
sink_data(void *context, struct span bytes, struct err *err)
{
	struct download *download = context;
	struct download_total *total = download->total;

	if (bytes.n > expected(download) - download->received) {
		(void)unlink(download->part);
		return err_set(err, ERR_DIGEST, "blob %s: more than the %llu bytes it should have",
			       download->text, (unsigned long long)expected(download));
	}
	if (fd_write_full(download->fd, bytes, err) < 0)
		return err_wrap(err, "%s", download->part);
	digest_stream_update(download->stream, bytes.p, bytes.n);
	download->received += bytes.n;
	total->done += bytes.n;
	progress_step(total->progress, total->done, total->size, "pulling %zu blobs", total->blobs);
	return 0;
}

/* 1: the cache has it, every byte; 0: not, or no longer. */
static int
in_cache(const struct download *download, struct err *err)
{
	CLEANUP(digest_stream_cleanup) struct digest_stream *stream = digest_stream_new();
	CLEANUP(fd_cleanup) int fd = open(download->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct digest digest;
	uint64_t size = 0;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot open %s", download->path);
	if (!stream)
		return err_memory(err);
	if (digest_stream_file(stream, fd, -1, &size, err) < 0)
		return err_wrap(err, "%s", download->path);
	digest_stream_finish(stream, &digest);
	if (digest_equal(&digest, &download->blob.digest) &&
	    (download->blob.size == UINT64_MAX || download->blob.size == size))
		return 1;
	progress_note(download->total->progress, "cached blob %s is damaged; fetching it again",
		      download->text);
	(void)unlink(download->path);
	return 0;
}

/*
 * Opens the .part file with a lock on it. When another process writes it, takes a name of its own:
 * both then bring the same blob, and the later rename wins.
 */
static int
open_part(struct download *download, struct err *err)
{
	struct stat by_name;
	struct stat by_fd;
	int fd = open(download->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot create %s", download->part);
	/* the holder may have renamed it between open and lock */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &by_fd) == 0 &&
	    stat(download->part, &by_name) == 0 && by_fd.st_ino == by_name.st_ino) {
		download->fd = fd;
		return 0;
	}
	(void)close(fd);
	int n = snprintf(download->part, sizeof(download->part), "%s.XXXXXX", download->path);
	if (n < 0 || (size_t)n >= sizeof(download->part))
		return err_set(err, ERR_LIMIT, "path too long: %.100s", download->path);
	download->fd = mkostemp(download->part, O_CLOEXEC);
	if (download->fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot create %s", download->part);
	download->own_name = true;
	return 0;
}

/* Takes over what an earlier run left. */
static int
carry_over(struct download *download, struct err *err)
{
	uint64_t size = 0;

	download->stream = digest_stream_new();
	if (!download->stream)
		return err_memory(err);
	if (digest_stream_file(download->stream, download->fd, -1, &size, err) < 0)
		return err_wrap(err, "%s", download->part);
	download->received = size;
	download->total->done += size;
	download->carried = size > 0;
	if (size > expected(download))
		return sink_start(download, 0, err);
	if (lseek(download->fd, (off_t)size, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "%s", download->part);
	return 0;
}

int
download_open(struct download *download, const struct registry *registry,
	      const struct registry_blob *blob, struct download_total *total, struct err *err)
{
	*download = (struct download){
		.registry = registry,
		.blob = *blob,
		.total = total,
		.fd = -1,
		.sink = {download, sink_start, sink_data},
	};
	(void)digest_format(&blob->digest, download->text);
	const char *hex = download->text + sizeof("sha256:") - 1;
	int n = snprintf(download->path, sizeof(download->path), "%s/%s", registry->folder.p, hex);
	int m = snprintf(download->part, sizeof(download->part), "%s/%s.part", registry->folder.p,
			 hex);
	if (n < 0 || m < 0 || (size_t)m >= sizeof(download->part))
		return err_set(err, ERR_LIMIT, "path too long: %.100s", registry->folder.p);

	int r = in_cache(download, err);
	if (r != 0) {
		download->finished = r > 0;
		return r < 0 ? r : 0;
	}
	r = open_part(download, err);
	return r < 0 ? r : carry_over(download, err);
}

int
download_finish(struct download *download, struct err *err)
{
	struct digest digest;

	if (download->blob.size != UINT64_MAX && download->received < download->blob.size)
		return err_set(err, ERR_NETWORK, "blob %s ended after %llu of %llu bytes",
			       download->text, (unsigned long long)download->received,
			       (unsigned long long)download->blob.size);
	digest_stream_finish(download->stream, &digest);
	if (!digest_equal(&digest, &download->blob.digest)) {
		(void)unlink(download->part);
		return err_set(err, ERR_DIGEST,
			       "blob %s: what came has another digest; thrown away",
			       download->text);
	}
	if (fchmod(download->fd, 0644) < 0 || fsync(download->fd) < 0 ||
	    rename(download->part, download->path) < 0)
		return err_sys(err, ERR_IO, errno, "cannot finish %s", download->path);
	download->finished = true;
	return 0;
}

void
download_close(struct download *download)
{
	if (download->own_name && !download->finished && download->fd >= 0)
		(void)unlink(download->part); /* nobody would find it to go on with */
	fd_cleanup(&download->fd);
	digest_stream_free(download->stream);
	download->stream = NULL;
}
