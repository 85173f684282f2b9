/* SPDX-License-Identifier: Apache-2.0 */
#include "port/feed_archive.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <unistd.h>

enum { BLOCK = 128 * 1024 };

struct reading {
	struct archive *archive;
	int fd;
	int64_t at; /* in the file: several processes read one descriptor */
	char block[BLOCK];
	uint64_t packed; /* bytes of the archive */
	uint64_t inflated;
	uint64_t members;
	struct buf bytes; /* of the member that is read */
};

static void
reading_cleanup(struct reading *reading)
{
	(void)archive_read_free(reading->archive);
	buf_cleanup(&reading->bytes);
}

static int
failed(struct archive *archive, struct err *err)
{
	const char *text = archive_error_string(archive);
	enum err_kind kind = archive_errno(archive) == ENOMEM ? ERR_MEMORY : ERR_INVALID;

	return err_set(err, kind, "cannot read the archive: %.150s", text ? text : "malformed");
}

static la_ssize_t
read_block(struct archive *archive, void *context, const void **ret)
{
	struct reading *reading = context;
	ssize_t n = TEMP_FAILURE_RETRY(pread(reading->fd, reading->block, BLOCK, reading->at));

	if (n < 0)
		archive_set_error(archive, errno, "cannot read");
	else
		reading->at += n;
	*ret = reading->block;
	return n;
}

static la_int64_t
skip_bytes(struct archive *archive, void *context, la_int64_t n)
{
	struct reading *reading = context;
	int64_t left = (int64_t)reading->packed - reading->at;

	(void)archive;
	n = n < left ? n : left > 0 ? left : 0;
	reading->at += n;
	return n;
}

static la_int64_t
seek_to(struct archive *archive, void *context, la_int64_t offset, int whence)
{
	struct reading *reading = context;
	int64_t base = whence == SEEK_SET   ? 0
		       : whence == SEEK_CUR ? reading->at
					    : (int64_t)reading->packed;

	if (offset > 0 ? base > INT64_MAX - offset : base + offset < 0) {
		archive_set_error(archive, EINVAL, "a place outside of the file");
		return ARCHIVE_FATAL;
	}
	reading->at = base + offset;
	return reading->at;
}

static int
open_archive(int fd, struct reading *reading, struct err *err)
{
	off_t size = lseek(fd, 0, SEEK_END); /* a confined process may not ask for more */

	if (size < 0)
		return err_sys(err, ERR_IO, errno, "cannot read the feed's file");
	reading->fd = fd;
	reading->packed = (uint64_t)size;
	reading->archive = archive_read_new();
	if (!reading->archive)
		return err_memory(err);
	(void)archive_read_support_format_zip_seekable(reading->archive);
	(void)archive_read_support_format_tar(reading->archive);
	(void)archive_read_support_filter_gzip(reading->archive);
	(void)archive_read_support_filter_zstd(reading->archive);
	(void)archive_read_support_filter_xz(reading->archive);
	(void)archive_read_support_filter_bzip2(reading->archive);
	(void)archive_read_set_read_callback(reading->archive, read_block);
	(void)archive_read_set_skip_callback(reading->archive, skip_bytes);
	(void)archive_read_set_seek_callback(reading->archive, seek_to);
	(void)archive_read_set_callback_data(reading->archive, reading);
	if (archive_read_open1(reading->archive) != ARCHIVE_OK)
		return failed(reading->archive, err);
	return 0;
}

/* What came out altogether stays in proportion to what went in. */
static int
account(struct reading *reading, uint64_t n, struct err *err)
{
	reading->inflated += n;
	if (reading->inflated > FEED_ARCHIVE_MAX)
		return err_set(err, ERR_LIMIT, "archive of more than %lu bytes", FEED_ARCHIVE_MAX);
	if (reading->inflated > FEED_RATIO_GRACE &&
	    reading->inflated / FEED_RATIO_MAX > reading->packed)
		return err_set(err, ERR_LIMIT, "archive inflates more than %d times",
			       FEED_RATIO_MAX);
	return 0;
}

/* The whole of a member into reading->bytes. */
static int
read_member(struct reading *reading, struct err *err)
{
	la_ssize_t got;

	reading->bytes.n = 0;
	do {
		int r = buf_reserve(&reading->bytes, BLOCK, err);
		if (r < 0)
			return r;
		got = archive_read_data(reading->archive, reading->bytes.p + reading->bytes.n,
					BLOCK);
		if (got < 0)
			return failed(reading->archive, err);
		reading->bytes.n += (size_t)got;
		r = account(reading, (uint64_t)got, err);
		if (r < 0)
			return r;
	} while (got > 0);
	if (reading->bytes.n > FEED_MEMBER_MAX)
		return err_set(err, ERR_LIMIT, "member longer than %lu bytes", FEED_MEMBER_MAX);
	return 0;
}

int
feed_archive_each(int fd, feed_archive_visitor *each, void *context, struct err *err)
{
	CLEANUP(reading_cleanup)
	struct reading reading = {.fd = -1, .bytes = {.max = FEED_MEMBER_MAX + BLOCK}};
	struct archive_entry *entry;
	int r = open_archive(fd, &reading, err);
	int code;

	if (r < 0)
		return r;
	while ((code = archive_read_next_header(reading.archive, &entry)) == ARCHIVE_OK ||
	       code == ARCHIVE_WARN) {
		const char *name = archive_entry_pathname(entry);

		if (++reading.members > FEED_MEMBERS_MAX)
			return err_set(err, ERR_LIMIT, "archive of more than %d members",
				       FEED_MEMBERS_MAX);
		if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
			continue;
		r = read_member(&reading, err);
		if (r == 0)
			r = each(context, span_from(name ? name : "?"), buf_span(&reading.bytes),
				 err);
		if (r != 0)
			return r < 0 ? err_wrap(err, "%.80s", name ? name : "?") : r;
	}
	return code == ARCHIVE_EOF ? 0 : failed(reading.archive, err);
}
