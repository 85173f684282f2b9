/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/entrypoint: what vary_variable.c and vary_variables.c share. */
#pragma once

#include "stage/entrypoint/compiler.h"

/* Runs that are left for the host's name, and for all variables together. */
enum { VARIABLES_RUNS_LAST = 4 };

/* "NAME=value"; the name alone, which takes it away, when value.p is NULL. .p NULL without memory.
 */
struct span variable_set(struct compiler *compiler, struct span name, struct span value);

/* A value of candidate `index` that is found again wherever it ends up. .p NULL without memory. */
struct span variable_probe(struct compiler *compiler, size_t index, unsigned series);

/* The facts of a start with some variables changed; ret->count 0 when it was not reached. */
int variables_facts(struct compiler *compiler, struct span *changes, size_t count,
		    struct facts *ret, struct err *err);

/* Whether `facts`, with `probe` in the place of the value, are what another value comes to. */
bool variable_gives(struct compiler *compiler, const struct facts *facts, struct span probe,
		    struct span value, const struct facts *others);

/*
 * Says of candidate `index` that it makes a difference, and whether it is free. `known`: the start
 * with its probe, where that was made already; else NULL.
 */
int variable_try(struct compiler *compiler, size_t index, const struct facts *known,
		 struct err *err);
