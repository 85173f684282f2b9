/* SPDX-License-Identifier: Apache-2.0 */
/* A repository of a registry. */
#include "port/registry.h"

#include "base/cleanup.h"
#include "base/vec.h"
#include "port/depot/types.h"
#include "port/source.h"

#include <stdio.h>

/* How long another machine may take between reading a list of referrers and writing it. */
enum { SETTLE_MS = 400 };

struct repository {
	struct depot depot;
	struct registry *registry;
	struct span mounting; /* repository that registry_mount_from() was told */
};

static struct registry *
registry_of(struct depot *depot)
{
	return ((struct repository *)depot)->registry;
}

static struct depot_document
document_of(const struct registry_manifest *manifest)
{
	return (struct depot_document){manifest->document, manifest->media_type, manifest->digest,
				       manifest->etag};
}

static int
get_by_tag(struct depot *depot, struct span tag, struct arena *arena, struct depot_document *ret,
	   struct err *err)
{
	struct registry_manifest manifest;
	int r = registry_manifest_by_tag(registry_of(depot), tag, arena, &manifest, err);

	if (r == 0)
		*ret = document_of(&manifest);
	return r;
}

static int
get_by_digest(struct depot *depot, const struct oci_descriptor *descriptor, struct arena *arena,
	      struct depot_document *ret, struct err *err)
{
	struct registry_manifest manifest;
	int r = registry_manifest_by_digest(registry_of(depot), &descriptor->digest, arena,
					    &manifest, err);

	if (r == 0)
		*ret = document_of(&manifest);
	return r;
}

static int
get_top(struct depot *depot, struct arena *arena, struct depot_document *ret, struct err *err)
{
	const struct oci_descriptor descriptor = {.digest = depot->digest};

	return depot->has_digest ? get_by_digest(depot, &descriptor, arena, ret, err)
				 : get_by_tag(depot, depot->tag, arena, ret, err);
}

static int
has_blob(struct depot *depot, const struct depot_blob *blob, bool *ret, struct err *err)
{
	const struct registry_blob wanted = {blob->digest, blob->size};

	return registry_has_blob(registry_of(depot), &wanted, ret, err);
}

static int
open_blob(struct depot *depot, const struct depot_blob *blob, int *ret_fd, struct err *err)
{
	const struct registry_blob wanted = {blob->digest, blob->size};
	int r = registry_fetch(registry_of(depot), &wanted, 1, err);

	return r < 0 ? r : registry_blob_open(registry_of(depot), &blob->digest, ret_fd, err);
}

static void
forget_blob(struct depot *depot, const struct depot_blob *blob)
{
	registry_blob_forget(registry_of(depot), &blob->digest);
}

static int
put_blob(struct depot *depot, const struct depot_blob *blob, int fd, struct err *err)
{
	const struct registry_upload upload = {
		.digest = blob->digest, .size = blob->size, .fd = fd};

	return registry_push_blob(registry_of(depot), &upload, err);
}

static int
mount_blob(struct depot *depot, const struct depot *from, const struct depot_blob *blob, bool *ret,
	   struct err *err)
{
	struct repository *self = (struct repository *)depot;

	*ret = false;
	if (from->host.n == 0 || !span_equal(from->host, depot->host))
		return 0;
	if (!span_equal(self->mounting, from->repository)) {
		int r = registry_mount_from(self->registry, from->repository, err);
		if (r < 0)
			return r;
		self->mounting = from->repository;
	}
	return registry_mount_blob(self->registry, &blob->digest, ret, err);
}

static int
put(struct depot *depot, const struct depot_put *put, struct depot_put_result *ret, struct err *err)
{
	const struct registry_put in = {put->document, put->media_type, put->tag, put->if_match,
					put->if_absent};
	struct registry_put_result result = {0};
	int r = registry_push_manifest(registry_of(depot), &in, &result, err);

	if (r == 0)
		*ret = (struct depot_put_result){result.subject, result.conflict};
	return r;
}

static int
list(struct depot *depot, const struct digest *subject, struct arena *arena, struct depot_list *ret,
     struct err *err)
{
	struct registry_referrers referrers = {0};
	int r = registry_referrers(registry_of(depot), subject, arena, &referrers, err);

	if (r < 0)
		return r;
	struct oci_descriptor *items = vec_keep(&referrers.list, arena);
	*ret = (struct depot_list){referrers.supported, items, referrers.list.count};
	vec_free(&referrers.list);
	return items ? 0 : err_memory(err);
}

static int
lock(struct depot *depot, struct span tag, int *ret_fd, struct err *err)
{
	struct span name = arena_printf(depot->arena, "%.*s/%.*s:%.*s", SPAN_ARG(depot->host),
					SPAN_ARG(depot->repository), SPAN_ARG(tag));

	return name.p ? depot_lock_file(depot, name, ret_fd, err) : err_memory(err);
}

static void
release(struct depot *depot)
{
	registry_free(registry_of(depot));
}

static int
connect_to(struct repository *self, const struct reference *reference, struct err *err)
{
	struct depot *depot = &self->depot;
	const struct depot_options *options = depot->options;
	struct span cache;
	int r = cache_folder(options->cache, depot->arena, &cache, err);

	if (r < 0)
		return r;
	const struct registry_options registry = {.cache = cache.p,
						  .certs = options->certs,
						  .plain_http = options->plain_http,
						  .chunk = options->chunk,
						  .progress = options->progress};
	depot->reference = reference->text;
	depot->host = reference->domain;
	depot->repository = reference->repository;
	depot->tag = reference->tag;
	depot->has_digest = reference->has_digest;
	depot->digest = reference->digest;
	return registry_open(reference, &registry, &self->registry, err);
}

int
depot_registry_open(struct span rest, const struct depot_options *options, struct depot **ret,
		    struct err *err)
{
	CLEANUP(depot_cleanup) struct depot *depot = NULL;
	struct reference reference;
	int r = depot_new(sizeof(struct repository), options, &depot, err);

	if (r < 0)
		return r;
	depot->settle_ms = SETTLE_MS;
	depot->by_tag = get_by_tag;
	depot->by_digest = get_by_digest;
	depot->top = get_top;
	depot->has_blob = has_blob;
	depot->open_blob = open_blob;
	depot->forget_blob = forget_blob;
	depot->put_blob = put_blob;
	depot->mount_blob = mount_blob;
	depot->put = put;
	depot->list = list;
	depot->lock = lock;
	depot->free = release;
	if (span_starts_with(rest, SPAN("//")))
		rest = span_slice(rest, 2, rest.n);
	r = reference_parse(rest, depot->arena, &reference, err);
	if (r == 0)
		r = connect_to((struct repository *)depot, &reference, err);
	if (r < 0)
		return r;
	*ret = TAKE(depot);
	return 0;
}
