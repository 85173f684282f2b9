/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said, and signed, of an advisory database that travels: an in-toto statement v1 of the
 * packed file and of the database in it. Pure. docs/shipping.md
 */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "model/findings.h"

#define DATABASE_PREDICATE "https://mohs.dev/attestation/advisories/v1"
#define DATABASE_PACKED	   "advisories.db.zst"
#define DATABASE_PLAIN	   "advisories.db"

struct database_file {
	struct digest digest;
	uint64_t size; /* bytes */
};

/* For people who read the statement. */
struct database_feed {
	struct span name;
	int64_t fetched; /* seconds since 1970; 0: it has nothing */
	uint64_t records;
};

struct database_statement {
	struct database_file packed;
	struct database_file plain;
	uint32_t layout; /* of the tables */
	struct advisory_identity identity;
	const struct database_feed *feeds; /* written; not read */
	size_t feed_count;
};

/* ERR_MEMORY, ERR_LIMIT. The same values give the same bytes. */
int database_statement_write(const struct database_statement *statement, struct arena *arena,
			     struct span *ret, struct err *err);

/*
 * ERR_INVALID, ERR_UNSUPPORTED (not a statement of a database), ERR_LIMIT over STATEMENT_MAX and
 * for files over ADVISORY_DATABASE_MAX. All is copied to `arena`.
 */
int database_statement_read(struct span text, struct arena *arena, struct database_statement *ret,
			    struct err *err);
