/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the container, for checks and changes. Results are negative errnos. */
#pragma once

#include "launcher/sha256.h"
#include "launcher/text.h"

#include <linux/stat.h>

/* The folder a path is in, no link followed on the way; *ret_name points into the path. */
long files_parent(struct text path, const char **ret_name);

/* Of NAME itself, when it is a link. */
long files_state(long directory, const char *name, struct statx *ret);

long files_digest(long fd, uint8_t digest[32]);

/* 1 when the content is exactly this, 0 when not. */
long files_holds(long fd, struct text content);

long files_write(long fd, struct text content);

/* Calls `each` for every name but `.` and `..` until it does not return 0. */
long files_list(long directory, long (*each)(void *context, long directory, const char *name),
		void *context);

/* "permission denied" and the like. */
const char *files_words(long error);
