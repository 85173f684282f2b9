/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of codec/rpm_database: what its kinds share. */
#pragma once

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

/* ---- numbers in bytes; no check that they are there ---- */

static inline uint32_t
bytes_u32(const char *p, bool big)
{
	const uint8_t *b = (const uint8_t *)p;

	return big ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
		   : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

static inline uint16_t
bytes_u16(const char *p, bool big)
{
	const uint8_t *b = (const uint8_t *)p;

	return (uint16_t)(big ? b[0] << 8 | b[1] : b[1] << 8 | b[0]);
}

static inline void
bytes_put_u32(char *p, uint32_t value, bool big)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (char)(value >> (8 * (big ? 3 - i : i)));
}

static inline void
bytes_put_u16(char *p, unsigned value, bool big)
{
	p[0] = (char)(big ? value >> 8 : value);
	p[1] = (char)(big ? value : value >> 8);
}

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
