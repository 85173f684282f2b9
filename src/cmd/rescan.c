/* SPDX-License-Identifier: Apache-2.0 */
/* mohs rescan: stored bills of materials matched again, and what changed since the last time. */
#include "pipeline/rescan.h"

#include "base/cleanup.h"
#include "cmd/common.h"
#include "cmd/failing.h"
#include "cmd/printable.h"
#include "cmd/show.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "codec/json.h"

struct request {
	struct failing fail_on;	    /* of all findings */
	struct failing fail_on_new; /* of new ones */
	const char *state;
	bool all; /* also images of which nothing changed */
};

/* ---- the table ---- */

static const enum severity severities[] = {SEVERITY_CRITICAL,	SEVERITY_HIGH,
					   SEVERITY_MEDIUM,	SEVERITY_LOW,
					   SEVERITY_NEGLIGIBLE, SEVERITY_UNKNOWN};

enum { SHOWN = sizeof(severities) / sizeof(severities[0]), COLUMNS = SHOWN + 4 };

static bool
is_changed(const struct rescan_bill *bill)
{
	return bill->fresh + bill->gone > 0;
}

static struct span
number(struct arena *arena, size_t value)
{
	return arena_printf(arena, "%zu", value);
}

static bool
add_bill(struct table *table, struct arena *arena, const struct rescan_bill *bill)
{
	struct table_cell cells[COLUMNS] = {{bill->path, STYLE_PLAIN}};
	struct table_cell *cell = &cells[1];
	bool told = bill->matched && !bill->first;

	for (size_t i = 0; i < SHOWN; i++, cell++) {
		uint32_t count = bill->counts.by_severity[severities[i]];

		cell->text = bill->matched ? number(arena, count) : SPAN("?");
		cell->style = count > 0 ? show_severity_style(severities[i]) : STYLE_DIM;
	}
	*cell++ = (struct table_cell){told ? number(arena, bill->fresh) : SPAN("-"),
				      bill->fresh > 0 ? STYLE_BAD : STYLE_DIM};
	*cell++ = (struct table_cell){told ? number(arena, bill->gone) : SPAN("-"),
				      bill->gone > 0 ? STYLE_GOOD : STYLE_DIM};
	*cell = (struct table_cell){number(arena, bill->gaps),
				    bill->gaps > 0 ? STYLE_WARN : STYLE_DIM};
	for (size_t i = 0; i < COLUMNS; i++) {
		if (!cells[i].text.p)
			return false;
	}
	return table_row(table, cells);
}

static int
print_bills(const struct rescan *rescan, bool all, struct err *err)
{
	static const struct table_column columns[COLUMNS] = {
		{"image", FIT_SPLIT, false},  {"critical", FIT_RIGID, true},
		{"high", FIT_RIGID, true},    {"medium", FIT_RIGID, true},
		{"low", FIT_RIGID, true},     {"negligible", FIT_RIGID, true},
		{"unknown", FIT_RIGID, true}, {"new", FIT_RIGID, true},
		{"gone", FIT_RIGID, true},    {"gaps", FIT_RIGID, true},
	};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct table *table = arena ? table_new(arena, columns, COLUMNS) : NULL;
	size_t rows = 0;

	if (!table)
		return err_memory(err);
	for (size_t i = 0; i < rescan->count; i++) {
		const struct rescan_bill *bill = &rescan->bills[i];

		if (bill->problem.n > 0 ||
		    !(all || bill->first || !bill->matched || is_changed(bill)))
			continue;
		if (!add_bill(table, arena, bill))
			return err_memory(err);
		rows++;
	}
	if (rows > 0) {
		table_print(table, stdout, 0);
		(void)putchar('\n');
	}
	return 0;
}

/* ---- changes, the same one of many images in one row ---- */

struct group {
	const struct rescan_change *change; /* of the first image that has it */
	struct span path;
	size_t images;
};

static int
by_change(const void *a, const void *b)
{
	const struct rescan_change *left = ((const struct group *)a)->change;
	const struct rescan_change *right = ((const struct group *)b)->change;
	int order = (int)left->gone - (int)right->gone;

	if (order == 0)
		order = (int)right->finding.severity - (int)left->finding.severity;
	if (order == 0)
		order = span_compare(left->finding.id, right->finding.id);
	if (order == 0)
		order = span_compare(left->finding.ecosystem, right->finding.ecosystem);
	if (order == 0)
		order = span_compare(left->finding.name, right->finding.name);
	if (order == 0)
		order = span_compare(left->finding.version, right->finding.version);
	return order ? order : span_compare(left->finding.fixed, right->finding.fixed);
}

static int
by_change_and_image(const void *a, const void *b)
{
	int order = by_change(a, b);

	return order ? order
		     : span_compare(((const struct group *)a)->path,
				    ((const struct group *)b)->path);
}

/* Every change, in order. NULL without memory. */
static struct group *
list_changes(const struct rescan *rescan, struct arena *arena, size_t *ret_count)
{
	struct group *groups;
	size_t count = 0;

	for (size_t i = 0; i < rescan->count; i++)
		count += rescan->bills[i].fresh + rescan->bills[i].gone;
	groups = arena_array(arena, count + 1, sizeof(*groups));
	*ret_count = count;
	if (!groups)
		return NULL;
	count = 0;
	for (size_t i = 0; i < rescan->count; i++) {
		const struct rescan_bill *bill = &rescan->bills[i];

		for (size_t k = 0; k < bill->fresh + bill->gone; k++)
			groups[count++] = (struct group){&bill->changes[k], bill->path, 1};
	}
	qsort(groups, count, sizeof(*groups), by_change_and_image);
	return groups;
}

static struct span
name_images(struct arena *arena, const struct group *group)
{
	if (group->images == 1)
		return group->path;
	return arena_printf(arena, "%zu: %.*s ...", group->images, SPAN_ARG(group->path));
}

static bool
add_change(struct table *table, struct arena *arena, const struct group *group)
{
	const struct rescan_finding *finding = &group->change->finding;
	struct span images = name_images(arena, group);
	const struct table_cell cells[] = {
		{group->change->gone ? SPAN("gone") : SPAN("new"),
		 group->change->gone ? STYLE_GOOD : STYLE_BAD},
		{span_from(severity_name(finding->severity)),
		 show_severity_style(finding->severity)},
		{finding->id, STYLE_PLAIN},
		{finding->name, STYLE_PLAIN},
		{finding->version, STYLE_PLAIN},
		{finding->fixed.n ? finding->fixed : SPAN("-"), STYLE_PLAIN},
		{images, STYLE_PLAIN},
	};

	return images.p && table_row(table, cells);
}

static int
print_changes(const struct rescan *rescan, struct err *err)
{
	static const struct table_column columns[] = {
		{"", FIT_RIGID, false},		 {"severity", FIT_RIGID, false},
		{"CVE", FIT_RIGID, false},	 {"package", FIT_SPLIT, false},
		{"installed", FIT_SPLIT, false}, {"fixed in", FIT_SPLIT, false},
		{"images", FIT_CUT, false},
	};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct table *table = arena ? table_new(arena, columns, 7) : NULL;
	size_t count = 0;
	struct group *groups = table ? list_changes(rescan, arena, &count) : NULL;

	if (!groups)
		return err_memory(err);
	for (size_t i = 0; i < count;) {
		struct group *group = &groups[i];

		for (i++; i < count && by_change(group, &groups[i]) == 0; i++)
			group->images++;
		if (!add_change(table, arena, group))
			return err_memory(err);
	}
	if (count > 0) {
		table_print(table, stdout, 0);
		(void)putchar('\n');
	}
	return 0;
}

static void
print_summary(const struct rescan *rescan)
{
	size_t changed = 0;
	size_t first = 0;
	size_t unmatched = 0;
	size_t fresh = 0;
	size_t gone = 0;

	for (size_t i = 0; i < rescan->count; i++) {
		const struct rescan_bill *bill = &rescan->bills[i];

		changed += is_changed(bill);
		first += bill->first && bill->problem.n == 0;
		unmatched += !bill->matched && bill->problem.n == 0;
		fresh += bill->fresh;
		gone += bill->gone;
	}
	(void)printf("%zu image%s, %zu of them changed: %zu finding%s new, %zu gone\n",
		     rescan->count, rescan->count == 1 ? "" : "s", changed, fresh,
		     fresh == 1 ? "" : "s", gone);
	if (first > 0)
		(void)printf("%zu for the first time: nothing to compare with\n", first);
	if (unmatched > 0)
		(void)printf("%zu not matched: no advisories answer for them\n", unmatched);
	if (rescan->unreadable > 0)
		(void)printf("%zu could not be read\n", rescan->unreadable);
	if (rescan->missing > 0)
		(void)printf("%zu of the last time are no longer there\n", rescan->missing);
	if (rescan->others > 0)
		(void)printf("%zu other JSON files left out\n", rescan->others);
	if (rescan->last_database.n > 0 &&
	    span_equal(rescan->last_database, rescan->database.digest))
		(void)printf("the database is that of the last time\n");
}

/* ---- JSON ---- */

static json_t *
json_finding(const struct rescan_finding *finding)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:b}", "id", json_span(finding->id),
			 "ecosystem", json_span(finding->ecosystem), "package",
			 json_span(finding->name), "version", json_span(finding->version),
			 "fixedVersion", json_span(finding->fixed), "severity",
			 severity_name(finding->severity), "exploited", (int)finding->exploited);
}

static json_t *
json_changes(const struct rescan_change *changes, size_t count)
{
	CLEANUP(json_cleanup) json_t *list = json_array();

	for (size_t i = 0; list && i < count; i++) {
		if (json_array_append_new(list, json_finding(&changes[i].finding)) < 0)
			return NULL;
	}
	return TAKE(list);
}

static json_t *
json_counts(const struct finding_counts *counts)
{
	CLEANUP(json_cleanup)
	json_t *json =
		json_pack("{s:I, s:I, s:I}", "total", (json_int_t)counts->total, "fixable",
			  (json_int_t)counts->fixable, "exploited", (json_int_t)counts->exploited);

	for (size_t i = 0; json && i < SHOWN; i++) {
		if (json_object_set_new(json, severity_name(severities[i]),
					json_integer(counts->by_severity[severities[i]])) < 0)
			return NULL;
	}
	return TAKE(json);
}

static json_t *
json_bill(const struct rescan_bill *bill)
{
	if (bill->problem.n > 0)
		return json_pack("{s:o, s:o}", "path", json_span(bill->path), "problem",
				 json_span(bill->problem));
	CLEANUP(json_cleanup)
	json_t *json =
		json_pack("{s:o, s:o, s:o, s:b, s:b, s:b, s:I}", "path", json_span(bill->path),
			  "name", json_span(bill->name), "digest", json_span(bill->digest), "first",
			  (int)bill->first, "documentChanged", (int)bill->other, "matched",
			  (int)bill->matched, "gaps", (json_int_t)bill->gaps);

	if (!json || !bill->matched)
		return TAKE(json);
	if (json_object_set_new(json, "findings", json_counts(&bill->counts)) < 0 ||
	    json_object_set_new(json, "new", json_changes(bill->changes, bill->fresh)) < 0 ||
	    json_object_set_new(json, "gone",
				json_changes(bill->changes + bill->fresh, bill->gone)) < 0)
		return NULL;
	return TAKE(json);
}

static int
print_json(const struct rescan *rescan, struct err *err)
{
	CLEANUP(json_cleanup) json_t *images = json_array();

	for (size_t i = 0; images && i < rescan->count; i++) {
		if (json_array_append_new(images, json_bill(&rescan->bills[i])) < 0)
			return err_memory(err);
	}
	return common_print_json(json_pack("{s:{s:o, s:I, s:I}, s:o, s:I, s:I, s:O}", "database",
					   "digest", json_span(rescan->database.digest), "built",
					   (json_int_t)rescan->database.built, "advisories",
					   (json_int_t)rescan->database.advisories, "lastDatabase",
					   json_span(rescan->last_database), "missing",
					   (json_int_t)rescan->missing, "otherFiles",
					   (json_int_t)rescan->others, "images", images),
				 err);
}

/* ---- what fails ---- */

/* Of all findings of a bill, by what the counts say. */
static size_t
count_failing(const struct failing *failing, const struct rescan_bill *bill)
{
	size_t count = 0;

	for (int i = 0; i < SEVERITIES; i++)
		count += failing_has(failing, (enum severity)i, false) ? bill->counts.by_severity[i]
								       : 0;
	return count > 0 ? count : failing->exploited ? bill->counts.exploited : 0;
}

static size_t
count_failing_new(const struct failing *failing, const struct rescan_bill *bill)
{
	size_t count = 0;

	for (size_t i = 0; i < bill->fresh; i++)
		count += failing_has(failing, bill->changes[i].finding.severity,
				     bill->changes[i].finding.exploited);
	return count;
}

static bool
has_failed(const struct rescan *rescan, const struct failing *failing, const char *option,
	   size_t (*count_in)(const struct failing *failing, const struct rescan_bill *bill))
{
	size_t images = 0;

	for (size_t i = 0; failing->words.count > 0 && i < rescan->count; i++)
		images += count_in(failing, &rescan->bills[i]) > 0;
	if (images == 0)
		return false;
	(void)fprintf(stderr, "mohs rescan: failed: %zu image%s with findings of %s", images,
		      images == 1 ? "" : "s", option);
	failing_print(failing, stderr);
	return true;
}

/* 0, 1 or 3: what could not be told weighs more than what failed. */
static int
judge(const struct rescan *rescan, const struct request *request)
{
	bool asked = request->fail_on.words.count + request->fail_on_new.words.count > 0;
	bool untold = false;
	bool failed = has_failed(rescan, &request->fail_on, "--fail-on", count_failing);

	failed |= has_failed(rescan, &request->fail_on_new, "--fail-on-new", count_failing_new);
	for (size_t i = 0; i < rescan->count; i++) {
		const struct rescan_bill *bill = &rescan->bills[i];

		if (bill->problem.n > 0)
			printable_line(stderr, "mohs rescan: %.*s", SPAN_ARG(bill->problem));
		else if (asked && !bill->matched)
			printable_line(stderr,
				       "mohs rescan: %.*s: not matched: --fail-on cannot be told",
				       SPAN_ARG(bill->path));
		untold |= bill->problem.n > 0 || (asked && !bill->matched);
	}
	return untold ? 3 : failed;
}

static int
rescan_all(const struct option_list *paths, const struct request *request, struct err *err)
{
	CLEANUP(rescan_cleanup) struct rescan *rescan = NULL;
	const struct rescan_request what = {
		.paths = paths->items,
		.path_count = paths->count,
		.state = request->state,
		.database = common.database,
	};
	int r = rescan_run(&what, &rescan, err);

	terminal_clear();
	if (r == 0 && common.json) {
		r = print_json(rescan, err);
	} else if (r == 0) {
		r = print_bills(rescan, request->all, err);
		if (r == 0)
			r = print_changes(rescan, err);
		if (r == 0)
			print_summary(rescan);
	}
	if (r < 0)
		return r;
	(void)fflush(stdout);
	if (rescan->count == 0)
		return err_set(err, ERR_NOT_FOUND,
			       "no bill of materials was found: nothing was looked at");
	return judge(rescan, request);
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct request request = {.state = NULL};
	struct err err = ERR_INIT;
	const struct option_spec specs[] = {
		{"all", 0, OPTION_FLAG, &request.all},
		{"state", 0, OPTION_TEXT, &request.state},
		{"fail-on", 0, OPTION_LIST, &request.fail_on.words},
		{"fail-on-new", 0, OPTION_LIST, &request.fail_on_new.words},
		{"db", 0, OPTION_TEXT, &common.database},
		{"json", 0, OPTION_FLAG, &common.json},
		{0},
	};
	enum options_result parsed = options_parse(argc, argv, specs, 1, OPTION_LIST_MAX, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	int r = failing_read(&request.fail_on, &err);
	if (r == 0)
		r = failing_read(&request.fail_on_new, &err);
	if (r < 0)
		return terminal_error(argv[0], &err);
	common_catch_signals();
	r = rescan_all(&rest, &request, &err);
	return r < 0 ? terminal_error(argv[0], &err) : r;
}

const struct verb verb_rescan = {"rescan", "stored SBOMs again: what is new, what is gone", run};
