/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories_build.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "codec/advisory_origin.h"
#include "port/advisories/builder.h"
#include "port/advisories/content.h"
#include "port/advisories/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COPY_BLOCK = 128 * 1024, COPY_MOST = 1 << 30, CACHE_KIB = 65536 };

/* ?1 is the table, ?2 the distribution. */
static const char *const keep_advisories[] = {
	"INSERT OR IGNORE INTO main.scope (distribution, release)"
	" SELECT distribution, release FROM old.scope WHERE distribution = ?2",
	"INSERT OR IGNORE INTO main.package (scope, name, rows)"
	" SELECT new.id, name, rows FROM old.scope"
	" JOIN main.scope AS new USING (distribution, release)"
	" JOIN old.package ON package.scope = old.scope.id"
	" WHERE distribution = ?2 ORDER BY new.id, name",
	"INSERT OR IGNORE INTO main.claim (kind, scope, name, rows)"
	" SELECT kind, new.id, name, rows FROM old.scope"
	" JOIN main.scope AS new USING (distribution, release)"
	" JOIN old.claim ON claim.kind = ?1 AND claim.scope = old.scope.id"
	" WHERE distribution = ?2 ORDER BY new.id, name",
	NULL,
};

static const char *const keep_cves[] = {
	"INSERT OR IGNORE INTO main.cve SELECT * FROM old.cve WHERE kind = ?1 ORDER BY name",
	"INSERT OR IGNORE INTO main.claim SELECT * FROM old.claim WHERE kind = ?1 ORDER BY name",
	NULL,
};

/* One that a killed update left would be taken for one of the new file. */
static void
remove_journal(const struct advisories_builder *builder)
{
	char journal[PATH_MAX + sizeof("-journal")];

	(void)snprintf(journal, sizeof(journal), "%s-journal", builder->place.fresh);
	(void)unlink(journal);
}

static int
copy_bytes(int from, int to, struct err *err)
{
	char block[COPY_BLOCK];
	ssize_t n;

	do /* within the kernel where it can; what is left is read */
		n = copy_file_range(from, NULL, to, NULL, COPY_MOST, 0);
	while (n > 0);
	while ((n = TEMP_FAILURE_RETRY(read(from, block, sizeof(block)))) > 0) {
		int r = fd_write_full(to, (struct span){block, (size_t)n}, err);

		if (r < 0)
			return r;
	}
	return n < 0 ? err_sys(err, ERR_IO, errno, "cannot read") : 0;
}

/* The old database's bytes, which the new one begins with; shared where the file system can. */
static int
copy_old(struct advisories_builder *builder, struct err *err)
{
	CLEANUP(fd_cleanup) int old = open(builder->place.path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (old < 0)
		return err_sys(err, ERR_IO, errno, "cannot open");
	if (ioctl(builder->place.fd, FICLONE, old) == 0)
		return 0;
	return copy_bytes(old, builder->place.fd, err);
}

/*
 * What was there before a feed is kept for undo() in a file when it may be all of a database, and
 * in memory when it is little.
 */
static int
open_fresh(struct advisories_builder *builder, struct err *err)
{
	char pragmas[300];
	int r = builder->over ? copy_old(builder, err) : 0;

	remove_journal(builder);
	if (r < 0)
		return r;
	int code = sqlite3_open_v2(builder->place.fresh, &builder->sqlite,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
				   NULL);
	if (code != SQLITE_OK)
		return schema_failed(builder->sqlite, code, "create", err);
	(void)snprintf(pragmas, sizeof(pragmas),
		       "PRAGMA page_size = 4096; PRAGMA journal_mode = %s;"
		       "PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;"
		       "PRAGMA cache_size = -%d; PRAGMA cell_size_check = ON;"
		       "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		       builder->over ? "DELETE" : "MEMORY", CACHE_KIB, SCHEMA_APPLICATION,
		       SCHEMA_VERSION);
	r = schema_run(builder->sqlite, pragmas, err);
	return r < 0 || builder->over ? r : schema_run(builder->sqlite, schema_sql, err);
}

static int
attach_old(struct advisories_builder *builder, struct err *err)
{
	CLEANUP(free_cleanup) char *uri = schema_uri(builder->place.path);
	sqlite3_stmt *attach = NULL;

	if (!builder->old || builder->over)
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
	int r = open_fresh(builder, err);

	if (r == 0)
		r = attach_old(builder, err);
	if (r == 0)
		r = schema_run(builder->sqlite, "BEGIN", err);
	for (size_t i = 0; r == 0 && i < BUILD_QUERIES; i++)
		r = schema_prepare(builder->sqlite, build_queries[i], &builder->statements[i], err);
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

static int
build(const char *path, bool over, struct arena *arena, struct advisories_builder **ret,
      const char **ret_lost, struct err *err)
{
	CLEANUP(advisories_builder_cleanup)
	struct advisories_builder *builder = calloc(1, sizeof(*builder));
	const char *lost = NULL;

	if (!builder)
		return err_memory(err);
	builder->place.fd = -1;
	builder->scratch.max = ADVISORY_RECORD_MAX;
	int r = place_take(&builder->place, path, err);
	if (r < 0)
		return r;
	r = open_old(builder, arena, &lost, err);
	if (r < 0)
		return r;
	builder->over = over && builder->old;
	if (over && !builder->old)
		return err_set(err, ERR_INVALID, "there is no old database to begin with");
	r = start(builder, err);
	if (r < 0)
		return err_wrap(err, "advisory database %.100s", path);
	*ret = TAKE(builder);
	*ret_lost = lost;
	return 0;
}

int
advisories_build(const char *path, struct arena *arena, struct advisories_builder **ret,
		 const char **ret_lost, struct err *err)
{
	return build(path, false, arena, ret, ret_lost, err);
}

int
advisories_build_over(const char *path, struct arena *arena, struct advisories_builder **ret,
		      const char **ret_lost, struct err *err)
{
	return build(path, true, arena, ret, ret_lost, err);
}

int
advisories_recorder(struct buf *rows, advisories_recording *before, void *context,
		    struct advisories_builder **ret, struct err *err)
{
	struct advisories_builder *builder = calloc(1, sizeof(*builder));

	if (!builder)
		return err_memory(err);
	builder->place.fd = -1;
	builder->record = rows;
	builder->before = before;
	builder->before_context = context;
	*ret = builder;
	return 0;
}

void
advisories_builder_free(struct advisories_builder *builder)
{
	if (!builder)
		return;
	schema_close(&builder->sqlite);
	advisories_free(builder->old);
	batch_free(&builder->batch);
	buf_cleanup(&builder->scratch);
	if (builder->place.unfinished)
		remove_journal(builder);
	place_leave(&builder->place);
	free(builder);
}

void
advisories_builder_cleanup(struct advisories_builder **builder)
{
	advisories_builder_free(*builder);
	*builder = NULL;
}

static void
forget_scopes(struct advisories_builder *builder)
{
	memset(builder->scopes, 0, sizeof(builder->scopes));
}

int
advisories_build_begin(struct advisories_builder *builder, struct err *err)
{
	int r = settle_batch(builder, err);

	if (r == 0 && builder->begun)
		r = schema_run(builder->sqlite, "RELEASE feed", err);
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
	builder->blank.is = false;
	batch_clear(&builder->batch);
	forget_scopes(builder);
	return schema_run(builder->sqlite, "ROLLBACK TO feed; RELEASE feed", err);
}

static int
keep_rows(struct advisories_builder *builder, const char *sql, enum advisories_table table,
	  struct span distribution, struct err *err)
{
	sqlite3_stmt *copy = NULL;
	int r = schema_prepare(builder->sqlite, sql, &copy, err);

	if (r < 0)
		return r;
	(void)sqlite3_bind_int(copy, 1, (int)table);
	if (table == ADVISORIES_OF_DISTRIBUTION)
		schema_bind(copy, 2, distribution);
	r = builder_put(builder, copy, err);
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
	if (builder->over)
		return 0;
	r = settle_batch(builder, err);
	builder->blank.is = false;
	forget_scopes(builder);
	for (const char *const *sql = table == ADVISORIES_OF_DISTRIBUTION ? keep_advisories
									  : keep_cves;
	     r == 0 && *sql; sql++)
		r = keep_rows(builder, *sql, table, distribution, err);
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
	return builder_put(builder, add, err);
}

static int
put_meta(struct advisories_builder *builder, const char *key, const char *value, struct err *err)
{
	sqlite3_stmt *add = builder->statements[BUILD_META];

	schema_bind(add, 1, span_from(key));
	schema_bind(add, 2, span_from(value));
	return builder_put(builder, add, err);
}

static int
count_scope(void *context, int64_t scope, uint64_t advisories, struct err *err)
{
	struct advisories_builder *builder = context;
	sqlite3_stmt *statement = builder->statements[BUILD_SCOPE_COUNT];

	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)advisories);
	(void)sqlite3_bind_int64(statement, 2, scope);
	return builder_put(builder, statement, err);
}

/* The digest and how many there are. */
static int
sum_up(struct advisories_builder *builder, struct err *err)
{
	struct content content = {0};
	char text[DIGEST_TEXT];
	char number[32];
	int r = schema_run(builder->sqlite, "UPDATE main.scope SET advisories = 0", err);

	if (r == 0)
		r = content_sum(builder->sqlite, count_scope, builder, &content, err);
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)content.advisories);
	if (r == 0)
		r = put_meta(builder, "advisories", number, err);
	if (r == 0)
		r = put_meta(builder, "digest", digest_format(&content.digest, text), err);
	return r;
}

/* Rows that are those of the old database, which was sound, have its sums. */
static int
write_meta(struct advisories_builder *builder, int64_t built, struct err *err)
{
	char number[32];
	int r = builder->over && !builder->touched ? 0 : sum_up(builder, err);

	(void)snprintf(number, sizeof(number), "%lld", (long long)(built > 0 ? built : 0));
	if (r == 0)
		r = put_meta(builder, "built", number, err);
	return r == 0 ? schema_run(builder->sqlite, "COMMIT", err) : r;
}

int
advisories_build_finish(struct advisories_builder *builder, int64_t built, struct err *err)
{
	int r = settle_batch(builder, err);

	if (r == 0 && builder->begun)
		r = schema_run(builder->sqlite, "RELEASE feed", err);
	builder->begun = false;
	if (r == 0)
		r = write_meta(builder, built, err);
	if (r < 0)
		return err_wrap(err, "%.100s", builder->place.path);
	schema_close(&builder->sqlite);
	advisories_free(TAKE(builder->old));
	return place_replace(&builder->place, err);
}
