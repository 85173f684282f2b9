/* SPDX-License-Identifier: Apache-2.0 */
/* A layer index as it may stand in the cache: head, then records. */
#include "base/cleanup.h"
#include "codec/layer_index.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct layer_record *record, uint64_t inflated)
{
	const struct image_entry *entry = &record->entry;

	if (record->extent_count == 0 &&
	    (entry->offset > inflated || entry->size > inflated - entry->offset) && entry->size > 0)
		abort();
	for (size_t i = 0; i < record->extent_count; i++) {
		if (record->extents[i].layer_offset + record->extents[i].length > inflated ||
		    record->extents[i].file_offset + record->extents[i].length > entry->size)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(layer_index_scratch_cleanup) struct layer_index_scratch scratch = {0};
	struct layer_index_head head;
	struct layer_record record;
	struct err err = ERR_INIT;
	size_t used = 1;

	if (size < LAYER_INDEX_HEAD || layer_index_get_head(data, &head, &err) < 0)
		return 0;
	struct span rest = {(const char *)data + LAYER_INDEX_HEAD, size - LAYER_INDEX_HEAD};
	while (used > 0 &&
	       layer_index_get(rest, head.inflated, &scratch, &record, &used, &err) == 0) {
		if (used > 0)
			check(&record, head.inflated);
		rest = span_slice(rest, used, rest.n);
	}
	return 0;
}
