/* SPDX-License-Identifier: Apache-2.0 */
/* everything measured x policy -> verdict: one row per checklist item. */
#pragma once

#include "model/built.h"
#include "model/confidence.h"
#include "model/extension.h"
#include "model/proof.h"
#include "model/shells.h"
#include "model/suite.h"
#include "model/verdict.h"

/* What was measured; NULL: that step was not done. */
struct verdict_input {
	const struct service *service;
	const struct findings *before;
	const struct findings *after;
	const struct profile *profile;
	const struct confidence *confidence;
	const struct suite *suite;
	const struct extension *extension; /* how the image came to be, and what it still misses */
	struct span untested;		   /* why the tests could not be run; may be empty */
	const struct shells *shells;
	const struct built *built;
	/* The hardened image and its inventory, to name paths and packages; may be NULL. */
	const struct image *hardened;
	const struct inventory *remaining;
	const struct proof *proof; /* what is beside the hardened image */
	struct span unproven;	   /* why there is none, and what to do; may be empty */
	int64_t scanned; /* when advisories were matched: what the database's age is taken at */
	int64_t now;
};

/*
 * docs/verdict.md. Rows point at waivers of `policy`, which must outlive the verdict; texts are
 * the verdict's own. Fails only for want of memory.
 */

int verdict_judge(const struct verdict_input *input, const struct policy *policy,
		  struct verdict **ret, struct err *err);
