/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables: which of them only go through, unchanged, to where their value is seen in the result.
 * Any other must be as it was observed.
 */
#include "stage/entrypoint/compiler.h"

#include "base/limits.h"

#include <stdio.h>

enum {
	VALUES = 5,
	RUNS_EACH = VALUES + 4,
	RUNS_LAST = 4, /* for the host's name, and for all together */
};

static struct span
assignment(struct compiler *compiler, struct span name, struct span value)
{
	if (!value.p)
		return name;
	return arena_printf(compiler->arena, "%.*s=%.*s", SPAN_ARG(name), SPAN_ARG(value));
}

/* The facts of a start with some variables changed; *ret_count 0 when it was not reached. */
static int
facts_with(struct compiler *compiler, struct span *changes, size_t count, struct facts *ret,
	   struct err *err)
{
	struct start_trial trial = {.environment = {changes, count}};
	struct start_state *state = NULL;
	int r = compiler_try(compiler, &trial, &state, NULL, err);

	*ret = (struct facts){0};
	if (r < 0 || !state || !state->reached)
		return r;
	return facts_make(state, compiler->arena, ret, err);
}

/* Values of one candidate in the order they are tried in, as long as each of them goes through. */
struct course {
	struct span changes[VALUES + 4];
	size_t count;
	size_t begun; /* so many of them are expected already */
};

/* While one is tried the next one is under way. */
static void
go_ahead(struct compiler *compiler, struct course *course, struct span change)
{
	size_t at = 0;

	while (at < course->count && !span_equal(course->changes[at], change))
		at++;
	if (at == course->count)
		return;
	for (; course->begun < course->count && course->begun < at + 2; course->begun++) {
		struct start_trial trial = {.environment = {&course->changes[course->begun], 1}};

		compiler_expect(compiler, &trial);
	}
}

static void
abandon(struct compiler *compiler, const struct course *course)
{
	for (size_t i = 0; i < course->begun; i++) {
		struct span change = course->changes[i];
		struct start_trial trial = {.environment = {&change, 1}};

		compiler_forget(compiler, &trial);
	}
}

static int
facts_with_one(struct compiler *compiler, struct course *course, const struct candidate *candidate,
	       struct span value, struct facts *ret, struct err *err)
{
	struct span change = assignment(compiler, candidate->name, value);

	if (!change.p)
		return err_memory(err);
	go_ahead(compiler, course, change);
	return facts_with(compiler, &change, 1, ret, err);
}

static bool
occurs(const struct facts *facts, struct span text)
{
	for (size_t i = 0; i < facts->count; i++) {
		if (span_contains(facts->items[i].text, text) ||
		    span_contains(facts->items[i].key, text))
			return true;
	}
	return false;
}

/* A value that is found again wherever it ends up. */
static struct span
make_probe(struct compiler *compiler, size_t index, bool number, unsigned series)
{
	struct span probe;

	do {
		probe = number ? arena_printf(compiler->arena, "%zu",
					      31007 + series * 4001 + index * 13)
			       : arena_printf(compiler->arena, "mohs%zuprobe%u", index, series);
		series += 7;
	} while (probe.p && occurs(&compiler->base_facts, probe));
	return probe;
}

/* Whether `facts`, with `probe` in the place of the value, are what another value comes to. */
static bool
gives(struct compiler *compiler, const struct facts *facts, struct span probe, struct span value,
      const struct facts *others)
{
	const struct swap swap = {probe, value};

	return others->count && facts_same(facts, &swap, 1, others, NULL, compiler->arena, NULL);
}

/* As gives() with the fallback; where that is not set for the service, its variable may be
 * anything. */
static bool
gives_elsewhere(struct compiler *compiler, const struct facts *facts,
		const struct candidate *candidate, const struct facts *others)
{
	struct span key = arena_printf(compiler->arena, "variable/%.*s", SPAN_ARG(candidate->name));
	const struct span_list ignored = {&key, candidate->exports ? 0 : 1};
	const struct swap swap = {candidate->probe, candidate->fallback};

	return key.p && others->count &&
	       facts_same(facts, &swap, 1, others, &ignored, compiler->arena, NULL);
}

/* ---- one candidate ---- */

/* What it is when it is not set: found in the start without it. */
static int
solve_unset(struct compiler *compiler, struct course *course, struct candidate *candidate,
	    const struct facts *shape, bool *ret, struct err *err)
{
	struct facts unset = compiler->base_facts;
	struct span fallback = {NULL, 0};
	int r = 0;

	if (candidate->value.p)
		r = facts_with_one(compiler, course, candidate, (struct span){NULL, 0}, &unset,
				   err);
	if (r < 0)
		return r;
	candidate->has_fallback =
		facts_solve(shape, candidate->probe, &unset, &fallback) && fallback.p;
	candidate->fallback = fallback;
	*ret = gives(compiler, shape, candidate->probe, fallback, &unset);
	candidate->exports = *ret && candidate->has_fallback;
	if (*ret || !candidate->has_fallback)
		return 0;
	/* one that has a fallback without being set for the service */
	struct span key = arena_printf(compiler->arena, "variable/%.*s", SPAN_ARG(candidate->name));
	*ret = key.p && !facts_find(&unset, key) &&
	       gives_elsewhere(compiler, shape, candidate, &unset);
	return 0;
}

static int
solve_empty(struct compiler *compiler, struct course *course, struct candidate *candidate,
	    const struct facts *shape, bool *ret, struct err *err)
{
	struct facts empty = {0};
	int r = facts_with_one(compiler, course, candidate, SPAN(""), &empty, err);

	if (r < 0)
		return r;
	*ret = gives(compiler, shape, candidate->probe, SPAN(""), &empty);
	if (!*ret && candidate->has_fallback) {
		*ret = gives_elsewhere(compiler, shape, candidate, &empty);
		candidate->empty_is_unset = *ret;
	}
	return 0;
}

/* Values that the script itself has beside the name, and others that scripts like. */
static size_t
other_values(struct compiler *compiler, const struct candidate *candidate, size_t index,
	     struct span values[VALUES])
{
	size_t count = 0;

	values[count++] = make_probe(compiler, index, false, 2);
	values[count++] = SPAN("1");
	for (size_t i = 0; i < compiler->scripts.count && count < VALUES - 1; i++)
		count += script_values(compiler->scripts.items[i], candidate->name, values + count,
				       VALUES - 1 - count);
	return count;
}

static int
try_values(struct compiler *compiler, struct course *course, struct candidate *candidate,
	   size_t index, const struct facts *shape, bool *ret, struct err *err)
{
	struct span values[VALUES];
	size_t count = other_values(compiler, candidate, index, values);
	int r = 0;

	*ret = true;
	for (size_t i = 0; r == 0 && *ret && i < count; i++) {
		struct facts facts = {0};

		r = values[i].p
			    ? facts_with_one(compiler, course, candidate, values[i], &facts, err)
			    : err_memory(err);
		*ret = r == 0 && gives(compiler, shape, candidate->probe, values[i], &facts);
	}
	return r;
}

/* What shells and their helpers like to take for something else. */
#define SPECIAL "mohs * ?|;&$x`'\"\\n%s#!{}[]<>()~^=+,@ /"

static int
try_special(struct compiler *compiler, struct course *course, struct candidate *candidate,
	    const struct facts *shape, struct err *err)
{
	struct facts facts = {0};
	int r = facts_with_one(compiler, course, candidate, SPAN(SPECIAL), &facts, err);

	candidate->plain =
		r < 0 || !gives(compiler, shape, candidate->probe, SPAN(SPECIAL), &facts);
	return r;
}

static void
plan_course(struct compiler *compiler, const struct candidate *candidate, size_t index,
	    struct course *course)
{
	struct span values[VALUES];
	size_t count = other_values(compiler, candidate, index, values);

	if (candidate->value.p)
		course->changes[course->count++] = candidate->name;
	course->changes[course->count++] = assignment(compiler, candidate->name, SPAN(""));
	for (size_t i = 0; i < count; i++)
		course->changes[course->count++] = assignment(compiler, candidate->name, values[i]);
	course->changes[course->count++] = assignment(compiler, candidate->name, SPAN(SPECIAL));
}

static int
note_untried(struct compiler *compiler, const struct candidate *candidate, struct err *err)
{
	return compiler_remark(compiler, candidate->name, err,
			       "it makes a difference, and was not varied any further: it must be "
			       "as it was observed");
}

static int
follow(struct compiler *compiler, struct course *course, size_t index, const struct facts *shape,
       struct err *err)
{
	struct candidate *candidate = &compiler->candidates.items[index];
	bool good = false;

	plan_course(compiler, candidate, index, course);
	int r = solve_unset(compiler, course, candidate, shape, &good, err);
	if (r == 0 && good)
		r = solve_empty(compiler, course, candidate, shape, &good, err);
	if (r == 0 && good)
		r = try_values(compiler, course, candidate, index, shape, &good, err);
	candidate->is_free = r == 0 && good && !compiler->spent;
	return candidate->is_free ? try_special(compiler, course, candidate, shape, err) : r;
}

/* `known`: the start with its probe, where that was made already; else NULL. */
static int
try_candidate(struct compiler *compiler, size_t index, const struct facts *known, struct err *err)
{
	struct candidate *candidate = &compiler->candidates.items[index];
	struct course course = {0};
	struct facts shape = {0};
	int r = 0;

	candidate->differs = true;
	if (!compiler_has_runs(compiler, RUNS_EACH + RUNS_LAST))
		return note_untried(compiler, candidate, err);
	candidate->probe = make_probe(compiler, index, false, 1);
	if (!candidate->probe.p)
		return err_memory(err);
	if (known)
		shape = *known;
	else
		r = facts_with_one(compiler, &course, candidate, candidate->probe, &shape, err);
	if (r < 0 || shape.count == 0 ||
	    (candidate->value.p &&
	     !gives(compiler, &shape, candidate->probe, candidate->value, &compiler->base_facts)))
		return r;
	r = follow(compiler, &course, index, &shape, err);
	abandon(compiler, &course);
	return r;
}

/* ---- which ones make any difference ---- */

static bool
may_be_varied(const struct candidate *candidate)
{
	static const struct span fixed[] = {SPAN_INIT("PATH"), SPAN_INIT("LD_PRELOAD"),
					    SPAN_INIT("LD_LIBRARY_PATH")};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (span_equal(candidate->name, fixed[i]))
			return false;
	}
	return !candidate->host;
}

/* Facts of the variables in [from, to) themselves: they go through, of course. */
static struct span_list
own_keys(struct compiler *compiler, size_t from, size_t to)
{
	struct span_list keys = {arena_array(compiler->arena, to - from + 1, sizeof(struct span)),
				 0};

	for (size_t i = from; keys.items && i < to; i++)
		keys.items[keys.count++] =
			arena_printf(compiler->arena, "variable/%.*s",
				     SPAN_ARG(compiler->candidates.items[i].name));
	return keys;
}

/* A probe for each of [from, to) that is not set; how many. ERR_MEMORY. */
static int
set_probes(struct compiler *compiler, size_t from, size_t to,
	   struct span changes[START_VARIABLES_MAX], struct err *err)
{
	int count = 0;

	for (size_t i = from; i < to; i++) {
		const struct candidate *candidate = &compiler->candidates.items[i];

		if (!may_be_varied(candidate) || candidate->value.p)
			continue;
		changes[count] =
			assignment(compiler, candidate->name, make_probe(compiler, i, false, 1));
		if (!changes[count++].p)
			return err_memory(err);
	}
	return count;
}

static void
expect_part(struct compiler *compiler, size_t from, size_t to)
{
	struct span changes[START_VARIABLES_MAX];
	struct err ignored = ERR_INIT;
	int count = set_probes(compiler, from, to, changes, &ignored);
	struct start_trial trial = {.environment = {changes, count > 0 ? (size_t)count : 0}};

	if (count > 0)
		compiler_expect(compiler, &trial);
}

/* Those of [from, to) that make a difference are tried one by one. */
static int
split(struct compiler *compiler, size_t from, size_t to, struct err *err)
{
	struct span changes[START_VARIABLES_MAX];
	int count = set_probes(compiler, from, to, changes, err);
	struct facts facts = {0};

	if (count < 0)
		return count;
	if (count == 0 || !compiler_has_runs(compiler, 1 + RUNS_LAST))
		return 0;
	int r = facts_with(compiler, changes, (size_t)count, &facts, err);
	struct span_list ignored = own_keys(compiler, from, to);
	if (r < 0 || (facts.count && facts_same(&compiler->base_facts, NULL, 0, &facts, &ignored,
						compiler->arena, NULL)))
		return r;
	if (count == 1) {
		while (!may_be_varied(&compiler->candidates.items[from]) ||
		       compiler->candidates.items[from].value.p)
			from++;
		return try_candidate(compiler, from, &facts, err);
	}
	size_t middle = from + (to - from) / 2;
	expect_part(compiler, from, middle);
	expect_part(compiler, middle, to);
	r = split(compiler, from, middle, err);
	return r < 0 ? r : split(compiler, middle, to, err);
}

/* ---- all that are free at once ---- */

static int
run_shape(struct compiler *compiler, unsigned series, struct facts *ret, struct swap *swaps,
	  size_t *ret_count, struct err *err)
{
	struct span changes[START_VARIABLES_MAX];
	struct start_trial trial = {.environment = {changes, 0}};
	struct start_state *state = NULL;

	*ret_count = 0;
	*ret = (struct facts){0};
	for (size_t i = 0; i < compiler->candidates.count; i++) {
		const struct candidate *candidate = &compiler->candidates.items[i];

		if (!candidate->is_free)
			continue;
		struct span probe = make_probe(compiler, i, false, series);
		if (candidate->host)
			trial.hostname = probe;
		else
			changes[trial.environment.count++] =
				assignment(compiler, candidate->name, probe);
		if (!probe.p)
			return err_memory(err);
		swaps[(*ret_count)++] = (struct swap){candidate->probe, probe};
	}
	int r = compiler_try(compiler, &trial, &state, NULL, err);
	if (r < 0 || !state || !state->reached)
		return r;
	return facts_make(state, compiler->arena, ret, err);
}

/* With the values it was observed with it is what was observed. */
static bool
gives_base(struct compiler *compiler)
{
	struct swap swaps[START_VARIABLES_MAX];
	struct span keys[START_VARIABLES_MAX];
	struct span_list ignored = {keys, 0};

	for (size_t i = 0; i < compiler->candidates.count; i++) {
		const struct candidate *candidate = &compiler->candidates.items[i];

		if (!candidate->is_free)
			continue;
		swaps[ignored.count] =
			(struct swap){candidate->probe,
				      candidate->value.p ? candidate->value : candidate->fallback};
		keys[ignored.count] =
			arena_printf(compiler->arena, "variable/%.*s", SPAN_ARG(candidate->name));
		if (!keys[ignored.count++].p)
			return false;
	}
	return facts_same(&compiler->shape, swaps, ignored.count, &compiler->base_facts, &ignored,
			  compiler->arena, NULL);
}

/* Proven one by one does not mean proven together. */
static int
join(struct compiler *compiler, struct err *err)
{
	struct swap swaps[START_VARIABLES_MAX];
	struct facts second = {0};
	size_t count = 0;
	bool same = true;

	compiler->shape = compiler->base_facts;
	for (size_t i = 0; i < compiler->candidates.count; i++)
		count += compiler->candidates.items[i].is_free;
	if (count == 0)
		return 0;
	int r = run_shape(compiler, 1, &compiler->shape, swaps, &count, err);
	for (size_t i = 0, k = 0; r == 0 && i < compiler->candidates.count; i++) {
		struct candidate *candidate = &compiler->candidates.items[i];

		if (candidate->is_free)
			candidate->probe = swaps[k++].to;
	}
	if (r == 0)
		r = run_shape(compiler, 3, &second, swaps, &count, err);
	if (r < 0)
		return r;
	same = compiler->shape.count && second.count && gives_base(compiler) &&
	       facts_same(&compiler->shape, swaps, count, &second, NULL, compiler->arena, NULL);
	if (same)
		return 0;
	compiler->shape = compiler->base_facts;
	for (size_t i = 0; i < compiler->candidates.count; i++)
		compiler->candidates.items[i].is_free = false;
	return compiler_remark(compiler, SPAN("variables"), err,
			       "those that only go through one by one do not do so together: each "
			       "must be as it was observed");
}

/* ---- the host's name ---- */

static int
vary_host(struct compiler *compiler, struct err *err)
{
	struct start_trial trial = {.hostname = SPAN("mohsotherhost")};
	struct candidate host = {
		.name = SPAN("HOSTNAME"), .host = true, .is_free = true, .probe = trial.hostname};
	struct start_state *state = NULL;
	struct facts facts = {0};
	struct span mine = {NULL, 0};
	int r = compiler_try(compiler, &trial, &state, NULL, err);

	for (size_t i = 0; i < compiler->zero->environment.count; i++) {
		struct span item = compiler->zero->environment.items[i];

		if (span_starts_with(item, SPAN("HOSTNAME=")))
			mine = span_slice(item, 9, item.n);
	}
	if (r < 0 || !state || !mine.p)
		return r;
	if (state->reached)
		r = facts_make(state, compiler->arena, &facts, err);
	if (r < 0)
		return r;
	if (!state->reached ||
	    !gives(compiler, &facts, trial.hostname, mine, &compiler->base_facts))
		return compiler_left(compiler, SPAN("host name"), err,
				     "what the script makes of it is not the name itself");
	host.value = mine;
	for (size_t i = 0; i < compiler->candidates.count; i++) {
		struct candidate *candidate = &compiler->candidates.items[i];

		if (candidate->host) {
			*candidate = host;
			return 0;
		}
	}
	return vec_push(&compiler->candidates, &host, START_VARIABLES_MAX, err);
}

/* Small names that the script gives a value itself, and that made no difference, are its own. */
static void
drop_locals(struct compiler *compiler)
{
	size_t kept = 0;

	for (size_t i = 0; i < compiler->candidates.count; i++) {
		const struct candidate *candidate = &compiler->candidates.items[i];
		bool own = !candidate->value.p && !candidate->differs;
		bool assigned = false;

		for (size_t k = 0; k < candidate->name.n; k++)
			own &= candidate->name.p[k] < 'A' || candidate->name.p[k] > 'Z';
		for (size_t k = 0; own && !assigned && k < compiler->scripts.count; k++)
			assigned = script_assigns(compiler->scripts.items[k], candidate->name);
		if (!assigned)
			compiler->candidates.items[kept++] = *candidate;
	}
	compiler->candidates.count = kept;
}

int
vary_variables(struct compiler *compiler, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < compiler->candidates.count; i++) {
		const struct candidate *candidate = &compiler->candidates.items[i];

		if (candidate->value.p && may_be_varied(candidate))
			r = try_candidate(compiler, i, NULL, err);
	}
	if (r == 0)
		r = split(compiler, 0, compiler->candidates.count, err);
	if (r == 0 && !compiler->spent)
		drop_locals(compiler);
	if (r == 0)
		r = vary_host(compiler, err);
	return r < 0 || compiler->left.count ? r : join(compiler, err);
}
