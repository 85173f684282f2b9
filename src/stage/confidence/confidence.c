/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/confidence.h"

#include "base/cleanup.h"
#include "stage/confidence/estimators.h"

/*
 * A round is the same repetition of every load. What is known without later rounds, and so never
 * new to one, is round 0: startup, tests, shutdown, the first repetition, and repetitions that not
 * every load has.
 */
struct rounds {
	uint32_t count;	  /* repetitions of the load that has fewest */
	struct span load; /* that one; empty when none was run */
	uint32_t *of;	  /* per phase: 0, or 1 for the second repetition, 2 for the third... */
	uint32_t *seen;	  /* per round: the path that was last seen in it, + 1 */
	bool *novel;	  /* per round */
	bool *alone;
};

/* The highest repetition of a load among the phases. */
static uint32_t
repetitions_of(const struct profile *profile, struct span load)
{
	uint32_t most = 0;

	for (size_t i = 0; i < profile->phase_count; i++) {
		const struct profile_phase *phase = &profile->phases[i];

		if (phase->kind == PHASE_LOAD && span_equal(phase->name, load) &&
		    phase->repetition > most)
			most = phase->repetition;
	}
	return most;
}

static void
find_fewest(const struct profile *profile, struct rounds *rounds)
{
	for (size_t i = 0; i < profile->phase_count; i++) {
		const struct profile_phase *phase = &profile->phases[i];

		if (phase->kind != PHASE_LOAD || phase->repetition > 1)
			continue;
		uint32_t count = repetitions_of(profile, phase->name);
		if (rounds->count == 0 || count < rounds->count) {
			rounds->count = count;
			rounds->load = phase->name;
		}
	}
	/* a profile may claim any repetition; there are no more than phases */
	if (rounds->count > profile->phase_count)
		rounds->count = (uint32_t)profile->phase_count;
}

static int
rounds_make(const struct profile *profile, struct arena *arena, struct rounds *ret, struct err *err)
{
	struct rounds rounds = {.load = SPAN("")};

	find_fewest(profile, &rounds);
	rounds.of = arena_array(arena, profile->phase_count + 1, sizeof(*rounds.of));
	rounds.seen = arena_array(arena, rounds.count + 1, sizeof(*rounds.seen));
	rounds.novel = arena_array(arena, rounds.count + 1, sizeof(*rounds.novel));
	rounds.alone = arena_array(arena, rounds.count + 1, sizeof(*rounds.alone));
	if (!rounds.of || !rounds.seen || !rounds.novel || !rounds.alone)
		return err_memory(err);
	for (size_t i = 0; i < profile->phase_count; i++) {
		const struct profile_phase *phase = &profile->phases[i];

		if (phase->kind == PHASE_LOAD && phase->repetition > 1 &&
		    phase->repetition <= rounds.count)
			rounds.of[i] = phase->repetition - 1;
	}
	*ret = rounds;
	return 0;
}

/* In how many later rounds a path was used. */
struct uses {
	bool known; /* without them */
	uint32_t rounds;
	uint32_t first; /* the earliest of them */
};

static struct uses
uses_of(const struct profile *profile, struct rounds *rounds, size_t index)
{
	const struct profile_path *path = &profile->paths[index];
	struct uses uses = {.known = path->phase_count == 0};

	for (size_t i = 0; i < path->phase_count; i++) {
		uint32_t round = rounds->of[path->phases[i]];

		uses.known |= round == 0;
		if (round == 0 || rounds->seen[round] == index + 1)
			continue;
		rounds->seen[round] = (uint32_t)index + 1;
		uses.rounds++;
		if (uses.first == 0 || round < uses.first)
			uses.first = round;
	}
	return uses;
}

int
confidence_first(const struct profile *profile, struct profile **ret, size_t *ret_without,
		 struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct profile *first = arena ? arena_alloc(arena, sizeof(*first)) : NULL;
	struct rounds rounds;

	if (!first)
		return err_memory(err);
	int r = rounds_make(profile, arena, &rounds, err);
	if (r < 0)
		return r;
	*first = *profile;
	first->path_count = 0;
	first->paths = arena_array(arena, profile->path_count + 1, sizeof(*first->paths));
	if (!first->paths)
		return err_memory(err);
	for (size_t i = 0; i < profile->path_count; i++) {
		if (uses_of(profile, &rounds, i).known)
			first->paths[first->path_count++] = profile->paths[i];
	}
	*ret_without = profile->path_count - first->path_count;
	first->arena = TAKE(arena);
	*ret = first;
	return 0;
}

static void
count_path(struct confidence *confidence, struct rounds *rounds, const struct uses *uses)
{
	confidence->observed++;
	confidence->singletons += uses->rounds == 1;
	confidence->doubletons += uses->rounds == 2;
	rounds->novel[uses->first] = true;
	if (uses->rounds == 1)
		rounds->alone[uses->first] = true;
}

static void
count_paths(const struct image *image, const struct profile *profile, const struct plan *rest,
	    struct rounds *rounds, struct confidence *confidence)
{
	for (size_t i = 0; i < profile->path_count; i++) {
		struct uses uses = uses_of(profile, rounds, i);
		uint32_t entry =
			uses.rounds ? image_find(image, profile->paths[i].path) : IMAGE_NONE;

		if (entry == IMAGE_NONE)
			continue;
		confidence->incidences += uses.rounds;
		if (!uses.known && !(rest && rest->entries[entry].keep))
			count_path(confidence, rounds, &uses);
	}
	for (uint32_t i = 1; i < rounds->count; i++) {
		confidence->novel += rounds->novel[i];
		confidence->alone += rounds->alone[i];
	}
}

static void
estimate(struct confidence *confidence)
{
	double samples = confidence->samples;
	struct estimate_chao2 chao2 =
		estimate_chao2(confidence->samples, confidence->observed, confidence->singletons,
			       confidence->doubletons);

	confidence->estimable = true;
	confidence->coverage = -1;
	if (confidence->incidences > 0)
		confidence->coverage =
			1 - (double)confidence->singletons / (double)confidence->incidences;
	confidence->expected = confidence->singletons / samples;
	confidence->probability = confidence->alone / samples;
	confidence->risk = estimate_binomial_upper(confidence->novel, confidence->samples,
						   1 - CONFIDENCE_LEVEL);
	confidence->unseen = chao2.unseen;
	confidence->unseen_bounded = chao2.bounded;
	confidence->unseen_low = chao2.low;
	confidence->unseen_high = chao2.high;
}

static struct span
why_not(const struct rounds *rounds, struct arena *arena)
{
	if (rounds->count == 0)
		return SPAN("no load was run");
	return arena_printf(arena, "load %.*s ran once: repeat it", SPAN_ARG(rounds->load));
}

int
confidence_estimate(const struct image *image, const struct profile *profile,
		    const struct plan *rest, struct confidence **ret, struct err *err)
{
	struct arena *arena = arena_new(0);
	CLEANUP(confidence_cleanup)
	struct confidence *confidence = arena ? arena_alloc(arena, sizeof(*confidence)) : NULL;
	struct rounds rounds;

	if (!confidence) {
		arena_free(arena);
		return err_memory(err);
	}
	confidence->arena = arena;
	confidence->why_not = SPAN("");
	if (rest && rest->entry_count != image->entry_count)
		return err_set(err, ERR_MISMATCH, "the plan is for another image");
	int r = rounds_make(profile, arena, &rounds, err);
	if (r < 0)
		return r;
	confidence->repetitions = rounds.count;
	if (rounds.count < 2) {
		confidence->why_not = why_not(&rounds, arena);
		if (!confidence->why_not.p)
			return err_memory(err);
	} else {
		confidence->samples = rounds.count - 1;
		count_paths(image, profile, rest, &rounds, confidence);
		estimate(confidence);
	}
	*ret = TAKE(confidence);
	return 0;
}
