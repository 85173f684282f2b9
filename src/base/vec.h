/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing arrays: `VEC(struct thing) things = {0};`, then
 * `r = vec_push(&things, &thing, THINGS_MAX, err);`. Freed with vec_free(&things).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stddef.h>

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

#define vec_push(list, item, max, err)                                                             \
	vec_push_raw((struct vec *)(void *)(list), (item), sizeof(*(list)->items), (max), (err))
#define vec_free(list) vec_free_raw((struct vec *)(void *)(list))
#define vec_keep(list, arena)                                                                      \
	array_keep((arena), (list)->items, (list)->count, sizeof(*(list)->items))
