/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/nsswitch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
see(void *context, struct span database, struct span service, struct err *err)
{
	const struct span *text = context;

	(void)err;
	if (database.n == 0 || service.n == 0 || service.p < text->p ||
	    service.p + service.n > text->p + text->n)
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct err err = ERR_INIT;

	return nsswitch_read(text, see, &text, &err);
}
