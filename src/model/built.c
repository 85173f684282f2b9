/* SPDX-License-Identifier: Apache-2.0 */
#include "model/built.h"

void
built_free(struct built *built)
{
	if (built)
		arena_free(built->arena); /* holds *built itself */
}

void
built_cleanup(struct built **built)
{
	built_free(*built);
	*built = NULL;
}
