/* SPDX-License-Identifier: Apache-2.0 */
/* image, inventory, findings, plan -> why: the chain of reasons up to a use. docs/removal.md */
#pragma once

#include "model/plan.h"
#include "model/risks.h"
#include "model/why.h"

struct why_input {
	const struct image *image;
	const struct inventory *inventory;
	const struct plan *plan;	 /* NULL: only what a thing is and who owns it */
	const struct findings *findings; /* NULL: no vulnerability can be asked for */
	const struct risks *risks;	 /* NULL: what may be asked for all the same is not told */
	const struct profile *profile;	 /* NULL: the phase and program of a use are not told */
};

/*
 * `thing`: an absolute path (links are followed where the exact one does not exist), a package,
 * source package or purl, or the id of a vulnerability.
 * ERR_NOT_FOUND when the image has no such thing; ERR_MISMATCH when the records do not belong
 * together; ERR_MEMORY.
 */
int why_explain(const struct why_input *input, struct span thing, struct why **ret,
		struct err *err);
