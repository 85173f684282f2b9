/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_cut.h"

#include "base/limits.h"
#include "codec/json.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct choice {
	unsigned every; /* one of so many stays; 1: all, 0: none */
	unsigned seen;
};

static int
choose(void *context, struct span key, struct span value, bool *ret_keeps, struct err *err)
{
	struct choice *choice = context;

	(void)err;
	if (!key.p || value.n == 0)
		abort();
	*ret_keeps = choice->every && choice->seen++ % choice->every == 0;
	return 0;
}

/* What is left of JSON is JSON; with all of it, it is the same bytes. */
static void
cut(struct span text, struct span name, unsigned every)
{
	struct buf out = BUF_INIT(MIB);
	struct choice choice = {every, 0};
	struct err err = ERR_INIT;
	json_t *json = NULL;

	if (json_cut(text, name, choose, &choice, &out, &err) == 0) {
		if (every == 1 && !span_equal(text, buf_span(&out)))
			abort();
		if (json_parse(buf_span(&out), &json, &err) == -ERR_INVALID && !starved())
			abort();
	}
	json_cleanup(&json);
	buf_cleanup(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};

	if (size > 64 * KIB)
		return 0;
	for (unsigned every = 0; every < 3; every++) {
		cut(text, SPAN(""), every);
		cut(text, SPAN("packages"), every);
	}
	return 0;
}
