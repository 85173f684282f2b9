/* SPDX-License-Identifier: Apache-2.0 */
/* The checks on what ran: profile, tests; and on what must not be there: shell. */
#include "base/clock.h"
#include "stage/verdict/judge.h"

#include <math.h>

enum { NAMED = 3, GAP_TEXT = 160 };

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static int
cut(struct span text)
{
	return text.n > GAP_TEXT ? GAP_TEXT : (int)text.n;
}

static void
add_gap(struct sentences *faults, const struct gap_list *gaps)
{
	if (gaps->count == 0)
		return;
	const struct gap *gap = &gaps->items[0];
	sentences_add(faults, "%.*s: %.*s", cut(gap->subject), gap->subject.p, cut(gap->text),
		      gap->text.p);
	if (gaps->count > 1)
		sentences_add(faults, "and %zu more gap%s", gaps->count - 1,
			      plural(gaps->count - 1));
}

/* What a shell says by these statuses; "" for others. */
static const char *
status_meaning(int status)
{
	return status == 127   ? ": there is no such program"
	       : status == 126 ? ": it cannot be executed"
			       : "";
}

static void
add_incomplete(const struct profile *profile, struct sentences *faults)
{
	size_t named = 0;

	sentences_add(faults, "the profile is not complete");
	for (size_t i = 0; i < profile->phase_count && named < NAMED; i++) {
		const struct profile_phase *phase = &profile->phases[i];

		if (phase->passed)
			continue;
		named++;
		if (phase->kind == PHASE_LOAD || phase->kind == PHASE_TEST)
			sentences_add(faults, "%s \"%.*s\" failed (status %d%s)",
				      profile_phase_name(phase->kind), cut(phase->name),
				      phase->name.p, phase->status, status_meaning(phase->status));
		else
			sentences_add(faults, "the %s failed", profile_phase_name(phase->kind));
	}
	if (named == 0)
		add_gap(faults, &profile->gaps);
}

/* Rounded up to what is shown: the bound must hold as printed. */
static double
percent_up(double ratio)
{
	double shown = ceil(ratio * 1000 - 1e-9) / 10;

	return shown > 100 ? 100 : shown;
}

static void
add_risk(const struct confidence *confidence, struct sentences *measured)
{
	if (!confidence)
		return;
	if (confidence->estimable)
		sentences_add(measured,
			      "risk <= %.1f %% (95 %%) that the next run needs a removed path, "
			      "from %u repetitions",
			      percent_up(confidence->risk), confidence->repetitions);
	else
		sentences_add(measured,
			      "risk of the next run needing a removed path not known: "
			      "%.*s",
			      cut(confidence->why_not), confidence->why_not.p);
}

static void
add_risk_fault(const struct judging *judging, struct sentences *faults)
{
	const struct confidence *confidence = judging->input->confidence;
	double most = judging->policy->profile_risk_max;

	if (!judging->policy->profile_risk_limited)
		return;
	if (!confidence || !confidence->estimable)
		sentences_add(faults, "the risk of the next run needing a removed path is not "
				      "known: repeat every load");
	else if (confidence->risk > most)
		sentences_add(faults,
			      "the risk of the next run needing a removed path is above %.4g %%: "
			      "repeat every load more often",
			      most * 100);
}

static void
add_profile_faults(const struct judging *judging, struct sentences *faults)
{
	const struct profile *profile = judging->input->profile;
	const struct policy *policy = judging->policy;
	uint64_t age = judging->input->now > profile->started
			       ? (uint64_t)(judging->input->now - profile->started) * 1000
			       : 0;
	char text[32];

	if (policy->profile_complete && !profile->complete)
		add_incomplete(profile, faults);
	if (policy->profile_complete && profile->narrow)
		sentences_add(faults, "only the built-in prober was the load: declare loads or "
				      "tests in mohs.yaml");
	if (profile->duration_ms < policy->profile_duration_min_ms)
		sentences_add(faults, "observed for less than %s: lengthen the loads",
			      duration_format(policy->profile_duration_min_ms, text));
	if (age > policy->profile_age_max_ms)
		sentences_add(faults, "taken more than %s ago: mohs profile",
			      duration_format(policy->profile_age_max_ms, text));
	add_risk_fault(judging, faults);
}

int
judge_profile(const struct judging *judging, struct judgement *ret, struct err *err)
{
	const struct profile *profile = judging->input->profile;
	struct sentences measured = {.arena = judging->arena, .text = SPAN("")};
	struct sentences faults = measured;
	char text[32];
	unsigned loads = 0;
	unsigned tests = 0;

	if (!profile)
		return judge_not_done(ret, SPAN("the image was not observed: mohs profile"));
	for (size_t i = 0; i < profile->phase_count; i++) {
		loads +=
			profile->phases[i].kind == PHASE_LOAD && profile->phases[i].repetition == 1;
		tests += profile->phases[i].kind == PHASE_TEST;
	}
	sentences_add(&measured, "%zu paths used in %s", profile->path_count,
		      duration_format(profile->duration_ms, text));
	sentences_add(&measured, "%u load%s, %u test%s", loads, plural(loads), tests,
		      plural(tests));
	sentences_add(&measured, "last new path after %s",
		      duration_format(profile->last_new_path_ms, text));
	add_risk(judging->input->confidence, &measured);
	add_profile_faults(judging, &faults);
	return judge_by_faults(&measured, &faults, ret, err);
}

/* The first cases that failed. */
static void
add_failures(const struct suite *suite, struct sentences *faults)
{
	size_t named = 0;

	for (size_t i = 0; i < suite->count && named < NAMED; i++) {
		const struct suite_case *one = &suite->cases[i];

		if (one->state != CASE_FAILED && one->state != CASE_ERROR)
			continue;
		named++;
		sentences_add(faults, "%.*s: %.*s: %.*s", cut(one->suite), one->suite.p,
			      cut(one->name), one->name.p, cut(one->message), one->message.p);
	}
}

static void
add_wanted(const struct extension *extension, struct sentences *faults)
{
	for (size_t i = 0; i < extension->wanted_count && i < NAMED; i++) {
		const struct extension_wanted *wanted = &extension->wanted[i];
		bool named = wanted->kind == PHASE_TEST || wanted->kind == PHASE_LOAD;

		sentences_add(faults, "%.*s is missing in %s%s%.*s%s%.*s%s", cut(wanted->path),
			      wanted->path.p, profile_phase_name(wanted->kind), named ? " " : "",
			      named ? cut(wanted->phase) : 0, wanted->phase.p,
			      wanted->program.n ? ", asked for by " : "", cut(wanted->program),
			      wanted->program.p, wanted->dropped ? ": harden.drop names it" : "");
	}
	if (extension->wanted_count > NAMED)
		sentences_add(faults, "and %zu more missing path%s",
			      extension->wanted_count - NAMED,
			      plural(extension->wanted_count - NAMED));
}

/* What is still missing after the rounds, and what to do about it. */
static void
add_extension(const struct extension *extension, struct sentences *faults)
{
	add_wanted(extension, faults);
	switch (extension->end) {
	case EXTENSION_PASSED:
		sentences_add(faults, "on the image view they passed: what differs is not a "
				      "missing path");
		break;
	case EXTENSION_STUCK:
		sentences_add(faults,
			      extension->wanted_count
				      ? "harden.drop keeps out what is asked for: narrow it"
				      : "nothing that was removed is asked for: mohs test on "
					"the original tells whether it passes there");
		break;
	case EXTENSION_LIMIT:
		sentences_add(faults,
			      "harden.max_rounds (%u) is reached: raise it, set harden.learn, or "
			      "name paths in harden.keep",
			      extension->max_rounds);
		break;
	case EXTENSION_OFF:
		sentences_add(faults, "the profile may not be extended (harden.extend, "
				      "harden.max_rounds): allow it, or name paths in harden.keep");
		break;
	case EXTENSION_NOT_DONE:
	case EXTENSION_ENDS:
		break;
	}
}

static struct span
why_no_tests(const struct judging *judging)
{
	const struct service *service = judging->input->service;

	if (!service || service->test_count == 0)
		return SPAN("no tests are declared: add tests to mohs.yaml");
	if (judging->input->untested.n == 0)
		return SPAN("the tests were not run on the hardened image: mohs test");
	return arena_printf(judging->arena, "the tests cannot be run on the hardened image: %.*s",
			    SPAN_ARG(judging->input->untested));
}

/* On which image, and whether anything stood between it and the container. */
static void
add_image(const struct judging *judging, struct sentences *measured, struct sentences *faults)
{
	const struct built *built = judging->input->built;
	const struct profile *run = judging->input->suite->run;
	char text[DIGEST_TEXT];

	if (!built || !run)
		return;
	sentences_add(measured, "on %.19s%s", digest_format(&run->image, text),
		      span_equal(run->recorder, SPAN("none")) ? "" : ", served by the image view");
	if (!digest_equal(&run->image, &built->manifest_digest))
		sentences_add(faults, "the tests ran on another image, %s", text);
}

int
judge_tests(const struct judging *judging, struct judgement *ret, struct err *err)
{
	const struct suite *suite = judging->input->suite;
	struct sentences measured = {.arena = judging->arena, .text = SPAN("")};
	struct sentences faults = measured;

	if (!suite || (suite->started && suite->gaps.count == 0 &&
		       suite->passed + suite->failed + suite->skipped == 0))
		return judge_not_done(ret, why_no_tests(judging));
	sentences_add(&measured, "%u passed, %u failed, %u skipped", suite->passed, suite->failed,
		      suite->skipped);
	add_image(judging, &measured, &faults);
	if (!suite->started)
		sentences_add(&faults, "the hardened image did not become ready: %.*s",
			      cut(suite->start_error), suite->start_error.p);
	if (suite->failed > 0 || !suite->started) {
		add_failures(suite, &faults);
		if (judging->input->extension)
			add_extension(judging->input->extension, &faults);
	}
	if (suite->started && suite->passed < judging->policy->tests_min)
		sentences_add(&faults, "fewer passed than the %u the policy asks for",
			      judging->policy->tests_min);
	if (suite->gaps.count > 0)
		add_gap(&faults, &suite->gaps);
	return judge_by_faults(&measured, &faults, ret, err);
}

/* What a person can do about shells that stayed. */
static void
add_shell_mend(const struct judging *judging, struct sentences *faults)
{
	const struct verdict_input *input = judging->input;
	const struct span_list *start =
		input->hardened ? &input->hardened->config.entrypoint : NULL;
	bool replaced = input->profile && input->profile->start;

	sentences_add(faults, "mohs why tells what keeps it");
	if (!input->service || replaced)
		return;
	if (input->service->entrypoint == ENTRYPOINT_KEEP)
		sentences_add(faults, "harden.entrypoint: auto replaces a start through a script");
	else if (start && start->count)
		sentences_add(
			faults,
			"harden.entrypoint: auto saw no script at the start: ENTRYPOINT begins "
			"with %.*s (an init program can be left to the platform, as docker run "
			"--init does)",
			cut(start->items[0]), start->items[0].p);
}

static void
add_shells(const struct judging *judging, struct sentences *faults)
{
	const struct shells *shells = judging->input->shells;
	const struct image *image = judging->input->hardened;
	size_t named = 0;

	for (size_t i = 0; i < shells->count && named < NAMED; i++) {
		const struct shell *shell = &shells->items[i];

		if (!shell_counts(shell->kind))
			continue;
		named++;
		if (image && shell->entry < image->entry_count)
			sentences_add(faults, "%.*s is %.*s",
				      cut(image->entries[shell->entry].path),
				      image->entries[shell->entry].path.p, cut(shell->what),
				      shell->what.p);
		else
			sentences_add(faults, "%.*s", cut(shell->what), shell->what.p);
	}
	if (shells->shell_count > 0)
		add_shell_mend(judging, faults);
}

/* What of a start through a shell could not be carried over. */
static void
add_start(const struct profile *profile, struct sentences *faults)
{
	const struct start *start = profile ? profile->start : NULL;

	for (size_t i = 0; start && i < start->left.count && i < NAMED; i++) {
		const struct gap *left = &start->left.items[i];

		sentences_add(faults, "the start cannot be carried over: %.*s: %.*s",
			      cut(left->subject), left->subject.p, cut(left->text), left->text.p);
	}
	if (start && start->left.count > NAMED)
		sentences_add(faults, "and %zu more of the start", start->left.count - NAMED);
}

static void
add_commands(const struct profile *profile, struct sentences *faults)
{
	const struct commands *commands = profile ? profile->commands : NULL;

	for (size_t i = 0; commands && i < commands->left.count && i < NAMED; i++) {
		const struct gap *left = &commands->left.items[i];

		sentences_add(faults, "a shell is needed for: %.*s: %.*s", cut(left->subject),
			      left->subject.p, cut(left->text), left->text.p);
	}
	if (commands && commands->left.count > NAMED)
		sentences_add(faults, "and for %zu more", commands->left.count - NAMED);
}

/* What stands where a shell did. */
static void
say_tables(const struct judging *judging, struct sentences *measured)
{
	const struct shells *shells = judging->input->shells;
	const struct image *image = judging->input->hardened;

	for (size_t i = 0; i < shells->count; i++) {
		const struct shell *shell = &shells->items[i];
		bool named = image && shell->entry < image->entry_count;

		if (shell->kind != SHELL_COMMANDS || shell->proof != SHELL_BY_LINK)
			continue;
		sentences_add(measured, "%.*s%s%.*s",
			      named ? cut(image->entries[shell->entry].path) : 0,
			      named ? image->entries[shell->entry].path.p : "", named ? ": " : "",
			      cut(shell->what), shell->what.p);
	}
}

int
judge_shell(const struct judging *judging, struct judgement *ret, struct err *err)
{
	const struct shells *shells = judging->input->shells;
	struct sentences measured = {.arena = judging->arena, .text = SPAN("")};
	struct sentences faults = measured;

	if (!shells)
		return judge_not_done(ret, SPAN("the hardened image was not searched for shells"));
	size_t interpreters = shells_count(shells, SHELL_INTERPRETER);
	sentences_add(&measured, "%u shell%s, %zu interpreter%s", shells->shell_count,
		      plural(shells->shell_count), interpreters, plural(interpreters));
	say_tables(judging, &measured);
	add_shells(judging, &faults);
	add_start(judging->input->profile, &faults);
	add_commands(judging->input->profile, &faults);
	add_gap(&faults, &shells->gaps);
	return judge_by_faults(&measured, &faults, ret, err);
}
