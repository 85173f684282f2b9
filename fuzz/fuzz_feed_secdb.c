/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_secdb.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
judge(void *context, const struct feed_secdb_record *record, struct err *err)
{
	(void)context;
	(void)err;
	if (record->source.n == 0 || record->fixed.n == 0 || !feed_is_cve(record->id))
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

	(void)feed_secdb_read(&input, SPAN("edge"), judge, NULL, &tally, &err);
	return 0;
}
