/* SPDX-License-Identifier: Apache-2.0 */
/* The tree that image_builder grows: nodes by canonical path, inodes that hard links share. */
#pragma once

#include "base/limits.h"
#include "base/vec.h"
#include "model/image_builder.h"

#define NO_LAYER UINT32_MAX

/* What hard links share. Fields of `entry` that depend on the path are not used. */
struct inode {
	struct image_entry entry;
	uint32_t first; /* index of its first name in the image, while finishing */
	uint32_t links;
};

struct node {
	struct span path; /* canonical: no component of it is a symbolic link */
	uint32_t parent;
	uint32_t first_child;
	uint32_t previous;
	uint32_t next;
	uint32_t inode;
	uint32_t born;	   /* layer that last stated it, or implied it */
	uint32_t cleared;  /* last layer whose opaque whiteout was applied below it */
	uint32_t whitened; /* last layer whose whiteout was applied to it */
	uint32_t index;	   /* in the image, while finishing */
	bool live;
};

struct image_builder {
	struct arena *arena;
	struct map *paths; /* canonical path -> index in nodes */
	VEC(struct node) nodes;
	VEC(struct inode) inodes;
	VEC(struct image_xattr) xattrs;
	VEC(struct image_extent) extents;
	VEC(struct gap) gaps;
	VEC(uint32_t) stack;
	size_t live;
	size_t duplicates;
	uint64_t steps; /* spent on following links */
	char path[IMAGE_PATH_MAX + 1];
};

int builder_new_inode(struct image_builder *builder, const struct image_entry *entry, uint32_t *ret,
		      struct err *err);

/* A new node with `inode` under `parent` (itself for the root). `path` is copied. */
int builder_new_node(struct image_builder *builder, struct span path, uint32_t parent,
		     uint32_t inode, uint32_t layer, uint32_t *ret, struct err *err);

/* The metadata of a folder that only deeper paths speak of. */
extern const struct image_entry builder_implied;

bool builder_find(const struct image_builder *builder, struct span path, uint32_t *ret);
const struct image_entry *builder_entry(const struct image_builder *builder, uint32_t node);

/*
 * A path as a tar writes it to an absolute one without empty components, `.` and trailing slash,
 * in builder->path.
 */
int builder_normalise(struct image_builder *builder, struct span raw, struct span *ret,
		      struct err *err);

/*
 * The folder of a normalised path (in builder->path), links on the way followed as inside the
 * image; what is missing on the way is made, unless `layer` is NO_LAYER: then *ret_found is false.
 * *ret_path: the canonical path, in builder->path.
 */
int builder_locate(struct image_builder *builder, struct span path, uint32_t layer,
		   uint32_t *ret_parent, struct span *ret_path, bool *ret_found, struct err *err);

int builder_kill(struct image_builder *builder, uint32_t index, struct err *err);

/* Removes what lower layers than `layer` have below `top`; folders stay while they hold newer. */
int builder_clear_below(struct image_builder *builder, uint32_t top, uint32_t layer,
			struct err *err);
