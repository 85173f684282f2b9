/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/content.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "port/advisories/pack.h"
#include "port/advisories/rows.h"

#include <stdio.h>
#include <stdlib.h>

enum { DIGEST_BLOCK = 65536, TENTHS = 101, NUMBER_TEXT = 40 };

struct scope_count {
	int64_t scope;
	uint64_t advisories;
};

struct summing {
	struct digest_stream *stream;
	size_t n;
	char block[DIGEST_BLOCK];
	/* Scores are tenths of 0 to 10; what "%.17g" makes of each is found out once. */
	struct number {
		size_t n;
		char p[NUMBER_TEXT];
	} tenths[TENTHS];
	struct buf start; /* of every row of the pack */
	struct pack_walk walk;
	struct buf texts; /* what is said in the pack, each once */
	VEC(size_t) ends; /* of them */
	VEC(struct scope_count) counts;
};

static void
sum_bytes(struct summing *summing, struct span bytes)
{
	if (bytes.n > sizeof(summing->block) - summing->n) {
		digest_stream_update(summing->stream, summing->block, summing->n);
		summing->n = 0;
	}
	if (bytes.n > sizeof(summing->block)) {
		digest_stream_update(summing->stream, bytes.p, bytes.n);
		return;
	}
	if (bytes.n > 0)
		memcpy(summing->block + summing->n, bytes.p, bytes.n);
	summing->n += bytes.n;
}

/* Texts hold no control bytes, so that 0x1f ends a field and 0x1e a row. There is room. */
static void
add_text(struct buf *buf, struct span text)
{
	if (text.n > 0)
		memcpy(buf->p + buf->n, text.p, text.n);
	buf->n += text.n;
	buf->p[buf->n++] = '\x1f';
}

static void
add_digit(struct buf *buf, unsigned digit)
{
	const char text = (char)('0' + digit);

	add_text(buf, (struct span){&text, 1});
}

static void
add_number(struct summing *summing, double value)
{
	struct number other = {0};
	int tenth = value >= 0 && value <= 10 ? (int)(value * 10 + 0.5) : 0;
	struct number *number = &summing->tenths[tenth];
	double exact = tenth / 10.0;
	uint64_t bits;
	uint64_t exact_bits;

	memcpy(&bits, &value, sizeof(bits));
	memcpy(&exact_bits, &exact, sizeof(exact_bits));
	if (bits != exact_bits)
		number = &other;
	if (number->n == 0)
		number->n = (size_t)snprintf(number->p, sizeof(number->p), "%.17g", value);
	add_text(&summing->texts, (struct span){number->p, number->n});
}

static void
add_advisory(struct summing *summing, const struct advisory *advisory)
{
	struct buf *texts = &summing->texts;

	add_digit(texts, advisory->state);
	add_digit(texts, (advisory->no_dsa ? SCHEMA_NO_DSA : 0U) |
				 (advisory->unimportant ? SCHEMA_UNIMPORTANT : 0U));
	add_text(texts, advisory->fixed);
	add_text(texts, advisory->urgency);
	add_text(texts, advisory->reason);
	add_text(texts, advisory->note);
	add_text(texts, advisory->affected);
	add_digit(texts, advisory->severity);
	add_text(texts, advisory->vector);
	add_number(summing, advisory->score);
}

/* All fields of a row behind its id. */
static int
add_content(struct summing *summing, enum advisories_table table, struct span content,
	    struct err *err)
{
	enum { NUMBERS = 2 * NUMBER_TEXT };
	struct advisory_row row = {.table = table};
	const struct advisory_cve *cve = &row.cve;
	int r = row_get_content(content, &row, err);

	if (r == 0)
		r = buf_reserve(&summing->texts, content.n + NUMBERS, err);
	if (r < 0)
		return r;
	switch (table) {
	case ADVISORIES_OF_DISTRIBUTION:
		add_advisory(summing, &row.advisory);
		break;
	case ADVISORIES_SCORES:
		add_number(summing, cve->score);
		add_digit(&summing->texts, cve->severity);
		add_text(&summing->texts, cve->vector);
		add_text(&summing->texts, cve->source);
		add_digit(&summing->texts, cve->primary);
		break;
	case ADVISORIES_EPSS:
		add_number(summing, cve->epss);
		break;
	case ADVISORIES_EXPLOITED:
		break;
	}
	summing->texts.p[summing->texts.n++] = '\x1e';
	return vec_push(&summing->ends, &summing->texts.n, ADVISORIES_MAX, err);
}

static int
sum_pack(struct summing *summing, struct span pack, enum advisories_table table, uint64_t *ret,
	 struct err *err)
{
	struct pack_row row;
	uint64_t count = 0;
	int r = pack_walk_start(&summing->walk, pack, err);

	summing->texts.n = 0;
	summing->ends.count = 0;
	while (r == 0 && (r = pack_next(&summing->walk, &row, err)) > 0) {
		r = row.place == summing->ends.count ? add_content(summing, table, row.content, err)
						     : 0;
		if (r < 0)
			break;
		size_t start = row.place > 0 ? summing->ends.items[row.place - 1] : 0;
		sum_bytes(summing, buf_span(&summing->start));
		sum_bytes(summing, row.id);
		sum_bytes(summing, SPAN("\x1f"));
		sum_bytes(summing, span_slice(buf_span(&summing->texts), start,
					      summing->ends.items[row.place]));
		count++;
	}
	*ret = count;
	return r;
}

/* What every row of a pack begins with: the table's name and of advisories whose they are. */
static int
start_rows(struct summing *summing, struct span table, const struct span *key, size_t count,
	   struct err *err)
{
	summing->start.n = 0;
	int r = buf_append(&summing->start, table, err);

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = buf_byte(&summing->start, '\x1f', err);
		if (r == 0)
			r = buf_append(&summing->start, key[i], err);
	}
	return r < 0 ? r : buf_byte(&summing->start, '\x1f', err);
}

/* The packs of a release, by name. `scope`: its row, with distribution and release. */
static int
sum_scope(struct summing *summing, sqlite3_stmt *scope, sqlite3_stmt *pack, uint64_t *ret,
	  struct err *err)
{
	const int64_t id = sqlite3_column_int64(scope, 0);
	struct span key[] = {schema_text(scope, 1), schema_text(scope, 2), SPAN("")};
	struct scope_count total = {id, 0};
	uint64_t count = 0;
	int code = SQLITE_DONE;
	int r = 0;

	(void)sqlite3_bind_int64(pack, 1, id);
	while (r == 0 && (code = sqlite3_step(pack)) == SQLITE_ROW) {
		key[2] = schema_text(pack, 0);
		r = start_rows(summing, SPAN("advisory"), key, 3, err);
		if (r == 0)
			r = sum_pack(summing, schema_blob(pack, 1), ADVISORIES_OF_DISTRIBUTION,
				     &count, err);
		total.advisories += count;
	}
	if (r == 0 && code != SQLITE_DONE)
		r = schema_failed(sqlite3_db_handle(pack), code, "read", err);
	(void)sqlite3_reset(pack);
	*ret += total.advisories;
	return r < 0 || total.advisories == 0
		       ? r
		       : vec_push(&summing->counts, &total, ADVISORIES_MAX, err);
}

/* Release by release: all at once SQLite would sort, packs and all. */
static int
sum_advisories(struct summing *summing, sqlite3 *sqlite, uint64_t *ret, struct err *err)
{
	sqlite3_stmt *scope = NULL;
	sqlite3_stmt *pack = NULL;
	int code = SQLITE_DONE;
	int r = schema_prepare(sqlite,
			       "SELECT id, distribution, release FROM main.scope"
			       " ORDER BY distribution, release",
			       &scope, err);

	if (r == 0)
		r = schema_prepare(sqlite,
				   "SELECT name, rows FROM main.package WHERE scope = ?1"
				   " ORDER BY name",
				   &pack, err);
	while (r == 0 && (code = sqlite3_step(scope)) == SQLITE_ROW)
		r = sum_scope(summing, scope, pack, ret, err);
	if (r == 0 && code != SQLITE_DONE)
		r = schema_failed(sqlite, code, "read", err);
	(void)sqlite3_finalize(scope);
	(void)sqlite3_finalize(pack);
	return r;
}

/* A table of CVEs. */
static int
sum_cves(struct summing *summing, sqlite3 *sqlite, enum advisories_table table, struct span name,
	 struct err *err)
{
	sqlite3_stmt *pack = NULL;
	uint64_t count = 0;
	int code = SQLITE_DONE;
	int r = schema_prepare(sqlite, "SELECT rows FROM main.cve WHERE kind = ?1 ORDER BY name",
			       &pack, err);

	if (r == 0)
		r = start_rows(summing, name, NULL, 0, err);
	if (r == 0)
		(void)sqlite3_bind_int(pack, 1, (int)table);
	while (r == 0 && (code = sqlite3_step(pack)) == SQLITE_ROW)
		r = sum_pack(summing, schema_blob(pack, 0), table, &count, err);
	if (r == 0 && code != SQLITE_DONE)
		r = schema_failed(sqlite, code, "read", err);
	(void)sqlite3_finalize(pack);
	return r;
}

static void
summing_cleanup(struct summing **summing)
{
	if (!*summing)
		return;
	digest_stream_free((*summing)->stream);
	buf_cleanup(&(*summing)->start);
	pack_walk_cleanup(&(*summing)->walk);
	buf_cleanup(&(*summing)->texts);
	vec_free(&(*summing)->ends);
	vec_free(&(*summing)->counts);
	free(*summing);
}

int
content_sum(sqlite3 *sqlite, content_visitor *each, void *context, struct content *ret,
	    struct err *err)
{
	CLEANUP(summing_cleanup) struct summing *summing = calloc(1, sizeof(*summing));
	struct content content = {0};

	if (!summing)
		return err_memory(err);
	summing->start.max = ADVISORY_RECORD_MAX;
	summing->texts.max = 2 * ADVISORY_PACK_MAX;
	summing->stream = digest_stream_new();
	if (!summing->stream)
		return err_memory(err);
	int r = sum_advisories(summing, sqlite, &content.advisories, err);
	if (r == 0)
		r = sum_cves(summing, sqlite, ADVISORIES_SCORES, SPAN("score"), err);
	if (r == 0)
		r = sum_cves(summing, sqlite, ADVISORIES_EPSS, SPAN("epss"), err);
	if (r == 0)
		r = sum_cves(summing, sqlite, ADVISORIES_EXPLOITED, SPAN("exploited"), err);
	for (size_t i = 0; r == 0 && each && i < summing->counts.count; i++)
		r = each(context, summing->counts.items[i].scope,
			 summing->counts.items[i].advisories, err);
	if (r < 0)
		return r;
	digest_stream_update(summing->stream, summing->block, summing->n);
	digest_stream_finish(summing->stream, &content.digest);
	*ret = content;
	return 0;
}
