/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/confidence.h"

#include "base/cleanup.h"
#include "stage/confidence.h"
#include "stage/plan.h"
#include "stage/risks.h"

/*
 * The plan as it would be without what only later repetitions used. One that cannot be made (no
 * program would be left) keeps nothing for another reason.
 */
static int
plan_first(const struct pipeline *p, struct plan **ret, struct err *err)
{
	CLEANUP(profile_cleanup) struct profile *first = NULL;
	struct err problem = ERR_INIT;
	size_t without = 0;
	int r = confidence_first(p->profile, &first, &without, err);

	if (r < 0 || without == 0)
		return r;
	r = plan_make(p->view ? p->view : p->before.image, p->before.contents, p->before.inventory,
		      first, p->service, true, ret, &problem);
	return r == -ERR_MEMORY ? err_memory(err) : 0;
}

int
confidence_take(struct pipeline *p, struct err *err)
{
	CLEANUP(plan_cleanup) struct plan *rest = NULL;
	int r = plan_first(p, &rest, err);

	if (r == 0 && !p->risks)
		r = risks_look(p->before.image, p->before.contents, p->profile, p->plan, &p->risks,
			       err);
	return r < 0 ? r
		     : confidence_estimate(p->before.image, p->profile, rest, &p->confidence, err);
}
