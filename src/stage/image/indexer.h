/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer's tar, read by a confined process of its own while it is written: what comes back are
 * the records of its index. docs/privileges.md
 */
#pragma once

#include "base/confine.h"
#include "port/cache.h"

struct indexer {
	struct cache_writer *writer;
	struct confined child;
	int news;	/* to the child: how many bytes of the tar there are */
	bool stopped;	/* it wants to know no more: indexer_finish() says why */
	uint64_t bytes; /* of the index so far */
};

#define INDEXER_INIT                                                                               \
	{                                                                                          \
		.child = CONFINED_INIT, .news = -1                                                 \
	}

int indexer_start(struct cache_writer *writer, struct indexer *ret, struct err *err);
void indexer_cleanup(struct indexer *indexer);

/* There are `available` bytes of the tar now; takes what there is of the index. Does not wait. */
int indexer_tell(struct indexer *indexer, uint64_t available, struct err *err);

/*
 * The tar is whole, with `available` bytes: the rest of the index. *ret_count: records, as the
 * child says. Errors of codec/tar.h and confine_finish().
 */
int indexer_finish(struct indexer *indexer, uint64_t available, uint64_t *ret_count,
		   struct err *err);
