/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/gemspec.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct gemspec gem;
	struct err err = ERR_INIT;

	if (arena && gemspec_read(text, arena, &gem, &err) == 0) {
		if (gem.name.n == 0 || gem.version.n == 0 || gem.platform.n == 0)
			abort();
		for (size_t i = 0; i < gem.files.count; i++) {
			struct span file = gem.files.items[i];

			if (file.p < text.p || file.p + file.n > text.p + text.n)
				abort();
		}
	}
	arena_free(arena);
	return 0;
}
