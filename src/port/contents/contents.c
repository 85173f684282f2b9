/* SPDX-License-Identifier: Apache-2.0 */
#include "port/contents.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { VERIFY_CHUNK = 256 * 1024 };

struct contents {
	size_t count;
	int fds[];
};

int
contents_new(const int *layer_fds, size_t count, struct contents **ret, struct err *err)
{
	struct contents *contents = calloc(1, sizeof(*contents) + count * sizeof(int));

	if (!contents) {
		for (size_t i = 0; i < count; i++) {
			int fd = layer_fds[i];
			fd_cleanup(&fd);
		}
		return err_memory(err);
	}
	contents->count = count;
	for (size_t i = 0; i < count; i++)
		contents->fds[i] = layer_fds[i];
	*ret = contents;
	return 0;
}

void
contents_free(struct contents *contents)
{
	if (!contents)
		return;
	for (size_t i = 0; i < contents->count; i++)
		fd_cleanup(&contents->fds[i]);
	free(contents);
}

void
contents_cleanup(struct contents **contents)
{
	contents_free(*contents);
	*contents = NULL;
}

int
contents_layer_fd(const struct contents *contents, uint32_t layer)
{
	return layer < contents->count ? contents->fds[layer] : -1;
}

/* Zeroes everywhere, then each extent that overlaps [offset, offset + n). */
static int
read_sparse(int fd, const struct image *image, const struct image_entry *inode, uint64_t offset,
	    char *p, size_t n, struct err *err)
{
	memset(p, 0, n);
	for (uint32_t i = 0; i < inode->extents; i++) {
		const struct image_extent *extent = &image->extents[inode->first_extent + i];
		uint64_t from = extent->file_offset > offset ? extent->file_offset : offset;
		uint64_t end = extent->file_offset + extent->length;
		uint64_t to = end < offset + n ? end : offset + n;

		if (from >= to)
			continue;
		int r = fd_pread_full(fd, p + (from - offset), (size_t)(to - from),
				      extent->layer_offset + (from - extent->file_offset), err);
		if (r < 0)
			return r;
	}
	return 0;
}

int
contents_read(const struct contents *contents, const struct image *image, uint32_t entry,
	      uint64_t offset, void *p, size_t n, size_t *ret_n, struct err *err)
{
	const struct image_entry *inode = image_inode(image, entry);
	int fd = contents_layer_fd(contents, inode->layer);
	int r = 0;

	if (inode->type != IMAGE_FILE || fd < 0)
		return err_set(err, ERR_INVALID, "%.*s has no content", SPAN_ARG(inode->path));
	if (offset >= inode->size)
		n = 0;
	else if (n > inode->size - offset)
		n = (size_t)(inode->size - offset);
	if (n > 0 && inode->extents)
		r = read_sparse(fd, image, inode, offset, p, n, err);
	else if (n > 0)
		r = fd_pread_full(fd, p, n, inode->offset + offset, err);
	if (r < 0)
		return err_wrap(err, "%.*s", SPAN_ARG(inode->path));
	*ret_n = n;
	return 0;
}

int
contents_load(const struct contents *contents, const struct image *image, uint32_t entry,
	      size_t max, struct arena *arena, struct span *ret, struct err *err)
{
	const struct image_entry *inode = image_inode(image, entry);
	size_t got = 0;

	if (inode->size > max)
		return err_set(err, ERR_LIMIT, "%.*s has %llu bytes (at most %zu)",
			       SPAN_ARG(inode->path), (unsigned long long)inode->size, max);
	char *p = arena_alloc(arena, (size_t)inode->size + 1);
	if (!p)
		return err_memory(err);
	int r = contents_read(contents, image, entry, 0, p, (size_t)inode->size, &got, err);
	if (r < 0)
		return r;
	*ret = (struct span){p, got};
	return 0;
}

static int
map_range(int fd, uint64_t offset, size_t n, struct contents_view *ret, struct err *err)
{
	uint64_t before = offset % (uint64_t)sysconf(_SC_PAGESIZE);
	char last;
	/* A look behind the end of the layer would end the process. */
	int r = fd_pread_full(fd, &last, 1, offset + n - 1, err);

	if (r < 0)
		return r;
	void *p = mmap(NULL, n + (size_t)before, PROT_READ, MAP_PRIVATE, fd,
		       (off_t)(offset - before));
	if (p == MAP_FAILED)
		return err_sys(err, ERR_IO, errno, "mapping");
	*ret = (struct contents_view){
		.bytes = {(const char *)p + before, n},
		.mapping = p,
		.mapped = n + (size_t)before,
	};
	return 0;
}

static int
copy_sparse(int fd, const struct image *image, const struct image_entry *inode,
	    struct contents_view *ret, struct err *err)
{
	CLEANUP(free_cleanup) char *p = malloc((size_t)inode->size);
	int r = p ? read_sparse(fd, image, inode, 0, p, (size_t)inode->size, err) : err_memory(err);

	if (r < 0)
		return r;
	*ret = (struct contents_view){.bytes = {p, (size_t)inode->size}, .copy = p};
	(void)TAKE(p);
	return 0;
}

int
contents_view(const struct contents *contents, const struct image *image, uint32_t entry,
	      size_t max, struct contents_view *ret, struct err *err)
{
	const struct image_entry *inode = image_inode(image, entry);
	int fd = contents_layer_fd(contents, inode->layer);
	int r;

	if (inode->type != IMAGE_FILE || fd < 0)
		return err_set(err, ERR_INVALID, "%.*s has no content", SPAN_ARG(inode->path));
	if (inode->size > max)
		return err_set(err, ERR_LIMIT, "%.*s has %llu bytes (at most %zu)",
			       SPAN_ARG(inode->path), (unsigned long long)inode->size, max);
	if (inode->size == 0) {
		*ret = (struct contents_view){.bytes = SPAN("")};
		return 0;
	}
	r = inode->extents ? copy_sparse(fd, image, inode, ret, err)
			   : map_range(fd, inode->offset, (size_t)inode->size, ret, err);
	return r < 0 ? err_wrap(err, "%.*s", SPAN_ARG(inode->path)) : 0;
}

void
contents_view_cleanup(struct contents_view *view)
{
	if (view->mapping)
		(void)munmap(view->mapping, view->mapped);
	free(view->copy);
	*view = (struct contents_view){.bytes = {NULL, 0}};
}

static int
verify_layer(int fd, const struct image_layer *layer, char *chunk, struct err *err)
{
	CLEANUP(digest_stream_cleanup) struct digest_stream *stream = digest_stream_new();
	char text[DIGEST_TEXT];
	struct digest found;

	if (!stream)
		return err_memory(err);
	for (uint64_t offset = 0; offset < layer->inflated; offset += VERIFY_CHUNK) {
		uint64_t left = layer->inflated - offset;
		size_t n = left < VERIFY_CHUNK ? (size_t)left : VERIFY_CHUNK;
		int r = fd_pread_full(fd, chunk, n, offset, err);

		if (r < 0)
			return r;
		digest_stream_update(stream, chunk, n);
	}
	digest_stream_finish(stream, &found);
	if (digest_equal(&found, &layer->diff_id))
		return 0;
	return err_set(err, ERR_DIGEST, "the cached layer %s has other bytes",
		       digest_format(&layer->diff_id, text));
}

int
contents_verify(const struct contents *contents, const struct image *image, struct err *err)
{
	CLEANUP(free_cleanup) char *chunk = malloc(VERIFY_CHUNK);
	int r = chunk ? 0 : err_memory(err);

	for (uint32_t i = 0; r == 0 && i < image->layer_count; i++)
		r = verify_layer(contents_layer_fd(contents, i), &image->layers[i], chunk, err);
	return r;
}

int
contents_confine(const struct contents *contents, const char *what, confine_function function,
		 void *context, struct buf *result, struct err *err)
{
	const struct confine_options options = {
		.what = what,
		.fds = contents->fds,
		.fd_count = contents->count,
		.memory = ANALYSIS_MEMORY_MAX,
	};

	return confine_run(&options, function, context, ANALYSIS_TIME_MS, result, NULL, err);
}
