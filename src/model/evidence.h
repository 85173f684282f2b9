/* SPDX-License-Identifier: Apache-2.0 */
/* Everything one run found out, by reference: what `evidence.json` is written from. */
#pragma once

#include "model/built.h"
#include "model/confidence.h"
#include "model/extension.h"
#include "model/limits.h"
#include "model/proof.h"
#include "model/risks.h"
#include "model/shells.h"
#include "model/suite.h"
#include "model/triage.h"
#include "model/verdict.h"

/* The machine it was done on. */
struct evidence_host {
	struct span kernel;	  /* "6.1.0-18-amd64" */
	struct span architecture; /* "x86_64" */
	struct span system;	  /* os-release PRETTY_NAME; may be empty */
	struct span runtime;	  /* "runc 1.1.5"; may be empty */
};

/* One side of the change. NULL: not done. */
struct evidence_side {
	const struct image *image;
	const struct inventory *inventory;
	const struct findings *findings;
};

/* All borrowed; NULL where a step was not done. `plan` and `profile` are of `before.image`. */
struct evidence {
	struct span tool; /* "mohs 0.1.0" */
	int64_t created;  /* clock_now() */
	struct evidence_host host;
	const struct service *service;
	const struct policy *policy;
	struct evidence_side before;
	struct evidence_side after;
	const struct triage *triage; /* before.findings is its `counted`; NULL: all count */
	const struct profile *profile;
	const struct plan *plan;
	const struct confidence *confidence;
	const struct risks *risks; /* of before.image */
	const struct built *built;
	const struct shells *shells; /* of after.image */
	const struct suite *suite;
	const struct limits *limits;
	const struct proof *proof; /* of the hardened image, where it is */
	const struct extension *extension;
	struct span untested; /* why the tests were not run on after.image; may be empty */
	const struct verdict *verdict;
};
