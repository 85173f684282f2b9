/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads of signatures, key files, base64. */
#include "codec/base64.h"
#include "codec/cosign_key.h"
#include "codec/simple_signing.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_base64(struct span text, struct arena *arena)
{
	struct err err = ERR_INIT;
	struct span bytes;
	struct span again;
	struct span decoded;

	if (base64_decode(text, arena, &bytes, &err) < 0)
		return;
	int r = base64_encode(bytes, arena, &again, &err);
	if (r == 0)
		r = base64_decode(again, arena, &decoded, &err);
	if (r == 0 ? !span_equal(bytes, decoded) : !starved())
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct simple_signing payload;
	struct cosign_key key;
	struct err err = ERR_INIT;
	struct span out;

	if (!arena)
		return 0;
	check_base64(text, arena);
	if (simple_signing_read(text, arena, &payload, &err) == 0)
		(void)simple_signing_write(&payload, arena, &out, &err);
	if (cosign_key_read(text, arena, &key, &err) == 0 &&
	    cosign_key_write(&key, arena, &out, &err) < 0 && !starved())
		abort();
	arena_free(arena);
	return 0;
}
