/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running container of this machine, found by the name its engine gives it. docs/debug.md
 */
#pragma once

#include "codec/container_state.h"

#include <sys/types.h>

struct target {
	struct arena *arena;
	struct span engine;	      /* "runc", "docker", "pid", ... */
	struct span name;	      /* in full */
	pid_t pid;		      /* its first process, as seen from here */
	int pidfd;		      /* of that very process: its number may be given away */
	struct container_state state; /* names of Kubernetes */
};

struct target_options {
	const char *state; /* a folder more in which runc keeps its containers; NULL: none */
};

/*
 * `text`: the number of a process, the name or the unique start of the identifier of a container,
 * or one of these behind "ENGINE:" (pid, runc, crun, docker, containerd, podman). Without an engine
 * the first of the table that knows it. ERR_NOT_FOUND; ERR_USAGE: it fits several, or there is no
 * such engine; ERR_MISMATCH: it has ended.
 */
int target_find(struct span text, const struct target_options *options, struct target **ret,
		struct err *err);

/* Whether its first process still runs. */
bool target_runs(const struct target *target);

void target_free(struct target *target);
void target_cleanup(struct target **target);
