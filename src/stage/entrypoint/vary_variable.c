/* SPDX-License-Identifier: Apache-2.0 */
/* Whether one variable only goes through, whatever its value. */
#include "stage/entrypoint/variables.h"

enum {
	VALUES = 5,
	RUNS_EACH = VALUES + 4,
};

struct span
variable_set(struct compiler *compiler, struct span name, struct span value)
{
	if (!value.p)
		return name;
	return arena_printf(compiler->arena, "%.*s=%.*s", SPAN_ARG(name), SPAN_ARG(value));
}

int
variables_facts(struct compiler *compiler, struct span *changes, size_t count, struct facts *ret,
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
	struct span change = variable_set(compiler, candidate->name, value);

	if (!change.p)
		return err_memory(err);
	go_ahead(compiler, course, change);
	return variables_facts(compiler, &change, 1, ret, err);
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

struct span
variable_probe(struct compiler *compiler, size_t index, unsigned series)
{
	struct span probe;

	do {
		probe = arena_printf(compiler->arena, "mohs%zuprobe%u", index, series);
		series += 7;
	} while (probe.p && occurs(&compiler->base_facts, probe));
	return probe;
}

bool
variable_gives(struct compiler *compiler, const struct facts *facts, struct span probe,
	       struct span value, const struct facts *others)
{
	const struct swap swap = {probe, value};

	return others->count && facts_same(facts, &swap, 1, others, NULL, compiler->arena, NULL);
}

/* With the fallback; where that is not set for the service, its variable may be anything. */
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
	*ret = variable_gives(compiler, shape, candidate->probe, fallback, &unset);
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
	*ret = variable_gives(compiler, shape, candidate->probe, SPAN(""), &empty);
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

	values[count++] = variable_probe(compiler, index, 2);
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
		*ret = r == 0 &&
		       variable_gives(compiler, shape, candidate->probe, values[i], &facts);
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
		r < 0 || !variable_gives(compiler, shape, candidate->probe, SPAN(SPECIAL), &facts);
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
	course->changes[course->count++] = variable_set(compiler, candidate->name, SPAN(""));
	for (size_t i = 0; i < count; i++)
		course->changes[course->count++] =
			variable_set(compiler, candidate->name, values[i]);
	course->changes[course->count++] = variable_set(compiler, candidate->name, SPAN(SPECIAL));
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

int
variable_try(struct compiler *compiler, size_t index, const struct facts *known, struct err *err)
{
	struct candidate *candidate = &compiler->candidates.items[index];
	struct course course = {0};
	struct facts shape = {0};
	int r = 0;

	candidate->differs = true;
	if (!compiler_has_runs(compiler, RUNS_EACH + VARIABLES_RUNS_LAST))
		return note_untried(compiler, candidate, err);
	candidate->probe = variable_probe(compiler, index, 1);
	if (!candidate->probe.p)
		return err_memory(err);
	if (known)
		shape = *known;
	else
		r = facts_with_one(compiler, &course, candidate, candidate->probe, &shape, err);
	if (r < 0 || shape.count == 0 ||
	    (candidate->value.p && !variable_gives(compiler, &shape, candidate->probe,
						   candidate->value, &compiler->base_facts)))
		return r;
	r = follow(compiler, &course, index, &shape, err);
	abandon(compiler, &course);
	return r;
}
