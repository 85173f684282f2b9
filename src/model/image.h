/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container image: what its manifest and config say, and one entry per path
 * after whiteouts. Contents stay in the layers (port/contents.h reads them).
 * Const once built. OCI image-spec 1.1: manifest.md, config.md, layer.md.
 */
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/map.h"
#include "model/gap.h"
#include "model/image_config.h"

enum image_type {
	IMAGE_FILE,
	IMAGE_DIRECTORY,
	IMAGE_SYMLINK,
	IMAGE_CHARACTER,
	IMAGE_BLOCK,
	IMAGE_FIFO,
};

#define IMAGE_NONE UINT32_MAX

struct image_xattr {
	struct span name; /* "security.capability" */
	struct span value;
};

/* A run of data in a sparse file; what lies between is zeroes. */
struct image_extent {
	uint64_t file_offset;
	uint64_t layer_offset; /* in the uncompressed layer */
	uint64_t length;
};

struct image_entry {
	struct span path;      /* "/", "/usr/bin/env": absolute, no trailing slash, raw bytes */
	struct span link;      /* symbolic link target as stored */
	uint32_t parent;       /* index of the directory; the root is its own parent */
	uint32_t first_child;  /* IMAGE_NONE when none; children in name order */
	uint32_t next_sibling; /* IMAGE_NONE at the end */
	uint32_t inode;	 /* index of the first entry that shares this inode; itself when alone */
	uint32_t links;	 /* entries that share it, 1 when alone */
	uint32_t layer;	 /* index in image.layers; IMAGE_NONE: implied by a deeper path */
	uint64_t offset; /* of its bytes in the uncompressed layer (not sparse) */
	uint64_t size;	 /* of the content; 0 for all but files */
	uint32_t first_extent; /* in image.extents */
	uint32_t extents;      /* 0: not sparse */
	uint32_t first_xattr;  /* in image.xattrs */
	uint32_t xattrs;
	uint32_t mode; /* permission bits, 07777 */
	uint32_t uid;
	uint32_t gid;
	uint32_t device_major;
	uint32_t device_minor;
	uint32_t mtime_ns;
	int64_t mtime; /* seconds since 1970 */
	enum image_type type;
};

enum layer_compression {
	LAYER_PLAIN,
	LAYER_GZIP,
	LAYER_ZSTD,
};

struct image_layer {
	struct digest digest;  /* of the blob */
	struct digest diff_id; /* of the uncompressed tar */
	uint64_t size;	       /* of the blob, bytes */
	uint64_t inflated;     /* of the tar, bytes */
	struct span media_type;
	enum layer_compression compression;
};

struct image {
	struct arena *arena;
	struct span reference;	       /* as the user wrote it, credentials never in it */
	struct digest manifest_digest; /* of the platform's manifest */
	struct digest config_digest;
	struct span manifest; /* the document, byte for byte */
	struct image_config config;
	struct image_layer *layers;
	size_t layer_count;
	struct image_entry *entries; /* [0] is "/"; a parent stands before its children */
	size_t entry_count;
	struct image_extent *extents;
	struct image_xattr *xattrs;
	struct map *by_path; /* path -> index */
	struct gap_list gaps;
};

void image_free(struct image *image);
void image_cleanup(struct image **image);

/* The entry at exactly this path (no link followed), or IMAGE_NONE. */
uint32_t image_find(const struct image *image, struct span path);

/* Told of each entry on the way: symbolic links, directories, the final one. */
typedef void (*image_visit)(void *context, uint32_t entry);

/*
 * Resolves a path as the kernel would inside the image (chroot semantics: an absolute
 * target starts at the image's root, `..` of the root is the root), following a final
 * symbolic link when `follow`. IMAGE_NONE when it leads nowhere or past
 * SYMLINK_HOPS_MAX. `visit` may be NULL; it is called also for a way that ends nowhere.
 */
uint32_t image_resolve(const struct image *image, struct span path, bool follow, image_visit visit,
		       void *context);

/* Last path component ("/" for the root). */
struct span image_name(const struct image_entry *entry);

/* Entry whose inode carries the content (itself unless a later hard link). */
static inline const struct image_entry *
image_inode(const struct image *image, uint32_t entry)
{
	return &image->entries[image->entries[entry].inode];
}
