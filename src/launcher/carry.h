/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out what a command line comes to, as a shell would: programs, pipes, redirections. */
#pragma once

#include "launcher/table.h"

enum {
	CARRY_NOT_SEEN = 126,  /* status: it is not in the table */
	CARRY_NOT_FOUND = 127, /* status: there is no such program */
};

struct carrying {
	const struct values *values;
	const char **environment; /* ended by NULL */
	size_t variables;
	struct region *region;
	long status; /* of what ran last */
	bool ended;  /* by exit */
};

/*
 * The environment of what is run: what is given, and PWD, which a shell sets; and that children are
 * waited for. False without room.
 */
bool carry_begin(struct carrying *carrying, const char *const *environment);

/*
 * All of it; the status is in `carrying`. `last`: nothing comes after it, so that the last program
 * takes this one's place and it does not return.
 */
void carry_out(struct carrying *carrying, const struct sequence *sequence, bool last);

/* The text with its values, NUL-terminated; .p NULL when it cannot be one word, or without room. */
struct text carry_fill(const struct carrying *carrying, const struct pieces *pieces);

/* "mohs-commands: A B C" on standard error, in one line. */
void carry_say(const char *a, struct text b, const char *c);
