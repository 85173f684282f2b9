/* SPDX-License-Identifier: Apache-2.0 */
#include "model/own.h"

bool
own(struct arena *arena, struct span *text)
{
	struct span copy = text->p ? arena_copy(arena, *text) : (struct span){NULL, 0};
	bool good = copy.p || !text->p;

	*text = copy;
	return good;
}

bool
own_list(struct arena *arena, struct span_list *list)
{
	struct span *items = arena_array(arena, list->count + 1, sizeof(*items));

	for (size_t i = 0; items && i < list->count; i++) {
		items[i] = arena_copy(arena, list->items[i]);
		if (!items[i].p)
			return false;
	}
	list->items = items;
	return items != NULL;
}

bool
own_gaps(struct arena *arena, struct gap_list *list)
{
	struct gap *items = arena_array(arena, list->count + 1, sizeof(*items));

	for (size_t i = 0; items && i < list->count; i++) {
		items[i].subject = arena_copy(arena, list->items[i].subject);
		items[i].text = arena_copy(arena, list->items[i].text);
		if (!items[i].subject.p || !items[i].text.p)
			return false;
	}
	list->items = items;
	return items != NULL;
}
