/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/records.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	WRITE_BLOCK = 256 * 1024,
	COPY_BLOCK = 128 * 1024,
	KERNEL_COPY_MIN = 256 * 1024,
	DIRECTORY_MAX = 16 * 1024 * 1024
};

struct records_writer {
	struct fingerprint_key key;
	char database[PATH_MAX];
	char name[PATH_MAX];
	char fresh[PATH_MAX];
	int fd;
	uint64_t written; /* bytes in the file */
	struct buf block; /* and those that follow */
	uint64_t start;	  /* of the feed that was begun */
	struct buf feed;  /* its name */
	struct buf directory;
	uint32_t feeds;
};

static int
flush(struct records_writer *writer, struct err *err)
{
	int r = fd_write_full(writer->fd, buf_span(&writer->block), err);

	writer->written += writer->block.n;
	writer->block.n = 0;
	return r;
}

int
records_writer_new(const char *database, const struct fingerprint_key *key,
		   struct records_writer **ret, struct err *err)
{
	CLEANUP(records_writer_cleanup)
	struct records_writer *writer = calloc(1, sizeof(*writer));
	static const char head[RECORDS_HEAD]; /* is written last */

	if (!writer)
		return err_memory(err);
	writer->fd = -1;
	writer->key = *key;
	writer->block.max = WRITE_BLOCK + ADVISORY_RECORD_MAX + KIB;
	writer->directory.max = DIRECTORY_MAX;
	writer->feed.max = KIB;
	(void)snprintf(writer->database, sizeof(writer->database), "%s", database);
	int r = records_name(database, "", writer->name, err);
	if (r == 0)
		r = records_name(database, ".new", writer->fresh, err);
	if (r < 0)
		return r;
	writer->fd = open(writer->fresh, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (writer->fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot create %s", writer->fresh);
	r = buf_append(&writer->block, (struct span){head, sizeof(head)}, err);
	if (r < 0)
		return r;
	*ret = TAKE(writer);
	return 0;
}

void
records_writer_free(struct records_writer *writer)
{
	if (!writer)
		return;
	if (writer->fd >= 0)
		(void)unlink(writer->fresh);
	fd_cleanup(&writer->fd);
	buf_cleanup(&writer->block);
	buf_cleanup(&writer->feed);
	buf_cleanup(&writer->directory);
	free(writer);
}

void
records_writer_cleanup(struct records_writer **writer)
{
	records_writer_free(*writer);
	*writer = NULL;
}

/* What was begun and not ended lies there unnamed; a feed that fails is rare, and small. */
int
records_begin(struct records_writer *writer, struct span name, struct err *err)
{
	writer->start = records_at(writer);
	writer->feed.n = 0;
	return buf_append(&writer->feed, name, err);
}

int
records_add(struct records_writer *writer, const struct advisory_record *record, struct err *err)
{
	int r = advisory_record_put(record, &writer->block, err);

	return r == 0 && writer->block.n >= WRITE_BLOCK ? flush(writer, err) : r;
}

/* As much as it can; what is left is copied by hand. */
static int
copy_in_kernel(struct records_writer *writer, int from, uint64_t *at, uint64_t *size,
	       struct err *err)
{
	off_t offset = (off_t)*at;
	ssize_t n = 1;
	int r = flush(writer, err);

	while (r == 0 && n > 0 && *size > 0) {
		n = copy_file_range(from, &offset, writer->fd, NULL, (size_t)*size, 0);
		if (n <= 0)
			break;
		writer->written += (uint64_t)n;
		*at += (uint64_t)n;
		*size -= (uint64_t)n;
	}
	return r;
}

static int
copy_range(struct records_writer *writer, int from, uint64_t at, uint64_t size, struct err *err)
{
	char block[COPY_BLOCK];
	int r = 0;

	if (size >= KERNEL_COPY_MIN)
		r = copy_in_kernel(writer, from, &at, &size, err);
	while (r == 0 && size > 0) {
		size_t n = size < sizeof(block) ? (size_t)size : sizeof(block);

		r = fd_pread_full(from, block, n, at, err);
		if (r == 0)
			r = buf_append(&writer->block, (struct span){block, n}, err);
		if (r == 0 && writer->block.n >= WRITE_BLOCK)
			r = flush(writer, err);
		at += n;
		size -= n;
	}
	return r;
}

static int
compare_places(const void *a, const void *b)
{
	const struct record_known *one = a;
	const struct record_known *other = b;

	return one->at < other->at ? -1 : one->at > other->at;
}

int
records_carry(struct records_writer *writer, const struct advisory_records *records,
	      const struct record_feed *feed, struct err *err)
{
	struct record_known *order = reallocarray(NULL, feed->count + 1, sizeof(*order));
	size_t count = 0;
	int r = 0;

	if (!order)
		return err_memory(err);
	for (size_t i = 0; i < feed->count; i++) {
		if (feed->records[i].seen)
			order[count++] = feed->records[i];
	}
	qsort(order, count, sizeof(*order), compare_places);
	for (size_t i = 0; r == 0 && i < count;) {
		uint64_t start = order[i].at;
		uint64_t end = start;

		for (; i < count && order[i].at == end; i++)
			end += order[i].size;
		r = copy_range(writer, records_descriptor(records), start, end - start, err);
	}
	free(order);
	return r;
}

int
records_carry_all(struct records_writer *writer, const struct advisory_records *records,
		  struct err *err)
{
	uint64_t at;
	uint64_t size;

	if (!records_range(records, buf_span(&writer->feed), &at, &size))
		return err_set(err, ERR_NOT_FOUND, "nothing is remembered of %.*s",
			       SPAN_ARG(buf_span(&writer->feed)));
	return copy_range(writer, records_descriptor(records), at, size, err);
}

uint64_t
records_at(const struct records_writer *writer)
{
	return writer->written + writer->block.n;
}

int
records_again(struct records_writer *writer, uint64_t at, size_t size, struct buf *buf,
	      struct advisory_record *ret, struct err *err)
{
	size_t wanted;
	int r = writer->block.n > 0 ? flush(writer, err) : 0;

	buf->n = 0;
	if (r == 0)
		r = buf_reserve(buf, size, err);
	if (r == 0)
		r = fd_pread_full(writer->fd, buf->p, size, at, err);
	if (r < 0)
		return r;
	struct span rest = {buf->p, size};
	r = advisory_record_next(&rest, ret, &wanted, err);
	return r < 0 ? r : r == 0 ? err_set(err, ERR_INVALID, "malformed record of a feed") : 0;
}

int
records_end(struct records_writer *writer, const struct record_document *documents, size_t count,
	    struct err *err)
{
	uint64_t end = records_at(writer);
	int r = records_put_text(&writer->directory, buf_span(&writer->feed), err);

	if (r == 0)
		r = records_put_number(&writer->directory, writer->start, 8, err);
	if (r == 0)
		r = records_put_number(&writer->directory, end - writer->start, 8, err);
	if (r == 0)
		r = records_put_number(&writer->directory, count, 4, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = records_put_document(&documents[i], &writer->directory, err);
	writer->feeds += r == 0;
	return r;
}

int
records_finish(struct records_writer *writer, struct err *err)
{
	struct records_pair pair;
	CLEANUP(buf_cleanup) struct buf head = BUF_INIT(RECORDS_HEAD + 1);
	uint64_t directory = records_at(writer);
	int r = records_put_number(&writer->block, writer->feeds, 4, err);

	if (r == 0)
		r = flush(writer, err);
	if (r == 0)
		r = fd_write_full(writer->fd, buf_span(&writer->directory), err);
	if (r == 0)
		r = records_pair_of(&writer->key, writer->database, &pair, err);
	if (r == 0)
		r = buf_append(&head, (struct span){records_magic, RECORDS_MAGIC}, err);
	if (r == 0)
		r = buf_append(&head, (struct span){(char *)writer->key.bytes, FINGERPRINT_KEY},
			       err);
	if (r == 0)
		r = buf_append(&head, (struct span){(char *)&pair, sizeof(pair)}, err);
	if (r == 0)
		r = records_put_number(&head, directory, 8, err);
	if (r < 0)
		return r;
	if (lseek(writer->fd, 0, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "cannot write %s", writer->fresh);
	r = fd_write_full(writer->fd, buf_span(&head), err);
	if (r < 0)
		return r;
	if (fsync(writer->fd) < 0 || rename(writer->fresh, writer->name) < 0)
		return err_sys(err, ERR_IO, errno, "cannot write %s", writer->name);
	fd_cleanup(&writer->fd);
	return 0;
}
