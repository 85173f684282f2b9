/* SPDX-License-Identifier: Apache-2.0 */
#include "model/profile.h"

void
profile_free(struct profile *profile)
{
	if (profile)
		arena_free(profile->arena); /* holds *profile itself */
}

void
profile_cleanup(struct profile **profile)
{
	profile_free(*profile);
	*profile = NULL;
}

const char *
profile_phase_name(enum profile_phase_kind kind)
{
	static const char *const names[PHASE_KINDS] = {
		[PHASE_STARTUP] = "startup",
		[PHASE_LOAD] = "load",
		[PHASE_TEST] = "test",
		[PHASE_SHUTDOWN] = "shutdown",
	};

	return kind < PHASE_KINDS ? names[kind] : "unknown";
}
