/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/package_json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct package_json package;
	struct err err = ERR_INIT;

	if (arena && package_json_read(text, arena, &package, &err) == 0) {
		if (!package.name.p || !package.version.p || !package.licence.p ||
		    span_find(package.name, ' ') < package.name.n ||
		    span_find(package.version, '\0') < package.version.n)
			abort();
	}
	arena_free(arena);
	return 0;
}
