/* SPDX-License-Identifier: Apache-2.0 */
/* Why a path, a package or a vulnerability is still there, or why it went. Const once built. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

enum why_kind { WHY_PATH, WHY_PACKAGE, WHY_FINDING };

/* One step of a chain; a step of depth n+1 is the reason of the nearest step of depth n above. */
struct why_step {
	unsigned depth;
	struct span subject; /* a path, a package with its version, a CVE id */
	struct span text;    /* "a kept program or library needs this library" */
};

struct why {
	struct arena *arena;
	enum why_kind kind;
	struct span thing; /* as asked for */
	bool stays;	   /* it, or some of it, is in the hardened image */
	struct why_step *steps;
	size_t count;
};

void why_free(struct why *why);
void why_cleanup(struct why **why);
