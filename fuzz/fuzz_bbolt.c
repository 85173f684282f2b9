/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/bbolt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEVELS = 6, STEPS = 20000 };

/* So that every byte is read. */
static volatile uint64_t sink;

static void
walk(struct bbolt *bolt, const struct bbolt_bucket *bucket, size_t level)
{
	struct bbolt_cursor cursor;
	struct bbolt_item item;
	struct bbolt_item again;
	struct err err = ERR_INIT;
	struct span last = SPAN("");

	if (level == LEVELS || bbolt_start(bolt, bucket, &cursor, &err) < 0)
		return;
	while (bolt->steps < STEPS && bbolt_next(&cursor, &item, &err) > 0) {
		if (span_compare(last, item.key) >= 0)
			abort();
		last = item.key;
		sink = span_hash(item.key, 1) + span_hash(item.value, 1);
		if (bbolt_find(bolt, bucket, item.key, &again, &err) > 0 &&
		    !span_equal(again.key, item.key))
			abort();
		if (item.is_bucket)
			walk(bolt, &item.bucket, level + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct bbolt bolt;

	if (bbolt_open((struct span){(const char *)data, size}, &bolt, &err) == 0)
		walk(&bolt, &bolt.root, 0);
	return 0;
}
