/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the signed documents beside an image. */
#include "port/signatures.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/cosign_manifest.h"
#include "codec/dsse.h"
#include "codec/simple_signing.h"

#include <stdio.h>

/* Of any version: the media types differ. */
#define BUNDLE_TYPE_PREFIX "application/vnd.dev.sigstore.bundle"

struct listing {
	struct depot *depot;
	struct arena *arena;
	uint64_t bytes; /* read so far */
	VEC(struct signature_document) documents;
	VEC(struct signature_artifact) artifacts;
	VEC(struct gap) gaps;
};

static void
listing_cleanup(struct listing *listing)
{
	vec_free(&listing->documents);
	vec_free(&listing->artifacts);
	vec_free(&listing->gaps);
}

/* What says something of the document is a gap; what says something of the way to it is an error.
 */
static int
add_gap(struct listing *listing, struct span place, struct err *err)
{
	static const bool of_document[ERR_KINDS] = {
		[ERR_INVALID] = true,	[ERR_LIMIT] = true,	  [ERR_DIGEST] = true,
		[ERR_NOT_FOUND] = true, [ERR_UNSUPPORTED] = true,
	};
	struct gap gap = {.subject = place};

	if (!of_document[err->kind])
		return -(int)err->kind;
	gap.text = arena_copy(listing->arena, span_from(err->text));
	if (!gap.text.p)
		return err_memory(err);
	*err = (struct err)ERR_INIT;
	return vec_push(&listing->gaps, &gap, SIGNED_DOCUMENTS_MAX, err);
}

static int
read_blob(struct listing *listing, const struct oci_descriptor *layer, struct span *ret,
	  struct err *err)
{
	const struct depot_blob blob = {layer->digest, layer->size};
	uint64_t left = SIGNED_BYTES_MAX - listing->bytes;

	if (layer->size > left)
		return err_set(err, ERR_LIMIT,
			       "signed documents of more than %lu bytes in all beside one image",
			       SIGNED_BYTES_MAX);
	listing->bytes += layer->size;
	return depot_get_bytes(listing->depot, &blob, BUNDLE_MAX, listing->arena, ret, err);
}

static int
add_document(struct listing *listing, enum signature_form form, const struct oci_descriptor *layer,
	     struct span place, struct err *err)
{
	struct span signature = oci_annotation(layer->annotations, layer->annotation_count,
					       SPAN(COSIGN_ANNOTATION_SIGNATURE));
	struct signature_document document = {
		.form = form, .signature = signature.p ? signature : SPAN(""), .place = place};

	if (read_blob(listing, layer, &document.content, err) < 0)
		return add_gap(listing, place, err);
	return vec_push(&listing->documents, &document, SIGNED_DOCUMENTS_MAX, err);
}

/* ---- at cosign's tags ---- */

static const struct {
	const char *suffix;
	const char *media_type;
	enum signature_form form;
} legacy[] = {
	{".sig", SIMPLE_SIGNING_MEDIA_TYPE, SIGNATURE_PAYLOAD},
	{".att", DSSE_MEDIA_TYPE, SIGNATURE_ENVELOPE},
};

static int
list_tag(struct listing *listing, const struct digest *subject, size_t kind, struct err *err)
{
	char text[OCI_REFERRERS_TAG];
	struct span tag = arena_copy(
		listing->arena, span_from(oci_referrers_tag(subject, legacy[kind].suffix, text)));
	struct depot_document document;
	struct oci_document parsed;

	if (!tag.p)
		return err_memory(err);
	int r = listing->depot->by_tag(listing->depot, tag, listing->arena, &document, err);
	if (r == -ERR_NOT_FOUND) {
		*err = (struct err)ERR_INIT;
		return 0;
	}
	if (r == 0)
		r = oci_read(document.document, document.media_type, listing->arena, &parsed, err);
	if (r == 0 && parsed.kind != OCI_MANIFEST)
		r = err_set(err, ERR_INVALID, "an index where cosign keeps an image");
	if (r < 0)
		return add_gap(listing, tag, err);
	for (size_t i = 0; r == 0 && i < parsed.manifest.layer_count; i++) {
		const struct oci_descriptor *layer = &parsed.manifest.layers[i];
		struct span place = arena_printf(listing->arena, "tag %s, layer %zu",
						 legacy[kind].suffix, i + 1);

		if (!place.p)
			return err_memory(err);
		if (span_equal(layer->media_type, span_from(legacy[kind].media_type)))
			r = add_document(listing, legacy[kind].form, layer, place, err);
	}
	return r;
}

/* ---- referrers ---- */

static int
add_artifact(struct listing *listing, const struct oci_manifest *manifest, struct span type,
	     struct span place, struct err *err)
{
	const struct signature_artifact artifact = {
		.type = type, .content = manifest->layers[0].digest, .place = place};

	return manifest->layer_count == 1
		       ? vec_push(&listing->artifacts, &artifact, SIGNED_DOCUMENTS_MAX, err)
		       : 0;
}

static int
read_referrer(struct listing *listing, const struct oci_descriptor *descriptor, struct span place,
	      struct err *err)
{
	struct depot_document document;
	struct oci_document parsed;
	int r = listing->depot->by_digest(listing->depot, descriptor, listing->arena, &document,
					  err);

	if (r == 0)
		r = oci_read(document.document, document.media_type, listing->arena, &parsed, err);
	if (r != 0)
		return add_gap(listing, place, err);
	if (parsed.kind != OCI_MANIFEST || parsed.manifest.layer_count == 0)
		return 0;
	const struct oci_descriptor *first = &parsed.manifest.layers[0];
	if (span_starts_with(first->media_type, SPAN(BUNDLE_TYPE_PREFIX)))
		return add_document(listing, SIGNATURE_BUNDLE, first, place, err);
	if (!span_equal(first->media_type, SPAN(DSSE_MEDIA_TYPE)))
		return add_artifact(listing, &parsed.manifest, descriptor->artifact_type, place,
				    err);
	for (size_t i = 0; r == 0 && i < parsed.manifest.layer_count; i++) {
		if (span_equal(parsed.manifest.layers[i].media_type, SPAN(DSSE_MEDIA_TYPE)))
			r = add_document(listing, SIGNATURE_ENVELOPE, &parsed.manifest.layers[i],
					 place, err);
	}
	return r;
}

static int
list_referrers(struct listing *listing, const struct digest *subject, struct err *err)
{
	struct oci_descriptor *items = NULL;
	size_t count = 0;
	int r = referrers_list(listing->depot, subject, SPAN(""), listing->arena, &items, &count,
			       err);

	for (size_t i = 0; r == 0 && i < count; i++) {
		char digest[DIGEST_TEXT];
		struct span place = arena_printf(listing->arena, "referrer %s",
						 digest_format(&items[i].digest, digest));

		r = place.p ? read_referrer(listing, &items[i], place, err) : err_memory(err);
	}
	return r;
}

static int
hand_over(const struct listing *listing, struct signature_list *ret, struct err *err)
{
	struct signature_list list = {
		.documents = vec_keep(&listing->documents, listing->arena),
		.count = listing->documents.count,
		.artifacts = vec_keep(&listing->artifacts, listing->arena),
		.artifact_count = listing->artifacts.count,
		.gaps = {vec_keep(&listing->gaps, listing->arena), listing->gaps.count},
	};

	if (!list.documents || !list.artifacts || !list.gaps.items)
		return err_memory(err);
	*ret = list;
	return 0;
}

int
signatures_list(struct depot *depot, const struct digest *subject, struct arena *arena,
		struct signature_list *ret, struct err *err)
{
	CLEANUP(listing_cleanup) struct listing listing = {.depot = depot, .arena = arena};
	int r = list_referrers(&listing, subject, err);

	for (size_t i = 0; r == 0 && i < sizeof(legacy) / sizeof(legacy[0]); i++)
		r = list_tag(&listing, subject, i, err);
	return r < 0 ? r : hand_over(&listing, ret, err);
}
