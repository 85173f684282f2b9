/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte says how the record is taken, the rest is the record. */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/affected.h"
#include "codec/feed_osv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
judge(void *context, const struct feed_osv_record *record, struct err *err)
{
	struct span rest = record->affected;
	struct affected affected;
	int r;

	(void)context;
	while ((r = affected_next(&rest, &affected, err)) > 0)
		continue;
	if (r < 0 || record->affected.n == 0 || record->id_count == 0 || record->package.n == 0 ||
	    !feed_is_text(record->package, FEED_PACKAGE_MAX) || record->score > 10)
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct feed_osv_rules rules[] = {
		{.ecosystem = SPAN_INIT("PyPI")},
		{.ecosystem = SPAN_INIT("AlmaLinux"), .errata = true, .modules = true},
		{.ecosystem = SPAN_INIT("SUSE"), .errata = true, .binaries = true},
		{.ecosystem = SPAN_INIT("Ubuntu"), .only = SPAN_INIT("UBUNTU-CVE-")},
	};
	CLEANUP(json_tape_cleanup) struct json_tape tape = {0};
	struct feed_tally tally = {0};
	struct err err = ERR_INIT;

	if (size == 0)
		return 0;
	struct feed_osv_rules taken = rules[data[0] % 4];
	struct span text = {(const char *)data + 1, size - 1};
	taken.order = version_order_find(SPAN("dpkg"));
	(void)feed_osv_read(&tape, text, SPAN("record.json"), &taken, judge, NULL, &tally, &err);
	return 0;
}
