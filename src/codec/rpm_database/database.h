/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of codec/rpm_database: what its kinds share. */
#pragma once

#include "base/bytes.h"
#include "base/vec.h"
#include "codec/rpm_database.h"

/* A database being read. */
struct gather {
	struct arena *arena;
	VEC(struct rpm_record) records;
	VEC(struct rpm_fault) faults;
	size_t bytes; /* copied so far: a damaged file can name the same pages again and again */
};

void gather_cleanup(struct gather *gather);
int gather_record(struct gather *gather, uint64_t number, struct span header, struct err *err);

/* `number` 0: not known. */
int gather_fault(struct gather *gather, uint64_t number, struct err *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Room for `n` bytes of a header that is in pieces. ERR_LIMIT: RPM_HEADER_MAX, RPM_DATABASE_MAX. */
int gather_room(struct gather *gather, size_t n, char **ret, struct err *err);

/* Sorts; a number that is there twice becomes a fault. */
int gather_finish(struct gather *gather, struct rpm_database *ret, struct err *err);

/* The kinds. */
int rpm_bdb_read(struct span file, struct span log, struct arena *arena, struct rpm_database *ret,
		 struct err *err);
int rpm_bdb_cut(struct span file, struct span log, const struct rpm_record *records, size_t count,
		struct buf *out, struct err *err);
int rpm_ndb_read(struct span file, struct span log, struct arena *arena, struct rpm_database *ret,
		 struct err *err);
int rpm_ndb_cut(struct span file, struct span log, const struct rpm_record *records, size_t count,
		struct buf *out, struct err *err);
int rpm_sqlite_read(struct span file, struct span log, struct arena *arena,
		    struct rpm_database *ret, struct err *err);
int rpm_sqlite_cut(struct span file, struct span log, const struct rpm_record *records,
		   size_t count, struct buf *out, struct err *err);
