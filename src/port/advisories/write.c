/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of one kind after the other into the tables. */
#include "port/advisories/builder.h"

#include <stdio.h>

const char *const build_queries[BUILD_QUERIES] = {
	[BUILD_SCOPE_ADD] =
		"INSERT OR IGNORE INTO main.scope (distribution, release) VALUES (?1, ?2)",
	[BUILD_SCOPE] = "SELECT id FROM main.scope WHERE distribution = ?1 AND release = ?2",
	[BUILD_FEED] =
		"REPLACE INTO main.feed (name, address, etag, modified, problem, fetched, records,"
		" skipped) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[BUILD_META] = "REPLACE INTO main.meta (key, value) VALUES (?1, ?2)",
	[BUILD_CLAIMS] =
		"SELECT content, times FROM main.claim WHERE kind = ?1 AND distribution = ?2"
		" AND release = ?3 AND source = ?4 AND id = ?5 ORDER BY content",
	[BUILD_CLAIM] =
		"INSERT INTO main.claim (kind, distribution, release, source, id, content, times)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
		" ON CONFLICT DO UPDATE SET times = times + excluded.times",
	[BUILD_CLAIM_GONE] =
		"DELETE FROM main.claim WHERE kind = ?1 AND distribution = ?2 AND release = ?3"
		" AND source = ?4 AND id = ?5 AND content = ?6 AND times <= 0",
	[BUILD_CLAIMS_GONE] =
		"DELETE FROM main.claim WHERE kind = ?1 AND distribution = ?2 AND release = ?3"
		" AND source = ?4 AND id = ?5",
};

#define ADVISORY_COLUMNS                                                                           \
	"state, flags, severity, score, fixed, urgency, reason, note, affected, vector"
#define ADVISORY_KEY " FROM main.advisory WHERE scope = ?3 AND source = ?2 AND id = ?1"
#define ADVISORY_INTO                                                                              \
	" INTO main.advisory (id, source, scope, " ADVISORY_COLUMNS ") VALUES (?1, ?2, ?3, ?4,"    \
	" ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
#define SCORE_INTO                                                                                 \
	" INTO main.score (id, severity, prime, score, vector, source)"                            \
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6)"

/* ?1 is the id; of advisories ?2 the source and ?3 the scope; content follows. */
const char *const row_queries[TABLES][ROW_QUERIES] = {
	[ADVISORIES_OF_DISTRIBUTION] =
		{
			[ROW_ADD] = "INSERT OR IGNORE" ADVISORY_INTO,
			[ROW_SET] = "REPLACE" ADVISORY_INTO,
			[ROW_FIND] = "SELECT " ADVISORY_COLUMNS ADVISORY_KEY,
			[ROW_DELETE] = "DELETE" ADVISORY_KEY,
		},
	[ADVISORIES_SCORES] =
		{
			[ROW_ADD] = "INSERT OR IGNORE" SCORE_INTO,
			[ROW_SET] = "REPLACE" SCORE_INTO,
			[ROW_FIND] = "SELECT severity, prime, score, vector, source FROM main.score"
				     " WHERE id = ?1",
			[ROW_DELETE] = "DELETE FROM main.score WHERE id = ?1",
		},
	[ADVISORIES_EPSS] =
		{
			[ROW_ADD] = "INSERT OR IGNORE INTO main.epss (id, probability)"
				    " VALUES (?1, ?2)",
			[ROW_SET] = "REPLACE INTO main.epss (id, probability) VALUES (?1, ?2)",
			[ROW_FIND] = "SELECT probability FROM main.epss WHERE id = ?1",
			[ROW_DELETE] = "DELETE FROM main.epss WHERE id = ?1",
		},
	[ADVISORIES_EXPLOITED] =
		{
			[ROW_ADD] = "INSERT OR IGNORE INTO main.exploited (id) VALUES (?1)",
			[ROW_SET] = "REPLACE INTO main.exploited (id) VALUES (?1)",
			[ROW_FIND] = "SELECT id FROM main.exploited WHERE id = ?1",
			[ROW_DELETE] = "DELETE FROM main.exploited WHERE id = ?1",
		},
};

int
builder_put(struct advisories_builder *builder, sqlite3_stmt *statement, struct err *err)
{
	int code = sqlite3_step(statement);

	(void)sqlite3_reset(statement);
	return code == SQLITE_DONE ? 0 : schema_failed(builder->sqlite, code, "write", err);
}

static int
look_up_scope(struct advisories_builder *builder, struct span distribution, struct span release,
	      int64_t *ret, struct err *err)
{
	sqlite3_stmt *add = builder->statements[BUILD_SCOPE_ADD];
	sqlite3_stmt *row = builder->statements[BUILD_SCOPE];

	schema_bind(add, 1, distribution);
	schema_bind(add, 2, release);
	int r = builder_put(builder, add, err);
	if (r < 0)
		return r;
	schema_bind(row, 1, distribution);
	schema_bind(row, 2, release);
	int code = sqlite3_step(row);
	if (code == SQLITE_ROW)
		*ret = sqlite3_column_int64(row, 0);
	(void)sqlite3_reset(row);
	return code == SQLITE_ROW ? 0
				  : schema_failed(builder->sqlite, code, "find the release", err);
}

int
builder_scope(struct advisories_builder *builder, struct span distribution, struct span release,
	      int64_t *ret, struct err *err)
{
	for (size_t i = 0; i < SCOPES_KNOWN; i++) {
		const struct scope_known *known = &builder->scopes[i];

		if (known->id == 0 || !span_equal(release, span_from(known->release)) ||
		    !span_equal(distribution, span_from(known->distribution)))
			continue;
		*ret = known->id;
		return 0;
	}
	if (distribution.n > FEED_NAME_MAX || release.n > FEED_NAME_MAX)
		return err_set(err, ERR_LIMIT, "name of a release longer than %d", FEED_NAME_MAX);
	struct scope_known *known = &builder->scopes[builder->scope_next++ % SCOPES_KNOWN];
	known->id = 0;
	int r = look_up_scope(builder, distribution, release, &known->id, err);
	if (r < 0)
		return r;
	(void)snprintf(known->distribution, sizeof(known->distribution), "%.*s",
		       SPAN_ARG(distribution));
	(void)snprintf(known->release, sizeof(known->release), "%.*s", SPAN_ARG(release));
	*ret = known->id;
	return 0;
}

sqlite3_stmt *
builder_key(struct advisories_builder *builder, enum row_query query,
	    const struct advisory_row *row, int64_t scope)
{
	sqlite3_stmt *statement = builder->rows[row->table][query];

	schema_bind(statement, 1, row->advisory.id);
	if (row->table == ADVISORIES_OF_DISTRIBUTION) {
		schema_bind(statement, 2, row->source);
		(void)sqlite3_bind_int64(statement, 3, scope);
	}
	return statement;
}

static void
bind_advisory(sqlite3_stmt *add, const struct advisory *advisory)
{
	(void)sqlite3_bind_int(add, 4, (int)advisory->state);
	(void)sqlite3_bind_int(add, 5,
			       (advisory->no_dsa ? SCHEMA_NO_DSA : 0) |
				       (advisory->unimportant ? SCHEMA_UNIMPORTANT : 0));
	(void)sqlite3_bind_int(add, 6, (int)advisory->severity);
	(void)sqlite3_bind_double(add, 7, advisory->vector.n > 0 ? advisory->score : 0);
	schema_bind(add, 8, advisory->fixed);
	schema_bind(add, 9, advisory->urgency);
	schema_bind(add, 10, advisory->reason);
	schema_bind(add, 11, advisory->note);
	schema_bind(add, 12, advisory->affected);
	schema_bind(add, 13, advisory->vector);
}

int
builder_write(struct advisories_builder *builder, enum row_query query,
	      const struct advisory_row *row, int64_t scope, struct err *err)
{
	sqlite3_stmt *add = builder_key(builder, query, row, scope);

	switch (row->table) {
	case ADVISORIES_OF_DISTRIBUTION:
		bind_advisory(add, &row->advisory);
		break;
	case ADVISORIES_SCORES:
		(void)sqlite3_bind_int(add, 2, (int)row->cve.severity);
		(void)sqlite3_bind_int(add, 3, row->cve.primary);
		(void)sqlite3_bind_double(add, 4, row->cve.score);
		schema_bind(add, 5, row->cve.vector);
		schema_bind(add, 6, row->cve.source);
		break;
	case ADVISORIES_EPSS:
		(void)sqlite3_bind_double(add, 2, row->cve.epss);
		break;
	case ADVISORIES_EXPLOITED:
		break;
	}
	return builder_put(builder, add, err);
}

/* Right into the rows of all: one that was just written is slow to copy. */
static int
record(struct advisories_builder *builder, const struct advisory_row *row, struct err *err)
{
	int r = builder->before ? builder->before(builder->before_context, err) : 0;
	size_t start = builder->record->n;

	if (r == 0)
		r = row_put(row, builder->record, err);
	if (r == 0 && builder->record->n - start > ADVISORY_ROW_MAX)
		r = err_set(err, ERR_LIMIT, "an advisory of more than %lu bytes", ADVISORY_ROW_MAX);
	return r;
}

/* A row that is given as it is: recorded, or written. */
static int
give(struct advisories_builder *builder, enum row_query query, const struct advisory_row *row,
     struct span distribution, struct err *err)
{
	int64_t scope = 0;
	int r = 0;

	if (builder->record)
		return record(builder, row, err);
	if (row->table == ADVISORIES_OF_DISTRIBUTION)
		r = builder_scope(builder, distribution, row->release, &scope, err);
	return r < 0 ? r : builder_write(builder, query, row, scope, err);
}

int
advisories_build_advisory(struct advisories_builder *builder, struct span distribution,
			  struct span release, struct span source, const struct advisory *advisory,
			  bool *ret_new, struct err *err)
{
	struct advisory_row row = {.table = ADVISORIES_OF_DISTRIBUTION,
				   .release = release,
				   .source = source,
				   .advisory = *advisory};
	int r = give(builder, ROW_ADD, &row, distribution, err);

	if (r == 0)
		*ret_new = builder->record || sqlite3_changes(builder->sqlite) > 0;
	return r;
}

int
advisories_build_advisories(struct advisories_builder *builder, struct span distribution,
			    struct span release, struct span source,
			    const struct advisory *advisory, const struct span *ids, size_t count,
			    struct err *err)
{
	struct advisory_row *row = &builder->row;
	int r = 0;

	row->table = ADVISORIES_OF_DISTRIBUTION;
	row->release = release;
	row->source = source;
	row->advisory = *advisory;
	for (size_t i = 0; r == 0 && i < count; i++) {
		row->advisory.id = ids[i];
		r = give(builder, ROW_ADD, row, distribution, err);
	}
	return r;
}

int
advisories_build_score(struct advisories_builder *builder, struct span id,
		       const struct advisory_cve *cve, struct err *err)
{
	struct advisory_row row = {.table = ADVISORIES_SCORES, .advisory.id = id, .cve = *cve};

	if (cve->source.n > 0)
		return give(builder, ROW_SET, &row, SPAN(""), err);
	return builder->record
		       ? 0
		       : builder_put(builder, builder_key(builder, ROW_DELETE, &row, 0), err);
}

int
advisories_build_epss(struct advisories_builder *builder, struct span id, double probability,
		      struct err *err)
{
	struct advisory_row row = {
		.table = ADVISORIES_EPSS, .advisory.id = id, .cve.epss = probability};

	return give(builder, ROW_SET, &row, SPAN(""), err);
}

int
advisories_build_exploited(struct advisories_builder *builder, struct span id, struct err *err)
{
	struct advisory_row row = {.table = ADVISORIES_EXPLOITED, .advisory.id = id};

	return give(builder, ROW_SET, &row, SPAN(""), err);
}
