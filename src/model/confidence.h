/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How likely the next run needs a path that was removed, as far as repeated loads tell. A counted
 * path is one that would be removed had no later repetition used it. docs/confidence.md
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

#define CONFIDENCE_LEVEL 0.95

struct confidence {
	struct arena *arena;
	bool estimable;	     /* false: `why_not` says why, and no figure below holds */
	struct span why_not; /* "load browse ran once: ..." */

	uint32_t repetitions; /* of every load; of loads with more, the rest count to the first */
	uint32_t samples;     /* the later ones: repetitions - 1 */
	uint32_t novel;	      /* samples that were the first to use a counted path */
	uint32_t alone;	      /* samples that alone used a counted path */
	uint64_t incidences;  /* (path of the image, sample) pairs, counted or not */
	uint32_t observed;    /* counted paths */
	uint32_t singletons;  /* counted paths of exactly one sample */
	uint32_t doubletons;  /* of exactly two */

	double coverage;    /* Good-Turing: share of a repetition's uses that fall on seen paths;
			       negative: nothing was used */
	double expected;    /* Good-Turing: unseen paths that the next run needs, on average */
	double probability; /* that it needs any: alone / samples */
	double risk;	    /* upper end of its one-sided interval at CONFIDENCE_LEVEL */

	double unseen; /* Chao2: at least so many paths are needed at times and were never seen */
	bool unseen_bounded; /* it has an interval */
	double unseen_low;   /* log-normal, two-sided, at CONFIDENCE_LEVEL */
	double unseen_high;
};

void confidence_free(struct confidence *confidence);
void confidence_cleanup(struct confidence **confidence);
