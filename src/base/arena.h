/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One arena per artefact or request: allocations live until the arena is freed
 * whole. Never used by two threads at once.
 */
#pragma once

#include "base/span.h"

#include <stdarg.h>

struct arena;

/* `limit`: the most bytes it will hand out in all; 0 = ARENA_LIMIT_DEFAULT. NULL without memory. */
struct arena *arena_new(size_t limit);
void arena_free(struct arena *arena);
void arena_cleanup(struct arena **arena);

/* Zeroed and aligned for any type. NULL without memory or over the limit. */
void *arena_alloc(struct arena *arena, size_t size);

/* Zeroed array; NULL also when count * size overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A NUL-terminated copy; .p is NULL on failure. */
struct span arena_copy(struct arena *arena, struct span s);
/* Likewise, with ASCII letters in lower case. */
struct span arena_lower(struct arena *arena, struct span s);
struct span arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Bytes handed out so far. */
size_t arena_used(const struct arena *arena);
