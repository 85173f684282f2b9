/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How shells were run while profiling, in records as codec/probe.h has them:
 *
 *	input	NAME "\n" BYTES		what one shell read
 *	run	program, name, parent, argument..., input NAME | lost WHAT (records themselves)
 *	refused	LINE			what mohs-commands did not carry out
 *	options	ARGUMENTS		with which it was run, and which it did not know
 *
 * The container can write there as well: nothing is believed that is not well formed.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/gap.h"

struct shell_run {
	struct span program;	    /* the shell: its file */
	struct span name;	    /* the path it was run by */
	struct span parent;	    /* the program that ran it; may be empty */
	struct span_list arguments; /* with the first, its name */
	bool reads;		    /* it read commands: `input` */
	struct span input;
	bool lost; /* not all of it is known */
};

struct shell_log {
	struct shell_run *runs; /* in their order */
	size_t count;
	struct span_list refused;
	struct span_list options;
};

/* Texts point into `log`. ERR_INVALID, ERR_LIMIT. */
int shell_log_read(struct span log, struct arena *arena, struct shell_log *ret, struct err *err);
