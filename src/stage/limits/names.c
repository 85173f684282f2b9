/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/limits/parts.h"

#include <stdlib.h>

bool
names_have(struct span_list names, struct span name)
{
	size_t low = 0;
	size_t high = names.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = span_compare(names.items[middle], name);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int
names_sort(const struct span *items, size_t count, struct arena *arena, struct span_list *ret,
	   struct err *err)
{
	struct span *sorted = arena_array(arena, count + 1, sizeof(*sorted));
	size_t distinct = 0;

	if (!sorted)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		sorted[i] = arena_copy(arena, items[i]);
		if (!sorted[i].p)
			return err_memory(err);
	}
	qsort(sorted, count, sizeof(*sorted), span_compare_items);
	for (size_t i = 0; i < count; i++) {
		if (distinct == 0 || !span_equal(sorted[distinct - 1], sorted[i]))
			sorted[distinct++] = sorted[i];
	}
	*ret = (struct span_list){sorted, distinct};
	return 0;
}

int
names_unite(struct span_list a, struct span_list b, struct arena *arena, struct span_list *ret,
	    struct err *err)
{
	struct span *all = arena_array(arena, a.count + b.count + 1, sizeof(*all));

	if (!all)
		return err_memory(err);
	if (a.count)
		memcpy(all, a.items, a.count * sizeof(*all));
	if (b.count)
		memcpy(all + a.count, b.items, b.count * sizeof(*all));
	return names_sort(all, a.count + b.count, arena, ret, err);
}
