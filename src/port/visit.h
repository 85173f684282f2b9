/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command from a throw-away root file system in the namespaces of a running container: its
 * processes, network, IPC, host name and users, with its files at VISIT_TARGET. docs/debug.md
 */
#pragma once

#include "port/contents.h"
#include "port/target.h"

#define VISIT_TARGET "/target"

struct visit_options {
	const struct target *target;
	const struct image *image;	 /* the tools; NULL: `busybox` */
	const struct contents *contents; /* of `image` */
	const char *busybox;		 /* a static one of this machine */
	const char *const *argv;	 /* NULL: what the image starts, else a shell */
	/* the target's files may be written, its processes traced */
	bool writable;
};

/*
 * Waits for its end; everything made for it is gone when this returns, processes it left behind
 * included. With a terminal on standard input the command gets one of its own, which is passed
 * through. As the user, with the groups and at most the capabilities of the target's first process.
 * *ret_status: its exit code, or 128 + signal. ERR_NOT_FOUND: the tools have no such program;
 * ERR_MISMATCH: the target has ended; ERR_UNSUPPORTED: not root, or this kernel lacks something
 * (the text says what); ERR_CANCELLED; ERR_IO.
 */
int visit_run(const struct visit_options *options, int *ret_status, struct err *err);
