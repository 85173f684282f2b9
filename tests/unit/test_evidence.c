/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "document.h"
#include "hardened.h"

#include "base/cleanup.h"
#include "codec/evidence_json.h"
#include "codec/json.h"
#include "codec/policy_yaml.h"
#include "codec/predicates.h"
#include "stage/verdict.h"

#include <math.h>
#include <stdlib.h>

/* A run with something in every record. */
struct scene {
	struct arena *arena;
	struct fixture fixture;
	struct plan *plan;
	struct policy *policy;
	struct verdict *verdict;
	struct service service;
	struct waiver waiver;
	struct inventory inventory;
	struct component components[2];
	struct plan_component fates[2];
	struct findings before;
	struct findings after;
	struct finding items[2];
	struct profile profile;
	struct profile_phase phase;
	struct profile_path paths[3];
	struct shells shells;
	struct shell shell;
	struct suite suite;
	struct suite_case one;
	struct profile run;
	struct profile_missing missing[2];
	struct profile_extended added;
	struct extension_wanted wanted;
	struct extension_round round;
	struct suite round_suite;
	struct extension extension;
	struct gap gap;
	struct evidence evidence;
	struct risk risk;
	struct risks risks;
	struct confidence confidence;
};

static void
fill_inventory(struct scene *scene)
{
	const struct image *image = scene->fixture.image;

	scene->components[0] = (struct component){
		.ecosystem = SPAN("dpkg"), .name = SPAN("login"), .version = SPAN("1:4.13")};
	scene->components[1] = (struct component){
		.ecosystem = SPAN("dpkg"), .name = SPAN("bad\xff"), .version = SPAN("1")};
	scene->inventory.os = (struct os_identity){.known = true, .pretty_name = SPAN("Debian 12")};
	scene->inventory.components = scene->components;
	scene->inventory.component_count = 2;
	scene->inventory.owner_count = image->entry_count;
	scene->inventory.owners = arena_array(scene->arena, image->entry_count, sizeof(uint32_t));
	for (size_t i = 0; i < image->entry_count; i++)
		scene->inventory.owners[i] = COMPONENT_NONE;
	scene->inventory.owners[image_find(image, SPAN("/usr/bin/su"))] = 0;
	scene->inventory.owners[image_find(image, SPAN("/usr/bin/ping"))] = 1;
	scene->fates[0] =
		(struct plan_component){FATE_KEPT, 1, 3, image_find(image, SPAN("/usr/bin/su"))};
	scene->fates[1] = (struct plan_component){FATE_REMOVED, 0, 2, IMAGE_NONE};
	scene->plan->components = scene->fates;
	scene->plan->component_count = 2;
}

static void
fill_findings(struct scene *scene)
{
	scene->items[0] = (struct finding){
		.id = SPAN("CVE-2026-1"), .severity = SEVERITY_HIGH, .score = 7.5, .epss = -1};
	scene->items[1] = (struct finding){
		.component = 1, .id = SPAN("CVE-2026-2"), .score = (double)NAN, .epss = 0.25};
	scene->before = (struct findings){.items = scene->items,
					  .count = 2,
					  .findings = {.total = 4, .by_severity = {1, 0, 0, 0, 3}},
					  .distinct = {.total = 2},
					  .matched = true,
					  .database = {SPAN("sha256:1"), 86400, 9}};
	scene->after = scene->before;
	scene->after.count = 1;
	scene->after.findings.total = 1;
	scene->gap = (struct gap){SPAN("/etc/x"), SPAN("cannot be read")};
	scene->after.gaps = (struct gap_list){&scene->gap, 1};
}

static void
fill_runs(struct scene *scene)
{
	scene->phase = (struct profile_phase){.kind = PHASE_LOAD,
					      .repetition = 1,
					      .name = SPAN("browse"),
					      .duration_ms = 5000,
					      .passed = true};
	scene->paths[0] = (struct profile_path){.path = SPAN("/usr/bin/su"), .use = USE_READ};
	scene->paths[1] = (struct profile_path){.path = SPAN("/usr/bin/ping"), .use = USE_LOOKUP};
	scene->paths[2] = (struct profile_path){.path = SPAN("/gone"), .use = USE_READ};
	scene->profile = (struct profile){.recorder = SPAN("lens"),
					  .tool = SPAN("mohs"),
					  .phases = &scene->phase,
					  .phase_count = 1,
					  .paths = scene->paths,
					  .path_count = 3,
					  .complete = true,
					  .duration_ms = 45000,
					  .started = 86400,
					  .runs = 1};
	scene->shell = (struct shell){image_find(scene->fixture.image, SPAN("/usr/bin/su")),
				      SHELL_SHELL, SHELL_BY_CONTENT, SPAN("dash")};
	scene->shells = (struct shells){.items = &scene->shell, .count = 1, .shell_count = 1};
	scene->one = (struct suite_case){SPAN("api"), SPAN("login"), CASE_PASSED, SPAN(""), 0.5};
	scene->suite =
		(struct suite){.cases = &scene->one, .count = 1, .passed = 1, .started = true};
}

static void
fill_extension(struct scene *scene)
{
	scene->run = (struct profile){.recorder = SPAN("none")};
	scene->suite.run = &scene->run;
	scene->round_suite = scene->suite;
	scene->round_suite.run = &scene->profile;
	scene->missing[0] = (struct profile_missing){SPAN("/usr/x"), SPAN("app"), 0, true};
	scene->missing[1] = (struct profile_missing){SPAN("/usr/y"), SPAN("app"), 0, false};
	scene->profile.missing = scene->missing;
	scene->profile.missing_count = 2;
	scene->added = (struct profile_extended){.path = SPAN("/usr/x"),
						 .program = SPAN("app"),
						 .phase = SPAN("api"),
						 .kind = PHASE_TEST,
						 .round = 2};
	scene->wanted = (struct extension_wanted){SPAN("/usr/z"), SPAN(""), SPAN("startup"),
						  PHASE_STARTUP, true};
	scene->round = (struct extension_round){.learning = true,
						.suite = &scene->round_suite,
						.added = &scene->added,
						.added_count = 1};
	scene->extension = (struct extension){.max_rounds = 5,
					      .end = EXTENSION_LIMIT,
					      .why = SPAN(""),
					      .rounds = &scene->round,
					      .round_count = 1,
					      .wanted = &scene->wanted,
					      .wanted_count = 1};
}

static int
setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	scene->arena = arena_new(0);
	assert_good(hardened_make(&scene->fixture, &scene->plan, err));
	assert_good(policy_default(&scene->policy, err));
	fill_inventory(scene);
	fill_findings(scene);
	fill_runs(scene);
	fill_extension(scene);
	scene->service = (struct service){.name = SPAN("shop"), .team = SPAN("web")};
	scene->waiver =
		(struct waiver){CHECK_SHELL, SPAN("*"), SPAN("old"), SPAN("ann"), 9 * 86400};
	scene->policy->waivers = &scene->waiver;
	scene->policy->waiver_count = 1;
	struct verdict_input input = {.service = &scene->service,
				      .before = &scene->before,
				      .after = &scene->after,
				      .profile = &scene->profile,
				      .suite = &scene->suite,
				      .shells = &scene->shells,
				      .scanned = 2 * 86400,
				      .now = 2 * 86400};
	assert_good(verdict_judge(&input, scene->policy, &scene->verdict, err));
	scene->risk = (struct risk){image_find(scene->fixture.image, SPAN("/usr/bin/ping")),
				    image_find(scene->fixture.image, SPAN("/usr/bin/su")),
				    RISK_LIBRARY, 1};
	scene->risks = (struct risks){.items = &scene->risk, .count = 1, .found = 1};
	scene->confidence = (struct confidence){.estimable = true,
						.repetitions = 5,
						.samples = 4,
						.observed = 3,
						.coverage = 0.8,
						.risk = 0.9,
						.unseen = 1.5};
	scene->evidence = (struct evidence){
		.confidence = &scene->confidence,
		.risks = &scene->risks,
		.tool = SPAN("mohs 0.1.0"),
		.created = 2 * 86400,
		.host = {SPAN("6.1"), SPAN("x86_64"), SPAN("Debian"), SPAN("runc")},
		.service = &scene->service,
		.policy = scene->policy,
		.before = {scene->fixture.image, &scene->inventory, &scene->before},
		.after = {scene->fixture.image, &scene->inventory, &scene->after},
		.profile = &scene->profile,
		.plan = scene->plan,
		.shells = &scene->shells,
		.suite = &scene->suite,
		.extension = &scene->extension,
		.verdict = scene->verdict,
	};
	*state = scene;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *scene = *state;

	verdict_free(scene->verdict);
	policy_free(scene->policy);
	plan_free(scene->plan);
	fixture_free(&scene->fixture);
	arena_free(scene->arena);
	free(scene);
	return 0;
}

static void
everything_is_in_it(void **state)
{
	struct scene *scene = *state;
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct span text;
	struct span again;

	assert_good(evidence_write(&scene->evidence, scene->arena, &text, err));
	assert_good(evidence_write(&scene->evidence, scene->arena, &again, err));
	assert_true(span_equal(text, again));
	assert_good(json_parse(text, &json, err));
	assert_string_equal(json_string_value(document_get(json, "schema")), EVIDENCE_SCHEMA);
	assert_string_equal(json_string_value(document_get(json, "created")),
			    "1970-01-03T00:00:00Z");
	assert_int_equal(
		json_integer_value(document_get(json, "inventory.before.by_ecosystem.dpkg")), 2);
	assert_string_equal(json_string_value(document_get(json, "inventory.components.0.because")),
			    "/usr/bin/su");
	assert_string_equal(json_string_value(document_get(json, "inventory.components.1.fate")),
			    "removed");
	assert_true(json_real_value(document_get(json, "findings.reduction.findings.ratio")) ==
		    0.75);
	assert_true(json_is_null(document_get(json, "findings.before.items.1.score")));
	assert_string_equal(
		json_string_value(document_get(json, "findings.before.items.0.package")), "login");
	assert_int_equal(json_array_size(document_get(json, "profile.binaries")), 1);
	assert_string_equal(json_string_value(document_get(json, "profile.packages.0")), "login");
	assert_string_equal(json_string_value(document_get(json, "verdict.checks.4.state")),
			    "waived");
	assert_string_equal(
		json_string_value(document_get(json, "verdict.checks.4.waiver.approved_by")),
		"ann");
	assert_true(json_is_false(document_get(json, "verdict.passed")));
	assert_string_equal(json_string_value(document_get(json, "gaps.0.step")), "rescan");
	assert_int_equal(json_array_size(document_get(json, "gaps")), 1);
}

#define EVIDENCE  "data/schema/evidence.json"
#define HARDENING "data/schema/hardening.json"

static void
rounds_are_told(void **state)
{
	struct scene *scene = *state;
	CLEANUP(json_cleanup) json_t *json = NULL;
	CLEANUP(json_cleanup) json_t *without = NULL;
	struct span text;

	assert_good(evidence_write(&scene->evidence, scene->arena, &text, err));
	assert_good(json_parse(text, &json, err));
	assert_string_equal(json_string_value(document_get(json, "extension.mode")), "on-failure");
	assert_string_equal(json_string_value(document_get(json, "extension.end")), "limit");
	assert_true(json_is_true(document_get(json, "extension.rounds.0.learning")));
	assert_string_equal(
		json_string_value(document_get(json, "extension.rounds.0.added.0.path")), "/usr/x");
	assert_string_equal(
		json_string_value(document_get(json, "extension.rounds.0.added.0.phase")), "api");
	assert_int_equal(json_integer_value(document_get(json, "extension.rounds.0.added.0.round")),
			 2);
	assert_int_equal(
		json_array_size(document_get(json, "extension.rounds.0.tests.removed_and_missed")),
		1);
	assert_string_equal(json_string_value(document_get(json, "extension.wanted.0.kind")),
			    "startup");
	assert_string_equal(json_string_value(document_get(json, "tests.recorder")), "none");
	assert_true(json_is_null(document_get(json, "tests.removed_and_missed")));

	scene->evidence.suite = NULL;
	scene->evidence.untested = SPAN("no room");
	assert_good(evidence_write(&scene->evidence, scene->arena, &text, err));
	assert_good(json_parse(text, &without, err));
	assert_true(json_is_null(document_get(without, "tests")));
	assert_string_equal(json_string_value(document_get(without, "gaps.1.text")), "no room");
	assert_int_equal(document_validate(scene->arena, EVIDENCE, text) % 77, 0);
}

static void
what_was_not_done_is_null(void **state)
{
	static const char *const parts[] = {"service",
					    "profile",
					    "plan",
					    "shells",
					    "tests",
					    "extension",
					    "verdict",
					    "image.before",
					    "findings.after",
					    "findings.reduction",
					    "inventory.components"};
	struct scene *scene = *state;
	struct evidence nothing = {.tool = SPAN("mohs")};
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct span text;

	assert_good(evidence_write(&nothing, scene->arena, &text, err));
	assert_good(json_parse(text, &json, err));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		assert_true(json_is_null(document_get(json, parts[i])));
}

static void
strangers_are_refused(void **state)
{
	struct scene *scene = *state;
	struct span text;

	scene->plan->component_count = 1;
	assert_fails(ERR_MISMATCH, evidence_write(&scene->evidence, scene->arena, &text, err));
	scene->plan->component_count = 2;
	scene->inventory.owner_count--;
	assert_fails(ERR_MISMATCH, evidence_write(&scene->evidence, scene->arena, &text, err));
}

static void
the_schema_agrees(void **state)
{
	struct scene *scene = *state;
	struct evidence nothing = {.tool = SPAN("mohs")};
	struct span text;

	assert_good(evidence_write(&scene->evidence, scene->arena, &text, err));
	int status = document_validate(scene->arena, EVIDENCE, text);
	if (status == DOCUMENT_NO_JUDGE) {
		print_message("python3-jsonschema is not installed\n");
		skip();
	}
	assert_int_equal(status, 0);
	assert_non_null(strstr(text.p, "\"via\": \"/usr/bin/su\""));
	assert_good(evidence_write(&nothing, scene->arena, &text, err));
	assert_int_equal(document_validate(scene->arena, EVIDENCE, text), 0);
	scene->confidence = (struct confidence){.why_not = SPAN("no load was run")};
	assert_good(evidence_write(&scene->evidence, scene->arena, &text, err));
	assert_int_equal(document_validate(scene->arena, EVIDENCE, text), 0);
	scene->evidence.tool = SPAN("");
	scene->profile.recorder = SPAN("\xc3\xa4\xff");
	assert_good(evidence_write(&scene->evidence, scene->arena, &text, err));
	assert_int_equal(document_validate(scene->arena, EVIDENCE, text), 0);
	assert_int_equal(document_validate(scene->arena, EVIDENCE, SPAN("{\"schema\":\"other\"}")),
			 1);
}

static struct span
predicate_text(struct scene *scene, const struct evidence *evidence)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct predicate_context context = {.evidence = evidence};
	struct span text;

	assert_good(predicate_make(predicate_find(SPAN("hardening")), &context, &json, err));
	assert_non_null(json);
	assert_good(json_text(json, true, scene->arena, &text, err));
	return text;
}

static void
the_predicate_tells_counts_and_scope(void **state)
{
	struct scene *scene = *state;
	CLEANUP(json_cleanup) json_t *json = NULL;

	scene->profile.last_new_path_ms = 4200;
	scene->phase.command = SPAN("login --password hunter2");
	struct gap gaps[] = {{SPAN("browse"), SPAN("status 1: hunter2 refused")},
			     {SPAN("startup"), SPAN("it ended: hunter2 is no password")},
			     {SPAN("mounts"), SPAN("outside the view")}};
	scene->profile.gaps = (struct gap_list){gaps, 3};
	scene->suite.gaps = (struct gap_list){gaps, 2};
	struct span text = predicate_text(scene, &scene->evidence);
	assert_false(span_contains(text, SPAN("hunter2")));
	assert_false(span_contains(text, SPAN("CVE-2026-1")));
	assert_good(json_parse(text, &json, err));
	assert_int_equal(
		json_integer_value(document_get(json, "vulnerabilities.before.findings.high")), 3);
	assert_int_equal(
		json_integer_value(document_get(json, "vulnerabilities.before.findings.total")), 4);
	assert_int_equal(
		json_integer_value(document_get(json, "vulnerabilities.after.findings.total")), 1);
	assert_true(json_real_value(document_get(
			    json, "vulnerabilities.reduction.findings.ratio")) == 0.75);
	assert_true(json_real_value(
			    document_get(json, "vulnerabilities.reduction.distinct.ratio")) == 0);
	assert_string_equal(
		json_string_value(document_get(json, "vulnerabilities.after.database.digest")),
		"sha256:1");
	assert_string_equal(json_string_value(document_get(json, "profile.loads.0")), "browse");
	assert_string_equal(json_string_value(document_get(json, "profile.recorder")), "lens");
	assert_string_equal(json_string_value(document_get(json, "profile.binaries.0")),
			    "/usr/bin/su");
	assert_string_equal(json_string_value(document_get(json, "profile.packages.0")), "login");
	assert_int_equal(json_integer_value(document_get(json, "profile.phases.0.duration_ms")),
			 5000);
	assert_int_equal(json_integer_value(document_get(json, "profile.phases.0.repetition")), 1);
	assert_true(json_real_value(document_get(json, "confidence.risk")) == 0.9);
	assert_true(json_is_null(document_get(json, "confidence.unseen.high")));
	assert_int_equal(json_integer_value(document_get(json, "at_risk.found")), 1);
	assert_int_equal(json_integer_value(document_get(json, "at_risk.by_reason.library")), 1);
	assert_int_equal(json_object_size(document_get(json, "at_risk")), 2);
	assert_int_equal(json_integer_value(document_get(json, "profile.last_new_path_ms")), 4200);
	assert_string_equal(json_string_value(document_get(json, "tool")), "mohs 0.1.0");
	assert_int_equal(json_object_size(document_get(json, "image.before")), 4);
	assert_string_equal(json_string_value(document_get(json, "gaps.0.text")), "cannot be read");
	assert_string_equal(document_text(json, "gaps.1.subject"), "browse");
	assert_string_equal(document_text(json, "gaps.3.text"), "outside the view");
	assert_int_equal(json_array_size(document_get(json, "gaps")), 6);
	scene->inventory.owner_count--;
	json_t *none = NULL;
	struct predicate_context context = {.evidence = &scene->evidence};
	assert_fails(ERR_MISMATCH,
		     predicate_make(predicate_find(SPAN("hardening")), &context, &none, err));
}

static void
the_predicate_schema_agrees(void **state)
{
	struct scene *scene = *state;
	struct built built = {.reference = SPAN("oci:x")};
	struct evidence little = {.tool = SPAN("mohs"), .built = &built};
	int status =
		document_validate(scene->arena, HARDENING, predicate_text(scene, &scene->evidence));

	if (status == DOCUMENT_NO_JUDGE) {
		print_message("python3-jsonschema is not installed\n");
		return; /* cmocka reports skip() as a failure in TAP */
	}
	assert_int_equal(status, 0);
	assert_int_equal(document_validate(scene->arena, HARDENING, predicate_text(scene, &little)),
			 0);
	assert_int_equal(document_validate(scene->arena, HARDENING, SPAN("{}")), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything_is_in_it, setup, teardown),
		cmocka_unit_test_setup_teardown(rounds_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_not_done_is_null, setup, teardown),
		cmocka_unit_test_setup_teardown(strangers_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(the_schema_agrees, setup, teardown),
		cmocka_unit_test_setup_teardown(the_predicate_tells_counts_and_scope, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_predicate_schema_agrees, setup, teardown),
	};

	return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
