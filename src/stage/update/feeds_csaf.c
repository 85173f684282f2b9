/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/feeds_csaf.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/affected.h"
#include "codec/feed_csaf.h"
#include "port/feed_archive.h"

#include <stdlib.h>

/* A package of a document, with the key of its row. */
struct entry {
	struct span key;
	struct feed_csaf_record record;
};

struct importing {
	struct feed_import *import;
	const struct version_order *order;
	struct json_tape tape;
	struct arena *arena;	   /* of the keys of one document */
	VEC(struct entry) entries; /* of that document */
};

static void
importing_cleanup(struct importing *importing)
{
	json_tape_cleanup(&importing->tape);
	arena_cleanup(&importing->arena);
	vec_free(&importing->entries);
}

static int
add_record(void *context, const struct feed_csaf_record *record, struct err *err)
{
	struct importing *importing = context;
	struct entry entry = {.record = *record};
	struct span *const texts[] = {&entry.record.cve, &entry.record.release, &entry.record.fixed,
				      &entry.record.reason, &entry.record.vector};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i] = arena_copy(importing->arena, *texts[i]);
		if (!texts[i]->p)
			return err_memory(err);
	}
	entry.key = arena_printf(importing->arena, "%.*s%s%s%.*s", SPAN_ARG(record->module),
				 record->module.n > 0 ? "/" : "", record->source ? "src/" : "",
				 SPAN_ARG(record->package));
	if (!entry.key.p)
		return err_memory(err);
	return vec_push(&importing->entries, &entry, VEX_PRODUCTS_MAX, err);
}

/* By the row's key; what is fixed first, then what is known to be affected. */
static int
compare_entries(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;
	int order = span_compare(a->record.cve, b->record.cve);

	if (order == 0)
		order = span_compare(a->record.release, b->record.release);
	if (order == 0)
		order = span_compare(a->key, b->key);
	if (order == 0)
		order = (int)a->record.state - (int)b->record.state;
	return order != 0 ? order : span_compare(a->record.fixed, b->record.fixed);
}

static bool
is_same_row(const struct entry *a, const struct entry *b)
{
	return span_equal(a->record.cve, b->record.cve) &&
	       span_equal(a->record.release, b->record.release) && span_equal(a->key, b->key);
}

/* Up to the last of the updates that fixed it: an earlier one did so in part, or elsewhere. */
static int
put_fixed(const struct importing *importing, const struct entry *entries, size_t count,
	  struct buf *text, struct err *err)
{
	struct affected interval = {.from = {"", 0}, .to = {"", 0}};

	for (size_t i = 0; i < count && entries[i].record.state == FEED_CSAF_FIXED; i++) {
		struct span fixed = entries[i].record.fixed;

		if (interval.to.n == 0 || importing->order->compare(fixed, interval.to) > 0)
			interval.to = fixed;
	}
	return interval.to.n > 0 ? affected_put(&interval, text, err) : 0;
}

static int
add_row(struct importing *importing, const struct entry *entries, size_t count, struct err *err)
{
	static const enum advisory_state states[] = {
		[FEED_CSAF_FIXED] = ADVISORY_RANGES,
		[FEED_CSAF_AFFECTED] = ADVISORY_OPEN,
		[FEED_CSAF_UNDER_INVESTIGATION] = ADVISORY_UNDETERMINED,
	};
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(FEED_AFFECTED_MAX);
	const struct feed_csaf_record *record = &entries->record;
	bool fixed = record->state == FEED_CSAF_FIXED;
	struct advisory advisory = {
		.id = record->cve,
		.state = states[record->state],
		.no_dsa = !fixed && record->no_fix_planned,
		.fixed = SPAN(""),
		.urgency = SPAN(""),
		.reason = fixed ? SPAN("") : record->reason,
		.note = SPAN(""),
		.severity = record->severity,
		.vector = record->vector,
		.score = record->score,
	};
	struct err problem = ERR_INIT;
	int r = put_fixed(importing, entries, count, &text, &problem);

	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0) {
		feed_skip(&importing->import->tally, record->cve, &problem);
		return 0;
	}
	advisory.affected = buf_span(&text);
	return advisories_build_advisory(importing->import->builder,
					 importing->import->type->distribution, record->release,
					 entries->key, &advisory, err);
}

static int
add_rows(struct importing *importing, struct err *err)
{
	const struct entry *entries = importing->entries.items;
	size_t count = importing->entries.count;
	int r = 0;

	if (count > 0)
		qsort(importing->entries.items, count, sizeof(*entries), compare_entries);
	for (size_t i = 0, n; r == 0 && i < count; i += n) {
		for (n = 1; i + n < count && is_same_row(&entries[i], &entries[i + n]);)
			n++;
		r = add_row(importing, &entries[i], n, err);
	}
	return r;
}

static bool
is_wanted(void *context, struct span name)
{
	const struct importing *importing = context;

	return span_ends_with(name, SPAN(".json")) && feed_is_ours(importing->import->tally.choice);
}

static int
add_member(void *context, struct span name, struct span bytes, struct err *err)
{
	struct importing *importing = context;
	struct feed_tally *tally = &importing->import->tally;
	bool wanted;

	int r = feed_choose(tally->choice, name, bytes, &wanted, err);
	if (r < 0 || !wanted)
		return r;
	arena_cleanup(&importing->arena);
	importing->arena = arena_new(0);
	importing->entries.count = 0;
	if (!importing->arena)
		return err_memory(err);
	r = feed_csaf_read(&importing->tape, bytes, name, add_record, importing, tally, err);
	return r < 0 ? r : add_rows(importing, err);
}

int
import_csaf(struct feed_import *import, int fd, struct err *err)
{
	CLEANUP(importing_cleanup)
	struct importing importing = {.import = import, .order = version_order_find(SPAN("rpm"))};

	if (!importing.order)
		return err_set(err, ERR_UNSUPPORTED, "versions of rpm cannot be compared");
	return feed_archive_each(fd, is_wanted, add_member, &importing, err);
}
