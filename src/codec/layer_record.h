/* SPDX-License-Identifier: Apache-2.0 */
/* One member of a layer's tar: as codec/tar.h reads it, and as codec/layer_index.h keeps it. */
#pragma once

#include "model/image.h"

struct layer_record {
	/*
	 * Used: path and link (raw, as stored), type, mode, owner, device, time, size, and for
	 * files `offset` of the content in the uncompressed layer.
	 */
	struct image_entry entry;
	struct span hardlink; /* raw path of what it links to; empty: no hard link */
	const struct image_xattr *xattrs;
	size_t xattr_count;
	const struct image_extent *extents; /* ascending; none: not sparse */
	size_t extent_count;
	struct span warning; /* what could not be understood of it; may be empty */
};
