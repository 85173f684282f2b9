/* SPDX-License-Identifier: Apache-2.0 */
/* A finished run gone again from its results, up to the plan: for questions asked later. */
#pragma once

#include "codec/evidence_json.h"
#include "pipeline/pipeline.h"

/*
 * Reads `evidence` (evidence.json; profile.json lies beside it), opens the image it names and
 * plans again. *ret_service is what pipeline->service points at: free it after the pipeline.
 * ERR_MISMATCH: the image is no longer the one of the evidence, or the evidence is only of a scan.
 */
int recall_run(const char *evidence, struct pipeline *pipeline, struct service **ret_service,
	       struct err *err);

/*
 * Which two images a run was about, as its evidence names them; in `arena`. ERR_INVALID: no
 * evidence; ERR_MISMATCH: no image was hardened.
 */
int recall_images(const char *evidence, struct arena *arena, struct evidence_recall *ret,
		  struct err *err);
