/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layer cache: uncompressed layers and their indexes by diffID, so that a layer is inflated
 * once. A folder of the user's own; several mohs may use it at the same time. docs/image.md
 *
 * Safe for several threads, but for one writer or reader by one thread at a time.
 */
#pragma once

#include "base/digest.h"
#include "codec/layer_record.h"

struct cache;

/*
 * `folder` NULL: $MOHS_CACHE, else $XDG_CACHE_HOME/mohs, else ~/.cache/mohs. Made when it is not
 * there (mode 0700). The ceiling is $MOHS_CACHE_MAX bytes, CACHE_BYTES_DEFAULT when not set.
 * ERR_USAGE, ERR_IO.
 */
int cache_open(const char *folder, struct cache **ret, struct err *err);
void cache_free(struct cache *cache);
void cache_cleanup(struct cache **cache);

/* One layer of the cache in use: it stays there as long as this is open. */
struct cache_layer {
	int tar;   /* descriptor of the uncompressed tar; holds the lock */
	int index; /* descriptor of its index */
	struct digest diff_id;
	uint64_t inflated; /* bytes of the tar */
	uint32_t count;	   /* records in the index */
};

#define CACHE_LAYER_INIT                                                                           \
	{                                                                                          \
		.tar = -1, .index = -1                                                             \
	}

void cache_layer_close(struct cache_layer *layer);

/* What is there and damaged at first sight is removed and counts as not found. */
int cache_find(struct cache *cache, const struct digest *diff_id, struct cache_layer *ret,
	       bool *ret_found, struct err *err);

/* Takes a layer out of the cache: its index turned out to be damaged. */
void cache_drop(struct cache *cache, const struct digest *diff_id);

/* A layer being written under a temporary name; nothing of it stays without cache_commit(). */
struct cache_writer;
int cache_write(struct cache *cache, struct cache_writer **ret, struct err *err);
void cache_writer_free(struct cache_writer *writer);
void cache_writer_cleanup(struct cache_writer **writer);

/* More bytes of the tar. ERR_IO: the text says so when the disk is full. */
int cache_writer_tar(struct cache_writer *writer, const void *p, size_t n, struct err *err);
/* More bytes of the index: records as layer_index_put() writes them, cut anywhere. */
int cache_writer_index(struct cache_writer *writer, const void *p, size_t n, struct err *err);

/* Another descriptor of the tar, for reading only. ERR_IO. */
int cache_writer_reader(const struct cache_writer *writer, int *ret_fd, struct err *err);

/*
 * Makes it durable under its name, evicts what was not used for longest when the cache got too
 * big, and opens it. Another mohs may have been first: then that one's layer is used. `count`:
 * records of the index; when it has another number of them, cache_layer_each() finds it damaged.
 */
int cache_commit(struct cache *cache, struct cache_writer *writer, const struct digest *diff_id,
		 uint32_t count, struct cache_layer *ret, struct err *err);

/*
 * Calls `each` for every record of a layer's index, in order. ERR_INVALID when the index is
 * damaged (possibly only found at its end): *ret_damaged is set, cache_drop() it.
 */
int cache_layer_each(const struct cache_layer *layer,
		     int (*each)(void *context, const struct layer_record *record, struct err *err),
		     void *context, bool *ret_damaged, struct err *err);
