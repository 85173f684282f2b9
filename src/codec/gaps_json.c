/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/gaps_json.h"

#include "base/limits.h"

#include <stddef.h>

json_t *
gaps_json_make(const struct gap_list *gaps)
{
	json_t *list = json_array();

	for (size_t i = 0; i < gaps->count; i++)
		json_add(&list,
			 json_pack("{s:o, s:o}", "subject", json_span(gaps->items[i].subject),
				   "text", json_span(gaps->items[i].text)));
	return list;
}

int
gaps_json_read(const json_t *list, struct arena *arena, struct gap_list *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"subject", JSON_FIELD_SPAN, offsetof(struct gap, subject), true},
		{"text", JSON_FIELD_SPAN, offsetof(struct gap, text), true},
		{NULL},
	};
	static const struct json_items kind = {"gaps", PROFILE_GAPS_MAX, sizeof(struct gap)};
	struct gap_list gaps;
	int r = json_items(list, &kind, arena, &gaps.items, &gaps.count, err);

	for (size_t i = 0; r == 0 && i < gaps.count; i++)
		r = json_read(json_array_get(list, i), fields, &gaps.items[i], arena, err);
	if (r == 0)
		*ret = gaps;
	return r;
}
