/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of one kind after the other into the tables. */
#include "port/advisories/builder.h"
#include "port/advisories/settle.h"

#include <stdio.h>

/* ?1 is the table, ?2 the scope (0 but of advisories), ?3 the name, ?4 the rows. */
#define CLAIM_KEY " WHERE kind = ?1 AND scope = ?2 AND name = ?3"

const char *const build_queries[BUILD_QUERIES] = {
	[BUILD_SCOPE_ADD] =
		"INSERT OR IGNORE INTO main.scope (distribution, release) VALUES (?1, ?2)",
	[BUILD_SCOPE] = "SELECT id FROM main.scope WHERE distribution = ?1 AND release = ?2",
	[BUILD_SCOPE_COUNT] = "UPDATE main.scope SET advisories = ?1 WHERE id = ?2",
	[BUILD_FEED] =
		"REPLACE INTO main.feed (name, address, etag, modified, problem, fetched, records,"
		" skipped) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[BUILD_META] = "REPLACE INTO main.meta (key, value) VALUES (?1, ?2)",
	[BUILD_PACKAGE] = "SELECT rows FROM main.package WHERE scope = ?2 AND name = ?3",
	[BUILD_PACKAGE_SET] = "REPLACE INTO main.package (scope, name, rows) VALUES (?2, ?3, ?4)",
	[BUILD_PACKAGE_GONE] = "DELETE FROM main.package WHERE scope = ?2 AND name = ?3",
	[BUILD_CVES] = "SELECT rows FROM main.cve WHERE kind = ?1 AND name = ?3",
	[BUILD_CVES_SET] = "REPLACE INTO main.cve (kind, name, rows) VALUES (?1, ?3, ?4)",
	[BUILD_CVES_GONE] = "DELETE FROM main.cve WHERE kind = ?1 AND name = ?3",
	[BUILD_CLAIMS] = "SELECT rows FROM main.claim" CLAIM_KEY,
	[BUILD_CLAIMS_SET] =
		"REPLACE INTO main.claim (kind, scope, name, rows) VALUES (?1, ?2, ?3, ?4)",
	[BUILD_CLAIMS_GONE] = "DELETE FROM main.claim" CLAIM_KEY,
};

int
builder_put(struct advisories_builder *builder, sqlite3_stmt *statement, struct err *err)
{
	int code = sqlite3_step(statement);

	(void)sqlite3_reset(statement);
	return code == SQLITE_DONE ? 0 : schema_failed(builder->sqlite, code, "write", err);
}

static int
look_up_scope(struct advisories_builder *builder, struct span distribution, struct span release,
	      int64_t *ret, struct err *err)
{
	sqlite3_stmt *add = builder->statements[BUILD_SCOPE_ADD];
	sqlite3_stmt *row = builder->statements[BUILD_SCOPE];

	schema_bind(add, 1, distribution);
	schema_bind(add, 2, release);
	int r = builder_put(builder, add, err);
	if (r < 0)
		return r;
	schema_bind(row, 1, distribution);
	schema_bind(row, 2, release);
	int code = sqlite3_step(row);
	if (code == SQLITE_ROW)
		*ret = sqlite3_column_int64(row, 0);
	(void)sqlite3_reset(row);
	return code == SQLITE_ROW ? 0
				  : schema_failed(builder->sqlite, code, "find the release", err);
}

int
builder_scope(struct advisories_builder *builder, struct span distribution, struct span release,
	      int64_t *ret, struct err *err)
{
	for (size_t i = 0; i < SCOPES_KNOWN; i++) {
		const struct scope_known *known = &builder->scopes[i];

		if (known->id == 0 ||
		    !span_equal(release, (struct span){known->release, known->release_n}) ||
		    !span_equal(distribution,
				(struct span){known->distribution, known->distribution_n}))
			continue;
		*ret = known->id;
		return 0;
	}
	if (distribution.n > FEED_NAME_MAX || release.n > FEED_NAME_MAX)
		return err_set(err, ERR_LIMIT, "name of a release longer than %d", FEED_NAME_MAX);
	struct scope_known *known = &builder->scopes[builder->scope_next++ % SCOPES_KNOWN];
	known->id = 0;
	int r = look_up_scope(builder, distribution, release, &known->id, err);
	if (r < 0)
		return r;
	(void)snprintf(known->distribution, sizeof(known->distribution), "%.*s",
		       SPAN_ARG(distribution));
	(void)snprintf(known->release, sizeof(known->release), "%.*s", SPAN_ARG(release));
	known->distribution_n = distribution.n;
	known->release_n = release.n;
	*ret = known->id;
	return 0;
}

void
builder_expect(struct advisories_builder *builder, enum advisories_table table,
	       struct span distribution)
{
	struct blank *blank = &builder->blank;

	blank->is = blank->is && blank->table == table &&
		    span_equal(span_from(blank->distribution), distribution);
}

int
builder_change(struct advisories_builder *builder, enum batch_deed deed,
	       const struct advisory_row *row, int64_t scope, struct err *err)
{
	int r = batch_put(&builder->batch, deed, row, scope, err);

	return r == 0 && batch_is_full(&builder->batch) ? settle_batch(builder, err) : r;
}

/* Right into the rows of all: one that was just written is slow to copy. */
static int
record(struct advisories_builder *builder, const struct advisory_row *row, const struct span *ids,
       size_t count, struct err *err)
{
	int r = builder->before ? builder->before(builder->before_context, err) : 0;
	size_t start = builder->record->n;

	if (r == 0)
		r = row_put(row, ids, count, builder->record, err);
	if (r == 0 && builder->record->n - start > ADVISORY_ROW_MAX)
		r = err_set(err, ERR_LIMIT, "an advisory of more than %lu bytes", ADVISORY_ROW_MAX);
	return r;
}

/* Content and ids as they would come from elsewhere. */
static int
put_in_bytes(struct advisories_builder *builder, struct advisory_row *row, const struct span *ids,
	     size_t count, struct err *err)
{
	struct buf *bytes = &builder->scratch;

	bytes->n = 0;
	int r = row_put_content(row, bytes, err);
	size_t content = bytes->n;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = row_put_text(ids[i], bytes, err);
	row->content = span_slice(buf_span(bytes), 0, content);
	row->ids = span_slice(buf_span(bytes), content, bytes->n);
	return r;
}

/* A row that is given as it is: recorded, or to be written. */
static int
give(struct advisories_builder *builder, enum batch_deed deed, struct advisory_row *row,
     struct span distribution, const struct span *ids, size_t count, struct err *err)
{
	int64_t scope = 0;
	int r = 0;

	if (builder->record)
		return deed == BATCH_UNSET ? 0 : record(builder, row, ids, count, err);
	builder_expect(builder, row->table, distribution);
	if (row->table == ADVISORIES_OF_DISTRIBUTION)
		r = builder_scope(builder, distribution, row->release, &scope, err);
	if (r == 0)
		r = put_in_bytes(builder, row, ids, count, err);
	return r < 0 ? r : builder_change(builder, deed, row, scope, err);
}

int
advisories_build_advisories(struct advisories_builder *builder, struct span distribution,
			    struct span release, struct span source,
			    const struct advisory *advisory, const struct span *ids, size_t count,
			    struct err *err)
{
	struct advisory_row *row = &builder->row;

	row->table = ADVISORIES_OF_DISTRIBUTION;
	row->release = release;
	row->source = source;
	row->advisory = *advisory;
	return count > 0 ? give(builder, BATCH_OFFER, row, distribution, ids, count, err) : 0;
}

int
advisories_build_advisory(struct advisories_builder *builder, struct span distribution,
			  struct span release, struct span source, const struct advisory *advisory,
			  struct err *err)
{
	return advisories_build_advisories(builder, distribution, release, source, advisory,
					   &advisory->id, 1, err);
}

int
advisories_build_score(struct advisories_builder *builder, struct span id,
		       const struct advisory_cve *cve, struct err *err)
{
	struct advisory_row row = {.table = ADVISORIES_SCORES, .cve = *cve};

	return give(builder, cve->source.n > 0 ? BATCH_SET : BATCH_UNSET, &row, SPAN(""), &id, 1,
		    err);
}

int
advisories_build_epss(struct advisories_builder *builder, struct span id, double probability,
		      struct err *err)
{
	struct advisory_row row = {.table = ADVISORIES_EPSS, .cve.epss = probability};

	return give(builder, BATCH_SET, &row, SPAN(""), &id, 1, err);
}

int
advisories_build_exploited(struct advisories_builder *builder, struct span id, struct err *err)
{
	struct advisory_row row = {.table = ADVISORIES_EXPLOITED};

	return give(builder, BATCH_SET, &row, SPAN(""), &id, 1, err);
}
