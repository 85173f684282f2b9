/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/batch.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "base/vec.h"
#include "port/advisories/pack.h"

#include <stdlib.h>

enum { KEY_HEAD = 1 + 8, NAME_MAX_BYTES = ADVISORY_TEXT_MAX, PACKS_START = 4096 };

static int
start(struct batch *batch, struct err *err)
{
	if (!batch->arena)
		batch->arena = arena_new(2 * ADVISORY_BATCH_MAX);
	if (!batch->places)
		batch->places = map_new(PACKS_START);
	batch->bytes.max = ADVISORY_BATCH_MAX + ADVISORY_RECORD_MAX;
	return batch->arena && batch->places ? 0 : err_memory(err);
}

static int
new_pack(struct batch *batch, struct span key, uint64_t *ret, struct err *err)
{
	struct batch_pack pack = {.key = arena_copy(batch->arena, key),
				  .first = (uint32_t)BATCH_END,
				  .last = (uint32_t)BATCH_END};
	uint64_t place = batch->packs.count;

	if (!pack.key.p)
		return err_memory(err);
	pack.name = span_slice(pack.key, KEY_HEAD, pack.key.n);
	pack.table = (enum advisories_table)pack.key.p[0];
	pack.scope = (int64_t)bytes_u64(pack.key.p + 1, true);
	int r = vec_push(&batch->packs, &pack, ADVISORIES_MAX, err);
	if (r == 0)
		r = map_put(batch->places, pack.key, place, err);
	if (r == 0)
		*ret = place;
	return r;
}

static int
look_up_pack(struct batch *batch, enum advisories_table table, int64_t scope, struct span name,
	     uint64_t *ret, struct err *err)
{
	char bytes[KEY_HEAD + NAME_MAX_BYTES];
	struct span key = {bytes, KEY_HEAD + name.n};

	if (name.n > NAME_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "a name of more than %d bytes", NAME_MAX_BYTES);
	bytes[0] = (char)table;
	bytes_put(bytes + 1, (uint64_t)scope, KEY_HEAD - 1, true);
	if (name.n > 0)
		memcpy(bytes + KEY_HEAD, name.p, name.n);
	return map_get(batch->places, key, ret) ? 0 : new_pack(batch, key, ret, err);
}

/* A record has much to say of one package, in one release after the other. */
static int
find_pack(struct batch *batch, enum advisories_table table, int64_t scope, struct span name,
	  struct batch_pack **ret, struct err *err)
{
	size_t *recent = &batch->recent[(uint64_t)scope % BATCH_RECENT];
	uint64_t place = *recent;
	int r = 0;

	if (place < batch->packs.count) {
		struct batch_pack *pack = &batch->packs.items[place];

		if (pack->table == table && pack->scope == scope && span_equal(pack->name, name)) {
			*ret = pack;
			return 0;
		}
	}
	r = look_up_pack(batch, table, scope, name, &place, err);
	if (r < 0)
		return r;
	*recent = place;
	*ret = &batch->packs.items[place];
	return 0;
}

/* `row`: without its place in the list of the pack. */
static int
put_one(struct batch *batch, struct batch_pack *pack, struct batch_row row, struct err *err)
{
	uint32_t place = (uint32_t)batch->rows.count;

	row.next = (uint32_t)BATCH_END;
	int r = vec_push(&batch->rows, &row, ADVISORIES_MAX, err);
	if (r < 0)
		return r;
	if (pack->count == 0)
		pack->first = place;
	else
		batch->rows.items[pack->last].next = place;
	pack->last = place;
	pack->count++;
	return 0;
}

/* Content and ids of a row stand together: they are copied at once. */
static int
keep_row(struct batch *batch, const struct advisory_row *row, struct span *ret_content,
	 struct span *ret_ids, struct err *err)
{
	size_t n = (size_t)(row->ids.p + row->ids.n - row->content.p);
	size_t at = batch->bytes.n;
	int r = buf_append(&batch->bytes, (struct span){row->content.p, n}, err);

	if (r < 0)
		return r;
	struct span bytes = span_slice(buf_span(&batch->bytes), at, at + n);
	*ret_content = span_slice(bytes, 0, row->content.n);
	*ret_ids = span_slice(bytes, n - row->ids.n, n);
	return 0;
}

int
batch_put(struct batch *batch, enum batch_deed deed, const struct advisory_row *row, int64_t scope,
	  struct err *err)
{
	bool by_source = row->table == ADVISORIES_OF_DISTRIBUTION;
	struct batch_pack *pack = NULL;
	struct span content = SPAN("");
	struct span ids = SPAN("");
	struct span id;
	int r = start(batch, err);

	if (r == 0)
		r = keep_row(batch, row, &content, &ids, err);
	if (r == 0 && by_source)
		r = find_pack(batch, row->table, scope, row->source, &pack, err);
	while (r == 0 && row_next_id(&ids, &id)) {
		const struct batch_row one = {
			.id = (uint32_t)(id.p - batch->bytes.p),
			.id_n = (uint32_t)id.n,
			.content = (uint32_t)(content.p - batch->bytes.p),
			.content_n = (uint32_t)content.n,
			.deed = deed,
		};

		if (!by_source)
			r = find_pack(batch, row->table, 0, pack_block(id), &pack, err);
		if (r == 0)
			r = put_one(batch, pack, one, err);
	}
	return r;
}

bool
batch_is_full(const struct batch *batch)
{
	return batch->bytes.n + batch->rows.count * sizeof(*batch->rows.items) +
		       batch->packs.count * sizeof(*batch->packs.items) >=
	       ADVISORY_BATCH_MAX;
}

static int
compare_packs(const void *a, const void *b)
{
	return span_compare(((const struct batch_pack *)a)->key,
			    ((const struct batch_pack *)b)->key);
}

void
batch_order(struct batch *batch)
{
	if (batch->packs.count > 0)
		qsort(batch->packs.items, batch->packs.count, sizeof(*batch->packs.items),
		      compare_packs);
}

void
batch_clear(struct batch *batch)
{
	arena_cleanup(&batch->arena);
	map_cleanup(&batch->places);
	batch->bytes.n = 0;
	batch->packs.count = 0;
	batch->rows.count = 0;
}

void
batch_free(struct batch *batch)
{
	batch_clear(batch);
	buf_cleanup(&batch->bytes);
	vec_free(&batch->packs);
	vec_free(&batch->rows);
}
