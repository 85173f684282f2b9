/* SPDX-License-Identifier: Apache-2.0 */
/* Putting signed documents beside an image. */
#include "port/signatures.h"

#include "base/clock.h"
#include "codec/bundle.h"
#include "codec/cosign_manifest.h"
#include "codec/dsse.h"
#include "codec/simple_signing.h"

#define OCI_ANNOTATION_CREATED "org.opencontainers.image.created"
#define BUNDLE_CONTENT	       "dev.sigstore.bundle.content"
#define BUNDLE_PREDICATE       "dev.sigstore.bundle.predicateType"
#define INTOTO_PREDICATE       "in-toto.io/predicate-type" /* what BuildKit, Scout and Trivy read */

struct putting {
	struct depot *depot;
	const struct oci_descriptor *subject;
	struct span created; /* RFC 3339 */
	struct arena *arena;
	struct referrers_batch *batch;
};

static int
put_bundle(const struct putting *putting, const struct signature_put *item, struct err *err)
{
	const struct image_label annotations[] = {
		{SPAN_INIT(OCI_ANNOTATION_CREATED), putting->created},
		{SPAN_INIT(BUNDLE_CONTENT), SPAN_INIT("dsse-envelope")},
		{SPAN_INIT(BUNDLE_PREDICATE), item->predicate_type},
		{SPAN_INIT(INTOTO_PREDICATE), item->predicate_type},
	};
	const struct oci_write_layer layer = {.media_type = SPAN_INIT(BUNDLE_MEDIA_TYPE),
					      .content = item->bundle};
	const struct oci_write_artifact artifact = {
		.type = SPAN_INIT(BUNDLE_MEDIA_TYPE),
		.layers = &layer,
		.layer_count = 1,
		.annotations = annotations,
		.annotation_count = sizeof(annotations) / sizeof(annotations[0]),
		.subject = *putting->subject,
	};

	return referrers_put_artifact(putting->depot, &artifact, putting->batch, err);
}

/* One layer of a legacy image; the annotations are copied to the arena. */
static int
put_layer(const struct putting *putting, const char *suffix, const char *media_type,
	  struct span content, const struct image_label *annotations, size_t annotation_count,
	  struct err *err)
{
	struct oci_descriptor *layer = arena_alloc(putting->arena, sizeof(*layer));
	struct image_label *labels =
		arena_array(putting->arena, annotation_count, sizeof(*annotations));

	if (!layer || !labels)
		return err_memory(err);
	for (size_t i = 0; i < annotation_count; i++)
		labels[i] = annotations[i];
	*layer = (struct oci_descriptor){.media_type = span_from(media_type),
					 .size = content.n,
					 .annotations = labels,
					 .annotation_count = annotation_count};
	digest_of(content, &layer->digest);
	const struct referrers_layers layers = {.subject = putting->subject->digest,
						.suffix = suffix,
						.original = SPAN_INIT(""),
						.layers = layer,
						.count = 1};
	int r = depot_put_bytes(putting->depot, content, err);
	return r < 0 ? r : referrers_add_layers(&layers, putting->batch, err);
}

static int
put_item(const struct putting *putting, const struct signature_put *item, struct err *err)
{
	const struct image_label signature[] = {
		{SPAN_INIT(COSIGN_ANNOTATION_SIGNATURE), item->signature}};
	const struct image_label attestation[] = {
		{SPAN_INIT(COSIGN_ANNOTATION_SIGNATURE), SPAN_INIT("")},
		{SPAN_INIT(COSIGN_ANNOTATION_PREDICATE), item->predicate_type}};
	int r = item->bundle.n ? put_bundle(putting, item, err) : 0;

	if (r == 0 && item->envelope.n)
		r = put_layer(putting, ".att", DSSE_MEDIA_TYPE, item->envelope, attestation, 2,
			      err);
	if (r == 0 && item->payload.n)
		r = put_layer(putting, ".sig", SIMPLE_SIGNING_MEDIA_TYPE, item->payload, signature,
			      1, err);
	return r;
}

int
signatures_put(struct depot *depot, const struct oci_descriptor *subject,
	       const struct signature_put *items, size_t count, int64_t created,
	       struct arena *arena, struct referrers_batch *batch, struct err *err)
{
	char text[CLOCK_TEXT];
	const struct putting putting = {
		.depot = depot,
		.subject = subject,
		.created = arena_copy(arena, span_from(clock_format(created, text))),
		.arena = arena,
		.batch = batch,
	};
	int r = putting.created.p ? 0 : err_memory(err);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_item(&putting, &items[i], err);
	return r;
}
