/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories_build.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/advisory_origin.h"
#include "port/advisories/place.h"
#include "port/advisories/reader.h"

#include <stdio.h>

enum build_query {
	BUILD_SCOPE_ADD,
	BUILD_SCOPE,
	BUILD_ADVISORY,
	BUILD_SCORE,
	BUILD_UNSCORE,
	BUILD_EPSS,
	BUILD_EXPLOITED,
	BUILD_FEED,
	BUILD_META,
	BUILD_QUERIES,
};

static const char *const queries[BUILD_QUERIES] = {
	[BUILD_SCOPE_ADD] = "INSERT OR IGNORE INTO scope (distribution, release) VALUES (?1, ?2)",
	[BUILD_SCOPE] = "SELECT id FROM scope WHERE distribution = ?1 AND release = ?2",
	[BUILD_ADVISORY] =
		"INSERT OR IGNORE INTO advisory (source, id, fixed, urgency, reason, note,"
		" affected, vector, scope, state, flags, severity, score)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[BUILD_SCORE] = "REPLACE INTO score (id, vector, source, score, severity, prime)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[BUILD_UNSCORE] = "DELETE FROM main.score WHERE id = ?1",
	[BUILD_EPSS] = "REPLACE INTO epss (id, probability) VALUES (?1, ?2)",
	[BUILD_EXPLOITED] = "REPLACE INTO exploited (id) VALUES (?1)",
	[BUILD_FEED] =
		"REPLACE INTO feed (name, address, etag, modified, problem, fetched, records,"
		" skipped) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[BUILD_META] = "REPLACE INTO meta (key, value) VALUES (?1, ?2)",
};

/* ?1 is the distribution where there is one. */
static const char *const keeps[][3] = {
	[ADVISORIES_OF_DISTRIBUTION] =
		{"INSERT OR IGNORE INTO main.scope (distribution, release)"
		 " SELECT distribution, release FROM old.scope WHERE distribution = ?1",
		 "INSERT OR IGNORE INTO main.advisory SELECT new.id, a.source, a.id, a.state,"
		 " a.flags, a.fixed, a.urgency, a.reason, a.note, a.affected, a.severity,"
		 " a.vector, a.score FROM old.scope"
		 " JOIN main.scope AS new USING (distribution, release)"
		 " JOIN old.advisory AS a ON a.scope = old.scope.id"
		 " WHERE distribution = ?1 ORDER BY new.id, a.source, a.id"},
	[ADVISORIES_SCORES] = {"INSERT OR IGNORE INTO main.score SELECT * FROM old.score"},
	[ADVISORIES_EPSS] = {"INSERT OR IGNORE INTO main.epss SELECT * FROM old.epss"},
	[ADVISORIES_EXPLOITED] =
		{"INSERT OR IGNORE INTO main.exploited SELECT * FROM old.exploited"},
};

struct advisories_builder {
	struct place place;
	bool begun; /* a savepoint is open */
	sqlite3 *sqlite;
	sqlite3_stmt *statements[BUILD_QUERIES];
	struct advisories *old; /* NULL: there is none */
	/* The scope asked for last: feeds come in long runs of few releases. */
	char distribution[FEED_NAME_MAX + 1];
	char release[FEED_NAME_MAX + 1];
	int64_t scope;
};

static int
create_tables(struct advisories_builder *builder, struct err *err)
{
	char pragmas[200];
	int code = sqlite3_open_v2(builder->place.fresh, &builder->sqlite,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
				   NULL);

	if (code != SQLITE_OK)
		return schema_failed(builder->sqlite, code, "create", err);
	(void)snprintf(pragmas, sizeof(pragmas),
		       "PRAGMA page_size = 4096; PRAGMA journal_mode = MEMORY;"
		       "PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;"
		       "PRAGMA cache_size = -65536;"
		       "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		       SCHEMA_APPLICATION, SCHEMA_VERSION);
	int r = schema_run(builder->sqlite, pragmas, err);
	return r < 0 ? r : schema_run(builder->sqlite, schema_sql, err);
}

static int
attach_old(struct advisories_builder *builder, struct err *err)
{
	CLEANUP(free_cleanup) char *uri = schema_uri(builder->place.path);
	sqlite3_stmt *attach = NULL;

	if (!builder->old)
		return 0;
	if (!uri)
		return err_memory(err);
	int r = schema_prepare(builder->sqlite, "ATTACH ?1 AS old", &attach, err);
	if (r < 0)
		return r;
	schema_bind(attach, 1, span_from(uri));
	int code = sqlite3_step(attach);
	if (code != SQLITE_DONE)
		r = schema_failed(builder->sqlite, code, "attach the old database", err);
	(void)sqlite3_finalize(attach);
	return r;
}

static int
start(struct advisories_builder *builder, struct err *err)
{
	int r = create_tables(builder, err);

	if (r == 0)
		r = attach_old(builder, err);
	if (r == 0)
		r = schema_run(builder->sqlite, "BEGIN", err);
	for (size_t i = 0; r == 0 && i < BUILD_QUERIES; i++)
		r = schema_prepare(builder->sqlite, queries[i], &builder->statements[i], err);
	return r;
}

/*
 * The database whose rows can be kept. Those of one that nobody vouches for are not: they would
 * pass for a feed's from then on.
 */
static int
open_old(struct advisories_builder *builder, struct arena *arena, const char **ret_lost,
	 struct err *err)
{
	struct err why = ERR_INIT;
	struct span text = SPAN("");
	int r = advisories_open(builder->place.path, &builder->old, &why);

	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0 && r != -ERR_NOT_FOUND)
		text = arena_printf(arena, "%s", why.text);
	else if (r == 0 && !advisory_origin_vouched(advisories_origin(builder->old))) {
		text = advisory_origin_text(advisories_origin(builder->old), arena);
		if (text.p)
			text = arena_printf(arena, "nobody vouches for it: it is %s", text.p);
		advisories_free(TAKE(builder->old));
	}
	if (!text.p)
		return err_memory(err);
	*ret_lost = text.n > 0 ? text.p : NULL;
	return 0;
}

int
advisories_build(const char *path, struct arena *arena, struct advisories_builder **ret,
		 const char **ret_lost, struct err *err)
{
	CLEANUP(advisories_builder_cleanup)
	struct advisories_builder *builder = calloc(1, sizeof(*builder));
	const char *lost = NULL;

	if (!builder)
		return err_memory(err);
	builder->place.fd = -1;
	int r = place_take(&builder->place, path, err);
	if (r < 0)
		return r;
	r = open_old(builder, arena, &lost, err);
	if (r < 0)
		return r;
	r = start(builder, err);
	if (r < 0)
		return err_wrap(err, "advisory database %.100s", path);
	*ret = TAKE(builder);
	*ret_lost = lost;
	return 0;
}

void
advisories_builder_free(struct advisories_builder *builder)
{
	if (!builder)
		return;
	schema_close(&builder->sqlite);
	advisories_free(builder->old);
	place_leave(&builder->place);
	free(builder);
}

void
advisories_builder_cleanup(struct advisories_builder **builder)
{
	advisories_builder_free(*builder);
	*builder = NULL;
}

int
advisories_build_begin(struct advisories_builder *builder, struct err *err)
{
	int r = builder->begun ? schema_run(builder->sqlite, "RELEASE feed", err) : 0;

	if (r == 0)
		r = schema_run(builder->sqlite, "SAVEPOINT feed", err);
	builder->begun = r == 0;
	return r;
}

int
advisories_build_undo(struct advisories_builder *builder, struct err *err)
{
	if (!builder->begun)
		return 0;
	builder->begun = false;
	builder->scope = 0;
	return schema_run(builder->sqlite, "ROLLBACK TO feed; RELEASE feed", err);
}

/* Runs a statement that gives no rows. */
static int
put(struct advisories_builder *builder, sqlite3_stmt *statement, struct err *err)
{
	int code = sqlite3_step(statement);

	(void)sqlite3_reset(statement);
	return code == SQLITE_DONE ? 0 : schema_failed(builder->sqlite, code, "write", err);
}

static int
find_scope(struct advisories_builder *builder, struct span distribution, struct span release,
	   struct err *err)
{
	sqlite3_stmt *add = builder->statements[BUILD_SCOPE_ADD];
	sqlite3_stmt *row = builder->statements[BUILD_SCOPE];

	if (builder->scope && span_equal(release, span_from(builder->release)) &&
	    span_equal(distribution, span_from(builder->distribution)))
		return 0;
	if (distribution.n > FEED_NAME_MAX || release.n > FEED_NAME_MAX)
		return err_set(err, ERR_LIMIT, "name of a release longer than %d", FEED_NAME_MAX);
	schema_bind(add, 1, distribution);
	schema_bind(add, 2, release);
	int r = put(builder, add, err);
	if (r < 0)
		return r;
	schema_bind(row, 1, distribution);
	schema_bind(row, 2, release);
	int code = sqlite3_step(row);
	if (code == SQLITE_ROW)
		builder->scope = sqlite3_column_int64(row, 0);
	(void)sqlite3_reset(row);
	if (code != SQLITE_ROW)
		return schema_failed(builder->sqlite, code, "find the release", err);
	(void)snprintf(builder->distribution, sizeof(builder->distribution), "%.*s",
		       SPAN_ARG(distribution));
	(void)snprintf(builder->release, sizeof(builder->release), "%.*s", SPAN_ARG(release));
	return 0;
}

int
advisories_build_advisory(struct advisories_builder *builder, struct span distribution,
			  struct span release, struct span source, const struct advisory *advisory,
			  bool *ret_new, struct err *err)
{
	sqlite3_stmt *add = builder->statements[BUILD_ADVISORY];
	int r = find_scope(builder, distribution, release, err);

	if (r < 0)
		return r;
	schema_bind(add, 1, source);
	schema_bind(add, 2, advisory->id);
	schema_bind(add, 3, advisory->fixed);
	schema_bind(add, 4, advisory->urgency);
	schema_bind(add, 5, advisory->reason);
	schema_bind(add, 6, advisory->note);
	schema_bind(add, 7, advisory->affected);
	schema_bind(add, 8, advisory->vector);
	(void)sqlite3_bind_int64(add, 9, builder->scope);
	(void)sqlite3_bind_int(add, 10, (int)advisory->state);
	(void)sqlite3_bind_int(add, 11,
			       (advisory->no_dsa ? SCHEMA_NO_DSA : 0) |
				       (advisory->unimportant ? SCHEMA_UNIMPORTANT : 0));
	(void)sqlite3_bind_int(add, 12, (int)advisory->severity);
	(void)sqlite3_bind_double(add, 13, advisory->vector.n > 0 ? advisory->score : 0);
	r = put(builder, add, err);
	if (r == 0)
		*ret_new = sqlite3_changes(builder->sqlite) > 0;
	return r;
}

int
advisories_build_score(struct advisories_builder *builder, struct span id,
		       const struct advisory_cve *cve, struct err *err)
{
	bool none = cve->source.n == 0;
	sqlite3_stmt *add = builder->statements[none ? BUILD_UNSCORE : BUILD_SCORE];

	schema_bind(add, 1, id);
	if (none)
		return put(builder, add, err);
	schema_bind(add, 2, cve->vector);
	schema_bind(add, 3, cve->source);
	(void)sqlite3_bind_double(add, 4, cve->score);
	(void)sqlite3_bind_int(add, 5, (int)cve->severity);
	(void)sqlite3_bind_int(add, 6, cve->primary);
	return put(builder, add, err);
}

int
advisories_build_epss(struct advisories_builder *builder, struct span id, double probability,
		      struct err *err)
{
	sqlite3_stmt *add = builder->statements[BUILD_EPSS];

	schema_bind(add, 1, id);
	(void)sqlite3_bind_double(add, 2, probability);
	return put(builder, add, err);
}

int
advisories_build_exploited(struct advisories_builder *builder, struct span id, struct err *err)
{
	sqlite3_stmt *add = builder->statements[BUILD_EXPLOITED];

	schema_bind(add, 1, id);
	return put(builder, add, err);
}

static int
keep_rows(struct advisories_builder *builder, const char *sql, struct span distribution,
	  struct err *err)
{
	sqlite3_stmt *copy = NULL;
	int r = schema_prepare(builder->sqlite, sql, &copy, err);

	if (r < 0)
		return r;
	if (sqlite3_bind_parameter_count(copy) > 0)
		schema_bind(copy, 1, distribution);
	r = put(builder, copy, err);
	(void)sqlite3_finalize(copy);
	return r;
}

int
advisories_build_keep(struct advisories_builder *builder, enum advisories_table table,
		      struct span distribution, struct err *err)
{
	int r = 0;

	if (!builder->old)
		return err_set(err, ERR_NOT_FOUND, "there is no database to keep rows of");
	builder->scope = 0;
	for (const char *const *sql = keeps[table]; r == 0 && *sql; sql++)
		r = keep_rows(builder, *sql, distribution, err);
	return r;
}

int
advisories_build_before(struct advisories_builder *builder, struct span name, struct arena *arena,
			struct advisory_feed *ret, struct err *err)
{
	struct advisory_feed *feeds;
	size_t count = 0;

	if (!builder->old)
		return err_set(err, ERR_NOT_FOUND, "there is no database yet");
	int r = advisories_feeds(builder->old, arena, &feeds, &count, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		if (!span_equal(feeds[i].name, name))
			continue;
		*ret = feeds[i];
		return 0;
	}
	return err_set(err, ERR_NOT_FOUND, "the database has no feed %.*s", SPAN_ARG(name));
}

int
advisories_build_feed(struct advisories_builder *builder, const struct advisory_feed *feed,
		      struct err *err)
{
	sqlite3_stmt *add = builder->statements[BUILD_FEED];

	schema_bind(add, 1, feed->name);
	schema_bind(add, 2, feed->address);
	schema_bind(add, 3, feed->etag);
	schema_bind(add, 4, feed->modified);
	schema_bind(add, 5, feed->problem);
	(void)sqlite3_bind_int64(add, 6, feed->fetched);
	(void)sqlite3_bind_int64(add, 7, (sqlite3_int64)feed->records);
	(void)sqlite3_bind_int64(add, 8, (sqlite3_int64)feed->skipped);
	return put(builder, add, err);
}

static int
put_meta(struct advisories_builder *builder, const char *key, const char *value, struct err *err)
{
	sqlite3_stmt *add = builder->statements[BUILD_META];

	schema_bind(add, 1, span_from(key));
	schema_bind(add, 2, span_from(value));
	return put(builder, add, err);
}

static int
count_advisories(struct advisories_builder *builder, char text[32], struct err *err)
{
	sqlite3_stmt *row = NULL;
	int r = schema_run(builder->sqlite,
			   "UPDATE main.scope SET advisories = (SELECT count(*) FROM main.advisory"
			   " WHERE scope = main.scope.id)",
			   err);

	if (r == 0)
		r = schema_prepare(builder->sqlite,
				   "SELECT coalesce(sum(advisories), 0) FROM main.scope", &row,
				   err);
	if (r < 0)
		return r;
	int code = sqlite3_step(row);
	(void)snprintf(text, 32, "%lld", (long long)sqlite3_column_int64(row, 0));
	if (code != SQLITE_ROW)
		r = schema_failed(builder->sqlite, code, "count", err);
	(void)sqlite3_finalize(row);
	return r;
}

static int
write_meta(struct advisories_builder *builder, int64_t built, struct err *err)
{
	struct digest digest;
	char text[DIGEST_TEXT];
	char number[32];
	int r = count_advisories(builder, number, err);

	if (r == 0)
		r = put_meta(builder, "advisories", number, err);
	if (r == 0)
		r = schema_digest(builder->sqlite, &digest, err);
	if (r == 0)
		r = put_meta(builder, "digest", digest_format(&digest, text), err);
	(void)snprintf(number, sizeof(number), "%lld", (long long)(built > 0 ? built : 0));
	if (r == 0)
		r = put_meta(builder, "built", number, err);
	return r == 0 ? schema_run(builder->sqlite, "COMMIT", err) : r;
}

int
advisories_build_finish(struct advisories_builder *builder, int64_t built, struct err *err)
{
	int r = builder->begun ? schema_run(builder->sqlite, "RELEASE feed", err) : 0;

	builder->begun = false;
	if (r == 0)
		r = write_meta(builder, built, err);
	if (r < 0)
		return err_wrap(err, "%.100s", builder->place.path);
	schema_close(&builder->sqlite);
	advisories_free(TAKE(builder->old));
	return place_replace(&builder->place, err);
}
