/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "model/image_builder/tree.h"

static int
compare_names(const void *a, const void *b, void *context)
{
	const struct node *nodes = context;
	const struct node *left = &nodes[*(const uint32_t *)a];
	const struct node *right = &nodes[*(const uint32_t *)b];

	if (left->parent != right->parent)
		return left->parent < right->parent ? -1 : 1;
	return span_compare(left->path, right->path);
}

/* Rebuilds the child lists of all live nodes in name order. `order` has room for them. */
static void
sort_children(struct image_builder *builder, uint32_t *order)
{
	struct node *nodes = builder->nodes.items;
	size_t count = 0;

	for (uint32_t i = 1; i < builder->nodes.count; i++) {
		nodes[i].first_child = IMAGE_NONE;
		if (nodes[i].live)
			order[count++] = i;
	}
	nodes[0].first_child = IMAGE_NONE;
	qsort_r(order, count, sizeof(*order), compare_names, nodes);
	for (size_t i = count; i-- > 0;) {
		struct node *node = &nodes[order[i]];

		node->next = nodes[node->parent].first_child;
		nodes[node->parent].first_child = order[i];
	}
}

/* Live nodes in tree order: a folder, then all below it, siblings by name. */
static void
number_nodes(struct image_builder *builder, uint32_t *order)
{
	struct node *nodes = builder->nodes.items;
	uint32_t count = 0;
	uint32_t at = 0;

	for (;;) {
		nodes[at].index = count;
		order[count++] = at;
		if (nodes[at].first_child != IMAGE_NONE) {
			at = nodes[at].first_child;
			continue;
		}
		while (at != 0 && nodes[at].next == IMAGE_NONE)
			at = nodes[at].parent;
		if (at == 0)
			return;
		at = nodes[at].next;
	}
}

static uint32_t
index_of(const struct image_builder *builder, uint32_t node)
{
	return node == IMAGE_NONE ? IMAGE_NONE : builder->nodes.items[node].index;
}

static void
fill_entries(struct image_builder *builder, const uint32_t *order, struct image_entry *entries)
{
	for (size_t i = 0; i < builder->inodes.count; i++)
		builder->inodes.items[i].links = 0;
	for (uint32_t i = 0; i < builder->live; i++) {
		const struct node *node = &builder->nodes.items[order[i]];
		struct inode *inode = &builder->inodes.items[node->inode];

		if (inode->links++ == 0)
			inode->first = i;
		entries[i] = inode->entry;
		entries[i].path = node->path;
		entries[i].parent = index_of(builder, node->parent);
		entries[i].first_child = index_of(builder, node->first_child);
		entries[i].next_sibling = i == 0 ? IMAGE_NONE : index_of(builder, node->next);
		entries[i].inode = inode->first;
	}
	for (uint32_t i = 0; i < builder->live; i++)
		entries[i].links =
			builder->inodes.items[builder->nodes.items[order[i]].inode].links;
}

static int
fill_map(const struct image_entry *entries, size_t count, struct map *map, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = map_put(map, entries[i].path, i, err);
	return r;
}

/* The image's gaps so far, then ours. */
static int
fill_gaps(struct image_builder *builder, struct image *image, struct err *err)
{
	size_t hidden = builder->duplicates - builder->gaps.count;
	size_t count = image->gaps.count + builder->gaps.count + (hidden ? 1 : 0);
	struct gap *gaps = arena_array(builder->arena, count, sizeof(*gaps));
	size_t n = 0;

	if (count == 0)
		return 0;
	if (!gaps)
		return err_memory(err);
	for (size_t i = 0; i < image->gaps.count; i++)
		gaps[n++] = image->gaps.items[i];
	for (size_t i = 0; i < builder->gaps.count; i++)
		gaps[n++] = builder->gaps.items[i];
	if (hidden) {
		gaps[n].subject = SPAN("layers");
		gaps[n].text = arena_printf(builder->arena,
					    "%zu more paths are stated twice in one layer", hidden);
		if (!gaps[n++].text.p)
			return err_memory(err);
	}
	image->gaps = (struct gap_list){gaps, n};
	return 0;
}

int
image_builder_finish(struct image_builder *builder, struct image *image, struct err *err)
{
	CLEANUP(free_cleanup) uint32_t *order = calloc(builder->live, sizeof(*order));
	CLEANUP(map_cleanup) struct map *map = map_new(builder->live);
	struct image_entry *entries = arena_array(builder->arena, builder->live, sizeof(*entries));
	struct image_xattr *xattrs = vec_keep(&builder->xattrs, builder->arena);
	struct image_extent *extents = vec_keep(&builder->extents, builder->arena);

	if (!order || !map || !entries || !xattrs || !extents)
		return err_memory(err);
	sort_children(builder, order);
	number_nodes(builder, order);
	fill_entries(builder, order, entries);
	int r = fill_map(entries, builder->live, map, err);
	if (r == 0)
		r = fill_gaps(builder, image, err);
	if (r < 0)
		return r;
	image->entries = entries;
	image->entry_count = builder->live;
	image->xattrs = xattrs;
	image->extents = extents;
	map_free(image->by_path);
	image->by_path = TAKE(map);
	return 0;
}
