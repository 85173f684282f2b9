/* SPDX-License-Identifier: Apache-2.0 */
#include "model/verdict.h"

void
verdict_free(struct verdict *verdict)
{
	if (verdict)
		arena_free(verdict->arena); /* holds *verdict itself */
}

void
verdict_cleanup(struct verdict **verdict)
{
	verdict_free(*verdict);
	*verdict = NULL;
}

const char *
check_state_name(enum check_state state)
{
	static const char *const names[] = {
		[CHECK_PASS] = "pass",	       [CHECK_FAIL] = "fail",
		[CHECK_WAIVED] = "waived",     [CHECK_NOT_DONE] = "not done",
		[CHECK_OPTIONAL] = "optional",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}
