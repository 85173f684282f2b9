/* SPDX-License-Identifier: Apache-2.0 */
#include "port/feed_file.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <unistd.h>

enum { BLOCK = 128 * 1024 };

struct feed_file {
	struct archive *archive;
	int fd;
	uint64_t at;
	uint64_t total;
	bool empty;
	bool plain; /* not packed: read without libarchive, from `at` on */
	char block[BLOCK];
};

static int
failed(struct archive *archive, struct err *err)
{
	const char *text = archive_error_string(archive);
	enum err_kind kind = archive_errno(archive) == ENOMEM ? ERR_MEMORY : ERR_INVALID;

	return err_set(err, kind, "cannot inflate: %.150s", text ? text : "malformed");
}

/* By position: several processes read one descriptor. */
static la_ssize_t
read_block(struct archive *archive, void *context, const void **ret)
{
	struct feed_file *file = context;
	ssize_t n = TEMP_FAILURE_RETRY(
		pread(file->fd, file->block, sizeof(file->block), (off_t)file->at));

	if (n < 0)
		archive_set_error(archive, errno, "cannot read");
	else
		file->at += (uint64_t)n;
	*ret = file->block;
	return n;
}

int
feed_file_open(int fd, struct feed_file **ret, struct err *err)
{
	CLEANUP(feed_file_cleanup) struct feed_file *file = calloc(1, sizeof(*file));
	struct archive_entry *entry;

	if (!file)
		return err_memory(err);
	file->archive = archive_read_new();
	if (!file->archive)
		return err_memory(err);
	file->fd = fd;
	(void)archive_read_support_filter_gzip(file->archive);
	(void)archive_read_support_filter_zstd(file->archive);
	(void)archive_read_support_filter_bzip2(file->archive);
	(void)archive_read_support_format_raw(file->archive);
	(void)archive_read_support_format_empty(file->archive);
	if (archive_read_open(file->archive, file, NULL, read_block, NULL) != ARCHIVE_OK)
		return failed(file->archive, err);
	int code = archive_read_next_header(file->archive, &entry);
	file->empty = code == ARCHIVE_EOF;
	if (code != ARCHIVE_OK && !file->empty)
		return failed(file->archive, err);
	file->plain = archive_filter_code(file->archive, 0) == ARCHIVE_FILTER_NONE;
	if (file->plain)
		file->at = 0;
	*ret = TAKE(file);
	return 0;
}

void
feed_file_free(struct feed_file *file)
{
	if (!file)
		return;
	(void)archive_read_free(file->archive);
	free(file);
}

void
feed_file_cleanup(struct feed_file **file)
{
	feed_file_free(*file);
	*file = NULL;
}

static int
read_plain(struct feed_file *file, void *p, size_t n, la_ssize_t *ret, struct err *err)
{
	ssize_t got = TEMP_FAILURE_RETRY(pread(file->fd, p, n, (off_t)file->at));

	if (got < 0)
		return err_sys(err, ERR_IO, errno, "cannot read");
	file->at += (uint64_t)got;
	*ret = got;
	return 0;
}

static int
read_file(void *context, void *p, size_t n, size_t *ret_n, struct err *err)
{
	struct feed_file *file = context;
	la_ssize_t got = 0;
	int r = file->plain ? read_plain(file, p, n, &got, err) : 0;

	if (r < 0)
		return r;
	if (!file->plain && !file->empty)
		got = archive_read_data(file->archive, p, n);
	if (got < 0)
		return failed(file->archive, err);
	file->total += (uint64_t)got;
	if (file->total > FEED_DOCUMENT_MAX)
		return err_set(err, ERR_LIMIT, "feed longer than %lu bytes", FEED_DOCUMENT_MAX);
	*ret_n = (size_t)got;
	return 0;
}

struct feed_input
feed_file_input(struct feed_file *file)
{
	return (struct feed_input){read_file, file};
}
