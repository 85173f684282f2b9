/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a container starts: what one observed start came to (start_state), and what is made of many
 * (start): the exec-form start that takes the place of a shell script. Const once built.
 */
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "model/gap.h"

/* What a start left in the file system before the service's first instruction. */
enum start_change_kind {
	CHANGE_DIRECTORY,
	CHANGE_FILE,
	CHANGE_LINK,
	CHANGE_FIFO,
	CHANGE_ATTRIBUTES, /* owner or mode of something the image has */
	CHANGE_REMOVED,
	CHANGE_OTHER, /* a device, a socket, or content that is too big */
	CHANGE_KINDS,
};

struct start_change {
	enum start_change_kind kind;
	struct span path;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	bool replaces;	      /* the image has a file of this name with other content */
	struct span content;  /* of a file; the target of a link */
	struct digest before; /* of what it replaces */
};

struct start_limit {
	uint64_t soft; /* UINT64_MAX: none */
	uint64_t hard;
};

enum { START_LIMITS = 16, START_CAPABILITIES = 5 };

/* The service's first instruction, as the kernel was to begin it. */
struct start_state {
	bool reached;	   /* false: the script ended, or did not end, without it */
	int status;	   /* then: of the container */
	struct span words; /* and the last it said */
	struct span program;
	struct span_list arguments;
	struct span_list environment; /* "NAME=value" */
	struct span directory;
	uint32_t uid;
	uint32_t gid;
	uint32_t umask;
	uint32_t *groups;
	size_t group_count;
	/* /proc/PID/status: CapInh, CapPrm, CapEff, CapBnd, CapAmb */
	uint64_t capabilities[START_CAPABILITIES];
	uint64_t ignored; /* signals */
	uint64_t blocked;
	bool no_new_privileges;
	struct start_limit limits[START_LIMITS];
	struct span_list descriptors; /* what is open: "1 pipe:[4711]" */
	struct span_list processes;   /* that run beside it */
	struct start_change *changes; /* by path */
	size_t change_count;
};

/* A file, or with `content.p` NULL a folder, that is put into the container before its start. */
struct start_plant {
	struct span path;
	struct span content;
	uint32_t uid;
	uint32_t gid;
};

/* One start, to see what it comes to. */
struct start_trial {
	/*
	 * Path of the service's program: a probe stands in its place. Empty: until it is ready; the
	 * program is what runs then.
	 */
	struct span program;
	bool bare; /* the probe alone, as the runtime starts it */
	bool other_arguments;
	struct span_list arguments;   /* in the place of the command's */
	struct span_list environment; /* "NAME=value" sets, "NAME" takes away */
	struct span user;	      /* .p NULL: as the image says */
	struct span hostname;	      /* .p NULL: as ever */
	struct start_plant *plants;
	size_t plant_count;
	bool no_mounts; /* without the service's mounts */
	bool used;	/* what it used of the image is asked for as well */
	/* How long it may take until the probe runs; 0: as long as it may take to be ready. */
	uint64_t patience_ms;
};

/* Where the launcher of a start plan is in an image. */
#define START_LAUNCHER_PATH "/.mohs/start"

enum start_form {
	START_KEPT,	/* the image's own: `left` says what could not be carried over */
	START_EXEC,	/* the program itself */
	START_LAUNCHER, /* mohs-start with a plan */
};

const char *start_form_name(enum start_form form); /* "launcher" */

enum start_variable_kind {
	VARIABLE_FIXED,	 /* must be as it was observed */
	VARIABLE_FREE,	 /* any value: proven by variation */
	VARIABLE_PREFIX, /* any variable whose name begins so must be as it was observed */
};

struct start_variable {
	struct span name;
	enum start_variable_kind kind;
	struct span value; /* .p NULL: it was not set */
};

struct start {
	struct arena *arena; /* NULL: part of another record's */
	enum start_form form;
	struct span script;    /* what the image starts with: a path */
	struct span program;   /* what it comes to */
	struct span_list argv; /* with what */
	uint32_t uid;	       /* as whom */
	uint32_t gid;
	uint32_t runs;		     /* how often it was started to find out */
	struct span_list entrypoint; /* of the config; empty: none */
	struct span_list command;
	struct span plan;		  /* /.mohs/start.json; empty unless START_LAUNCHER */
	struct start_variable *variables; /* that the script reads, by name */
	size_t variable_count;
	struct span_list carried; /* what is done in the script's place: sentences */
	struct gap_list left;	  /* what cannot be carried over; then it is START_KEPT */
	struct gap_list remarks;
};

/* A copy with everything in `arena`, which it does not own. */
int start_copy(const struct start *start, struct arena *arena, struct start **ret, struct err *err);

void start_free(struct start *start);
void start_cleanup(struct start **start);
