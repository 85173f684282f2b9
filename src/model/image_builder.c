/* SPDX-License-Identifier: Apache-2.0 */
#include "model/image_builder.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "model/image_builder/tree.h"

enum { XATTR_NAME_BYTES_MAX = 255 }; /* XATTR_NAME_MAX of linux/limits.h */

struct image_builder *
image_builder_new(struct arena *arena)
{
	CLEANUP(image_builder_cleanup) struct image_builder *builder = calloc(1, sizeof(*builder));
	struct err ignored = ERR_INIT;
	uint32_t inode;
	uint32_t root;

	if (!builder)
		return NULL;
	builder->arena = arena;
	builder->paths = map_new(0);
	if (!builder->paths || builder_new_inode(builder, &builder_implied, &inode, &ignored) < 0 ||
	    builder_new_node(builder, SPAN("/"), 0, inode, 0, &root, &ignored) < 0)
		return NULL;
	return TAKE(builder);
}

void
image_builder_free(struct image_builder *builder)
{
	if (!builder)
		return;
	map_free(builder->paths);
	vec_free(&builder->nodes);
	vec_free(&builder->inodes);
	vec_free(&builder->xattrs);
	vec_free(&builder->extents);
	vec_free(&builder->gaps);
	vec_free(&builder->stack);
	free(builder);
}

void
image_builder_cleanup(struct image_builder **builder)
{
	image_builder_free(*builder);
	*builder = NULL;
}

static int
add_duplicate_gap(struct image_builder *builder, struct span path, uint32_t layer, struct err *err)
{
	enum { SHOWN = 16 };
	struct gap gap = {
		.subject = arena_copy(builder->arena, path),
		.text = arena_printf(builder->arena,
				     "stated twice in layer %u; the last one counts", layer + 1),
	};

	if (builder->duplicates++ >= SHOWN)
		return 0;
	if (!gap.subject.p || !gap.text.p)
		return err_memory(err);
	return vec_push(&builder->gaps, &gap, SHOWN, err);
}

static int
copy_xattrs(struct image_builder *builder, struct image_entry *entry,
	    const struct image_xattr *xattrs, size_t count, struct err *err)
{
	if (count > IMAGE_XATTRS_MAX)
		return err_set(err, ERR_LIMIT, "%zu extended attributes (IMAGE_XATTRS_MAX %d)",
			       count, IMAGE_XATTRS_MAX);
	entry->first_xattr = (uint32_t)builder->xattrs.count;
	entry->xattrs = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		struct image_xattr copy;

		if (xattrs[i].value.n > IMAGE_XATTR_MAX || xattrs[i].name.n > XATTR_NAME_BYTES_MAX)
			return err_set(err, ERR_LIMIT,
				       "extended attribute of %zu bytes (IMAGE_XATTR_MAX %lu)",
				       xattrs[i].value.n, IMAGE_XATTR_MAX);
		copy.name = arena_copy(builder->arena, xattrs[i].name);
		copy.value = arena_copy(builder->arena, xattrs[i].value);
		if (!copy.name.p || !copy.value.p)
			return err_memory(err);
		int r = vec_push(&builder->xattrs, &copy, UINT32_MAX, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
copy_extents(struct image_builder *builder, struct image_entry *entry,
	     const struct image_extent *extents, size_t count, struct err *err)
{
	if (count > IMAGE_SPARSE_MAX)
		return err_set(err, ERR_LIMIT, "%zu runs in a sparse file (IMAGE_SPARSE_MAX %d)",
			       count, IMAGE_SPARSE_MAX);
	entry->first_extent = (uint32_t)builder->extents.count;
	entry->extents = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		int r = vec_push(&builder->extents, &extents[i], IMAGE_EXTENTS_MAX, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The inode of a new entry: what a hard link names, or a new one. */
static int
make_inode(struct image_builder *builder, const struct image_entry *entry,
	   const struct image_xattr *xattrs, size_t xattr_count, const struct image_extent *extents,
	   size_t extent_count, uint32_t *ret, struct err *err)
{
	struct image_entry copy = *entry;
	int r;

	copy.path = (struct span){NULL, 0};
	copy.link = (struct span){NULL, 0};
	if (entry->type == IMAGE_SYMLINK) {
		if (entry->link.n == 0 || span_find(entry->link, '\0') < entry->link.n)
			return err_set(err, ERR_INVALID, "symbolic link without a usable target");
		if (entry->link.n > IMAGE_PATH_MAX)
			return err_set(err, ERR_LIMIT,
				       "link target of %zu bytes (IMAGE_PATH_MAX %d)",
				       entry->link.n, IMAGE_PATH_MAX);
		copy.link = arena_copy(builder->arena, entry->link);
		if (!copy.link.p)
			return err_memory(err);
	}
	copy.mode &= 07777;
	if (copy.type != IMAGE_FILE)
		copy.size = 0;
	r = copy_xattrs(builder, &copy, xattrs, xattr_count, err);
	if (r == 0)
		r = copy_extents(builder, &copy, extents, extent_count, err);
	return r < 0 ? r : builder_new_inode(builder, &copy, ret, err);
}

static int
find_hardlink(struct image_builder *builder, struct span target, uint32_t *ret, struct err *err)
{
	struct span path;
	uint32_t parent;
	uint32_t node;
	bool found;
	int r = builder_normalise(builder, target, &path, err);

	if (r < 0)
		return r;
	r = builder_locate(builder, path, NO_LAYER, &parent, &path, &found, err);
	if (r < 0)
		return r;
	if (!found || !builder_find(builder, path, &node))
		return err_set(err, ERR_INVALID, "hard link to %.*s, which is not there",
			       SPAN_ARG(target));
	if (builder_entry(builder, node)->type == IMAGE_DIRECTORY)
		return err_set(err, ERR_INVALID, "hard link to the folder %.*s", SPAN_ARG(target));
	*ret = builder->nodes.items[node].inode;
	return 0;
}

/* Puts an inode at a path where something stands: only folders on folders keep what is below. */
static int
replace(struct image_builder *builder, uint32_t index, uint32_t inode, uint32_t layer,
	struct err *err)
{
	enum image_type old = builder_entry(builder, index)->type;
	enum image_type new = builder->inodes.items[inode].entry.type;
	struct node *node = &builder->nodes.items[index];
	int r = 0;

	if (index == 0 && new != IMAGE_DIRECTORY)
		return err_set(err, ERR_INVALID, "the root of the image is not a folder");
	if (node->born == layer && builder_entry(builder, index)->layer == layer &&
	    (old != IMAGE_DIRECTORY || new != IMAGE_DIRECTORY))
		r = add_duplicate_gap(builder, node->path, layer, err);
	if (r == 0 && new != IMAGE_DIRECTORY)
		r = builder_clear_below(builder, index, NO_LAYER, err);
	node->inode = inode;
	node->born = layer;
	return r;
}

static int
add(struct image_builder *builder, const struct image_entry *entry, struct span hardlink,
    const struct image_xattr *xattrs, size_t xattr_count, const struct image_extent *extents,
    size_t extent_count, struct err *err)
{
	struct span path;
	uint32_t inode;
	uint32_t index;
	uint32_t parent;
	bool found;
	int r = hardlink.n ? find_hardlink(builder, hardlink, &inode, err)
			   : make_inode(builder, entry, xattrs, xattr_count, extents, extent_count,
					&inode, err);

	if (r == 0)
		r = builder_normalise(builder, entry->path, &path, err);
	if (r != 0)
		return r;
	if (path.n == 1)
		return replace(builder, 0, inode, entry->layer, err);
	r = builder_locate(builder, path, entry->layer, &parent, &path, &found, err);
	if (r < 0)
		return r;
	if (!builder_find(builder, path, &index))
		return builder_new_node(builder, path, parent, inode, entry->layer, &index, err);
	if (hardlink.n && builder->nodes.items[index].inode == inode)
		return 0; /* a hard link to itself */
	return replace(builder, index, inode, entry->layer, err);
}

int
image_builder_add(struct image_builder *builder, const struct image_entry *entry,
		  struct span hardlink, const struct image_xattr *xattrs, size_t xattr_count,
		  const struct image_extent *extents, size_t extent_count, struct err *err)
{
	int r = add(builder, entry, hardlink, xattrs, xattr_count, extents, extent_count, err);

	return r < 0 ? err_wrap(err, "%.*s", entry->path.n < 80 ? (int)entry->path.n : 80,
				entry->path.p)
		     : 0;
}

/* The node at a path as whiteouts name it; false in *ret_found when nothing is there. */
static int
find_target(struct image_builder *builder, struct span raw, uint32_t *ret, bool *ret_found,
	    struct err *err)
{
	struct span path;
	uint32_t parent;
	int r = builder_normalise(builder, raw, &path, err);

	if (r < 0)
		return r;
	if (path.n == 1) {
		*ret = 0;
		*ret_found = true;
		return 0;
	}
	r = builder_locate(builder, path, NO_LAYER, &parent, &path, ret_found, err);
	if (r < 0 || !*ret_found)
		return r;
	*ret_found = builder_find(builder, path, ret);
	return 0;
}

int
image_builder_whiteout(struct image_builder *builder, struct span path, uint32_t layer,
		       struct err *err)
{
	uint32_t index;
	bool found;
	int r = find_target(builder, path, &index, &found, err);

	if (r < 0 || !found)
		return r;
	if (index == 0)
		return err_set(err, ERR_INVALID, "a whiteout of the image's root");
	if (builder->nodes.items[index].whitened == layer)
		return 0;
	builder->nodes.items[index].whitened = layer;
	r = builder_clear_below(builder, index, layer, err);

	struct node *node = &builder->nodes.items[index];
	if (r < 0 || node->born >= layer)
		return r;
	if (node->first_child == IMAGE_NONE)
		return builder_kill(builder, index, err);
	node->born = layer;
	return builder_new_inode(builder, &builder_implied, &node->inode, err);
}

int
image_builder_opaque(struct image_builder *builder, struct span path, uint32_t layer,
		     struct err *err)
{
	uint32_t index;
	bool found;
	int r = find_target(builder, path, &index, &found, err);

	if (r < 0 || !found || builder->nodes.items[index].cleared == layer)
		return r;
	builder->nodes.items[index].cleared = layer;
	return builder_clear_below(builder, index, layer, err);
}
