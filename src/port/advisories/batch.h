/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of rows that wait to be written, together by the pack they are in: what a feed says comes
 * in the order of its records, and each pack is to be written once.
 */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "port/advisories/rows.h"

enum batch_deed {
	BATCH_ADD,    /* one record more says so */
	BATCH_REMOVE, /* one less */
	BATCH_OFFER,  /* counts when there is nothing of this id */
	BATCH_SET,    /* in place of what is there */
	BATCH_UNSET,
};

/* Offsets are those of the batch's bytes. */
struct batch_row {
	uint32_t id;
	uint32_t id_n;
	uint32_t content;
	uint32_t content_n;
	uint32_t next; /* of the pack, in the order they came; BATCH_END: none */
	uint32_t deed;
};

enum { BATCH_END = -1, BATCH_RECENT = 8 };

struct batch_pack {
	struct span key; /* sorts as the table does */
	struct span name;
	enum advisories_table table;
	int64_t scope;
	uint32_t first;
	uint32_t last;
	uint32_t count;
};

struct batch {
	struct arena *arena; /* of keys */
	struct map *places;  /* of packs by key */
	struct buf bytes;    /* of rows */
	VEC(struct batch_pack) packs;
	VEC(struct batch_row) rows;
	size_t recent[BATCH_RECENT]; /* places of packs that were asked for, by scope */
};

/* The same deed with each id of a row. ERR_LIMIT, ERR_MEMORY. */
int batch_put(struct batch *batch, enum batch_deed deed, const struct advisory_row *row,
	      int64_t scope, struct err *err);

/* Whether it should be written before more comes: ADVISORY_BATCH_MAX. */
bool batch_is_full(const struct batch *batch);

/* Puts the packs into the order of their keys; nothing is to be added to them then. */
void batch_order(struct batch *batch);

/* Empties it; its memory is kept for what follows. */
void batch_clear(struct batch *batch);
void batch_free(struct batch *batch);

static inline struct span
batch_id(const struct batch *batch, const struct batch_row *row)
{
	return (struct span){batch->bytes.p + row->id, row->id_n};
}

static inline struct span
batch_content(const struct batch *batch, const struct batch_row *row)
{
	return (struct span){batch->bytes.p + row->content, row->content_n};
}
