/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/ascii.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	BLOCK_FIRST = 4096,
	BLOCK_MAX = 1 << 20,
	ALIGNMENT = 16,
};

struct block {
	struct block *next;
	size_t size;
	size_t used;
	_Alignas(ALIGNMENT) char bytes[];
};

struct arena {
	struct block *head;
	size_t used;
	size_t limit;
	size_t next_size;
};

struct arena *
arena_new(size_t limit)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		return NULL;
	arena->limit = limit ? limit : ARENA_LIMIT_DEFAULT;
	arena->next_size = BLOCK_FIRST;
	return arena;
}

void
arena_free(struct arena *arena)
{
	if (!arena)
		return;
	for (struct block *block = arena->head; block;) {
		struct block *next = block->next;

		free(block);
		block = next;
	}
	free(arena);
}

void
arena_cleanup(struct arena **arena)
{
	arena_free(*arena);
	*arena = NULL;
}

/* A request of its own size gets a block behind the head, so that the head's rest stays in use. */
static struct block *
add_block(struct arena *arena, size_t size)
{
	bool large = size > arena->next_size / 2;
	size_t want = large ? size : arena->next_size;
	struct block *block = calloc(1, sizeof(*block) + want);

	if (!block)
		return NULL;
	block->size = want;
	if (large && arena->head) {
		block->next = arena->head->next;
		arena->head->next = block;
	} else {
		block->next = arena->head;
		arena->head = block;
	}
	if (!large && arena->next_size < BLOCK_MAX)
		arena->next_size *= 2;
	return block;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded;

	if (__builtin_add_overflow(size, (size_t)ALIGNMENT - 1, &rounded))
		return NULL;
	rounded &= ~(size_t)(ALIGNMENT - 1);
	if (rounded > arena->limit - arena->used)
		return NULL;

	struct block *block = arena->head;
	if (!block || block->size - block->used < rounded)
		block = add_block(arena, rounded);
	if (!block)
		return NULL;

	void *p = block->bytes + block->used;
	block->used += rounded;
	arena->used += rounded;
	return p;
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return arena_alloc(arena, total);
}

struct span
arena_copy(struct arena *arena, struct span s)
{
	char *p = arena_alloc(arena, s.n + 1);

	if (!p)
		return (struct span){NULL, 0};
	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct span){p, s.n};
}

struct span
arena_lower(struct arena *arena, struct span s)
{
	char *text = arena_alloc(arena, s.n + 1);

	if (!text)
		return (struct span){NULL, 0};
	for (size_t i = 0; i < s.n; i++)
		text[i] = ascii_lower(s.p[i]);
	return (struct span){text, s.n};
}

struct span
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		return (struct span){NULL, 0};

	size_t n = (size_t)length;
	char *p = arena_alloc(arena, n + 1);
	if (!p)
		return (struct span){NULL, 0};
	va_start(args, format);
	(void)vsnprintf(p, n + 1, format, args);
	va_end(args);
	return (struct span){p, n};
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}
