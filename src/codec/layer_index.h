/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of one layer as the layer cache keeps it: its tar's members without their content,
 * in the order of the tar. All numbers little-endian, nothing aligned.
 *
 *	head    0  8   "mohsidx" NUL
 *	        8  4   version, 1
 *	       12  4   number of records
 *	       16  8   bytes of the uncompressed tar
 *	       24  8   bytes of all records
 *	       32 32   diffID: SHA-256 of the tar
 *	       64 32   SHA-256 of all records
 *	       96      the records, one behind the other
 *
 *	record  0  4   bytes of the record, these included
 *	        4  4   type (enum image_type)
 *	        8 12   mode, uid, gid
 *	       20  8   device: major, minor
 *	       28 12   mtime: seconds (8), nanoseconds (4)
 *	       40 16   content: offset in the tar, size
 *	       56 16   bytes of path, link, hard link, warning
 *	       72  8   number of xattrs, of extents
 *	       80      path, link, hard link, warning
 *	               xattrs:  bytes of name (4), of value (4), name, value
 *	               extents: offset in the file (8), in the tar (8), length (8)
 */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "codec/layer_record.h"

enum {
	LAYER_INDEX_HEAD = 96,
	LAYER_INDEX_RECORD_MIN = 80,
	/* names, xattrs and extents at their limits */
	LAYER_INDEX_RECORD_MAX = 8 << 20,
};

struct layer_index_head {
	uint32_t count;
	uint64_t inflated;
	uint64_t body; /* bytes of all records */
	struct digest diff_id;
	struct digest digest; /* of all records */
};

void layer_index_put_head(const struct layer_index_head *head, uint8_t p[LAYER_INDEX_HEAD]);

/* ERR_INVALID when these are not the first bytes of an index this version reads. */
int layer_index_get_head(const uint8_t p[LAYER_INDEX_HEAD], struct layer_index_head *ret,
			 struct err *err);

/* Appends one record. ERR_LIMIT over LAYER_INDEX_RECORD_MAX or the buffer's own. */
int layer_index_put(struct buf *buf, const struct layer_record *record, struct err *err);

/* The runs of bytes of a record that was decoded; reused from one to the next. */
struct layer_index_scratch {
	struct image_xattr xattrs[64]; /* IMAGE_XATTRS_MAX */
	struct image_extent *extents;
	size_t extent_capacity;
};

void layer_index_scratch_cleanup(struct layer_index_scratch *scratch);

/*
 * Decodes the record at the start of `bytes`, which was written for a tar of `inflated` bytes: no
 * content lies behind its end. *ret_used: its length; 0: `bytes` ends before it does (then *ret is
 * untouched). *ret refers to `bytes` and `scratch`. ERR_INVALID.
 */
int layer_index_get(struct span bytes, uint64_t inflated, struct layer_index_scratch *scratch,
		    struct layer_record *ret, size_t *ret_used, struct err *err);
