/* SPDX-License-Identifier: Apache-2.0 */
#include "port/feed_bundle.h"

#include "base/cleanup.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

struct feed_bundle {
	struct archive *archive;
	struct archive_entry *entry;
	struct buf *out;
	struct err problem; /* of taking what libarchive gives */
};

static const struct {
	int (*set_format)(struct archive *archive);
	int (*add_filter)(struct archive *archive);
	const char *options;
} formats[] = {
	[FEED_BUNDLE_ZIP] = {archive_write_set_format_zip, archive_write_add_filter_none,
			     "zip:compression=deflate,zip:compression-level=9"},
	[FEED_BUNDLE_TAR_ZSTD] = {archive_write_set_format_ustar, archive_write_add_filter_zstd,
				  "zstd:compression-level=19"},
};

static la_ssize_t
take(struct archive *archive, void *context, const void *p, size_t n)
{
	struct feed_bundle *bundle = context;

	(void)archive;
	return buf_append(bundle->out, (struct span){p, n}, &bundle->problem) < 0 ? -1
										  : (la_ssize_t)n;
}

static int
failed(const struct feed_bundle *bundle, struct err *err)
{
	const char *why = archive_error_string(bundle->archive);

	if (bundle->problem.kind != ERR_NONE) {
		*err = bundle->problem;
		return -(int)err->kind;
	}
	return err_set(err, ERR_IO, "cannot write an archive: %.150s", why ? why : "?");
}

int
feed_bundle_new(enum feed_bundle_format format, struct buf *out, struct feed_bundle **ret,
		struct err *err)
{
	CLEANUP(feed_bundle_cleanup) struct feed_bundle *bundle = calloc(1, sizeof(*bundle));

	if (!bundle)
		return err_memory(err);
	bundle->out = out;
	bundle->archive = archive_write_new();
	bundle->entry = archive_entry_new();
	if (!bundle->archive || !bundle->entry)
		return err_memory(err);
	if (formats[format].set_format(bundle->archive) != ARCHIVE_OK ||
	    formats[format].add_filter(bundle->archive) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(bundle->archive, 0) != ARCHIVE_OK ||
	    archive_write_set_options(bundle->archive, formats[format].options) != ARCHIVE_OK ||
	    archive_write_open(bundle->archive, bundle, NULL, take, NULL) != ARCHIVE_OK)
		return failed(bundle, err);
	*ret = TAKE(bundle);
	return 0;
}

int
feed_bundle_add(struct feed_bundle *bundle, const char *name, struct span bytes, struct err *err)
{
	archive_entry_clear(bundle->entry);
	archive_entry_set_pathname(bundle->entry, name);
	archive_entry_set_filetype(bundle->entry, AE_IFREG);
	archive_entry_set_perm(bundle->entry, 0644);
	archive_entry_set_size(bundle->entry, (la_int64_t)bytes.n);
	if (archive_write_header(bundle->archive, bundle->entry) != ARCHIVE_OK ||
	    archive_write_data(bundle->archive, bytes.p, bytes.n) != (la_ssize_t)bytes.n)
		return failed(bundle, err);
	return 0;
}

int
feed_bundle_finish(struct feed_bundle *bundle, struct err *err)
{
	return archive_write_close(bundle->archive) == ARCHIVE_OK ? 0 : failed(bundle, err);
}

void
feed_bundle_free(struct feed_bundle *bundle)
{
	if (!bundle)
		return;
	archive_entry_free(bundle->entry);
	(void)archive_write_free(bundle->archive);
	free(bundle);
}

void
feed_bundle_cleanup(struct feed_bundle **bundle)
{
	feed_bundle_free(*bundle);
	*bundle = NULL;
}
