/* SPDX-License-Identifier: Apache-2.0 */
/* Estimators on cases worked out by hand and elsewhere, and what counts as a sample and a path. */
#include "fixture.h"
#include "group_arena.h"
#include "test.h"

#include "base/cleanup.h"
#include "stage/confidence.h"
#include "stage/confidence/estimators.h"

#include <math.h>

static void
near(double actual, double wanted)
{
	if (fabs(actual - wanted) > 1e-9 * fmax(1, fabs(wanted)))
		fail_msg("%.17g is not %.17g", actual, wanted);
}

/* The rule of three in its exact form, and values computed with fractions of whole numbers. */
static void
test_binomial_upper(void **state)
{
	static const struct {
		uint32_t k, n;
		double wanted;
	} cases[] = {
		{0, 1, 0.95},
		{0, 2, 0.7763932022500211},
		{0, 4, 0.5271291954984121},
		{0, 59, 0.049507609888226944},
		{1, 10, 0.39416330243650477},
		{2, 20, 0.2826185248858609},
		{9, 10, 0.9948838031081763},
		{3, 299, 0.025726467406895444},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		near(estimate_binomial_upper(cases[i].k, cases[i].n, 0.05), cases[i].wanted);
	near(estimate_binomial_upper(0, 1000, 0.05), 1 - pow(0.05, 1.0 / 1000));
	near(estimate_binomial_upper(7, 7, 0.05), 1);
	near(estimate_binomial_upper(0, 0, 0.05), 1);
}

/* More clean samples make it smaller, more novel ones larger. */
static void
test_binomial_upper_is_monotone(void **state)
{
	(void)state;
	for (uint32_t n = 1; n < 60; n++) {
		for (uint32_t k = 0; k < n; k++) {
			double bound = estimate_binomial_upper(k, n, 0.05);

			assert_true(bound > (double)k / n && bound <= 1);
			assert_true(estimate_binomial_upper(k, n + 1, 0.05) < bound);
			assert_true(estimate_binomial_upper(k + 1, n, 0.05) > bound);
		}
	}
}

/* By hand: 0.9 * 36 / 6; variance 3 (0.45 * 4 + 0.81 * 8 + 0.2025 * 16) = 34.56; the rest alike. */
static void
test_chao2(void **state)
{
	static const struct {
		uint32_t samples, observed, q1, q2;
		double unseen, low, high;
	} cases[] = {
		{10, 40, 6, 3, 5.4, 0.9545833456622067, 30.547358837243646},
		{3, 3, 3, 0, 2, 0.24624066935857425, 16.244270332839385},
		{5, 9, 4, 1, 6.4, 0.7827305347544058, 52.329630928288566},
		{20, 100, 10, 0, 42.75, 12.796782671045596, 142.81421721219823},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct estimate_chao2 result = estimate_chao2(cases[i].samples, cases[i].observed,
							      cases[i].q1, cases[i].q2);

		assert_true(result.bounded);
		near(result.unseen, cases[i].unseen);
		near(result.low, cases[i].low);
		near(result.high, cases[i].high);
	}
}

static void
test_chao2_without_ground(void **state)
{
	(void)state;
	/* nothing rare, one single path, one sample: no lower bound above 0 and no interval */
	const struct estimate_chao2 results[] = {
		estimate_chao2(10, 40, 0, 5),
		estimate_chao2(10, 40, 1, 0),
		estimate_chao2(1, 4, 4, 0),
		estimate_chao2(0, 0, 0, 0),
	};
	for (size_t i = 0; i < 4; i++) {
		near(results[i].unseen, 0);
		assert_false(results[i].bounded);
	}
}

/* ---- profiles ---- */

enum { PATHS = 26, ROUNDS_MAX = 600 };

/* /a to /z; a profile whose phases and uses a test states. */
struct scene {
	struct fixture fixture;
	struct profile profile;
	struct plan plan;
};

static void
scene_open(struct scene *scene)
{
	struct fixture_entry entries[PATHS];

	*scene = (struct scene){0};
	for (unsigned i = 0; i < PATHS; i++)
		entries[i] = (struct fixture_entry){.path = arena_printf(arena, "/%c", 'a' + i).p,
						    .content = "x"};
	assert_good(fixture_make(entries, PATHS, &scene->fixture, err));
	scene->plan.entry_count = scene->fixture.image->entry_count;
	scene->plan.entries =
		arena_array(arena, scene->plan.entry_count, sizeof(*scene->plan.entries));
	scene->profile.phases = arena_array(arena, ROUNDS_MAX, sizeof(struct profile_phase));
	scene->profile.paths = arena_array(arena, PATHS + 1, sizeof(struct profile_path));
}

static void
phase(struct scene *scene, enum profile_phase_kind kind, const char *name, uint32_t repetition)
{
	assert_true(scene->profile.phase_count < ROUNDS_MAX);
	scene->profile.phases[scene->profile.phase_count++] = (struct profile_phase){
		.kind = kind, .name = span_from(name), .repetition = repetition, .passed = true};
}

/* Uses a path in the phase that was added last. */
static void
use(struct scene *scene, const char *path)
{
	struct profile *profile = &scene->profile;
	struct profile_path *to = profile->paths;

	while (to < profile->paths + profile->path_count && !span_equal(to->path, span_from(path)))
		to++;
	if (to == profile->paths + profile->path_count) {
		assert_true(profile->path_count <= PATHS);
		profile->path_count++;
		to->path = span_from(arena_copy(arena, span_from(path)).p);
		to->phases = arena_array(arena, ROUNDS_MAX, sizeof(*to->phases));
		to->first_phase = (uint32_t)profile->phase_count - 1;
	}
	to->phases[to->phase_count++] = (uint32_t)profile->phase_count - 1;
}

/* "ab": /a and /b in one repetition of a load. */
static void
repeat(struct scene *scene, const char *load, uint32_t repetition, const char *letters)
{
	phase(scene, PHASE_LOAD, load, repetition);
	for (; *letters; letters++)
		use(scene, (const char[]){'/', *letters, '\0'});
}

static struct confidence *
estimate(const struct scene *scene, const struct plan *rest)
{
	struct confidence *confidence = NULL;

	assert_good(
		confidence_estimate(scene->fixture.image, &scene->profile, rest, &confidence, err));
	return confidence;
}

static void
test_one_repetition_says_nothing(void **state)
{
	CLEANUP(confidence_cleanup) struct confidence *none = NULL;
	CLEANUP(confidence_cleanup) struct confidence *once = NULL;
	CLEANUP(confidence_cleanup) struct confidence *unequal = NULL;
	struct scene scene;

	(void)state;
	scene_open(&scene);
	phase(&scene, PHASE_STARTUP, "startup", 1);
	none = estimate(&scene, NULL);
	assert_false(none->estimable);
	assert_span(none->why_not, "no load was run");
	repeat(&scene, "browse", 1, "ab");
	once = estimate(&scene, NULL);
	assert_false(once->estimable);
	assert_span(once->why_not, "load browse ran once: repeat it");
	repeat(&scene, "browse", 2, "ab");
	repeat(&scene, "api", 1, "ab");
	unequal = estimate(&scene, NULL);
	assert_false(unequal->estimable);
	assert_span(unequal->why_not, "load api ran once: repeat it");
	fixture_free(&scene.fixture);
}

/* a: at start; b: first repetition; c: twice; d, e: once each, in the same; f: in a test as well.
 */
static void
test_counts(void **state)
{
	CLEANUP(confidence_cleanup) struct confidence *confidence = NULL;
	struct scene scene;

	(void)state;
	scene_open(&scene);
	phase(&scene, PHASE_STARTUP, "startup", 1);
	use(&scene, "/a");
	repeat(&scene, "browse", 1, "ab");
	repeat(&scene, "browse", 2, "abc");
	repeat(&scene, "browse", 3, "bcde");
	repeat(&scene, "browse", 4, "af");
	repeat(&scene, "browse", 5, "a");
	use(&scene, "/not-in-the-image");
	phase(&scene, PHASE_TEST, "suite", 1);
	use(&scene, "/f");
	confidence = estimate(&scene, NULL);
	assert_true(confidence->estimable);
	assert_int_equal(confidence->repetitions, 5);
	assert_int_equal(confidence->samples, 4);
	assert_int_equal(confidence->observed, 3);
	assert_int_equal(confidence->singletons, 2);
	assert_int_equal(confidence->doubletons, 1);
	assert_int_equal(confidence->incidences, 3 + 4 + 2 + 1);
	assert_int_equal(confidence->novel, 2); /* the second with c, the third with d and e */
	assert_int_equal(confidence->alone, 1);
	near(confidence->coverage, 0.8);
	near(confidence->expected, 0.5);
	near(confidence->probability, 0.25);
	near(confidence->risk, 0.9023885371149577); /* 2 of 4 */
	near(confidence->unseen, 0.75 * 4 / 2);
	fixture_free(&scene.fixture);
}

/* A program that keeps what it has read shows it once: in the first repetition, which is no sample.
 */
static void
test_what_is_read_once_and_kept_is_not_rare(void **state)
{
	CLEANUP(confidence_cleanup) struct confidence *confidence = NULL;
	struct scene scene;

	(void)state;
	scene_open(&scene);
	repeat(&scene, "browse", 1, "abcdefgh");
	for (uint32_t i = 2; i <= 5; i++)
		repeat(&scene, "browse", i, "");
	confidence = estimate(&scene, NULL);
	assert_int_equal(confidence->observed, 0);
	near(confidence->expected, 0);
	assert_true(confidence->coverage < 0);
	near(confidence->risk, 0.5271291954984121);
	fixture_free(&scene.fixture);
}

/* Rounds of two loads; what one of them has more of counts to the first. */
static void
test_several_loads(void **state)
{
	CLEANUP(confidence_cleanup) struct confidence *confidence = NULL;
	struct scene scene;

	(void)state;
	scene_open(&scene);
	for (uint32_t i = 1; i <= 5; i++)
		repeat(&scene, "browse", i, i == 2 ? "b" : i == 5 ? "e" : "a");
	for (uint32_t i = 1; i <= 3; i++)
		repeat(&scene, "api", i, i == 2 ? "b" : i == 3 ? "ce" : "a");
	confidence = estimate(&scene, NULL);
	assert_int_equal(confidence->repetitions, 3);
	assert_int_equal(confidence->observed,
			 2); /* b, c; e was in a repetition that only one has */
	assert_int_equal(confidence->singletons, 2);
	assert_int_equal(confidence->novel, 2);
	fixture_free(&scene.fixture);
}

static void
keep(struct scene *scene, const char *path)
{
	scene->plan.entries[image_find(scene->fixture.image, span_from(path))].keep = true;
}

static void
test_what_stays_for_another_reason_does_not_count(void **state)
{
	CLEANUP(confidence_cleanup) struct confidence *confidence = NULL;
	CLEANUP(profile_cleanup) struct profile *first = NULL;
	struct scene scene;
	size_t without = 0;

	(void)state;
	scene_open(&scene);
	repeat(&scene, "browse", 1, "a");
	repeat(&scene, "browse", 2, "bc");
	repeat(&scene, "browse", 3, "cd");
	assert_good(confidence_first(&scene.profile, &first, &without, err));
	assert_int_equal(without, 3);
	assert_int_equal(first->path_count, 1);
	assert_span(first->paths[0].path, "/a");
	keep(&scene, "/b");
	keep(&scene, "/c");
	confidence = estimate(&scene, &scene.plan);
	assert_int_equal(confidence->observed, 1);
	assert_int_equal(confidence->singletons, 1);
	assert_int_equal(confidence->novel, 1);
	scene.plan.entry_count--;
	assert_fails(ERR_MISMATCH, confidence_estimate(scene.fixture.image, &scene.profile,
						       &scene.plan, &confidence, err));
	fixture_free(&scene.fixture);
}

/* ---- as a whole, against a world in which the truth is known ---- */

static double
random_number(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (double)(*seed >> 11) / 9007199254740992.0;
}

/*
 * Runs of a service that needs each path with a probability of its own and shows it the first time
 * only. *ret_risk: how likely one more run needs what none did.
 */
static void
simulate(struct scene *scene, uint64_t *seed, uint32_t repetitions, double *ret_risk)
{
	double probability[PATHS];
	bool seen[PATHS] = {false};
	double none = 1;

	for (unsigned i = 0; i < PATHS; i++)
		probability[i] = pow(random_number(seed), 4) / 4;
	for (uint32_t r = 1; r <= repetitions; r++) {
		char letters[PATHS + 1];
		size_t n = 0;

		for (unsigned i = 0; i < PATHS; i++) {
			bool needed = random_number(seed) < probability[i];

			if (needed && !seen[i])
				letters[n++] = (char)('a' + i);
			seen[i] |= needed;
		}
		letters[n] = '\0';
		repeat(scene, "load", r, letters);
	}
	for (unsigned i = 0; i < PATHS; i++)
		none *= seen[i] ? 1 : 1 - probability[i];
	*ret_risk = 1 - none;
}

/* The bound holds in at least 95 of 100 worlds, and the figures agree with one another. */
static void
test_bound_holds(void **state)
{
	enum { WORLDS = 400 };
	uint64_t seed = 1;
	unsigned held = 0;

	(void)state;
	for (unsigned world = 0; world < WORLDS; world++) {
		struct scene scene;
		double truth = 0;

		scene_open(&scene);
		simulate(&scene, &seed, 2 + world % 40, &truth);
		CLEANUP(confidence_cleanup) struct confidence *c = estimate(&scene, NULL);
		held += truth <= c->risk;
		assert_true(c->singletons + c->doubletons <= c->observed);
		assert_true(c->observed <= c->incidences);
		assert_true(c->alone <= c->novel && c->novel <= c->samples);
		assert_true(c->probability <= c->risk && c->probability <= c->expected);
		assert_true(c->coverage <= 1);
		fixture_free(&scene.fixture);
	}
	assert_true(held * 100 >= WORLDS * 95);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_binomial_upper),
		cmocka_unit_test(test_binomial_upper_is_monotone),
		cmocka_unit_test(test_chao2),
		cmocka_unit_test(test_chao2_without_ground),
		cmocka_unit_test(test_one_repetition_says_nothing),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_what_is_read_once_and_kept_is_not_rare),
		cmocka_unit_test(test_several_loads),
		cmocka_unit_test(test_what_stays_for_another_reason_does_not_count),
		cmocka_unit_test(test_bound_holds),
	};

	return cmocka_run_group_tests(tests, group_arena, group_arena_free);
}
