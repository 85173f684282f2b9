/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which system calls a container makes and which capabilities the kernel asks of it, while it
 * runs. Recorders are tried in the order of a table. Works inside a sandbox only, before and while
 * a container of port/runtime.h lives. docs/limits.md
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/demands.h"

#include <sys/types.h>

enum syscalls_purpose {
	SYSCALLS_RECORD, /* note what is asked for */
	SYSCALLS_REFUSE, /* enforce `allowed`, and note what is refused */
};

struct syscalls_options {
	enum syscalls_purpose purpose;
	struct span architecture; /* GOARCH of the image; empty: this machine's */
	const char *folder;	  /* exists; for a socket */
	struct span_list allowed; /* names; for SYSCALLS_REFUSE */
	const char *recorder;	  /* only this one; NULL: the first that works here */
};

struct syscalls;

/* Before the container is created. ERR_UNSUPPORTED when no recorder works here, and why. */
int syscalls_prepare(const struct syscalls_options *options, struct syscalls **ret,
		     struct err *err);

/* The filter that its config.json must have (runtime-spec, "seccomp"); empty: none. */
struct span syscalls_filter(const struct syscalls *syscalls);

/* Created, its first instruction not run: `init` is its first process, still the runtime's. */
int syscalls_watch(struct syscalls *syscalls, pid_t init, struct err *err);

/*
 * What was seen so far, in the members of *demands that are about calls and capabilities; texts in
 * `arena`. ERR_LIMIT when calls came by that have no name here.
 */
int syscalls_collect(struct syscalls *syscalls, struct arena *arena, struct demands *demands,
		     struct err *err);

void syscalls_free(struct syscalls *syscalls);
