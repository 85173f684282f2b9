/* SPDX-License-Identifier: Apache-2.0 */
/* How the hardened image ran before it was final, and what was added to the profile for it. */
#pragma once

#include "model/service.h"
#include "model/suite.h"

/* How it ended. */
enum extension_end {
	EXTENSION_PASSED,   /* the last run passed */
	EXTENSION_STUCK,    /* it did not, and asked for nothing that could be added */
	EXTENSION_LIMIT,    /* it did not, and harden.max_rounds was reached */
	EXTENSION_OFF,	    /* it did not, and harden.extend says never */
	EXTENSION_NOT_DONE, /* the image could not be run: `why` */
	EXTENSION_ENDS,
};

const char *extension_end_name(enum extension_end end);	   /* "passed" */
const char *service_extend_name(enum service_extend mode); /* "on-failure" */

/* One run of the hardened image on the image view. */
struct extension_round {
	struct digest diff_id; /* of the hardened layer that ran */
	bool learning;	       /* what was missing was served, and noted */
	struct suite *suite;   /* owned */
	struct profile_extended *added;
	size_t added_count;
};

/* A path that was removed and that the last run, which did not pass, asked for. */
struct extension_wanted {
	struct span path;
	struct span program;
	struct span phase;
	enum profile_phase_kind kind;
	bool dropped; /* harden.drop names it */
};

struct extension {
	struct arena *arena;
	enum service_extend mode;
	uint32_t max_rounds;
	bool learn;
	enum extension_end end;
	struct span why; /* for EXTENSION_NOT_DONE */
	struct extension_round *rounds;
	size_t round_count;
	struct extension_wanted *wanted; /* by path */
	size_t wanted_count;
};

void extension_free(struct extension *extension);
void extension_cleanup(struct extension **extension);
