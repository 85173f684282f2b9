/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/php_cut.h"

#include "base/limits.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct choice {
	unsigned every; /* one of so many stays; 1: all, 0: none */
	unsigned seen;
};

static bool
choose(void *context, struct span key)
{
	struct choice *choice = context;

	if (key.n == 0)
		abort();
	return choice->every && choice->seen++ % choice->every == 0;
}

/* What is left is understood again; with all of it, it is the same bytes. */
static void
cut(struct span text, unsigned every)
{
	struct buf out = BUF_INIT(MIB);
	struct buf again = BUF_INIT(MIB);
	struct choice choice = {every, 0};
	struct choice all = {1, 0};
	struct err err = ERR_INIT;

	if (php_cut(text, SPAN("versions"), choose, &choice, &out, &err) == 0) {
		if (every == 1 && !span_equal(text, buf_span(&out)))
			abort();
		int r = php_cut(buf_span(&out), SPAN("versions"), choose, &all, &again, &err);
		if (r == -ERR_UNSUPPORTED || r == -ERR_LIMIT)
			abort();
	}
	buf_cleanup(&out);
	buf_cleanup(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};

	if (size > 64 * KIB)
		return 0;
	for (unsigned every = 0; every < 3; every++)
		cut(text, every);
	return 0;
}
