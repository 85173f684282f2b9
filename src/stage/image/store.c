/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of a layer's way: hash of the plain bytes, index, cache. */
#include "base/cleanup.h"
#include "codec/tar.h"
#include "stage/image/parts.h"

#include <errno.h>
#include <stdlib.h>

/* The producing thread. */
struct producer {
	int (*produce)(void *context, struct ring *ring, struct err *err);
	void *context;
	struct ring *ring;
};

static void *
run_producer(void *context)
{
	struct producer *producer = context;
	struct err err = ERR_INIT;
	int r = producer->produce(producer->context, producer->ring, &err);

	ring_close(producer->ring, r < 0 ? &err : NULL);
	return NULL;
}

struct consumer {
	struct ring *ring;
	struct cache_writer *writer;
	struct digest_stream *digest;
};

static int
next_block(void *context, const void **ret, size_t *ret_n, struct err *err)
{
	struct consumer *consumer = context;
	const uint8_t *p = NULL;
	size_t n;
	int r = ring_pop(consumer->ring, &p, &n, err);

	if (r < 0)
		return r;
	if (n > 0) {
		digest_stream_update(consumer->digest, p, n);
		r = cache_writer_tar(consumer->writer, p, n, err);
		if (r < 0)
			return r;
	}
	*ret = p;
	*ret_n = n;
	return 0;
}

static int
index_tar(struct consumer *consumer, struct err *err)
{
	CLEANUP(tar_reader_cleanup) struct tar_reader *reader = NULL;
	const struct layer_record *record;
	int r = tar_reader_new(next_block, consumer, &reader, err);

	while (r == 0) {
		r = tar_reader_next(reader, &record, err);
		if (r < 0 || !record)
			return r;
		r = cache_writer_record(consumer->writer, record, err);
	}
	return r;
}

/*
 * A damaged tar is most often the wrong bytes: reads to the end, so that the digests are known.
 * What the producer found wrong counts more.
 */
static int
drain(struct consumer *consumer, struct err *err)
{
	struct err other = ERR_INIT;
	const uint8_t *p;
	size_t n;

	do {
		if (ring_pop(consumer->ring, &p, &n, &other) < 0) {
			*err = other;
			return -(int)err->kind;
		}
		digest_stream_update(consumer->digest, p, n);
	} while (n > 0);
	return 0;
}

static int
consume(struct consumer *consumer, const struct digest *expected, struct digest *ret,
	struct err *err)
{
	char texts[2][DIGEST_TEXT];
	int r = index_tar(consumer, err);

	if (r < 0 && r != -ERR_INVALID)
		return r;
	if (r < 0 && drain(consumer, err) < 0)
		return -(int)err->kind;
	digest_stream_finish(consumer->digest, ret);
	if (expected && !digest_equal(ret, expected))
		return err_set(err, ERR_DIGEST, "the uncompressed layer is %s, not %s",
			       digest_format(ret, texts[0]), digest_format(expected, texts[1]));
	return r;
}

int
layer_store(struct cache *cache, int (*produce)(void *context, struct ring *ring, struct err *err),
	    void *context, const struct digest *expected, struct cache_layer *ret, struct err *err)
{
	CLEANUP(cache_writer_cleanup) struct cache_writer *writer = NULL;
	CLEANUP(digest_stream_cleanup) struct digest_stream *digest = digest_stream_new();
	CLEANUP(ring_cleanup) struct ring *ring = ring_new();
	struct producer producer = {produce, context, ring};
	struct digest diff_id;
	pthread_t thread;

	if (!digest || !ring)
		return err_memory(err);
	int r = cache_write(cache, &writer, err);
	if (r < 0)
		return r;
	int error = pthread_create(&thread, NULL, run_producer, &producer);
	if (error)
		return err_sys(err, ERR_IO, error, "cannot start a thread");

	struct consumer consumer = {ring, writer, digest};
	r = consume(&consumer, expected, &diff_id, err);
	ring_give_up(ring);
	(void)pthread_join(thread, NULL);
	return r < 0 ? r : cache_commit(cache, writer, &diff_id, ret, err);
}
