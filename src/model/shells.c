/* SPDX-License-Identifier: Apache-2.0 */
#include "model/shells.h"

void
shells_free(struct shells *shells)
{
	if (shells)
		arena_free(shells->arena); /* holds *shells itself */
}

void
shells_cleanup(struct shells **shells)
{
	shells_free(*shells);
	*shells = NULL;
}
