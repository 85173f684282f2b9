/* SPDX-License-Identifier: Apache-2.0 */
/* One row per checklist item, judged against the policy. */
#pragma once

#include "model/service.h"

enum check_state {
	CHECK_PASS,
	CHECK_FAIL,
	CHECK_WAIVED,	/* would fail; a waiver covers it */
	CHECK_NOT_DONE, /* was not carried out: fails unless waived or not required */
	CHECK_OPTIONAL, /* not required by the policy, and not met or not done */
};

const char *check_state_name(enum check_state state);

struct verdict_row {
	enum check check;
	enum check_state state;
	struct span measured;	     /* "412 -> 61 findings (85.2 %)" */
	struct span detail;	     /* why it failed, and what to do; may be empty */
	const struct waiver *waiver; /* NULL when none was used */
};

struct verdict {
	struct arena *arena;
	struct verdict_row rows[CHECKS];
	bool passed;
};

void verdict_free(struct verdict *verdict);
void verdict_cleanup(struct verdict **verdict);
