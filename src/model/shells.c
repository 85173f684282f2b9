/* SPDX-License-Identifier: Apache-2.0 */
#include "model/shells.h"

size_t
shells_count(const struct shells *shells, enum shell_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < shells->count; i++)
		count += shells->items[i].kind == kind;
	return count;
}

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
