/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place in which a recording session lives and dies: new PID, mount, network, IPC and UTS
 * namespaces (loopback up), and a temporary folder. When mohs ends, by SIGKILL too, no process,
 * mount, temporary folder or cgroup directory of it is left. docs/sandbox.md says how.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/progress.h"

/* What the work inside is given. */
struct sandbox {
	const char *folder; /* temporary, mode 0700, absolute; removed afterwards */
	const char *name;   /* unique: for cgroup directories: NAME at the top of each hierarchy
			       is removed afterwards with everything below */
	const struct progress *progress; /* reaches the caller's sink */
};

struct sandbox_options {
	/*
	 * Runs in a child process inside, with a copy of the caller's memory. What it appends to
	 * *result (result->max == result_max) reaches the caller; so does its error.
	 */
	int (*run)(void *context, const struct sandbox *sandbox, struct buf *result,
		   struct err *err);
	void *context;
	size_t result_max;
	bool low_ports_privileged; /* as a bare kernel has it: CAP_NET_BIND_SERVICE below 1024 */
	const struct progress *progress;
};

/*
 * Runs the work inside and waits; everything is cleaned up when this returns. *result gets the
 * bytes. ERR_UNSUPPORTED where the namespaces may not be made, ERR_CANCELLED when proc_cancel was
 * set, ERR_CHILD when the work ended without an answer, else the work's own error.
 */
int sandbox_run(const struct sandbox_options *options, struct buf *result, struct err *err);

/*
 * The same in parts, for sessions side by side and for work beside the clean-up of one. Whatever
 * happens to the caller, nothing is left of any of them.
 */
struct sandbox_session;

/* Returns at once; `options` and what it points to need not outlive the call, its sinks must. */
int sandbox_start(const struct sandbox_options *options, struct sandbox_session **ret,
		  struct err *err);

/* Waits for the answer, once. The clean-up has begun when it returns. */
int sandbox_answer(struct sandbox_session *session, struct buf *result, struct err *err);

/* Ends what runs inside, answered or not, without waiting for the clean-up. */
void sandbox_stop(struct sandbox_session *session);

/* Likewise, waits until everything is cleaned up, and frees it. NULL is good. ERR_IO. */
int sandbox_end(struct sandbox_session *session, struct err *err);
