/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/reader.h"

#include "base/limits.h"
#include "base/vec.h"

/* The statement, with texts bound to its first places. */
static sqlite3_stmt *
ask(struct advisories *advisories, enum reader_query query, const struct span *texts, size_t count)
{
	sqlite3_stmt *statement = advisories->statements[query];

	(void)sqlite3_reset(statement);
	for (size_t i = 0; i < count; i++)
		schema_bind(statement, (int)i + 1, texts[i]);
	return statement;
}

/* 1: a row, 0: no more. */
static int
next_row(struct advisories *advisories, sqlite3_stmt *statement, struct err *err)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : schema_failed(advisories->sqlite, code, "read", err);
}

static int
copy_text(sqlite3_stmt *row, int column, struct arena *arena, struct span *ret, struct err *err)
{
	*ret = arena_copy(arena, schema_text(row, column));
	return ret->p ? 0 : err_memory(err);
}

static int
read_meta(struct advisories *advisories, struct span key, struct arena *arena, struct span *ret,
	  struct err *err)
{
	sqlite3_stmt *row = ask(advisories, READER_META, &key, 1);
	int r = next_row(advisories, row, err);

	if (r == 0)
		r = err_set(err, ERR_INVALID, "the advisory database says no \"%.*s\"",
			    SPAN_ARG(key));
	else if (r > 0)
		r = copy_text(row, 0, arena, ret, err);
	(void)sqlite3_reset(row);
	return r;
}

int
advisories_identity(struct advisories *advisories, struct arena *arena,
		    struct advisory_identity *ret, struct err *err)
{
	struct advisory_identity identity = {0};
	struct span built;
	struct span count;
	uint64_t seconds;
	int r = read_meta(advisories, SPAN("digest"), arena, &identity.digest, err);

	if (r == 0)
		r = read_meta(advisories, SPAN("built"), arena, &built, err);
	if (r == 0)
		r = read_meta(advisories, SPAN("advisories"), arena, &count, err);
	if (r < 0)
		return r;
	if (!span_to_u64(built, &seconds) || seconds > INT64_MAX ||
	    !span_to_u64(count, &identity.advisories))
		return err_set(err, ERR_INVALID, "the advisory database's meta is malformed");
	identity.built = (int64_t)seconds;
	*ret = identity;
	return 0;
}

int
advisories_covers(struct advisories *advisories, struct span distribution, struct span release,
		  bool *ret, struct err *err)
{
	sqlite3_stmt *row =
		ask(advisories, READER_COVERS, (struct span[]){distribution, release}, 2);
	int r = next_row(advisories, row, err);

	(void)sqlite3_reset(row);
	if (r < 0)
		return r;
	*ret = r > 0;
	return 0;
}

/* `source`: of all rows; empty: each row says its own. */
static int
visit_rows(struct advisories *advisories, sqlite3_stmt *row, struct span source,
	   advisories_visitor *each, void *context, struct err *err)
{
	int r;

	while ((r = next_row(advisories, row, err)) > 0) {
		int state = sqlite3_column_int(row, 2);
		int severity = sqlite3_column_int(row, 10);
		int flags = sqlite3_column_int(row, 3);
		struct advisory advisory = {
			.id = schema_text(row, 1),
			.state = (enum advisory_state)state,
			.no_dsa = flags & SCHEMA_NO_DSA,
			.unimportant = flags & SCHEMA_UNIMPORTANT,
			.fixed = schema_text(row, 4),
			.urgency = schema_text(row, 5),
			.reason = schema_text(row, 6),
			.note = schema_text(row, 7),
			.release = schema_text(row, 8),
			.affected = schema_text(row, 9),
			.severity = (enum severity)severity,
			.vector = schema_text(row, 11),
			.score = sqlite3_column_double(row, 12),
		};

		if (state < 0 || state >= ADVISORY_STATES || severity < 0 || severity >= SEVERITIES)
			r = err_set(err, ERR_INVALID,
				    "the advisory database is damaged (state %d, severity %d)",
				    state, severity);
		else
			r = each(context, source.n ? source : schema_text(row, 0), &advisory, err);
		if (r != 0)
			break;
	}
	(void)sqlite3_reset(row);
	return r;
}

int
advisories_each(struct advisories *advisories, struct span distribution, struct span release,
		struct span source, advisories_visitor *each, void *context, struct err *err)
{
	sqlite3_stmt *row =
		ask(advisories, READER_EACH, (struct span[]){distribution, release, source}, 3);

	return visit_rows(advisories, row, source, each, context, err);
}

int
advisories_all(struct advisories *advisories, struct span distribution, struct span release,
	       advisories_visitor *each, void *context, struct err *err)
{
	sqlite3_stmt *row = ask(advisories, READER_ALL, (struct span[]){distribution, release}, 2);

	return visit_rows(advisories, row, SPAN(""), each, context, err);
}

/* The columns of a CVE that somebody scored. */
static int
read_score(sqlite3_stmt *row, struct arena *arena, struct advisory_cve *cve, struct err *err)
{
	int severity = sqlite3_column_int(row, 1);

	cve->score = sqlite3_column_double(row, 0);
	if (severity >= 0 && severity < SEVERITIES)
		cve->severity = (enum severity)severity;
	cve->primary = sqlite3_column_int(row, 4) != 0;
	int r = copy_text(row, 2, arena, &cve->vector, err);
	return r < 0 ? r : copy_text(row, 3, arena, &cve->source, err);
}

int
advisories_cve(struct advisories *advisories, struct span id, struct arena *arena,
	       struct advisory_cve *ret, struct err *err)
{
	struct advisory_cve cve = {.score = -1, .epss = -1, .vector = {"", 0}, .source = {"", 0}};
	sqlite3_stmt *row = ask(advisories, READER_CVE, &id, 1);
	int r = next_row(advisories, row, err);

	if (r > 0) {
		bool scored = sqlite3_column_type(row, 0) != SQLITE_NULL;
		bool predicted = sqlite3_column_type(row, 5) != SQLITE_NULL;

		cve.exploited = sqlite3_column_int(row, 6) != 0;
		if (predicted)
			cve.epss = sqlite3_column_double(row, 5);
		cve.known = scored || predicted || cve.exploited;
		r = scored ? read_score(row, arena, &cve, err) : 0;
	}
	(void)sqlite3_reset(row);
	if (r < 0)
		return r;
	*ret = cve;
	return 0;
}

static int
read_feed(sqlite3_stmt *row, struct arena *arena, struct advisory_feed *feed, struct err *err)
{
	struct span *const texts[] = {&feed->name, &feed->address, &feed->etag, &feed->modified};
	int r = copy_text(row, 7, arena, &feed->problem, err);

	for (int i = 0; r == 0 && i < 4; i++)
		r = copy_text(row, i, arena, texts[i], err);
	feed->fetched = sqlite3_column_int64(row, 4);
	feed->records = (uint64_t)sqlite3_column_int64(row, 5);
	feed->skipped = (uint64_t)sqlite3_column_int64(row, 6);
	return r;
}

static int
read_release(sqlite3_stmt *row, struct arena *arena, struct advisory_release *release,
	     struct err *err)
{
	int r = copy_text(row, 0, arena, &release->distribution, err);

	if (r == 0)
		r = copy_text(row, 1, arena, &release->release, err);
	release->advisories = (uint64_t)sqlite3_column_int64(row, 2);
	return r;
}

enum { LIST_MAX = 4096 };

int
advisories_feeds(struct advisories *advisories, struct arena *arena, struct advisory_feed **ret,
		 size_t *ret_count, struct err *err)
{
	sqlite3_stmt *row = ask(advisories, READER_FEEDS, NULL, 0);
	VEC(struct advisory_feed) feeds = {0};
	int r;

	while ((r = next_row(advisories, row, err)) > 0) {
		struct advisory_feed feed = {0};

		r = read_feed(row, arena, &feed, err);
		if (r == 0)
			r = vec_push(&feeds, &feed, LIST_MAX, err);
		if (r < 0)
			break;
	}
	(void)sqlite3_reset(row);
	struct advisory_feed *items = r == 0 ? vec_keep(&feeds, arena) : NULL;
	if (r == 0 && !items)
		r = err_memory(err);
	if (r == 0) {
		*ret = items;
		*ret_count = feeds.count;
	}
	vec_free(&feeds);
	return r;
}

int
advisories_releases(struct advisories *advisories, struct arena *arena,
		    struct advisory_release **ret, size_t *ret_count, struct err *err)
{
	sqlite3_stmt *row = ask(advisories, READER_RELEASES, NULL, 0);
	VEC(struct advisory_release) releases = {0};
	int r;

	while ((r = next_row(advisories, row, err)) > 0) {
		struct advisory_release release = {0};

		r = read_release(row, arena, &release, err);
		if (r == 0)
			r = vec_push(&releases, &release, LIST_MAX, err);
		if (r < 0)
			break;
	}
	(void)sqlite3_reset(row);
	struct advisory_release *items = r == 0 ? vec_keep(&releases, arena) : NULL;
	if (r == 0 && !items)
		r = err_memory(err);
	if (r == 0) {
		*ret = items;
		*ret_count = releases.count;
	}
	vec_free(&releases);
	return r;
}

int
advisories_verify(struct advisories *advisories, struct err *err)
{
	struct arena *arena = arena_new(MIB);
	char text[DIGEST_TEXT];
	struct digest digest;
	struct span said;

	if (!arena)
		return err_memory(err);
	int r = read_meta(advisories, SPAN("digest"), arena, &said, err);
	if (r == 0)
		r = schema_digest(advisories->sqlite, &digest, err);
	if (r == 0 && !span_equal(said, span_from(digest_format(&digest, text))))
		r = err_set(err, ERR_DIGEST,
			    "the advisory database's content is not what was written: %s, not %.*s",
			    text, SPAN_ARG(said));
	arena_free(arena);
	return r;
}
