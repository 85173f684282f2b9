/* SPDX-License-Identifier: Apache-2.0 */
/* The two kinds of places. */
#pragma once

#include "port/depot.h"

int depot_registry_open(struct span rest, const struct depot_options *options, struct depot **ret,
			struct err *err);
int depot_layout_open(struct span rest, const struct depot_options *options, struct depot **ret,
		      struct err *err);

/* An object of `size` bytes that starts with struct depot, in its own arena. */
int depot_new(size_t size, const struct depot_options *options, struct depot **ret,
	      struct err *err);

/* Takes the lock file of that name below the cache folder. */
int depot_lock_file(struct depot *depot, struct span name, int *ret_fd, struct err *err);
