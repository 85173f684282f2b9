/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was used of an image while it ran: per phase, per path, and how. Written
 * as profile.json (data/schema/profile.json). Const once built.
 */
#pragma once

#include "model/commands.h"
#include "model/demands.h"
#include "model/image.h"
#include "model/start.h"

enum profile_phase_kind {
	PHASE_STARTUP, /* first instruction to ready */
	PHASE_LOAD,
	PHASE_TEST,
	PHASE_SHUTDOWN, /* stop signal to end */
	PHASE_KINDS,
};

const char *profile_phase_name(enum profile_phase_kind kind);

struct profile_phase {
	enum profile_phase_kind kind;
	struct span name;    /* "startup", the load's or test's name, "shutdown" */
	uint32_t repetition; /* of a load, from 1; 1 for all others */
	struct span command; /* what ran, for people; may be empty */
	uint64_t duration_ms;
	int status; /* exit status of the command; 0 when there was none */
	bool passed;
	uint32_t new_paths;  /* first used in this phase */
	uint32_t used_paths; /* used in this phase */
};

/* How a path was used; ORed. */
enum profile_use {
	USE_LOOKUP = 1,	  /* found by name: stat, open, exec, on the way to something */
	USE_READLINK = 2, /* the symbolic link was read */
	USE_READ = 4,	  /* content was read */
	USE_LIST = 8,	  /* the directory was listed */
	USE_XATTR = 16,	  /* an extended attribute was asked for */
	USE_RUN = 32,	  /* code of the ELF file ran, beyond what runs when it is merely loaded:
			     told only when profile.code_watched */
};

struct profile_path {
	struct span path;
	uint8_t use;	      /* enum profile_use, over all phases */
	uint32_t first_phase; /* in profile.phases */
	uint64_t first_ms;    /* since the start of the container */
	struct span program;  /* that touched it first (comm or its command), may be empty */
	uint32_t *phases;     /* in which it was used, ascending */
	size_t phase_count;
};

/* A name that was looked up and is not in the image. */
struct profile_missing {
	struct span path;
	struct span program;
	uint32_t phase;
	bool removed; /* the original image has it: hardening took it away */
};

/*
 * A path that no run of the original used, and that a run of the hardened image asked for in vain:
 * it stays from then on. docs/extend.md
 */
struct profile_extended {
	struct span path;
	struct span program; /* that asked for it; may be empty */
	struct span phase;   /* name of the phase of that run */
	enum profile_phase_kind kind;
	uint32_t round; /* 1 and up, over all runs that extended this profile */
	uint8_t use; /* enum profile_use, when it was served; 0: it was not, any use is possible */
};

#define PROFILE_UID_UNKNOWN UINT32_MAX

struct profile_process {
	struct span program; /* path of the executable when known, else its comm */
	struct span command; /* arguments, joined by blanks, cut at 256 bytes */
	uint32_t phase;	     /* first seen in */
	uint32_t uid;	     /* PROFILE_UID_UNKNOWN: it was too short-lived to be asked */
};

struct profile_point {
	uint64_t ms;	/* since the start of the container */
	uint32_t paths; /* distinct paths used so far */
};

struct profile {
	struct arena *arena;
	struct digest image; /* manifest digest of the image it was taken on */
	struct span reference;
	struct span architecture;
	struct span recorder; /* "lens" */
	struct span tool;     /* "mohs 0.1.0" */
	int64_t started;
	uint64_t duration_ms;
	uint32_t runs;	   /* how many were united */
	bool complete;	   /* every phase passed and nothing was lost */
	bool narrow;	   /* only the built-in prober was the load */
	bool code_watched; /* whether code ran was told apart from whether it was loaded */
	struct gap_list
		gaps; /* why not complete; what the recorder could not see (mounts, volumes) */
	struct profile_phase *phases;
	size_t phase_count;
	struct profile_path *paths; /* by path */
	size_t path_count;
	struct profile_missing *missing; /* by path, phase and program */
	size_t missing_count;
	struct profile_extended *extended; /* by path */
	size_t extended_count;
	struct profile_process *processes;
	size_t process_count;
	struct profile_point *curve; /* discovery curve, ascending */
	size_t curve_count;
	uint64_t last_new_path_ms;
	const struct start *start; /* what it was started by; NULL: the image's own entrypoint */
	const struct commands *commands; /* what programs run through a shell; NULL: not asked */
	struct span_list written; /* paths created or changed in the container's upper layer */
	struct demands demands;
};

/* A copy that shares nothing with it. */
int profile_copy(const struct profile *profile, struct profile **ret, struct err *err);

/* Whether the profile was extended by exactly this path; NULL when not. */
const struct profile_extended *profile_find_extended(const struct profile *profile,
						     struct span path);

/* Puts profile->missing in its order. */
void profile_sort_missing(struct profile *profile);

void profile_free(struct profile *profile);
void profile_cleanup(struct profile **profile);
