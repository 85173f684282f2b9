/* SPDX-License-Identifier: Apache-2.0 */
/* Results of the verbs that run the pipeline, as text for people or as JSON. */
#pragma once

#include "pipeline/pipeline.h"

/* The checklist with what was measured, what is left and why, and where the results are. */
int results_run(const struct pipeline *pipeline, struct err *err);

/* A profile in a few lines; `output` is where it was written. */
void results_profile(const struct profile *profile, const char *output);

/* What is kept and removed, and the image when it was built. */
int results_plan(const struct pipeline *pipeline, bool json, struct err *err);

/* Test cases that failed, paths that were missed, counts. */
int results_suite(const struct suite *suite, bool json, struct err *err);
