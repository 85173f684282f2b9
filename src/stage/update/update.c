/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "port/feed_file.h"
#include "stage/update/feeds.h"
#include "stage/update/fetch.h"
#include "stage/update/nvd_api.h"
#include "stage/update/others.h"

#include <stdio.h>

static const char *const outcomes[] = {
	[UPDATE_NEW] = "new",	      [UPDATE_UNCHANGED] = "unchanged", [UPDATE_KEPT] = "kept",
	[UPDATE_MISSING] = "missing", [UPDATE_ABSENT] = "absent",
};

struct updating {
	struct arena *arena; /* of the report */
	struct fetcher fetcher;
	struct advisories_builder *builder;
};

const char *
update_outcome_name(enum update_outcome outcome)
{
	return outcomes[outcome];
}

/* Errors that end the whole update, and not only one feed. */
static bool
is_fatal(int r)
{
	return r == -ERR_MEMORY || r == -ERR_CANCELLED;
}

static int
keep_rows(struct updating *updating, const struct feed_type *type, struct err *err)
{
	return advisories_build_keep(updating->builder, type->table, type->distribution, err);
}

static int
read_rows(const struct feed_type *type, const struct fetched *fetched, struct feed_import *import,
	  struct err *err)
{
	CLEANUP(feed_file_cleanup) struct feed_file *file = NULL;
	int r = feed_file_open(fetched->fd, &file, err);

	if (r < 0)
		return r;
	struct feed_input input = feed_file_input(file);
	return type->import(import, &input, err);
}

/* The problem that malformed records are; empty without any. */
static int
describe_skipped(struct arena *arena, uint64_t skipped, const char *first, struct span *ret,
		 struct err *err)
{
	*ret = SPAN("");
	if (skipped > 0)
		*ret = arena_printf(arena, "%llu malformed records are not in%s%s",
				    (unsigned long long)skipped, first[0] ? ", the first: " : "",
				    first);
	return ret->p ? 0 : err_memory(err);
}

static int
keep_unchanged(struct updating *updating, const struct feed_type *type,
	       const struct advisory_feed *before, int64_t date, struct update_feed *ret,
	       struct err *err)
{
	int r = keep_rows(updating, type, err);

	if (r < 0)
		return r;
	ret->feed = *before;
	ret->feed.fetched = date;
	ret->outcome = UPDATE_UNCHANGED;
	return describe_skipped(updating->arena, before->skipped, "", &ret->feed.problem, err);
}

/* What the database will say of a feed that was had. */
static int
describe(struct updating *updating, const struct fetched *fetched, const struct feed_import *import,
	 struct advisory_feed *feed, struct err *err)
{
	feed->address = fetched->address;
	feed->etag = fetched->etag;
	feed->modified = fetched->modified;
	feed->fetched = fetched->date;
	feed->records = import->tally.records;
	feed->skipped = import->tally.skipped;
	return describe_skipped(updating->arena, import->tally.skipped, import->tally.first,
				&feed->problem, err);
}

/* Reads one document of a feed. ERR_NOT_FOUND: it is not there. */
static int
take_document(struct updating *updating, const struct feed_type *type,
	      const struct feed_document *document, const struct advisory_feed *before,
	      struct feed_import *import, struct fetched *ret, struct err *err)
{
	CLEANUP(fetched_cleanup)
	struct fetched fetched = {.fd = -1, .etag = {"", 0}, .modified = {"", 0}};
	int r = fetch_document(&updating->fetcher, type, document, before, &fetched, err);

	import->document = document;
	if (r == 0 && !fetched.unchanged) {
		r = read_rows(type, &fetched, import, err);
		if (r < 0)
			return err_wrap(err, "%.120s", fetched.address.p);
	}
	if (r < 0)
		return r;
	*ret = fetched;
	ret->fd = -1;
	return 0;
}

static bool
is_same_release(const struct feed_document *a, const struct feed_document *b)
{
	return a->release && b->release && span_equal(span_from(a->release), span_from(b->release));
}

/*
 * All documents of a feed that has several; they are small, and always fetched whole. A release of
 * which none is there is left out: the database then does not cover it. One that is there by half
 * would make packages look clean, and is an error. The date is the oldest one's.
 */
static int
take_documents(struct updating *updating, const struct feed_type *type, struct feed_import *import,
	       struct fetched *ret, struct err *err)
{
	struct fetched all = {.fd = -1, .etag = {"", 0}, .modified = {"", 0}};
	bool had = false;
	bool any = false;

	for (size_t i = 0; i < type->document_count; i++) {
		const struct feed_document *document = &type->documents[i];
		bool first = i == 0 || !is_same_release(document, document - 1);
		struct fetched fetched;
		int r = take_document(updating, type, document, NULL, import, &fetched, err);

		if (r < 0 && r != -ERR_NOT_FOUND)
			return r;
		if (!first && had != (r == 0))
			return err_set(err, ERR_INVALID, "only a part of %s is there",
				       document->release);
		had = r == 0;
		if (had && (!any || fetched.date < all.date)) {
			all.date = fetched.date;
			all.address = any ? all.address : fetched.address;
		}
		any |= had;
	}
	if (!any)
		return -ERR_NOT_FOUND;
	*ret = all;
	return 0;
}

/* The feed's new rows, or its kept ones when the server says that nothing changed. */
static int
take_feed(struct updating *updating, const struct feed_type *type,
	  const struct advisory_feed *before, struct update_feed *ret, struct err *err)
{
	struct fetched fetched = {.fd = -1, .etag = {"", 0}, .modified = {"", 0}};
	struct feed_import import = {
		.type = type, .builder = updating->builder, .total = UINT64_MAX};
	bool paged = type->paged &&
		     (!updating->fetcher.options->mirror || updating->fetcher.options->nvd);
	int r;

	if (paged)
		r = nvd_api_import(&updating->fetcher, type, before, &import, &fetched, err);
	else if (type->document_count > 1)
		r = take_documents(updating, type, &import, &fetched, err);
	else
		r = take_document(updating, type, type->documents, before, &import, &fetched, err);
	if (r < 0)
		return r;
	if (fetched.unchanged && before)
		return keep_unchanged(updating, type, before, fetched.date, ret, err);
	ret->outcome = UPDATE_NEW;
	return describe(updating, &fetched, &import, &ret->feed, err);
}

/* A feed that could not be had: its old rows, when there are some. */
static int
fall_back(struct updating *updating, const struct feed_type *type,
	  const struct advisory_feed *before, const struct err *why, struct update_feed *ret,
	  struct err *err)
{
	char date[CLOCK_TEXT];
	int r = advisories_build_undo(updating->builder, err);

	if (r == 0)
		r = advisories_build_begin(updating->builder, err);
	if (r < 0)
		return r;
	if (before && before->fetched > 0 && keep_rows(updating, type, err) == 0) {
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
	}
	return ret->feed.problem.p ? 0 : err_memory(err);
}

static int
update_feed(struct updating *updating, const struct feed_type *type, struct update_feed *ret,
	    struct err *why, struct err *err)
{
	struct advisory_feed old;
	struct err problem = ERR_INIT;
	bool known = advisories_build_before(updating->builder, span_from(type->name),
					     updating->arena, &old, &problem) == 0;
	int r = advisories_build_begin(updating->builder, err);

	if (r < 0)
		return r;
	progress_step(updating->fetcher.options->progress, 0, 0, "%s", type->name);
	r = take_feed(updating, type, known ? &old : NULL, ret, why);
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

/* Whether the rows that say which findings there are, are there of any distribution. */
static bool
has_distribution(const struct update_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		if (feed_types[i].table == ADVISORIES_OF_DISTRIBUTION &&
		    report->feeds[i].feed.fetched > 0)
			return true;
	}
	return false;
}

/* A mirror may carry the advisories of some distributions only: that is no failure. */
static int
judge_absent(const struct updating *updating, struct update_report *report,
	     const enum err_kind whys[FEEDS], struct err *err)
{
	bool chosen = updating->fetcher.options->mirror && has_distribution(report);

	for (size_t i = 0; chosen && i < report->count; i++) {
		struct update_feed *feed = &report->feeds[i];

		if (feed->outcome != UPDATE_MISSING || whys[i] != ERR_NOT_FOUND ||
		    feed_types[i].table != ADVISORIES_OF_DISTRIBUTION)
			continue;
		feed->outcome = UPDATE_ABSENT;
		feed->feed.problem = arena_printf(updating->arena, "not on this mirror: %s",
						  feed_types[i].lacking);
		if (!feed->feed.problem.p)
			return err_memory(err);
	}
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
		r = advisories_build_feed(updating->builder, &feed->feed, err);
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
		int r = update_feed(updating, &feed_types[i], &report->feeds[i], &why, err);

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
	int r = judge_absent(updating, report, whys, err);
	return r < 0 ? r : note_feeds(updating, report, err);
}

/* The oldest of the feeds that say which findings there are; 0 when there is none. */
static int64_t
date_of(const struct update_report *report)
{
	int64_t oldest = 0;

	for (size_t i = 0; i < report->count; i++) {
		int64_t date = report->feeds[i].feed.fetched;

		if (feed_types[i].table == ADVISORIES_OF_DISTRIBUTION && date > 0 &&
		    (oldest == 0 || date < oldest))
			oldest = date;
	}
	return oldest;
}

static int
read_identity(const char *database, struct update_report *report, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	int r = advisories_open(database, &advisories, err);

	return r < 0 ? r : advisories_identity(advisories, report->arena, &report->identity, err);
}

static int
run(const struct update_options *options, struct update_report *report, struct err *err)
{
	CLEANUP(advisories_builder_cleanup) struct advisories_builder *builder = NULL;
	struct updating updating = {.arena = report->arena};
	const char *lost = NULL;
	int r = advisories_build(options->database, report->arena, &builder, &lost, err);

	report->lost = lost ? span_from(lost) : SPAN("");
	if (r == 0)
		r = fetcher_start(options, report->arena, &updating.fetcher, err);
	if (r != 0)
		return r;
	updating.builder = builder;
	r = update_feeds(&updating, report, err);
	fetcher_cleanup(&updating.fetcher);
	if (r == 0) {
		progress_step(options->progress, 0, 0, "writing the database");
		r = advisories_build_finish(builder, date_of(report), err);
	}
	return r < 0 ? r : read_identity(options->database, report, err);
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
	int r = options->source ? others_update(options, report, err) : run(options, report, err);
	if (r < 0)
		return r;
	*ret = TAKE(report);
	return 0;
}

void
update_report_free(struct update_report *report)
{
	if (report)
		arena_free(report->arena); /* holds *report itself */
}

void
update_report_cleanup(struct update_report **report)
{
	update_report_free(*report);
	*report = NULL;
}
