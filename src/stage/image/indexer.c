/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/image/indexer.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/layer_index.h"
#include "codec/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BLOCK_BYTES = 256 << 10,
	FLUSH_BYTES = 64 << 10,
	STEP_MS = 100,
};

/* ---- in the child ---- */

struct growing_tar {
	int tar;
	int news;
	uint64_t at;
	uint64_t available;
	void *block;
};

/* Messages of 8 bytes; the end of file is the end of the tar. */
static int
wait_for_more(struct growing_tar *tar, bool *ret_ended, struct err *err)
{
	uint64_t available = 0;

	while (tar->available <= tar->at) {
		ssize_t n = TEMP_FAILURE_RETRY(read(tar->news, &available, sizeof(available)));

		if (n < 0)
			return err_sys(err, ERR_IO, errno, "cannot read");
		*ret_ended = n == 0;
		if (n == 0)
			return 0;
		tar->available = available;
	}
	return 0;
}

static int
next_block(void *context, const void **ret, size_t *ret_n, struct err *err)
{
	struct growing_tar *tar = context;
	bool ended = false;
	size_t n = 0;
	int r = wait_for_more(tar, &ended, err);

	if (r == 0 && !ended) {
		uint64_t left = tar->available - tar->at;

		n = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
		r = fd_pread_full(tar->tar, tar->block, n, tar->at, err);
	}
	if (r < 0)
		return r;
	tar->at += n;
	*ret = tar->block;
	*ret_n = n;
	return 0;
}

static int
flush(struct buf *records, int out, struct err *err)
{
	int r = fd_write_full(out, buf_span(records), err);

	records->n = 0;
	return r;
}

static int
index_tar(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	struct growing_tar *tar = context;
	CLEANUP(tar_reader_cleanup) struct tar_reader *reader = NULL;
	CLEANUP(buf_cleanup) struct buf records = BUF_INIT(FLUSH_BYTES + LAYER_INDEX_RECORD_MAX);
	CLEANUP(free_cleanup) void *block = malloc(BLOCK_BYTES);
	const struct layer_record *record;

	tar->block = block;
	if (!block)
		return err_memory(err);
	int r = tar_reader_new(next_block, tar, &reader, err);
	while (r == 0) {
		r = tar_reader_next(reader, &record, err);
		if (r == 0 && !record)
			return flush(&records, out, err);
		if (r == 0)
			r = layer_index_put(&records, record, err);
		if (r == 0)
			++*ret_answer;
		if (r == 0 && records.n >= FLUSH_BYTES)
			r = flush(&records, out, err);
	}
	return r;
}

/* ---- here ---- */

void
indexer_cleanup(struct indexer *indexer)
{
	confine_cleanup(&indexer->child);
	fd_cleanup(&indexer->news);
}

static int
start(struct indexer *indexer, struct err *err)
{
	struct growing_tar tar = {.tar = -1};
	int ends[2];
	int r = cache_writer_reader(indexer->writer, &tar.tar, err);

	if (r < 0)
		return r;
	CLEANUP(fd_cleanup) int readable = tar.tar;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start a process to index it");
	indexer->news = ends[0];
	CLEANUP(fd_cleanup) int other = ends[1];
	tar.news = other;
	const int fds[] = {readable, other};
	const struct confine_options options = {
		.what = "the process that indexes it",
		.fds = fds,
		.fd_count = sizeof(fds) / sizeof(fds[0]),
		.memory = LAYER_READER_MEMORY_MAX,
	};
	r = confine_start(&options, index_tar, &tar, &indexer->child, err);
	if (r < 0)
		return r;
	if (fcntl(indexer->child.out, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(err, ERR_IO, errno, "cannot read from %s", indexer->child.what);
	return 0;
}

int
indexer_start(struct cache_writer *writer, struct indexer *ret, struct err *err)
{
	CLEANUP(indexer_cleanup) struct indexer indexer = INDEXER_INIT;

	indexer.writer = writer;
	int r = start(&indexer, err);
	if (r < 0)
		return r;
	*ret = indexer;
	indexer = (struct indexer)INDEXER_INIT;
	return 0;
}

/* What there is of the index now; *ret_ended when nothing will follow. */
static int
take_records(struct indexer *indexer, bool *ret_ended, struct err *err)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = read(indexer->child.out, chunk, sizeof(chunk));

		*ret_ended = n == 0;
		if (n == 0 || (n < 0 && errno == EAGAIN))
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, ERR_IO, errno, "cannot read from %s",
				       indexer->child.what);
		indexer->bytes += (uint64_t)n;
		if (indexer->bytes > LAYER_INDEX_MAX)
			return err_set(err, ERR_LIMIT,
				       "an index of more than %lu GiB (LAYER_INDEX_MAX)",
				       LAYER_INDEX_MAX / GIB);
		int r = cache_writer_index(indexer->writer, chunk, (size_t)n, err);
		if (r < 0)
			return r;
	}
}

/* Whether the child knows now: when it has enough to read, the next message says it all. */
static bool
tell(struct indexer *indexer, uint64_t available)
{
	ssize_t n = send(indexer->news, &available, sizeof(available), MSG_NOSIGNAL | MSG_DONTWAIT);

	indexer->stopped = n < 0 && errno != EAGAIN && errno != EINTR;
	return n >= 0 || indexer->stopped;
}

int
indexer_tell(struct indexer *indexer, uint64_t available, struct err *err)
{
	bool ended;

	(void)tell(indexer, available);
	return take_records(indexer, &ended, err);
}

int
indexer_finish(struct indexer *indexer, uint64_t available, uint64_t *ret_count, struct err *err)
{
	bool told = indexer->stopped || tell(indexer, available);
	bool ended = false;
	uint64_t silent_ms = 0;

	while (!ended) {
		struct pollfd ends[] = {{.fd = indexer->child.out, .events = POLLIN},
					{.fd = told ? -1 : indexer->news, .events = POLLOUT}};

		if (told)
			fd_cleanup(&indexer->news);
		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		int ready = poll(ends, 2, STEP_MS);
		silent_ms = ready == 0 ? silent_ms + STEP_MS : 0;
		if (silent_ms > LAYER_SILENCE_MS)
			return err_set(err, ERR_TIMEOUT, "%s does nothing (LAYER_SILENCE_MS)",
				       indexer->child.what);
		if (ready > 0 && ends[1].revents)
			told = tell(indexer, available);
		int r = take_records(indexer, &ended, err);
		if (r < 0)
			return r;
	}
	return confine_finish(&indexer->child, LAYER_SILENCE_MS, ret_count, err);
}
