/* SPDX-License-Identifier: Apache-2.0 */
/* image, inventory, profile -> plan: keep = used + closure + declared. docs/removal.md */
#pragma once

#include "model/plan.h"
#include "model/service.h"
#include "port/contents.h"

/*
 * ERR_MISMATCH: the profile was taken on another image (refused unless `force`).
 * ERR_INVALID: the profile is not complete (refused unless `force`), a glob is malformed, or
 * almost nothing would be left: no program, or not the one the image starts.
 * What `force` let pass, and all that could not be resolved, is in plan->gaps.
 */
int plan_make(const struct image *image, const struct contents *contents,
	      const struct inventory *inventory, const struct profile *profile,
	      const struct service *service, bool force, struct plan **ret, struct err *err);
