/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merges layer entries, lowest layer first, into the tree of an image: replacement,
 * whiteouts and opaque whiteouts (OCI image-spec layer.md, "Whiteouts"), hard links,
 * implied directories. Pure; the caller parses.
 */
#pragma once

#include "model/image.h"

struct image_builder;

/* `arena` receives every string and array and must outlive the image. NULL without memory. */
struct image_builder *image_builder_new(struct arena *arena);
void image_builder_free(struct image_builder *builder);
void image_builder_cleanup(struct image_builder **builder);

/*
 * Adds one entry of layer entry->layer; within a layer the last of duplicate paths wins (and a gap
 * says so). Strings are copied. entry->path may be as the tar writes it ("./usr/bin/", "usr/bin"):
 * it is normalised here. Used of *entry: path, link, layer, offset, size, mode, uid, gid, device,
 * mtime, type. `hardlink`: path of the entry this one links to, empty when it is no hard link.
 * A non-directory above a path hides what it held; a path below a symbolic link of a lower layer
 * lands below what the link resolves to inside the image.
 * Folders stated twice in a layer are no gap: nothing of them is lost.
 * ERR_INVALID: an empty path, `..`, NUL, a path below a file, a loop of links, a hard link to
 * nothing or to a folder.
 * ERR_LIMIT: IMAGE_ENTRIES_MAX (paths of all layers together), IMAGE_PATH_MAX, IMAGE_NAME_MAX,
 * IMAGE_DEPTH_MAX, IMAGE_XATTR_MAX, IMAGE_XATTRS_MAX, IMAGE_SPARSE_MAX, IMAGE_EXTENTS_MAX,
 * IMAGE_LINK_STEPS_MAX.
 */
int image_builder_add(struct image_builder *builder, const struct image_entry *entry,
		      struct span hardlink, const struct image_xattr *xattrs, size_t xattr_count,
		      const struct image_extent *extents, size_t extent_count, struct err *err);

/* `.wh.NAME` in a folder: what lower layers than `layer` have at `path` is gone. */
int image_builder_whiteout(struct image_builder *builder, struct span path, uint32_t layer,
			   struct err *err);

/* `.wh..wh..opq`: what lower layers than `layer` have below `path` is gone. */
int image_builder_opaque(struct image_builder *builder, struct span path, uint32_t layer,
			 struct err *err);

/* Fills entries, extents, xattrs, by_path and adds to gaps of *image. Once, at the end. */
int image_builder_finish(struct image_builder *builder, struct image *image, struct err *err);
