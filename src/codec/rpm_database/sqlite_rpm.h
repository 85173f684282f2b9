/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of codec/rpm_database: the tables of rpmdb.sqlite. */
#pragma once

#include "codec/rpm_database/sqlite_file.h"

struct sqlite_table {
	struct span name;
	struct span sql;
	uint32_t root; /* page */
	bool index;    /* no table, but an index of one */
};

struct sqlite_schema {
	struct gather *gather;
	VEC(struct sqlite_table) tables;
};

int sqlite_schema_read(struct sqlite_file *file, struct gather *gather, struct sqlite_schema *ret,
		       struct err *err);
void sqlite_schema_cleanup(struct sqlite_schema *schema);
const struct sqlite_table *sqlite_schema_find(const struct sqlite_schema *schema, struct span name);
