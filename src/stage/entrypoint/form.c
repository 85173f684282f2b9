/* SPDX-License-Identifier: Apache-2.0 */
/* A start with a plan and its launcher, or a plain exec where that is all there is. */
#include "stage/entrypoint/compiler.h"

#include "base/cleanup.h"
#include "base/limits.h"

/* ---- the report ---- */

static int
say_carried(struct compiler *compiler, const json_t *plan, struct err *err)
{
	const struct start_state *base = compiler->base;
	size_t index;
	const json_t *item;
	int r = 0;

	json_array_foreach(json_object_get(plan, "effects"), index, item)
	{
		if (r == 0)
			r = compiler_carried(compiler, err, "%s %s",
					     json_string_value(json_object_get(item, "kind")),
					     json_string_value(json_object_get(item, "path")));
	}
	json_array_foreach(json_object_get(plan, "set"), index, item)
	{
		if (r == 0)
			r = compiler_carried(compiler, err, "sets %s",
					     json_string_value(json_object_get(item, "name")));
	}
	json_array_foreach(json_object_get(plan, "unset"), index, item)
	{
		if (r == 0)
			r = compiler_carried(compiler, err, "unsets %s", json_string_value(item));
	}
	if (r == 0 && json_object_get(plan, "to"))
		r = compiler_carried(compiler, err, "becomes user %u, group %u", base->uid,
				     base->gid);
	return r < 0 ? r
		     : compiler_carried(compiler, err, "executes %.*s",
					SPAN_ARG(compiler->start->program));
}

static int
hand_variables(struct compiler *compiler, const json_t *plan, struct err *err)
{
	const json_t *prefixes = json_object_get(plan, "prefixes");
	size_t count = compiler->candidates.count + json_array_size(prefixes);
	struct start_variable *variables =
		arena_array(compiler->arena, count + 1, sizeof(*variables));
	size_t n = 0;

	if (!variables)
		return err_memory(err);
	for (size_t i = 0; i < compiler->candidates.count; i++) {
		const struct candidate *candidate = &compiler->candidates.items[i];

		variables[n++] = (struct start_variable){
			candidate->name, candidate->is_free ? VARIABLE_FREE : VARIABLE_FIXED,
			candidate->secret ? SPAN("(of mohs.yaml)") : candidate->value};
	}
	for (size_t i = 0; i < json_array_size(prefixes); i++) {
		const json_t *item = json_array_get(prefixes, i);

		variables[n] = (struct start_variable){.kind = VARIABLE_PREFIX};
		variables[n].name =
			arena_copy(compiler->arena, (struct span){json_string_value(item),
								  json_string_length(item)});
		if (!variables[n++].name.p)
			return err_memory(err);
	}
	compiler->start->variables = variables;
	compiler->start->variable_count = n < START_VARIABLES_MAX ? n : START_VARIABLES_MAX;
	return 0;
}

/* What mohs.yaml sets may be a secret: it does not go into an image. */
static int
check_secrets(struct compiler *compiler, struct span plan, struct err *err)
{
	enum { SHORTEST = 4 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < compiler->candidates.count; i++) {
		const struct candidate *candidate = &compiler->candidates.items[i];

		if (candidate->secret && candidate->value.n >= SHORTEST &&
		    span_contains(plan, candidate->value))
			r = compiler_left(compiler, candidate->name, err,
					  "its value, which mohs.yaml sets, would be written into "
					  "the image");
	}
	return r;
}

/* ---- where no launcher is needed ---- */

static bool
is_empty(const json_t *plan, const char *name)
{
	return json_array_size(json_object_get(plan, name)) == 0;
}

/* Only what every shell sets by itself. */
static bool
sets_nothing(const json_t *plan)
{
	size_t index;
	const json_t *item;

	json_array_foreach(json_object_get(plan, "set"), index, item)
	{
		if (!names_is_shells(span_from(json_string_value(json_object_get(item, "name")))))
			return false;
	}
	return true;
}

/* Only an exec: nothing changed, nothing read but the script itself, nothing to guard. */
static bool
is_plain(const struct compiler *compiler, const json_t *plan)
{
	static const char *const lists[] = {"prefixes", "unset", "effects", "limits"};
	static const char *const guarded[] = {"missing", "present", "listed"};
	const json_t *guards = json_object_get(plan, "guards");
	const struct start_state *zero = compiler->zero;
	const struct start_state *base = compiler->base;
	bool plain = sets_nothing(plan) && !json_object_get(plan, "to");

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		plain &= is_empty(plan, lists[i]);
	for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++)
		plain &= is_empty(guards, guarded[i]);
	for (size_t i = 0; i < compiler->candidates.count; i++)
		plain &= compiler->candidates.items[i].host;
	return plain &&
	       json_array_size(json_object_get(guards, "same")) <= compiler->scripts.count &&
	       span_equal(zero->directory, base->directory) && zero->umask == base->umask &&
	       zero->no_new_privileges == base->no_new_privileges;
}

/* ENTRYPOINT and CMD without the script; false when the runtime could not find the program so. */
static bool
exec_form(struct compiler *compiler)
{
	const struct span_list *argv = &compiler->base->arguments;
	const struct span_list *given = &compiler->arguments;
	struct start *start = compiler->start;
	size_t lead = compiler->alone ? 0 : argv->count - given->count;

	if (argv->count == 0 || !detect_names(compiler, argv->items[0]))
		return false;
	if (compiler->alone) {
		start->command = *argv;
		return true;
	}
	if (argv->count < given->count || compiler->same_arguments != (given->count ? 1 : 0))
		return false;
	for (size_t i = 0; i < given->count; i++) {
		if (!span_equal(argv->items[lead + i], given->items[i]))
			return false;
	}
	start->entrypoint = (struct span_list){argv->items, lead};
	start->command = *given;
	return true;
}

static int
launcher_form(struct compiler *compiler, const json_t *plan, struct err *err)
{
	static struct span launcher[] = {SPAN_INIT(START_LAUNCHER_PATH)};
	struct start *start = compiler->start;
	bool asked = compiler->input->service->command.count > 0;
	int r = json_text(plan, true, compiler->arena, &start->plan, err);

	if (r < 0)
		return r;
	start->form = START_LAUNCHER;
	if (compiler->alone && !asked) {
		start->command = (struct span_list){launcher, 1};
	} else {
		start->entrypoint = (struct span_list){launcher, 1};
		start->command = compiler->arguments;
	}
	if (start->plan.n > START_PLAN_MAX)
		return compiler_left(compiler, start->script, err,
				     "its plan would have %zu bytes (at most %lu)", start->plan.n,
				     START_PLAN_MAX);
	return check_secrets(compiler, start->plan, err);
}

int
form_choose(struct compiler *compiler, struct err *err)
{
	bool asked = compiler->input->service->command.count > 0;
	struct span_list observed = compiler->arguments;
	CLEANUP(json_cleanup) json_t *plan = NULL;

	if (compiler->alone && !asked)
		observed.count = 0;
	int r = start_plan_make(compiler, observed, &plan, err);
	if (r < 0 || compiler->left.count)
		return r;
	compiler->start->program = compiler->executed; /* no more runs */
	r = hand_variables(compiler, plan, err);
	if (r == 0 && is_plain(compiler, plan) && exec_form(compiler)) {
		compiler->start->form = START_EXEC;
		if (!is_empty(plan, "set"))
			r = compiler_remark(compiler, SPAN("PWD"), err,
					    "variables that every shell sets by itself are not set "
					    "any more");
		return r < 0 ? r
			     : compiler_carried(compiler, err,
						"executes %.*s: nothing else was done",
						SPAN_ARG(compiler->start->program));
	}
	if (r == 0)
		r = launcher_form(compiler, plan, err);
	return r < 0 || compiler->left.count ? r : say_carried(compiler, plan, err);
}
