/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the database has of one package of a release, or of the CVEs whose ids begin alike, is one
 * value: a pack. So a look-up is one row of SQLite, and so is a write. What is said of several ids
 * alike stands there once.
 *
 *	pack    flags (1);  rows, in the order of their ids
 *	row     id (text), number: 0, and the content (text) follows; n: it is the nth of the pack
 *	claims  of ids that several records of a feed speak of, in the same order and then in that
 *	        of the contents:  id (text), times (number), content (text)
 *
 * Texts, numbers and contents are those of rows.h.
 */
#pragma once

#include "base/buf.h"
#include "base/vec.h"

enum {
	PACK_CONTESTED = 1, /* a flag: there are claims of this pack */
	PACK_HEAD = 1,
	PACK_BLOCK = 13, /* bytes: "CVE-2024-1234" has up to eleven CVEs and more of longer ids */
	PACK_KNOWN = 512,
};

/* The name of the pack of a CVE. Packs stand in the order of the ids that are in them. */
static inline struct span
pack_block(struct span id)
{
	return span_slice(id, 0, id.n < PACK_BLOCK ? id.n : PACK_BLOCK);
}

struct pack_row {
	struct span id;
	struct span content;
	size_t place; /* of the content among those of the pack, from 0 */
};

/* Reads one pack after the other. Starts zeroed. */
struct pack_walk {
	bool contested;
	struct span rest;
	VEC(struct span) contents;
};

/* The pack, which is borrowed, from its start. ERR_INVALID. */
int pack_walk_start(struct pack_walk *walk, struct span pack, struct err *err);
void pack_walk_cleanup(struct pack_walk *walk);

/* 1, or 0 behind the last row. ERR_INVALID. */
int pack_next(struct pack_walk *walk, struct pack_row *ret, struct err *err);

/* The content of an id, without a walk; false in *ret_found when there is no such row. */
int pack_find(struct span pack, struct span id, struct span *ret, bool *ret_found, struct err *err);

/* Adds how many rows are left. */
int pack_count(struct pack_walk *walk, uint64_t *ret, struct err *err);

/* Writes one after the other. */
struct pack_writer {
	struct buf bytes; /* `max` is set before */
	uint32_t packs;
	size_t contents; /* of the pack */
	/* Contents that may come again, by what they hash to. */
	struct pack_known {
		uint32_t pack;
		uint32_t n;
		size_t at; /* in `bytes` */
		size_t place;
	} known[PACK_KNOWN];
};

int pack_start(struct pack_writer *writer, struct err *err);

/* In the order of ids. ERR_LIMIT. */
int pack_put(struct pack_writer *writer, struct span id, struct span content, struct err *err);

/* The pack, empty where it has no rows, until the next one is started. */
struct span pack_end(struct pack_writer *writer, bool contested);

struct pack_claim {
	struct span id;
	struct span content;
	uint64_t times; /* > 0 */
};

/* Takes the first off `rest`: 1, 0 when none is left, ERR_INVALID. */
int pack_next_claim(struct span *rest, struct pack_claim *ret, struct err *err);
int pack_put_claim(const struct pack_claim *claim, struct buf *buf, struct err *err);
