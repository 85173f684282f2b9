/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An advisory database on its way to other machines: packed with a statement about it, written to
 * and found in a file, and taken in. Nothing is signed or verified here. docs/shipping.md
 */
#pragma once

#include "base/progress.h"
#include "codec/database_statement.h"
#include "port/advisories.h"

/* What travels. */
struct ship_package {
	struct arena *arena;
	struct span statement; /* in-toto; what is to be signed, byte for byte */
	struct database_statement says;
	struct span bundle; /* over the statement; empty: not signed */
	int fd;		    /* has the packed database */
	uint64_t offset;    /* where in it */
};

#define SHIP_PACKAGE_INIT                                                                          \
	{                                                                                          \
		.fd = -1                                                                           \
	}

void ship_package_cleanup(struct ship_package *package);

/*
 * Packs the database. It is read whole and compared with its digest first: ERR_DIGEST. The same
 * file gives the same bytes.
 */
int ship_pack(const char *database, const struct progress *progress, struct ship_package *ret,
	      struct err *err);

/* Writes it as one file (codec/parcel.h), which appears whole. */
int ship_write(const struct ship_package *package, const char *path, struct err *err);

/*
 * Reads statement and bundle of such a file, and hashes the packed database: ERR_DIGEST when it is
 * not what the statement says. Nothing else of it is looked at. ERR_INVALID, ERR_LIMIT,
 * ERR_UNSUPPORTED, ERR_NOT_FOUND.
 */
int ship_open(const char *path, struct ship_package *ret, struct err *err);

struct ship_terms {
	const char *database;	       /* what it is to replace */
	struct advisory_origin origin; /* what will be known of it */
	bool allow_older;
	const struct progress *progress;
};

/*
 * Whether the package may replace the database: ERR_UNSUPPORTED for another layout than ours,
 * ERR_MISMATCH for one that is older than what is there. Looks at the statement alone.
 */
int ship_judge(const struct ship_package *package, const struct ship_terms *terms, struct err *err);

/*
 * Unpacks the database beside the one that is there, compares it with the statement, and replaces
 * that one. ERR_DIGEST, ERR_MISMATCH, ERR_INVALID, ERR_LIMIT, ERR_IO; then all is as it was.
 */
int ship_receive(const struct ship_package *package, const struct ship_terms *terms,
		 struct err *err);
