/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/dotnet_bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct span deps;
	struct err err = ERR_INIT;

	if (arena &&
	    dotnet_bundle_deps((struct span){(const char *)data, size}, arena, &deps, &err) == 0)
		sink = span_hash(deps, 1);
	arena_free(arena);
	return 0;
}
