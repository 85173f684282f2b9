/* SPDX-License-Identifier: Apache-2.0 */
/* rpmdb.sqlite: the table Packages (hnum, blob), and one of (key, hnum, idx) for each index. */
#include "codec/rpm_database/sqlite_rpm.h"

#include "base/cleanup.h"
#include "base/limits.h"

static int
take_schema(void *context, const struct sqlite_row *row, bool whole, struct err *err)
{
	struct sqlite_schema *schema = context;
	struct sqlite_column type, name, root, sql;

	if (!whole)
		return gather_fault(schema->gather, 0, err, "a table's row is not whole");
	if (!sqlite_row_column(row, 0, &type) || !sqlite_row_column(row, 1, &name) ||
	    !sqlite_row_column(row, 3, &root) || !sqlite_row_column(row, 4, &sql))
		return gather_fault(schema->gather, 0, err, "a table's row is none");
	struct sqlite_table table = {
		.name = name.bytes,
		.sql = sql.bytes,
		.root = root.number > 0 && root.number <= UINT32_MAX ? (uint32_t)root.number : 0,
		.index = span_equal(type.bytes, SPAN("index")),
	};
	return vec_push(&schema->tables, &table, RPM_TABLES_MAX, err);
}

int
sqlite_schema_read(struct sqlite_file *file, struct gather *gather, struct sqlite_schema *ret,
		   struct err *err)
{
	ret->gather = gather;
	return sqlite_each_row(file, gather, 1, take_schema, ret, err);
}

void
sqlite_schema_cleanup(struct sqlite_schema *schema)
{
	vec_free(&schema->tables);
}

const struct sqlite_table *
sqlite_schema_find(const struct sqlite_schema *schema, struct span name)
{
	for (size_t i = 0; i < schema->tables.count; i++) {
		const struct sqlite_table *table = &schema->tables.items[i];

		if (!table->index && span_equal(table->name, name))
			return table;
	}
	return NULL;
}

static int
take_package(void *context, const struct sqlite_row *row, bool whole, struct err *err)
{
	struct gather *gather = context;
	struct sqlite_column blob;
	uint64_t number = row->number > 0 ? (uint64_t)row->number : 0;

	if (!whole || !sqlite_row_column(row, 1, &blob) || blob.kind != COLUMN_BYTES)
		return gather_fault(gather, number, err, "its row is not whole");
	return gather_record(gather, number, blob.bytes, err);
}

int
rpm_sqlite_read(struct span file, struct span log, struct arena *arena, struct rpm_database *ret,
		struct err *err)
{
	CLEANUP(gather_cleanup) struct gather gather = {.arena = arena};
	CLEANUP(sqlite_file_cleanup) struct sqlite_file sqlite = {.page_size = 0};
	CLEANUP(sqlite_schema_cleanup) struct sqlite_schema schema = {.gather = &gather};
	int r = sqlite_file_open(file, log, &sqlite, err);

	if (r == 0)
		r = sqlite_schema_read(&sqlite, &gather, &schema, err);
	if (r < 0)
		return r;
	const struct sqlite_table *packages = sqlite_schema_find(&schema, SPAN("Packages"));
	if (!packages)
		return err_set(err, ERR_INVALID, "a SQLite file without a table of packages");
	r = sqlite_each_row(&sqlite, &gather, packages->root, take_package, &gather, err);
	return r < 0 ? r : gather_finish(&gather, ret, err);
}
