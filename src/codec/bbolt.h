/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bbolt database (go.etcd.io/bbolt, file format version 2) from its bytes, for reading.
 *
 *   page     { u64 number, u16 kind, u16 count, u32 more pages } elements, keys and values
 *   page 0,1 kind 4: { u32 0xed0cdaed, u32 2, u32 page size, u32, bucket root, u64, u64 pages,
 *            u64 transaction, u64 FNV-1a of what is before }; the newer valid one counts
 *   branch   kind 1, element { u32 at, u32 key, u64 page }
 *   leaf     kind 2, element { u32 1: a bucket, u32 at, u32 key, u32 value }; `at` counts from it
 *   bucket   { u64 page, u64 sequence }; page 0: a leaf follows inside the value
 *
 * Numbers are little-endian. Keys of a bucket rise strictly, which is checked on the way: so no
 * page can be met twice in one bucket, and reading ends.
 */
#pragma once

#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"

struct bbolt_bucket {
	uint64_t page;	    /* number of its topmost page; 0: it is `inside` */
	struct span inside; /* the leaf in its own value */
};

struct bbolt {
	struct span bytes;
	uint64_t page_size;
	uint64_t pages;		  /* in use; what is behind them is not read */
	struct bbolt_bucket root; /* holds buckets only */
	uint64_t steps;		  /* elements looked at so far, at most BBOLT_STEPS_MAX */
};

/* `bytes` outlive it. ERR_INVALID: no bbolt database, cut, or both its heads damaged. */
int bbolt_open(struct span bytes, struct bbolt *ret, struct err *err);

struct bbolt_item {
	struct span key; /* never empty */
	bool is_bucket;
	struct bbolt_bucket bucket; /* when it is one */
	struct span value;	    /* else */
};

/* A place in a bucket. */
struct bbolt_cursor {
	struct bbolt *bolt;
	size_t depth;
	struct {
		struct span page;
		uint16_t next;
	} path[BBOLT_DEPTH_MAX];
	struct span last; /* key handed out last; .p NULL: none yet */
};

/* Before the bucket's first item. */
int bbolt_start(struct bbolt *bolt, const struct bbolt_bucket *bucket, struct bbolt_cursor *ret,
		struct err *err);

/* 1 and the next item in order of keys, 0 at the end. ERR_INVALID: damaged; ERR_LIMIT. */
int bbolt_next(struct bbolt_cursor *cursor, struct bbolt_item *ret, struct err *err);

/* 1 and the item of that key, 0 when there is none. As bbolt_next(). */
int bbolt_find(struct bbolt *bolt, const struct bbolt_bucket *bucket, struct span key,
	       struct bbolt_item *ret, struct err *err);
