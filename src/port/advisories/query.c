/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/reader.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "port/advisories/content.h"
#include "port/advisories/pack.h"
#include "port/advisories/rows.h"

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

/* One row of a pack to whoever asks. */
static int
tell_row(const struct pack_row *one, struct span source, struct span release,
	 advisories_visitor *each, void *context, struct err *err)
{
	struct advisory_row row = {.table = ADVISORIES_OF_DISTRIBUTION};
	int r = row_get_content(one->content, &row, err);

	if (r < 0)
		return err_wrap(err, "the advisory database is damaged");
	row.advisory.id = one->id;
	row.advisory.release = release;
	return each(context, source, &row.advisory, err);
}

int
advisories_each(struct advisories *advisories, struct span distribution, struct span release,
		struct span source, advisories_visitor *each, void *context, struct err *err)
{
	sqlite3_stmt *pack =
		ask(advisories, READER_EACH, (struct span[]){distribution, release, source}, 3);
	CLEANUP(pack_walk_cleanup) struct pack_walk walk = {0};
	struct pack_row row;
	int r = next_row(advisories, pack, err);

	if (r > 0)
		r = pack_walk_start(&walk, schema_blob(pack, 0), err);
	while (r == 0 && (r = pack_next(&walk, &row, err)) > 0)
		r = tell_row(&row, source, SPAN(""), each, context, err);
	(void)sqlite3_reset(pack);
	return r;
}

/* A package in one release. */
struct walk {
	struct span release;
	struct pack_walk rows;
	struct pack_row row; /* the next one */
};

/* A package in all of its releases. */
struct package {
	struct arena *arena;
	struct span source;
	VEC(struct walk) walks; /* by release; those that have rows left */
};

static void
forget_walks(struct package *package)
{
	while (package->walks.count > 0)
		pack_walk_cleanup(&package->walks.items[--package->walks.count].rows);
}

static void
package_cleanup(struct package *package)
{
	forget_walks(package);
	arena_free(package->arena);
	vec_free(&package->walks);
}

/* To the next row of one release, or drops it. */
static int
step(struct package *package, size_t at, struct err *err)
{
	struct walk *walk = &package->walks.items[at];
	int r = pack_next(&walk->rows, &walk->row, err);

	if (r != 0)
		return r < 0 ? r : 0;
	pack_walk_cleanup(&walk->rows);
	package->walks.count--;
	for (size_t i = at; i < package->walks.count; i++)
		package->walks.items[i] = package->walks.items[i + 1];
	return 0;
}

/* Rows by id and release. */
static int
tell_package(struct package *package, advisories_visitor *each, void *context, struct err *err)
{
	const struct walk *walks = package->walks.items;
	int r = 0;

	while (r == 0 && walks && package->walks.count > 0) {
		size_t first = 0;

		for (size_t i = 1; i < package->walks.count; i++) {
			if (span_compare(walks[i].row.id, walks[first].row.id) < 0)
				first = i;
		}
		r = tell_row(&walks[first].row, package->source, walks[first].release, each,
			     context, err);
		if (r == 0)
			r = step(package, first, err);
	}
	return r;
}

static int
add_walk(struct package *package, sqlite3_stmt *pack, struct err *err)
{
	struct walk walk = {.release = arena_copy(package->arena, schema_text(pack, 1))};
	struct span bytes = arena_copy(package->arena, schema_blob(pack, 2));

	if (!walk.release.p || !bytes.p)
		return err_memory(err);
	int r = pack_walk_start(&walk.rows, bytes, err);
	if (r == 0)
		r = vec_push(&package->walks, &walk, ADVISORIES_MAX, err);
	return r < 0 ? r : step(package, package->walks.count - 1, err);
}

static int
start_package(struct package *package, struct span source, struct err *err)
{
	arena_free(package->arena);
	package->arena = arena_new(ADVISORY_RELEASES_MAX);
	package->source = package->arena ? arena_copy(package->arena, source) : SPAN("");
	return package->arena && package->source.p ? 0 : err_memory(err);
}

int
advisories_all(struct advisories *advisories, struct span distribution, struct span release,
	       advisories_visitor *each, void *context, struct err *err)
{
	sqlite3_stmt *pack = ask(advisories, READER_ALL, (struct span[]){distribution, release}, 2);
	CLEANUP(package_cleanup) struct package package = {.source = {"", 0}};
	int more;
	int r = 0;

	while (r == 0 && (more = next_row(advisories, pack, err)) > 0) {
		struct span source = schema_text(pack, 0);

		if (!package.arena || !span_equal(source, package.source)) {
			r = tell_package(&package, each, context, err);
			if (r == 0)
				r = start_package(&package, source, err);
		}
		if (r == 0)
			r = add_walk(&package, pack, err);
	}
	if (r == 0)
		r = more < 0 ? more : tell_package(&package, each, context, err);
	(void)sqlite3_reset(pack);
	return r;
}

/* What one of the tables says of a CVE that is in it. */
static int
read_cve(enum advisories_table table, struct span content, struct arena *arena,
	 struct advisory_cve *cve, struct err *err)
{
	struct advisory_row row = {.table = table};
	int r = row_get_content(content, &row, err);

	if (r < 0)
		return err_wrap(err, "the advisory database is damaged");
	cve->known = true;
	if (table == ADVISORIES_EPSS)
		cve->epss = row.cve.epss;
	cve->exploited |= table == ADVISORIES_EXPLOITED;
	if (table != ADVISORIES_SCORES)
		return 0;
	cve->score = row.cve.score;
	cve->severity = row.cve.severity;
	cve->primary = row.cve.primary;
	cve->vector = arena_copy(arena, row.cve.vector);
	cve->source = arena_copy(arena, row.cve.source);
	return cve->vector.p && cve->source.p ? 0 : err_memory(err);
}

int
advisories_cve(struct advisories *advisories, struct span id, struct arena *arena,
	       struct advisory_cve *ret, struct err *err)
{
	struct advisory_cve cve = {
		.score = -1, .epss = -1, .source = SPAN_INIT(""), .vector = SPAN_INIT("")};
	struct span block = pack_block(id);
	sqlite3_stmt *pack = ask(advisories, READER_CVE, &block, 1);
	struct span content;
	bool found;
	int r;

	while ((r = next_row(advisories, pack, err)) > 0) {
		int table = sqlite3_column_int(pack, 0);

		r = pack_find(schema_blob(pack, 1), id, &content, &found, err);
		if (r == 0 && found)
			r = read_cve((enum advisories_table)table, content, arena, &cve, err);
		if (r < 0)
			break;
	}
	(void)sqlite3_reset(pack);
	if (r == 0)
		*ret = cve;
	return r;
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
	struct content content;
	struct span said;

	if (!arena)
		return err_memory(err);
	int r = read_meta(advisories, SPAN("digest"), arena, &said, err);
	if (r == 0)
		r = content_sum(advisories->sqlite, NULL, NULL, &content, err);
	if (r == 0 && !span_equal(said, span_from(digest_format(&content.digest, text))))
		r = err_set(err, ERR_DIGEST,
			    "the advisory database's content is not what was written: %s, not %.*s",
			    text, SPAN_ARG(said));
	arena_free(arena);
	return r;
}
