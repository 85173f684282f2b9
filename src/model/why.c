/* SPDX-License-Identifier: Apache-2.0 */
#include "model/why.h"

void
why_free(struct why *why)
{
	if (why)
		arena_free(why->arena); /* holds *why itself */
}

void
why_cleanup(struct why **why)
{
	why_free(*why);
	*why = NULL;
}
