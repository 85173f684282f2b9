/* SPDX-License-Identifier: Apache-2.0 */
/* What a hardening attestation claims is what was attested, and nothing else is taken for it. */
#include "test.h"

#include "base/cleanup.h"
#include "codec/hardening_claims.h"
#include "codec/policy_yaml.h"
#include "codec/predicates.h"
#include "hardened.h"
#include "pipeline/verifying.h"
#include "stage/verdict.h"

#include <stdlib.h>
#include <string.h>

enum { DAY = 86400, NOW = 1000 * DAY };

struct scene {
	struct arena *arena;
	struct fixture fixture;
	struct plan *plan;
	struct policy *policy;
	struct service service;
	struct inventory inventory;
	struct component component;
	struct findings before;
	struct findings after;
	struct finding items[4];
	struct profile profile;
	struct profile_phase phases[2];
	struct suite suite;
	struct suite_case one;
	struct profile run;
	struct shells shells;
	struct shell shell[2];
	struct gap gaps[3];
	struct evidence evidence;
	json_t *predicate;
};

static void
fill_findings(struct scene *s)
{
	for (size_t i = 0; i < 4; i++)
		s->items[i] = (struct finding){.id = SPAN("CVE-2026-1"),
					       .severity = SEVERITY_HIGH,
					       .score = -1,
					       .epss = -1};
	s->before = (struct findings){.items = s->items,
				      .count = 4,
				      .findings = {.total = 40, .fixable = 3, .exploited = 1},
				      .distinct = {.total = 20},
				      .undetermined = 2,
				      .matched = true,
				      .database = {SPAN("sha256:1"), NOW - 2 * DAY, 9}};
	s->before.findings.by_severity[SEVERITY_HIGH] = 38;
	s->before.findings.by_severity[SEVERITY_LOW] = 2;
	s->before.distinct.by_severity[SEVERITY_UNKNOWN] = 20;
	s->after = s->before;
	s->after.findings.total = s->after.findings.by_severity[SEVERITY_HIGH] = 5;
	s->after.findings.by_severity[SEVERITY_LOW] = 0;
	s->after.count = 1;
	s->gaps[0] = (struct gap){SPAN("libx"), SPAN("its version cannot be compared")};
	s->after.gaps = (struct gap_list){&s->gaps[0], 1};
}

static void
fill_runs(struct scene *s)
{
	s->phases[0] = (struct profile_phase){
		.kind = PHASE_STARTUP, .name = SPAN("startup"), .duration_ms = 300, .passed = true};
	s->phases[1] = (struct profile_phase){.kind = PHASE_LOAD,
					      .name = SPAN("browse"),
					      .command = SPAN("wrk secret"),
					      .duration_ms = 45000,
					      .passed = true};
	s->profile = (struct profile){.recorder = SPAN("lens"),
				      .tool = SPAN("mohs"),
				      .phases = s->phases,
				      .phase_count = 2,
				      .complete = true,
				      .duration_ms = 45300,
				      .last_new_path_ms = 12000,
				      .started = NOW - DAY,
				      .runs = 1};
	s->gaps[1] = (struct gap){SPAN("/data"), SPAN("a volume was not observed")};
	s->profile.gaps = (struct gap_list){&s->gaps[1], 1};
	s->one = (struct suite_case){SPAN("api"), SPAN("login"), CASE_PASSED, SPAN(""), 0.5};
	s->suite = (struct suite){.cases = &s->one,
				  .count = 1,
				  .passed = 7,
				  .failed = 0,
				  .skipped = 2,
				  .started = true,
				  .run = &s->run};
	s->run = (struct profile){.image = s->fixture.image->manifest_digest,
				  .recorder = SPAN("none")};
	s->shell[0] = (struct shell){image_find(s->fixture.image, SPAN("/usr/bin/su")), SHELL_SHELL,
				     SHELL_BY_CONTENT, SPAN("dash")};
	s->shell[1] = (struct shell){0, SHELL_INTERPRETER, SHELL_BY_NAME, SPAN("perl")};
	s->shells = (struct shells){.items = s->shell, .count = 2, .shell_count = 1};
	s->gaps[2] = (struct gap){SPAN("/usr/bin/odd"), SPAN("cannot be read")};
	s->shells.gaps = (struct gap_list){&s->gaps[2], 1};
}

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->arena = arena_new(0);
	assert_good(hardened_make(&s->fixture, &s->plan, err));
	assert_good(policy_default(&s->policy, err));
	fill_findings(s);
	fill_runs(s);
	s->service = (struct service){.name = SPAN("shop")};
	s->evidence = (struct evidence){
		.tool = SPAN("mohs 0.1.0"),
		.created = NOW,
		.service = &s->service,
		.policy = s->policy,
		.before = {s->fixture.image, NULL, &s->before},
		.after = {s->fixture.image, NULL, &s->after},
		.profile = &s->profile,
		.shells = &s->shells,
		.suite = &s->suite,
	};
	const struct predicate_context context = {.evidence = &s->evidence};
	assert_good(
		predicate_make(predicate_find(SPAN("hardening")), &context, &s->predicate, err));
	assert_non_null(s->predicate);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	json_decref(s->predicate);
	policy_free(s->policy);
	plan_free(s->plan);
	fixture_free(&s->fixture);
	arena_free(s->arena);
	free(s);
	return 0;
}

static void
read_claims(struct scene *s, struct hardening_claims *ret)
{
	assert_good(hardening_claims_read(s->predicate, s->arena, ret, err));
}

static void
what_was_attested_is_claimed(void **state)
{
	struct scene *s = *state;
	struct hardening_claims claims;

	read_claims(s, &claims);
	assert_span(claims.tool, "mohs 0.1.0");
	assert_span(claims.service, "shop");
	assert_int_equal(claims.created, NOW);
	assert_true(claims.has_before && claims.has_after);
	assert_true(digest_equal(&claims.after, &s->fixture.image->manifest_digest));
	assert_memory_equal(&claims.findings_before->findings, &s->before.findings,
			    sizeof(s->before.findings));
	assert_memory_equal(&claims.findings_after->distinct, &s->after.distinct,
			    sizeof(s->after.distinct));
	assert_int_equal(claims.findings_before->database.built, NOW - 2 * DAY);
	assert_int_equal(claims.findings_after->gaps.count, 1);
	assert_int_equal(claims.findings_before->gaps.count, 0);
	assert_int_equal(claims.profile->phase_count, 2);
	assert_int_equal(claims.profile->gaps.count, 1);
	assert_int_equal(claims.suite->passed, 7);
	assert_true(digest_equal(&claims.suite->run->image, &s->fixture.image->manifest_digest));
	assert_span(claims.suite->run->recorder, "none");
	assert_int_equal(claims.shells->count, 2);
	assert_int_equal(claims.shells->gaps.count, 1);
}

/* The rows of a run and those of its attestation: the same states and the same figures. */
static void
claims_are_judged_as_the_run_was(void **state)
{
	struct scene *s = *state;
	CLEANUP(verdict_cleanup) struct verdict *run = NULL;
	CLEANUP(verdict_cleanup) struct verdict *attested = NULL;
	struct hardening_claims claims;
	const struct built built = {.manifest_digest = s->fixture.image->manifest_digest};
	const struct proof proof = {.digest = built.manifest_digest};
	const struct verdict_input input = {.service = &s->service,
					    .before = &s->before,
					    .after = &s->after,
					    .profile = &s->profile,
					    .suite = &s->suite,
					    .shells = &s->shells,
					    .built = &built,
					    .scanned = NOW,
					    .now = NOW};

	assert_good(verdict_judge(&input, s->policy, &run, err));
	read_claims(s, &claims);
	assert_good(verifying_judge(&proof, &claims, s->policy, NOW, &attested, err));
	for (enum check i = 0; i < CHECK_SIGNATURE; i++) {
		assert_int_equal(attested->rows[i].state, run->rows[i].state);
		assert_true(span_equal(attested->rows[i].measured, run->rows[i].measured));
	}
	assert_int_equal(attested->rows[CHECK_SHELL].state, CHECK_FAIL);
	assert_true(span_contains(attested->rows[CHECK_SHELL].detail, SPAN("/usr/bin/su is dash")));
}

static void
nothing_claimed_is_nothing_done(void **state)
{
	struct scene *s = *state;
	CLEANUP(verdict_cleanup) struct verdict *verdict = NULL;
	const struct proof proof = {.digest = s->fixture.image->manifest_digest};

	assert_good(verifying_judge(&proof, NULL, s->policy, NOW, &verdict, err));
	assert_false(verdict->passed);
	for (enum check i = 0; i < CHECK_SIGNATURE; i++)
		assert_int_not_equal(verdict->rows[i].state, CHECK_PASS);
}

static void
what_was_not_done_is_not_claimed(void **state)
{
	struct scene *s = *state;
	static const char *const steps[] = {"profile", "tests", "shells"};
	struct hardening_claims claims;

	for (size_t i = 0; i < 3; i++)
		json_object_set_new(s->predicate, steps[i], json_null());
	json_object_set_new(json_object_get(s->predicate, "vulnerabilities"), "after", json_null());
	read_claims(s, &claims);
	assert_null(claims.profile);
	assert_null(claims.suite);
	assert_null(claims.shells);
	assert_null(claims.findings_after);
	assert_non_null(claims.findings_before);
}

/* "a.b.c" set to a JSON text, and what the reader says then. */
static const struct {
	const char *path;
	const char *json;
	const char *says;
} refused[] = {
	{"created", "\"yesterday\"", "created"},
	{"created", "7", "created"},
	{"gaps", "{}", "gaps is no list"},
	{"gaps", "[{\"subject\": \"a\", \"text\": \"b\"}]", "a gap without a step"},
	{"image.after.digest", "\"sha256:12\"", "digest"},
	{"vulnerabilities.before.findings.total", "39", "39 findings in all, 40 by severity"},
	{"vulnerabilities.before.findings.high", "-1", "high"},
	{"vulnerabilities.before.findings.high", "4294967296", "high"},
	{"vulnerabilities.before.matched", "1", "matched"},
	{"vulnerabilities.after.database", "[]", "vulnerabilities after"},
	{"profile.phases",
	 "[{\"kind\": \"holiday\", \"name\": \"x\", \"duration_ms\": 1, \"status\": 0, "
	 "\"passed\": true}]",
	 "holiday"},
	{"profile.duration_ms", "1.5", "duration_ms"},
	{"tests.passed", "\"7\"", "tests"},
	{"tests.image", "\"sha256:12\"", "tests"},
	{"shells.items", "7", "shells is no list"},
	{"shells", "{}", "\"items\" is missing"},
};

static void
set(json_t *json, const char *path, const char *text)
{
	char name[64];
	const char *dot = strchr(path, '.');
	size_t n = dot ? (size_t)(dot - path) : strlen(path);

	memcpy(name, path, n);
	name[n] = '\0';
	if (dot)
		set(json_object_get(json, name), dot + 1, text);
	else
		assert_int_equal(
			json_object_set_new(json, name, json_loads(text, JSON_DECODE_ANY, NULL)),
			0);
}

static void
other_documents_are_refused(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct err err = ERR_INIT;
		struct hardening_claims claims;
		void *state;

		setup(&state);
		struct scene *s = state;
		set(s->predicate, refused[i].path, refused[i].json);
		int r = hardening_claims_read(s->predicate, s->arena, &claims, &err);
		if (r != -ERR_INVALID || !strstr(err.text, refused[i].says))
			fail_msg("%s = %s: %d \"%s\"", refused[i].path, refused[i].json, r,
				 err.text);
		teardown(&state);
	}
}

static void
what_is_not_called_an_interpreter_is_a_shell(void **state)
{
	struct scene *s = *state;
	struct hardening_claims claims;

	set(s->predicate, "shells",
	    "{\"items\": [{\"kind\": \"harmless\", \"proof\": \"name\", \"what\": \"x\"}], "
	    "\"shells\": 0}");
	read_claims(s, &claims);
	assert_int_equal(claims.shells->shell_count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_attested_is_claimed, setup, teardown),
		cmocka_unit_test_setup_teardown(claims_are_judged_as_the_run_was, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_claimed_is_nothing_done, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_not_done_is_not_claimed, setup, teardown),
		cmocka_unit_test(other_documents_are_refused),
		cmocka_unit_test_setup_teardown(what_is_not_called_an_interpreter_is_a_shell, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
