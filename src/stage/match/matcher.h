/* SPDX-License-Identifier: Apache-2.0 */
/* How a distribution's advisories are found and compared. One row in matchers.c each. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/inventory.h"

struct matcher {
	struct span distribution; /* ID of os-release, and the name in the database */
	struct span ecosystem;	  /* of the components it answers for */
	/* The release's name in the advisories; empty when it cannot be told, .p NULL without
	   memory. Made in `arena` where it has to be. */
	struct span (*release)(const struct os_identity *os, struct arena *arena);
	/* ERR_INVALID when a version cannot be compared. */
	int (*check)(struct span version, struct err *err);
	int (*compare)(struct span a, struct span b);
};

/* NULL when there is none. */
const struct matcher *matcher_find(struct span distribution);
