/* SPDX-License-Identifier: Apache-2.0 */
/* A compressed layer in pieces. The first byte picks their size. */
#include "base/cleanup.h"
#include "codec/inflate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pieces {
	const uint8_t *p;
	size_t n;
	size_t step;
};

static int
next_piece(void *context, void *p, size_t n, size_t *ret_n, struct err *err)
{
	struct pieces *pieces = context;

	(void)err;
	if (n > pieces->step)
		n = pieces->step;
	if (n > pieces->n)
		n = pieces->n;
	memcpy(p, pieces->p, n);
	pieces->p += n;
	pieces->n -= n;
	*ret_n = n;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { OUTPUT_MAX = 16 << 20 };
	static char output[65536];
	CLEANUP(inflate_cleanup) struct inflate *inflate = NULL;
	struct err err = ERR_INIT;
	size_t total = 0;
	size_t got = 1;

	if (size == 0)
		return 0;
	struct pieces pieces = {data + 1, size - 1, (size_t)data[0] + 1};
	if (inflate_new(next_piece, &pieces, &inflate, &err) < 0)
		return 0;
	while (got > 0 && total < OUTPUT_MAX &&
	       inflate_read(inflate, output, sizeof(output), &got, &err) == 0)
		total += got;
	return 0;
}
