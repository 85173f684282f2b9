/* SPDX-License-Identifier: Apache-2.0 */
#include "model/start.h"

#include "model/own.h"

const char *
start_form_name(enum start_form form)
{
	static const char *const names[] = {
		[START_KEPT] = "kept",
		[START_EXEC] = "exec",
		[START_LAUNCHER] = "launcher",
	};

	return (unsigned)form < sizeof(names) / sizeof(names[0]) ? names[form] : "unknown";
}

static bool
own_variables(struct arena *arena, struct start *start)
{
	struct start_variable *items =
		arena_array(arena, start->variable_count + 1, sizeof(*items));

	for (size_t i = 0; items && i < start->variable_count; i++) {
		items[i] = start->variables[i];
		if (!own(arena, &items[i].name) || !own(arena, &items[i].value))
			return false;
	}
	start->variables = items;
	return items != NULL;
}

int
start_copy(const struct start *start, struct arena *arena, struct start **ret, struct err *err)
{
	struct start *copy = arena_alloc(arena, sizeof(*copy));

	if (!copy)
		return err_memory(err);
	*copy = *start;
	copy->arena = NULL;
	if (!own(arena, &copy->script) || !own(arena, &copy->program) || !own(arena, &copy->plan) ||
	    !own_list(arena, &copy->argv) || !own_list(arena, &copy->entrypoint) ||
	    !own_list(arena, &copy->command) || !own_list(arena, &copy->carried) ||
	    !own_gaps(arena, &copy->left) || !own_gaps(arena, &copy->remarks) ||
	    !own_variables(arena, copy))
		return err_memory(err);
	*ret = copy;
	return 0;
}

void
start_free(struct start *start)
{
	if (start)
		arena_free(start->arena);
}

void
start_cleanup(struct start **start)
{
	start_free(*start);
	*start = NULL;
}
