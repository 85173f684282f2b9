/* SPDX-License-Identifier: Apache-2.0 */
/* What holds of every kind of rpm's databases. */
#pragma once

#include "base/limits.h"
#include "codec/rpm_database.h"
#include "starved.h"

#include <stdlib.h>

static inline void
check_same(const struct rpm_database *a, const struct rpm_database *b)
{
	if (a->record_count != b->record_count || b->fault_count != 0)
		abort();
	for (size_t i = 0; i < a->record_count; i++) {
		if (a->records[i].number != b->records[i].number ||
		    !span_equal(a->records[i].header, b->records[i].header))
			abort();
	}
}

/* What was read can be written, twice alike, and is then read back without a fault. */
static inline void
check_cut(const struct rpm_backend *backend, struct span file, struct span log,
	  const struct rpm_database *database, struct arena *arena)
{
	struct buf first = BUF_INIT(RPM_DATABASE_MAX);
	struct buf second = BUF_INIT(RPM_DATABASE_MAX);
	struct rpm_database again;
	struct err err = ERR_INIT;
	int r = backend->cut(file, log, database->records, database->record_count, &first, &err);

	if (r == 0)
		r = backend->cut(file, log, database->records, database->record_count, &second,
				 &err);
	if (r == 0 && !span_equal(buf_span(&first), buf_span(&second)))
		abort();
	if (r == 0)
		r = backend->read(buf_span(&first), SPAN(""), arena, &again, &err);
	if (r == 0)
		check_same(database, &again);
	if (r < 0 && r != -ERR_MEMORY && !starved())
		abort();
	buf_cleanup(&first);
	buf_cleanup(&second);
}

static inline void
check_database(struct span file_name, struct span file, struct span log)
{
	const struct rpm_backend *backend = rpm_backend_find(file_name);
	struct arena *arena = arena_new(0);
	struct rpm_database database;
	struct err err = ERR_INIT;

	if (arena && backend->read(file, log, arena, &database, &err) == 0) {
		for (size_t i = 0; i < database.record_count; i++) {
			if (database.records[i].number == 0 ||
			    (i && database.records[i].number <= database.records[i - 1].number))
				abort();
		}
		check_cut(backend, file, log, &database, arena);
	}
	arena_free(arena);
}
