/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/relation.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first line is the ecosystem, the rest a field. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size};
	struct span ecosystem = span_cut(&rest, '\n');
	struct span field = rest;
	struct span clause;
	struct span name;

	while (relation_clause_next(ecosystem, &rest, &clause)) {
		while (relation_name_next(ecosystem, &clause, &name)) {
			if (name.n && (name.p < field.p || name.p + name.n > field.p + field.n))
				abort();
			if (span_find(name, ' ') < name.n)
				abort();
		}
	}
	return 0;
}
