/* SPDX-License-Identifier: Apache-2.0 */
/* References; one that is accepted must read the same when spelled out. */
#include "codec/reference.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct span text = {(const char *)data, size};
	struct reference reference;
	struct reference again;
	struct span path;
	struct span name;
	struct err err = ERR_INIT;

	if (!arena)
		return 0;
	if (reference_parse(text, arena, &reference, &err) == 0) {
		int r = reference_parse(reference.text, arena, &again, &err);

		if (r == 0 ? !span_equal(reference.text, again.text) : !starved())
			abort();
	}
	(void)reference_transport(text, &path);
	(void)reference_path(text, &path, &name, &err);
	arena_free(arena);
	return 0;
}
