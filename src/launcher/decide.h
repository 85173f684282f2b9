/* SPDX-License-Identifier: Apache-2.0 */
/* What the plan makes of the arguments, environment and user it is started with; or why nothing. */
#pragma once

#include "launcher/plan.h"

/* What the container was started with. */
struct situation {
	struct texts arguments; /* behind the launcher's own name */
	struct texts environment;
	struct text host;
	struct identity user;
};

struct decision {
	const struct plan *plan;
	struct text *values; /* one per plan->variables; .p NULL: not set */
	bool as_other;	     /* another user: nothing is changed, nobody becomes anybody */
	const char **argv;   /* NULL-terminated */
	const char **environment;
};

/* False: `refusal` says why. */
bool decide(const struct plan *plan, const struct situation *situation, struct region *region,
	    struct decision *ret, struct refusal *refusal);

/* The pattern with its values; .p NULL without room. NUL-terminated. */
struct text pattern_fill(const struct pattern *pattern, const struct decision *decision,
			 struct region *region);
