/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "codec/ld_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* So that every byte is read. */
static volatile uint64_t sink;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(64 * MIB);
	struct ld_cache_entry *entries;
	struct err err = ERR_INIT;
	size_t count = 0;

	if (!arena)
		return 0;
	if (ld_cache_read((struct span){(const char *)data, size}, arena, &entries, &count, &err) ==
	    0) {
		for (size_t i = 0; i < count; i++)
			sink = span_hash(entries[i].name, 1) + span_hash(entries[i].path, 1);
	}
	arena_free(arena);
	return 0;
}
