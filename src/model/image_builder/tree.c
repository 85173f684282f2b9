/* SPDX-License-Identifier: Apache-2.0 */
#include "model/image_builder/tree.h"

#include "base/limits.h"

#define DEAD UINT64_MAX /* value of a path that is gone, in builder->paths */

enum { IMPLIED_MODE = 0755 };

static void
unlink_child(struct image_builder *builder, uint32_t index)
{
	struct node *nodes = builder->nodes.items;
	struct node *node = &nodes[index];

	if (node->previous != IMAGE_NONE)
		nodes[node->previous].next = node->next;
	else
		nodes[node->parent].first_child = node->next;
	if (node->next != IMAGE_NONE)
		nodes[node->next].previous = node->previous;
}

static void
link_child(struct image_builder *builder, uint32_t parent, uint32_t index)
{
	struct node *nodes = builder->nodes.items;
	uint32_t first = nodes[parent].first_child;

	nodes[index].parent = parent;
	nodes[index].previous = IMAGE_NONE;
	nodes[index].next = first;
	if (first != IMAGE_NONE)
		nodes[first].previous = index;
	nodes[parent].first_child = index;
}

int
builder_new_inode(struct image_builder *builder, const struct image_entry *entry, uint32_t *ret,
		  struct err *err)
{
	struct inode inode = {.entry = *entry};
	int r = vec_push(&builder->inodes, &inode, 2 * (size_t)IMAGE_ENTRIES_MAX, err);

	if (r < 0)
		return err_wrap(err, "too many paths (IMAGE_ENTRIES_MAX %d)", IMAGE_ENTRIES_MAX);
	*ret = (uint32_t)(builder->inodes.count - 1);
	return 0;
}

const struct image_entry builder_implied = {
	.layer = IMAGE_NONE,
	.type = IMAGE_DIRECTORY,
	.mode = IMPLIED_MODE,
};

/* A new node with `inode` under `parent` (itself for the root). `path` is copied. */
int
builder_new_node(struct image_builder *builder, struct span path, uint32_t parent, uint32_t inode,
		 uint32_t layer, uint32_t *ret, struct err *err)
{
	struct node node = {
		.path = arena_copy(builder->arena, path),
		.parent = parent,
		.first_child = IMAGE_NONE,
		.previous = IMAGE_NONE,
		.next = IMAGE_NONE,
		.inode = inode,
		.born = layer,
		.cleared = NO_LAYER,
		.whitened = NO_LAYER,
		.live = true,
	};
	uint32_t index = (uint32_t)builder->nodes.count;

	if (!node.path.p)
		return err_memory(err);
	int r = vec_push(&builder->nodes, &node, IMAGE_ENTRIES_MAX, err);
	if (r < 0)
		return err_wrap(err, "too many paths (IMAGE_ENTRIES_MAX %d)", IMAGE_ENTRIES_MAX);
	r = map_put(builder->paths, node.path, index, err);
	if (r < 0) {
		builder->nodes.count--;
		return r;
	}
	builder->live++;
	if (index != parent)
		link_child(builder, parent, index);
	*ret = index;
	return 0;
}

bool
builder_find(const struct image_builder *builder, struct span path, uint32_t *ret)
{
	uint64_t index;

	if (!map_get(builder->paths, path, &index) || index == DEAD)
		return false;
	*ret = (uint32_t)index;
	return true;
}

const struct image_entry *
builder_entry(const struct image_builder *builder, uint32_t node)
{
	return &builder->inodes.items[builder->nodes.items[node].inode].entry;
}

/*
 * A path as a tar writes it to an absolute one without empty components, `.` and trailing slash,
 * in builder->path.
 */
int
builder_normalise(struct image_builder *builder, struct span raw, struct span *ret, struct err *err)
{
	struct span rest = raw;
	size_t depth = 0;
	size_t n = 0;

	if (raw.n == 0)
		return err_set(err, ERR_INVALID, "an entry without a name");
	if (raw.n > IMAGE_RAW_PATH_MAX)
		return err_set(err, ERR_LIMIT, "path of %zu bytes (IMAGE_RAW_PATH_MAX %d)", raw.n,
			       IMAGE_RAW_PATH_MAX);
	if (span_find(raw, '\0') < raw.n)
		return err_set(err, ERR_INVALID, "NUL in the path %.*s", SPAN_ARG(raw));
	while (rest.p) {
		struct span name = span_cut(&rest, '/');

		if (name.n == 0 || span_equal(name, SPAN(".")))
			continue;
		if (span_equal(name, SPAN("..")))
			return err_set(err, ERR_INVALID, "`..` in the path %.*s", SPAN_ARG(raw));
		if (name.n > IMAGE_NAME_MAX)
			return err_set(err, ERR_LIMIT, "name of %zu bytes (IMAGE_NAME_MAX %d)",
				       name.n, IMAGE_NAME_MAX);
		if (++depth > IMAGE_DEPTH_MAX)
			return err_set(err, ERR_LIMIT, "path too deep (IMAGE_DEPTH_MAX %d): %.60s",
				       IMAGE_DEPTH_MAX, builder->path);
		if (n + 1 + name.n > IMAGE_PATH_MAX)
			return err_set(err, ERR_LIMIT, "path too long (IMAGE_PATH_MAX %d): %.60s",
				       IMAGE_PATH_MAX, builder->path);
		builder->path[n++] = '/';
		memcpy(builder->path + n, name.p, name.n);
		n += name.n;
		builder->path[n] = '\0';
	}
	if (n == 0)
		builder->path[n++] = '/';
	*ret = (struct span){builder->path, n};
	return 0;
}

/* A walk to a folder that follows links; what is missing on the way is made when `layer` is set. */
struct walk {
	char text[2][2 * IMAGE_PATH_MAX + 2];
	char path[2 * IMAGE_PATH_MAX]; /* canonical path of `at` */
	int which;
	struct span rest;
	uint32_t at;
	int hops;
	uint32_t layer; /* NO_LAYER: make nothing */
};

static int
follow(struct walk *walk, struct span path, struct span target, struct err *err)
{
	char *to = walk->text[!walk->which];
	size_t n = target.n;

	if (++walk->hops > SYMLINK_HOPS_MAX)
		return err_set(err, ERR_INVALID, "too many symbolic links on the way at %.*s",
			       SPAN_ARG(path));
	if (target.n + 1 + walk->rest.n > sizeof(walk->text[0]))
		return err_set(err, ERR_LIMIT, "path too long behind the symbolic link %.*s",
			       SPAN_ARG(path));
	memcpy(to, target.p, target.n);
	if (walk->rest.p) {
		to[n++] = '/';
		memcpy(to + n, walk->rest.p, walk->rest.n);
		n += walk->rest.n;
	}
	walk->which = !walk->which;
	walk->rest = (struct span){to, n};
	if (target.p[0] == '/')
		walk->at = 0;
	return 0;
}

/* Into the child `name` of walk->at. *ret_found false: it is not there and was not to be made. */
static int
descend(struct image_builder *builder, struct walk *walk, struct span name, bool *ret_found,
	struct err *err)
{
	struct span at = builder->nodes.items[walk->at].path;
	size_t n = at.n == 1 ? 0 : at.n;
	uint32_t child;
	uint32_t inode;

	if (n + 1 + name.n > IMAGE_PATH_MAX || name.n > IMAGE_NAME_MAX)
		return err_set(err, ERR_LIMIT, "path too long (IMAGE_PATH_MAX %d) below %.60s",
			       IMAGE_PATH_MAX, at.p);
	memcpy(walk->path, at.p, n);
	walk->path[n] = '/';
	memcpy(walk->path + n + 1, name.p, name.n);

	struct span path = {walk->path, n + 1 + name.n};
	if (!builder_find(builder, path, &child)) {
		*ret_found = walk->layer != NO_LAYER;
		if (!*ret_found)
			return 0;
		int r = builder_new_inode(builder, &builder_implied, &inode, err);
		if (r < 0)
			return r;
		return builder_new_node(builder, path, walk->at, inode, walk->layer, &walk->at,
					err);
	}
	*ret_found = true;

	const struct image_entry *entry = builder_entry(builder, child);
	if (entry->type == IMAGE_SYMLINK)
		return follow(walk, path, entry->link, err);
	if (entry->type != IMAGE_DIRECTORY)
		return err_set(err, ERR_INVALID, "%.*s is on the way of a path, but is no folder",
			       SPAN_ARG(path));
	walk->at = child;
	return 0;
}

static int
walk_to(struct image_builder *builder, struct walk *walk, bool *ret_found, struct err *err)
{
	*ret_found = true;
	while (walk->rest.p && *ret_found) {
		struct span name = span_cut(&walk->rest, '/');

		if (++builder->steps > IMAGE_LINK_STEPS_MAX)
			return err_set(err, ERR_LIMIT, "too many symbolic links to follow");
		if (name.n == 0 || span_equal(name, SPAN(".")))
			continue;
		if (span_equal(name, SPAN(".."))) {
			walk->at = builder->nodes.items[walk->at].parent;
			continue;
		}
		int r = descend(builder, walk, name, ret_found, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * The folder of a normalised path (in builder->path), links on the way followed as inside the
 * image. *ret_path: the canonical path, in builder->path. *ret_found false: the folder is not
 * there (only without a layer).
 */
int
builder_locate(struct image_builder *builder, struct span path, uint32_t layer,
	       uint32_t *ret_parent, struct span *ret_path, bool *ret_found, struct err *err)
{
	size_t slash = span_find_last(path, '/');
	struct span folder = {path.p, slash ? slash : 1};
	struct span name = span_slice(path, slash + 1, path.n);
	struct walk walk;

	*ret_found = true;
	if (builder_find(builder, folder, ret_parent) &&
	    builder_entry(builder, *ret_parent)->type == IMAGE_DIRECTORY) {
		*ret_path = path;
		return 0;
	}

	walk.which = 0;
	walk.rest = folder;
	walk.at = 0;
	walk.hops = 0;
	walk.layer = layer;
	int r = walk_to(builder, &walk, ret_found, err);
	if (r < 0 || !*ret_found)
		return r;

	struct span at = builder->nodes.items[walk.at].path;
	size_t n = at.n == 1 ? 0 : at.n;
	if (n + 1 + name.n > IMAGE_PATH_MAX)
		return err_set(err, ERR_LIMIT, "path too long (IMAGE_PATH_MAX %d) below %.60s",
			       IMAGE_PATH_MAX, at.p);
	memmove(builder->path + n + 1, name.p, name.n);
	memcpy(builder->path, at.p, n);
	builder->path[n] = '/';
	*ret_path = (struct span){builder->path, n + 1 + name.n};
	*ret_parent = walk.at;
	return 0;
}

int
builder_kill(struct image_builder *builder, uint32_t index, struct err *err)
{
	struct node *node = &builder->nodes.items[index];

	unlink_child(builder, index);
	node->live = false;
	builder->live--;
	return map_put(builder->paths, node->path, DEAD, err);
}

/* Everything below `top`, a folder before what is in it, in builder->stack. */
static int
gather(struct image_builder *builder, uint32_t top, struct err *err)
{
	size_t next = 0;

	builder->stack.count = 0;
	for (uint32_t at = top;; at = builder->stack.items[next++]) {
		for (uint32_t child = builder->nodes.items[at].first_child; child != IMAGE_NONE;
		     child = builder->nodes.items[child].next) {
			int r = vec_push(&builder->stack, &child, IMAGE_ENTRIES_MAX, err);
			if (r < 0)
				return r;
		}
		if (next == builder->stack.count)
			return 0;
	}
}

/* Removes what lower layers than `layer` have below `top`; folders stay while they hold newer. */
int
builder_clear_below(struct image_builder *builder, uint32_t top, uint32_t layer, struct err *err)
{
	int r = gather(builder, top, err);

	for (size_t i = builder->stack.count; r == 0 && i-- > 0;) {
		uint32_t index = builder->stack.items[i];
		struct node *node = &builder->nodes.items[index];

		if (node->born >= layer)
			continue;
		if (node->first_child == IMAGE_NONE) {
			r = builder_kill(builder, index, err);
			continue;
		}
		node->born = layer;
		r = builder_new_inode(builder, &builder_implied, &node->inode, err);
	}
	return r;
}
