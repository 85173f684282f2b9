/* SPDX-License-Identifier: Apache-2.0 */
/* How each engine is asked for a container; target.c has the table. */
#pragma once

#include "port/target.h"

/* One search: what is looked for, and what was found. */
struct search {
	struct span wanted;
	const struct target_options *options;
	struct arena *arena;
	struct span name; /* in full */
	struct container_state state;
};

/* ERR_NOT_FOUND when this engine has no such container, or is not there. */
typedef int (*engine_find)(struct search *search, struct err *err);

int engine_pid(struct search *search, struct err *err);
int engine_runc(struct search *search, struct err *err);
int engine_crun(struct search *search, struct err *err);
int engine_docker(struct search *search, struct err *err);
int engine_containerd(struct search *search, struct err *err);
int engine_podman(struct search *search, struct err *err);
