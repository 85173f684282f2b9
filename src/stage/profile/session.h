/* SPDX-License-Identifier: Apache-2.0 */
/* One recording session, from inside the sandbox; shared by the files of this room. */
#pragma once

#include "base/buf.h"
#include "base/proc.h"
#include "base/vec.h"
#include "codec/json.h"
#include "codec/junit.h"
#include "port/lens.h"
#include "port/runtime.h"
#include "port/sandbox.h"
#include "port/syscalls.h"
#include "stage/profile.h"

enum {
	SESSION_TELL_MS = 500,
	SESSION_TICK_MS = 50,	   /* how often processes are looked at */
	SESSION_RUNNING_MS = 2000, /* ready by default: it has been running for that long */
	SESSION_READY_MS = 60000,  /* time for becoming ready when none is stated */
	SESSION_GRACE_MS = 10000,  /* between stop signal and kill when none is stated */
	SESSION_ATTEMPT_MS = 2000, /* one attempt at connecting */
	SESSION_PAUSE_MS = 100,	   /* between attempts */
	SESSION_TAIL = 4096,	   /* of a command's output, for messages */
	SESSION_PATH = 4096,
};

/* A container with what it stands on. */
struct instance {
	const char *id;
	const char *folder; /* of this container, in the sandbox's folder */
	const struct image *image;
	struct lens *lens; /* NULL: there is no view */
	struct container *container;
	bool ended;
	int status;
};

struct session {
	const struct profile_options *options;
	const struct service *service;
	const struct sandbox *sandbox;
	struct arena *arena; /* of `profile`: everything that ends up in it */
	struct profile *profile;
	struct suite *suite;
	struct runtime runtime;
	const char *logs; /* folder */
	struct instance app;
	struct instance *sidecars;
	uint64_t start_ms; /* clock_ms() at the first instruction */
	uint64_t phase_ms; /* at the start of the phase */
	uint64_t told_ms;  /* when it was said last that it goes on */
	uint16_t port;	   /* MOHS_PORT; 0: none */
	bool prober;	   /* was run */
	bool failed;	   /* something was lost or did not pass */
	VEC(struct profile_phase) phases;
	VEC(struct gap) gaps;
	VEC(struct profile_process) processes;
	struct map *seen_processes;
	char namespace[64];		  /* the container's PID namespace, as /proc says it */
	struct syscalls *syscalls;	  /* NULL: nobody records them */
	int64_t start_ns;		  /* clock of file systems at the first instruction */
	VEC(struct rootfs_change) before; /* directories of the upper one then */
	VEC(struct demands_port) ports;
	VEC(struct span) changed;
	junit_cases cases;
};

/* ---- session.c ---- */

/* A remark; `lost`: the profile is not complete. */
int session_gap(struct session *session, bool lost, struct span subject, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What a person is told beside the phases, so that the time of each is what the container took. */
enum session_step { SESSION_PREPARING, SESSION_STARTING, SESSION_COLLECTING };

void session_say(const struct session *session, enum session_step step);

int session_phase_begin(struct session *session, enum profile_phase_kind kind, struct span name,
			struct span command, struct err *err);
void session_phase_end(struct session *session, int status, bool passed);

enum session_event { SESSION_READABLE, SESSION_TIMEOUT, SESSION_ENDED };

/*
 * Until `fd` (-1: none) is readable, the time is over, or the container has ended; samples
 * processes meanwhile.
 */
enum session_event session_wait(struct session *session, int fd, uint64_t deadline);

/* The last words of the container, for messages: one line. */
struct span session_last_words(const struct session *session);

/* ---- instance.c ---- */

struct instance_options {
	const struct image *image;
	const struct contents *contents;
	const struct image *original;
	const struct image_config *config; /* NULL: the image's */
	const struct start *start;	   /* NULL, or: instead of the config's entrypoint */
	struct span hostname;		   /* .p NULL: Docker's */
	const struct start_plant *plants;
	size_t plant_count;
	struct span_list environment;
	struct span_list command;
	const struct service_mount *mounts;
	size_t mount_count;
	struct span_list names;		     /* that mean 127.0.0.1 inside */
	const struct runtime_limits *limits; /* NULL: none */
	struct passwd_user *user;	     /* out: whom it runs as; NULL: not asked */
	const struct span_list *shells;	     /* as in profile_options, and so the next two */
	const struct commands *commands;
	bool has_table;
	bool unpacked;	 /* no view: the image as plain files, unpacked for this run */
	bool watch_code; /* the view tells whether code of libraries ran */
};

/* View or unpacked image, overlay, user, config: everything up to the first instruction. */
int instance_create(struct session *session, const char *id, const struct instance_options *options,
		    struct instance *ret, struct err *err);

bool instance_ended(struct instance *instance);
void instance_free(struct instance *instance);

/* ---- recorder.c ---- */

struct mount_list {
	struct service_mount *items; /* with room for recorder_mounts() more */
	size_t count;
};

size_t recorder_mounts(const struct instance_options *options);

/* What stands before the shells, or in their place, and where it writes. */
int recorder_prepare(const struct instance_options *options, const struct instance *instance,
		     struct mount_list *mounts, struct arena *arena, struct err *err);

/* Appends what was written; when it is too much, one run of which not all is known. */
int recorder_collect(const struct session *session, struct buf *result, struct err *err);

/* ---- ready.c ---- */

struct ready_options {
	struct span http;
	struct span tcp;
	struct span_list command;
	bool ended; /* a job: ready once it has ended with status 0 */
	uint64_t timeout_ms;
	bool by_default; /* the image's ports, health check, or time */
};

/*
 * Waits for the instance to be ready: one that is only to run, and ends with status 0 by itself,
 * was. ERR_TIMEOUT, ERR_CHILD (it ended), with texts for people.
 */
int ready_wait(struct session *session, struct instance *instance,
	       const struct ready_options *options, struct err *err);

/* One run of the image's health check inside; 1 good, 0 not, < 0 none. */
int ready_health(struct instance *instance);

/* ---- loads.c ---- */

int loads_run(struct session *session, struct err *err);
int tests_run(struct session *session, struct err *err);

/* Whether one of the cases from place `from` on did not pass. */
bool tests_failed(const struct session *session, size_t from);

/* ---- prober.c ---- */

/* What is done when the service has no loads: asks the exposed ports. */
int prober_run(struct session *session, struct err *err);

/* ---- processes.c ---- */

void processes_watch(struct session *session, pid_t container);
void processes_sample(struct session *session);

/* Whether a process (a name in /proc) is in the container. */
bool processes_is_inside(const struct session *session, const char *pid);

/* Adds programs that the view saw but no sample did. */
int processes_from_paths(struct session *session, struct err *err);

/* ---- demands.c ---- */

/* Before the container is created: who records, and the limits it gets then. */
int demands_prepare(struct session *session, struct runtime_limits *limits, struct err *err);

/* Before its first instruction. */
void demands_watch(struct session *session);

/* What listens now. */
void demands_ports(struct session *session);

/* A directory of the image that the upper one has. */
int demands_note_directory(struct session *session, const struct rootfs_change *change,
			   struct err *err);

/* Into the profile. */
int demands_collect(struct session *session, struct err *err);
/* ---- changes.c ---- */

/* What a start did to the image's tree and to those mounted over it (`trees`), by path. */
struct changes_tree {
	struct span prefix;   /* where it is mounted; "" the image itself */
	const char *folder;   /* has upper */
	const char *original; /* a folder of the host; NULL: the image */
};

int changes_find(struct session *session, const struct changes_tree *trees, size_t count,
		 struct start_state *state, struct err *err);

/* ---- observe.c ---- */

struct observe_options {
	const struct profile_options *profile;
	const struct start_trial *trial;
};

int observe_main(void *context, const struct sandbox *sandbox, struct buf *result, struct err *err);

/* ---- inside.c ---- */

/* The path is the runtime's or a mount's, not the image's. */
bool session_covers(const struct session *session, struct span path);

int session_prepare(struct session *session, struct err *err);
int session_start_sidecars(struct session *session, struct span_list *ret_names, struct err *err);
int session_wait_ready(struct session *session, struct err *err);
void session_free(struct session *session);

/* The work of the sandbox. */
int session_main(void *context, const struct sandbox *sandbox, struct buf *result, struct err *err);

/* Where a container's profile ends and its suite begins in the answer. */
enum { SESSION_SEPARATOR = '\0' };
