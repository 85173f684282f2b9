/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/tar.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>

struct tar_reader {
	struct archive *archive;
	tar_source source;
	void *context;
	struct err failure; /* of source */
	const uint8_t *block;
	size_t block_size;
	uint64_t received;    /* bytes of all blocks, the current one included */
	uint64_t content_end; /* behind the last file's content, once all of it was there */
	size_t members;
	VEC(struct image_xattr) xattrs;
	VEC(struct image_extent) extents;
	struct layer_record record;
	char warning[160];
};

enum { TAR_BLOCK = 512 };

/*
 * Some writers leave out what fills the last file's block, and the end marker; other readers take
 * that as complete. Only behind the whole content: what is cut off inside it stays damage.
 */
static size_t
pad_end(struct tar_reader *reader, const void **ret)
{
	static const uint8_t zeroes[TAR_BLOCK];
	uint64_t end = (reader->content_end + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	size_t n = 0;

	if (reader->received >= reader->content_end && reader->received < end)
		n = (size_t)(end - reader->received);
	*ret = zeroes;
	return n;
}

static ssize_t
feed(struct archive *archive, void *context, const void **ret)
{
	struct tar_reader *reader = context;
	size_t n = 0;

	if (reader->source(reader->context, ret, &n, &reader->failure) < 0) {
		archive_set_error(archive, EIO, "%s", reader->failure.text);
		return ARCHIVE_FATAL;
	}
	if (n == 0)
		n = pad_end(reader, ret);
	reader->block = *ret;
	reader->block_size = n;
	reader->received += n;
	return (ssize_t)n;
}

static int
failed(const struct tar_reader *reader, struct err *err)
{
	const char *text = archive_error_string(reader->archive);
	int error = archive_errno(reader->archive);

	if (reader->failure.kind != ERR_NONE) {
		*err = reader->failure;
		return -(int)err->kind;
	}
	if (error == ENOMEM)
		return err_memory(err);
	return err_set(err, ERR_INVALID, "tar, near byte %lld: %s",
		       (long long)archive_filter_bytes(reader->archive, 0),
		       text ? text : "damaged");
}

int
tar_reader_new(tar_source source, void *context, struct tar_reader **ret, struct err *err)
{
	CLEANUP(tar_reader_cleanup) struct tar_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return err_memory(err);
	reader->source = source;
	reader->context = context;
	reader->archive = archive_read_new();
	if (!reader->archive)
		return err_memory(err);
	if (archive_read_support_format_tar(reader->archive) != ARCHIVE_OK ||
	    archive_read_open(reader->archive, reader, NULL, feed, NULL) != ARCHIVE_OK)
		return failed(reader, err);
	*ret = TAKE(reader);
	return 0;
}

void
tar_reader_free(struct tar_reader *reader)
{
	if (!reader)
		return;
	if (reader->archive)
		(void)archive_read_free(reader->archive);
	vec_free(&reader->xattrs);
	vec_free(&reader->extents);
	free(reader);
}

void
tar_reader_cleanup(struct tar_reader **reader)
{
	tar_reader_free(*reader);
	*reader = NULL;
}

static const struct {
	unsigned from;
	enum image_type to;
} types[] = {
	{AE_IFREG, IMAGE_FILE},	     {AE_IFDIR, IMAGE_DIRECTORY}, {AE_IFLNK, IMAGE_SYMLINK},
	{AE_IFCHR, IMAGE_CHARACTER}, {AE_IFBLK, IMAGE_BLOCK},	  {AE_IFIFO, IMAGE_FIFO},
};

static int
read_type(struct archive_entry *from, struct layer_record *record, struct err *err)
{
	unsigned type = archive_entry_filetype(from);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].from == type) {
			record->entry.type = types[i].to;
			return 0;
		}
	}
	if (record->hardlink.n) {
		record->entry.type = IMAGE_FILE;
		return 0;
	}
	return err_set(err, ERR_UNSUPPORTED, "a tar member of type %o", type);
}

static int
read_owner(struct archive_entry *from, struct image_entry *entry, struct err *err)
{
	int64_t uid = archive_entry_uid(from);
	int64_t gid = archive_entry_gid(from);

	if (uid < 0 || uid > UINT32_MAX || gid < 0 || gid > UINT32_MAX)
		return err_set(err, ERR_INVALID, "owner %lld:%lld does not fit into 32 bits",
			       (long long)uid, (long long)gid);
	entry->uid = (uint32_t)uid;
	entry->gid = (uint32_t)gid;
	entry->mode = archive_entry_perm(from) & 07777;
	entry->mtime = archive_entry_mtime(from);
	entry->mtime_ns = (uint32_t)archive_entry_mtime_nsec(from);
	if (entry->type == IMAGE_CHARACTER || entry->type == IMAGE_BLOCK) {
		entry->device_major = (uint32_t)archive_entry_rdevmajor(from);
		entry->device_minor = (uint32_t)archive_entry_rdevminor(from);
	}
	return 0;
}

/* Some programs write each attribute in two ways; the later one counts. */
static bool
replace_xattr(struct tar_reader *reader, const struct image_xattr *xattr)
{
	for (size_t i = 0; i < reader->xattrs.count; i++) {
		if (span_equal(reader->xattrs.items[i].name, xattr->name)) {
			reader->xattrs.items[i] = *xattr;
			return true;
		}
	}
	return false;
}

static int
read_xattrs(struct tar_reader *reader, struct archive_entry *from, struct err *err)
{
	struct image_xattr xattr;
	const char *name;
	const void *value;

	reader->xattrs.count = 0;
	(void)archive_entry_xattr_reset(from);
	while (archive_entry_xattr_next(from, &name, &value, &xattr.value.n) == ARCHIVE_OK) {
		xattr.name = span_from(name);
		xattr.value.p = value;
		if (xattr.value.n > IMAGE_XATTR_MAX)
			return err_set(err, ERR_LIMIT,
				       "extended attribute of %zu bytes (IMAGE_XATTR_MAX %lu)",
				       xattr.value.n, IMAGE_XATTR_MAX);
		if (replace_xattr(reader, &xattr))
			continue;
		int r = vec_push(&reader->xattrs, &xattr, IMAGE_XATTRS_MAX, err);
		if (r < 0)
			return err_wrap(err, "extended attributes (IMAGE_XATTRS_MAX)");
	}
	reader->record.xattrs = reader->xattrs.items;
	reader->record.xattr_count = reader->xattrs.count;
	return 0;
}

/* Adds a run of content; runs that touch in the file and in the stream become one. */
static int
add_extent(struct tar_reader *reader, uint64_t file_offset, uint64_t layer_offset, uint64_t length,
	   struct err *err)
{
	struct image_extent extent = {file_offset, layer_offset, length};

	if (reader->extents.count > 0) {
		struct image_extent *last = &reader->extents.items[reader->extents.count - 1];

		if (file_offset < last->file_offset + last->length)
			return err_set(err, ERR_INVALID, "overlapping runs in a sparse file");
		if (last->file_offset + last->length == file_offset &&
		    last->layer_offset + last->length == layer_offset) {
			last->length += length;
			return 0;
		}
	}
	int r = vec_push(&reader->extents, &extent, IMAGE_SPARSE_MAX, err);
	return r < 0 ? err_wrap(err, "sparse file (IMAGE_SPARSE_MAX)") : 0;
}

/*
 * Passes over the content and notes where it stands: libarchive's position when it hands out a
 * block is that of the block's first byte.
 */
static int
read_content(struct tar_reader *reader, struct image_entry *entry, struct err *err)
{
	const void *p;
	size_t n;
	int64_t offset;
	int code;

	reader->extents.count = 0;
	entry->offset = (uint64_t)archive_filter_bytes(reader->archive, 0);
	while ((code = archive_read_data_block(reader->archive, &p, &n, &offset)) == ARCHIVE_OK) {
		uint64_t at = (uint64_t)archive_filter_bytes(reader->archive, 0);

		if (n == 0)
			continue;
		if (offset < 0 || (uint64_t)offset > entry->size ||
		    n > entry->size - (uint64_t)offset)
			return err_set(err, ERR_INVALID, "content behind the end of the file");
		if ((uint64_t)offset + n == entry->size)
			reader->content_end = at + n;
		int r = add_extent(reader, (uint64_t)offset, at, n, err);
		if (r < 0)
			return r;
	}
	return code == ARCHIVE_EOF ? 0 : failed(reader, err);
}

/* One run from the first byte to the last is no sparse file; a file of one hole has a run of 0. */
static int
set_extents(struct tar_reader *reader, struct err *err)
{
	struct layer_record *record = &reader->record;
	uint64_t size = record->entry.size;
	int r = 0;

	if (size > 0 && reader->extents.count == 0)
		r = add_extent(reader, size, record->entry.offset, 0, err);
	if (r < 0)
		return r;

	const struct image_extent *first = reader->extents.items;
	if (size == 0 || (first->file_offset == 0 && first->length == size)) {
		if (size > 0)
			record->entry.offset = first->layer_offset;
		return 0;
	}
	record->extents = first;
	record->extent_count = reader->extents.count;
	return 0;
}

static int
read_names(struct archive_entry *from, struct layer_record *record, struct err *err)
{
	const char *path = archive_entry_pathname(from);

	if (!path)
		return err_set(err, ERR_INVALID, "a tar member without a name");
	record->entry.path = span_from(path);
	record->entry.link = span_from(archive_entry_symlink(from));
	record->hardlink = span_from(archive_entry_hardlink(from));
	if (record->entry.path.n > IMAGE_RAW_PATH_MAX || record->entry.link.n > IMAGE_PATH_MAX ||
	    record->hardlink.n > IMAGE_RAW_PATH_MAX)
		return err_set(err, ERR_LIMIT,
			       "path or link too long (IMAGE_PATH_MAX %d): %.80s...",
			       IMAGE_PATH_MAX, path);
	return 0;
}

/* Names stay the bytes they are, so that libarchive's complaint on converting them is none. */
static void
read_warning(struct tar_reader *reader, struct layer_record *record)
{
	const char *text = archive_error_string(reader->archive);

	if (!text || strstr(text, "can't be converted"))
		return;
	(void)snprintf(reader->warning, sizeof(reader->warning), "%s", text);
	record->warning = span_from(reader->warning);
}

static int
read_member(struct tar_reader *reader, struct archive_entry *from, struct err *err)
{
	struct layer_record *record = &reader->record;
	int r = read_names(from, record, err);

	if (r == 0)
		r = read_type(from, record, err);
	if (r == 0)
		r = read_owner(from, &record->entry, err);
	if (r == 0)
		r = read_xattrs(reader, from, err);
	if (r < 0)
		return r;

	int64_t size = archive_entry_size(from);
	bool content = record->entry.type == IMAGE_FILE && !record->hardlink.n;
	if (size < 0)
		return err_set(err, ERR_INVALID, "negative size");
	record->entry.size = content ? (uint64_t)size : 0;
	if (!content)
		return 0; /* what it holds all the same is passed over by the next header */
	r = read_content(reader, &record->entry, err);
	return r < 0 ? r : set_extents(reader, err);
}

/* What is left of the stream behind the end marker must be zeroes. */
static int
read_tail(struct tar_reader *reader, struct err *err)
{
	uint64_t at = (uint64_t)archive_filter_bytes(reader->archive, 0);
	size_t unread = (size_t)(reader->received > at ? reader->received - at : 0);
	const void *ignored;

	if (unread > reader->block_size)
		unread = reader->block_size;
	while (reader->block_size > 0) {
		const uint8_t *p = reader->block + (reader->block_size - unread);

		if (unread > 0 && (p[0] != 0 || memcmp(p, p + 1, unread - 1) != 0))
			return err_set(err, ERR_INVALID, "something stands behind the tar's end");
		if (feed(reader->archive, reader, &ignored) < 0)
			return failed(reader, err);
		unread = reader->block_size;
	}
	return 0;
}

int
tar_reader_next(struct tar_reader *reader, const struct layer_record **ret, struct err *err)
{
	struct archive_entry *entry;
	int code = archive_read_next_header(reader->archive, &entry);

	if (code == ARCHIVE_EOF) {
		int r = read_tail(reader, err);
		if (r == 0)
			*ret = NULL;
		return r;
	}
	if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
		return failed(reader, err);
	if (++reader->members > IMAGE_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d members (IMAGE_ENTRIES_MAX)",
			       IMAGE_ENTRIES_MAX);

	reader->record = (struct layer_record){0};
	if (code == ARCHIVE_WARN)
		read_warning(reader, &reader->record);
	int r = read_member(reader, entry, err);
	if (r < 0)
		return err_wrap(err, "%.80s",
				reader->record.entry.path.p ? reader->record.entry.path.p : "?");
	*ret = &reader->record;
	return 0;
}
