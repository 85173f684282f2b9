/* SPDX-License-Identifier: Apache-2.0 */
/* Registry references, with or without "docker://". */
#include "port/registry.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/vec.h"
#include "port/source/store.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct registry_source {
	struct source source;
	struct registry *registry;
	struct reference reference;
	VEC(struct digest) fetched; /* in the cache and checked since this source was opened */
};

static int
registry_top(struct source *source, struct source_top *ret, struct err *err)
{
	struct registry_source *self = (struct registry_source *)source;
	struct registry_manifest manifest;
	int r = self->reference.has_digest
			? registry_manifest_by_digest(self->registry, &self->reference.digest,
						      source->arena, &manifest, err)
			: registry_manifest_by_tag(self->registry, self->reference.tag,
						   source->arena, &manifest, err);

	if (r < 0)
		return r;
	*ret = (struct source_top){manifest.document, manifest.media_type, manifest.digest};
	return 0;
}

static int
registry_manifest_of(struct source *source, const struct digest *digest, struct arena *arena,
		     struct span *ret, struct err *err)
{
	struct registry_source *self = (struct registry_source *)source;
	struct registry_manifest manifest;
	int r = registry_manifest_by_digest(self->registry, digest, arena, &manifest, err);

	if (r == 0)
		*ret = manifest.document;
	return r;
}

static bool
was_fetched(const struct registry_source *self, const struct digest *digest)
{
	for (size_t i = 0; i < self->fetched.count; i++) {
		if (digest_equal(&self->fetched.items[i], digest))
			return true;
	}
	return false;
}

/* Those of the list that are not at hand yet. */
static int
fetch(struct registry_source *self, const struct registry_blob *blobs, size_t count,
      struct err *err)
{
	VEC(struct registry_blob) wanted = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (!was_fetched(self, &blobs[i].digest))
			r = vec_push(&wanted, &blobs[i], LAYERS_MAX + 1UL, err);
	}
	if (r == 0 && wanted.count)
		r = registry_fetch(self->registry, wanted.items, wanted.count, err);
	for (size_t i = 0; r == 0 && i < wanted.count; i++)
		r = vec_push(&self->fetched, &wanted.items[i].digest, 4UL * LAYERS_MAX, err);
	vec_free(&wanted);
	return r;
}

static int
registry_prefetch(struct source *source, const struct oci_descriptor *const *blobs, size_t count,
		  struct err *err)
{
	struct registry_blob *list = calloc(count ? count : 1, sizeof(*list));

	if (!list)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		list[i] = (struct registry_blob){blobs[i]->digest, blobs[i]->size};
	int r = fetch((struct registry_source *)source, list, count, err);
	free(list);
	return r;
}

static int
registry_blob_of(struct source *source, const struct digest *digest, struct blob *ret,
		 struct err *err)
{
	struct registry_source *self = (struct registry_source *)source;
	const struct registry_blob wanted = {*digest, UINT64_MAX};
	CLEANUP(fd_cleanup) int fd = -1;
	struct stat st;
	int r = fetch(self, &wanted, 1, err);

	if (r == 0)
		r = registry_blob_open(self->registry, digest, &fd, err);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_sys(err, ERR_IO, errno, "cannot read a cached blob");
	return blob_of_file(TAKE_FD(fd), true, 0, (uint64_t)st.st_size, ret, err);
}

static void
registry_release(struct source *source)
{
	struct registry_source *self = (struct registry_source *)source;

	vec_free(&self->fetched);
	registry_free(self->registry);
}

int
cache_folder(const char *given, struct arena *arena, struct span *ret, struct err *err)
{
	static const struct {
		const char *variable;
		const char *suffix;
	} places[] = {{"MOHS_CACHE", ""}, {"XDG_CACHE_HOME", "/mohs"}, {"HOME", "/.cache/mohs"}};
	struct span path = {NULL, 0};

	if (given)
		path = arena_copy(arena, span_from(given));
	for (size_t i = 0; !path.p && i < sizeof(places) / sizeof(places[0]); i++) {
		const char *value = getenv(places[i].variable);

		if (value && value[0] == '/')
			path = arena_printf(arena, "%s%s", value, places[i].suffix);
	}
	if (!path.p)
		path = arena_copy(arena, SPAN("/var/cache/mohs"));
	if (!path.p)
		return err_memory(err);
	*ret = path;
	return 0;
}

static int
open_registry(struct span rest, const struct source_options *options, struct source **ret,
	      struct err *err)
{
	CLEANUP(source_cleanup) struct source *source = NULL;
	struct span cache;
	int r = source_new(sizeof(struct registry_source), &source_registry, SOURCE_OCI, &source,
			   err);

	if (r < 0)
		return r;
	struct registry_source *self = (struct registry_source *)source;
	source->free = registry_release;
	source->top = registry_top;
	source->manifest = registry_manifest_of;
	source->blob = registry_blob_of;
	source->prefetch = registry_prefetch;
	if (span_starts_with(rest, SPAN("//")))
		rest = span_slice(rest, 2, rest.n);
	r = reference_parse(rest, source->arena, &self->reference, err);
	if (r == 0)
		r = cache_folder(options->cache, source->arena, &cache, err);
	if (r != 0)
		return r;
	const struct registry_options registry = {.cache = cache.p,
						  .certs = options->certs,
						  .plain_http = options->plain_http,
						  .progress = options->progress};
	source->reference = self->reference.text;
	r = registry_open(&self->reference, &registry, &self->registry, err);
	if (r < 0)
		return r;
	*ret = TAKE(source);
	return 0;
}

const struct source_type source_registry = {"docker", "[docker://]HOST/NAME[:TAG][@DIGEST]",
					    open_registry};
