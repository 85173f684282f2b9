/* SPDX-License-Identifier: Apache-2.0 */
/* What a run of the hardened image shows to be missing, and the profile that has it. */
#include "scene.h"
#include "test.h"

#include "base/cleanup.h"
#include "stage/extend.h"

enum { PHASES = 4, MOST = 8 };

/* An image, a plan that keeps /app/main of it, and a run in which one of two tests failed. */
struct stage {
	struct scene scene;
	struct plan *plan;
	struct profile run;
	struct profile_phase phases[PHASES];
	struct profile_missing missing[MOST];
	struct suite suite;
	struct extend_input input;
};

static void
open_stage(struct stage *stage)
{
	static const char *const paths[] = {
		"/app/a",      "/app/b",      "/app/c",	       "/app/kept-out",
		"/app/dir/in", "/app/dir/ne", "/app/listed/x",
	};
	static const char *const names[PHASES] = {"startup", "good", "bad", "shutdown"};
	static const enum profile_phase_kind kinds[PHASES] = {PHASE_STARTUP, PHASE_TEST, PHASE_TEST,
							      PHASE_SHUTDOWN};
	static struct span dropped[] = {SPAN_INIT("/app/kept-out")};
	struct scene *scene = &stage->scene;

	*stage = (struct stage){0};
	scene_open(scene);
	scene_file(scene, "/app/main", 0755, "#!/app/main\n");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		scene_file(scene, paths[i], 0644, "x");
	scene_close(scene);
	scene->service.drop = (struct span_list){dropped, 1};
	scene_use(scene, "/app/main", USE_LOOKUP | USE_READ);
	scene_use(scene, "/app/listed", USE_LOOKUP | USE_LIST);
	stage->plan = scene_plan(scene);
	for (size_t i = 0; i < PHASES; i++)
		stage->phases[i] = (struct profile_phase){
			.kind = kinds[i], .name = span_from(names[i]), .passed = i != 2};
	stage->run = (struct profile){
		.phases = stage->phases, .phase_count = PHASES, .missing = stage->missing};
	stage->suite = (struct suite){.started = true, .failed = 1, .run = &stage->run};
	stage->input = (struct extend_input){
		.original = scene->fixture.image,
		.plan = stage->plan,
		.profile = &scene->profile,
		.suite = &stage->suite,
		.round = 3,
	};
}

static void
close_stage(struct stage *stage)
{
	plan_free(stage->plan);
	scene_free(&stage->scene);
}

static void
miss(struct stage *stage, const char *path, uint32_t phase)
{
	stage->missing[stage->run.missing_count++] =
		(struct profile_missing){span_from(path), SPAN("server"), phase, true};
}

/* The paths the profile is extended by, in their order; "" when there is none. */
static void
assert_extended(const struct stage *stage, const char *expected)
{
	CLEANUP(profile_cleanup) struct profile *profile = NULL;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span joined = SPAN("");

	assert_good(extend_profile(&stage->input, &profile, err));
	for (size_t i = 0; profile && i < profile->extended_count; i++)
		joined = arena_printf(arena, "%.*s%s%.*s", SPAN_ARG(joined), i ? " " : "",
				      SPAN_ARG(profile->extended[i].path));
	assert_span(joined, expected);
	assert_int_equal(profile == NULL, joined.n == 0);
}

static void
the_narrowest_phases_decide(void **state)
{
	static const struct {
		const char *missed[4][2]; /* path, phase */
		bool always;
		const char *extended;
	} cases[] = {
		{{{NULL}}, false, ""},
		{{{"/app/a", "2"}}, false, "/app/a"},
		{{{"/app/a", "1"}, {"/app/b", "2"}, {"/app/c", "0"}}, false, "/app/b"},
		{{{"/app/a", "1"}, {"/app/c", "0"}}, false, "/app/c"},
		{{{"/app/a", "1"}, {"/app/b", "3"}}, false, "/app/a /app/b"},
		{{{"/app/a", "1"}, {"/app/b", "2"}, {"/app/c", "0"}}, true, "/app/a /app/b /app/c"},
		/* twice, by another phase as well */
		{{{"/app/a", "1"}, {"/app/a", "2"}, {"/app/a", "2"}}, false, "/app/a"},
		/* a directory comes alone */
		{{{"/app/dir", "2"}}, false, "/app/dir"},
		/* never there, there still, kept out: none is missing */
		{{{"/app/none", "2"}, {"/app/main", "2"}, {"/app/kept-out", "2"}}, false, ""},
		{{{"/app/kept-out", "2"}, {"/app/a", "1"}}, false, "/app/a"},
		{{{"/app/kept-out", "2"}}, true, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stage stage;

		open_stage(&stage);
		stage.input.always = cases[i].always;
		for (size_t k = 0; k < 4 && cases[i].missed[k][0]; k++)
			miss(&stage, cases[i].missed[k][0],
			     (uint32_t)(cases[i].missed[k][1][0] - '0'));
		assert_extended(&stage, cases[i].extended);
		close_stage(&stage);
	}
}

/* The original answered "no such file" as well. */
static void
what_was_not_removed_never_counts(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage);
	miss(&stage, "/app/a", 2);
	stage.missing[0].removed = false;
	assert_extended(&stage, "");
	close_stage(&stage);
}

static void
who_asked_goes_along(void **state)
{
	CLEANUP(profile_cleanup) struct profile *profile = NULL;
	struct stage stage;

	(void)state;
	open_stage(&stage);
	miss(&stage, "/app/a", 1);
	miss(&stage, "/app/a", 2);
	assert_good(extend_profile(&stage.input, &profile, err));
	assert_int_equal(profile->extended_count, 1);
	const struct profile_extended *one = &profile->extended[0];
	assert_span(one->phase, "bad");
	assert_int_equal(one->kind, PHASE_TEST);
	assert_span(one->program, "server");
	assert_int_equal(one->round, 3);
	assert_int_equal(one->use, 0);
	/* the rest of the profile is as it was */
	assert_int_equal(profile->path_count, stage.scene.profile.path_count);
	assert_true(digest_equal(&profile->image, &stage.scene.profile.image));
	assert_int_equal(stage.scene.profile.extended_count, 0);

	/* what it has already is not added again, and stays in order with what is new */
	CLEANUP(profile_cleanup) struct profile *again = NULL;
	stage.input.profile = profile;
	assert_good(extend_profile(&stage.input, &again, err));
	assert_null(again);
	miss(&stage, "/app", 2);
	miss(&stage, "/app/dir/in", 2);
	assert_good(extend_profile(&stage.input, &again, err));
	assert_int_equal(again->extended_count, 2);
	assert_span(again->extended[0].path, "/app/a");
	assert_span(again->extended[1].path, "/app/dir/in");
	close_stage(&stage);
}

/* Everything was served: what was used of what is planned to go, in phases that had not passed. */
static void
a_served_run_shows_all_at_once(void **state)
{
	static uint32_t first[] = {0, 2};
	static uint32_t good[] = {1};
	static uint32_t bad[] = {2, 3};
	struct profile_path paths[] = {
		{.path = SPAN("/app/a"), .use = USE_LOOKUP, .phases = first, .phase_count = 2},
		{.path = SPAN("/app/b"), .use = USE_READ, .phases = good, .phase_count = 1},
		{.path = SPAN("/app/dir"), .use = USE_LIST, .phases = bad, .phase_count = 2},
		{.path = SPAN("/app/dir/in"), .use = USE_READ, .phases = bad, .phase_count = 2},
		{.path = SPAN("/app/kept-out"), .use = USE_READ, .phases = bad, .phase_count = 2},
		{.path = SPAN("/app/main"), .use = USE_READ, .phases = first, .phase_count = 2},
	};
	CLEANUP(profile_cleanup) struct profile *profile = NULL;
	struct stage stage;
	struct profile served;

	(void)state;
	open_stage(&stage);
	served = stage.run;
	served.paths = paths;
	served.path_count = sizeof(paths) / sizeof(paths[0]);
	stage.input.served = &served;
	assert_extended(&stage, "/app/a /app/dir /app/dir/in");
	assert_good(extend_profile(&stage.input, &profile, err));
	assert_int_equal(profile->extended[0].use, USE_LOOKUP);
	assert_int_equal(profile->extended[2].use, USE_READ);

	/* one the strict run did not come to has not passed */
	stage.run.phase_count = 1;
	stage.phases[0].passed = false;
	assert_extended(&stage, "/app/a /app/b /app/dir /app/dir/in");
	close_stage(&stage);
}

/* A directory that was missing brings what was used below it, and nothing beside it. */
static void
a_missing_directory_brings_what_is_below(void **state)
{
	static uint32_t bad[] = {2};
	struct profile_path paths[] = {
		{.path = SPAN("/app/a"), .use = USE_READ, .phases = bad, .phase_count = 1},
		{.path = SPAN("/app/dir"), .use = USE_LOOKUP, .phases = bad, .phase_count = 1},
		{.path = SPAN("/app/dir/in"), .use = USE_READ, .phases = bad, .phase_count = 1},
	};
	CLEANUP(profile_cleanup) struct profile *strict = NULL;
	struct stage stage;
	struct profile served;

	(void)state;
	open_stage(&stage);
	served = stage.run;
	served.paths = paths;
	served.path_count = sizeof(paths) / sizeof(paths[0]);
	assert_false(extend_stopped_short(&stage.input));
	miss(&stage, "/app/dir", 2);
	assert_good(extend_profile(&stage.input, &strict, err));
	stage.input.profile = strict;
	assert_true(extend_stopped_short(&stage.input));
	stage.input.served = &served;
	assert_extended(&stage, "/app/a /app/dir /app/dir/in");
	stage.input.below = true;
	assert_extended(&stage, "/app/dir /app/dir/in");

	/* of an earlier round, whole, or no directory: nothing is left to be asked for */
	stage.input.round++;
	assert_false(extend_stopped_short(&stage.input));
	stage.input.round--;
	stage.plan->entries[image_find(stage.input.original, SPAN("/app/dir/in"))].keep = true;
	stage.plan->entries[image_find(stage.input.original, SPAN("/app/dir/ne"))].keep = true;
	assert_false(extend_stopped_short(&stage.input));
	strict->extended[0].path = SPAN("/app/b");
	assert_false(extend_stopped_short(&stage.input));
	assert_extended(&stage, "");
	close_stage(&stage);
}

static void
what_is_wanted_has_what_is_kept_out(void **state)
{
	struct extension_wanted *wanted = NULL;
	size_t count = 0;
	struct stage stage;

	(void)state;
	open_stage(&stage);
	miss(&stage, "/app/kept-out", 2);
	miss(&stage, "/app/b", 1);
	miss(&stage, "/app/none", 2);
	assert_good(extend_wanted(&stage.input, stage.scene.arena, &wanted, &count, err));
	assert_int_equal(count, 2);
	assert_span(wanted[0].path, "/app/b");
	assert_false(wanted[0].dropped);
	assert_span(wanted[1].path, "/app/kept-out");
	assert_true(wanted[1].dropped);
	assert_span(wanted[1].phase, "bad");
	close_stage(&stage);
}

/* Looked up, as before: there. Read: zeros, and the content is missing. */
static void
reading_a_hollow_file_is_a_miss(void **state)
{
	uint32_t phase = 2;
	struct profile_path path = {
		.path = SPAN("/app/b"), .use = USE_LOOKUP, .phases = &phase, .phase_count = 1};
	struct stage stage;

	(void)state;
	open_stage(&stage);
	struct plan_entry *entry =
		&stage.plan->entries[image_find(stage.input.original, SPAN("/app/b"))];
	stage.run.paths = &path;
	stage.run.path_count = 1;
	entry->keep = true;
	entry->content = CONTENT_HOLLOW;
	assert_extended(&stage, "");
	path.use = USE_LOOKUP | USE_READ;
	assert_extended(&stage, "/app/b");
	entry->content = CONTENT_WHOLE;
	assert_extended(&stage, "");
	close_stage(&stage);
}

static void
a_shorter_listing_is_seen(void **state)
{
	struct profile_path path = {.path = SPAN("/app/listed"), .use = USE_LOOKUP};
	struct stage stage;

	(void)state;
	open_stage(&stage);
	stage.run.paths = &path;
	stage.run.path_count = 1;
	assert_false(extend_listed_less(&stage.input));
	path.use = USE_LIST;
	assert_true(extend_listed_less(&stage.input));
	stage.plan->entries[image_find(stage.input.original, SPAN("/app/listed/x"))].keep = true;
	assert_false(extend_listed_less(&stage.input));
	path.path = SPAN("/tmp/made");
	assert_false(extend_listed_less(&stage.input));
	close_stage(&stage);
}

/* The plan of the extended profile keeps it, for that reason, and with what it needs. */
static void
plans_keep_what_was_added(void **state)
{
	static struct profile_extended added[] = {
		{.path = SPAN_INIT("/opt/by-name"), .use = USE_LOOKUP},
		{.path = SPAN_INIT("/opt/link")},
		{.path = SPAN_INIT("/opt/none")},
		{.path = SPAN_INIT("/opt/tool")},
	};
	CLEANUP(plan_cleanup) struct plan *plan = NULL;
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_file(&scene, "/app/main", 0755, "#!/app/main\n");
	scene_file(&scene, "/opt/run", 0755, "#!/opt/run\n");
	scene_file(&scene, "/opt/other", 0755, "#!/opt/other\n");
	scene_file(&scene, "/opt/tool", 0755, "#!/opt/run\n");
	scene_file(&scene, "/opt/by-name", 0755, "#!/opt/other\n");
	scene_file(&scene, "/opt/target", 0644, "x");
	scene_link(&scene, "/opt/link", "target");
	scene_close(&scene);
	scene_use(&scene, "/app/main", USE_READ);
	scene.profile.extended = added;
	scene.profile.extended_count = sizeof(added) / sizeof(added[0]);
	plan = scene_plan(&scene);
	assert_int_equal(scene_reason(&scene, plan, "/opt/tool"), REASON_EXTENDED);
	assert_int_equal(scene_reason(&scene, plan, "/opt/run"), REASON_INTERPRETER);
	assert_int_equal(scene_reason(&scene, plan, "/opt/link"), REASON_EXTENDED);
	assert_int_equal(scene_reason(&scene, plan, "/opt/target"), REASON_TARGET);
	assert_int_equal(scene_reason(&scene, plan, "/opt/by-name"), REASON_EXTENDED);
	assert_false(scene_keeps(&scene, plan, "/opt/other"));
	assert_true(scene_has_gap(plan, "/opt/none", "no such path"));
	scene_free(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_narrowest_phases_decide),
		cmocka_unit_test(what_was_not_removed_never_counts),
		cmocka_unit_test(who_asked_goes_along),
		cmocka_unit_test(a_served_run_shows_all_at_once),
		cmocka_unit_test(a_missing_directory_brings_what_is_below),
		cmocka_unit_test(what_is_wanted_has_what_is_kept_out),
		cmocka_unit_test(reading_a_hollow_file_is_a_miss),
		cmocka_unit_test(a_shorter_listing_is_seen),
		cmocka_unit_test(plans_keep_what_was_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
