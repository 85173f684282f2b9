/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/others.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "stage/update/feeds.h"

static const struct others_type *const types[] = {&others_grype, &others_trivy};

/* Tables that a database of others may lack, and what follows from it. */
static const struct {
	struct span feed;
	enum advisories_table table;
	const char *lacking;
} tables[] = {
	{SPAN_INIT("epss"), ADVISORIES_EPSS, "no finding has an EPSS score"},
	{SPAN_INIT("kev"), ADVISORIES_EXPLOITED, "no finding says whether it is exploited"},
	{SPAN_INIT("nvd"), ADVISORIES_SCORES, "severities are those of the advisories alone"},
};

enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

int
others_feed(struct others *others, struct span name, enum advisories_table table,
	    struct others_feed **ret, struct err *err)
{
	for (size_t i = 0; i < others->feed_count; i++) {
		if (span_equal(others->feeds[i].name, name)) {
			*ret = &others->feeds[i];
			return 0;
		}
	}
	if (others->feed_count == OTHERS_FEEDS)
		return err_set(err, ERR_LIMIT, "more than %d feeds", OTHERS_FEEDS);
	struct others_feed *feed = &others->feeds[others->feed_count++];
	*feed = (struct others_feed){.name = name, .table = table};
	*ret = feed;
	return 0;
}

int
others_leave(struct others *others, struct span name, struct err *err)
{
	size_t room = OTHERS_NAMES_MAX - others->unread.n;

	others->unread_count++;
	if (!feed_is_text(name, OTHERS_KEY_MAX) || name.n + 2 > room)
		return 0; /* it is counted */
	return buf_printf(&others->unread, err, "%s%.*s", others->unread.n > 0 ? ", " : "",
			  SPAN_ARG(name));
}

/* ---- the report ---- */

static struct update_feed
make_feed(const struct others *others, struct span name, struct span address)
{
	return (struct update_feed){
		.feed = {.name = name,
			 .address = address,
			 .etag = SPAN(""),
			 .modified = SPAN(""),
			 .problem = SPAN(""),
			 .fetched = others->date},
		.outcome = UPDATE_NEW,
		.whole = true,
	};
}

/* Several packages there may be one here: what counts is what is in the database then. */
static int
count_advisories(struct others *others, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < others->feed_count; i++) {
		struct others_feed *feed = &others->feeds[i];
		uint64_t count = 0;

		r = advisories_build_count(others->builder, feed->name, &count, err);
		feed->tally.records += count;
	}
	return r;
}

static int
add_feed(struct others *others, const struct others_feed *from, struct span address,
	 struct update_report *report, struct err *err)
{
	struct update_feed *feed = &report->feeds[report->count++];
	const struct feed_tally *tally = &from->tally;

	*feed = make_feed(others, from->name, address);
	feed->feed.records = tally->records;
	feed->feed.skipped = tally->skipped;
	if (tally->skipped > 0)
		feed->feed.problem =
			feed_skipped_text(others->arena, tally->skipped, span_from(tally->first));
	return feed->feed.problem.p ? 0 : err_memory(err);
}

/* What it does not have: rows of the database that is replaced stay, or it is said. */
static int
add_lacking(struct others *others, size_t table, struct span address, struct update_report *report,
	    struct err *err)
{
	struct update_feed *feed = &report->feeds[report->count++];
	struct err why = ERR_INIT;

	*feed = make_feed(others, tables[table].feed, address);
	if (advisories_build_before(others->builder, tables[table].feed, others->arena, &feed->feed,
				    &why) == 0 &&
	    feed->feed.fetched > 0) {
		feed->outcome = UPDATE_UNCHANGED;
		return advisories_build_keep(others->builder, tables[table].table, SPAN(""), err);
	}
	*feed = make_feed(others, tables[table].feed, address);
	feed->feed.fetched = 0;
	feed->outcome = UPDATE_ABSENT;
	feed->feed.problem =
		arena_printf(others->arena, "%s has none: %s", others->name, tables[table].lacking);
	return feed->feed.problem.p ? 0 : err_memory(err);
}

/* One row for the database itself. */
static int
add_whole(struct others *others, struct span address, struct update_report *report, struct err *err)
{
	struct update_feed *feed = &report->feeds[report->count++];

	*feed = make_feed(others, span_from(others->name), address);
	for (size_t i = 0; i < others->feed_count; i++)
		feed->feed.records += others->feeds[i].tally.records;
	if (others->unread_count > 0)
		feed->feed.problem =
			arena_printf(others->arena, "%llu parts of it are not read: %.*s",
				     (unsigned long long)others->unread_count,
				     SPAN_ARG(buf_span(&others->unread)));
	return feed->feed.problem.p ? 0 : err_memory(err);
}

static bool
has_feed(const struct others *others, struct span name)
{
	for (size_t i = 0; i < others->feed_count; i++) {
		if (span_equal(others->feeds[i].name, name))
			return true;
	}
	return false;
}

static int
fill_report(struct others *others, struct span address, struct update_report *report,
	    struct err *err)
{
	report->feeds =
		arena_array(report->arena, others->feed_count + TABLES + 1, sizeof(*report->feeds));
	if (!report->feeds)
		return err_memory(err);
	int r = count_advisories(others, err);
	if (r == 0)
		r = add_whole(others, address, report, err);
	for (size_t i = 0; r == 0 && i < others->feed_count; i++)
		r = add_feed(others, &others->feeds[i], address, report, err);
	for (size_t i = 0; r == 0 && i < TABLES; i++) {
		if (!has_feed(others, tables[i].feed))
			r = add_lacking(others, i, address, report, err);
	}
	for (size_t i = 0; r == 0 && i < report->count; i++)
		r = advisories_build_feed(others->builder, &report->feeds[i].feed, err);
	return r;
}

/* ---- reading ---- */

static int
find_type(struct span source, const struct others_type **ret, struct span *ret_place,
	  struct err *err)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct span name = span_from(types[i]->name);

		if (!span_starts_with(source, name) || source.n == name.n ||
		    source.p[name.n] != ':')
			continue;
		*ret = types[i];
		*ret_place = span_slice(source, name.n + 1, source.n);
		return 0;
	}
	return err_set(err, ERR_USAGE, "\"%.100s\" is neither trivy-db:PLACE nor grype-db:PATH",
		       source.p);
}

static const char *
folder_of(const char *path, struct arena *arena)
{
	size_t slash = span_find_last(span_from(path), '/');

	if (path[slash] == '\0')
		return ".";
	return arena_printf(arena, "%.*s", (int)(slash ? slash : 1), path).p;
}

static void
others_cleanup(struct others *others)
{
	buf_cleanup(&others->unread);
}

static int
read_others(const struct others_type *type, struct others *others, struct span place,
	    const struct published_options *options, struct err *err)
{
	CLEANUP(published_cleanup) struct published published = {.fd = -1};
	int r = published_open(place, &type->kind, options, others->arena, &published, err);

	if (r == 0)
		r = type->read(others, &published, err);
	return r < 0 ? err_wrap(err, "%s %.100s", type->name, place.p) : 0;
}

/* Everything from the source to the rows. */
static int
fill(struct others *others, const struct update_options *options, struct update_report *report,
     struct err *err)
{
	const struct published_options published = {
		.folder = folder_of(options->database, report->arena),
		.plain_http = options->plain_http,
		.progress = options->progress,
	};
	const struct others_type *type;
	struct span place;
	int r = find_type(span_from(options->source), &type, &place, err);

	if (r < 0)
		return r;
	struct span address = arena_copy(report->arena, span_from(options->source));
	if (!published.folder || !address.p)
		return err_memory(err);
	others->name = type->name;
	r = read_others(type, others, place, &published, err);
	return r < 0 ? r : fill_report(others, address, report, err);
}

static int
read_identity(const char *database, struct update_report *report, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	int r = advisories_open(database, &advisories, err);

	return r < 0 ? r : advisories_identity(advisories, report->arena, &report->identity, err);
}

int
others_update(const struct update_options *options, struct update_report *report, struct err *err)
{
	CLEANUP(advisories_builder_cleanup) struct advisories_builder *builder = NULL;
	CLEANUP(others_cleanup)
	struct others others = {.arena = report->arena,
				.progress = options->progress,
				.unread = BUF_INIT(OTHERS_NAMES_MAX)};
	const char *lost = NULL;
	int r = advisories_build(options->database, report->arena, &builder, &lost, err);

	report->lost = lost ? span_from(lost) : SPAN("");
	others.builder = builder;
	if (r == 0)
		r = fill(&others, options, report, err);
	if (r < 0)
		return r;
	progress_step(options->progress, 0, 0, "writing the database");
	r = advisories_build_finish(builder, others.date, err);
	return r < 0 ? r : read_identity(options->database, report, err);
}
