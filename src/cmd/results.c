/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/results.h"

#include "base/clock.h"
#include "cmd/common.h"
#include "cmd/printable.h"
#include "cmd/report.h"
#include "cmd/show.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	MISSING_MOST = 10, /* paths that a failing test missed */
	ADDED_MOST = 10,   /* paths that the profile was extended by, a round */
	AT_RISK_MOST = 5,
};

static uint64_t
image_size(const struct image *image)
{
	uint64_t size = 0;

	for (size_t i = 0; i < image->layer_count; i++)
		size += image->layers[i].size;
	return size;
}

static void
print_sizes(const struct pipeline *p)
{
	uint64_t before = image_size(p->before.image);
	uint64_t after = image_size(p->after.image);
	char size[2][24];

	(void)printf("size      %s -> %s (%.1f %% less)\n", show_bytes(before, size[0]),
		     show_bytes(after, size[1]),
		     before ? 100.0 * ((double)before - (double)after) / (double)before : 0.0);
	(void)printf("paths     %zu -> %zu\n", p->before.image->entry_count,
		     p->after.image->entry_count);
	(void)printf("packages  %zu -> %zu\n", p->before.inventory->component_count,
		     p->after.inventory->component_count);
	(void)printf("shells    %u -> %u\n\n", p->before.shells->shell_count,
		     p->after.shells->shell_count);
}

static void
print_gaps(const struct pipeline *p)
{
	const struct {
		const struct gap_list *gaps;
		const char *of;
	} all[] = {
		{&p->before.image->gaps, "image"},
		{&p->before.inventory->gaps, "inventory"},
		{&p->before.findings->gaps, "advisories"},
		{p->profile ? &p->profile->gaps : NULL, "profile"},
		{p->profile && p->profile->start ? &p->profile->start->remarks : NULL, "start"},
		{p->plan ? &p->plan->gaps : NULL, "plan"},
		{p->risks ? &p->risks->gaps : NULL, "paths at risk"},
		{p->after.inventory ? &p->after.inventory->gaps : NULL, "hardened inventory"},
		{p->after.shells ? &p->after.shells->gaps : NULL, "shells"},
		{p->suite ? &p->suite->gaps : NULL, "tests"},
		{p->limits ? &p->limits->gaps : NULL, "limits"},
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		if (!all[i].gaps || all[i].gaps->count == 0)
			continue;
		(void)putchar('\n');
		show_gaps(all[i].gaps, all[i].of);
	}
}

/* Removed, never seen to be needed, and yet within reach of something kept. */
static void
print_risks(const struct pipeline *p)
{
	const struct image *image = p->before.image;
	size_t shown = p->risks->count < AT_RISK_MOST ? p->risks->count : AT_RISK_MOST;

	if (p->risks->found == 0)
		return;
	(void)printf("\nRemoved, and at risk of being asked for:\n");
	for (size_t i = 0; i < shown; i++) {
		const struct risk *risk = &p->risks->items[i];

		printable_line(stdout, "  %.*s: %s (%.*s)",
			       SPAN_ARG(image->entries[risk->entry].path), risk_text(risk->kind),
			       SPAN_ARG(image->entries[risk->via].path));
	}
	if (p->risks->found > shown)
		(void)printf("  and %zu more, in the evidence\n", p->risks->found - shown);
}

static void print_failures(const struct suite *suite);

/* "  /x: missing in test api, asked for by nginx" */
static void
print_asked(struct span path, enum profile_phase_kind kind, struct span phase, struct span program,
	    const char *more)
{
	bool named = kind == PHASE_TEST || kind == PHASE_LOAD;

	printable_line(stdout, "  %.*s: missing in %s%s%.*s%s%.*s%s", SPAN_ARG(path),
		       profile_phase_name(kind), named ? " " : "", named ? (int)phase.n : 0,
		       phase.p, program.n ? ", asked for by " : "", SPAN_ARG(program), more);
}

static void
print_added(const struct extension_round *round)
{
	for (size_t i = 0; i < round->added_count && i < ADDED_MOST; i++) {
		const struct profile_extended *added = &round->added[i];

		print_asked(added->path, added->kind, added->phase, added->program, "");
	}
	if (round->added_count > ADDED_MOST)
		(void)printf("  and %zu more, in the evidence\n", round->added_count - ADDED_MOST);
}

static void
print_wanted(const struct extension *extension)
{
	for (size_t i = 0; i < extension->wanted_count && i < MISSING_MOST; i++) {
		const struct extension_wanted *wanted = &extension->wanted[i];

		if (i == 0)
			(void)printf("\nStill missing:\n");
		print_asked(wanted->path, wanted->kind, wanted->phase, wanted->program,
			    wanted->dropped ? ", harden.drop names it" : "");
	}
	if (extension->wanted_count > MISSING_MOST)
		(void)printf("  and %zu more, in the evidence\n",
			     extension->wanted_count - MISSING_MOST);
}

/* What the hardened image missed and got back, a round each. */
static void
print_rounds(const struct extension *extension)
{
	for (size_t i = 0; i < extension->round_count; i++) {
		const struct extension_round *round = &extension->rounds[i];

		if (round->added_count == 0)
			continue;
		(void)printf("\nRound %u%s added %zu path%s to the profile:\n",
			     round->added[0].round,
			     round->learning ? ", with everything served," : "", round->added_count,
			     round->added_count == 1 ? "" : "s");
		print_added(round);
	}
}

/* Before and after, when there is an after. */
static int
print_change(const struct pipeline *p, const struct evidence *evidence, struct err *err)
{
	if (!p->after.findings)
		return show_counts(p->before.findings, NULL, err);
	print_sizes(p);
	int r = show_counts(p->before.findings, p->after.findings, err);
	if (r < 0)
		return r;
	(void)putchar('\n');
	return report_left(evidence, stdout, 0, err);
}

enum { STARTS_SHOWN = 12 };

static size_t
count_variables(const struct start *start, enum start_variable_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < start->variable_count; i++)
		count += start->variables[i].kind == kind;
	return count;
}

/* What took the place of a start through a shell. */
static void
print_start(const struct start *start)
{
	if (!start)
		return;
	printable_line(stdout, "start     %.*s, observed %u times: %s", SPAN_ARG(start->script),
		       start->runs,
		       start->form == START_KEPT       ? "kept"
		       : start->form == START_LAUNCHER ? "replaced by mohs-start"
						       : "replaced by the program itself");
	for (size_t i = 0; i < start->carried.count && i < STARTS_SHOWN; i++)
		printable_line(stdout, "          %.*s", SPAN_ARG(start->carried.items[i]));
	if (start->carried.count > STARTS_SHOWN)
		(void)printf("          and %zu more\n", start->carried.count - STARTS_SHOWN);
	if (start->form == START_LAUNCHER)
		(void)printf("          %zu variables must be as observed, %zu may differ\n",
			     count_variables(start, VARIABLE_FIXED),
			     count_variables(start, VARIABLE_FREE));
	for (size_t i = 0; i < start->left.count; i++)
		printable_line(stdout, "          not carried over: %.*s: %.*s",
			       SPAN_ARG(start->left.items[i].subject),
			       SPAN_ARG(start->left.items[i].text));
	(void)putchar('\n');
}

/* What took the place of shells that programs run commands through. */
static void
print_commands(const struct commands *commands)
{
	if (!commands)
		return;
	(void)printf("commands  %zu seen in %u runs of a shell: %s\n", commands->seen_count,
		     commands->runs,
		     commands->form == COMMANDS_TABLE  ? "a table of them takes its place"
		     : commands->form == COMMANDS_KEPT ? "it is kept"
						       : "none is needed");
	for (size_t i = 0; i < commands->seen_count && i < STARTS_SHOWN; i++)
		printable_line(stdout, "          %.*s", SPAN_ARG(commands->seen[i].line));
	if (commands->seen_count > STARTS_SHOWN)
		(void)printf("          and %zu more\n", commands->seen_count - STARTS_SHOWN);
	for (size_t i = 0; i < commands->left.count && i < STARTS_SHOWN; i++)
		printable_line(stdout, "          not carried out: %.*s: %.*s",
			       SPAN_ARG(commands->left.items[i].subject),
			       SPAN_ARG(commands->left.items[i].text));
	if (commands->left.count > STARTS_SHOWN)
		(void)printf("          and %zu more that are not\n",
			     commands->left.count - STARTS_SHOWN);
	(void)putchar('\n');
}

static void
print_places(const struct pipeline *p)
{
	char digest[DIGEST_TEXT];

	if (p->built) {
		printable_line(stdout, "image     %.*s", SPAN_ARG(p->built->reference));
		(void)printf("          %s\n", digest_format(&p->built->manifest_digest, digest));
	}
	if (p->publish)
		printable_line(stdout, "%s %s", p->published ? "pushed   " : "not pushed to",
			       p->publish);
	if (p->folder)
		printable_line(stdout, "evidence  %s/evidence.json", p->folder);
	if (p->folder && p->profile && !p->verdict->passed)
		printable_line(stdout, "logs      %s/logs", p->folder);
	if (p->folder && p->limits)
		printable_line(stdout, "limits    %s/limits", p->folder);
}

/* What is proposed, whether the tests passed under it, and what is not and why. */
static void
print_limits(const struct limits *limits)
{
	size_t calls = 0;

	if (!limits)
		return;
	for (size_t i = 0; i < CALL_SOURCES; i++)
		calls += i == CALLS_SERVICE || i == CALLS_ADDED ? limits->calls[i].count : 0;
	(void)printf(
		"\nRun-time limits: %zu system call%s of its own, %zu capabilit%s, %zu port%s, "
		"%zu writable director%s\n",
		calls, calls == 1 ? "" : "s", limits->capabilities.count,
		limits->capabilities.count == 1 ? "y" : "ies", limits->port_count,
		limits->port_count == 1 ? "" : "s", limits->volume_count,
		limits->volume_count == 1 ? "y" : "ies");
	if (limits->outcome == LIMITS_PASSED && limits->passed + limits->failed == 0)
		(void)printf("  it started and ended under them; there are no tests\n");
	else if (limits->outcome == LIMITS_PASSED)
		(void)printf("  %u of %u tests passed under them\n", limits->passed,
			     limits->passed + limits->failed);
	else
		printable_line(stdout, "  NOT verified: %.*s", SPAN_ARG(limits->failure));
	for (enum limit limit = 0; limit < LIMITS; limit++) {
		const struct limits_limit *one = &limits->limits[limit];

		if (!one->proposed)
			printable_line(stdout, "  left out: %s: %.*s", limit_name(limit),
				       SPAN_ARG(one->reason));
	}
}

int
results_run(const struct pipeline *p, struct err *err)
{
	struct evidence evidence = pipeline_evidence(p);

	printable_line(stdout, "%.*s: %.*s", SPAN_ARG(p->service->name),
		       SPAN_ARG(p->before.image->reference));
	(void)putchar('\n');
	int r = print_change(p, &evidence, err);
	if (r < 0)
		return r;
	print_gaps(p);
	if (p->extension)
		print_rounds(p->extension);
	if (p->risks)
		print_risks(p);
	if (p->suite)
		print_failures(p->suite);
	else if (p->suite_before)
		print_failures(p->suite_before);
	print_limits(p->limits);
	if (p->untested.n > 0) {
		(void)putchar('\n');
		printable_line(stdout, "The hardened image was not run: %.*s",
			       SPAN_ARG(p->untested));
	}
	if (p->extension && p->suite && !suite_passed(p->suite))
		print_wanted(p->extension);
	(void)putchar('\n');
	if (p->profile)
		print_start(p->profile->start);
	if (p->profile)
		print_commands(p->profile->commands);
	r = report_checklist(p->verdict, stdout, 0, err);
	if (r == 0)
		print_places(p);
	return r;
}

/* ---- profile, plan, suite ---- */

static uint32_t
count_read(const struct profile *profile)
{
	uint32_t count = 0;

	for (size_t i = 0; i < profile->path_count; i++)
		count += (profile->paths[i].use & USE_READ) != 0;
	return count;
}

void
results_profile(const struct profile *profile, const char *output)
{
	char time[32];
	char last[32];

	(void)fprintf(stderr, "%s\n", profile->complete ? "complete" : "NOT complete");
	(void)fprintf(stderr, "%zu paths used, %u of them read, in %s; the last new one after %s\n",
		      profile->path_count, count_read(profile),
		      duration_format(profile->duration_ms, time),
		      duration_format(profile->last_new_path_ms, last));
	for (size_t i = 0; i < profile->phase_count; i++) {
		const struct profile_phase *phase = &profile->phases[i];

		/* a repetition says something when it used anything new, or failed */
		if (phase->repetition > 1 && phase->new_paths == 0 && phase->passed)
			continue;
		printable_line(stderr, "  %-8s %-20.*s %9s  %5u paths, %u of them new%s",
			       profile_phase_name(phase->kind), SPAN_ARG(phase->name),
			       duration_format(phase->duration_ms, time), phase->used_paths,
			       phase->new_paths, phase->passed ? "" : "  FAILED");
	}
	for (size_t i = 0; i < profile->gaps.count; i++)
		printable_line(stderr, "  gap: %.*s: %.*s",
			       SPAN_ARG(profile->gaps.items[i].subject),
			       SPAN_ARG(profile->gaps.items[i].text));
	if (strcmp(output, "-") != 0)
		(void)fprintf(stderr, "Wrote %s\n", output);
}

static void
count_reasons(const struct plan *plan, uint32_t counts[REASONS])
{
	for (size_t i = 0; i < plan->entry_count; i++)
		counts[plan->entries[i].reason]++;
}

static json_t *
plan_summary(const struct pipeline *p)
{
	uint32_t counts[REASONS] = {0};
	json_t *reasons = json_object();
	char digest[DIGEST_TEXT];
	json_t *json =
		json_pack("{s:i, s:i, s:i, s:i, s:I, s:I}", "paths", (int)p->plan->entry_count,
			  "kept", (int)p->plan->kept, "hollow", (int)p->plan->hollow, "stubs",
			  (int)p->plan->stub_count, "kept_bytes", (json_int_t)p->plan->kept_bytes,
			  "total_bytes", (json_int_t)p->plan->total_bytes);

	count_reasons(p->plan, counts);
	for (enum plan_reason reason = 0; reason < REASONS; reason++)
		(void)json_object_set_new(reasons, plan_reason_name(reason),
					  json_integer(counts[reason]));
	(void)json_object_set_new(json, "reasons", reasons);
	if (p->built) {
		(void)json_object_set_new(json, "image", json_span(p->built->reference));
		(void)json_object_set_new(
			json, "digest",
			json_string(digest_format(&p->built->manifest_digest, digest)));
	}
	return json;
}

int
results_plan(const struct pipeline *p, bool json, struct err *err)
{
	uint32_t counts[REASONS] = {0};
	char kept[24];
	char total[24];
	char digest[DIGEST_TEXT];

	if (json)
		return common_print_json(plan_summary(p), err);
	count_reasons(p->plan, counts);
	(void)printf("keeps %u of %zu paths, %s of %s\n", p->plan->kept, p->plan->entry_count,
		     show_bytes(p->plan->kept_bytes, kept),
		     show_bytes(p->plan->total_bytes, total));
	if (p->plan->hollow)
		(void)printf("%u of them by name only: looked up, never read\n", p->plan->hollow);
	if (p->plan->stub_count)
		(void)printf("%zu libraries as stubs: loaded, and none of their code ran\n",
			     p->plan->stub_count);
	for (enum plan_reason reason = 0; reason < REASONS; reason++) {
		if (counts[reason])
			(void)printf("  %6u  %s\n", counts[reason], plan_reason_text(reason));
	}
	show_gaps(&p->plan->gaps, "plan");
	if (p->built) {
		printable_line(stdout, "wrote %.*s", SPAN_ARG(p->built->reference));
		(void)printf("      %s\n", digest_format(&p->built->manifest_digest, digest));
	}
	return 0;
}

static void
print_missing(const struct profile *run)
{
	size_t shown = 0;
	size_t all = 0;

	for (size_t i = 0; run && i < run->missing_count; i++) {
		const struct profile_missing *missing = &run->missing[i];

		if (!missing->removed || all++ >= MISSING_MOST)
			continue;
		if (shown++ == 0)
			(void)printf("\nLooked up, and only in the original:\n");
		printable_line(stdout, "  %.*s, by %.*s", SPAN_ARG(missing->path),
			       SPAN_ARG(missing->program));
	}
	if (all > shown)
		(void)printf("  and %zu more, in the evidence\n", all - shown);
}

static void
print_message(struct span message)
{
	while (message.n > 0) {
		struct span line = span_cut(&message, '\n');

		printable_line(stdout, "  %.*s", SPAN_ARG(line));
	}
}

static void
print_failures(const struct suite *suite)
{
	if (!suite->started) {
		(void)putchar('\n');
		printable_line(stdout, "The container did not start: %.*s",
			       SPAN_ARG(suite->start_error));
	}
	for (size_t i = 0; i < suite->count; i++) {
		const struct suite_case *item = &suite->cases[i];

		if (item->state != CASE_FAILED && item->state != CASE_ERROR)
			continue;
		(void)putchar('\n');
		printable_line(stdout, "FAILED %.*s: %.*s", SPAN_ARG(item->suite),
			       SPAN_ARG(item->name));
		print_message(item->message);
	}
	if (!suite->started || suite->failed)
		print_missing(suite->run);
}

int
results_suite(const struct suite *suite, bool json, struct err *err)
{
	if (json)
		return common_print_json(json_pack("{s:i, s:i, s:i, s:b}", "passed",
						   (int)suite->passed, "failed", (int)suite->failed,
						   "skipped", (int)suite->skipped, "started",
						   suite->started),
					 err);
	print_failures(suite);
	show_gaps(&suite->gaps, "tests");
	(void)printf("%u passed, %u failed, %u skipped\n", suite->passed, suite->failed,
		     suite->skipped);
	return 0;
}
