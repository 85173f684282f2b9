/* SPDX-License-Identifier: Apache-2.0 */
/* The database's layout, and what its reader and its writer share. */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "base/span.h"

#include <sqlite3.h>

enum {
	SCHEMA_APPLICATION = 0x6d6f6873, /* "mohs", PRAGMA application_id */
	SCHEMA_VERSION = 3,		 /* PRAGMA user_version */
	SCHEMA_NO_DSA = 1,		 /* flags of an advisory */
	SCHEMA_UNIMPORTANT = 2,
};

extern const char schema_sql[];

/* What SQLite's result code means to a caller. Returns -kind. */
int schema_failed(sqlite3 *sqlite, int code, const char *doing, struct err *err);

int schema_prepare(sqlite3 *sqlite, const char *sql, sqlite3_stmt **ret, struct err *err);
int schema_run(sqlite3 *sqlite, const char *sql, struct err *err);

/* Text that stays where it is until the statement is reset. */
void schema_bind(sqlite3_stmt *statement, int place, struct span text);
struct span schema_text(sqlite3_stmt *statement, int column);
struct span schema_blob(sqlite3_stmt *statement, int column);

/* Closes and finalizes; good on NULL. */
void schema_close(sqlite3 **sqlite);

/* "file:" URI of `path` for reading a file that nobody writes. Caller frees; NULL without memory.
 */
char *schema_uri(const char *path);
