/* SPDX-License-Identifier: Apache-2.0 */
/* The first line is a file's name; the rest is shown in two pieces, cut in the middle. */
#include "codec/known_program.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct span name = size ? span_cut(&text, '\n') : text;
	const struct known_rule *rule = known_rule_find(name);
	struct known_scan scan;
	struct span version;

	if (!rule || !text.p)
		return 0;
	size_t half = text.n / 2;
	size_t from = half > KNOWN_OVERLAP ? half - KNOWN_OVERLAP : 0;
	known_scan_start(rule, name, &scan);
	known_scan_feed(&scan, span_slice(text, 0, half), false);
	known_scan_feed(&scan, span_slice(text, from, text.n), true);
	if (!known_scan_version(&scan, &version))
		return 0;
	if (version.n == 0 || version.n > KNOWN_VERSION_MAX)
		abort();
	sink = span_hash(version, 1);
	return 0;
}
