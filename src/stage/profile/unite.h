/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a union of profiles; shared by the files of this room. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "model/profile.h"

/* Texts are those of the profiles that are united, until the whole is copied. */
struct united {
	struct arena *arena; /* of its lists */
	struct profile *profile;
	VEC(struct profile_phase) phases;
	VEC(struct profile_path) paths;
	VEC(struct profile_missing) missing;
	VEC(struct profile_extended) extended;
	VEC(struct profile_process) processes;
	VEC(struct gap) gaps;
	VEC(struct span) written;
	struct map *seen;   /* keys with a letter in front; to the index in its list */
	struct arena *keys; /* of `seen` */
};

/* Adds what another run asked for; everything that is new in `arena`. */
int unite_demands(struct demands *to, const struct demands *from, struct arena *arena,
		  struct err *err);

/* By kind, name and repetition. */
int unite_compare_phases(const void *a, const void *b);

/*
 * The lists, sorted, become those of the profile; the phases' counters, the curve and its end
 * follow from the paths.
 */
int unite_settle(struct united *united, struct err *err);
