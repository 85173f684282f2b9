/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/elf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

/* Reads every byte that is handed out, so that a sanitizer sees one that is not the file's. */
static bool
touch(void *context, const struct elf_symbol *symbol)
{
	*(uint64_t *)context ^= span_hash(symbol->name, 0);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span file = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct elf_info info = {0};
	struct err err = ERR_INIT;
	uint64_t sum = 0;

	if (arena && elf_read(file, arena, &info, &err) == 0) {
		sum ^= span_hash(info.interpreter, 1) ^ span_hash(info.soname, 2);
		sum ^= span_hash(info.rpath, 3) ^ span_hash(info.runpath, 4);
		sum ^= span_hash(info.build_id, 5);
		for (size_t i = 0; i < info.needed.count; i++)
			sum ^= span_hash(info.needed.items[i], i);
	}
	(void)elf_symbols(file, touch, &sum, &err);
	arena_free(arena);
	sink = sum;
	return 0;
}
