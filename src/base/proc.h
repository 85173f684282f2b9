/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs mohs starts. A child dies with the thread that started it
 * (PR_SET_PDEATHSIG), gets default signal dispositions, an empty signal mask and
 * no descriptor but 0, 1 and 2 (and what is named).
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <signal.h>
#include <sys/types.h>

struct proc_options {
	const char *const *argv;	/* argv[0] is looked up in PATH; NULL-terminated */
	const char *const *environment; /* NULL: inherited; NULL-terminated "NAME=value" */
	const char *directory;		/* NULL: inherited */
	int input;			/* becomes stdin; -1: /dev/null */
	int output;			/* becomes stdout; -1: /dev/null */
	int error;			/* becomes stderr; -1: /dev/null */
	bool new_group; /* its own process group, so that proc_kill() reaches its children */
};

struct proc {
	pid_t pid;
	int pidfd;
	bool group;
};

#define PROC_INIT                                                                                  \
	{                                                                                          \
		.pid = -1, .pidfd = -1                                                             \
	}

/*
 * For a child that was just forked: every signal as a fresh program has it, but `ignored` ones;
 * none blocked. Async-signal-safe.
 */
void proc_reset_signals(const int *ignored, size_t count);

/* Starts it. ERR_NOT_FOUND when the program is not there (the text names it), ERR_CHILD. */
int proc_start(const struct proc_options *options, struct proc *ret, struct err *err);

/*
 * Waits at most timeout_ms (UINT64_MAX: for ever). ret_status: exit code, or 128 + signal
 * as a shell says it. ERR_TIMEOUT leaves it running. ERR_CANCELLED when proc_cancel was set.
 */
int proc_wait(struct proc *proc, uint64_t timeout_ms, int *ret_status, struct err *err);

/* TERM, then after grace_ms KILL; reaps. Good on one that has ended. */
void proc_kill(struct proc *proc, uint64_t grace_ms);

/* Kills and reaps what still runs. */
void proc_cleanup(struct proc *proc);

/*
 * Runs to the end: stdout and stderr together into *output (the newest bytes are dropped past its
 * max), NULL: discarded. ERR_CHILD on a status other than 0 with the output's last line as text.
 */
int proc_run(const struct proc_options *options, uint64_t timeout_ms, struct buf *output,
	     struct err *err);

/* Set by a signal handler: every wait in this file returns ERR_CANCELLED soon after. */
extern volatile sig_atomic_t proc_cancel;
