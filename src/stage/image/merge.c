/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the layers' indexes -> entries of the image. */
#include "base/cleanup.h"
#include "base/limits.h"
#include "model/image_builder.h"
#include "stage/image/parts.h"

#include <stdlib.h>

struct merge {
	struct draft *draft;
	struct image_builder *builder;
	uint32_t layer;
	size_t warnings;
};

/* A name that starts with ".wh." (layer.md, "Whiteouts"). */
static int
add_whiteout(struct merge *merge, struct span folder, struct span name, struct err *err)
{
	char path[2 * IMAGE_PATH_MAX + 2];
	struct span hidden = span_slice(name, 4, name.n);

	if (span_equal(name, SPAN(".wh..wh..opq")))
		return image_builder_opaque(merge->builder, folder.n ? folder : SPAN("/"),
					    merge->layer, err);
	if (span_starts_with(name, SPAN(".wh..wh.")))
		return 0; /* aufs's own: .wh..wh.plnk, .wh..wh.orph, .wh..wh.aufs */
	if (hidden.n == 0 || span_equal(hidden, SPAN(".")) || span_equal(hidden, SPAN("..")))
		return err_set(err, ERR_INVALID, "a whiteout of no name: %.*s", SPAN_ARG(name));
	if (folder.n + hidden.n > sizeof(path))
		return err_set(err, ERR_LIMIT, "path too long (IMAGE_PATH_MAX %d)", IMAGE_PATH_MAX);
	memcpy(path, folder.p, folder.n);
	memcpy(path + folder.n, hidden.p, hidden.n);
	return image_builder_whiteout(merge->builder, (struct span){path, folder.n + hidden.n},
				      merge->layer, err);
}

static int
add_warning(struct merge *merge, const struct layer_record *record, struct err *err)
{
	enum { WARNINGS_MAX = 16 };

	if (record->warning.n == 0 || merge->warnings++ >= WARNINGS_MAX)
		return 0;
	return draft_add_gap(merge->draft, record->entry.path, record->warning, err);
}

static int
add_record(void *context, const struct layer_record *record, struct err *err)
{
	struct merge *merge = context;
	struct image_entry entry = record->entry;
	struct span path = entry.path;
	int r = add_warning(merge, record, err);

	if (r < 0)
		return r;
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;

	size_t slash = span_find_last(path, '/');
	size_t start = slash == path.n ? 0 : slash + 1;
	struct span name = span_slice(path, start, path.n);
	if (span_starts_with(name, SPAN(".wh.")))
		return add_whiteout(merge, span_slice(path, 0, start), name, err);
	entry.layer = merge->layer;
	return image_builder_add(merge->builder, &entry, record->hardlink, record->xattrs,
				 record->xattr_count, record->extents, record->extent_count, err);
}

static int
merge_layers(struct merge *merge, size_t *ret_damaged, struct err *err)
{
	struct draft *draft = merge->draft;

	for (size_t i = 0; i < draft->image->layer_count; i++) {
		bool damaged = false;

		merge->layer = (uint32_t)i;
		int r = cache_layer_each(&draft->layers[i].cached, add_record, merge, &damaged,
					 err);
		if (damaged)
			*ret_damaged = i;
		if (r < 0)
			return err_wrap(err, "layer %zu", i + 1);
	}
	return 0;
}

int
draft_merge(struct draft *draft, size_t *ret_damaged, struct err *err)
{
	struct image *image = draft->image;
	CLEANUP(image_builder_cleanup)
	struct image_builder *builder = image_builder_new(image->arena);
	struct merge merge = {.draft = draft, .builder = builder};
	size_t gaps = draft->gaps.count;

	*ret_damaged = SIZE_MAX;
	if (!builder)
		return err_memory(err);
	int r = merge_layers(&merge, ret_damaged, err);
	if (r < 0) {
		draft->gaps.count = gaps; /* of records that do not count */
		return r;
	}
	image->gaps.items = arena_array(image->arena, draft->gaps.count + 1, sizeof(struct gap));
	if (!image->gaps.items)
		return err_memory(err);
	for (size_t i = 0; i < draft->gaps.count; i++)
		image->gaps.items[i] = draft->gaps.items[i];
	image->gaps.count = draft->gaps.count;
	return image_builder_finish(builder, image, err);
}
