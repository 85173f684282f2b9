/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp profiles as Docker, Podman and Kubernetes (type Localhost) read them; the same members
 * as "linux.seccomp" of OCI runtime-spec 1.1 (config-linux.md).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum seccomp_action {
	SECCOMP_ALLOW,
	SECCOMP_ERRNO, /* EPERM */
	SECCOMP_NOTIFY,
};

struct seccomp_group {
	enum seccomp_action action;
	struct span comment; /* for people; may be empty */
	struct span_list names;
};

struct seccomp_profile {
	enum seccomp_action otherwise;
	struct span architecture; /* GOARCH; one that is not known: the native ABI only */
	struct span listener;	  /* socket for SECCOMP_NOTIFY; may be empty */
	const struct seccomp_group *groups;
	size_t group_count;
};

/* Groups without names are left out. */
int seccomp_json_write(const struct seccomp_profile *profile, struct arena *arena, struct span *ret,
		       struct err *err);
