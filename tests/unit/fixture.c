/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/vec.h"
#include "model/image_builder.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LAYERS = 16 };

static const uint32_t default_modes[] = {
	[IMAGE_FILE] = 0644,	  [IMAGE_DIRECTORY] = 0755, [IMAGE_SYMLINK] = 0777,
	[IMAGE_CHARACTER] = 0600, [IMAGE_BLOCK] = 0600,	    [IMAGE_FIFO] = 0600,
};

static int
write_content(int fd, const struct fixture_entry *from, struct image_entry *entry, struct err *err)
{
	struct span content = {from->content, from->size};
	off_t offset = lseek(fd, 0, SEEK_END);

	if (!from->content)
		return 0;
	if (content.n == 0)
		content.n = strlen(from->content);
	if (offset < 0)
		return err_sys(err, ERR_IO, errno, "cannot seek");
	entry->offset = (uint64_t)offset;
	entry->size = content.n;
	return fd_write_full(fd, content, err);
}

static int
add_entry(struct image_builder *builder, const struct fixture_entry *from, int fd, struct err *err)
{
	struct span path = span_from(from->path);
	struct image_xattr xattr = {span_from(from->xattr), span_from(from->xattr_value)};
	struct image_entry entry = {
		.path = path,
		.link = span_from(from->link),
		.type = from->type,
		.mode = from->mode ? from->mode : default_modes[from->type],
		.uid = from->uid,
		.gid = from->gid,
		.layer = from->layer,
		.device_major = from->device_major,
		.device_minor = from->device_minor,
		.mtime = from->mtime,
	};

	if (from->whiteout)
		return image_builder_whiteout(builder, path, from->layer, err);
	if (from->opaque)
		return image_builder_opaque(builder, path, from->layer, err);

	int r = write_content(fd, from, &entry, err);
	if (r < 0)
		return r;
	return image_builder_add(builder, &entry, span_from(from->hardlink), &xattr,
				 from->xattr ? 1 : 0, NULL, 0, err);
}

static int
make_layers(struct image *image, const struct fixture_entry *entries, size_t count, int *fds,
	    struct err *err)
{
	image->layer_count = 1;
	for (size_t i = 0; i < count; i++) {
		if (entries[i].layer >= image->layer_count)
			image->layer_count = entries[i].layer + 1;
	}
	if (image->layer_count > LAYERS)
		return err_set(err, ERR_LIMIT, "a fixture has at most %d layers", LAYERS);
	image->layers = arena_array(image->arena, image->layer_count, sizeof(*image->layers));
	if (!image->layers)
		return err_memory(err);
	for (size_t i = 0; i < image->layer_count; i++) {
		fds[i] = memfd_create("layer", MFD_CLOEXEC);
		if (fds[i] < 0)
			return err_sys(err, ERR_IO, errno, "cannot create a memory file");
	}
	return 0;
}

static int
fill(struct image *image, const struct fixture_entry *entries, size_t count, int *fds,
     struct err *err)
{
	CLEANUP(image_builder_cleanup)
	struct image_builder *builder = image_builder_new(image->arena);
	int r = make_layers(image, entries, count, fds, err);

	if (!builder)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_entry(builder, &entries[i], fds[entries[i].layer], err);
	return r < 0 ? r : image_builder_finish(builder, image, err);
}

int
fixture_make(const struct fixture_entry *entries, size_t count, struct fixture *ret,
	     struct err *err)
{
	struct arena *arena = arena_new(0);
	CLEANUP(image_cleanup)
	struct image *image = arena ? arena_alloc(arena, sizeof(*image)) : NULL;
	struct contents *contents;
	int fds[LAYERS];

	if (!image) {
		arena_free(arena);
		return err_memory(err);
	}
	image->arena = arena;
	image->reference = SPAN("fixture");
	image->config.architecture = SPAN("amd64");
	image->config.os = SPAN("linux");
	for (size_t i = 0; i < LAYERS; i++)
		fds[i] = -1;

	int r = fill(image, entries, count, fds, err);
	if (r == 0)
		r = contents_new(fds, image->layer_count, &contents, err);
	else
		for (size_t i = 0; i < LAYERS; i++)
			fd_cleanup(&fds[i]);
	if (r < 0)
		return r;
	*ret = (struct fixture){TAKE(image), contents};
	return 0;
}

void
fixture_free(struct fixture *fixture)
{
	image_cleanup(&fixture->image);
	contents_cleanup(&fixture->contents);
}
