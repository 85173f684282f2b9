/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/os_release.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct os_identity os = {0};
	struct err err = ERR_INIT;
	size_t faults = 0;

	if (arena &&
	    os_release_read((struct span){(const char *)data, size}, arena, &os, &faults, &err) ==
		    0 &&
	    (!os.known || (os.id.n && memchr(os.id.p, '\n', os.id.n))))
		abort();
	arena_free(arena);
	return 0;
}
