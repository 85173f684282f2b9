/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that has no name until it is whole: O_TMPFILE where the file system has it (then even a
 * killed process leaves nothing), else a temporary name.
 */
#pragma once

#include "base/err.h"

#include <limits.h>

struct staged {
	int fd;
	char folder[PATH_MAX];
	char name[PATH_MAX]; /* temporary name; empty while there is none */
};

#define STAGED_INIT                                                                                \
	{                                                                                          \
		.fd = -1                                                                           \
	}

int staged_open(struct staged *staged, const char *folder, struct err *err);

/* fsync, mode 0644, then the name `path` (in the same folder), replacing what was there. */
int staged_commit(struct staged *staged, const char *path, struct err *err);

/* Closes; removes the temporary name if there still is one. */
void staged_close(struct staged *staged);
