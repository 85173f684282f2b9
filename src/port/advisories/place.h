/* SPDX-License-Identifier: Apache-2.0 */
/* Where a database is: a new one is written beside it, under a lock, and takes its place whole. */
#pragma once

#include "base/err.h"

#include <limits.h>
#include <stdbool.h>

struct place {
	char path[PATH_MAX];
	char fresh[PATH_MAX]; /* `path`.new: locked while it is written */
	int fd;		      /* of `fresh`, holds the lock; -1 */
	bool unfinished;      /* `fresh` is ours to remove */
};

/* Makes the folder, and an empty `fresh` that others cannot have. ERR_USAGE, ERR_IO. */
int place_take(struct place *place, const char *path, struct err *err);

/* Sync, rename, sync of the folder. */
int place_replace(struct place *place, struct err *err);

/* Removes `fresh` unless it has taken its place. Good on {.fd = -1}. */
void place_leave(struct place *place);
