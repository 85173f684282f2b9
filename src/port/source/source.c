/* SPDX-License-Identifier: Apache-2.0 */
#include "port/source.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/reference.h"
#include "port/source/store.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

const struct source_type *const source_types[] = {
	&source_registry,
	&source_oci,
	&source_oci_archive,
	&source_docker_archive,
	&source_docker_daemon,
	&source_dir,
	NULL,
};

void
blob_cleanup(struct blob *blob)
{
	if (blob->close)
		blob->close(blob->context);
	*blob = (struct blob){0};
}

int
blob_load(struct blob *blob, size_t max, struct arena *arena, struct span *ret, struct err *err)
{
	enum { CHUNK = 65536 };
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(max + CHUNK);
	size_t got = 0;

	if (blob->size != UINT64_MAX && blob->size > max)
		return err_set(err, ERR_LIMIT, "%llu bytes (at most %zu)",
			       (unsigned long long)blob->size, max);
	do {
		int r = buf_reserve(&buf, CHUNK, err);
		if (r == 0)
			r = blob->read(blob->context, buf.p + buf.n, CHUNK, &got, err);
		if (r < 0)
			return r;
		buf.n += got;
		if (buf.n > max)
			return err_set(err, ERR_LIMIT, "more than %zu bytes", max);
	} while (got > 0);
	struct span copy = arena_copy(arena, buf_span(&buf));
	if (!copy.p)
		return err_memory(err);
	*ret = copy;
	return 0;
}

int
source_new(size_t size, const struct source_type *type, enum source_kind kind, struct source **ret,
	   struct err *err)
{
	struct arena *arena = arena_new(0);
	struct source *source = arena ? arena_alloc(arena, size) : NULL;

	if (!source) {
		arena_free(arena);
		return err_memory(err);
	}
	source->type = type;
	source->kind = kind;
	source->arena = arena;
	*ret = source;
	return 0;
}

void
source_free(struct source *source)
{
	if (!source)
		return;
	if (source->free)
		source->free(source);
	arena_free(source->arena); /* holds *source itself */
}

void
source_cleanup(struct source **source)
{
	source_free(*source);
	*source = NULL;
}

/* What stands before the colon looks like a transport and not like a repository of one word. */
static int
unknown_transport(struct span prefix, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf known = BUF_INIT(200);
	struct err ignored = ERR_INIT;

	for (size_t i = 0; source_types[i]; i++)
		(void)buf_printf(&known, &ignored, "%s%s:", i ? ", " : "", source_types[i]->prefix);
	return err_set(err, ERR_USAGE, "unknown transport \"%.*s:\"; there are %.*s",
		       prefix.n > 40 ? 40 : (int)prefix.n, prefix.p, (int)known.n, known.p);
}

/* What a person types for a file: no repository starts like that. */
static bool
is_path(struct span reference)
{
	return span_starts_with(reference, SPAN("/")) || span_starts_with(reference, SPAN("./")) ||
	       span_starts_with(reference, SPAN("../"));
}

int
source_open(struct span reference, const struct source_options *options, struct source **ret,
	    struct err *err)
{
	struct span rest;
	struct span prefix = reference_transport(reference, &rest);

	for (size_t i = 0; source_types[i]; i++) {
		if (prefix.n && span_equal(prefix, span_from(source_types[i]->prefix)))
			return source_types[i]->open(rest, options, ret, err);
	}
	if (span_equal(prefix, SPAN("sbom")))
		return err_set(err, ERR_USAGE,
			       "sbom: is a bill of materials and no image: mohs scan and mohs diff "
			       "take one");
	/* "docker-tarball:x", "rootfs:/x": a dash or a path tells it from a tag or a port */
	if (prefix.n && (span_find(prefix, '-') < prefix.n || span_starts_with(rest, SPAN("/")) ||
			 span_starts_with(rest, SPAN("."))))
		return unknown_transport(prefix, err);
	if (is_path(reference))
		return err_set(
			err, ERR_USAGE,
			"a path alone does not say what is there: oci:DIR, oci-archive:FILE, "
			"docker-archive:FILE or dir:ROOTFS");
	return source_registry.open(reference, options, ret, err);
}

void
source_explain(struct span reference, struct err *err)
{
	char path[PATH_MAX];
	struct stat about;
	struct span rest;
	bool missing = err->kind == ERR_NETWORK || err->kind == ERR_AUTH ||
		       err->kind == ERR_NOT_FOUND || err->kind == ERR_USAGE;

	if (!missing || reference_transport(reference, &rest).n || is_path(reference) ||
	    reference.n == 0 || reference.n >= sizeof(path))
		return;
	(void)snprintf(path, sizeof(path), "%.*s", SPAN_ARG(reference));
	if (stat(path, &about) == 0)
		err_append(err, "; %s of that name is here: say what it is, as %s",
			   S_ISDIR(about.st_mode) ? "a folder" : "a file",
			   S_ISDIR(about.st_mode)
				   ? "oci:DIR or dir:ROOTFS"
				   : "oci-archive:FILE, docker-archive:FILE or sbom:FILE");
	else if (span_ends_with(reference, SPAN(".json")) ||
		 span_ends_with(reference, SPAN(".tar")))
		err_append(err, "; there is no file of that name here either");
}

int
source_document(void *context, const struct oci_descriptor *descriptor, struct arena *arena,
		struct span *ret, struct err *err)
{
	CLEANUP(blob_cleanup) struct blob blob = {0};
	struct source *source = context;
	char text[DIGEST_TEXT];
	struct digest digest;
	struct span document = {NULL, 0};
	int r;

	(void)digest_format(&descriptor->digest, text);
	if (descriptor->size > CONFIG_MAX)
		return err_set(err, ERR_LIMIT, "%s: %llu bytes (at most %lu)", text,
			       (unsigned long long)descriptor->size, CONFIG_MAX);
	if (source->manifest && oci_is_manifest_type(descriptor->media_type)) {
		r = source->manifest(source, &descriptor->digest, arena, &document, err);
	} else {
		/* with the size known, no more than that is fetched */
		r = source->prefetch ? source->prefetch(source, &descriptor, 1, err) : 0;
		if (r == 0)
			r = source->blob(source, &descriptor->digest, &blob, err);
		if (r == 0)
			r = blob_load(&blob, (size_t)descriptor->size + 1, arena, &document, err);
	}
	if (r < 0)
		return err_wrap(err, "%s", text);
	digest_of(document, &digest);
	if (document.n != descriptor->size || !digest_equal(&digest, &descriptor->digest))
		return err_set(err, ERR_DIGEST, "%s: the bytes do not match", text);
	*ret = document;
	return 0;
}

int
source_select(struct source *source, const struct source_options *options, struct arena *arena,
	      struct oci_selected *ret, struct err *err)
{
	struct oci_fetch fetch = {source, source_document};
	struct oci_platform wanted = oci_platform_host(NULL);
	struct source_top top = {{NULL, 0}};
	int r = 0;

	if (source->kind != SOURCE_OCI)
		return err_set(err, ERR_USAGE, "%.*s holds no manifests",
			       SPAN_ARG(source->reference));
	if (options->platform)
		r = oci_platform_parse(span_from(options->platform), arena, &wanted, err);
	if (r == 0)
		r = source->top(source, &top, err);
	if (r == 0)
		r = oci_select(top.document, top.media_type, &wanted, &fetch, arena, ret, err);
	return r;
}
