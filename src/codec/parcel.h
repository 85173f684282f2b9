/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The advisory database as one file that travels: a tar (POSIX.1-1988 ustar) of these members, in
 * this order, and of nothing else.
 *
 *     statement.json      in-toto statement: what the database is (codec/database_statement.h)
 *     bundle.json         Sigstore bundle over exactly that; left out where nobody signed
 *     advisories.db.zst   the database
 *
 * A member's header has one form for its name and size, byte for byte; padding is zero; two zero
 * blocks end the file. So the same members give the same file, and a reader has to understand
 * nothing but sizes. Pure. docs/shipping.md
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

enum parcel_part {
	PARCEL_STATEMENT,
	PARCEL_BUNDLE,
	PARCEL_DATABASE,
	PARCEL_PARTS,
};

enum { PARCEL_BLOCK = 512 };

struct parcel_extent {
	uint64_t offset; /* in the file */
	uint64_t size;	 /* bytes; 0: not there */
};

struct parcel {
	struct parcel_extent parts[PARCEL_PARTS];
};

/* Exactly n bytes at `offset`. */
typedef int parcel_source(void *context, uint64_t offset, void *p, size_t n, struct err *err);

/*
 * Finds the members of a file of `size` bytes; only headers and padding are read. ERR_INVALID: not
 * such a file, cut, or something that does not belong there; ERR_LIMIT: a member over its limit
 * (STATEMENT_MAX, BUNDLE_MAX, ADVISORY_DATABASE_MAX); and what `source` returns.
 */
int parcel_read(parcel_source *source, void *context, uint64_t size, struct parcel *ret,
		struct err *err);

/* The header that stands before a member's bytes. ERR_LIMIT. */
int parcel_header(enum parcel_part part, uint64_t size, char ret[PARCEL_BLOCK], struct err *err);

/* Zero bytes behind a member of that size. */
struct span parcel_padding(uint64_t size);

/* What ends the file. */
struct span parcel_end(void);
