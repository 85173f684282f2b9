/* SPDX-License-Identifier: Apache-2.0 */
/* A finished run gone again from its results, up to the plan: for questions asked later. */
#pragma once

#include "pipeline/pipeline.h"

/*
 * Reads `evidence` (evidence.json; profile.json lies beside it), opens the image it names and
 * plans again. *ret_service is what pipeline->service points at: free it after the pipeline.
 * ERR_MISMATCH: the image is no longer the one of the evidence, or the evidence is only of a scan.
 */
int recall_run(const char *evidence, struct pipeline *pipeline, struct service **ret_service,
	       struct err *err);
