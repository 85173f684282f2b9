/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/python_record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The lines are the file, piece by piece. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	const char *end = rest.p;
	struct python_record_line line;
	struct err err = ERR_INIT;
	bool more = true;

	while (arena && more && python_record_next(&rest, arena, &line, &more, &err) == 0) {
		uint8_t digest[PYTHON_DIGEST_BYTES];

		if (!more)
			continue;
		if (line.text.n == 0 || line.text.p != end || line.path.n > line.text.n)
			abort();
		end += line.text.n;
		(void)python_record_digest(line.digest, digest);
	}
	if (arena && err.kind == ERR_NONE && end != (const char *)data + size)
		abort();
	arena_free(arena);
	return 0;
}
