/* SPDX-License-Identifier: Apache-2.0 */
/* Derives run-time limits from what runs of a service demanded. docs/limits.md */
#pragma once

#include "model/limits.h"
#include "model/service.h"
#include "port/runtime.h"

struct limits_input {
	const struct service *service;
	const struct image *image;	   /* hardened */
	const struct profile *const *runs; /* the last: on `image` itself */
	size_t run_count;		   /* at least 1 */
};

/* A proposal that was not tried yet. ERR_INVALID when the last run recorded no demands. */
int limits_derive(const struct limits_input *input, struct limits **ret, struct err *err);

/*
 * As a container is to be held to it: those limits of `which` (LIMIT_BIT() each). Borrows from
 * `limits` and `arena`.
 */
int limits_enforce(const struct limits *limits, unsigned which, struct arena *arena,
		   struct runtime_limits *ret, struct err *err);

/* Every system call that is allowed, in byte order. */
int limits_allowed(const struct limits *limits, struct arena *arena, struct span_list *ret,
		   struct err *err);

/* seccomp.json as a tool reads it. */
int limits_seccomp(const struct limits *limits, struct arena *arena, struct span *ret,
		   struct err *err);

/* Allows more system calls or capabilities: for what a trial has shown. */
int limits_add_calls(struct limits *limits, struct span_list names, struct err *err);
int limits_set_capabilities(struct limits *limits, struct span_list names, struct err *err);

/* Another user than the image's, who is not root and so has no capability. */
void limits_set_user(struct limits *limits, uint32_t uid, uint32_t gid);
