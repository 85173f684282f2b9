/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [docker://]HOST/NAME[:TAG] - a repository of a registry. The layer is written to an unlinked
 * file; commit() sends it, the config, the manifest, and sets the tag last.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "port/depot.h"
#include "port/sink/types.h"
#include "port/source.h"

struct registry_sink {
	struct sink sink;
	struct depot_options options;
	struct depot *depot;
};

static int
push_layer(struct depot *depot, const struct sink_image *image, int fd, struct err *err)
{
	const struct depot_blob blob = {image->layer_digest, image->layer_size};
	bool there = false;
	int r = depot->has_blob(depot, &blob, &there, err);

	return r < 0 || there ? r : depot->put_blob(depot, &blob, fd, err);
}

static int
registry_commit(struct sink *sink, const struct sink_image *image, struct span *ret_layer_path,
		struct err *err)
{
	struct depot *depot = ((struct registry_sink *)sink)->depot;
	const struct depot_put put = {
		.document = image->manifest,
		.media_type = SPAN_INIT(OCI_TYPE_MANIFEST),
		.tag = depot->tag,
	};
	struct depot_put_result result;
	int r = push_layer(depot, image, sink->fd, err);

	if (r == 0)
		r = depot_put_bytes(depot, image->config, err);
	if (r == 0)
		r = depot->put(depot, &put, &result, err);
	if (r == 0)
		*ret_layer_path = SPAN("");
	return r;
}

static void
release(struct sink *sink)
{
	struct registry_sink *registry = (struct registry_sink *)sink;

	fd_cleanup(&sink->fd);
	depot_free(registry->depot);
	arena_free(sink->arena); /* holds *registry itself */
}

static int
start(struct registry_sink *registry, struct span rest, struct err *err)
{
	struct arena *arena = registry->sink.arena;
	struct span reference =
		arena_printf(arena, "docker:%s%.*s", span_starts_with(rest, SPAN("//")) ? "" : "//",
			     SPAN_ARG(rest));

	if (!reference.p)
		return err_memory(err);
	int r = depot_open(reference, &registry->options, &registry->depot, err);
	if (r < 0)
		return r;
	if (registry->depot->has_digest)
		return err_set(err, ERR_USAGE, "an output takes a tag, not a digest");
	registry->sink.reference = registry->depot->reference;
	return file_unnamed(&registry->sink.fd, err);
}

static int
registry_open_sink(struct span rest, const struct sink_options *options, struct sink **ret,
		   struct err *err)
{
	struct arena *arena = arena_new(0);
	struct registry_sink *registry = arena ? arena_alloc(arena, sizeof(*registry)) : NULL;

	if (!registry) {
		arena_free(arena);
		return err_memory(err);
	}
	registry->options = (struct depot_options){.cache = options->cache,
						   .certs = options->certs,
						   .plain_http = options->plain_http,
						   .progress = options->progress};
	registry->sink = (struct sink){
		.type = &sink_registry,
		.arena = arena,
		.fd = -1,
		.commit = registry_commit,
		.free = release,
	};
	int r = start(registry, rest, err);
	if (r < 0) {
		release(&registry->sink);
		return r;
	}
	*ret = &registry->sink;
	return 0;
}

const struct sink_type sink_registry = {
	.prefix = "docker",
	.syntax = "HOST/NAME[:TAG]",
	.open = registry_open_sink,
};
