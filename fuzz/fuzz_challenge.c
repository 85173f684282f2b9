/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate. */
#include "codec/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct challenge *list;
	struct err err = ERR_INIT;
	size_t count;

	if (!arena)
		return 0;
	(void)challenge_parse((struct span){(const char *)data, size}, arena, &list, &count, &err);
	arena_free(arena);
	return 0;
}
