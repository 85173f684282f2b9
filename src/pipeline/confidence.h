/* SPDX-License-Identifier: Apache-2.0 */
/* How sure it is that nothing needed was removed. docs/confidence.md */
#pragma once

#include "pipeline/pipeline.h"

/* From profile and plan: pipeline->confidence and pipeline->risks. */
int confidence_take(struct pipeline *pipeline, struct err *err);
