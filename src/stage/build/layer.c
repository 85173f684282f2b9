/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/build/layer.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "port/launcher.h"
#include "stage/build/stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <sys/stat.h>

enum { CHUNK = 1024 * 1024 };

struct layer {
	const struct layer_input *input;
	struct err *err;
	struct archive *tar;
	struct stream *stream;
	uint32_t *carrier; /* per inode: the entry written with its content, or IMAGE_NONE */
	uint32_t *rewrite; /* per inode: index in plan.rewrites + 1, or 0 */
	char *chunk;
	uint64_t done; /* content bytes */
	bool failed;   /* err is set; libarchive's callback takes nothing more */
};

static la_ssize_t
take_tar(struct archive *tar, void *context, const void *p, size_t n)
{
	struct layer *layer = context;

	if (layer->failed)
		return -1;
	if (stream_write(layer->stream, (struct span){p, n}, layer->err) < 0) {
		layer->failed = true;
		archive_set_error(tar, layer->err->sys, "%s", layer->err->text);
		return -1;
	}
	return (la_ssize_t)n;
}

/* After libarchive said no. */
static int
tar_failed(const struct layer *layer, struct span path)
{
	const char *text = archive_error_string(layer->tar);

	if (layer->failed)
		return -(int)layer->err->kind;
	return err_set(layer->err, ERR_INVALID, "%.*s cannot be written to a tar: %s",
		       path.n > 120 ? 120 : (int)path.n, path.p, text ? text : "?");
}

static int
write_bytes(struct layer *layer, const struct image_entry *entry, const char *p, size_t n)
{
	while (n > 0) {
		la_ssize_t done = archive_write_data(layer->tar, p, n);

		if (done <= 0)
			return tar_failed(layer, entry->path);
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

static int
write_zeroes(struct layer *layer, const struct image_entry *entry, uint64_t n)
{
	memset(layer->chunk, 0, n < CHUNK ? (size_t)n : CHUNK);
	while (n > 0) {
		size_t part = n < CHUNK ? (size_t)n : CHUNK;
		int r = write_bytes(layer, entry, layer->chunk, part);

		if (r < 0)
			return r;
		n -= part;
	}
	return 0;
}

/* `n` bytes from the layer's tar. */
static int
copy_range(struct layer *layer, const struct image_entry *inode, uint64_t offset, uint64_t n)
{
	int fd = contents_layer_fd(layer->input->contents, inode->layer);

	if (fd < 0)
		return err_set(layer->err, ERR_INVALID, "%.*s has no content",
			       SPAN_ARG(inode->path));
	while (n > 0) {
		size_t part = n < CHUNK ? (size_t)n : CHUNK;

		if (fd_pread_full(fd, layer->chunk, part, offset, layer->err) < 0)
			return err_wrap(layer->err, "%.*s", SPAN_ARG(inode->path));
		int r = write_bytes(layer, inode, layer->chunk, part);
		if (r < 0)
			return r;
		offset += part;
		n -= part;
	}
	return 0;
}

/* libarchive leaves the holes out by the sparse map, but wants their zeroes. */
static int
copy_sparse(struct layer *layer, const struct image_entry *inode)
{
	uint64_t at = 0;

	for (uint32_t i = 0; i < inode->extents; i++) {
		const struct image_extent *extent =
			&layer->input->image->extents[inode->first_extent + i];

		if (extent->file_offset < at || extent->file_offset > inode->size ||
		    extent->length > inode->size - extent->file_offset)
			return err_set(layer->err, ERR_INVALID, "%.*s: bad sparse map",
				       SPAN_ARG(inode->path));
		int r = write_zeroes(layer, inode, extent->file_offset - at);
		if (r == 0)
			r = copy_range(layer, inode, extent->layer_offset, extent->length);
		if (r < 0)
			return r;
		at = extent->file_offset + extent->length;
	}
	return write_zeroes(layer, inode, inode->size - at);
}

static const struct plan_rewrite *
rewrite_of(const struct layer *layer, const struct image_entry *entry)
{
	uint32_t index = layer->rewrite[entry->inode];

	return index ? &layer->input->plan->rewrites[index - 1] : NULL;
}

static int
write_content(struct layer *layer, const struct image_entry *entry)
{
	const struct image_entry *inode = &layer->input->image->entries[entry->inode];
	const struct plan_rewrite *rewrite = rewrite_of(layer, entry);
	int r = 0;

	if (rewrite)
		r = write_bytes(layer, entry, rewrite->content.p, rewrite->content.n);
	else if (inode->extents)
		r = copy_sparse(layer, inode);
	else
		r = copy_range(layer, inode, inode->offset, inode->size);
	layer->done += inode->size;
	return r;
}

static const mode_t file_types[] = {
	[IMAGE_FILE] = S_IFREG,	     [IMAGE_DIRECTORY] = S_IFDIR, [IMAGE_SYMLINK] = S_IFLNK,
	[IMAGE_CHARACTER] = S_IFCHR, [IMAGE_BLOCK] = S_IFBLK,	  [IMAGE_FIFO] = S_IFIFO,
};

/* libarchive would write these percent-encoded, which no reader undoes. */
static bool
xattr_is_writable(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] < 33 || name.p[i] > 126 || name.p[i] == '%' || name.p[i] == '=')
			return false;
	}
	return name.n > 0;
}

static int
set_xattrs(const struct layer *layer, const struct image_entry *inode, struct archive_entry *to)
{
	for (uint32_t i = 0; i < inode->xattrs; i++) {
		const struct image_xattr *xattr =
			&layer->input->image->xattrs[inode->first_xattr + i];
		char name[IMAGE_NAME_MAX + 1];

		if (!xattr_is_writable(xattr->name) || xattr->name.n > IMAGE_NAME_MAX)
			return err_set(layer->err, ERR_UNSUPPORTED,
				       "%.*s: the extended attribute \"%.*s\" cannot be written "
				       "to a tar",
				       inode->path.n > 80 ? 80 : (int)inode->path.n, inode->path.p,
				       xattr->name.n > 60 ? 60 : (int)xattr->name.n, xattr->name.p);
		(void)snprintf(name, sizeof(name), "%.*s", SPAN_ARG(xattr->name));
		archive_entry_xattr_add_entry(to, name, xattr->value.p, xattr->value.n);
	}
	return 0;
}

static void
set_sparse(const struct layer *layer, const struct image_entry *inode, struct archive_entry *to)
{
	bool any = false;

	for (uint32_t i = 0; i < inode->extents; i++) {
		const struct image_extent *extent =
			&layer->input->image->extents[inode->first_extent + i];

		if (extent->length == 0)
			continue;
		any = true;
		archive_entry_sparse_add_entry(to, (la_int64_t)extent->file_offset,
					       (la_int64_t)extent->length);
	}
	if (inode->extents && !any) /* all hole */
		archive_entry_sparse_add_entry(to, (la_int64_t)inode->size, 0);
}

/* Metadata is the inode's: hard links share it. */
static int
set_metadata(const struct layer *layer, const struct image_entry *entry, struct archive_entry *to)
{
	const struct image_entry *inode = &layer->input->image->entries[entry->inode];
	const struct plan_rewrite *rewrite = rewrite_of(layer, entry);

	archive_entry_set_filetype(to, (unsigned)file_types[inode->type]);
	archive_entry_set_perm(to, (mode_t)inode->mode);
	archive_entry_set_uid(to, inode->uid);
	archive_entry_set_gid(to, inode->gid);
	archive_entry_set_mtime(to, inode->mtime, (long)inode->mtime_ns);
	if (inode->type == IMAGE_CHARACTER || inode->type == IMAGE_BLOCK) {
		archive_entry_set_rdevmajor(to, (dev_t)inode->device_major);
		archive_entry_set_rdevminor(to, (dev_t)inode->device_minor);
	}
	if (inode->type == IMAGE_SYMLINK)
		archive_entry_set_symlink(to, entry->link.p ? entry->link.p : "");
	if (inode->type == IMAGE_FILE) {
		uint64_t size = rewrite ? rewrite->content.n : inode->size;

		if (size > LAYER_INFLATED_MAX)
			return err_set(layer->err, ERR_LIMIT, "%.*s has %llu bytes (at most %llu)",
				       SPAN_ARG(entry->path), (unsigned long long)size,
				       (unsigned long long)LAYER_INFLATED_MAX);
		archive_entry_set_size(to, (la_int64_t)size);
		if (!rewrite)
			set_sparse(layer, inode, to);
	}
	return set_xattrs(layer, inode, to);
}

/* "usr/bin/env", "./" for the root; NUL-terminated. */
static const char *
tar_name(const struct image_entry *entry, char name[IMAGE_PATH_MAX + 1])
{
	if (entry->path.n == 1)
		return "./";
	(void)snprintf(name, IMAGE_PATH_MAX + 1, "%.*s", (int)entry->path.n - 1, entry->path.p + 1);
	return name;
}

static bool
is_ascii(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	}
	return true;
}

/*
 * In the C locale (mohs sets no other) libarchive writes such names as raw bytes in a pax header
 * with hdrcharset=BINARY, and warns. There is nothing else it may warn of.
 */
static bool
has_other_bytes(const struct layer *layer, const struct image_entry *entry, uint32_t carrier)
{
	const struct image_entry *entries = layer->input->image->entries;

	return !is_ascii(entry->path) || !is_ascii(entry->link) ||
	       (carrier != IMAGE_NONE && !is_ascii(entries[carrier].path));
}

static int
write_header(struct layer *layer, uint32_t index, struct archive_entry *to)
{
	const struct image_entry *entries = layer->input->image->entries;
	const struct image_entry *entry = &entries[index];
	uint32_t carrier = layer->carrier[entry->inode];
	char name[IMAGE_PATH_MAX + 1];
	char target[IMAGE_PATH_MAX + 1];

	int r = set_metadata(layer, entry, to);
	if (r < 0)
		return r;
	archive_entry_set_pathname(to, tar_name(entry, name));
	if (carrier != IMAGE_NONE) {
		archive_entry_set_size(to, 0);
		archive_entry_sparse_clear(to);
		archive_entry_set_hardlink(to, tar_name(&entries[carrier], target));
	}
	r = archive_write_header(layer->tar, to);
	if (r == ARCHIVE_OK || (r == ARCHIVE_WARN && has_other_bytes(layer, entry, carrier)))
		return 0;
	return tar_failed(layer, entry->path);
}

static int
write_entry(struct layer *layer, uint32_t index)
{
	const struct image *image = layer->input->image;
	const struct image_entry *entry = &image->entries[index];
	struct archive_entry *to = archive_entry_new();

	if (!to)
		return err_memory(layer->err);
	bool first = layer->carrier[entry->inode] == IMAGE_NONE;
	int r = write_header(layer, index, to);
	archive_entry_free(to);
	if (r == 0 && first && image->entries[entry->inode].type == IMAGE_FILE)
		r = write_content(layer, entry);
	if (first)
		layer->carrier[entry->inode] = index;
	return r;
}

/* ---- what takes the place of a script or a shell ---- */

static int
write_extra(struct layer *layer, const char *name, mode_t type, mode_t mode, struct span content)
{
	const struct image_entry *root = &layer->input->image->entries[0];
	const struct image_entry shown = {.path = span_from(name)};
	struct archive_entry *to = archive_entry_new();

	if (!to)
		return err_memory(layer->err);
	archive_entry_set_pathname(to, name);
	archive_entry_set_filetype(to, (unsigned)type);
	archive_entry_set_perm(to, mode);
	archive_entry_set_mtime(to, root->mtime, 0);
	archive_entry_set_size(to, (la_int64_t)content.n);
	int r = archive_write_header(layer->tar, to);
	archive_entry_free(to);
	return r == ARCHIVE_OK ? write_bytes(layer, &shown, content.p, content.n)
			       : tar_failed(layer, shown.path);
}

static int
write_own(struct layer *layer)
{
	const struct plan *plan = layer->input->plan;
	bool starts = plan->start && plan->start->form == START_LAUNCHER;
	int r;

	if (!starts && !plan->commands)
		return 0;
	if (image_find(layer->input->image, SPAN("/.mohs")) != IMAGE_NONE)
		return err_set(layer->err, ERR_INVALID,
			       "the image has a /.mohs of its own, where mohs would put %s",
			       starts ? "its start" : "its commands");
	r = write_extra(layer, ".mohs", S_IFDIR, 0755, SPAN(""));
	if (r == 0 && plan->commands)
		r = write_extra(layer, ".mohs/commands", S_IFREG, 0755, launcher_commands());
	if (r == 0 && plan->commands)
		r = write_extra(layer, ".mohs/commands.json", S_IFREG, 0644, plan->commands->table);
	if (r == 0 && starts)
		r = write_extra(layer, ".mohs/start", S_IFREG, 0755, launcher_start());
	if (r == 0 && starts)
		r = write_extra(layer, ".mohs/start.json", S_IFREG, 0644, plan->start->plan);
	return r;
}

/* The next entry in path order, not entering folders that go. */
static uint32_t
next_entry(const struct layer *layer, uint32_t at)
{
	const struct image_entry *entries = layer->input->image->entries;

	if (layer->input->plan->entries[at].keep && entries[at].first_child != IMAGE_NONE)
		return entries[at].first_child;
	while (at != 0 && entries[at].next_sibling == IMAGE_NONE)
		at = entries[at].parent;
	return at == 0 ? IMAGE_NONE : entries[at].next_sibling;
}

static int
write_all(struct layer *layer)
{
	const struct layer_input *input = layer->input;
	uint32_t written = 0;
	uint32_t kept = 0;

	for (uint32_t at = 0; at != IMAGE_NONE; at = next_entry(layer, at)) {
		/* A root that no layer states is the runtime's to make. */
		bool implied = at == 0 && input->image->entries[0].layer == IMAGE_NONE;

		if (!input->plan->entries[at].keep)
			continue;
		int r = implied ? 0 : write_entry(layer, at);
		if (r == 0 && at == 0)
			r = write_own(layer);
		if (r < 0)
			return r;
		if (++written % 64 == 0)
			progress_step(input->progress, layer->done, input->plan->kept_bytes,
				      "writing the layer");
	}
	for (size_t i = 0; i < input->plan->entry_count; i++)
		kept += input->plan->entries[i].keep;
	if (written != kept)
		return err_set(layer->err, ERR_INVALID,
			       "the plan keeps %u paths, but the folders above %u of them go", kept,
			       kept - written);
	return 0;
}

/* pax headers only where ustar does not hold a value. */
static int
open_tar(struct layer *layer)
{
	layer->tar = archive_write_new();
	if (!layer->tar)
		return err_memory(layer->err);
	if (archive_write_set_format_pax(layer->tar) != ARCHIVE_OK ||
	    archive_write_set_format_option(layer->tar, "pax", "xattrheader", "SCHILY") !=
		    ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(layer->tar, CHUNK) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(layer->tar, 1) != ARCHIVE_OK ||
	    archive_write_open2(layer->tar, layer, NULL, take_tar, NULL, NULL) != ARCHIVE_OK)
		return tar_failed(layer, SPAN("/"));
	return 0;
}

static int
prepare(struct layer *layer, struct arena *arena)
{
	const struct image *image = layer->input->image;
	const struct plan *plan = layer->input->plan;

	layer->carrier = arena_array(arena, image->entry_count, sizeof(uint32_t));
	layer->rewrite = arena_array(arena, image->entry_count, sizeof(uint32_t));
	layer->chunk = arena_alloc(arena, CHUNK);
	if (!layer->carrier || !layer->rewrite || !layer->chunk)
		return err_memory(layer->err);
	for (size_t i = 0; i < image->entry_count; i++)
		layer->carrier[i] = IMAGE_NONE;
	for (size_t i = 0; i < plan->rewrite_count; i++) {
		uint32_t entry = plan->rewrites[i].entry;

		if (entry >= image->entry_count || image_inode(image, entry)->type != IMAGE_FILE)
			return err_set(layer->err, ERR_INVALID,
				       "the plan rewrites something that is no file");
		layer->rewrite[image->entries[entry].inode] = (uint32_t)i + 1;
	}
	return open_tar(layer);
}

int
layer_write(const struct layer_input *input, struct layer_output *ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(stream_cleanup) struct stream *stream = NULL;
	struct layer layer = {.input = input, .err = err};

	if (!arena)
		return err_memory(err);
	int r = stream_new(input, &stream, err);
	if (r < 0)
		return r;
	layer.stream = stream;
	r = prepare(&layer, arena);
	if (r == 0)
		r = write_all(&layer);
	if (r == 0 && archive_write_close(layer.tar) != ARCHIVE_OK)
		r = tar_failed(&layer, SPAN("/"));
	if (r < 0) {
		/* Only close releases libarchive's buffers; nothing more is written. */
		layer.failed = true;
		(void)archive_write_close(layer.tar);
	}
	(void)archive_write_free(layer.tar);
	return r < 0 ? r : stream_finish(stream, ret, err);
}
