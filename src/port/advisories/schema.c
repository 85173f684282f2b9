/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/schema.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>

const char schema_sql[] =
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE feed (name TEXT PRIMARY KEY, address TEXT NOT NULL, etag TEXT NOT NULL,"
	" modified TEXT NOT NULL, fetched INTEGER NOT NULL, records INTEGER NOT NULL,"
	" skipped INTEGER NOT NULL, problem TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE scope (id INTEGER PRIMARY KEY, distribution TEXT NOT NULL,"
	" release TEXT NOT NULL, advisories INTEGER NOT NULL DEFAULT 0,"
	" UNIQUE (distribution, release));"
	"CREATE TABLE advisory (scope INTEGER NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL,"
	" state INTEGER NOT NULL, flags INTEGER NOT NULL, fixed TEXT NOT NULL,"
	" urgency TEXT NOT NULL, reason TEXT NOT NULL, note TEXT NOT NULL,"
	" affected TEXT NOT NULL, severity INTEGER NOT NULL, vector TEXT NOT NULL,"
	" score REAL NOT NULL,"
	" PRIMARY KEY (scope, source, id)) WITHOUT ROWID;"
	"CREATE TABLE score (id TEXT PRIMARY KEY, score REAL NOT NULL, severity INTEGER NOT NULL,"
	" vector TEXT NOT NULL, source TEXT NOT NULL, prime INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE epss (id TEXT PRIMARY KEY, probability REAL NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE exploited (id TEXT PRIMARY KEY) WITHOUT ROWID;"
	"CREATE TABLE claim (kind INTEGER NOT NULL, distribution TEXT NOT NULL,"
	" release TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, content BLOB NOT NULL,"
	" times INTEGER NOT NULL,"
	" PRIMARY KEY (kind, distribution, release, source, id, content)) WITHOUT ROWID;";

int
schema_failed(sqlite3 *sqlite, int code, const char *doing, struct err *err)
{
	const char *text = sqlite ? sqlite3_errmsg(sqlite) : sqlite3_errstr(code);

	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return err_memory(err);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR: /* a table or column of ours is not there */
	case SQLITE_MISMATCH:
		return err_set(err, ERR_INVALID,
			       "the advisory database is damaged (%s: %.100s); make it anew with "
			       "mohs db update",
			       doing, text);
	default:
		return err_set(err, ERR_IO, "advisory database: %s: %.140s", doing, text);
	}
}

int
schema_prepare(sqlite3 *sqlite, const char *sql, sqlite3_stmt **ret, struct err *err)
{
	int code = sqlite3_prepare_v3(sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);

	return code == SQLITE_OK ? 0 : schema_failed(sqlite, code, "prepare", err);
}

int
schema_run(sqlite3 *sqlite, const char *sql, struct err *err)
{
	int code = sqlite3_exec(sqlite, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : schema_failed(sqlite, code, "run", err);
}

void
schema_bind(sqlite3_stmt *statement, int place, struct span text)
{
	(void)sqlite3_bind_text(statement, place, text.n ? text.p : "", (int)text.n, SQLITE_STATIC);
}

struct span
schema_text(sqlite3_stmt *statement, int column)
{
	size_t n = (size_t)sqlite3_column_bytes(statement, column);

	return n > 0 ? (struct span){(const char *)sqlite3_column_text(statement, column), n}
		     : SPAN("");
}

void
schema_close(sqlite3 **sqlite)
{
	sqlite3_stmt *statement;

	while (*sqlite && (statement = sqlite3_next_stmt(*sqlite, NULL)))
		(void)sqlite3_finalize(statement);
	(void)sqlite3_close(*sqlite);
	*sqlite = NULL;
}

/* https://www.sqlite.org/uri.html: every byte that could mean something is quoted. */
char *
schema_uri(const char *path)
{
	static const char query[] = "?mode=ro&immutable=1";
	size_t n = strlen(path);
	char *uri = malloc(sizeof("file://") + n * 3 + sizeof(query));
	char *to = uri;

	if (!uri)
		return NULL;
	to = stpcpy(to, path[0] == '/' ? "file://" : "file:");
	for (size_t i = 0; i < n; i++) {
		if (strchr("%?#", path[i]))
			to += sprintf(to, "%%%02X", (unsigned)(unsigned char)path[i]);
		else
			*to++ = path[i];
	}
	(void)stpcpy(to, query);
	return uri;
}

/* In the order of their keys. Texts hold no control bytes, so that 0x1f and 0x1e part them. */
static const char *const digest_queries[] = {
	"SELECT 'advisory', distribution, release, source, advisory.id, state, flags, fixed,"
	" urgency, reason, note, affected, severity, vector, score FROM scope JOIN advisory ON "
	"advisory.scope = scope.id"
	" ORDER BY distribution, release, source, advisory.id",
	"SELECT 'score', id, score, severity, vector, source, prime FROM score ORDER BY id",
	"SELECT 'epss', id, probability FROM epss ORDER BY id",
	"SELECT 'exploited', id FROM exploited ORDER BY id",
};

enum { DIGEST_BLOCK = 65536, TENTHS = 101, NUMBER_TEXT = 40 };

struct digesting {
	struct digest_stream *stream;
	size_t n;
	char block[DIGEST_BLOCK];
	/* Scores are tenths of 0 to 10; what "%.17g" makes of each is found out once. */
	char tenths[TENTHS][NUMBER_TEXT];
};

static void
digest_bytes(struct digesting *digesting, const void *p, size_t n)
{
	if (n > sizeof(digesting->block) - digesting->n) {
		digest_stream_update(digesting->stream, digesting->block, digesting->n);
		digesting->n = 0;
	}
	if (n > sizeof(digesting->block)) {
		digest_stream_update(digesting->stream, p, n);
		return;
	}
	memcpy(digesting->block + digesting->n, p, n);
	digesting->n += n;
}

static void
digest_number(struct digesting *digesting, double value)
{
	char text[NUMBER_TEXT];
	int tenth = value >= 0 && value <= 10 ? (int)(value * 10 + 0.5) : 0;
	char *known = digesting->tenths[tenth];
	double exact = tenth / 10.0;

	uint64_t bits;
	uint64_t exact_bits;

	memcpy(&bits, &value, sizeof(bits));
	memcpy(&exact_bits, &exact, sizeof(exact_bits));
	if (bits != exact_bits) {
		(void)snprintf(text, sizeof(text), "%.17g", value);
		known = text;
	} else if (!known[0]) {
		(void)snprintf(known, NUMBER_TEXT, "%.17g", value);
	}
	digest_bytes(digesting, known, strlen(known));
}

static void
digest_column(struct digesting *digesting, sqlite3_stmt *row, int column)
{
	sqlite3_int64 integer;
	char digit;

	switch (sqlite3_column_type(row, column)) {
	case SQLITE_FLOAT:
		digest_number(digesting, sqlite3_column_double(row, column));
		break;
	case SQLITE_INTEGER:
		integer = sqlite3_column_int64(row, column);
		digit = (char)('0' + integer);
		if (integer >= 0 && integer <= 9) {
			digest_bytes(digesting, &digit, 1);
			break;
		}
		/* fall through */
	default: {
		struct span text = schema_text(row, column);

		digest_bytes(digesting, text.p, text.n);
	}
	}
	digest_bytes(digesting, "\x1f", 1);
}

static int
digest_rows(struct digesting *digesting, sqlite3 *sqlite, const char *sql, struct err *err)
{
	sqlite3_stmt *row = NULL;
	int code;
	int r = schema_prepare(sqlite, sql, &row, err);

	if (r < 0)
		return r;
	int columns = sqlite3_column_count(row);
	while ((code = sqlite3_step(row)) == SQLITE_ROW) {
		for (int i = 0; i < columns; i++)
			digest_column(digesting, row, i);
		digest_bytes(digesting, "\x1e", 1);
	}
	if (code != SQLITE_DONE)
		r = schema_failed(sqlite, code, "read", err);
	(void)sqlite3_finalize(row);
	return r;
}

int
schema_digest(sqlite3 *sqlite, struct digest *ret, struct err *err)
{
	CLEANUP(digest_stream_cleanup) struct digest_stream *stream = digest_stream_new();
	CLEANUP(free_cleanup) void *memory = calloc(1, sizeof(struct digesting));
	struct digesting *digesting = memory;

	if (!stream || !digesting)
		return err_memory(err);
	digesting->stream = stream;
	for (size_t i = 0; i < sizeof(digest_queries) / sizeof(digest_queries[0]); i++) {
		int r = digest_rows(digesting, sqlite, digest_queries[i], err);

		if (r < 0)
			return r;
	}
	digest_stream_update(stream, digesting->block, digesting->n);
	digest_stream_finish(stream, ret);
	return 0;
}
