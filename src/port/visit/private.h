/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three processes: the host's part stays outside and makes the room (mounts), serves the image and
 * waits; the guest's supervisor is in the target's namespaces and ends what is left behind; the
 * command is its child.
 */
#pragma once

#include "port/lens.h"
#include "port/visit.h"

#include <limits.h>
#include <sys/types.h>

/* What goes back to mohs: once, by whoever has something to say first. */
struct visit_report {
	struct err err; /* ERR_NONE: `status` */
	int status;
};

struct visit {
	const struct visit_options *options;
	int terminal; /* the command's side of one of its own; -1: none */
	int report;   /* writing end */
	pid_t parent;
	struct lens *lens;   /* that serves the tools' image */
	char folder[16];     /* where the room is made: hidden by a tmpfs of our own */
	char root[PATH_MAX]; /* the command's root file system */
};

/* Says it, and ends the process. */
_Noreturn void visit_fail(const struct visit *visit, const struct err *err);

/* ---- room.c: in a mount namespace of its own; fills in root ---- */
int room_make(struct visit *visit, struct err *err);

/* A folder or file below a root file system, links resolved as if that were "/". */
int room_open(const char *root, const char *path, int flags, int *ret_fd, struct err *err);

/* ---- guest.c: in the target's PID namespace; the room becomes "/" ---- */
_Noreturn void guest_main(struct visit *visit);

/* ---- person.c ---- */

enum { PERSON_GROUPS = 1024 };

/* Who the target's first process is, as its own user namespace says it. */
struct person {
	uid_t uid;
	gid_t gid;
	gid_t groups[PERSON_GROUPS];
	size_t group_count;
	uint64_t effective; /* capabilities */
	uint64_t bounding;
};

/* From /proc/PID/status; read after the user namespace was joined. ERR_IO. */
int person_read(pid_t pid, struct person *ret, struct err *err);

/* Becomes that one, with no more capabilities than these; no way back. */
int person_become(const struct person *person, bool own_users, struct err *err);

/* The process's number in its own PID namespace: the last of NSpid. */
int person_number(pid_t pid, pid_t *ret, struct err *err);

/* ---- terminal.c ---- */

struct terminal {
	int ours; /* -1: there is none */
	int theirs;
};

#define TERMINAL_INIT                                                                              \
	{                                                                                          \
		.ours = -1, .theirs = -1                                                           \
	}

/* One of its own for the command when standard input is a terminal. */
int terminal_open(struct terminal *ret, struct err *err);

/* Passes everything through until `report` can be read or is closed, or proc_cancel is set. */
int terminal_relay(struct terminal *terminal, int report, struct err *err);

void terminal_cleanup(struct terminal *terminal);
