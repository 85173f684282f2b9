/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What container engines write of a running container: runc's state.json, crun's status, and the
 * answer to "inspect" of docker and podman. Only what it takes to find its first process, and the
 * names Kubernetes gives it.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>

struct container_state {
	uint64_t pid;	 /* 0: it does not run */
	uint64_t start;	 /* of that process, as in /proc/PID/stat; 0: not stated */
	struct span pod; /* these three are empty outside Kubernetes */
	struct span space;
	struct span container;
};

enum container_format {
	CONTAINER_RUNC,	   /* libcontainer's state.json */
	CONTAINER_CRUN,	   /* libcrun's status */
	CONTAINER_INSPECT, /* docker: an object; podman: a list of one */
};

/* Texts go to `arena`. ERR_INVALID, ERR_MEMORY. */
int container_state_read(enum container_format format, struct span text, struct arena *arena,
			 struct container_state *ret, struct err *err);
