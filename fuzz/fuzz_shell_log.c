/* SPDX-License-Identifier: Apache-2.0 */
/* How shells were run, as a container could write it. */
#include "codec/shell_log.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct shell_log log = {0};
	struct err err = ERR_INIT;
	int r = arena ? shell_log_read((struct span){(const char *)data, size}, arena, &log, &err)
		      : 0;

	if (r < 0 && !err.text[0])
		abort();
	for (size_t i = 0; r == 0 && i < log.count; i++) {
		if (!log.runs[i].program.p || !log.runs[i].name.p || !log.runs[i].arguments.items)
			abort();
	}
	arena_free(arena);
	return 0;
}
