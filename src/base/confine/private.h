/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of base/confine share. All of it runs in the child, before the function. */
#pragma once

#include "base/confine.h"

/* User, groups, capabilities; no way back. */
int confine_drop_privileges(struct err *err);

/* RLIMIT_CORE 0, and `memory` more bytes of private memory than now. Never raises a limit. */
int confine_lower_limits(uint64_t memory, struct err *err);

/* Closes all but these (`fds` is sorted in place). */
int confine_close_others(int *fds, size_t count, struct err *err);

/* No path can be opened, nothing connected, nobody signalled; good where there is no Landlock. */
int confine_landlock(struct err *err);

/* From now on only what the tables of filter.c allow, and writing to these descriptors. */
int confine_filter(const int *writable, size_t count, struct err *err);
