/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_kev.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
judge(void *context, struct span id, struct err *err)
{
	(void)context;
	(void)err;
	if (!feed_is_cve(id))
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct feed_input input = {feed_read_span, &text};
	struct feed_tally tally = {0};
	struct err err = ERR_INIT;

	(void)feed_kev_read(&input, judge, NULL, &tally, &err);
	return 0;
}
