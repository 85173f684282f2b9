/* SPDX-License-Identifier: Apache-2.0 */
/* What is accepted is written again: the same bytes. What is packed is had back. */
#include "codec/rescan_bytes.h"

#include "base/limits.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_state(struct span bytes, struct arena *arena)
{
	struct buf again = BUF_INIT(MIB);
	struct rescan_state state;
	struct err err = ERR_INIT;

	if (rescan_state_get(bytes, arena, &state, &err) == 0) {
		int r = rescan_head_put(state.database, state.count, &again, &err);

		for (size_t i = 0; r == 0 && i < state.count; i++)
			r = rescan_entry_put(&state.entries[i], &again, &err);
		if (r < 0 ? !starved() : !span_equal(buf_span(&again), bytes))
			abort();
	}
	buf_cleanup(&again);
}

static void
check_findings(struct span bytes, struct arena *arena)
{
	struct rescan_finding *findings;
	struct err err = ERR_INIT;
	size_t count = 0;

	if (rescan_findings_get(bytes, arena, &findings, &count, &err) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (findings[i].severity >= SEVERITIES || findings[i].fixed.n > bytes.n)
			abort();
	}
}

static void
check_packing(struct span bytes)
{
	struct buf packed = BUF_INIT(MIB);
	struct buf back = BUF_INIT(MIB);
	struct err err = ERR_INIT;

	(void)rescan_unpack(bytes, &back, &err);
	back.n = 0;
	int r = rescan_pack(bytes, &packed, &err);
	if (r == 0)
		r = rescan_unpack(buf_span(&packed), &back, &err);
	if (r < 0 ? !starved() : !span_equal(buf_span(&back), bytes))
		abort();
	buf_cleanup(&packed);
	buf_cleanup(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = {(const char *)data, size};
	struct arena *arena = arena_new(64 * MIB);

	if (!arena || size > MIB / 4) {
		arena_free(arena);
		return 0;
	}
	check_state(bytes, arena);
	check_findings(bytes, arena);
	check_packing(bytes);
	arena_free(arena);
	return 0;
}
