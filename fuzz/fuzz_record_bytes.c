/* SPDX-License-Identifier: Apache-2.0 */
/* What is accepted is written again: the same bytes. */
#include "codec/record_bytes.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
compare(int put, const struct buf *again, struct span bytes)
{
	if (put < 0 ? !starved() : !span_equal(buf_span(again), bytes))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = {(const char *)data, size};
	struct arena *arena = arena_new(64UL << 20);
	struct buf again = {.max = size};
	struct inventory *inventory;
	struct shells *shells;
	struct risks *risks;
	struct err err = ERR_INIT;

	if (!arena)
		return 0;
	if (inventory_bytes_get(bytes, 1000, arena, &inventory, &err) == 0)
		compare(inventory_bytes_put(inventory, &again, &err), &again, bytes);
	again.n = 0;
	if (shells_bytes_get(bytes, 1000, arena, &shells, &err) == 0)
		compare(shells_bytes_put(shells, &again, &err), &again, bytes);
	again.n = 0;
	if (risks_bytes_get(bytes, 1000, arena, &risks, &err) == 0)
		compare(risks_bytes_put(risks, &again, &err), &again, bytes);
	buf_cleanup(&again);
	arena_free(arena);
	return 0;
}
