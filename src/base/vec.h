/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing arrays: `VEC(struct thing) things = {0};`, then
 * `r = vec_push(&things, &thing, THINGS_MAX, err);`. Freed with vec_free(&things).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stddef.h>
#include <string.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count;                                                                      \
		size_t capacity;                                                                   \
	}

/* The common start of every VEC. */
struct vec {
	void *items;
	size_t count;
	size_t capacity;
};

/* Appends a copy of *item (or zeroes when NULL). ERR_LIMIT when count would pass max. */
int vec_push_raw(struct vec *vec, const void *item, size_t item_size, size_t max, struct err *err);
void vec_free_raw(struct vec *vec);

/* A copy in the arena with a zeroed item behind it; NULL without memory. Never NULL for none. */
void *array_keep(struct arena *arena, const void *items, size_t count, size_t item_size);

/* Where there is room, without a call. */
static inline int
vec_push_fast(struct vec *vec, const void *item, size_t item_size, size_t max, struct err *err)
{
	if (!item || vec->count >= vec->capacity || vec->count >= max)
		return vec_push_raw(vec, item, item_size, max, err);
	memcpy((char *)vec->items + vec->count * item_size, item, item_size);
	vec->count++;
	return 0;
}

#define vec_push(list, item, max, err)                                                             \
	vec_push_fast((struct vec *)(void *)(list), (item), sizeof(*(list)->items), (max), (err))
#define vec_free(list) vec_free_raw((struct vec *)(void *)(list))
#define vec_keep(list, arena)                                                                      \
	array_keep((arena), (list)->items, (list)->count, sizeof(*(list)->items))
