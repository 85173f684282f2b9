/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process per container, between mohs and the runtime: the container's first process becomes
 * its child, so that its end is seen; what the container prints goes through it to the log.
 */
#pragma once

#include "port/runtime.h"

enum {
	SHIM_TAIL = 4096,
	SHIM_ARGUMENTS = 24,
};

enum shim_event { SHIM_CREATED = 1, SHIM_ENDED = 2 };

/* What the shim reports, at most one of each event, over its pipe. */
struct shim_report {
	uint32_t event;
	int32_t status; /* of `create` (0 good), of the container */
	int32_t pid;	/* SHIM_CREATED: the container's first process */
	uint32_t cut;	/* output was dropped */
	uint32_t tail_n;
	char tail[SHIM_TAIL];
};

struct shim_options {
	const char *const *argv; /* the runtime's create command */
	const char *pid_file;
	const char *log;
};

/* The process; never returns. Writes reports to `report`. */
_Noreturn void shim_main(const struct shim_options *options, int report, pid_t parent);
