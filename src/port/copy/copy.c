/* SPDX-License-Identifier: Apache-2.0 */
#include "port/copy.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/map.h"
#include "port/referrers.h"

enum {
	DEPTH_MAX = INDEX_DEPTH_MAX + 4, /* indexes in indexes, referrers of referrers */
	DOCUMENTS_MAX = 16384,
};

struct copying {
	struct depot *from;
	struct depot *to;
	struct arena *arena;
	struct map *seen; /* digest text of a document */
	struct referrers_batch batch;
	struct copy_result result;
};

static int copy_document(struct copying *copying, const struct depot_document *document,
			 unsigned depth, struct err *err);

static int
move_blob(struct copying *copying, const struct depot_blob *blob, struct err *err)
{
	struct depot *to = copying->to;
	struct copy_result *result = &copying->result;
	CLEANUP(fd_cleanup) int fd = -1;
	bool mounted = false;
	bool there = false;
	int r = to->has_blob(to, blob, &there, err);

	if (r == 0 && !there && to->mount_blob)
		r = to->mount_blob(to, copying->from, blob, &mounted, err);
	if (r < 0)
		return r;
	result->there += there;
	result->mounted += mounted;
	if (there || mounted)
		return 0;
	r = copying->from->open_blob(copying->from, blob, &fd, err);
	if (r == 0)
		r = to->put_blob(to, blob, fd, err);
	if (r == 0) {
		result->blobs++;
		result->bytes += blob->size;
	}
	return r;
}

static int
copy_blob(struct copying *copying, const struct oci_descriptor *descriptor, struct err *err)
{
	const struct depot_blob blob = {descriptor->digest, descriptor->size};

	if (blob.size > LAYER_COMPRESSED_MAX)
		return err_set(err, ERR_LIMIT, "a blob of %llu bytes (at most %llu)",
			       (unsigned long long)blob.size,
			       (unsigned long long)LAYER_COMPRESSED_MAX);
	return move_blob(copying, &blob, err);
}

static int
copy_by_descriptor(struct copying *copying, const struct oci_descriptor *descriptor, unsigned depth,
		   struct err *err)
{
	struct depot_document document;

	if (!oci_is_manifest_type(descriptor->media_type))
		return copy_blob(copying, descriptor, err);
	int r = copying->from->by_digest(copying->from, descriptor, copying->arena, &document, err);
	if (r == 0 && document.document.n != descriptor->size)
		r = err_set(err, ERR_DIGEST, "a manifest has another size than its index says");
	return r < 0 ? r : copy_document(copying, &document, depth, err);
}

/* What a document names, before the document itself. */
static int
copy_parts(struct copying *copying, const struct oci_document *document, unsigned depth,
	   struct err *err)
{
	const struct oci_manifest *manifest = &document->manifest;
	int r = 0;

	if (document->kind == OCI_INDEX) {
		for (size_t i = 0; r == 0 && i < document->index.count; i++)
			r = copy_by_descriptor(copying, &document->index.manifests[i], depth + 1,
					       err);
		return r;
	}
	r = copy_blob(copying, &manifest->config, err);
	for (size_t i = 0; r == 0 && i < manifest->layer_count; i++)
		r = copy_blob(copying, &manifest->layers[i], err);
	return r;
}

/* What names the document as its subject. */
static int
copy_referrers(struct copying *copying, const struct digest *subject, unsigned depth,
	       struct err *err)
{
	struct oci_descriptor *items = NULL;
	size_t count = 0;
	int r = referrers_list(copying->from, subject, SPAN(""), copying->arena, &items, &count,
			       err);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = copy_by_descriptor(copying, &items[i], depth + 1, err);
	return r;
}

/*
 * cosign's signatures, attestations and SBOMs, which are images at tags made of the digest. What
 * the destination has there already stays.
 */
static int
copy_cosign_tag(struct copying *copying, const struct digest *digest, const char *suffix,
		struct err *err)
{
	char text[OCI_REFERRERS_TAG];
	struct span tag = span_from(oci_referrers_tag(digest, suffix, text));
	struct depot_document document;
	struct oci_document parsed;
	struct err missing = ERR_INIT;
	int r = copying->from->by_tag(copying->from, tag, copying->arena, &document, &missing);

	if (r == -ERR_NOT_FOUND)
		return 0;
	if (r < 0) {
		*err = missing;
		return r;
	}
	r = oci_read(document.document, document.media_type, copying->arena, &parsed, err);
	if (r == 0 && parsed.kind != OCI_MANIFEST)
		r = err_set(err, ERR_INVALID, "tag %s is an index", text);
	if (r == 0)
		r = copy_parts(copying, &parsed, 0, err);
	const struct referrers_layers layers = {.subject = *digest,
						.suffix = suffix,
						.original = document.document,
						.layers = parsed.manifest.layers,
						.count = parsed.manifest.layer_count};
	if (r == 0)
		r = referrers_add_layers(&layers, &copying->batch, err);
	copying->result.manifests += r == 0;
	return r;
}

static int
copy_cosign_tags(struct copying *copying, const struct digest *digest, struct err *err)
{
	static const char *const suffixes[] = {".sig", ".att", ".sbom"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		r = copy_cosign_tag(copying, digest, suffixes[i], err);
	return r;
}

static int
put_document(struct copying *copying, const struct depot_document *document, struct err *err)
{
	const struct depot_put put = {.document = document->document,
				      .media_type = document->media_type};
	struct depot_put_result result;
	struct oci_referrer referrer;
	int r = oci_referrer_read(document->document, document->media_type, copying->arena,
				  &referrer, err);

	if (r < 0)
		return r;
	copying->result.referrers += referrer.has_subject;
	copying->result.manifests += !referrer.has_subject;
	return referrer.has_subject ? referrers_put(copying->to, document->document,
						    document->media_type, &copying->batch, err)
				    : copying->to->put(copying->to, &put, &result, err);
}

static int
copy_document(struct copying *copying, const struct depot_document *document, unsigned depth,
	      struct err *err)
{
	char text[DIGEST_TEXT];
	struct oci_document parsed;
	uint64_t ignored;
	struct span key =
		arena_copy(copying->arena, span_from(digest_format(&document->digest, text)));

	if (!key.p)
		return err_memory(err);
	if (map_get(copying->seen, key, &ignored))
		return 0;
	if (depth > DEPTH_MAX || map_count(copying->seen) >= DOCUMENTS_MAX)
		return err_set(err, ERR_LIMIT, "indexes and referrers without end at %s", text);
	int r = map_put(copying->seen, key, depth, err);
	if (r == 0)
		r = oci_read(document->document, document->media_type, copying->arena, &parsed,
			     err);
	if (r == 0)
		r = copy_parts(copying, &parsed, depth, err);
	if (r == 0)
		r = put_document(copying, document, err);
	if (r == 0)
		r = copy_referrers(copying, &document->digest, depth, err);
	if (r == 0)
		r = copy_cosign_tags(copying, &document->digest, err);
	return r < 0 && depth == 0 ? err_wrap(err, "%s", text) : r;
}

/* At last the name; a layout's image without one is in its index all the same. */
static int
put_tag(struct depot *to, const struct depot_document *document, struct err *err)
{
	const struct depot_put put = {
		.document = document->document,
		.media_type = document->media_type,
		.tag = to->tag,
	};
	struct depot_put_result result;

	return to->tag.n  ? to->put(to, &put, &result, err)
	       : to->name ? to->name(to, document, err)
			  : 0;
}

static void
copying_cleanup(struct copying *copying)
{
	referrers_batch_cleanup(&copying->batch);
}

int
copy_image(struct depot *from, struct depot *to, struct copy_result *ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(map_cleanup) struct map *seen = map_new(64);
	CLEANUP(copying_cleanup)
	struct copying copying = {.from = from, .to = to, .arena = arena, .seen = seen};
	struct depot_document top;

	if (!arena || !seen)
		return err_memory(err);
	int r = from->top(from, arena, &top, err);
	if (r == 0 && to->has_digest && !digest_equal(&to->digest, &top.digest))
		r = err_set(err, ERR_MISMATCH, "%.*s is not what %.*s holds",
			    SPAN_ARG(to->reference), SPAN_ARG(from->reference));
	if (r == 0)
		r = copy_document(&copying, &top, 0, err);
	if (r == 0)
		r = referrers_commit(to, &copying.batch, err);
	if (r == 0)
		r = put_tag(to, &top, err);
	if (r < 0)
		return r;
	copying.result.digest = top.digest;
	*ret = copying.result;
	return 0;
}
