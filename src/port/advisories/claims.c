/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that were recorded, in and out again. Where several records of a feed speak of one key, the
 * table `claim` has what each says, and the row itself is made of them: so it does not matter in
 * which order they came, nor whether one of them went meanwhile.
 */
#include "base/cleanup.h"
#include "base/vec.h"
#include "port/advisories/builder.h"

#include <stdio.h>
#include <stdlib.h>

struct claims {
	struct advisories_builder *builder;
	struct span distribution;
	const struct advisory_row *row; /* of the key in question */
	int64_t scope;
	struct buf text; /* content, or versions that are joined */
};

static void
claims_cleanup(struct claims *claims)
{
	buf_cleanup(&claims->text);
}

static sqlite3_stmt *
ask(const struct claims *claims, enum build_query query)
{
	sqlite3_stmt *statement = claims->builder->statements[query];

	(void)sqlite3_bind_int(statement, 1, (int)claims->row->table);
	schema_bind(statement, 2, claims->distribution);
	schema_bind(statement, 3, claims->row->release);
	schema_bind(statement, 4, claims->row->source);
	schema_bind(statement, 5, claims->row->advisory.id);
	return statement;
}

/* Adds to (or, with -1, takes from) how often a content is claimed. */
static int
count_claim(const struct claims *claims, struct span content, int times, struct err *err)
{
	sqlite3_stmt *add = ask(claims, BUILD_CLAIM);
	sqlite3_stmt *gone;

	(void)sqlite3_bind_blob(add, 6, content.n ? content.p : "", (int)content.n, SQLITE_STATIC);
	(void)sqlite3_bind_int(add, 7, times);
	int r = builder_put(claims->builder, add, err);
	if (r < 0 || times > 0)
		return r;
	gone = ask(claims, BUILD_CLAIM_GONE);
	(void)sqlite3_bind_blob(gone, 6, content.n ? content.p : "", (int)content.n, SQLITE_STATIC);
	return builder_put(claims->builder, gone, err);
}

static struct span
blob(sqlite3_stmt *row, int column)
{
	const char *p = sqlite3_column_blob(row, column);

	return (struct span){p ? p : "", p ? (size_t)sqlite3_column_bytes(row, column) : 0};
}

/* The content of the row that is in, as row_put_content() writes it. ERR_INVALID: there is none. */
static int
find_content(struct claims *claims, struct err *err)
{
	struct advisories_builder *builder = claims->builder;
	sqlite3_stmt *found = builder_key(builder, ROW_FIND, claims->row, claims->scope);
	struct advisory_row row = {.table = claims->row->table};
	int code = sqlite3_step(found);
	int r = 0;

	claims->text.n = 0;
	if (code == SQLITE_DONE)
		r = err_set(err, ERR_INVALID, "the database lacks %.*s of %.*s",
			    SPAN_ARG(claims->row->advisory.id), SPAN_ARG(claims->row->source));
	else if (code != SQLITE_ROW)
		r = schema_failed(builder->sqlite, code, "read", err);
	if (r == 0 && row.table == ADVISORIES_OF_DISTRIBUTION) {
		int flags = sqlite3_column_int(found, 1);

		row.advisory = (struct advisory){
			.state = (enum advisory_state)sqlite3_column_int(found, 0),
			.no_dsa = flags & SCHEMA_NO_DSA,
			.unimportant = flags & SCHEMA_UNIMPORTANT,
			.severity = (enum severity)sqlite3_column_int(found, 2),
			.score = sqlite3_column_double(found, 3),
			.fixed = schema_text(found, 4),
			.urgency = schema_text(found, 5),
			.reason = schema_text(found, 6),
			.note = schema_text(found, 7),
			.affected = schema_text(found, 8),
			.vector = schema_text(found, 9),
		};
	} else if (r == 0 && row.table == ADVISORIES_SCORES) {
		row.cve = (struct advisory_cve){
			.severity = (enum severity)sqlite3_column_int(found, 0),
			.primary = sqlite3_column_int(found, 1) != 0,
			.score = sqlite3_column_double(found, 2),
			.vector = schema_text(found, 3),
			.source = schema_text(found, 4),
		};
	} else if (r == 0 && row.table == ADVISORIES_EPSS) {
		row.cve.epss = sqlite3_column_double(found, 0);
	}
	if (r == 0)
		r = row_put_content(&row, &claims->text, err);
	(void)sqlite3_reset(found);
	return r;
}

struct claim {
	struct advisory_row row;
	int64_t times;
};

struct claim_list {
	VEC(struct claim) items;
	struct arena *arena; /* what the rows' texts are in */
	int64_t total;
};

static void
claim_list_cleanup(struct claim_list *list)
{
	vec_free(&list->items);
	arena_free(list->arena);
}

static int
read_claims(const struct claims *claims, struct claim_list *list, struct err *err)
{
	sqlite3_stmt *row = ask(claims, BUILD_CLAIMS);
	int code;
	int r = 0;

	list->arena = arena_new(ADVISORY_RECORD_MAX);
	if (!list->arena)
		return err_memory(err);
	while (r == 0 && (code = sqlite3_step(row)) == SQLITE_ROW) {
		struct claim claim = {.row = *claims->row, .times = sqlite3_column_int64(row, 1)};

		claim.row.content = arena_copy(list->arena, blob(row, 0));
		r = claim.row.content.p ? row_get_content(claim.row.content, &claim.row, err)
					: err_memory(err);
		claim.row.advisory.id = claims->row->advisory.id;
		list->total += claim.times;
		if (r == 0)
			r = vec_push(&list->items, &claim, FEED_RECORDS_MAX, err);
	}
	if (r == 0 && code != SQLITE_DONE)
		r = schema_failed(claims->builder->sqlite, code, "read", err);
	(void)sqlite3_reset(row);
	return r;
}

/* The intervals of all, each once and in the order of their bytes. */
static int
join_versions(struct claims *claims, const struct claim_list *list, struct err *err)
{
	VEC(struct span) parts = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->items.count; i++) {
		struct span rest = list->items.items[i].row.advisory.affected;

		while (r == 0 && rest.p && rest.n > 0) {
			struct span part = span_cut(&rest, ' ');

			r = vec_push(&parts, &part, FEED_RECORDS_MAX, err);
		}
	}
	if (r == 0 && parts.count > 0)
		qsort(parts.items, parts.count, sizeof(*parts.items), span_compare_items);
	claims->text.n = 0;
	for (size_t i = 0; r == 0 && i < parts.count; i++) {
		if (i > 0 && span_equal(parts.items[i], parts.items[i - 1]))
			continue;
		r = claims->text.n > 0 ? buf_byte(&claims->text, ' ', err) : 0;
		if (r == 0)
			r = buf_append(&claims->text, parts.items[i], err);
	}
	vec_free(&parts);
	return r;
}

static bool
is_worse(const struct advisory *a, const struct advisory *b)
{
	if (a->severity != b->severity)
		return a->severity > b->severity;
	if (a->score > b->score || a->score < b->score)
		return a->score > b->score;
	return span_compare(a->vector, b->vector) < 0;
}

/* The row of the key anew, of what is claimed; the claims stand in the order of their bytes. */
static int
settle(struct claims *claims, struct err *err)
{
	CLEANUP(claim_list_cleanup) struct claim_list list = {0};
	int r = read_claims(claims, &list, err);

	if (r < 0)
		return r;
	if (list.items.count == 0)
		return err_set(err, ERR_INVALID, "the database lacks what is claimed");
	struct advisory_row row = list.items.items[0].row;
	if (row.table == ADVISORIES_OF_DISTRIBUTION && row.advisory.state == ADVISORY_RANGES) {
		for (size_t i = 1; i < list.items.count; i++) {
			const struct advisory *other = &list.items.items[i].row.advisory;

			if (is_worse(other, &row.advisory)) {
				row.advisory.severity = other->severity;
				row.advisory.score = other->score;
				row.advisory.vector = other->vector;
			}
		}
		r = join_versions(claims, &list, err);
		row.advisory.affected = buf_span(&claims->text);
	}
	if (r == 0)
		r = builder_write(claims->builder, ROW_SET, &row, claims->scope, err);
	if (r == 0 && list.total == 1) /* nothing to settle any more */
		r = builder_put(claims->builder, ask(claims, BUILD_CLAIMS_GONE), err);
	return r;
}

static int
has_claims(const struct claims *claims, bool *ret, struct err *err)
{
	sqlite3_stmt *row = ask(claims, BUILD_CLAIMS);
	int code = sqlite3_step(row);

	(void)sqlite3_reset(row);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return schema_failed(claims->builder->sqlite, code, "read", err);
	*ret = code == SQLITE_ROW;
	return 0;
}

static int
add_row(struct claims *claims, struct err *err)
{
	struct advisories_builder *builder = claims->builder;
	bool contested = false;
	int r = builder_write(builder, ROW_ADD, claims->row, claims->scope, err);

	if (r < 0 || sqlite3_changes(builder->sqlite) > 0)
		return r;
	r = has_claims(claims, &contested, err);
	if (r == 0 && !contested) {
		r = find_content(claims, err);
		if (r == 0)
			r = count_claim(claims, buf_span(&claims->text), 1, err);
	}
	if (r == 0)
		r = count_claim(claims, claims->row->content, 1, err);
	return r < 0 ? r : settle(claims, err);
}

static int
remove_row(struct claims *claims, struct err *err)
{
	struct advisories_builder *builder = claims->builder;
	bool contested = false;
	int r = has_claims(claims, &contested, err);

	if (r == 0 && contested) {
		r = count_claim(claims, claims->row->content, -1, err);
		return r < 0 ? r : settle(claims, err);
	}
	if (r == 0)
		r = builder_put(builder,
				builder_key(builder, ROW_DELETE, claims->row, claims->scope), err);
	if (r == 0 && sqlite3_changes(builder->sqlite) == 0)
		r = err_set(err, ERR_INVALID, "the database lacks %.*s",
			    SPAN_ARG(claims->row->advisory.id));
	return r;
}

static int
each_row(struct advisories_builder *builder, enum advisories_table table, struct span distribution,
	 struct span rows, int (*change)(struct claims *claims, struct err *err), struct err *err)
{
	CLEANUP(claims_cleanup)
	struct claims claims = {.builder = builder,
				.distribution = table == ADVISORIES_OF_DISTRIBUTION ? distribution
										    : SPAN(""),
				.text = BUF_INIT(ADVISORY_ROW_MAX)};
	struct advisory_row row;
	int r;

	while ((r = row_next(&rows, &row, err)) > 0) {
		claims.row = &row;
		if (row.table != table)
			return err_set(err, ERR_INVALID, "a row of another table");
		if (table == ADVISORIES_OF_DISTRIBUTION)
			r = builder_scope(builder, distribution, row.release, &claims.scope, err);
		if (r >= 0)
			r = change(&claims, err);
		if (r < 0)
			break;
	}
	return r;
}

int
advisories_build_add(struct advisories_builder *builder, enum advisories_table table,
		     struct span distribution, struct span rows, struct err *err)
{
	return each_row(builder, table, distribution, rows, add_row, err);
}

int
advisories_build_remove(struct advisories_builder *builder, enum advisories_table table,
			struct span distribution, struct span rows, struct err *err)
{
	return each_row(builder, table, distribution, rows, remove_row, err);
}

/* ?1 is the distribution, ?2 the table. */
static int
run_bound(struct advisories_builder *builder, const char *sql, enum advisories_table table,
	  struct span distribution, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	int r = schema_prepare(builder->sqlite, sql, &statement, err);

	if (r < 0)
		return r;
	if (sqlite3_bind_parameter_count(statement) > 0)
		schema_bind(statement, 1, distribution);
	if (sqlite3_bind_parameter_count(statement) > 1)
		(void)sqlite3_bind_int(statement, 2, (int)table);
	r = builder_put(builder, statement, err);
	(void)sqlite3_finalize(statement);
	return r;
}

int
advisories_build_clear(struct advisories_builder *builder, enum advisories_table table,
		       struct span distribution, struct err *err)
{
	static const char *const clears[TABLES] = {
		[ADVISORIES_OF_DISTRIBUTION] =
			("DELETE FROM main.advisory WHERE scope IN (SELECT id FROM main.scope"
			 " WHERE distribution = ?1)"),
		[ADVISORIES_SCORES] = "DELETE FROM main.score",
		[ADVISORIES_EPSS] = "DELETE FROM main.epss",
		[ADVISORIES_EXPLOITED] = "DELETE FROM main.exploited",
	};
	struct span name = table == ADVISORIES_OF_DISTRIBUTION ? distribution : SPAN("");
	int r = run_bound(builder, clears[table], table, name, err);

	return r < 0 ? r
		     : run_bound(builder,
				 "DELETE FROM main.claim WHERE distribution = ?1 AND kind = ?2",
				 table, name, err);
}

int
advisories_build_twice(struct advisories_builder *builder, enum advisories_table table,
		       struct span distribution, char first[160], uint64_t *ret, struct err *err)
{
	struct span name = table == ADVISORIES_OF_DISTRIBUTION ? distribution : SPAN("");
	sqlite3_stmt *row = NULL;
	uint64_t twice = 0;
	int code;
	int r = schema_prepare(builder->sqlite,
			       "SELECT id, source, sum(times), min(content) FROM main.claim"
			       " WHERE kind = ?1 AND distribution = ?2"
			       " GROUP BY release, source, id ORDER BY release, source, id",
			       &row, err);

	if (r < 0)
		return r;
	(void)sqlite3_bind_int(row, 1, (int)table);
	schema_bind(row, 2, name);
	while ((code = sqlite3_step(row)) == SQLITE_ROW) {
		struct span content = blob(row, 3);

		if (table == ADVISORIES_OF_DISTRIBUTION && content.n > 0 &&
		    content.p[0] == ADVISORY_RANGES)
			continue;
		if (twice == 0)
			(void)snprintf(first, 160, "%.40s: there twice for %.80s",
				       (const char *)sqlite3_column_text(row, 0),
				       (const char *)sqlite3_column_text(row, 1));
		twice += (uint64_t)sqlite3_column_int64(row, 2) - 1;
	}
	if (code != SQLITE_DONE)
		r = schema_failed(builder->sqlite, code, "count", err);
	(void)sqlite3_finalize(row);
	if (r == 0)
		*ret = twice;
	return r;
}
