/* SPDX-License-Identifier: Apache-2.0 */
/* What is accepted is written again: the same bytes. */
#include "codec/record_bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = {(const char *)data, size};
	struct arena *arena = arena_new(64UL << 20);
	struct buf again = {.max = size};
	struct inventory *inventory;
	struct shells *shells;
	struct err err = ERR_INIT;

	if (inventory_bytes_get(bytes, 1000, arena, &inventory, &err) == 0 &&
	    (inventory_bytes_put(inventory, &again, &err) < 0 || again.n != size ||
	     memcmp(again.p, data, size) != 0))
		abort();
	again.n = 0;
	if (shells_bytes_get(bytes, 1000, arena, &shells, &err) == 0 &&
	    (shells_bytes_put(shells, &again, &err) < 0 || again.n != size ||
	     memcmp(again.p, data, size) != 0))
		abort();
	buf_cleanup(&again);
	arena_free(arena);
	return 0;
}
