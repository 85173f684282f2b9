/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict_scene.h"

#include "base/cleanup.h"
#include "codec/policy_yaml.h"
#include "test.h"

#include <stdlib.h>

void
verdict_counts(struct findings *findings, uint32_t total, uint32_t distinct)
{
	findings->findings.total = total;
	findings->findings.by_severity[SEVERITY_HIGH] = total;
	findings->distinct.total = distinct;
	findings->matched = true;
	findings->database = (struct advisory_identity){SPAN("sha256:1"), NOW - 2 * DAY, 1000};
}

static void
fill_runs(struct verdict_scene *scene)
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

int
verdict_scene_set_up(void **state)
{
	struct verdict_scene *scene = calloc(1, sizeof(*scene));

	assert_good(policy_default(&scene->policy, err));
	scene->policy->required[CHECK_SIGNATURE] = false;
	scene->policy->required[CHECK_SBOM] = false;
	scene->policy->waivers = scene->waivers;
	scene->service.name = SPAN("legacy-shop");
	scene->service.test_count = 1;
	verdict_counts(&scene->before, 412, 230);
	verdict_counts(&scene->after, 61, 40);
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

int
verdict_scene_tear_down(void **state)
{
	struct verdict_scene *scene = *state;

	policy_free(scene->policy);
	free(scene);
	return 0;
}

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

void
verdict_turns(const struct verdict_turn *turns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct verdict_turn *turn = &turns[i];
		CLEANUP(verdict_cleanup) struct verdict *verdict = NULL;
		void *state;

		verdict_scene_set_up(&state);
		struct verdict_scene *scene = state;
		if (turn->change)
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
		verdict_scene_tear_down(&state);
	}
}
