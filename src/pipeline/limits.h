/* SPDX-License-Identifier: Apache-2.0 */
/* The step that proposes run-time limits and tries them. docs/limits.md */
#pragma once

#include "pipeline/pipeline.h"

/*
 * p->limits from what the runs demanded, tried by running the tests once more under all of them;
 * what is to blame for a failure is left out, with the reason. Writes limits/ in the folder of
 * results. Nothing when the service has them switched off.
 */
int limits_step(struct pipeline *p, struct err *err);
