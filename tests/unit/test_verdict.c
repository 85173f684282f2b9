/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/cleanup.h"
#include "codec/policy_yaml.h"
#include "stage/verdict.h"

#include <stdlib.h>

enum { DAY = 86400, NOW = 1000 * DAY };

/* Everything a verdict may be about, in a state where all that can pass does. */
struct scene {
	struct policy *policy;
	struct service service;
	struct findings before;
	struct findings after;
	struct finding items[4];
	struct inventory remaining;
	struct component components[2];
	struct profile profile;
	struct profile_phase phases[2];
	struct suite suite;
	struct suite_case cases[2];
	struct profile run;
	struct extension extension;
	struct extension_wanted wanted[5];
	struct built built;
	struct shells shells;
	struct shell shell[2];
	struct gap gap;
	struct waiver waivers[3];
	struct proof proof;
	struct proof_document documents[4];
	struct span key;
	struct span stored;
	struct verdict_input input;
};

static void
set_counts(struct findings *findings, uint32_t total, uint32_t distinct)
{
	findings->findings.total = total;
	findings->findings.by_severity[SEVERITY_HIGH] = total;
	findings->distinct.total = distinct;
	findings->matched = true;
	findings->database = (struct advisory_identity){SPAN("sha256:1"), NOW - 2 * DAY, 1000};
}

static void
fill_runs(struct scene *scene)
{
	scene->phases[0] = (struct profile_phase){
		.kind = PHASE_STARTUP, .name = SPAN("startup"), .passed = true};
	scene->phases[1] = (struct profile_phase){
		.kind = PHASE_LOAD, .repetition = 1, .name = SPAN("browse"), .passed = true};
	scene->profile.phases = scene->phases;
	scene->profile.phase_count = 2;
	scene->profile.path_count = 120;
	scene->profile.complete = true;
	scene->profile.duration_ms = 45000;
	scene->profile.started = NOW - DAY;
	scene->cases[0] = (struct suite_case){SPAN("api"), SPAN("login"), CASE_PASSED, SPAN(""), 1};
	scene->cases[1] = (struct suite_case){SPAN("api"), SPAN("cart"), CASE_PASSED, SPAN(""), 1};
	scene->suite.cases = scene->cases;
	scene->suite.count = 2;
	scene->suite.passed = 2;
	scene->suite.started = true;
	scene->run.recorder = SPAN("none");
	scene->extension.wanted = scene->wanted;
	scene->extension.max_rounds = 5;
	scene->suite.run = &scene->run;
	scene->shells.items = scene->shell;
}

static int
setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_good(policy_default(&scene->policy, err));
	scene->policy->required[CHECK_SIGNATURE] = false;
	scene->policy->required[CHECK_SBOM] = false;
	scene->policy->waivers = scene->waivers;
	scene->service.name = SPAN("legacy-shop");
	scene->service.test_count = 1;
	set_counts(&scene->before, 412, 230);
	set_counts(&scene->after, 61, 40);
	scene->components[0].name = SPAN("libssl3");
	scene->components[1].name = SPAN("zlib1g");
	scene->remaining.components = scene->components;
	scene->remaining.component_count = 2;
	scene->after.items = scene->items;
	fill_runs(scene);
	scene->input = (struct verdict_input){
		.service = &scene->service,
		.before = &scene->before,
		.after = &scene->after,
		.profile = &scene->profile,
		.suite = &scene->suite,
		.extension = &scene->extension,
		.shells = &scene->shells,
		.remaining = &scene->remaining,
		.scanned = NOW,
		.now = NOW,
	};
	*state = scene;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *scene = *state;

	policy_free(scene->policy);
	free(scene);
	return 0;
}

/* One change to the scene and what the row of one check must say then. */
struct turn {
	const char *name;
	void (*change)(struct scene *scene);
	enum check check;
	enum check_state state;
	const char *measured; /* parts of the texts, or NULL */
	const char *detail;
};

static void
no_change(struct scene *s)
{
	(void)s;
}

static void
no_baseline(struct scene *s)
{
	s->input.before = NULL;
}

static void
unmatched(struct scene *s)
{
	s->before.matched = false;
	s->gap = (struct gap){SPAN("debian 13"), SPAN("no advisories for this release")};
	s->before.gaps = (struct gap_list){&s->gap, 1};
}

static void
after_unmatched(struct scene *s)
{
	s->after.matched = false;
}

static void
old_database(struct scene *s)
{
	s->before.database.built = NOW - 9 * DAY;
}

static void
future_database(struct scene *s)
{
	s->before.database.built = NOW + DAY;
}

static void
two_databases(struct scene *s)
{
	s->after.database.digest = SPAN("sha256:2");
}

static void
no_rescan(struct scene *s)
{
	s->input.after = NULL;
}

static void
just_enough(struct scene *s)
{
	set_counts(&s->before, 10, 10);
	set_counts(&s->after, 3, 3);
}

static void
too_little(struct scene *s)
{
	set_counts(&s->before, 10000, 10);
	set_counts(&s->after, 3001, 3);
	s->after.findings.fixable = 7;
	s->items[0].component = 1;
	s->items[1].component = 1;
	s->items[2].component = 0;
	s->items[3] = (struct finding){.component = 0, .status = FINDING_UNDETERMINED};
	s->after.count = 4;
}

static void
distinct_decides(struct scene *s)
{
	too_little(s);
	s->policy->reduction_count = COUNT_DISTINCT;
}

static void
more_than_before(struct scene *s)
{
	set_counts(&s->after, 413, 40);
}

static void
nothing_to_reduce(struct scene *s)
{
	set_counts(&s->before, 0, 0);
	set_counts(&s->after, 0, 0);
}

static void
from_nothing_to_some(struct scene *s)
{
	set_counts(&s->before, 0, 0);
}

static void
unmatched_and_empty(struct scene *s)
{
	nothing_to_reduce(s);
	s->before.matched = false;
}

static void
no_profile(struct scene *s)
{
	s->input.profile = NULL;
}

static void
failed_load(struct scene *s)
{
	s->profile.complete = false;
	s->phases[1].passed = false;
	s->phases[1].status = 127;
}

static void
incomplete_is_fine(struct scene *s)
{
	failed_load(s);
	s->profile.narrow = true;
	s->policy->profile_complete = false;
}

static void
lost_records(struct scene *s)
{
	s->profile.complete = false;
	s->gap = (struct gap){SPAN("/data"), SPAN("a volume is outside the view")};
	s->profile.gaps = (struct gap_list){&s->gap, 1};
}

static void
risk_shown(struct scene *s)
{
	static const struct confidence known = {
		.estimable = true, .repetitions = 5, .samples = 4, .risk = 0.5271291954984121};

	s->input.confidence = &known;
}

static void
risk_unknown(struct scene *s)
{
	static const struct confidence unknown = {
		.why_not = SPAN_INIT("load browse ran once: repeat it"), .repetitions = 1};

	s->input.confidence = &unknown;
}

static void
risk_too_high(struct scene *s)
{
	risk_shown(s);
	s->policy->profile_risk_limited = true;
	s->policy->profile_risk_max = 0.527;
}

static void
risk_low_enough(struct scene *s)
{
	risk_too_high(s);
	s->policy->profile_risk_max = 0.528;
}

static void
risk_asked_for_and_unknown(struct scene *s)
{
	risk_unknown(s);
	s->policy->profile_risk_limited = true;
	s->policy->profile_risk_max = 1;
}

static void
risk_asked_for_and_not_taken(struct scene *s)
{
	s->policy->profile_risk_limited = true;
	s->policy->profile_risk_max = 1;
}

static void
narrow(struct scene *s)
{
	s->profile.narrow = true;
}

static void
short_run(struct scene *s)
{
	s->profile.duration_ms = 29999;
}

static void
stale(struct scene *s)
{
	s->profile.started = NOW - 31 * DAY;
}

static void
no_suite(struct scene *s)
{
	s->input.suite = NULL;
}

static void
no_tests_declared(struct scene *s)
{
	s->input.suite = NULL;
	s->service.test_count = 0;
}

static void
failed_case(struct scene *s)
{
	s->cases[1].state = CASE_FAILED;
	s->cases[1].message = SPAN("expected 200");
	s->suite.passed = 1;
	s->suite.failed = 1;
}

static void
rounds_are_up(struct scene *s)
{
	failed_case(s);
	for (size_t i = 0; i < 5; i++)
		s->wanted[i] = (struct extension_wanted){SPAN("/usr/lib/libx.so"), SPAN("app"),
							 SPAN("api"), PHASE_TEST, false};
	s->extension.wanted_count = 5;
	s->extension.end = EXTENSION_LIMIT;
}

static void
kept_out(struct scene *s)
{
	rounds_are_up(s);
	s->wanted[0].dropped = true;
	s->wanted[0].kind = PHASE_STARTUP;
	s->wanted[0].program = SPAN("");
	s->extension.wanted_count = 1;
	s->extension.end = EXTENSION_STUCK;
}

static void
nothing_wanted(struct scene *s)
{
	failed_case(s);
	s->extension.end = EXTENSION_STUCK;
}

static void
may_not_extend(struct scene *s)
{
	rounds_are_up(s);
	s->extension.end = EXTENSION_OFF;
}

static void
only_on_the_view(struct scene *s)
{
	failed_case(s);
	s->extension.end = EXTENSION_PASSED;
}

static void
cannot_test(struct scene *s)
{
	s->input.suite = NULL;
	s->input.untested = SPAN("cannot make namespaces");
}

static void
on_the_built_one(struct scene *s)
{
	s->input.built = &s->built;
}

static void
on_another_image(struct scene *s)
{
	s->input.built = &s->built;
	digest_of(SPAN("another"), &s->run.image);
}

static void
on_a_view(struct scene *s)
{
	s->input.built = &s->built;
	s->run.recorder = SPAN("lens");
}

static void
not_started(struct scene *s)
{
	s->suite.started = false;
	s->suite.passed = 0;
	s->suite.start_error = SPAN("exited with status 127");
}

static void
only_skipped(struct scene *s)
{
	s->suite.passed = 0;
	s->suite.skipped = 2;
}

static void
a_shell(struct scene *s)
{
	s->shell[0] = (struct shell){0, SHELL_SHELL, SHELL_BY_CONTENT, SPAN("dash")};
	s->shell[1] = (struct shell){1, SHELL_INTERPRETER, SHELL_BY_NAME, SPAN("perl")};
	s->shells.count = 2;
	s->shells.shell_count = 1;
}

static void
a_shell_behind_init(struct scene *s)
{
	static struct span words[] = {SPAN_INIT("/sbin/tini"), SPAN_INIT("/start.sh")};
	static struct image image = {.config = {.entrypoint = {words, 2}}};

	a_shell(s);
	s->service.entrypoint = ENTRYPOINT_AUTO;
	s->input.hardened = &image;
}

static void
an_interpreter(struct scene *s)
{
	s->shell[0] = (struct shell){1, SHELL_INTERPRETER, SHELL_BY_NAME, SPAN("perl")};
	s->shells.count = 1;
}

static void
unreadable_executable(struct scene *s)
{
	s->gap = (struct gap){SPAN("/usr/bin/odd"), SPAN("cannot be read")};
	s->shells.gaps = (struct gap_list){&s->gap, 1};
}

static void
not_searched(struct scene *s)
{
	s->input.shells = NULL;
}

static void
sbom_required(struct scene *s)
{
	s->policy->required[CHECK_SBOM] = true;
	s->policy->required[CHECK_SIGNATURE] = true;
}

/* All of it: signed, the hardening and both bills attested. */
static void
proven(struct scene *s)
{
	static const char *const types[] = {PROOF_HARDENING, PROOF_SPDX "/v2.3", PROOF_CYCLONEDX};

	sbom_required(s);
	s->key = SPAN("hint");
	s->proof = (struct proof){.reference = SPAN("registry/shop:1"),
				  .documents = s->documents,
				  .count = 4,
				  .keys = {&s->key, 1},
				  .is_signed = true,
				  .signers = 1,
				  .attested = NOW - DAY};
	s->documents[0] = (struct proof_document){.kind = PROOF_SIGNATURE, .passed = true};
	for (size_t i = 0; i < 3; i++)
		s->documents[i + 1] =
			(struct proof_document){.kind = PROOF_ATTESTATION,
						.passed = true,
						.place = SPAN("tag .att, layer 1"),
						.predicate_type = span_from(types[i])};
	s->input.proof = &s->proof;
}

static void
proof_not_signed(struct scene *s)
{
	proven(s);
	s->proof.is_signed = false;
	s->proof.why_not = SPAN("0 of 1 keys signed it, and 1 must");
}

static void
proof_not_attested(struct scene *s)
{
	proven(s);
	s->documents[1].passed = false;
	s->documents[1].text = SPAN("it is of another image");
}

static void
proof_old(struct scene *s)
{
	proven(s);
	s->policy->signature_age_max_ms = (DAY - 1) * 1000ULL;
}

static void
proof_from_the_future(struct scene *s)
{
	proof_old(s);
	s->proof.attested = NOW + 1;
}

static void
proof_young_enough(struct scene *s)
{
	proof_old(s);
	s->policy->signature_age_max_ms += 1000;
}

static void
proof_without_keys(struct scene *s)
{
	proven(s);
	s->proof.keys.count = 0;
	s->input.unproven = SPAN("no key: name one");
}

static void
proof_stored_only(struct scene *s)
{
	proof_without_keys(s);
	s->proof.count = 3;
	s->stored = SPAN(PROOF_ARTIFACT_CYCLONEDX);
	s->proof.stored = (struct span_list){&s->stored, 1};
}

static void
proof_lacks_a_format(struct scene *s)
{
	proven(s);
	s->proof.count = 3;
	s->gap = (struct gap){SPAN("referrer sha256:1"), SPAN("the bytes do not match")};
	s->proof.gaps = (struct gap_list){&s->gap, 1};
}

static void
shell_optional(struct scene *s)
{
	a_shell(s);
	s->policy->required[CHECK_SHELL] = false;
}

static void
add_waiver(struct scene *s, enum check check, struct span service, int64_t expires)
{
	s->waivers[s->policy->waiver_count++] =
		(struct waiver){check, service, SPAN("r"), SPAN("ann"), expires};
}

static void
waived(struct scene *s)
{
	a_shell(s);
	add_waiver(s, CHECK_SHELL, SPAN("legacy-*"), NOW - DAY);
	add_waiver(s, CHECK_SHELL, SPAN("legacy-*"), NOW + 1);
}

static void
waiver_expired(struct scene *s)
{
	a_shell(s);
	add_waiver(s, CHECK_SHELL, SPAN("*"), NOW);
}

static void
waiver_for_others(struct scene *s)
{
	a_shell(s);
	add_waiver(s, CHECK_SHELL, SPAN("shop"), NOW + DAY);
	add_waiver(s, CHECK_TESTS, SPAN("*"), NOW + DAY);
}

static void
waived_not_done(struct scene *s)
{
	sbom_required(s);
	add_waiver(s, CHECK_SBOM, SPAN("legacy-shop"), NOW + DAY);
}

static const struct turn turns[] = {
	{"all good", no_change, CHECK_BASELINE, CHECK_PASS, "412 findings (0 critical, 412 high",
	 ""},
	{"no baseline", no_baseline, CHECK_BASELINE, CHECK_NOT_DONE, "not done", "mohs scan"},
	{"unmatched", unmatched, CHECK_BASELINE, CHECK_FAIL, "nothing matched",
	 "debian 13: no advisories for this release"},
	{"old database", old_database, CHECK_BASELINE, CHECK_FAIL, "9 days old", "mohs db update"},
	{"future database", future_database, CHECK_BASELINE, CHECK_PASS, "0 ms old", ""},

	{"reduced", no_change, CHECK_REDUCTION, CHECK_PASS,
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

	{"profile", no_change, CHECK_PROFILE, CHECK_PASS,
	 "120 paths used in 45.0 s; 1 load, 0 tests", ""},
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

	{"tests", no_change, CHECK_TESTS, CHECK_PASS, "2 passed, 0 failed, 0 skipped", ""},
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

	{"no shell", no_change, CHECK_SHELL, CHECK_PASS, "0 shells, 0 interpreters", ""},
	{"interpreter", an_interpreter, CHECK_SHELL, CHECK_PASS, "0 shells, 1 interpreter", ""},
	{"shell", a_shell, CHECK_SHELL, CHECK_FAIL, "1 shell, 1 interpreter", "dash"},
	{"shell, kept start", a_shell, CHECK_SHELL, CHECK_FAIL, "1 shell",
	 "entrypoint: auto replaces"},
	{"shell, init", a_shell_behind_init, CHECK_SHELL, CHECK_FAIL, "1 shell",
	 "begins with /sbin/tini"},
	{"unreadable", unreadable_executable, CHECK_SHELL, CHECK_FAIL, NULL, "/usr/bin/odd"},
	{"not searched", not_searched, CHECK_SHELL, CHECK_NOT_DONE, NULL, "not searched"},

	{"signature optional", no_change, CHECK_SIGNATURE, CHECK_OPTIONAL, "not done", "sign"},
	{"signature", sbom_required, CHECK_SIGNATURE, CHECK_NOT_DONE, "not done", "sign"},
	{"sbom", sbom_required, CHECK_SBOM, CHECK_NOT_DONE, "not done", "not stored"},
	{"signed", proven, CHECK_SIGNATURE, CHECK_PASS,
	 "signed by 1 of 1 key; 3 attestations; read back from registry/shop:1", ""},
	{"not signed", proof_not_signed, CHECK_SIGNATURE, CHECK_FAIL, NULL, "0 of 1 keys"},
	{"not attested", proof_not_attested, CHECK_SIGNATURE, CHECK_FAIL, "2 attestations",
	 "the hardening is not attested by the keys given; tag .att, layer 1: it is of another"},
	{"old", proof_old, CHECK_SIGNATURE, CHECK_FAIL, NULL, "attested more than"},
	{"to come", proof_from_the_future, CHECK_SIGNATURE, CHECK_FAIL, NULL, "attested more than"},
	{"young", proof_young_enough, CHECK_SIGNATURE, CHECK_PASS, NULL, ""},
	{"no key", proof_without_keys, CHECK_SIGNATURE, CHECK_NOT_DONE, "not done", "no key"},
	{"sboms", proven, CHECK_SBOM, CHECK_PASS, "spdx attested; cyclonedx attested; read back",
	 ""},
	{"sbom stored", proof_stored_only, CHECK_SBOM, CHECK_PASS,
	 "spdx attested; cyclonedx stored, not signed", ""},
	{"sbom lacking", proof_lacks_a_format, CHECK_SBOM, CHECK_FAIL, "spdx attested",
	 "no cyclonedx document beside the image that can be trusted; referrer sha256:1: the "
	 "bytes"},
	{"shell optional", shell_optional, CHECK_SHELL, CHECK_OPTIONAL, "1 shell", "dash"},
	{"waived", waived, CHECK_SHELL, CHECK_WAIVED, "1 shell", "dash"},
	{"waiver expired", waiver_expired, CHECK_SHELL, CHECK_FAIL, NULL,
	 "the waiver by ann expired on 1972-09-26"},
	{"waiver for others", waiver_for_others, CHECK_SHELL, CHECK_FAIL, NULL, NULL},
	{"waived, not done", waived_not_done, CHECK_SBOM, CHECK_WAIVED, "not done", NULL},
};

static bool
says(struct span text, const char *part)
{
	if (!part)
		return true;
	return part[0] == '\0' ? text.n == 0 : span_contains(text, span_from(part));
}

/* What the verdict as a whole must be, from its rows. */
static bool
rows_pass(const struct verdict *verdict)
{
	for (enum check i = 0; i < CHECKS; i++) {
		if (verdict->rows[i].state == CHECK_FAIL ||
		    verdict->rows[i].state == CHECK_NOT_DONE)
			return false;
	}
	return true;
}

static void
every_state(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		const struct turn *turn = &turns[i];
		CLEANUP(verdict_cleanup) struct verdict *verdict = NULL;
		void *state;

		setup(&state);
		struct scene *scene = state;
		turn->change(scene);
		assert_good(verdict_judge(&scene->input, scene->policy, &verdict, err));
		const struct verdict_row *row = &verdict->rows[turn->check];
		if (row->state != turn->state || !says(row->measured, turn->measured) ||
		    !says(row->detail, turn->detail))
			fail_msg("%s, %s: %s \"%.*s\" \"%.*s\"", turn->name,
				 check_name(turn->check), check_state_name(row->state),
				 SPAN_ARG(row->measured), SPAN_ARG(row->detail));
		assert_int_equal(row->waiver != NULL, turn->state == CHECK_WAIVED);
		assert_int_equal(verdict->passed, rows_pass(verdict));
		assert_int_equal(verdict->passed, turn->state != CHECK_FAIL &&
							  turn->state != CHECK_NOT_DONE &&
							  rows_pass(verdict));
		teardown(&state);
	}
}

static void
nothing_measured_fails(void **state)
{
	struct scene *scene = *state;
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
	struct scene *scene = *state;
	CLEANUP(verdict_cleanup) struct verdict *verdict = NULL;

	assert_good(verdict_judge(&scene->input, scene->policy, &verdict, err));
	assert_true(verdict->passed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state),
		cmocka_unit_test_setup_teardown(nothing_measured_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(a_whole_run_passes, setup, teardown),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
