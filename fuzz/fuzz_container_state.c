/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/container_state.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct span name)
{
	if (!name.p || memchr(name.p, '\n', name.n) || (name.n && name.p[0] == '-'))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);

	for (int format = CONTAINER_RUNC; arena && format <= CONTAINER_INSPECT; format++) {
		struct container_state state;
		struct err err = ERR_INIT;

		if (container_state_read((enum container_format)format, text, arena, &state, &err) <
		    0)
			continue;
		if (state.pid > INT32_MAX)
			abort();
		check(state.pod);
		check(state.space);
		check(state.container);
	}
	arena_free(arena);
	return 0;
}
