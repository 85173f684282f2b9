/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte says which form the document has. */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/feed_errata.h"
#include "codec/repomd.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
judge(void *context, const struct feed_errata_record *record, struct err *err)
{
	(void)context;
	(void)err;
	if (record->id.n == 0 || record->package.n == 0 || record->fixed.n == 0 ||
	    !feed_is_text(record->package, FEED_PACKAGE_MAX) ||
	    !feed_is_text(record->fixed, FEED_VERSION_MAX))
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed_tally tally = {0};
	struct err err = ERR_INIT;

	if (size == 0)
		return 0;
	struct span text = {(const char *)data + 1, size - 1};
	struct feed_input input = {feed_read_span, &text};
	CLEANUP(arena_cleanup) struct arena *arena = NULL;
	struct span href = {"", 0};

	switch (data[0] % 3) {
	case 0:
		(void)feed_updateinfo_read(&input, judge, NULL, &tally, &err);
		break;
	case 1:
		(void)feed_oval_read(&input, judge, NULL, &tally, &err);
		break;
	default:
		arena = arena_new(0);
		if (arena && repomd_find(text, "updateinfo", arena, &href, &err) == 0 &&
		    (href.n == 0 || href.p[0] == '/'))
			abort();
	}
	return 0;
}
