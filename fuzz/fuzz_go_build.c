/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/go_build.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void
touch(const struct go_module *module)
{
	sink ^= span_hash(module->path, 1) ^ span_hash(module->version, 2) ^
		span_hash(module->instead, 3) ^ span_hash(module->instead_version, 4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct go_build build;
	struct err err = ERR_INIT;

	if (arena &&
	    go_build_read((struct span){(const char *)data, size}, arena, &build, &err) == 0) {
		touch(&build.main);
		for (size_t i = 0; i < build.module_count; i++)
			touch(&build.modules[i]);
		sink ^= span_hash(go_version(build.go, arena), 5);
		struct span version = go_flags_version(build.flags);
		if (version.n > build.flags.n)
			abort();
		sink ^= span_hash(version, 6);
	}
	arena_free(arena);
	return 0;
}
