/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16 };

int
vec_push_raw(struct vec *vec, const void *item, size_t item_size, size_t max, struct err *err)
{
	if (vec->count >= max)
		return err_set(err, ERR_LIMIT, "more than %zu items", max);
	if (vec->count == vec->capacity) {
		size_t capacity = vec->capacity ? vec->capacity * 2 : FIRST_CAPACITY;
		void *items = reallocarray(vec->items, capacity, item_size);

		if (!items)
			return err_memory(err);
		vec->items = items;
		vec->capacity = capacity;
	}

	char *slot = (char *)vec->items + vec->count * item_size;
	if (item)
		memcpy(slot, item, item_size);
	else
		memset(slot, 0, item_size);
	vec->count++;
	return 0;
}

void
vec_free_raw(struct vec *vec)
{
	free(vec->items);
	*vec = (struct vec){0};
}

void *
array_keep(struct arena *arena, const void *items, size_t count, size_t item_size)
{
	void *copy = arena_array(arena, count + 1, item_size);

	if (copy && count > 0)
		memcpy(copy, items, count * item_size);
	return copy;
}
