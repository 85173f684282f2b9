/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cargo_audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct cargo_audit audit;
	struct err err = ERR_INIT;

	if (arena &&
	    cargo_audit_read((struct span){(const char *)data, size}, arena, &audit, &err) == 0) {
		for (size_t i = 0; i < audit.count; i++)
			sink ^= span_hash(audit.packages[i].name, 1) ^
				span_hash(audit.packages[i].version, 2) ^
				span_hash(audit.packages[i].source, 3);
	}
	arena_free(arena);
	return 0;
}
