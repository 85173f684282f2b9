/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured: findings, profile, tests. */
#include "test.h"
#include "verdict_scene.h"

#include "base/cleanup.h"

static void
no_baseline(struct verdict_scene *s)
{
	s->input.before = NULL;
}

static void
unmatched(struct verdict_scene *s)
{
	s->before.matched = false;
	s->gap = (struct gap){SPAN("debian 13"), SPAN("no advisories for this release")};
	s->before.gaps = (struct gap_list){&s->gap, 1};
}

static void
after_unmatched(struct verdict_scene *s)
{
	s->after.matched = false;
}

static void
old_database(struct verdict_scene *s)
{
	s->before.database.built = NOW - 9 * DAY;
}

static void
future_database(struct verdict_scene *s)
{
	s->before.database.built = NOW + DAY;
}

static void
two_databases(struct verdict_scene *s)
{
	s->after.database.digest = SPAN("sha256:2");
}

static void
no_rescan(struct verdict_scene *s)
{
	s->input.after = NULL;
}

static void
just_enough(struct verdict_scene *s)
{
	verdict_counts(&s->before, 10, 10);
	verdict_counts(&s->after, 3, 3);
}

static void
too_little(struct verdict_scene *s)
{
	verdict_counts(&s->before, 10000, 10);
	verdict_counts(&s->after, 3001, 3);
	s->after.findings.fixable = 7;
	s->items[0].component = 1;
	s->items[1].component = 1;
	s->items[2].component = 0;
	s->items[3] = (struct finding){.component = 0, .status = FINDING_UNDETERMINED};
	s->after.count = 4;
}

static void
distinct_decides(struct verdict_scene *s)
{
	too_little(s);
	s->policy->reduction_count = COUNT_DISTINCT;
}

static void
more_than_before(struct verdict_scene *s)
{
	verdict_counts(&s->after, 413, 40);
}

static void
nothing_to_reduce(struct verdict_scene *s)
{
	verdict_counts(&s->before, 0, 0);
	verdict_counts(&s->after, 0, 0);
}

static void
from_nothing_to_some(struct verdict_scene *s)
{
	verdict_counts(&s->before, 0, 0);
}

static void
unmatched_and_empty(struct verdict_scene *s)
{
	nothing_to_reduce(s);
	s->before.matched = false;
}

static void
no_profile(struct verdict_scene *s)
{
	s->input.profile = NULL;
}

static void
failed_load(struct verdict_scene *s)
{
	s->profile.complete = false;
	s->phases[1].passed = false;
	s->phases[1].status = 127;
}

static void
incomplete_is_fine(struct verdict_scene *s)
{
	failed_load(s);
	s->profile.narrow = true;
	s->policy->profile_complete = false;
}

static void
lost_records(struct verdict_scene *s)
{
	s->profile.complete = false;
	s->gap = (struct gap){SPAN("/data"), SPAN("a volume is outside the view")};
	s->profile.gaps = (struct gap_list){&s->gap, 1};
}

static void
risk_shown(struct verdict_scene *s)
{
	static const struct confidence known = {
		.estimable = true, .repetitions = 5, .samples = 4, .risk = 0.5271291954984121};

	s->input.confidence = &known;
}

static void
risk_unknown(struct verdict_scene *s)
{
	static const struct confidence unknown = {
		.why_not = SPAN_INIT("load browse ran once: repeat it"), .repetitions = 1};

	s->input.confidence = &unknown;
}

static void
risk_too_high(struct verdict_scene *s)
{
	risk_shown(s);
	s->policy->profile_risk_limited = true;
	s->policy->profile_risk_max = 0.527;
}

static void
risk_low_enough(struct verdict_scene *s)
{
	risk_too_high(s);
	s->policy->profile_risk_max = 0.528;
}

static void
risk_asked_for_and_unknown(struct verdict_scene *s)
{
	risk_unknown(s);
	s->policy->profile_risk_limited = true;
	s->policy->profile_risk_max = 1;
}

static void
risk_asked_for_and_not_taken(struct verdict_scene *s)
{
	s->policy->profile_risk_limited = true;
	s->policy->profile_risk_max = 1;
}

static void
narrow(struct verdict_scene *s)
{
	s->profile.narrow = true;
}

static void
short_run(struct verdict_scene *s)
{
	s->profile.duration_ms = 29999;
}

static void
stale(struct verdict_scene *s)
{
	s->profile.started = NOW - 31 * DAY;
}

static void
no_suite(struct verdict_scene *s)
{
	s->input.suite = NULL;
}

static void
no_tests_declared(struct verdict_scene *s)
{
	s->input.suite = NULL;
	s->service.test_count = 0;
}

static void
failed_case(struct verdict_scene *s)
{
	s->cases[1].state = CASE_FAILED;
	s->cases[1].message = SPAN("expected 200");
	s->suite.passed = 1;
	s->suite.failed = 1;
}

static void
rounds_are_up(struct verdict_scene *s)
{
	failed_case(s);
	for (size_t i = 0; i < 5; i++)
		s->wanted[i] = (struct extension_wanted){SPAN("/usr/lib/libx.so"), SPAN("app"),
							 SPAN("api"), PHASE_TEST, false};
	s->extension.wanted_count = 5;
	s->extension.end = EXTENSION_LIMIT;
}

static void
kept_out(struct verdict_scene *s)
{
	rounds_are_up(s);
	s->wanted[0].dropped = true;
	s->wanted[0].kind = PHASE_STARTUP;
	s->wanted[0].program = SPAN("");
	s->extension.wanted_count = 1;
	s->extension.end = EXTENSION_STUCK;
}

static void
nothing_wanted(struct verdict_scene *s)
{
	failed_case(s);
	s->extension.end = EXTENSION_STUCK;
}

static void
may_not_extend(struct verdict_scene *s)
{
	rounds_are_up(s);
	s->extension.end = EXTENSION_OFF;
}

static void
only_on_the_view(struct verdict_scene *s)
{
	failed_case(s);
	s->extension.end = EXTENSION_PASSED;
}

static void
cannot_test(struct verdict_scene *s)
{
	s->input.suite = NULL;
	s->input.untested = SPAN("cannot make namespaces");
}

static void
on_the_built_one(struct verdict_scene *s)
{
	s->input.built = &s->built;
}

static void
on_another_image(struct verdict_scene *s)
{
	s->input.built = &s->built;
	digest_of(SPAN("another"), &s->run.image);
}

static void
on_a_view(struct verdict_scene *s)
{
	s->input.built = &s->built;
	s->run.recorder = SPAN("lens");
}

static void
not_started(struct verdict_scene *s)
{
	s->suite.started = false;
	s->suite.passed = 0;
	s->suite.start_error = SPAN("exited with status 127");
}

static void
only_skipped(struct verdict_scene *s)
{
	s->suite.passed = 0;
	s->suite.skipped = 2;
}

static const struct verdict_turn turns[] = {
	{"all good", NULL, CHECK_BASELINE, CHECK_PASS, "412 findings (0 critical, 412 high", ""},
	{"no baseline", no_baseline, CHECK_BASELINE, CHECK_NOT_DONE, "not done", "mohs scan"},
	{"unmatched", unmatched, CHECK_BASELINE, CHECK_FAIL, "nothing matched",
	 "debian 13: no advisories for this release"},
	{"old database", old_database, CHECK_BASELINE, CHECK_FAIL, "9 days old", "mohs db update"},
	{"future database", future_database, CHECK_BASELINE, CHECK_PASS, "0 ms old", ""},

	{"reduced", NULL, CHECK_REDUCTION, CHECK_PASS,
	 "412 -> 61 findings (85.1 %); 230 -> 40 distinct CVEs (82.6 %)", ""},
	{"no baseline", no_baseline, CHECK_REDUCTION, CHECK_NOT_DONE, NULL, "no baseline"},
	{"no rescan", no_rescan, CHECK_REDUCTION, CHECK_NOT_DONE, NULL, "was not scanned"},
	{"unmatched", unmatched, CHECK_REDUCTION, CHECK_FAIL, "not measurable",
	 "no advisories for this release"},
	{"after unmatched", after_unmatched, CHECK_REDUCTION, CHECK_FAIL, "not measurable",
	 "could be matched"},
	{"two databases", two_databases, CHECK_REDUCTION, CHECK_FAIL, NULL,
	 "different advisory databases"},
	{"just enough", just_enough, CHECK_REDUCTION, CHECK_PASS, "(70.0 %)", ""},
	{"too little", too_little, CHECK_REDUCTION, CHECK_FAIL, "10000 -> 3001 findings (69.9 %)",
	 "below the 70 % the policy asks for; most are left in zlib1g (2), libssl3 (1): mohs why"},
	{"too little, fixable", too_little, CHECK_REDUCTION, CHECK_FAIL, NULL,
	 "7 of the rest have a fix"},
	{"distinct", distinct_decides, CHECK_REDUCTION, CHECK_PASS, "10 -> 3 distinct", ""},
	{"more", more_than_before, CHECK_REDUCTION, CHECK_FAIL, "412 -> 413", "more than before"},
	{"nothing to reduce", nothing_to_reduce, CHECK_REDUCTION, CHECK_PASS,
	 "0 -> 0 findings; 0 -> 0 distinct CVEs; not measurable: there was nothing to reduce", ""},
	{"from nothing", from_nothing_to_some, CHECK_REDUCTION, CHECK_FAIL, "not measurable",
	 "more than before"},
	{"unmatched and empty", unmatched_and_empty, CHECK_REDUCTION, CHECK_FAIL, "not measurable",
	 "no package"},

	{"profile", NULL, CHECK_PROFILE, CHECK_PASS, "120 paths used in 45.0 s; 1 load, 0 tests",
	 ""},
	{"risk", risk_shown, CHECK_PROFILE, CHECK_PASS,
	 "risk <= 52.8 % (95 %) that the next run needs a removed path, from 5 repetitions", ""},
	{"no risk", risk_unknown, CHECK_PROFILE, CHECK_PASS,
	 "removed path not known: load browse ran once: repeat it", ""},
	{"high risk", risk_too_high, CHECK_PROFILE, CHECK_FAIL, "risk <= 52.8 %",
	 "above 52.7 %: repeat every load more often"},
	{"low risk", risk_low_enough, CHECK_PROFILE, CHECK_PASS, "risk <= 52.8 %", ""},
	{"risk asked for", risk_asked_for_and_unknown, CHECK_PROFILE, CHECK_FAIL, "not known",
	 "is not known: repeat every load"},
	{"risk not taken", risk_asked_for_and_not_taken, CHECK_PROFILE, CHECK_FAIL, NULL,
	 "is not known: repeat every load"},
	{"no profile", no_profile, CHECK_PROFILE, CHECK_NOT_DONE, "not done", "mohs profile"},
	{"failed load", failed_load, CHECK_PROFILE, CHECK_FAIL, NULL,
	 "load \"browse\" failed (status 127: there is no such program)"},
	{"incomplete allowed", incomplete_is_fine, CHECK_PROFILE, CHECK_PASS, NULL, ""},
	{"lost records", lost_records, CHECK_PROFILE, CHECK_FAIL, NULL, "/data: a volume"},
	{"narrow", narrow, CHECK_PROFILE, CHECK_FAIL, NULL, "declare loads or tests in mohs.yaml"},
	{"short", short_run, CHECK_PROFILE, CHECK_FAIL, NULL, "less than 30.0 s"},
	{"stale", stale, CHECK_PROFILE, CHECK_FAIL, NULL, "more than 30 days ago"},

	{"tests", NULL, CHECK_TESTS, CHECK_PASS, "2 passed, 0 failed, 0 skipped", ""},
	{"no suite", no_suite, CHECK_TESTS, CHECK_NOT_DONE, NULL, "were not run"},
	{"none declared", no_tests_declared, CHECK_TESTS, CHECK_NOT_DONE, NULL,
	 "no tests are declared: add tests to mohs.yaml"},
	{"failed case", failed_case, CHECK_TESTS, CHECK_FAIL, "1 passed, 1 failed",
	 "api: cart: expected 200"},
	{"rounds are up", rounds_are_up, CHECK_TESTS, CHECK_FAIL, NULL,
	 "expected 200; /usr/lib/libx.so is missing in test api, asked for by app"},
	{"rounds are up, more", rounds_are_up, CHECK_TESTS, CHECK_FAIL, NULL,
	 "and 2 more missing paths; harden.max_rounds (5) is reached: raise it"},
	{"kept out", kept_out, CHECK_TESTS, CHECK_FAIL, NULL,
	 "/usr/lib/libx.so is missing in startup: harden.drop names it; harden.drop keeps out"},
	{"nothing wanted", nothing_wanted, CHECK_TESTS, CHECK_FAIL, NULL,
	 "nothing that was removed is asked for"},
	{"may not extend", may_not_extend, CHECK_TESTS, CHECK_FAIL, NULL, "harden.extend"},
	{"only on the view", only_on_the_view, CHECK_TESTS, CHECK_FAIL, NULL,
	 "on the image view they passed"},
	{"cannot test", cannot_test, CHECK_TESTS, CHECK_NOT_DONE, NULL,
	 "cannot be run on the hardened image: cannot make namespaces"},
	{"on the built one", on_the_built_one, CHECK_TESTS, CHECK_PASS,
	 "0 skipped; on sha256:000000000000", ""},
	{"on another image", on_another_image, CHECK_TESTS, CHECK_FAIL, NULL,
	 "the tests ran on another image, sha256:"},
	{"on a view", on_a_view, CHECK_TESTS, CHECK_PASS, "served by the image view", ""},
	{"not started", not_started, CHECK_TESTS, CHECK_FAIL, NULL, "exited with status 127"},
	{"only skipped", only_skipped, CHECK_TESTS, CHECK_FAIL, "2 skipped", "fewer passed than"},
};

static void
every_state(void **state)
{
	(void)state;
	verdict_turns(turns, sizeof(turns) / sizeof(turns[0]));
}

static void
nothing_measured_fails(void **state)
{
	struct verdict_scene *scene = *state;
	struct verdict_input nothing = {.scanned = NOW, .now = NOW};
	CLEANUP(verdict_cleanup) struct verdict *verdict = NULL;

	assert_good(verdict_judge(&nothing, scene->policy, &verdict, err));
	assert_false(verdict->passed);
	for (enum check i = 0; i < CHECK_SIGNATURE; i++)
		assert_int_equal(verdict->rows[i].state, CHECK_NOT_DONE);
}

static void
a_whole_run_passes(void **state)
{
	struct verdict_scene *scene = *state;
	CLEANUP(verdict_cleanup) struct verdict *verdict = NULL;

	assert_good(verdict_judge(&scene->input, scene->policy, &verdict, err));
	assert_true(verdict->passed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state),
		cmocka_unit_test_setup_teardown(nothing_measured_fails, verdict_scene_set_up,
						verdict_scene_tear_down),
		cmocka_unit_test_setup_teardown(a_whole_run_passes, verdict_scene_set_up,
						verdict_scene_tear_down),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
