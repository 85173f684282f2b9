/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of codec/rpm_database: Packages, a Berkeley DB file with a hash of numbers to headers, of
 * any page size and byte order:
 *
 *   page 0      what the file is (META_*)
 *   pages       a head of 26 bytes (PAGE_*), then by their type:
 *     hash      offsets (2 bytes each) of items, which fill the page from its end: keys and data in
 *               turn. An item is a byte of its kind, then what it is, or where it is kept
 *     overflow  a piece of what is too long for a page; the next page has the next piece
 */
#pragma once

#include "codec/rpm_database/database.h"

enum {
	META_BYTES = 512,
	META_MAGIC = 12,
	META_VERSION = 16,
	META_PAGE_SIZE = 20,
	META_ENCRYPTED = 24,
	META_TYPE = 25,
	META_CHECKSUMS = 26, /* bit 0: pages have sums, and a longer head */
	META_FREE = 28,
	META_LAST_PAGE = 32,
	META_FLAGS = 48,
	META_MAX_BUCKET = 72,
	META_HIGH_MASK = 76,
	META_LOW_MASK = 80,
	META_ELEMENTS = 88,
	META_HASH_CHECK = 92, /* the hash of a fixed text */
	META_SPARES = 96,     /* 32: what is added to the number of a bucket for its page */
	META_SPARES_COUNT = 32,

	PAGE_NUMBER = 8,
	PAGE_PREVIOUS = 12,
	PAGE_NEXT = 16,
	PAGE_ENTRIES = 20,
	PAGE_FREE = 22, /* overflow: the bytes that are on it */
	PAGE_TYPE = 25,
	PAGE_HEAD = 26,

	TYPE_HASH_UNSORTED = 2, /* until version 8 */
	TYPE_OVERFLOW = 7,
	TYPE_HASH = 13, /* by their keys */

	ITEM_HERE = 1,
	ITEM_ELSEWHERE = 3, /* 3 bytes unused, first page, length */
	ITEM_ELSEWHERE_BYTES = 12,

	KEY_BYTES = 4, /* the number; 0 is that of what number was given last */
};

#define BDB_HASH_MAGIC	0x00061561U
#define BDB_BTREE_MAGIC 0x00053162U

struct bdb_file {
	struct span bytes;
	bool big;
	uint32_t version;
	uint32_t page_size;
	uint32_t last;	/* page */
	uint32_t given; /* the last number that was given to a package, once it was read */
};

/* ERR_INVALID: it is no such file. ERR_UNSUPPORTED. */
int bdb_open(struct span file, struct bdb_file *ret, struct err *err);
int bdb_read(struct bdb_file *bdb, struct gather *gather, struct err *err);
