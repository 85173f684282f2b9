/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/junit.h"

#include "codec/suite_json.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read can be written, and read back with the same counts. */
static void
round_trip(struct arena *arena, const junit_cases *cases)
{
	struct suite suite = {.arena = arena,
			      .cases = cases->items,
			      .count = cases->count,
			      .start_error = SPAN("")};
	struct suite *back = NULL;
	struct err err = ERR_INIT;
	struct span text;

	suite_count(&suite);
	if (suite_json_write(&suite, arena, &text, &err) < 0)
		return;
	int r = suite_json_read(text, &back, &err);
	if (r < 0 && starved())
		return;
	/* XML may state what JSON readers here refuse: nothing but U+0000, which expat refuses as
	 * well */
	if (r < 0)
		abort();
	if (back->failed != suite.failed || back->count != suite.count)
		abort();
	suite_free(back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	junit_cases cases = {0};
	struct err err = ERR_INIT;

	if (arena && junit_read((struct span){(const char *)data, size}, SPAN("fuzz"), arena,
				&cases, &err) == 0)
		round_trip(arena, &cases);
	vec_free(&cases);
	arena_free(arena);
	return 0;
}
