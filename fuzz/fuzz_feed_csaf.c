/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/feed_csaf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
judge(void *context, const struct feed_csaf_record *record, struct err *err)
{
	bool fixed = record->state == FEED_CSAF_FIXED;

	(void)context;
	(void)err;
	if (!feed_is_cve(record->cve) || record->release.n == 0 || record->package.n == 0 ||
	    !feed_is_text(record->package, FEED_PACKAGE_MAX) || record->score > 10 ||
	    fixed != (record->fixed.n > 0))
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(json_tape_cleanup) struct json_tape tape = {0};
	struct span text = {(const char *)data, size};
	struct feed_tally tally = {0};
	struct err err = ERR_INIT;

	(void)feed_csaf_read(&tape, text, SPAN("cve.json"), judge, NULL, &tally, &err);
	return 0;
}
