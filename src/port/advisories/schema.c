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
	/*
	 * port/advisories/pack.h. Long ones not WITHOUT ROWID: keys are compared at every step of
	 * a search, and what stands in the page with them.
	 */
	"CREATE TABLE package (id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, name TEXT NOT NULL,"
	" rows BLOB NOT NULL, UNIQUE (scope, name));"
	"CREATE TABLE cve (kind INTEGER NOT NULL, name TEXT NOT NULL, rows BLOB NOT NULL,"
	" PRIMARY KEY (kind, name)) WITHOUT ROWID;"
	"CREATE TABLE claim (kind INTEGER NOT NULL, scope INTEGER NOT NULL, name TEXT NOT NULL,"
	" rows BLOB NOT NULL, PRIMARY KEY (kind, scope, name)) WITHOUT ROWID;";

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

struct span
schema_blob(sqlite3_stmt *statement, int column)
{
	const char *p = sqlite3_column_blob(statement, column);

	return (struct span){p ? p : "", p ? (size_t)sqlite3_column_bytes(statement, column) : 0};
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
