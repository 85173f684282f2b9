/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/report.h"

#include "base/cleanup.h"
#include "stage/update/fetch.h"

static const char *const outcomes[] = {
	[UPDATE_NEW] = "new",	      [UPDATE_UNCHANGED] = "unchanged", [UPDATE_KEPT] = "kept",
	[UPDATE_MISSING] = "missing", [UPDATE_ABSENT] = "absent",	[UPDATE_LEFT] = "left",
};

const char *
update_outcome_name(enum update_outcome outcome)
{
	return outcomes[outcome];
}

struct span
update_feed_word(const struct update_feed *feed, struct arena *arena)
{
	uint64_t changed = feed->changed > feed->gone ? feed->changed : feed->gone;

	if (feed->outcome == UPDATE_LEFT)
		return SPAN("not asked for");
	if (feed->outcome != UPDATE_NEW || feed->whole)
		return span_from(update_outcome_name(feed->outcome));
	return arena_printf(arena, "%llu record%s changed", (unsigned long long)changed,
			    changed == 1 ? "" : "s");
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

int
report_absent(struct update_report *report, const enum err_kind whys[FEEDS], struct err *err)
{
	bool some = has_distribution(report);

	for (size_t i = 0; some && i < report->count; i++) {
		struct update_feed *feed = &report->feeds[i];

		if (feed->outcome != UPDATE_MISSING || whys[i] != ERR_NOT_FOUND ||
		    feed_types[i].table != ADVISORIES_OF_DISTRIBUTION)
			continue;
		feed->outcome = UPDATE_ABSENT;
		feed->feed.problem =
			arena_printf(report->arena, "%s%s", update_absent, feed_types[i].lacking);
		if (!feed->feed.problem.p)
			return err_memory(err);
	}
	return 0;
}

int64_t
report_date(const struct update_report *report)
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

int
report_identity(struct update_report *report, const char *database, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	int r = advisories_open(database, &advisories, err);

	return r < 0 ? r : advisories_identity(advisories, report->arena, &report->identity, err);
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
