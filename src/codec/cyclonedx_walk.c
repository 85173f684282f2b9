/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cyclonedx_walk.h"

#include "base/limits.h"

int
cyclonedx_walk(const json_t *list, cyclonedx_visitor *each, void *context, struct err *err)
{
	struct {
		const json_t *list;
		size_t next;
	} levels[SBOM_DEPTH_MAX];
	size_t depth = 1;

	levels[0].list = list;
	levels[0].next = 0;
	while (depth > 0) {
		const json_t *json =
			json_array_get(levels[depth - 1].list, levels[depth - 1].next++);
		json_t *inner = NULL;

		if (!json) {
			depth--;
			continue;
		}
		int r = each(context, json, &inner, err);
		if (r < 0)
			return r;
		if (json_array_size(inner) == 0)
			continue;
		if (depth == SBOM_DEPTH_MAX)
			return err_set(err, ERR_LIMIT, "components inside one another %d deep",
				       SBOM_DEPTH_MAX);
		levels[depth].list = inner;
		levels[depth].next = 0;
		depth++;
	}
	return 0;
}
