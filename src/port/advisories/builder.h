/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the builder share. */
#pragma once

#include "base/buf.h"
#include "base/limits.h"
#include "port/advisories/batch.h"
#include "port/advisories/place.h"
#include "port/advisories/reader.h"
#include "port/advisories/rows.h"

enum build_query {
	BUILD_SCOPE_ADD,
	BUILD_SCOPE,
	BUILD_SCOPE_COUNT,
	BUILD_FEED,
	BUILD_META,
	/* of packs: kind, scope and name */
	BUILD_PACKAGE,
	BUILD_PACKAGE_SET,
	BUILD_PACKAGE_GONE,
	BUILD_CVES,
	BUILD_CVES_SET,
	BUILD_CVES_GONE,
	BUILD_CLAIMS,
	BUILD_CLAIMS_SET,
	BUILD_CLAIMS_GONE,
	BUILD_QUERIES,
};

enum { TABLES = ADVISORIES_EXPLOITED + 1, SCOPES_KNOWN = 32 };

struct scope_known {
	char distribution[FEED_NAME_MAX + 1];
	char release[FEED_NAME_MAX + 1];
	size_t distribution_n;
	size_t release_n;
	int64_t id; /* 0: none */
};

/* Where the database is known to have nothing that the batch could change. */
struct blank {
	bool is;
	enum advisories_table table;
	char distribution[FEED_NAME_MAX + 1];
};

struct advisories_builder {
	struct buf *record;	 /* not NULL: rows go there, and there is nothing else */
	struct advisory_row row; /* the last one: not made anew for each */
	advisories_recording *before;
	void *before_context;
	struct place place;
	bool begun;   /* a savepoint is open */
	bool over;    /* it began with the old rows */
	bool touched; /* and they may not be those any more */
	sqlite3 *sqlite;
	sqlite3_stmt *statements[BUILD_QUERIES];
	struct batch batch;
	struct blank blank;
	struct buf scratch;	/* one row as bytes */
	struct advisories *old; /* NULL: there is none */
	/* Scopes asked for last: feeds have few releases. */
	struct scope_known scopes[SCOPES_KNOWN];
	size_t scope_next;
};

extern const char *const build_queries[BUILD_QUERIES];

/* Runs a statement that gives no rows. */
int builder_put(struct advisories_builder *builder, sqlite3_stmt *statement, struct err *err);

int builder_scope(struct advisories_builder *builder, struct span distribution, struct span release,
		  int64_t *ret, struct err *err);

/* Says that rows of this are to come: what is written before them has to be looked for, or not. */
void builder_expect(struct advisories_builder *builder, enum advisories_table table,
		    struct span distribution);

/* A change that waits, and is written with others when there are many. `scope`: of advisories. */
int builder_change(struct advisories_builder *builder, enum batch_deed deed,
		   const struct advisory_row *row, int64_t scope, struct err *err);
