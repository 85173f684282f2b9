/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of what stays, made by SQLite itself from nothing but values: the tables as rpm makes
 * them, the rows of those packages in their order, then the indexes.
 */
#include "codec/rpm_database/sqlite_rpm.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	NAME_MAX_BYTES = 64, /* of a table */
	SQL_MAX = 512,
};

struct cutting {
	sqlite3 *db;
	sqlite3_stmt *insert; /* into the table that is copied */
	const struct rpm_record *records;
	size_t count;
	int64_t given; /* the last number that was given to a package */
};

static void
cutting_cleanup(struct cutting *cutting)
{
	(void)sqlite3_finalize(cutting->insert);
	(void)sqlite3_close(cutting->db);
}

static int
failed(struct cutting *cutting, struct err *err)
{
	if (sqlite3_errcode(cutting->db) == SQLITE_NOMEM)
		return err_memory(err);
	return err_set(err, ERR_INVALID, "the packages that stay: %s", sqlite3_errmsg(cutting->db));
}

static int run(struct cutting *cutting, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int
run(struct cutting *cutting, struct err *err, const char *format, ...)
{
	char sql[SQL_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(sql, sizeof(sql), format, arguments);
	va_end(arguments);
	return sqlite3_exec(cutting->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
									     : failed(cutting, err);
}

/* A name that needs no quoting, and is not one of SQLite's own. */
static bool
is_plain(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		char lower = (char)(c | 32);

		if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return name.n > 0 && name.n <= NAME_MAX_BYTES && !span_starts_with(name, SPAN("sqlite_"));
}

static bool
stays(const struct cutting *cutting, int64_t number)
{
	size_t low = 0;
	size_t high = cutting->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((int64_t)cutting->records[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < cutting->count && (int64_t)cutting->records[low].number == number;
}

static int
step(struct cutting *cutting, struct err *err)
{
	int r = sqlite3_step(cutting->insert);

	(void)sqlite3_reset(cutting->insert);
	return r == SQLITE_DONE ? 0 : failed(cutting, err);
}

static int
bind(sqlite3_stmt *statement, int i, const struct sqlite_column *column)
{
	sqlite3_uint64 n = column->bytes.n;

	switch (column->kind) {
	case COLUMN_NUMBER:
		return sqlite3_bind_int64(statement, i, column->number);
	case COLUMN_TEXT:
		return sqlite3_bind_text64(statement, i, column->bytes.p, n, SQLITE_STATIC,
					   SQLITE_UTF8);
	case COLUMN_BYTES:
		return n ? sqlite3_bind_blob64(statement, i, column->bytes.p, n, SQLITE_STATIC)
			 : sqlite3_bind_zeroblob(statement, i, 0);
	case COLUMN_NULL:
	case COLUMN_REAL:
		break;
	}
	return sqlite3_bind_null(statement, i);
}

/* A row (key, hnum, idx) of an index table. */
static int
copy_row(void *context, const struct sqlite_row *row, bool whole, struct err *err)
{
	struct cutting *cutting = context;
	struct sqlite_column columns[3];

	for (size_t i = 0; i < 3; i++) {
		if (!whole || !sqlite_row_column(row, i, &columns[i]))
			return 0; /* rpm makes its indexes anew */
	}
	if (columns[1].kind != COLUMN_NUMBER || !stays(cutting, columns[1].number))
		return 0;
	for (int i = 0; i < 3; i++) {
		if (bind(cutting->insert, i + 1, &columns[i]) != SQLITE_OK)
			return failed(cutting, err);
	}
	return step(cutting, err);
}

static int
prepare(struct cutting *cutting, struct err *err, const char *sql)
{
	(void)sqlite3_finalize(cutting->insert);
	cutting->insert = NULL;
	return sqlite3_prepare_v2(cutting->db, sql, -1, &cutting->insert, NULL) == SQLITE_OK
		       ? 0
		       : failed(cutting, err);
}

static int
copy_table(struct cutting *cutting, struct sqlite_file *file, struct gather *gather,
	   const struct sqlite_table *table, struct err *err)
{
	const char *type = span_contains(table->sql, SPAN("'BLOB'")) ? "BLOB" : "TEXT";
	char sql[SQL_MAX];
	int r = run(cutting, err,
		    "CREATE TABLE IF NOT EXISTS '%.*s' (key '%s' NOT NULL, hnum INTEGER NOT NULL, "
		    "idx INTEGER NOT NULL, FOREIGN KEY (hnum) REFERENCES 'Packages'(hnum))",
		    SPAN_ARG(table->name), type);

	if (r == 0) {
		(void)snprintf(sql, sizeof(sql), "INSERT INTO '%.*s' VALUES (?, ?, ?)",
			       SPAN_ARG(table->name));
		r = prepare(cutting, err, sql);
	}
	return r < 0 ? r : sqlite_each_row(file, gather, table->root, copy_row, cutting, err);
}

/* "Name_key_idx" is on the column key of Name. */
static int
make_index(struct cutting *cutting, const struct sqlite_schema *schema,
	   const struct sqlite_table *index, struct err *err)
{
	static const char *const columns[] = {"key", "hnum"};

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		char end[16];
		int n = snprintf(end, sizeof(end), "_%s_idx", columns[i]);
		struct span tail = {end, (size_t)n};

		if (!span_ends_with(index->name, tail))
			continue;
		struct span table = span_slice(index->name, 0, index->name.n - tail.n);
		if (is_plain(table) && sqlite_schema_find(schema, table))
			return run(cutting, err,
				   "CREATE INDEX IF NOT EXISTS '%.*s%s' ON '%.*s'(%s ASC)",
				   SPAN_ARG(table), end, SPAN_ARG(table), columns[i]);
	}
	return 0;
}

static int
put_packages(struct cutting *cutting, struct err *err)
{
	int r = run(cutting, err,
		    "CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY "
		    "AUTOINCREMENT,blob BLOB NOT NULL)");

	if (r == 0)
		r = prepare(cutting, err, "INSERT INTO 'Packages' VALUES (?, ?)");
	for (size_t i = 0; r == 0 && i < cutting->count; i++) {
		const struct sqlite_column columns[] = {
			{.kind = COLUMN_NUMBER, .number = cutting->records[i].number},
			{.kind = COLUMN_BYTES, .bytes = cutting->records[i].header},
		};

		if (bind(cutting->insert, 1, &columns[0]) != SQLITE_OK ||
		    bind(cutting->insert, 2, &columns[1]) != SQLITE_OK)
			return failed(cutting, err);
		r = step(cutting, err);
	}
	if (r == 0)
		r = run(cutting, err,
			"DELETE FROM sqlite_sequence; INSERT INTO sqlite_sequence VALUES "
			"('Packages', %lld)",
			(long long)cutting->given);
	return r;
}

static int
take_given(void *context, const struct sqlite_row *row, bool whole, struct err *err)
{
	struct cutting *cutting = context;
	struct sqlite_column name, value;

	(void)err;
	if (whole && sqlite_row_column(row, 0, &name) && sqlite_row_column(row, 1, &value) &&
	    span_equal(name.bytes, SPAN("Packages")) && value.kind == COLUMN_NUMBER)
		cutting->given = value.number;
	return 0;
}

static int
fill(struct cutting *cutting, struct sqlite_file *file, struct gather *gather,
     const struct sqlite_schema *schema, struct err *err)
{
	const struct sqlite_table *sequence = sqlite_schema_find(schema, SPAN("sqlite_sequence"));
	int r = run(cutting, err, "PRAGMA page_size = %u; BEGIN", file->page_size);

	if (r == 0 && sequence)
		r = sqlite_each_row(file, gather, sequence->root, take_given, cutting, err);
	if (r == 0)
		r = put_packages(cutting, err);
	for (size_t i = 0; r == 0 && i < schema->tables.count; i++) {
		const struct sqlite_table *table = &schema->tables.items[i];

		if (!table->index && is_plain(table->name) &&
		    !span_equal_nocase(table->name, SPAN("Packages")))
			r = copy_table(cutting, file, gather, table, err);
	}
	for (size_t i = 0; r == 0 && i < schema->tables.count; i++) {
		if (schema->tables.items[i].index)
			r = make_index(cutting, schema, &schema->tables.items[i], err);
	}
	return r < 0 ? r : run(cutting, err, "COMMIT");
}

/* What tells versions of SQLite and of the tables apart is as it was, not as this library has it.
 */
static int
append_file(struct cutting *cutting, struct span old, struct buf *out, struct err *err)
{
	static const size_t kept[] = {60, 68, 96}; /* user_version, application_id, the library's */
	sqlite3_int64 n = 0;
	size_t start = out->n;
	unsigned char *bytes = sqlite3_serialize(cutting->db, "main", &n, 0);

	if (!bytes)
		return err_memory(err);
	int r = buf_append(out, (struct span){(const char *)bytes, (size_t)n}, err);
	sqlite3_free(bytes);
	for (size_t i = 0; r == 0 && i < sizeof(kept) / sizeof(kept[0]); i++)
		memcpy(out->p + start + kept[i], old.p + kept[i], 4);
	return r;
}

int
rpm_sqlite_cut(struct span file, struct span log, const struct rpm_record *records, size_t count,
	       struct buf *out, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(gather_cleanup) struct gather gather = {.arena = arena};
	CLEANUP(sqlite_file_cleanup) struct sqlite_file sqlite = {.page_size = 0};
	CLEANUP(sqlite_schema_cleanup) struct sqlite_schema schema = {.gather = &gather};
	CLEANUP(cutting_cleanup) struct cutting cutting = {.records = records, .count = count};
	int r = arena ? sqlite_file_open(file, log, &sqlite, err) : err_memory(err);

	if (r == 0)
		r = sqlite_schema_read(&sqlite, &gather, &schema, err);
	if (r == 0 &&
	    sqlite3_open_v2(":memory:", &cutting.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
			    NULL) != SQLITE_OK)
		r = failed(&cutting, err);
	if (r == 0)
		r = fill(&cutting, &sqlite, &gather, &schema, err);
	return r < 0 ? r : append_file(&cutting, file, out, err);
}
