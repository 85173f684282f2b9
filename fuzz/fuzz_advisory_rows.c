/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of advisories as a reader sends them, and packs as the database has them. What is accepted
 * is written again and says the same.
 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "port/advisories/pack.h"
#include "port/advisories/rows.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One row with its ids, written and read again. */
static void
check_row(const struct advisory_row *row)
{
	CLEANUP(buf_cleanup) struct buf again = BUF_INIT(MIB);
	VEC(struct span) ids = {0};
	struct span rest = row->ids;
	struct advisory_row back;
	struct err err = ERR_INIT;
	struct span id;
	int r = 0;

	while (r == 0 && row_next_id(&rest, &id)) {
		if (id.n == 0 || id.n > FEED_NAME_MAX)
			abort();
		r = vec_push(&ids, &id, MIB, &err);
	}
	if (r == 0)
		r = row_put(row, ids.items, ids.count, &again, &err);
	vec_free(&ids);
	rest = buf_span(&again);
	if (r == 0 && row_next(&rest, &back, &err) != 1)
		r = -ERR_INVALID;
	if (r < 0 ? !starved()
		  : back.table != row->table || rest.n > 0 ||
			    !span_equal(back.release, row->release) ||
			    !span_equal(back.source, row->source) ||
			    !span_equal(back.advisory.affected, row->advisory.affected) ||
			    !span_equal(back.cve.source, row->cve.source))
		abort();
}

static void
check_rows(struct span rows)
{
	struct advisory_row row;
	struct err err = ERR_INIT;

	while (row_next(&rows, &row, &err) > 0)
		check_row(&row);
}

static void
check_pack(struct span pack)
{
	CLEANUP(pack_walk_cleanup) struct pack_walk walk = {0};
	CLEANUP(pack_walk_cleanup) struct pack_walk other = {0};
	struct pack_writer *writer = calloc(1, sizeof(*writer));
	struct pack_row row;
	struct pack_row back;
	struct err err = ERR_INIT;
	int more = -1;
	int r = writer ? pack_walk_start(&walk, pack, &err) : -ERR_MEMORY;

	if (r == 0) {
		writer->bytes.max = MIB;
		r = pack_start(writer, &err);
	}
	while (r == 0 && (more = pack_next(&walk, &row, &err)) > 0)
		r = pack_put(writer, row.id, row.content, &err);
	if (r == 0 && more == 0) {
		bool some = walk.contents.count > 0;
		struct span bytes = pack_end(writer, walk.contested);

		if (some != (bytes.n > 0))
			abort();
		r = pack_walk_start(&walk, pack, &err);
		if (r == 0 && some)
			r = pack_walk_start(&other, bytes, &err);
		while (r == 0 && some && (more = pack_next(&walk, &row, &err)) > 0) {
			r = pack_next(&other, &back, &err) == 1 ? 0 : -ERR_INVALID;
			if (r == 0 &&
			    !(span_equal(row.id, back.id) && span_equal(row.content, back.content)))
				abort();
		}
		if (r < 0 && !starved())
			abort();
	}
	if (writer)
		buf_cleanup(&writer->bytes);
	free(writer);
}

/* A look-up says what a walk does of the first row of an id. */
static void
check_finding(struct span pack)
{
	CLEANUP(pack_walk_cleanup) struct pack_walk walk = {0};
	struct err err = ERR_INIT;
	struct pack_row row;
	struct span found;
	bool there;

	if (pack_walk_start(&walk, pack, &err) < 0 || pack_next(&walk, &row, &err) <= 0)
		return;
	if (pack_find(pack, row.id, &found, &there, &err) < 0 || !there ||
	    !span_equal(found, row.content))
		abort();
	while (pack_next(&walk, &row, &err) > 0)
		(void)pack_find(pack, row.id, &found, &there, &err);
}

static void
check_claims(struct span claims)
{
	CLEANUP(buf_cleanup) struct buf again = BUF_INIT(MIB);
	struct span rest = claims;
	struct pack_claim claim;
	struct err err = ERR_INIT;
	int r;

	while ((r = pack_next_claim(&rest, &claim, &err)) > 0) {
		if (claim.times == 0)
			abort();
		if (pack_put_claim(&claim, &again, &err) < 0)
			break;
	}
	if (r == 0 && again.n > claims.n)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = {(const char *)data, size};

	if (size > MIB / 4)
		return 0;
	check_rows(bytes);
	check_pack(bytes);
	check_finding(bytes);
	check_claims(bytes);
	return 0;
}
