/* SPDX-License-Identifier: Apache-2.0 */
#include "group_arena.h"

struct arena *arena;

int
group_arena(void **state)
{
	(void)state;
	arena = arena_new(0);
	return arena ? 0 : -1;
}

int
group_arena_free(void **state)
{
	(void)state;
	arena_free(arena);
	arena = NULL;
	return 0;
}
