/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables: which of them only go through, unchanged, to where their value is seen in the result.
 * Any other must be as it was observed.
 */
#include "stage/entrypoint/variables.h"

#include "base/limits.h"

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
			variable_set(compiler, candidate->name, variable_probe(compiler, i, 1));
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
	if (count == 0 || !compiler_has_runs(compiler, 1 + VARIABLES_RUNS_LAST))
		return 0;
	int r = variables_facts(compiler, changes, (size_t)count, &facts, err);
	struct span_list ignored = own_keys(compiler, from, to);
	if (r < 0 || (facts.count && facts_same(&compiler->base_facts, NULL, 0, &facts, &ignored,
						compiler->arena, NULL)))
		return r;
	if (count == 1) {
		while (!may_be_varied(&compiler->candidates.items[from]) ||
		       compiler->candidates.items[from].value.p)
			from++;
		return variable_try(compiler, from, &facts, err);
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
		struct span probe = variable_probe(compiler, i, series);
		if (candidate->host)
			trial.hostname = probe;
		else
			changes[trial.environment.count++] =
				variable_set(compiler, candidate->name, probe);
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
	    !variable_gives(compiler, &facts, trial.hostname, mine, &compiler->base_facts))
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
			r = variable_try(compiler, i, NULL, err);
	}
	if (r == 0)
		r = split(compiler, 0, compiler->candidates.count, err);
	if (r == 0 && !compiler->spent)
		drop_locals(compiler);
	if (r == 0)
		r = vary_host(compiler, err);
	return r < 0 || compiler->left.count ? r : join(compiler, err);
}
