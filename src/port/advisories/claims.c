/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that were recorded, in and out again; docs/advisories.md, "Several records of one key". */
#include "base/cleanup.h"
#include "port/advisories/pack.h"
#include "port/advisories/settle.h"

#include <stdio.h>

static int
each_row(struct advisories_builder *builder, enum advisories_table table, struct span distribution,
	 struct span rows, enum batch_deed deed, struct err *err)
{
	struct advisory_row row;
	int64_t scope = 0;
	int r;

	builder_expect(builder, table,
		       table == ADVISORIES_OF_DISTRIBUTION ? distribution : SPAN(""));
	while ((r = row_next(&rows, &row, err)) > 0) {
		if (row.table != table)
			return err_set(err, ERR_INVALID, "a row of another table");
		if (table == ADVISORIES_OF_DISTRIBUTION)
			r = builder_scope(builder, distribution, row.release, &scope, err);
		if (r >= 0)
			r = builder_change(builder, deed, &row, scope, err);
		if (r < 0)
			break;
	}
	return r;
}

int
advisories_build_add(struct advisories_builder *builder, enum advisories_table table,
		     struct span distribution, struct span rows, struct err *err)
{
	return each_row(builder, table, distribution, rows, BATCH_ADD, err);
}

int
advisories_build_remove(struct advisories_builder *builder, enum advisories_table table,
			struct span distribution, struct span rows, struct err *err)
{
	return each_row(builder, table, distribution, rows, BATCH_REMOVE, err);
}

/* ?1 is the table, ?2 the distribution. */
#define OF_DISTRIBUTION " WHERE scope IN (SELECT id FROM main.scope WHERE distribution = ?2)"

static int
prepare(struct advisories_builder *builder, const char *sql, enum advisories_table table,
	struct span distribution, sqlite3_stmt **ret, struct err *err)
{
	int r = schema_prepare(builder->sqlite, sql, ret, err);

	if (r < 0)
		return r;
	(void)sqlite3_bind_int(*ret, 1, (int)table);
	if (table == ADVISORIES_OF_DISTRIBUTION)
		schema_bind(*ret, 2, distribution);
	return 0;
}

static int
clear(struct advisories_builder *builder, const char *sql, enum advisories_table table,
      struct span distribution, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	int r = prepare(builder, sql, table, distribution, &statement, err);

	if (r == 0)
		r = builder_put(builder, statement, err);
	builder->touched |= sqlite3_changes(builder->sqlite) > 0;
	(void)sqlite3_finalize(statement);
	return r;
}

int
advisories_build_clear(struct advisories_builder *builder, enum advisories_table table,
		       struct span distribution, struct err *err)
{
	static const char *const clears[][2] = {
		{"DELETE FROM main.cve WHERE kind = ?1", "DELETE FROM main.claim WHERE kind = ?1"},
		{"DELETE FROM main.package" OF_DISTRIBUTION,
		 "DELETE FROM main.claim" OF_DISTRIBUTION " AND kind = ?1"},
	};
	bool by_scope = table == ADVISORIES_OF_DISTRIBUTION;
	struct span name = by_scope ? distribution : SPAN("");
	int r = settle_batch(builder, err);

	for (size_t i = 0; r == 0 && i < 2; i++)
		r = clear(builder, clears[by_scope][i], table, name, err);
	if (r < 0 || name.n > FEED_NAME_MAX)
		return r;
	builder->blank = (struct blank){.is = true, .table = table};
	(void)snprintf(builder->blank.distribution, sizeof(builder->blank.distribution), "%.*s",
		       SPAN_ARG(name));
	return 0;
}

struct twice {
	enum advisories_table table;
	char *first;
	uint64_t count;
};

/* The claims of one pack; those of an id stand together, the one that counts first. */
static int
count_claims(struct twice *twice, struct span name, struct span claims, struct err *err)
{
	struct span source = twice->table == ADVISORIES_OF_DISTRIBUTION ? name : SPAN("");
	struct pack_claim claim;
	struct span id = SPAN("");
	bool joined = false;
	int r;

	while ((r = pack_next_claim(&claims, &claim, err)) > 0) {
		bool next = !span_equal(claim.id, id);

		id = claim.id;
		if (next)
			joined = twice->table == ADVISORIES_OF_DISTRIBUTION &&
				 claim.content.n > 0 && claim.content.p[0] == ADVISORY_RANGES;
		if (joined)
			continue;
		if (twice->count == 0 && next && !twice->first[0])
			(void)snprintf(twice->first, 160, "%.*s: there twice for %.*s",
				       (int)(id.n < 40 ? id.n : 40), id.p,
				       (int)(source.n < 80 ? source.n : 80), source.p);
		twice->count += claim.times - next;
	}
	return r;
}

int
advisories_build_twice(struct advisories_builder *builder, enum advisories_table table,
		       struct span distribution, char first[160], uint64_t *ret, struct err *err)
{
	static const char of_distribution[] =
		"SELECT name, rows FROM main.scope JOIN main.claim ON scope.id = claim.scope"
		" WHERE kind = ?1 AND distribution = ?2 ORDER BY release, name";
	static const char of_others[] =
		"SELECT name, rows FROM main.claim WHERE kind = ?1 ORDER BY scope, name";
	bool by_scope = table == ADVISORIES_OF_DISTRIBUTION;
	struct twice twice = {.table = table};
	sqlite3_stmt *row = NULL;
	int code;
	int r = settle_batch(builder, err);

	twice.first = first;
	if (r == 0)
		r = prepare(builder, by_scope ? of_distribution : of_others, table, distribution,
			    &row, err);
	if (r < 0)
		return r;
	while (r == 0 && (code = sqlite3_step(row)) == SQLITE_ROW)
		r = count_claims(&twice, schema_text(row, 0), schema_blob(row, 1), err);
	if (r == 0 && code != SQLITE_DONE)
		r = schema_failed(builder->sqlite, code, "count", err);
	(void)sqlite3_finalize(row);
	if (r == 0)
		*ret = twice.count;
	return r;
}

int
advisories_build_count(struct advisories_builder *builder, struct span distribution, uint64_t *ret,
		       struct err *err)
{
	CLEANUP(pack_walk_cleanup) struct pack_walk walk = {0};
	sqlite3_stmt *row = NULL;
	uint64_t count = 0;
	int code;
	int r = settle_batch(builder, err);

	if (r == 0)
		r = prepare(builder, "SELECT rows FROM main.package" OF_DISTRIBUTION,
			    ADVISORIES_OF_DISTRIBUTION, distribution, &row, err);
	if (r < 0)
		return r;
	while (r == 0 && (code = sqlite3_step(row)) == SQLITE_ROW) {
		r = pack_walk_start(&walk, schema_blob(row, 0), err);
		if (r == 0)
			r = pack_count(&walk, &count, err);
	}
	if (r == 0 && code != SQLITE_DONE)
		r = schema_failed(builder->sqlite, code, "count", err);
	(void)sqlite3_finalize(row);
	if (r == 0)
		*ret = count;
	return r;
}
