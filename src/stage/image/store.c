/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of a layer's way: hash of the plain bytes, index, cache. */
#include "base/cleanup.h"
#include "base/limits.h"
#include "stage/image/indexer.h"
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
	struct indexer indexer;
	uint64_t bytes;	   /* of the tar */
	uint64_t count;	   /* of records */
	struct err unread; /* why the tar cannot be indexed */
};

/* Into the cache, and to whoever indexes it; what it is does not matter here. */
static int
take_block(struct consumer *consumer, const uint8_t *p, size_t n, struct err *err)
{
	digest_stream_update(consumer->digest, p, n);
	consumer->bytes += n;
	if (consumer->unread.kind != ERR_NONE)
		return 0;
	int r = cache_writer_tar(consumer->writer, p, n, err);
	if (r == 0)
		r = indexer_tell(&consumer->indexer, consumer->bytes, err);
	if (r < 0 || !consumer->indexer.stopped)
		return r;
	r = indexer_finish(&consumer->indexer, consumer->bytes, &consumer->count,
			   &consumer->unread);
	if (r == 0)
		(void)err_set(&consumer->unread, ERR_CHILD, "its tar was not read to the end");
	/* a damaged tar is most often the wrong bytes: then their digest is what to tell */
	if (consumer->unread.kind == ERR_INVALID || consumer->unread.kind == ERR_CHILD)
		return 0;
	*err = consumer->unread;
	return -(int)err->kind;
}

static int
consume(struct consumer *consumer, const struct digest *expected, struct digest *ret,
	struct err *err)
{
	char texts[2][DIGEST_TEXT];
	const uint8_t *p;
	size_t n;
	int r;

	do {
		r = ring_pop(consumer->ring, &p, &n, err);
		if (r == 0 && n > 0)
			r = take_block(consumer, p, n, err);
		if (r < 0)
			return r;
	} while (n > 0);
	digest_stream_finish(consumer->digest, ret);
	if (expected && !digest_equal(ret, expected))
		return err_set(err, ERR_DIGEST, "the uncompressed layer is %s, not %s",
			       digest_format(ret, texts[0]), digest_format(expected, texts[1]));
	if (consumer->unread.kind != ERR_NONE) {
		*err = consumer->unread;
		return -(int)err->kind;
	}
	r = indexer_finish(&consumer->indexer, consumer->bytes, &consumer->count, err);
	if (r == 0 && consumer->count > IMAGE_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d members (IMAGE_ENTRIES_MAX)",
			       IMAGE_ENTRIES_MAX);
	return r;
}

static void
consumer_cleanup(struct consumer *consumer)
{
	indexer_cleanup(&consumer->indexer);
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
	CLEANUP(consumer_cleanup)
	struct consumer consumer = {
		.ring = ring, .writer = writer, .digest = digest, .indexer = INDEXER_INIT};
	r = indexer_start(writer, &consumer.indexer, err);
	if (r < 0)
		return r;
	int error = pthread_create(&thread, NULL, run_producer, &producer);
	if (error)
		return err_sys(err, ERR_IO, error, "cannot start a thread");

	r = consume(&consumer, expected, &diff_id, err);
	ring_give_up(ring);
	(void)pthread_join(thread, NULL);
	if (r < 0)
		return r;
	return cache_commit(cache, writer, &diff_id, (uint32_t)consumer.count, ret, err);
}
