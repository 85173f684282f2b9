/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "cmd/common.h"
#include "cmd/db.h"
#include "cmd/printable.h"
#include "cmd/terminal.h"
#include "stage/update.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Its problem says what became of it. */
static bool
is_failed(const struct update_feed *feed)
{
	return feed->outcome == UPDATE_KEPT || feed->outcome == UPDATE_MISSING;
}

/* Records that came, and those that went or are not as they were. */
static json_t *
changed_json(const struct update_feed *feed)
{
	return json_pack("{s:I, s:I}", "read", (json_int_t)feed->changed, "removed",
			 (json_int_t)feed->gone);
}

static int
print_report(const struct db_request *request, const struct update_report *report, struct err *err)
{
	if (request->json) {
		json_t *feeds = json_array();

		for (size_t i = 0; i < report->count; i++) {
			json_t *feed = db_feed_json(&report->feeds[i].feed);

			json_put(&feed, "outcome",
				 json_string(update_outcome_name(report->feeds[i].outcome)));
			if (report->feeds[i].outcome == UPDATE_NEW && !report->feeds[i].whole)
				json_put(&feed, "changed", changed_json(&report->feeds[i]));
			json_add(&feeds, feed);
		}
		return common_print_json(json_pack("{s:o, s:o}", "database",
						   db_identity_json(&report->identity), "feeds",
						   feeds),
					 err);
	}
	struct table *table = db_feed_table(request->arena);
	struct db_names absent = {request->arena,
				  request->source ? "not in that database" : "not on the mirror",
				  SPAN("")};
	struct db_names left = {request->arena, "not asked for, and not in", SPAN("")};
	bool good = table != NULL;
	for (size_t i = 0; good && i < report->count; i++) {
		const struct update_feed *feed = &report->feeds[i];
		struct span word =
			is_failed(feed) ? SPAN("") : update_feed_word(feed, request->arena);

		if (feed->outcome == UPDATE_ABSENT)
			good = db_add_name(&absent, feed->feed.name);
		else if (feed->outcome == UPDATE_LEFT && feed->feed.fetched == 0)
			good = db_add_name(&left, feed->feed.name);
		else
			good = word.p && db_feed_row(table, request->arena, &feed->feed, word);
	}
	if (!good)
		return err_memory(err);
	db_print_identity(request, &report->identity);
	(void)putchar('\n');
	table_print(table, stdout, 0);
	db_print_names(&absent);
	db_print_names(&left);
	return 0;
}

/* A feed of which less is in than there was to be had; the table tells of the others. */
static bool
is_told(const struct db_request *request, const struct update_feed *feed)
{
	if (feed->feed.problem.n == 0)
		return false;
	if (is_failed(feed))
		return true;
	return request->json && feed->outcome != UPDATE_ABSENT && feed->outcome != UPDATE_LEFT;
}

/* The database is there; what is lacking in it is told apart. */
static void
tell_problems(const struct db_request *request, const struct update_report *report)
{
	if (report->lost.n > 0)
		printable_line(stderr, "mohs db: the old database was not used: %.*s",
			       SPAN_ARG(report->lost));
	for (size_t i = 0; i < report->count; i++) {
		const struct advisory_feed *feed = &report->feeds[i].feed;

		if (is_told(request, &report->feeds[i]))
			printable_line(stderr, "mohs db: feed %.*s: %.*s", SPAN_ARG(feed->name),
				       SPAN_ARG(feed->problem));
	}
}

/* A folder that is not there would be told as one that lacks the first of the feeds. */
static int
check_mirror(const char *mirror, struct err *err)
{
	struct stat st;

	if (!mirror || strstr(mirror, "://"))
		return 0;
	if (stat(mirror, &st) < 0)
		return err_sys(err, ERR_NOT_FOUND, errno,
			       "the database is as it was: the mirror %.150s", mirror);
	return S_ISDIR(st.st_mode)
		       ? 0
		       : err_set(err, ERR_INVALID,
				 "the database is as it was: the mirror %.150s is no folder",
				 mirror);
}

int
db_update(const void *context, struct err *err)
{
	const struct db_request *request = context;
	const char *key = getenv("NVD_API_KEY");
	CLEANUP(update_report_cleanup) struct update_report *report = NULL;
	struct update_options wanted = {
		.database = request->database,
		.mirror = request->argument ? request->argument : request->mirror,
		.source = request->source,
		.nvd = request->nvd,
		.only = request->only,
		.skip = request->skip,
		.nvd_key = key && key[0] ? key : NULL,
		.plain_http = request->plain_http,
		.progress = terminal_progress(false),
	};
	if (wanted.source && (wanted.mirror || wanted.nvd || wanted.only || wanted.skip))
		return err_set(err, ERR_USAGE,
			       "--source is in place of --mirror, --nvd, --only and --skip");
	int r = check_mirror(wanted.mirror, err);
	if (r == 0)
		r = update_run(&wanted, &report, err);

	terminal_clear();
	if (r == 0)
		r = print_report(request, report, err);
	if (r < 0)
		return r;
	tell_problems(request, report);
	return report->failed > 0 ? err_exit_code(ERR_NETWORK) : 0;
}
