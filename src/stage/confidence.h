/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repeated loads -> how likely the next run needs a removed path: first uses by repetition, the
 * exact binomial bound on them, Good-Turing and Chao2 in their incidence forms. Pure.
 * docs/confidence.md has the definitions and their sources.
 */
#pragma once

#include "model/confidence.h"
#include "model/plan.h"

/*
 * The profile as if no repetition of a load but the first had used anything new: without the paths
 * that only later ones used. *ret_without: how many those are; with 0, there is no need to plan
 * anew. Texts and lists are borrowed from `profile`. ERR_MEMORY.
 */
int confidence_first(const struct profile *profile, struct profile **ret, size_t *ret_without,
		     struct err *err);

/*
 * `rest`: the plan made of the profile of confidence_first() on the same image; what it keeps
 * stays for another reason and is not counted. NULL: nothing does. ERR_MISMATCH: of another image;
 * ERR_MEMORY.
 */
int confidence_estimate(const struct image *image, const struct profile *profile,
			const struct plan *rest, struct confidence **ret, struct err *err);
