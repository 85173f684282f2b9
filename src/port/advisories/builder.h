/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the builder share. */
#pragma once

#include "base/buf.h"
#include "base/limits.h"
#include "port/advisories/place.h"
#include "port/advisories/reader.h"
#include "port/advisories/rows.h"

enum build_query {
	BUILD_SCOPE_ADD,
	BUILD_SCOPE,
	BUILD_FEED,
	BUILD_META,
	BUILD_CLAIMS,
	BUILD_CLAIM,
	BUILD_CLAIM_GONE,
	BUILD_CLAIMS_GONE,
	BUILD_QUERIES,
};

enum row_query {
	ROW_ADD, /* nothing when there is one of this key */
	ROW_SET,
	ROW_FIND,
	ROW_DELETE,
	ROW_QUERIES,
};

enum { TABLES = ADVISORIES_EXPLOITED + 1, SCOPES_KNOWN = 32 };

struct scope_known {
	char distribution[FEED_NAME_MAX + 1];
	char release[FEED_NAME_MAX + 1];
	int64_t id; /* 0: none */
};

struct advisories_builder {
	struct buf *record;	 /* not NULL: rows go there, and there is nothing else */
	struct advisory_row row; /* the last of them: not made anew for each */
	advisories_recording *before;
	void *before_context;
	struct place place;
	bool begun; /* a savepoint is open */
	bool over;  /* it began with the old rows */
	sqlite3 *sqlite;
	sqlite3_stmt *statements[BUILD_QUERIES];
	sqlite3_stmt *rows[TABLES][ROW_QUERIES];
	struct advisories *old; /* NULL: there is none */
	/* Scopes asked for last: feeds have few releases. */
	struct scope_known scopes[SCOPES_KNOWN];
	size_t scope_next;
};

extern const char *const build_queries[BUILD_QUERIES];
extern const char *const row_queries[TABLES][ROW_QUERIES];

/* Runs a statement that gives no rows. */
int builder_put(struct advisories_builder *builder, sqlite3_stmt *statement, struct err *err);

int builder_scope(struct advisories_builder *builder, struct span distribution, struct span release,
		  int64_t *ret, struct err *err);

/* Runs ROW_ADD or ROW_SET for a row. `scope`: of advisories. */
int builder_write(struct advisories_builder *builder, enum row_query query,
		  const struct advisory_row *row, int64_t scope, struct err *err);

/* Binds the key to the statement of a row's table. */
sqlite3_stmt *builder_key(struct advisories_builder *builder, enum row_query query,
			  const struct advisory_row *row, int64_t scope);
