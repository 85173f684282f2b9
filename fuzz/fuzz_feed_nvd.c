/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_nvd.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
judge(void *context, const struct feed_nvd_record *record, struct err *err)
{
	(void)context;
	(void)err;
	if (record->score > 10 || record->severity >= SEVERITIES)
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
	uint64_t total;

	(void)feed_nvd_read(&input, judge, NULL, &tally, &total, &err);
	return 0;
}
