/* SPDX-License-Identifier: Apache-2.0 */
#include "port/grype_rows.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <sqlite3.h>

enum { HEADER = 100, WRITE_VERSION_AT = 18, READ_VERSION_AT = 19, MODEL = 6 };

struct grype_rows {
	sqlite3 *sqlite;
	sqlite3_stmt *handles;
	sqlite3_stmt *built;
};

static int
failed(struct grype_rows *rows, int code, struct err *err)
{
	if ((code & 0xff) == SQLITE_NOMEM)
		return err_memory(err);
	return err_set(err, (code & 0xff) == SQLITE_TOOBIG ? ERR_LIMIT : ERR_INVALID,
		       "not Grype's database, or damaged: %.120s",
		       rows->sqlite ? sqlite3_errmsg(rows->sqlite) : sqlite3_errstr(code));
}

static int
prepare(struct grype_rows *rows, const char *sql, sqlite3_stmt **ret, struct err *err)
{
	int code = sqlite3_prepare_v2(rows->sqlite, sql, -1, ret, NULL);

	return code == SQLITE_OK ? 0 : failed(rows, code, err);
}

static void
statement_cleanup(sqlite3_stmt **statement)
{
	(void)sqlite3_finalize(*statement);
}

static struct span
text_of(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	size_t n = (size_t)sqlite3_column_bytes(row, column);

	return text && n > 0 ? (struct span){text, n} : SPAN("");
}

/* ---- opening ---- */

/* Nothing in the file may run code of its own. */
static int
judge_schema(struct grype_rows *rows, struct err *err)
{
	CLEANUP(statement_cleanup) sqlite3_stmt *odd = NULL;
	int r = prepare(rows,
			"SELECT 1 FROM sqlite_schema WHERE type NOT IN ('table', 'index')"
			" OR sql LIKE '%virtual%table%'",
			&odd, err);

	if (r < 0)
		return r;
	int code = sqlite3_step(odd);
	if (code == SQLITE_ROW)
		return err_set(err, ERR_INVALID, "not Grype's database: it has more than tables");
	return code == SQLITE_DONE ? 0 : failed(rows, code, err);
}

static int
judge_model(struct grype_rows *rows, struct err *err)
{
	CLEANUP(statement_cleanup) sqlite3_stmt *row = NULL;
	int r = prepare(rows, "SELECT model FROM db_metadata LIMIT 1", &row, err);

	if (r < 0)
		return r;
	int code = sqlite3_step(row);
	if (code != SQLITE_ROW)
		return code == SQLITE_DONE ? err_set(err, ERR_INVALID, "it has no version")
					   : failed(rows, code, err);
	int model = sqlite3_column_int(row, 0);
	return model == MODEL ? 0
			      : err_set(err, ERR_UNSUPPORTED,
					"version %d of Grype's database, not %d", model, MODEL);
}

static int
open_memory(struct grype_rows *rows, char *bytes, size_t size, struct err *err)
{
	int code = sqlite3_open_v2(":memory:", &rows->sqlite,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	/* A log beside the file is not here; SQLite would look for it. */
	bytes[WRITE_VERSION_AT] = 1;
	bytes[READ_VERSION_AT] = 1;
	if (code == SQLITE_OK)
		code = sqlite3_deserialize(rows->sqlite, "main", (unsigned char *)bytes,
					   (sqlite3_int64)size, (sqlite3_int64)size,
					   SQLITE_DESERIALIZE_READONLY);
	if (code != SQLITE_OK)
		return failed(rows, code, err);
	(void)sqlite3_db_config(rows->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(rows->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_limit(rows->sqlite, SQLITE_LIMIT_LENGTH, (int)JSON_MEMBER_MAX);
	(void)sqlite3_limit(rows->sqlite, SQLITE_LIMIT_ATTACHED, 0);
	code = sqlite3_exec(rows->sqlite, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY",
			    NULL, NULL, NULL);
	return code == SQLITE_OK ? 0 : failed(rows, code, err);
}

/* Named indexes: without them each package would read the whole table. */
#define HANDLES(number, kind)                                                                      \
	"SELECT " number " AS unaffected, coalesce(h.operating_system_id, 0) AS system,"           \
	" coalesce(nullif(o.release_id, ''), o.name), o.major_version, o.minor_version,"           \
	" o.label_version, o.channel, h.vulnerability_id, v.name, b.value FROM " kind              \
	"_package_handles AS h INDEXED BY idx_" kind "_package_handles_package_id"                 \
	" JOIN vulnerability_handles AS v ON v.id = h.vulnerability_id"                            \
	" LEFT JOIN operating_systems AS o ON o.id = h.operating_system_id"                        \
	" LEFT JOIN blobs AS b ON b.id = h.blob_id WHERE h.package_id = ?1"

static const char handles_sql[] = HANDLES("1", "unaffected") " UNION ALL " HANDLES(
	"0", "affected") " ORDER BY system, unaffected DESC";

int
grype_rows_open(char *bytes, size_t size, struct grype_rows **ret, struct err *err)
{
	CLEANUP(grype_rows_cleanup) struct grype_rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return err_memory(err);
	if (size < HEADER || memcmp(bytes, "SQLite format 3", 16) != 0)
		return err_set(err, ERR_INVALID, "not a SQLite database");
	int r = open_memory(rows, bytes, size, err);
	if (r == 0)
		r = judge_schema(rows, err);
	if (r == 0)
		r = judge_model(rows, err);
	if (r == 0)
		r = prepare(rows, "SELECT build_timestamp FROM db_metadata LIMIT 1", &rows->built,
			    err);
	if (r == 0)
		r = prepare(rows, handles_sql, &rows->handles, err);
	if (r < 0)
		return r;
	*ret = TAKE(rows);
	return 0;
}

void
grype_rows_free(struct grype_rows *rows)
{
	if (!rows)
		return;
	(void)sqlite3_finalize(rows->handles);
	(void)sqlite3_finalize(rows->built);
	(void)sqlite3_close(rows->sqlite);
	free(rows);
}

void
grype_rows_cleanup(struct grype_rows **rows)
{
	grype_rows_free(*rows);
	*rows = NULL;
}

/* ---- rows ---- */

int
grype_rows_built(struct grype_rows *rows, struct span *ret, struct err *err)
{
	(void)sqlite3_reset(rows->built);
	int code = sqlite3_step(rows->built);

	if (code != SQLITE_ROW)
		return failed(rows, code, err);
	*ret = text_of(rows->built, 0);
	return 0;
}

/* 1 and a row, 0 at the end. */
static int
next(struct grype_rows *rows, sqlite3_stmt *row, struct err *err)
{
	int code = sqlite3_step(row);

	return code == SQLITE_ROW ? 1 : code == SQLITE_DONE ? 0 : failed(rows, code, err);
}

int
grype_rows_vulnerabilities(struct grype_rows *rows,
			   int (*each)(void *context,
				       const struct grype_vulnerability *vulnerability,
				       struct err *err),
			   void *context, struct err *err)
{
	CLEANUP(statement_cleanup) sqlite3_stmt *row = NULL;
	int r = prepare(rows,
			"SELECT v.id, v.name, v.provider_id, b.value,"
			" v.withdrawn_date IS NOT NULL OR v.status = 'rejected'"
			" FROM vulnerability_handles AS v LEFT JOIN blobs AS b ON b.id = v.blob_id"
			" ORDER BY v.id",
			&row, err);

	while (r >= 0 && (r = next(rows, row, err)) > 0) {
		struct grype_vulnerability one = {
			.id = sqlite3_column_int64(row, 0),
			.name = text_of(row, 1),
			.provider = text_of(row, 2),
			.blob = text_of(row, 3),
			.withdrawn = sqlite3_column_int(row, 4) != 0,
		};

		r = each(context, &one, err);
		if (r != 0)
			break;
	}
	return r;
}

int
grype_rows_packages(struct grype_rows *rows,
		    int (*each)(void *context, const struct grype_package *package,
				struct err *err),
		    void *context, struct err *err)
{
	CLEANUP(statement_cleanup) sqlite3_stmt *row = NULL;
	int r = prepare(rows, "SELECT id, ecosystem, name FROM packages ORDER BY ecosystem, name",
			&row, err);

	while (r >= 0 && (r = next(rows, row, err)) > 0) {
		struct grype_package one = {
			.id = sqlite3_column_int64(row, 0),
			.ecosystem = text_of(row, 1),
			.name = text_of(row, 2),
		};

		r = each(context, &one, err);
		if (r != 0)
			break;
	}
	return r;
}

int
grype_rows_handles(struct grype_rows *rows, int64_t package,
		   int (*each)(void *context, const struct grype_handle *handle, struct err *err),
		   void *context, struct err *err)
{
	sqlite3_stmt *row = rows->handles;
	int r = 0;

	(void)sqlite3_reset(row);
	(void)sqlite3_bind_int64(row, 1, package);
	while (r >= 0 && (r = next(rows, row, err)) > 0) {
		struct grype_handle one = {
			.unaffected = sqlite3_column_int(row, 0) != 0,
			.system = sqlite3_column_int64(row, 1),
			.system_id = text_of(row, 2),
			.major = text_of(row, 3),
			.minor = text_of(row, 4),
			.label = text_of(row, 5),
			.channel = text_of(row, 6),
			.vulnerability = sqlite3_column_int64(row, 7),
			.vulnerability_name = text_of(row, 8),
			.blob = text_of(row, 9),
		};

		r = each(context, &one, err);
		if (r != 0)
			break;
	}
	return r;
}

int
grype_rows_marks(struct grype_rows *rows,
		 int (*each)(void *context, struct span cve, double probability, struct err *err),
		 void *context, struct err *err)
{
	CLEANUP(statement_cleanup) sqlite3_stmt *row = NULL;
	int r = prepare(rows,
			"SELECT cve, -1.0 FROM known_exploited_vulnerability_handles"
			" UNION ALL SELECT cve, epss FROM epss_handles",
			&row, err);

	while (r >= 0 && (r = next(rows, row, err)) > 0) {
		r = each(context, text_of(row, 0), sqlite3_column_double(row, 1), err);
		if (r != 0)
			break;
	}
	return r;
}
