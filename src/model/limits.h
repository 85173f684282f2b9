/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run-time limits of the hardened image: what it was seen to need, what it is proposed to be held
 * to, and whether its tests pass under that. docs/limits.md
 */
#pragma once

#include "model/profile.h"

/* What can be left out of a proposal, each by itself. */
enum limit {
	LIMIT_NO_NEW_PRIVILEGES,
	LIMIT_CAPABILITIES,
	LIMIT_READ_ONLY, /* root file system, with volumes where it writes */
	LIMIT_SECCOMP,
	LIMITS,
};

const char *limit_name(enum limit limit); /* "read_only_root_filesystem" */

#define LIMIT_BIT(limit) (1U << (limit))

struct limits_limit {
	bool proposed;
	struct span reason; /* why not; empty when it is */
};

/* Who needs a system call. */
enum limits_source {
	CALLS_SERVICE, /* the image's programs, seen */
	CALLS_RUNTIME, /* runc, crun: between the filter and the first program */
	CALLS_MACHINE, /* any program may come to it on another machine or under another load */
	CALLS_ADDED,   /* refused in a trial that then passed with it */
	CALL_SOURCES,
};

/* How the capabilities were found. */
enum limits_method {
	CAPABILITIES_BY_KERNEL, /* asked for in the kernel, and by a call that was seen */
	CAPABILITIES_BY_CALLS,	/* every one that a call that was seen may want, then tried without
				 */
	CAPABILITIES_NONE,	/* not root: it has none */
};

const char *limits_method_name(enum limits_method method);

struct limits_volume {
	struct span path;
	bool declared; /* a VOLUME of the image */
	bool in_image; /* then, as it is there: */
	uint32_t uid;
	uint32_t gid;
	uint16_t mode;
};

/* A path that is written and that no volume can be under. */
struct limits_refused {
	struct span path;
	struct span reason;
};

enum limits_outcome {
	LIMITS_NOT_TRIED,
	LIMITS_PASSED, /* the tests, under all that is proposed */
	LIMITS_FAILED,
};

const char *limits_outcome_name(enum limits_outcome outcome);

struct limits {
	struct arena *arena;
	struct span architecture;	      /* GOARCH */
	struct span recorder;		      /* of system calls */
	struct span_list calls[CALL_SOURCES]; /* in byte order; one name may be in several */
	enum limits_method method;
	struct span_list capabilities; /* needed, in byte order */
	struct span_list doubtful; /* left out of `capabilities`, to be tried first when it fails */
	struct demands_port *ports; /* reachable from outside */
	size_t port_count;
	bool low_ports_by_sysctl; /* not root and below 1024: no capability helps */
	uint32_t uid;
	uint32_t gid;
	bool other_user;	       /* than the image's, which is root: tried, and passed */
	struct limits_volume *volumes; /* by path */
	size_t volume_count;
	struct limits_refused *refused;
	size_t refused_count;
	struct limits_limit limits[LIMITS];
	enum limits_outcome outcome;
	uint32_t trials; /* runs of the tests that it took */
	uint32_t passed; /* test cases in the last one that passed, else in the last */
	uint32_t failed;
	uint64_t duration_ms; /* of all trials */
	struct span failure;  /* of LIMITS_FAILED and LIMITS_NOT_TRIED; else empty */
	struct gap_list gaps;
};

void limits_free(struct limits *limits);
void limits_cleanup(struct limits **limits);
