/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/action.h"

#include "cmd/printable.h"
#include "cmd/terminal.h"

#include <stdio.h>
#include <string.h>

static const struct action *
find_name(const struct action *actions, const char *name)
{
	for (; actions->name; actions++) {
		if (strcmp(actions->name, name) == 0)
			return actions;
	}
	return NULL;
}

/* An option that is given and not taken; NULL: there is none. */
static const char *
find_misuse(const struct action_table *table, const struct action *action)
{
	for (size_t i = 0; i < table->option_count; i++) {
		const struct action_option *option = &table->options[i];

		if (option->given && !(option->taken_by & action->takes))
			return option->complaint;
	}
	return NULL;
}

static int
complain(const struct action_table *table, const char *text, const char *more)
{
	printable_line(stderr, "mohs %s: %s%s (mohs %s --help)", table->verb, text, more,
		       table->verb);
	return 2;
}

int
action_run(const struct action_table *table, const struct option_list *words, const void *request)
{
	const struct action *action = find_name(table->actions, words->items[0]);
	struct err err = ERR_INIT;

	if (!action)
		return complain(table, table->usage, "");
	const char *misuse = find_misuse(table, action);
	if (misuse)
		return complain(table, misuse, "");
	if (words->count > 1 && !action->argument)
		return complain(table, "one argument too many", "");
	if (words->count < 2 && action->argument && !action->optional)
		return complain(table, action->argument, " is missing");
	int r = action->run(request, &err);
	return r < 0 ? terminal_error(table->verb, &err) : r;
}
