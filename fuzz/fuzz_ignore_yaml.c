/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/ignore_yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct err err = ERR_INIT;
	struct ignore_file file;

	if (arena && ignore_parse((struct span){(const char *)data, size}, SPAN("ignore.yaml"),
				  arena, &file, &err) == 0) {
		for (size_t i = 0; i < file.count; i++) {
			if (file.entries[i].reason.n == 0 || file.entries[i].approved_by.n == 0)
				abort();
		}
	}
	arena_free(arena);
	return 0;
}
