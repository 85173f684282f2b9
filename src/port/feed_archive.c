/* SPDX-License-Identifier: Apache-2.0 */
#include "port/feed_archive.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 128 * 1024 };

struct reading {
	struct archive *archive;
	int fd;
	uint64_t packed; /* bytes of the archive */
	void *map;	 /* of a zip: all of them, else MAP_FAILED */
	int64_t at;	 /* of others, in the file: several processes read one descriptor */
	char block[BLOCK];
	uint64_t inflated;
	struct buf bytes; /* of the member that is read */
	feed_archive_filter *filter;
	void *context; /* the caller's */
};

static void
reading_cleanup(struct reading *reading)
{
	if (reading->map != MAP_FAILED)
		(void)munmap(reading->map, (size_t)reading->packed);
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

static int
open_archive(struct reading *reading, struct err *err)
{
	reading->archive = archive_read_new();
	if (!reading->archive)
		return err_memory(err);
	(void)archive_read_support_format_tar(reading->archive);
	(void)archive_read_support_filter_gzip(reading->archive);
	(void)archive_read_support_filter_zstd(reading->archive);
	(void)archive_read_support_filter_xz(reading->archive);
	(void)archive_read_support_filter_bzip2(reading->archive);
	(void)archive_read_set_read_callback(reading->archive, read_block);
	(void)archive_read_set_skip_callback(reading->archive, skip_bytes);
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

static int
check_size(uint64_t n, struct err *err)
{
	return n <= FEED_MEMBER_MAX
		       ? 0
		       : err_set(err, ERR_LIMIT, "member longer than %lu bytes", FEED_MEMBER_MAX);
}

static struct span
shown(struct span name)
{
	return span_slice(name, 0, name.n < 80 ? name.n : 80);
}

static bool
is_wanted(const struct reading *reading, struct span name)
{
	return !reading->filter || reading->filter(reading->context, name);
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
	return check_size(reading->bytes.n, err);
}

static int
check_count(uint64_t members, struct err *err)
{
	return members <= FEED_MEMBERS_MAX
		       ? 0
		       : err_set(err, ERR_LIMIT, "archive of more than %d members",
				 FEED_MEMBERS_MAX);
}

/* One member of an archive that is no zip. */
static int
read_entry(struct reading *reading, struct archive_entry *entry, feed_archive_visitor *each,
	   struct err *err)
{
	const char *path = archive_entry_pathname(entry);
	struct span name = span_from(path ? path : "?");

	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
		return 0;
	if (!is_wanted(reading, name)) {
		la_int64_t size = archive_entry_size(entry);

		return account(reading, size > 0 ? (uint64_t)size : 0, err);
	}
	int r = read_member(reading, err);
	if (r == 0)
		r = each(reading->context, name, buf_span(&reading->bytes), err);
	return r < 0 ? err_wrap(err, "%.*s", SPAN_ARG(shown(name))) : r;
}

static int
each_of_tar(struct reading *reading, feed_archive_visitor *each, struct err *err)
{
	struct archive_entry *entry;
	uint64_t members = 0;
	int r = open_archive(reading, err);
	int code;

	if (r < 0)
		return r;
	while ((code = archive_read_next_header(reading->archive, &entry)) == ARCHIVE_OK ||
	       code == ARCHIVE_WARN) {
		r = check_count(++members, err);
		if (r == 0)
			r = read_entry(reading, entry, each, err);
		if (r != 0)
			return r;
	}
	return code == ARCHIVE_EOF ? 0 : failed(reading->archive, err);
}

static bool
is_file(const struct zip_member *member)
{
	mode_t kind = member->mode & S_IFMT;

	return (kind == 0 || S_ISREG(kind)) && !span_ends_with(member->name, SPAN("/"));
}

/*
 * Small members by the hundred thousand: libarchive takes longer for the header of each, of which
 * nothing is wanted but the name, than there is to inflate.
 */
static int
each_of_zip(struct reading *reading, feed_archive_visitor *each, struct err *err)
{
	struct zip_member member;
	struct span bytes;
	struct zip zip;
	size_t at = 0;
	int more;

	reading->map = mmap(NULL, (size_t)reading->packed, PROT_READ, MAP_PRIVATE, reading->fd, 0);
	if (reading->map == MAP_FAILED)
		return err_sys(err, ERR_IO, errno, "cannot read the feed's file");
	int r = zip_open((struct span){reading->map, (size_t)reading->packed}, &zip, err);
	if (r == 0)
		r = check_count(zip.count, err);
	if (r < 0)
		return r;
	while ((more = zip_next(&zip, &at, &member, err)) > 0) {
		if (!is_file(&member))
			continue;
		r = check_size(member.size, err);
		if (r == 0)
			r = account(reading, member.size, err);
		if (r == 0 && !is_wanted(reading, member.name))
			continue;
		if (r == 0)
			r = zip_read(&zip, &member, &reading->bytes, &bytes, err);
		if (r == 0)
			r = each(reading->context, member.name, bytes, err);
		if (r != 0)
			return r < 0 ? err_wrap(err, "%.*s", SPAN_ARG(shown(member.name))) : r;
	}
	return more;
}

int
feed_archive_each(int fd, feed_archive_filter *filter, feed_archive_visitor *each, void *context,
		  struct err *err)
{
	CLEANUP(reading_cleanup)
	struct reading reading = {.fd = fd,
				  .map = MAP_FAILED,
				  .bytes = {.max = FEED_MEMBER_MAX + BLOCK},
				  .filter = filter,
				  .context = context};
	off_t size = lseek(fd, 0, SEEK_END); /* a confined process may not ask for more */
	char head[4];

	if (size < 0)
		return err_sys(err, ERR_IO, errno, "cannot read the feed's file");
	reading.packed = (uint64_t)size;
	if (reading.packed < sizeof(head))
		return err_set(err, ERR_INVALID, "cannot read the archive: malformed");
	int r = fd_pread_full(fd, head, sizeof(head), 0, err);
	if (r < 0)
		return r;
	return zip_is((struct span){head, sizeof(head)}) ? each_of_zip(&reading, each, err)
							 : each_of_tar(&reading, each, err);
}
