/* SPDX-License-Identifier: Apache-2.0 */
/* A tar stream, and the merge of what it says. The first byte picks the size of the blocks. */
#include "base/cleanup.h"
#include "codec/layer_index.h"
#include "codec/tar.h"
#include "model/image_builder.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct blocks {
	const uint8_t *p;
	size_t n;
	size_t step;
};

static int
next_block(void *context, const void **ret, size_t *ret_n, struct err *err)
{
	struct blocks *blocks = context;
	size_t n = blocks->n < blocks->step ? blocks->n : blocks->step;

	(void)err;
	*ret = blocks->p;
	*ret_n = n;
	blocks->p += n;
	blocks->n -= n;
	return 0;
}

/* Content must lie in the stream, and what is written to an index must come back. */
static void
check(const struct layer_record *record, uint64_t inflated, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(LAYER_INDEX_RECORD_MAX);
	CLEANUP(layer_index_scratch_cleanup) struct layer_index_scratch scratch = {0};
	struct layer_record back;
	size_t used = 0;

	if (layer_index_put(&buf, record, err) < 0)
		return;
	int r = layer_index_get(buf_span(&buf), inflated, &scratch, &back, &used, err);
	if (r == 0 ? used != buf.n || !span_equal(back.entry.path, record->entry.path) : !starved())
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(tar_reader_cleanup) struct tar_reader *reader = NULL;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(image_builder_cleanup)
	struct image_builder *builder = arena ? image_builder_new(arena) : NULL;
	const struct layer_record *record;
	struct err err = ERR_INIT;

	if (size == 0 || !builder)
		return 0;
	struct blocks blocks = {data + 1, size - 1, data[0] & 1 ? 512 : 100 + data[0]};
	if (tar_reader_new(next_block, &blocks, &reader, &err) < 0)
		return 0;
	while (tar_reader_next(reader, &record, &err) == 0 && record) {
		check(record, size - 1, &err);
		(void)image_builder_add(builder, &record->entry, record->hardlink, record->xattrs,
					record->xattr_count, record->extents, record->extent_count,
					&err);
	}
	struct image image = {.arena = arena};
	(void)image_builder_finish(builder, &image, &err);
	map_free(image.by_path);
	return 0;
}
