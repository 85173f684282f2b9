/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pack as it was and the changes of its rows, both in the order of ids, become the pack as it is.
 * Of ids that several records speak of, `claim` has what each says.
 */
#include "port/advisories/settle.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "port/advisories/pack.h"
#include "port/advisories/said.h"

#include <endian.h>
#include <stdlib.h>

/* A change, and what it sorts by: bytes of the id behind what all ids of the pack begin with. */
struct change {
	uint64_t bytes;
	struct span id;
	const struct batch_row *row;
};

struct settling {
	struct advisories_builder *builder;
	const struct batch_pack *pack;
	VEC(struct change) changes; /* of the pack */
	struct buf before;	    /* the pack as it was; empty: there was none */
	struct buf before_claims;
	struct pack_walk walk;
	struct span claims; /* those of them that are not passed yet */
	struct pack_writer after;
	struct buf after_claims;
	struct said said; /* of the id in question */
};

static void
settling_cleanup(struct settling **settling)
{
	if (!*settling)
		return;
	vec_free(&(*settling)->changes);
	said_cleanup(&(*settling)->said);
	buf_cleanup(&(*settling)->before);
	buf_cleanup(&(*settling)->before_claims);
	pack_walk_cleanup(&(*settling)->walk);
	buf_cleanup(&(*settling)->after.bytes);
	buf_cleanup(&(*settling)->after_claims);
	free(*settling);
}

/* ---- the changes of a pack in order ---- */

static int
compare_changes(const void *a, const void *b)
{
	const struct change *one = a;
	const struct change *other = b;

	if (one->bytes != other->bytes)
		return one->bytes < other->bytes ? -1 : 1;
	int order = span_compare(one->id, other->id);
	return order != 0 ? order : (one->row > other->row) - (one->row < other->row);
}

/* Most packs have few: of those, a function that is called for each pair is most of the time. */
static void
sort_changes(struct change *changes, size_t count)
{
	enum { FEW = 32 };

	if (count > FEW) {
		qsort(changes, count, sizeof(*changes), compare_changes);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		const struct change change = changes[i];
		size_t at = i;

		for (; at > 0 && (changes[at - 1].bytes > change.bytes ||
				  (changes[at - 1].bytes == change.bytes &&
				   compare_changes(&changes[at - 1], &change) > 0));
		     at--)
			changes[at] = changes[at - 1];
		changes[at] = change;
	}
}

/* How many bytes all ids of the changes begin with. */
static size_t
common_start(const struct settling *settling)
{
	const struct change *changes = settling->changes.items;
	struct span first = changes ? changes[0].id : SPAN("");
	size_t common = first.n;

	for (size_t i = 1; changes && i < settling->changes.count; i++) {
		struct span id = changes[i].id;
		size_t n = 0;

		if (common <= id.n && memcmp(id.p, first.p, common) == 0)
			continue;
		while (n < common && n < id.n && id.p[n] == first.p[n])
			n++;
		common = n;
	}
	return common;
}

/* What the first bytes of a text sort by; there may be fewer. `end`: of what can be read. */
static uint64_t
order_bytes(struct span text, const char *end)
{
	uint64_t bytes;

	if (end - text.p < (ptrdiff_t)sizeof(bytes)) {
		size_t n = text.n < sizeof(bytes) ? text.n : sizeof(bytes);

		return bytes_number(text.p, n, true) << (n > 0 ? 8 * (sizeof(bytes) - n) : 0);
	}
	memcpy(&bytes, text.p, sizeof(bytes));
	bytes = be64toh(bytes);
	return text.n >= sizeof(bytes) ? bytes
	       : text.n == 0	       ? 0
				       : bytes & ~0ULL << 8 * (8 - text.n);
}

static int
order_changes(struct settling *settling, struct err *err)
{
	const struct batch *batch = &settling->builder->batch;
	const struct batch_row *rows = batch->rows.items;
	const char *end = batch->bytes.p + batch->bytes.n;
	bool ordered = true;

	settling->changes.count = 0;
	for (uint32_t i = settling->pack->first; i != (uint32_t)BATCH_END; i = rows[i].next) {
		const struct change change = {0, batch_id(batch, &rows[i]), &rows[i]};
		int r = vec_push(&settling->changes, &change, ADVISORIES_MAX, err);

		if (r < 0)
			return r;
	}
	size_t common = common_start(settling);
	for (size_t i = 0; i < settling->changes.count; i++) {
		struct change *change = &settling->changes.items[i];

		change->bytes = order_bytes(span_slice(change->id, common, change->id.n), end);
		ordered = ordered && (i == 0 || compare_changes(change - 1, change) < 0);
	}
	if (!ordered)
		sort_changes(settling->changes.items, settling->changes.count);
	return 0;
}

/* ---- rows ---- */

static struct span
content_of(const struct settling *settling, const struct batch_row *row)
{
	return batch_content(&settling->builder->batch, row);
}

static int
apply(struct settling *settling, const struct batch_row *row, struct err *err)
{
	switch ((enum batch_deed)row->deed) {
	case BATCH_OFFER:
		if (settling->said.claims.count > 0)
			return 0;
		break;
	case BATCH_REMOVE:
		if (said_remove(&settling->said, content_of(settling, row)))
			return 0;
		return err_set(err, ERR_INVALID, "the database lacks %.*s of %.*s",
			       SPAN_ARG(batch_id(&settling->builder->batch, row)),
			       SPAN_ARG(settling->pack->name));
	case BATCH_SET:
		settling->said.claims.count = 0;
		break;
	case BATCH_UNSET:
		settling->said.claims.count = 0;
		return 0;
	case BATCH_ADD:
		break;
	}
	return said_add(&settling->said, content_of(settling, row), err);
}

/* ---- packs ---- */

/* The claims of an id as they were, into the list. */
static int
take_claims(struct settling *settling, struct span id, struct err *err)
{
	int r = 0;

	settling->said.claims.count = 0;
	while (r == 0 && settling->claims.n > 0) {
		struct span rest = settling->claims;
		struct pack_claim claim = {{"", 0}, {"", 0}, 0};

		r = pack_next_claim(&rest, &claim, err);
		if (r < 0 || !span_equal(claim.id, id))
			return r < 0 ? r : 0;
		const struct said_claim one = {claim.content, claim.times};
		r = vec_push(&settling->said.claims, &one, FEED_RECORDS_MAX, err);
		settling->claims = rest;
	}
	return r;
}

static int
put_claims(struct settling *settling, struct span id, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < settling->said.claims.count; i++) {
		const struct said_claim *claim = &settling->said.claims.items[i];

		r = pack_put_claim(&(struct pack_claim){id, claim->content, claim->times},
				   &settling->after_claims, err);
	}
	return r;
}

/* What the list says of an id, as its row and, of several, as claims. */
static int
put_list(struct settling *settling, struct span id, struct err *err)
{
	struct span content;

	if (settling->said.claims.count == 0)
		return 0;
	int r = said_content(&settling->said, settling->pack->table, &content, err);
	if (r == 0)
		r = pack_put(&settling->after, id, content, err);
	return r == 0 && said_is_contested(&settling->said) ? put_claims(settling, id, err) : r;
}

/* A row that does not change. */
static int
carry_row(struct settling *settling, const struct pack_row *row, struct err *err)
{
	int r = pack_put(&settling->after, row->id, row->content, err);

	if (r < 0 || settling->claims.n == 0)
		return r;
	r = take_claims(settling, row->id, err);
	return r < 0 ? r : put_claims(settling, row->id, err);
}

/* The changes from `at` on that are of one id; *ret_end is behind them. `row`: what is there. */
static int
change_row(struct settling *settling, const struct pack_row *row, size_t at, size_t *ret_end,
	   struct err *err)
{
	const struct batch_row *first = settling->changes.items[at].row;
	struct span id = settling->changes.items[at].id;
	size_t end = at + 1;
	int r = 0;

	while (end < settling->changes.count && span_equal(settling->changes.items[end].id, id))
		end++;
	*ret_end = end;
	if (!row && end == at + 1 && first->deed != BATCH_REMOVE && first->deed != BATCH_UNSET)
		return pack_put(&settling->after, id, content_of(settling, first), err);
	settling->said.claims.count = 0;
	if (row)
		r = take_claims(settling, id, err);
	if (r == 0 && row && settling->said.claims.count == 0)
		r = said_add(&settling->said, row->content, err);
	for (size_t i = at; r == 0 && i < end; i++)
		r = apply(settling, settling->changes.items[i].row, err);
	return r < 0 ? r : put_list(settling, id, err);
}

/* All rows of the pack, changed or not. `more`: whether there are any as it was. */
static int
merge_rows(struct settling *settling, int more, struct err *err)
{
	struct pack_row row = {{"", 0}, {"", 0}, 0};
	size_t at = 0;
	int r = 0;

	if (more > 0)
		more = pack_next(&settling->walk, &row, err);
	while (r == 0 && more >= 0 && (more > 0 || at < settling->changes.count)) {
		int order = 0;

		if (more == 0)
			order = 1;
		else if (at == settling->changes.count)
			order = -1;
		else
			order = span_compare(row.id, settling->changes.items[at].id);
		if (order < 0)
			r = carry_row(settling, &row, err);
		else
			r = change_row(settling, order == 0 ? &row : NULL, at, &at, err);
		if (r == 0 && order <= 0)
			more = pack_next(&settling->walk, &row, err);
	}
	return r < 0 ? r : more < 0 ? more : 0;
}

/* ---- in and out of the tables ---- */

enum pack_query {
	PACK_GET,
	PACK_SET,
	PACK_GONE,
};

static sqlite3_stmt *
ask(const struct settling *settling, enum build_query query)
{
	sqlite3_stmt *statement = settling->builder->statements[query];

	(void)sqlite3_bind_int(statement, 1, (int)settling->pack->table);
	(void)sqlite3_bind_int64(statement, 2, settling->pack->scope);
	schema_bind(statement, 3, settling->pack->name);
	return statement;
}

/* The statement of the table that the pack is in. */
static enum build_query
of_pack(const struct settling *settling, enum pack_query query)
{
	static const enum build_query queries[][3] = {
		{BUILD_PACKAGE, BUILD_PACKAGE_SET, BUILD_PACKAGE_GONE},
		{BUILD_CVES, BUILD_CVES_SET, BUILD_CVES_GONE},
	};

	return queries[settling->pack->table != ADVISORIES_OF_DISTRIBUTION][query];
}

static int
load(const struct settling *settling, enum build_query query, struct buf *ret, struct err *err)
{
	sqlite3_stmt *row = ask(settling, query);
	int code = sqlite3_step(row);
	int r = 0;

	ret->n = 0;
	if (code == SQLITE_ROW)
		r = buf_append(ret, schema_blob(row, 0), err);
	else if (code != SQLITE_DONE)
		r = schema_failed(settling->builder->sqlite, code, "read", err);
	(void)sqlite3_reset(row);
	return r;
}

/* `bytes`: empty to take the row out. */
static int
store(const struct settling *settling, enum build_query set, enum build_query unset,
      struct span bytes, struct err *err)
{
	sqlite3_stmt *statement = ask(settling, bytes.n > 0 ? set : unset);

	settling->builder->touched = true;
	if (bytes.n > 0)
		(void)sqlite3_bind_blob64(statement, 4, bytes.p, bytes.n, SQLITE_STATIC);
	return builder_put(settling->builder, statement, err);
}

/* The pack as it was. *ret_there: there was one. */
static int
load_before(struct settling *settling, bool *ret_there, struct err *err)
{
	struct pack_walk *walk = &settling->walk;
	int r = load(settling, of_pack(settling, PACK_GET), &settling->before, err);

	*ret_there = settling->before.n > 0;
	if (r < 0 || !*ret_there)
		return r;
	r = pack_walk_start(walk, buf_span(&settling->before), err);
	if (r < 0 || !walk->contested)
		return r;
	r = load(settling, BUILD_CLAIMS, &settling->before_claims, err);
	settling->claims = buf_span(&settling->before_claims);
	return r;
}

static int
settle_pack(struct settling *settling, struct err *err)
{
	bool there = false;
	int r = order_changes(settling, err);

	settling->after_claims.n = 0;
	settling->claims = SPAN("");
	if (r == 0 && !settling->builder->blank.is)
		r = load_before(settling, &there, err);
	bool contested = there && settling->walk.contested;
	if (r == 0)
		r = pack_start(&settling->after, err);
	if (r == 0)
		r = merge_rows(settling, there, err);
	if (r < 0)
		return r;
	struct span claims = buf_span(&settling->after_claims);
	r = store(settling, of_pack(settling, PACK_SET), of_pack(settling, PACK_GONE),
		  pack_end(&settling->after, claims.n > 0), err);
	if (r == 0 && (contested || claims.n > 0))
		r = store(settling, BUILD_CLAIMS_SET, BUILD_CLAIMS_GONE, claims, err);
	return r;
}

int
settle_batch(struct advisories_builder *builder, struct err *err)
{
	CLEANUP(settling_cleanup) struct settling *settling = NULL;
	int r = 0;

	if (builder->batch.packs.count == 0)
		return 0;
	settling = calloc(1, sizeof(*settling));
	if (!settling)
		return err_memory(err);
	batch_order(&builder->batch);
	settling->builder = builder;
	settling->before.max = ADVISORY_PACK_MAX;
	settling->before_claims.max = ADVISORY_PACK_MAX;
	settling->after.bytes.max = ADVISORY_PACK_MAX;
	settling->after_claims.max = ADVISORY_PACK_MAX;
	settling->said.text.max = ADVISORY_PACK_MAX;
	settling->said.versions.max = ADVISORY_PACK_MAX;
	for (size_t i = 0; r == 0 && i < builder->batch.packs.count; i++) {
		settling->pack = &builder->batch.packs.items[i];
		if (settling->pack->count > 0)
			r = settle_pack(settling, err);
	}
	batch_clear(&builder->batch);
	builder->blank.is = false;
	return r;
}
