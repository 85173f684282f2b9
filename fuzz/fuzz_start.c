/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out of a container and its sandbox: a probe's records, a state, a start. */
#include "codec/probe.h"
#include "codec/start_json.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Written and read again it is the same. */
static void
state_round_trip(const struct start_state *state, struct arena *arena)
{
	struct start_state *back = NULL;
	struct err err = ERR_INIT;
	struct span first;
	struct span second;
	int r = start_state_write(state, arena, &first, &err);

	if (r == 0)
		r = start_state_read(first, arena, &back, &err);
	if (r == 0)
		r = start_state_write(back, arena, &second, &err);
	if (r == 0 ? !span_equal(first, second) : !starved())
		abort();
}

static void
start_round_trip(struct span text, struct arena *arena)
{
	struct err err = ERR_INIT;
	struct start *start = NULL;
	struct start *back = NULL;
	json_t *json = NULL;
	json_t *made = NULL;

	if (json_parse(text, &json, &err) == 0 && start_json_read(json, arena, &start, &err) == 0) {
		made = start_json_make(start);
		if ((!made || start_json_read(made, arena, &back, &err) < 0) && !starved())
			abort();
	}
	json_decref(made);
	json_decref(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct start_state probed = {.words = SPAN(""), .program = SPAN(""), .directory = SPAN("")};
	struct start_state *state = NULL;
	struct err err = ERR_INIT;

	if (!arena)
		return 0;
	if (probe_read(text, arena, &probed, &err) == 0)
		state_round_trip(&probed, arena);
	if (start_state_read(text, arena, &state, &err) == 0)
		state_round_trip(state, arena);
	start_round_trip(text, arena);
	arena_free(arena);
	return 0;
}
