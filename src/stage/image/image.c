/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/image.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "stage/image/parts.h"

#include <stdlib.h>

void
draft_step(struct draft *draft, uint64_t n)
{
	const struct progress *progress = draft->options->source.progress;

	if (!progress)
		return;
	(void)pthread_mutex_lock(&draft->lock);
	draft->done += n;
	progress_step(progress, draft->done, draft->total, "reading layers");
	(void)pthread_mutex_unlock(&draft->lock);
}

static void
close_layers(struct draft *draft)
{
	for (size_t i = 0; draft->layers && i < draft->image->layer_count; i++)
		cache_layer_close(&draft->layers[i].cached);
}

static void
draft_cleanup(struct draft *draft)
{
	if (draft->image)
		close_layers(draft);
	image_cleanup(&draft->image);
	cache_cleanup(&draft->cache);
	source_cleanup(&draft->source);
	vec_free(&draft->gaps);
	(void)pthread_mutex_destroy(&draft->lock);
}

static int
start(struct draft *draft, struct span reference, struct err *err)
{
	struct arena *arena = arena_new(IMAGE_MEMORY_MAX);

	draft->image = arena ? arena_alloc(arena, sizeof(*draft->image)) : NULL;
	if (!draft->image) {
		arena_free(arena);
		return err_memory(err);
	}
	draft->image->arena = arena;

	int r = source_open(reference, &draft->options->source, &draft->source, err);
	if (r < 0)
		return r;
	draft->image->reference = arena_copy(arena, draft->source->reference);
	if (!draft->image->reference.p)
		return err_memory(err);
	return cache_open(draft->options->cache, &draft->cache, err);
}

static int
read_documents(struct draft *draft, struct err *err)
{
	switch (draft->source->kind) {
	case SOURCE_OCI:
		return draft_read_oci(draft, err);
	case SOURCE_DOCKER:
		return draft_read_docker(draft, err);
	case SOURCE_ROOTFS:
		return draft_pack_rootfs(draft, err);
	}
	return err_set(err, ERR_UNSUPPORTED, "a source of an unknown kind");
}

/* Layers and merge; once more from the source when an index in the cache was damaged. */
static int
read_layers(struct draft *draft, struct err *err)
{
	enum { ATTEMPTS = 2 };
	size_t damaged = SIZE_MAX;
	int r = 0;

	for (int i = 0; i < ATTEMPTS; i++) {
		*err = (struct err)ERR_INIT;
		r = draft_fetch_layers(draft, err);
		if (r == 0)
			r = draft_merge(draft, &damaged, err);
		if (r == 0 || damaged == SIZE_MAX)
			return r;
		cache_drop(draft->cache, &draft->image->layers[damaged].diff_id);
		close_layers(draft);
	}
	return r;
}

/* The tars' descriptors become the image's contents. */
static int
take_contents(struct draft *draft, struct contents **ret, struct err *err)
{
	size_t count = draft->image->layer_count;
	CLEANUP(free_cleanup) int *fds = calloc(count + 1, sizeof(*fds));

	if (!fds)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		fds[i] = TAKE_FD(draft->layers[i].cached.tar);
	return contents_new(fds, count, ret, err);
}

static int
open_draft(struct draft *draft, struct span reference, struct err *err)
{
	int r = start(draft, reference, err);

	if (r == 0)
		r = read_documents(draft, err);
	if (r == 0)
		r = read_layers(draft, err);
	if (r == 0 && draft->source->kind != SOURCE_OCI)
		r = draft_write_manifest(draft, err);
	return r;
}

int
image_open(struct span reference, const struct image_options *options, struct image **ret,
	   struct contents **ret_contents, struct err *err)
{
	CLEANUP(draft_cleanup) struct draft draft = {.options = options};
	struct contents *contents = NULL;

	(void)pthread_mutex_init(&draft.lock, NULL);
	int r = open_draft(&draft, reference, err);
	if (r == 0 && ret_contents)
		r = take_contents(&draft, &contents, err);
	if (r < 0) {
		source_explain(reference, err);
		return err_wrap(err, "%.*s", reference.n > 100 ? 100 : (int)reference.n,
				reference.p);
	}
	if (ret_contents)
		*ret_contents = contents;
	close_layers(&draft);
	*ret = TAKE(draft.image);
	return 0;
}
