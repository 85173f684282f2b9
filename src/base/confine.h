/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function in a forked child that can do nothing but compute, read the descriptors it is given
 * and write its result: what parses untrusted bytes runs in one. docs/privileges.md
 *
 * The child has no privileges (user and group 65534 and no groups when mohs is root; no
 * capabilities; no new ones), sees no file system (Landlock, and a system call filter without any
 * call that opens), makes no other process, no thread, no connection. It dies with the thread that
 * started it. What it says is as untrusted as what it reads.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/proc.h"

#include <stdint.h>

/*
 * Whether AddressSanitizer is in it. Its allocator holds no lock across fork(): a child that is
 * forked while another thread allocates can wait for ever. Who starts threads that fork starts
 * one at a time then.
 */
#if defined(__SANITIZE_ADDRESS__)
#define CONFINE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_SANITIZED 1
#endif
#endif
#ifndef CONFINE_SANITIZED
#define CONFINE_SANITIZED 0
#endif

/*
 * Runs in the child. `out` is the writing end of a pipe for results of any length; *ret_answer is
 * one number besides. Returns 0 or -kind as every function does. No threads.
 */
typedef int (*confine_function)(void *context, int out, uint64_t *ret_answer, struct err *err);

struct confine_options {
	const char *what; /* "the reader of sha256:0a1b": begins the errors about the child */
	const int *fds;	  /* stay open in the child, to be read however they were opened; every
			     other one is closed */
	size_t fd_count;
	uint64_t memory; /* bytes it may take beyond what it starts with; 0: as mohs itself */
};

enum {
	CONFINE_FDS = 1024,
	CONFINE_WHAT = 120,
};

struct confined {
	struct proc proc;
	int out; /* reading end: bytes of the function, then end of file */
	int report;
	char what[CONFINE_WHAT];
};

#define CONFINED_INIT                                                                              \
	{                                                                                          \
		.proc = PROC_INIT, .out = -1, .report = -1                                         \
	}

/*
 * Starts it. Also good in a process with several threads. A child that cannot be confined never
 * calls the function; confine_finish() says why. ERR_IO.
 */
int confine_start(const struct confine_options *options, confine_function function, void *context,
		  struct confined *ret, struct err *err);

/*
 * Waits for the end (read `out` to its end first, or what is in it is lost). 0 with what the
 * function answered, or its error. ERR_CHILD: it died (the text names the signal).
 * ERR_UNSUPPORTED: this kernel cannot confine. ERR_TIMEOUT, ERR_CANCELLED (proc_cancel): killed.
 */
int confine_finish(struct confined *confined, uint64_t timeout_ms, uint64_t *ret_answer,
		   struct err *err);

/*
 * Not only for children of confine_start(): from now on this process and its children reach no file
 * but those below `path` (mounts included), and trace no process that is not theirs: other ways to
 * a file, such as /proc/PID/root, are closed. No new privileges. ERR_UNSUPPORTED without Landlock.
 */
int confine_beneath(const char *path, struct err *err);

/* Kills and reaps what still runs. */
void confine_cleanup(struct confined *confined);

/*
 * All in one: what the function writes goes to `result`; more than result->max is an ERR_LIMIT.
 * Errors otherwise as confine_finish(); on failure `result` holds what came until then.
 */
int confine_run(const struct confine_options *options, confine_function function, void *context,
		uint64_t timeout_ms, struct buf *result, uint64_t *ret_answer, struct err *err);
