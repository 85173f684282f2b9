/* SPDX-License-Identifier: Apache-2.0 */
/* image, profile, plan -> removed paths that kept files can still ask for. docs/confidence.md */
#pragma once

#include "model/plan.h"
#include "model/risks.h"
#include "port/contents.h"

/*
 * Reads only what the plan keeps, in a confined process, up to RISKS_BYTES_MAX; what could not be
 * read is a gap. ERR_MISMATCH: the plan is for another image; errors of contents_confine().
 */
int risks_look(const struct image *image, const struct contents *contents,
	       const struct profile *profile, const struct plan *plan, struct risks **ret,
	       struct err *err);
