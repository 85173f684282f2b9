/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the sandbox share. */
#pragma once

#include "port/sandbox.h"

#include <sys/types.h>

enum { SANDBOX_PATH = 4096 };

/*
 * The keeper: a process in a session of its own that makes the temporary folder, and removes it
 * and the cgroup directories once it is dismissed, or the other end of its socket is closed by
 * everyone, and the process whose pidfd it was sent is gone.
 */
struct keeper {
	pid_t pid;
	int socket;
	char folder[SANDBOX_PATH];
};

int keeper_start(struct keeper *ret, struct err *err);

/* Names the process to wait for. Async-signal-safe. */
int keeper_watch(int socket, int pidfd);

/* Says that the session is over and closes the socket: once everybody inside was told to end. */
void keeper_dismiss(struct keeper *keeper);

/* Likewise, and waits until everything is removed. ERR_IO names what is left. */
int keeper_finish(struct keeper *keeper, struct err *err);

/* Frames from the inside to the caller. */
enum frame { FRAME_NOTE = 'N', FRAME_STEP = 'S', FRAME_RESULT = 'R', FRAME_ERROR = 'E' };

struct frame_head {
	uint32_t type;
	uint32_t size;
	uint64_t done; /* FRAME_STEP */
	uint64_t total;
};

/* A progress sink that writes frames to *(int *)context. */
void link_note(void *context, const char *text);
void link_step(void *context, const char *what, uint64_t done, uint64_t total);
int link_send(int fd, enum frame type, struct span payload, struct err *err);

/* Reads frames until result, error or end. `cancelled` is looked at often (proc_cancel). */
int link_receive(int fd, const struct progress *progress, size_t max, struct buf *result,
		 struct err *err);

/* Becomes the session's namespaces; never returns. `go`: a byte comes when it may start. */
_Noreturn void inside_main(const struct sandbox_options *options, const struct keeper *keeper,
			   int answer, pid_t parent);

/*
 * Calls `each` with every mount point of a cgroup hierarchy (v1 and v2) in a text of
 * /proc/PID/mountinfo (proc(5)).
 */
void cgroups_each(struct span mountinfo, void (*each)(void *context, const char *mount_point),
		  void *context);

/* Removes the directory NAME and all below at the top of each hierarchy; true when none is left. */
bool cgroups_remove(const char *name);
