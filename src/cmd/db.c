/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "cmd/common.h"
#include "cmd/options.h"
#include "cmd/table.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "codec/json.h"
#include "stage/update.h"

#include <stdio.h>
#include <stdlib.h>

struct db_options {
	bool json;
	bool plain_http;
	const char *database;
	const char *mirror;
	const char *nvd;
	const char *release;
	const char *folder; /* the argument, of verbs that take one */
	struct arena *arena;
};

static int
complain(const char *text)
{
	struct err err = ERR_INIT;

	(void)err_set(&err, ERR_USAGE, "%s", text);
	return terminal_error("db", &err);
}

static int
print_json(json_t *json)
{
	struct err err = ERR_INIT;

	return common_print_json(json, &err) < 0 ? terminal_error("db", &err) : 0;
}

/* RFC 3339, or null when there is no date. */
static json_t *
date_json(int64_t seconds)
{
	char text[CLOCK_TEXT];

	return seconds > 0 ? json_string(clock_format(seconds, text)) : json_null();
}

static json_t *
feed_json(const struct advisory_feed *feed)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:I, s:o}", "name", json_span(feed->name), "address",
			 json_span(feed->address), "date", date_json(feed->fetched), "records",
			 (json_int_t)feed->records, "skipped", (json_int_t)feed->skipped, "problem",
			 json_span(feed->problem));
}

static json_t *
identity_json(const struct advisory_identity *identity)
{
	return json_pack("{s:o, s:o, s:I}", "digest", json_span(identity->digest), "date",
			 date_json(identity->built), "advisories",
			 (json_int_t)identity->advisories);
}

/* One row: name, date, records, and a word or problem. */
static bool
feed_row(struct table *table, struct arena *arena, const struct advisory_feed *feed,
	 const char *outcome)
{
	char date[CLOCK_TEXT];
	bool problem = feed->problem.n > 0;
	struct table_cell cells[] = {
		{feed->name, STYLE_PLAIN},
		{feed->fetched > 0 ? arena_printf(arena, "%s", clock_format(feed->fetched, date))
				   : SPAN("none"),
		 STYLE_PLAIN},
		{arena_printf(arena, "%llu", (unsigned long long)feed->records), STYLE_PLAIN},
		{problem ? feed->problem : span_from(outcome), problem ? STYLE_WARN : STYLE_PLAIN},
	};

	return cells[1].text.p && cells[2].text.p && table_row(table, cells);
}

static struct table *
feed_table(struct arena *arena)
{
	static const struct table_column columns[] = {
		{"FEED", FIT_RIGID, false},
		{"DATE", FIT_RIGID, false},
		{"RECORDS", FIT_RIGID, true},
		{"STATE", FIT_WRAP, false},
	};

	return table_new(arena, columns, sizeof(columns) / sizeof(columns[0]));
}

static void
print_identity(const struct db_options *options, const struct advisory_identity *identity)
{
	(void)printf("%s: %llu advisories\n%.*s\n\n", options->database,
		     (unsigned long long)identity->advisories, SPAN_ARG(identity->digest));
}

static int
print_report(const struct db_options *options, const struct update_report *report)
{
	struct err err = ERR_INIT;

	if (options->json) {
		json_t *feeds = json_array();

		for (size_t i = 0; i < report->count; i++) {
			json_t *feed = feed_json(&report->feeds[i].feed);

			json_put(&feed, "outcome",
				 json_string(update_outcome_name(report->feeds[i].outcome)));
			json_add(&feeds, feed);
		}
		return print_json(json_pack("{s:o, s:o}", "database",
					    identity_json(&report->identity), "feeds", feeds));
	}
	struct table *table = feed_table(options->arena);
	bool good = table != NULL;
	for (size_t i = 0; good && i < report->count; i++)
		good = feed_row(table, options->arena, &report->feeds[i].feed,
				update_outcome_name(report->feeds[i].outcome));
	if (!good)
		return err_exit_code((enum err_kind) - err_memory(&err));
	print_identity(options, &report->identity);
	table_print(table, stdout, 0);
	return 0;
}

static int
update(const struct db_options *options)
{
	const char *key = getenv("NVD_API_KEY");
	CLEANUP(update_report_cleanup) struct update_report *report = NULL;
	struct update_options wanted = {
		.database = options->database,
		.mirror = options->folder ? options->folder : options->mirror,
		.nvd = options->nvd,
		.nvd_key = key && key[0] ? key : NULL,
		.plain_http = options->plain_http,
		.progress = terminal_progress(false),
	};
	struct err err = ERR_INIT;
	int r = update_run(&wanted, &report, &err);

	terminal_clear();
	if (r < 0)
		return terminal_error("db", &err);
	if (report->lost.n > 0)
		(void)fprintf(stderr, "mohs db: the old database was not used: %.*s\n",
			      SPAN_ARG(report->lost));
	int code = print_report(options, report);
	for (size_t i = 0; i < report->count; i++) {
		const struct advisory_feed *feed = &report->feeds[i].feed;

		if (feed->problem.n > 0 && report->feeds[i].outcome != UPDATE_ABSENT)
			(void)fprintf(stderr, "mohs db: feed %.*s: %.*s\n", SPAN_ARG(feed->name),
				      SPAN_ARG(feed->problem));
	}
	return code == 0 && report->failed > 0 ? err_exit_code(ERR_NETWORK) : code;
}

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

static int
print_status_json(const struct update_status *status)
{
	json_t *feeds = json_array();
	json_t *releases = json_array();

	for (size_t i = 0; i < status->feed_count; i++)
		json_add(&feeds, feed_json(&status->feeds[i]));
	for (size_t i = 0; i < status->release_count; i++)
		json_add(&releases,
			 json_pack("{s:o, s:o, s:I}", "distribution",
				   json_span(status->releases[i].distribution), "release",
				   json_span(status->releases[i].release), "advisories",
				   (json_int_t)status->releases[i].advisories));
	return print_json(json_pack("{s:o, s:I, s:b, s:o, s:o}", "database",
				    identity_json(&status->identity), "age_seconds",
				    (json_int_t)status->age, "stale", status->stale, "feeds", feeds,
				    "releases", releases));
}

static int
print_status_text(const struct db_options *options, const struct update_status *status)
{
	static const struct table_column columns[] = {
		{"DISTRIBUTION", FIT_RIGID, false},
		{"RELEASE", FIT_RIGID, false},
		{"ADVISORIES", FIT_RIGID, true},
	};
	struct table *feeds = feed_table(options->arena);
	struct table *releases = table_new(options->arena, columns, 3);
	bool good = feeds && releases;

	for (size_t i = 0; good && i < status->feed_count; i++)
		good = feed_row(feeds, options->arena, &status->feeds[i], "");
	for (size_t i = 0; good && i < status->release_count; i++) {
		const struct advisory_release *release = &status->releases[i];
		struct table_cell cells[] = {
			{release->distribution, STYLE_PLAIN},
			{release->release, STYLE_PLAIN},
			{arena_printf(options->arena, "%llu",
				      (unsigned long long)release->advisories),
			 STYLE_PLAIN},
		};
		good = cells[2].text.p && table_row(releases, cells);
	}
	if (!good)
		return err_exit_code(ERR_MEMORY);
	print_identity(options, &status->identity);
	table_print(feeds, stdout, 0);
	(void)putchar('\n');
	table_print(releases, stdout, 0);
	return 0;
}

static int
status(const struct db_options *options)
{
	CLEANUP(update_status_cleanup) struct update_status *now = NULL;
	struct err err = ERR_INIT;

	if (update_status_read(options->database, clock_now(), &now, &err) < 0)
		return terminal_error("db", &err);
	int code = options->json ? print_status_json(now) : print_status_text(options, now);
	(void)fflush(stdout);
	int stale = warn_stale(now);
	return code ? code : stale;
}

static int export(const struct db_options *options)
{
	struct err err = ERR_INIT;

	if (update_export(options->database, options->folder, options->release, &err) < 0)
		return terminal_error("db", &err);
	return 0;
}

/* As update from a mirror that is a folder: never the network. */
static int
import(const struct db_options *options)
{
	if (span_contains(span_from(options->folder), SPAN("://")))
		return complain("import takes a folder; --mirror of update takes an address");
	return update(options);
}

enum { TAKES_MIRROR = 1, TAKES_RELEASE = 2, TAKES_FOLDER = 4, TAKES_JSON = 8 };

static const struct {
	const char *name;
	unsigned takes;
	int (*run)(const struct db_options *options);
} actions[] = {
	{"update", TAKES_MIRROR | TAKES_JSON, update},
	{"status", TAKES_JSON, status},
	{"export", TAKES_RELEASE | TAKES_FOLDER, export},
	{"import", TAKES_FOLDER | TAKES_JSON, import},
};

/* What was given and is not taken, or the other way round; NULL when all is well. */
static const char *
find_misuse(const struct db_options *options, unsigned takes)
{
	if ((options->mirror || options->nvd || options->plain_http) && !(takes & TAKES_MIRROR))
		return "--mirror, --nvd and --plain-http are for update";
	if (options->release && !(takes & TAKES_RELEASE))
		return "--release is for export";
	if (options->json && !(takes & TAKES_JSON))
		return "export has nothing to say as JSON";
	if (options->folder && !(takes & TAKES_FOLDER))
		return "one argument too many";
	if (!options->folder && (takes & TAKES_FOLDER))
		return "the folder is missing";
	return NULL;
}

static int
run_action(struct db_options *options, const char *name)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		struct err err = ERR_INIT;
		struct span path;

		if (strcmp(actions[i].name, name) != 0)
			continue;
		const char *misuse = find_misuse(options, actions[i].takes);
		if (misuse)
			return complain(misuse);
		if (!options->database) {
			if (advisories_default_path(options->arena, &path, &err) < 0)
				return terminal_error("db", &err);
			options->database = path.p;
		}
		return actions[i].run(options);
	}
	return complain("db update, db status, db export or db import");
}

static int
run(int argc, char **argv)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct db_options options = {.arena = arena};
	const struct option_spec specs[] = {
		{"json", 0, OPTION_FLAG, &options.json},
		{"plain-http", 0, OPTION_FLAG, &options.plain_http},
		{"db", 0, OPTION_TEXT, &options.database},
		{"mirror", 0, OPTION_TEXT, &options.mirror},
		{"nvd", 0, OPTION_TEXT, &options.nvd},
		{"release", 0, OPTION_TEXT, &options.release},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	struct option_list rest = {0};

	switch (options_parse(argc, argv, specs, 1, 2, &rest)) {
	case OPTIONS_HELP:
		return 0;
	case OPTIONS_BAD:
		return 2;
	case OPTIONS_GO:
		break;
	}
	if (!arena)
		return err_exit_code(ERR_MEMORY);
	options.folder = rest.count > 1 ? rest.items[1] : NULL;
	return run_action(&options, rest.items[0]);
}

const struct verb verb_db = {
	.name = "db",
	.summary = "build and look at the advisory database",
	.run = run,
};
