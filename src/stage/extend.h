/* SPDX-License-Identifier: Apache-2.0 */
/* A run of the hardened image -> what the profile must be extended by. docs/extend.md */
#pragma once

#include "model/extension.h"
#include "model/plan.h"

struct extend_input {
	const struct image *original;
	const struct plan *plan;       /* of the image that ran */
	const struct profile *profile; /* that plan was made from it */
	const struct suite *suite;     /* of a run of that image; suite->run is set */
	/*
	 * NULL: what suite->run asked for in vain counts. Else a run on which everything of the
	 * original was served: what it used of what that plan removes counts.
	 */
	const struct profile *served;
	bool below;	/* of that, only what lies below directories `profile` was extended by */
	bool always;	/* what passing phases asked for counts as well */
	uint32_t round; /* noted with what is added */
};

/*
 * The profile with what is missing, each path with the phase and the program that asked for it.
 * Unless `always`, only what the narrowest of these asked for: phases that did not pass in `suite`,
 * the startup, any other phase. *ret is NULL when there is nothing to add. ERR_LIMIT, ERR_MEMORY.
 */
int extend_profile(const struct extend_input *input, struct profile **ret, struct err *err);

/*
 * Whether `profile` was extended in this round by a directory of which that plan removes an entry:
 * a lookup ends at the first part of a path that is missing, and does not tell the rest.
 */
bool extend_stopped_short(const struct extend_input *input);

/* What is missing, of all phases, with what harden.drop keeps out; by path, in `arena`. */
int extend_wanted(const struct extend_input *input, struct arena *arena,
		  struct extension_wanted **ret, size_t *ret_count, struct err *err);

/*
 * Whether a directory was listed that has fewer entries than the original's: what a program finds
 * by listing it never asks for by name.
 */
bool extend_listed_less(const struct extend_input *input);
