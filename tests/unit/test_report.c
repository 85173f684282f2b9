/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "hardened.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "cmd/report.h"

#include <stdlib.h>

static const struct waiver waiver = {
	CHECK_SHELL,
	SPAN_INIT("*"),
	SPAN_INIT("start script is rewritten in Q1"),
	SPAN_INIT("ann@example.com"),
	1801440000,
};

static struct verdict
make_verdict(void)
{
	struct verdict verdict = {.passed = false};
	static const enum check_state states[CHECKS] = {
		CHECK_PASS,   CHECK_PASS,     CHECK_FAIL,     CHECK_PASS,
		CHECK_WAIVED, CHECK_OPTIONAL, CHECK_NOT_DONE,
	};
	static const struct span measured[CHECKS] = {
		SPAN_INIT("412 findings (12 critical, 40 high, 200 medium, 100 low, 60 negligible, "
			  "0 unknown); 230 distinct CVEs"),
		SPAN_INIT("1204 paths used in 45.0 s; 2 loads, 1 test"),
		SPAN_INIT("412 -> 161 findings (60.9 %); 230 -> 140 distinct CVEs (39.1 %)"),
		SPAN_INIT("24 passed, 0 failed, 1 skipped"),
		SPAN_INIT("1 shell, 0 interpreters"),
		SPAN_INIT("not done"),
		SPAN_INIT("not done"),
	};

	for (enum check i = 0; i < CHECKS; i++)
		verdict.rows[i] = (struct verdict_row){i, states[i], measured[i], SPAN(""), NULL};
	verdict.rows[CHECK_REDUCTION].detail =
		SPAN("below the 70 % the policy asks for; most are left in libssl3 (20), "
		     "libc6 (9): mohs why tells what keeps them");
	verdict.rows[CHECK_SBOM].detail = SPAN("the checks above did not pass");
	verdict.rows[CHECK_SHELL].detail = SPAN("/bin/dash is dash");
	verdict.rows[CHECK_SHELL].waiver = &waiver;
	return verdict;
}

/* Compares with tests/golden/NAME-WIDTH.txt. */
static void
assert_golden(const char *name, size_t width, char *text)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span path = arena_printf(arena, "tests/golden/%s-%zu.txt", name, width);
	struct span wanted = SPAN("");

	if (getenv("MOHS_GOLDEN"))
		assert_good(file_replace(path.p, span_from(text), 0644, err));
	assert_good(file_load(path.p, 65536, arena, &wanted, err));
	if (!span_equal(wanted, span_from(text)))
		fail_msg("%s:\n%s", path.p, text);
	free(text);
}

static const size_t widths[] = {60, 80, 120};

static void
checklist_fits(void **state)
{
	struct verdict verdict = make_verdict();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *to = open_memstream(&text, &size);

		assert_good(report_checklist(&verdict, to, widths[i], err));
		assert_int_equal(fclose(to), 0);
		for (struct span rest = span_from(text); rest.p;)
			assert_true(table_width(span_cut(&rest, '\n')) <= widths[i]);
		assert_golden("checklist", widths[i], text);
	}
}

struct scene {
	struct fixture fixture;
	struct plan *plan;
	struct component components[3];
	struct plan_component fates[3];
	struct inventory inventory;
	struct finding items[4];
	struct findings findings;
	struct evidence evidence;
};

static void
make_scene(struct scene *scene)
{
	*scene = (struct scene){0};
	assert_good(hardened_make(&scene->fixture, &scene->plan, err));
	uint32_t su = image_find(scene->fixture.image, SPAN("/usr/bin/su"));
	uint32_t perl = image_find(scene->fixture.image, SPAN("/usr/bin/perl5.36"));

	scene->components[0].name = SPAN("login");
	scene->components[1].name = SPAN("perl-base-with-a-name-that-is-rather-long-for-a-column");
	scene->components[2].name = SPAN("clean");
	scene->fates[0].because = su;
	scene->fates[1].because = perl;
	scene->fates[2].because = su;
	scene->plan->entries[perl].reason = REASON_NEEDED;
	scene->plan->components = scene->fates;
	scene->plan->component_count = 3;
	scene->inventory =
		(struct inventory){.components = scene->components, .component_count = 3};
	scene->items[0] = (struct finding){.component = 1, .severity = SEVERITY_CRITICAL};
	scene->items[1] = (struct finding){.component = 0, .severity = SEVERITY_LOW};
	scene->items[2] = (struct finding){.component = 0, .severity = SEVERITY_MEDIUM};
	scene->items[3] = (struct finding){.component = 2, .status = FINDING_UNDETERMINED};
	scene->findings = (struct findings){.items = scene->items, .count = 4, .matched = true};
	scene->evidence = (struct evidence){
		.before = {scene->fixture.image, &scene->inventory, NULL},
		.after = {NULL, &scene->inventory, &scene->findings},
		.plan = scene->plan,
	};
}

static char *
left_text(const struct scene *scene, size_t width)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_good(report_left(&scene->evidence, to, width, err));
	assert_int_equal(fclose(to), 0);
	return text;
}

static void
left_says_why(void **state)
{
	struct scene scene;

	(void)state;
	make_scene(&scene);
	for (size_t i = 0; i < 3; i++)
		assert_golden("left", widths[i], left_text(&scene, widths[i]));

	scene.findings.count = 0;
	char *text = left_text(&scene, 80);
	assert_string_equal(text, "No known vulnerability is left.\n");
	free(text);
	scene.findings.matched = false;
	text = left_text(&scene, 80);
	assert_non_null(strstr(text, "matched no advisories"));
	free(text);
	scene.evidence.after.findings = NULL;
	text = left_text(&scene, 80);
	assert_non_null(strstr(text, "was not scanned"));
	free(text);
	plan_free(scene.plan);
	fixture_free(&scene.fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checklist_fits),
		cmocka_unit_test(left_says_why),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
