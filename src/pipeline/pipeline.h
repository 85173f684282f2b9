/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole way through, in one ordered table: image, inventory, findings, profile, plan, rounds
 * that extend both, built image, and on the built one inventory, findings, shells and the test
 * suite, then the verdict and the evidence. The only place that names every stage. A verb runs as
 * much of it as it needs.
 */
#pragma once

#include "model/built.h"
#include "model/confidence.h"
#include "model/extension.h"
#include "model/proof.h"
#include "model/risks.h"
#include "model/shells.h"
#include "model/suite.h"
#include "model/verdict.h"
#include "pipeline/subject.h"
#include "port/keys.h"

enum { BILLS = 2 };

/* A bill of materials of the hardened image, in one format. */
struct bill {
	struct span artifact_type;  /* its media type */
	struct span predicate_type; /* when it is attested */
	struct span text;
};

enum pipeline_step {
	STEP_IMAGE,
	STEP_INVENTORY,
	STEP_FINDINGS,
	STEP_SIDECARS,
	STEP_PROFILE,
	STEP_PLAN,
	STEP_EXTEND,	 /* before the build: rounds on images of their own */
	STEP_CONFIDENCE, /* of the last plan */
	STEP_BUILD,
	STEP_RESCAN,
	STEP_SHELLS,
	STEP_TESTS,
	STEP_LIMITS,
	STEP_VERDICT,
	STEP_ATTEST,
	STEP_PUBLISH,
	STEP_PROVE,
	STEP_EVIDENCE,
	PIPELINE_STEPS,
};

struct pipeline {
	/* What to do; set before the first step. Borrowed. */
	const struct service *service;
	const struct policy *policy;
	struct image_options image_options;
	const char *database;  /* advisory database; NULL: the default one */
	const char *folder;    /* for profile.json, evidence.json and logs; NULL: write none */
	const char *output;    /* where the hardened image goes; needed from STEP_BUILD on */
	const char *publish;   /* registry reference the image is copied to by STEP_PUBLISH when all
				  but what comes of it passed; NULL: none */
	const struct key *key; /* signs and attests; NULL: nothing is signed */
	bool accept_profile; /* use one that is incomplete or of another image; the evidence says so
			      */
	bool learn;	     /* as service->learn */
	const struct progress *progress;

	/* What came out so far; owned. A caller may put a profile in before STEP_PROFILE. */
	struct advisories *advisories;
	struct subject before;
	struct subject *sidecars; /* one per service->sidecars */
	struct profile *profile;
	struct suite *suite_before; /* the tests on the original, while profiling */
	struct image *view; /* of the image: with a table in the shells' place; NULL: as it is */
	struct arena *view_arena;
	struct plan *plan;
	struct extension *extension;
	struct confidence *confidence;
	struct risks *risks; /* removed paths that kept files can ask for */
	struct built *built;
	struct subject after;
	struct suite *suite;   /* the tests on the hardened image */
	struct span untested;  /* why they could not be run; empty: they were */
	struct limits *limits; /* NULL when the service wants none */
	struct verdict *verdict;
	struct arena *arena; /* of the bills and texts below; made when needed */
	struct bill bills[BILLS];
	bool billed;
	bool published;
	struct proof *proof;  /* what was read back from where the image is */
	struct span unproven; /* why there is none, or why it is not signed; may be empty */
	struct err failed; /* what kept attesting, publishing or reading back from being done: the
			      evidence is written all the same */
	struct digest profile_file; /* of profile.json as it was written */
	bool has_profile_file;
	int64_t started;
	int64_t scanned; /* when advisories were matched */
};

/* Runs the goal and every step it needs that has not run yet. */
int pipeline_run(struct pipeline *pipeline, enum pipeline_step goal, struct err *err);

/*
 * Only the test suite, on service->image; with `original` (may be empty), paths that only that one
 * has are told apart. The result is pipeline->suite.
 */
int pipeline_test(struct pipeline *pipeline, struct span original, struct err *err);

/* The image as it is hardened: with the profile's table in the place of its shells. */
int pipeline_view(struct pipeline *pipeline, const struct image **ret, struct err *err);

/* Writes profile.json into the folder of results. */
int pipeline_write_profile(struct pipeline *pipeline, struct err *err);

/* Writes a document into the folder of results, when there is one. */
int pipeline_write(const struct pipeline *pipeline, const char *name, struct span text,
		   struct err *err);

/* Everything the pipeline holds; borrowed from it. */
struct evidence pipeline_evidence(const struct pipeline *pipeline);

/* Fills in which tool, when and on what machine. Strings go to `arena`. */
int pipeline_stamp(struct evidence *evidence, struct arena *arena, struct err *err);

void pipeline_free(struct pipeline *pipeline);
