/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/package_key.h"
#include "codec/python_metadata.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct python_metadata metadata;
	struct err err = ERR_INIT;

	if (arena && python_metadata_read(text, arena, &metadata, &err) == 0) {
		struct span key = package_key(SPAN("pypi"), metadata.name, arena);

		if (metadata.name.n == 0 || metadata.version.n == 0)
			abort();
		/* A key is its own key. */
		if (key.p) {
			struct span again = package_key(SPAN("pypi"), key, arena);

			if (again.p && !span_equal(key, again))
				abort();
		}
	}
	arena_free(arena);
	return 0;
}
