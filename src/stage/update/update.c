/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "stage/update/ahead.h"
#include "stage/update/choice.h"
#include "stage/update/merge.h"
#include "stage/update/nvd_api.h"
#include "stage/update/others.h"
#include "stage/update/part.h"
#include "stage/update/report.h"

#include <stdio.h>

struct updating {
	struct arena *arena; /* of the report */
	const struct update_options *options;
	struct ahead *ahead;
	struct merge merge;
	struct advisory_records *nothing; /* that is known */
};

/* Errors that end the whole update, and not only one feed. */
static bool
is_fatal(int r)
{
	return r == -ERR_MEMORY || r == -ERR_CANCELLED;
}

/* What is lacking by the mirror's own words, and what was skipped; empty: nothing. */
static int
describe_lack(struct arena *arena, struct span partial, uint64_t skipped, struct span first,
	      struct span *ret, struct err *err)
{
	struct span text = SPAN("");

	*ret = SPAN("");
	if (partial.n > 0)
		*ret = arena_printf(arena, "%s%.*s", update_partial, SPAN_ARG(partial));
	if (skipped > 0)
		text = feed_skipped_text(arena, skipped, first);
	if (ret->p && text.p)
		*ret = arena_printf(arena, "%.*s%s%.*s", SPAN_ARG(*ret),
				    ret->n > 0 && text.n > 0 ? "; " : "", SPAN_ARG(text));
	return ret->p && text.p ? 0 : err_memory(err);
}

static int
keep_unchanged(struct updating *updating, const struct feed_type *type,
	       const struct fetched *documents, const struct advisory_feed *before,
	       const struct fetched *all, struct update_feed *ret, struct err *err)
{
	int r = merge_kept(&updating->merge, type, documents, err);

	if (r < 0)
		return r;
	ret->feed = *before;
	ret->feed.fetched = all->date;
	ret->outcome = UPDATE_UNCHANGED;
	return describe_lack(updating->arena, all->partial, before->skipped,
			     feed_first_skipped(before->problem), &ret->feed.problem, err);
}

/* What the database will say of a feed that was had; texts are copied to the report. */
static int
describe(struct updating *updating, const struct fetched *fetched, const struct feed_tally *tally,
	 struct advisory_feed *feed, struct err *err)
{
	feed->address = arena_copy(updating->arena, fetched->address);
	feed->etag = arena_copy(updating->arena, fetched->etag);
	feed->modified = arena_copy(updating->arena, fetched->modified);
	feed->fetched = fetched->date;
	feed->records = tally->records;
	feed->skipped = tally->skipped;
	if (!feed->address.p || !feed->etag.p || !feed->modified.p)
		return err_memory(err);
	return describe_lack(updating->arena, fetched->partial, tally->skipped,
			     span_from(tally->first), &feed->problem, err);
}

/* One that speaks for all documents of a feed: of the oldest; validators only of a single one. */
static struct fetched
sum_up(const struct feed_type *type, const struct fetched *documents)
{
	struct fetched all = FETCHED_INIT;

	for (size_t i = 0; i < type->document_count; i++) {
		const struct fetched *document = &documents[i];

		if (document->fd < 0 && !document->unchanged)
			continue;
		if (all.address.n == 0)
			all.address = document->address;
		all.partial = document->partial;
		if (all.date == 0 || document->date < all.date)
			all.date = document->date;
		if (type->document_count == 1) {
			all.etag = document->etag;
			all.modified = document->modified;
		}
	}
	return all;
}

static int
take_pages(struct updating *updating, const struct feed_type *type,
	   const struct advisory_feed *before, struct update_feed *ret, struct err *err)
{
	struct fetched fetched = FETCHED_INIT;
	struct fetcher fetcher = {0};
	struct feed_import import = {
		.type = type, .builder = updating->merge.builder, .total = UINT64_MAX};
	int r = fetcher_start(updating->options, false, updating->arena, &fetcher, err);

	if (r < 0)
		return r;
	r = nvd_api_import(&fetcher, type, before, &import, &fetched, err);
	fetcher_cleanup(&fetcher);
	if (r < 0)
		return r;
	ret->outcome = UPDATE_NEW;
	ret->whole = true;
	return describe(updating, &fetched, &import.tally, &ret->feed, err);
}

static bool
is_paged(const struct update_options *options, const struct feed_type *type)
{
	return type->paged && (!options->mirror || options->nvd);
}

/* The feed's new rows, or its kept ones when nothing changed. */
static int
take_documents(struct updating *updating, const struct feed_type *type,
	       const struct feed_fetch *fetch, const struct advisory_feed *before,
	       struct update_feed *ret, struct err *err)
{
	struct merged merged = {0};

	if (fetch->r < 0) {
		*err = fetch->why;
		return fetch->r;
	}
	struct fetched all = sum_up(type, fetch->documents);
	if (before && merge_is_unchanged(&updating->merge, type, fetch->documents))
		return keep_unchanged(updating, type, fetch->documents, before, &all, ret, err);
	int r = merge_feed(&updating->merge, type, fetch->documents, &merged, err);
	if (r < 0)
		return r;
	ret->outcome = UPDATE_NEW;
	ret->whole = merged.whole;
	ret->changed = merged.changed;
	ret->gone = merged.gone;
	return describe(updating, &all, &merged.tally, &ret->feed, err);
}

static int
begin_again(struct updating *updating, struct err *err)
{
	int r = advisories_build_undo(updating->merge.builder, err);

	return r < 0 ? r : advisories_build_begin(updating->merge.builder, err);
}

/* What is remembered may be of no use: then all is read. */
static int
take_feed(struct updating *updating, const struct feed_type *type,
	  const struct advisory_feed *before, struct update_feed *ret, struct err *why,
	  struct err *err)
{
	size_t feed = (size_t)(type - feed_types);

	if (is_paged(updating->options, type))
		return take_pages(updating, type, before, ret, why);
	const struct feed_fetch *fetch = ahead_take(updating->ahead, feed);
	int r = take_documents(updating, type, fetch, before, ret, why);
	if (r == 0 || is_fatal(r) || fetch->r < 0 || !records_any(updating->merge.old))
		return r;
	r = begin_again(updating, err);
	if (r < 0) {
		*why = *err;
		return -ERR_MEMORY; /* ends the update */
	}
	struct merge merge = updating->merge;
	updating->merge.old = updating->nothing;
	*why = (struct err)ERR_INIT;
	r = take_documents(updating, type, ahead_again(updating->ahead, feed), NULL, ret, why);
	updating->merge = merge;
	return r;
}

/* A feed that could not be had: its old rows, when there are some. */
static int
fall_back(struct updating *updating, const struct feed_type *type,
	  const struct advisory_feed *before, const struct err *why, struct update_feed *ret,
	  struct err *err)
{
	char date[CLOCK_TEXT];
	int r = begin_again(updating, err);

	if (r < 0)
		return r;
	if (before && before->fetched > 0 && merge_kept(&updating->merge, type, NULL, err) == 0) {
		ret->feed = *before;
		ret->outcome = UPDATE_KEPT;
		ret->feed.problem =
			arena_printf(updating->arena, "cannot be had (%s); what is in is of %s",
				     why->text, clock_format(before->fetched, date));
	} else {
		ret->outcome = UPDATE_MISSING;
		ret->feed = (struct advisory_feed){
			.address = SPAN(""), .etag = SPAN(""), .modified = SPAN("")};
		ret->feed.problem = arena_printf(updating->arena, "cannot be had (%s): %s",
						 why->text, type->lacking);
		r = advisories_build_clear(updating->merge.builder, type->table, type->distribution,
					   err);
	}
	return r == 0 && !ret->feed.problem.p ? err_memory(err) : r;
}

/* A feed that is not asked for stays as it was. */
static int
leave_feed(struct updating *updating, const struct feed_type *type, struct update_feed *ret,
	   struct err *err)
{
	struct err problem = ERR_INIT;
	struct advisories_builder *builder = updating->merge.builder;
	int r = advisories_build_begin(builder, err);

	if (r < 0)
		return r;
	ret->outcome = UPDATE_LEFT;
	ret->feed = (struct advisory_feed){.name = span_from(type->name),
					   .address = SPAN(""),
					   .etag = SPAN(""),
					   .modified = SPAN(""),
					   .problem = SPAN("")};
	bool known = advisories_build_before(builder, ret->feed.name, updating->arena, &ret->feed,
					     &problem) == 0;
	return known && ret->feed.fetched > 0 ? merge_kept(&updating->merge, type, NULL, err) : 0;
}

static int
update_feed(struct updating *updating, const struct feed_type *type, struct update_feed *ret,
	    struct err *why, struct err *err)
{
	struct advisory_feed old;
	struct err problem = ERR_INIT;
	struct advisories_builder *builder = updating->merge.builder;
	bool known = advisories_build_before(builder, span_from(type->name), updating->arena, &old,
					     &problem) == 0;
	int r = advisories_build_begin(builder, err);

	if (r < 0)
		return r;
	progress_step(updating->options->progress, 0, 0, "%s", type->name);
	r = take_feed(updating, type, known ? &old : NULL, ret, why, err);
	if (is_fatal(r)) {
		*err = *why;
		return r;
	}
	if (r < 0)
		r = fall_back(updating, type, known ? &old : NULL, why, ret, err);
	if (r < 0)
		return r;
	ret->feed.name = span_from(type->name);
	return 0;
}

/* Counts what failed, and notes in the database what became of each. */
static int
note_feeds(const struct updating *updating, struct update_report *report, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < report->count; i++) {
		const struct update_feed *feed = &report->feeds[i];

		report->failed += feed->outcome == UPDATE_KEPT || feed->outcome == UPDATE_MISSING;
		if (feed->outcome != UPDATE_LEFT || feed->feed.fetched > 0)
			r = advisories_build_feed(updating->merge.builder, &feed->feed, err);
	}
	return r;
}

static int
update_feeds(struct updating *updating, struct update_report *report, struct err *err)
{
	enum err_kind whys[FEEDS] = {ERR_NONE};
	struct err first = ERR_INIT;
	size_t had = 0;

	report->feeds = arena_array(report->arena, FEEDS, sizeof(*report->feeds));
	if (!report->feeds)
		return err_memory(err);
	for (size_t i = 0; i < FEEDS; i++) {
		struct err why = ERR_INIT;
		bool chosen = choice_has(updating->options, feed_types[i].name);
		int r = chosen ? update_feed(updating, &feed_types[i], &report->feeds[i], &why, err)
			       : leave_feed(updating, &feed_types[i], &report->feeds[i], err);

		if (r < 0)
			return r;
		report->count++;
		whys[i] = why.kind;
		had += report->feeds[i].outcome == UPDATE_NEW ||
		       report->feeds[i].outcome == UPDATE_UNCHANGED;
		if (first.kind == ERR_NONE)
			first = why;
	}
	if (had == 0) {
		*err = first;
		return err_wrap(err, "no feed can be had, the database is as it was");
	}
	int r = updating->options->mirror ? report_absent(report, whys, err) : 0;
	return r < 0 ? r : note_feeds(updating, report, err);
}

/* A document of before: as it is remembered, or as the database says of a feed of one. */
static int
find_before(void *context, const struct feed_type *type, struct record_document *documents,
	    struct arena *arena, struct err *err)
{
	const struct merge *merge = &((struct updating *)context)->merge;
	struct err problem = ERR_INIT;
	struct advisory_feed feed;
	bool any = false;

	if (advisories_build_before(merge->builder, span_from(type->name), arena, &feed, &problem) <
		    0 ||
	    feed.fetched <= 0)
		return 0;
	for (size_t i = 0; i < type->document_count; i++) {
		int r = records_document(merge->old, span_from(type->name),
					 span_from(type->documents[i].path), arena, &documents[i],
					 &problem);

		if (r == -ERR_MEMORY)
			return err_memory(err);
		any |= r == 0;
	}
	if (!any && type->document_count == 1)
		documents[0] = (struct record_document){.address = feed.address,
							.etag = feed.etag,
							.modified = feed.modified,
							.file = SPAN(""),
							.fingerprint = SPAN(""),
							.date = feed.fetched};
	return 0;
}

static void
updating_cleanup(struct updating *updating)
{
	ahead_cleanup(&updating->ahead);
	records_writer_cleanup(&updating->merge.records);
	records_cleanup(&updating->merge.old);
	records_cleanup(&updating->nothing);
	advisories_builder_cleanup(&updating->merge.builder);
}

static int
start(struct updating *updating, struct update_report *report, bool over, struct err *err)
{
	const char *database = updating->options->database;
	struct merge *merge = &updating->merge;
	const char *lost = NULL;
	int r = records_open(over ? database : NULL, &merge->old, err);

	if (r < 0)
		return r;
	merge->key = records_key(merge->old);
	r = records_open(NULL, &updating->nothing, err);
	if (r == 0)
		r = (records_any(merge->old) ? advisories_build_over : advisories_build)(
			database, report->arena, &merge->builder, &lost, err);
	report->lost = lost ? span_from(lost) : SPAN("");
	if (r == 0)
		r = records_writer_new(database, merge->key, &merge->records, err);
	return r;
}

static int
run(const struct update_options *options, struct update_report *report, bool over, bool *ret_over,
    struct err *err)
{
	CLEANUP(updating_cleanup)
	struct updating updating = {.arena = report->arena, .options = options};
	struct span parts = arena_printf(report->arena, "%s.parts", options->database);
	bool wanted[FEEDS];
	int r = parts.p ? start(&updating, report, over, err) : err_memory(err);

	*ret_over = updating.merge.old && records_any(updating.merge.old);
	if (r < 0)
		return r;
	parts_clean(parts.p, false);
	for (size_t i = 0; i < FEEDS; i++)
		wanted[i] = !is_paged(options, &feed_types[i]) &&
			    choice_has(options, feed_types[i].name);
	r = ahead_start(options, updating.merge.key, wanted, find_before, &updating,
			&updating.ahead, err);
	if (r == 0)
		r = update_feeds(&updating, report, err);
	if (r < 0)
		return r;
	progress_step(options->progress, 0, 0, "writing the database");
	r = advisories_build_finish(updating.merge.builder, report_date(report), err);
	if (r == 0)
		r = report_identity(report, options->database, err);
	if (r == 0)
		r = records_finish(updating.merge.records, err);
	parts_clean(parts.p, r == 0);
	return r;
}

/* An old database that turns out to be damaged while it is changed is as none. */
static int
run_twice(const struct update_options *options, struct update_report *report, struct err *err)
{
	bool over = false;
	int r = run(options, report, true, &over, err);

	if (r == 0 || !over || (r != -ERR_INVALID && r != -ERR_IO))
		return r;
	report->count = 0;
	report->failed = 0;
	*err = (struct err)ERR_INIT;
	return run(options, report, false, &over, err);
}

int
update_run(const struct update_options *options, struct update_report **ret, struct err *err)
{
	struct arena *arena = arena_new(0);
	CLEANUP(update_report_cleanup)
	struct update_report *report = arena ? arena_alloc(arena, sizeof(*report)) : NULL;

	if (!report) {
		arena_free(arena);
		return err_memory(err);
	}
	report->arena = arena;
	int r = choice_check(options, err);
	if (r == 0)
		r = options->source ? others_update(options, report, err)
				    : run_twice(options, report, err);
	if (r < 0)
		return r;
	*ret = TAKE(report);
	return 0;
}
