/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs that have verbs of their own: `mohs key generate`. */
#pragma once

#include "cmd/options.h"

struct action {
	const char *name;
	unsigned takes;	      /* options of the verb, ORed */
	const char *argument; /* what its argument is, as "the key file"; NULL: it has none */
	bool optional;	      /* the argument may be left out */
	/*
	 * Prints its results. Returns the exit code, or -kind with the error to print. `request`:
	 * the verb's own.
	 */
	int (*run)(const void *request, struct err *err);
};

/* An option that not every action takes. */
struct action_option {
	bool given;
	unsigned taken_by; /* actions that have one of these in `takes` */
	const char *complaint;
};

struct action_table {
	const char *verb;
	const struct action *actions; /* ended by a NULL name */
	const struct action_option *options;
	size_t option_count;
	const char *usage; /* what to say when there is no such action */
};

/*
 * Runs the action that words->items[0] names, when what was given fits it; complains on standard
 * error. Returns the exit code.
 */
int action_run(const struct action_table *table, const struct option_list *words,
	       const void *request);
