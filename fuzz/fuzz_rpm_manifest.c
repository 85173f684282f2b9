/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/rpm_manifest.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size};
	struct rpm_manifest_line line;
	size_t faults = 0;
	size_t lines = 0;

	while (rpm_manifest_next(&rest, &line, &faults)) {
		uint64_t epoch;

		lines++;
		if (line.name.n == 0 || line.version.n == 0 || !span_to_u64(line.epoch, &epoch))
			abort();
	}
	if (rest.p || lines + faults > size)
		abort();
	return 0;
}
