/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/zip.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span file = {(const char *)data, size};
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(64 * KIB);
	struct zip zip;
	struct zip_member member;
	struct err err = ERR_INIT;
	size_t members = 0;
	size_t at = 0;

	if (zip_open(file, &zip, &err) < 0)
		return 0;
	while (zip_next(&zip, &at, &member, &err) > 0 && members++ < 100) {
		struct span content = {NULL, 0};

		sink = span_hash(member.name, 1);
		if (zip_read(&zip, &member, &buf, &content, &err) < 0)
			continue;
		if (content.n != member.size)
			abort();
		sink ^= span_hash(content, 2);
	}
	return 0;
}
