/* SPDX-License-Identifier: Apache-2.0 */
/* Layers from the source into the cache: inflated, every byte checked, several at once. */
#include "base/cleanup.h"
#include "base/confine.h"
#include "base/limits.h"
#include "base/proc.h"
#include "stage/image/inflater.h"
#include "stage/image/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* One blob on its way; the first half of a layer's way, in a thread of its own. */
struct blob_reader {
	struct draft *draft;
	const struct draft_layer *layer;
	struct image_layer *about;
	struct blob blob;
	struct digest_stream *digest;
	uint64_t size;
	enum layer_compression compression;
};

static int
read_blob(void *context, void *p, size_t n, size_t *ret_n, struct err *err)
{
	struct blob_reader *reader = context;
	uint64_t max = reader->layer->has_digest ? reader->about->size : LAYER_COMPRESSED_MAX;
	size_t got = 0;

	if (proc_cancel)
		return err_set(err, ERR_CANCELLED, "interrupted");
	int r = reader->blob.read(reader->blob.context, p, n, &got, err);
	if (r < 0)
		return r;
	reader->size += got;
	if (reader->size > max && reader->layer->has_digest)
		return err_set(err, ERR_DIGEST, "longer than the %llu bytes it should have",
			       (unsigned long long)max);
	if (reader->size > max)
		return err_set(err, ERR_LIMIT, "more than %lu GiB (LAYER_COMPRESSED_MAX)",
			       LAYER_COMPRESSED_MAX / GIB);
	digest_stream_update(reader->digest, p, got);
	draft_step(reader->draft, got);
	*ret_n = got;
	return 0;
}

static int
check_blob(struct blob_reader *reader, struct err *err)
{
	char texts[2][DIGEST_TEXT];
	struct digest digest;

	digest_stream_finish(reader->digest, &digest);
	if (!reader->layer->has_digest) {
		reader->about->digest = digest;
		reader->about->size = reader->size;
		return 0;
	}
	if (reader->size != reader->about->size)
		return err_set(err, ERR_DIGEST, "has %llu bytes, not %llu",
			       (unsigned long long)reader->size,
			       (unsigned long long)reader->about->size);
	if (!digest_equal(&digest, &reader->about->digest))
		return err_set(err, ERR_DIGEST, "its bytes are %s, not %s",
			       digest_format(&digest, texts[0]),
			       digest_format(&reader->about->digest, texts[1]));
	return 0;
}

/* Inflating failed: when the bytes are not those that were promised, that is what to say. */
static int
blame(struct blob_reader *reader, struct err *err)
{
	CLEANUP(free_cleanup) void *p = malloc(RING_BLOCK_BYTES);
	struct err other = ERR_INIT;
	size_t n = 1;

	if ((err->kind != ERR_INVALID && err->kind != ERR_CHILD) || !p)
		return -(int)err->kind;
	while (n > 0) {
		if (read_blob(reader, p, RING_BLOCK_BYTES, &n, &other) < 0)
			break;
	}
	if (n == 0)
		(void)check_blob(reader, &other);
	if (other.kind == ERR_DIGEST)
		*err = other;
	return -(int)err->kind;
}

static int
produce_blob(void *context, struct ring *ring, struct err *err)
{
	struct blob_reader *reader = context;
	int r = layer_inflate(read_blob, reader, ring, &reader->compression, err);

	return r < 0 ? blame(reader, err) : check_blob(reader, err);
}

static int
open_blob(struct draft *draft, size_t index, struct blob *ret, struct err *err)
{
	struct source *source = draft->source;
	const struct draft_layer *layer = &draft->layers[index];
	int r;

	(void)pthread_mutex_lock(&draft->lock);
	if (source->kind == SOURCE_DOCKER)
		r = source->member(source, layer->member, ret, err);
	else
		r = source->blob(source, &draft->image->layers[index].digest, ret, err);
	(void)pthread_mutex_unlock(&draft->lock);
	if (r == -ERR_NOT_FOUND && layer->foreign)
		return err_set(err, ERR_UNSUPPORTED,
			       "a foreign layer (%.*s), which the image does not bring along",
			       SPAN_ARG(draft->image->layers[index].media_type));
	return r;
}

static int
fetch_layer(struct draft *draft, size_t index, struct err *err)
{
	CLEANUP(digest_stream_cleanup) struct digest_stream *digest = digest_stream_new();
	struct draft_layer *layer = &draft->layers[index];
	struct blob_reader reader = {
		.draft = draft,
		.layer = layer,
		.about = &draft->image->layers[index],
		.digest = digest,
	};

	if (!digest)
		return err_memory(err);
	int r = open_blob(draft, index, &reader.blob, err);
	if (r == 0)
		r = layer_store(draft->cache, produce_blob, &reader, &reader.about->diff_id,
				&layer->cached, err);
	blob_cleanup(&reader.blob);
	if (r == 0 && !layer->has_digest)
		reader.about->compression = reader.compression;
	return r;
}

/* A member of a `docker save` archive whose layer is known: what its blob is like. */
static int
describe_member(struct draft *draft, size_t index, struct err *err)
{
	CLEANUP(digest_stream_cleanup) struct digest_stream *digest = digest_stream_new();
	CLEANUP(inflate_cleanup) struct inflate *inflate = NULL;
	CLEANUP(free_cleanup) void *p = malloc(RING_BLOCK_BYTES);
	struct draft_layer *layer = &draft->layers[index];
	struct image_layer *about = &draft->image->layers[index];
	struct blob_reader reader = {
		.draft = draft, .layer = layer, .about = about, .digest = digest};
	size_t n = 1;

	if (!digest || !p)
		return err_memory(err);
	int r = open_blob(draft, index, &reader.blob, err);
	if (r == 0)
		r = inflate_new(read_blob, &reader, &inflate, err);
	if (r == 0)
		about->compression = inflate_compression(inflate);
	if (r == 0 && about->compression == LAYER_PLAIN &&
	    reader.blob.size == layer->cached.inflated) {
		about->digest = about->diff_id;
		about->size = layer->cached.inflated;
		n = 0;
	}
	while (r == 0 && n > 0)
		r = read_blob(&reader, p, RING_BLOCK_BYTES, &n, err);
	if (r == 0 && reader.size > 0 && about->size == 0)
		r = check_blob(&reader, err);
	blob_cleanup(&reader.blob);
	return r;
}

/* Index of the first layer with the same content; layers may repeat. */
static size_t
first_alike(const struct draft *draft, size_t index)
{
	const struct image_layer *layers = draft->image->layers;

	for (size_t i = 0; i < index; i++) {
		if (digest_equal(&layers[i].diff_id, &layers[index].diff_id))
			return i;
	}
	return index;
}

static int
bring_layer(struct draft *draft, size_t index, struct err *err)
{
	struct draft_layer *layer = &draft->layers[index];
	struct image_layer *about = &draft->image->layers[index];
	bool found = layer->cached.tar >= 0;
	int r = 0;

	if (!found)
		r = cache_find(draft->cache, &about->diff_id, &layer->cached, &found, err);
	if (r == 0 && !found)
		return fetch_layer(draft, index, err);
	if (r == 0 && !layer->has_digest && about->size == 0)
		r = describe_member(draft, index, err);
	return r;
}

static void *
work(void *context)
{
	struct draft *draft = context;

	for (;;) {
		struct err err = ERR_INIT;
		char text[DIGEST_TEXT];

		(void)pthread_mutex_lock(&draft->lock);
		size_t index = draft->next++;
		bool stop = draft->failure.kind != ERR_NONE || index >= draft->image->layer_count;
		(void)pthread_mutex_unlock(&draft->lock);
		if (stop)
			return NULL;
		if (first_alike(draft, index) != index || bring_layer(draft, index, &err) == 0)
			continue;
		(void)err_wrap(&err, "layer %zu (%.19s)", index + 1,
			       digest_format(draft->layers[index].has_digest
						     ? &draft->image->layers[index].digest
						     : &draft->image->layers[index].diff_id,
					     text));
		(void)pthread_mutex_lock(&draft->lock);
		if (draft->failure.kind == ERR_NONE)
			draft->failure = err;
		(void)pthread_mutex_unlock(&draft->lock);
		return NULL;
	}
}

static void
run_workers(struct draft *draft)
{
	enum { WORKERS_MAX = 16 };
	pthread_t threads[WORKERS_MAX];
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t wanted = draft->options->workers;
	size_t started = 0;

	if (wanted == 0)
		wanted = processors > 0 && !CONFINE_SANITIZED ? (size_t)processors : 1;
	if (wanted > draft->image->layer_count)
		wanted = draft->image->layer_count;
	while (started + 1 < wanted && started < WORKERS_MAX &&
	       pthread_create(&threads[started], NULL, work, draft) == 0)
		started++;
	(void)work(draft);
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
}

static int
share_alike(struct draft *draft, size_t index, struct err *err)
{
	size_t first = first_alike(draft, index);
	struct cache_layer *from = &draft->layers[first].cached;
	struct cache_layer *to = &draft->layers[index].cached;
	struct image_layer *about = &draft->image->layers[index];

	if (first != index && to->tar < 0) {
		*to = *from;
		to->tar = fcntl(from->tar, F_DUPFD_CLOEXEC, 0);
		to->index = fcntl(from->index, F_DUPFD_CLOEXEC, 0);
		if (to->tar < 0 || to->index < 0)
			return err_sys(err, ERR_IO, errno, "cannot open a layer");
		if (!draft->layers[index].has_digest) {
			about->digest = draft->image->layers[first].digest;
			about->size = draft->image->layers[first].size;
			about->compression = draft->image->layers[first].compression;
		}
	}
	about->inflated = to->inflated;
	return 0;
}

/* Tells the source which blobs will be read: those that are not in the cache. */
static int
prefetch(struct draft *draft, struct err *err)
{
	struct source *source = draft->source;
	size_t count = draft->image->layer_count;
	CLEANUP(free_cleanup) struct oci_descriptor *items = calloc(count + 1, sizeof(*items));
	CLEANUP(free_cleanup)
	const struct oci_descriptor **list = calloc(count + 1, sizeof(struct oci_descriptor *));
	size_t n = 0;
	int r = 0;

	if (!items || !list)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct image_layer *about = &draft->image->layers[i];
		struct cache_layer *cached = &draft->layers[i].cached;
		bool found = cached->tar >= 0;

		if (first_alike(draft, i) != i)
			continue;
		if (!found)
			r = cache_find(draft->cache, &about->diff_id, cached, &found, err);
		if (r < 0 || found)
			continue;
		items[n] = (struct oci_descriptor){.media_type = about->media_type,
						   .digest = about->digest,
						   .size = about->size};
		list[n] = &items[n];
		draft->total += about->size;
		n++;
	}
	if (r == 0 && n > 0 && source->kind == SOURCE_OCI && source->prefetch)
		r = source->prefetch(source, list, n, err);
	return r;
}

int
draft_fetch_layers(struct draft *draft, struct err *err)
{
	int r = prefetch(draft, err);

	if (r < 0)
		return r;
	draft->next = 0;
	run_workers(draft);
	if (draft->failure.kind != ERR_NONE) {
		*err = draft->failure;
		return -(int)err->kind;
	}
	for (size_t i = 0; r == 0 && i < draft->image->layer_count; i++)
		r = share_alike(draft, i, err);
	return r;
}
