/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/rpm_manifest.h"

enum { FIELDS = 10 };

static bool
read_line(struct span line, struct rpm_manifest_line *ret)
{
	struct span fields[FIELDS];
	size_t count = 0;
	uint64_t epoch;

	while (line.p && count < FIELDS)
		fields[count++] = span_cut(&line, '\t');
	if (count < FIELDS || line.p || fields[0].n == 0)
		return false;
	size_t dash = span_find_last(fields[1], '-');
	if (dash == fields[1].n || dash == 0 || !span_to_u64(fields[8], &epoch) ||
	    epoch > UINT32_MAX)
		return false;
	*ret = (struct rpm_manifest_line){
		.name = fields[0],
		.version = span_slice(fields[1], 0, dash),
		.release = span_slice(fields[1], dash + 1, fields[1].n),
		.vendor = fields[4],
		.epoch = fields[8],
		.architecture = fields[7],
		.source = fields[9],
	};
	return true;
}

bool
rpm_manifest_next(struct span *rest, struct rpm_manifest_line *ret, size_t *faults)
{
	while (rest->p) {
		struct span line = span_cut(rest, '\n');

		if (line.n == 0)
			continue;
		if (read_line(line, ret))
			return true;
		++*faults;
	}
	return false;
}
