/* SPDX-License-Identifier: Apache-2.0 */
#include "model/suite.h"

void
suite_free(struct suite *suite)
{
	if (!suite)
		return;
	profile_free(suite->run);
	arena_free(suite->arena); /* holds *suite itself */
}

void
suite_cleanup(struct suite **suite)
{
	suite_free(*suite);
	*suite = NULL;
}

bool
suite_passed(const struct suite *suite)
{
	if (!suite->started || suite->failed > 0)
		return false;
	for (size_t i = 0; suite->run && i < suite->run->phase_count; i++) {
		if (!suite->run->phases[i].passed)
			return false;
	}
	return true;
}
