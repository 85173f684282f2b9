/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "cmd/common.h"
#include "cmd/db.h"
#include "cmd/printable.h"
#include "codec/advisory_origin.h"
#include "stage/update.h"

#include <stdio.h>

/* Says aloud that the database is old. The exit code: 1 is a check that failed. */
static int
warn_stale(const struct update_status *status)
{
	char age[32];

	if (!status->stale)
		return 0;
	if (status->age < 0)
		(void)fprintf(stderr, "mohs db: the database has no advisories of any "
				      "distribution; run mohs db update\n");
	else
		(void)fprintf(stderr,
			      "mohs db: the advisories are %s old (stale after 5 days); run mohs "
			      "db update\n",
			      duration_format((uint64_t)status->age * 1000, age));
	return 1;
}

static json_t *
origin_json(const struct advisory_origin *origin)
{
	if (origin->kind == ADVISORY_MADE_HERE)
		return json_pack("{s:s}", "kind", advisory_origin_name(origin->kind));
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "kind", advisory_origin_name(origin->kind),
			 "from", json_span(origin->from), "digest", json_span(origin->digest),
			 "key", origin->key.n ? json_span(origin->key) : json_null(), "date",
			 db_date_json(origin->time));
}

static void
print_origin(const struct update_status *status)
{
	char date[CLOCK_TEXT];

	if (status->origin.kind != ADVISORY_MADE_HERE)
		printable_line(stdout, "%.*s, on %s", SPAN_ARG(status->origin_text),
			       clock_format(status->origin.time, date));
}

/* Nobody vouches for it: said each time. */
static void
warn_origin(const struct update_status *status)
{
	if (!advisory_origin_vouched(&status->origin))
		printable_line(stderr, "mohs db: nobody vouches for this database: it is %.*s",
			       SPAN_ARG(status->origin_text));
}

static int
print_status_json(const struct update_status *status, struct err *err)
{
	json_t *feeds = json_array();
	json_t *releases = json_array();

	for (size_t i = 0; i < status->feed_count; i++)
		json_add(&feeds, db_feed_json(&status->feeds[i]));
	for (size_t i = 0; i < status->release_count; i++)
		json_add(&releases,
			 json_pack("{s:o, s:o, s:I}", "distribution",
				   json_span(status->releases[i].distribution), "release",
				   json_span(status->releases[i].release), "advisories",
				   (json_int_t)status->releases[i].advisories));
	return common_print_json(json_pack("{s:o, s:o, s:I, s:b, s:o, s:o}", "database",
					   db_identity_json(&status->identity), "origin",
					   origin_json(&status->origin), "age_seconds",
					   (json_int_t)status->age, "stale", status->stale, "feeds",
					   feeds, "releases", releases),
				 err);
}

static int
print_status_text(const struct db_request *request, const struct update_status *status,
		  struct err *err)
{
	static const struct table_column columns[] = {
		{"DISTRIBUTION", FIT_RIGID, false},
		{"RELEASE", FIT_RIGID, false},
		{"ADVISORIES", FIT_RIGID, true},
	};
	struct table *feeds = db_feed_table(request->arena);
	struct table *releases = table_new(request->arena, columns, 3);
	struct db_names absent = {request->arena, "not on the mirror", SPAN("")};
	bool good = feeds && releases;

	for (size_t i = 0; good && i < status->feed_count; i++) {
		const struct advisory_feed *feed = &status->feeds[i];

		good = update_feed_is_absent(feed)
			       ? db_add_name(&absent, feed->name)
			       : db_feed_row(feeds, request->arena, feed, SPAN(""));
	}
	for (size_t i = 0; good && i < status->release_count; i++) {
		const struct advisory_release *release = &status->releases[i];
		struct table_cell cells[] = {
			{release->distribution, STYLE_PLAIN},
			{release->release, STYLE_PLAIN},
			{arena_printf(request->arena, "%llu",
				      (unsigned long long)release->advisories),
			 STYLE_PLAIN},
		};
		good = cells[2].text.p && table_row(releases, cells);
	}
	if (!good)
		return err_memory(err);
	db_print_identity(request, &status->identity);
	print_origin(status);
	(void)putchar('\n');
	table_print(feeds, stdout, 0);
	db_print_names(&absent);
	(void)putchar('\n');
	table_print(releases, stdout, 0);
	return 0;
}

int
db_status(const void *context, struct err *err)
{
	const struct db_request *request = context;
	CLEANUP(update_status_cleanup) struct update_status *now = NULL;
	int r = update_status_read(request->database, clock_now(), &now, err);

	if (r == 0)
		r = request->json ? print_status_json(now, err)
				  : print_status_text(request, now, err);
	if (r < 0)
		return r;
	(void)fflush(stdout);
	warn_origin(now);
	return warn_stale(now);
}
