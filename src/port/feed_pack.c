/* SPDX-License-Identifier: Apache-2.0 */
#include "port/feed_pack.h"

#include <archive.h>
#include <archive_entry.h>

struct packing {
	struct buf *out;
	struct err *err;
};

static la_ssize_t
take(struct archive *archive, void *context, const void *p, size_t n)
{
	struct packing *packing = context;

	(void)archive;
	if (buf_append(packing->out, (struct span){p, n}, packing->err) < 0)
		return -1;
	return (la_ssize_t)n;
}

/* No time and no name in the header; the best that does not take minutes. */
static const struct {
	int (*add_filter)(struct archive *archive);
	const char *options;
} filters[] = {
	[FEED_PLAIN] = {archive_write_add_filter_none, NULL},
	[FEED_GZIP] = {archive_write_add_filter_gzip, "gzip:compression-level=9,gzip:!timestamp"},
	[FEED_ZSTD] = {archive_write_add_filter_zstd, "zstd:compression-level=19"},
	[FEED_BZIP2] = {archive_write_add_filter_bzip2, "bzip2:compression-level=9"},
};

static bool
write_all(struct archive *archive, struct archive_entry *entry, struct span text,
	  enum feed_packing packing, struct packing *context)
{
	archive_entry_set_pathname(entry, "feed");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, (la_int64_t)text.n);
	return archive_write_set_format_raw(archive) == ARCHIVE_OK &&
	       filters[packing].add_filter(archive) == ARCHIVE_OK &&
	       archive_write_set_bytes_per_block(archive, 0) == ARCHIVE_OK &&
	       (!filters[packing].options ||
		archive_write_set_options(archive, filters[packing].options) == ARCHIVE_OK) &&
	       archive_write_open(archive, context, NULL, take, NULL) == ARCHIVE_OK &&
	       archive_write_header(archive, entry) == ARCHIVE_OK &&
	       archive_write_data(archive, text.p, text.n) == (la_ssize_t)text.n &&
	       archive_write_close(archive) == ARCHIVE_OK;
}

int
feed_pack(struct span text, enum feed_packing packing, struct buf *ret, struct err *err)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	struct packing context = {ret, err};
	int r = 0;

	if (!archive || !entry) {
		r = err_memory(err);
	} else if (!write_all(archive, entry, text, packing, &context)) {
		const char *why = archive_error_string(archive);

		r = err->kind != ERR_NONE
			    ? -(int)err->kind
			    : err_set(err, ERR_IO, "cannot compress: %.150s", why ? why : "?");
	}
	archive_entry_free(entry);
	(void)archive_write_free(archive);
	return r;
}
