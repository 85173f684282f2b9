/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte says how the document is cut into reads; all cuts must give the same. */
#include "base/buf.h"
#include "codec/feed.h"
#include "codec/json.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct trickle {
	struct span rest;
	size_t step;
};

static int
read_trickle(void *context, void *p, size_t n, size_t *ret_n, struct err *err)
{
	struct trickle *trickle = context;

	return feed_read_span(&trickle->rest, p, n < trickle->step ? n : trickle->step, ret_n, err);
}

static int
add(void *context, const struct json_member *member, struct err *err)
{
	uint64_t *sum = context;

	(void)err;
	*sum = span_hash(member->text, span_hash(member->key, *sum)) + member->end + member->beside;
	return 0;
}

static int
split(struct span text, size_t step, const char *path, uint64_t *sum)
{
	struct trickle trickle = {text, step};
	struct err err = ERR_INIT;

	return json_each(read_trickle, &trickle, path, true, add, sum, &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {"", "v", "a/b"};

	if (size == 0)
		return 0;
	struct span text = {(const char *)data + 1, size - 1};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		uint64_t whole = 0;
		uint64_t cut = 0;
		int r = split(text, SIZE_MAX, paths[i], &whole);
		int again = split(text, 1 + data[0] % 16U, paths[i], &cut);

		if (starved() && (r < 0 || again < 0))
			continue;
		if (again != r || whole != cut)
			abort();
	}
	return 0;
}
