/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/signing.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/intoto.h"
#include "codec/reference.h"

struct signing {
	struct signing_options options; /* the depot's options must outlive it */
	struct arena *arena;
	struct depot *depot;
	struct oci_descriptor subject;
	struct sign_image image;
	VEC(struct signature_put) items;
	VEC(struct oci_write_layer) plain;
};

void
signing_free(struct signing *signing)
{
	if (!signing)
		return;
	vec_free(&signing->items);
	vec_free(&signing->plain);
	depot_free(signing->depot);
	arena_free(signing->arena);
}

void
signing_cleanup(struct signing **signing)
{
	signing_free(*signing);
	*signing = NULL;
}

const struct oci_descriptor *
signing_subject(const struct signing *signing)
{
	return &signing->subject;
}

struct span
signing_identity(const struct signing *signing)
{
	return signing->image.name;
}

struct depot *
signing_depot(const struct signing *signing)
{
	return signing->depot;
}

size_t
signing_count(const struct signing *signing)
{
	return signing->items.count;
}

/* The last component of a layout's path: "shop" of "oci:out/shop:1.4". */
static struct span
folder_name(struct span reference)
{
	struct span rest = span_slice(reference, sizeof("oci:") - 1, reference.n);
	size_t slash = rest.n;

	while (slash > 0 && rest.p[slash - 1] != '/')
		slash--;
	rest = span_slice(rest, slash, rest.n);
	struct span name = span_cut(&rest, ':');
	return name.n ? name : SPAN("image");
}

static int
find_image(struct signing *signing, struct err *err)
{
	const struct signing_options *options = &signing->options;
	struct depot *depot = NULL;
	struct depot_document top;
	int r = depot_open(options->reference, &options->depot, &depot, err);

	signing->depot = depot;
	if (r == 0)
		r = depot->top(depot, signing->arena, &top, err);
	if (r < 0)
		return r;
	signing->subject = (struct oci_descriptor){
		.media_type = top.media_type, .digest = top.digest, .size = top.document.n};
	signing->image = (struct sign_image){
		.digest = top.digest,
		.reference = SPAN_INIT(""),
		.name = options->identity,
		.annotations = options->annotations,
		.annotation_count = options->annotation_count,
	};
	if (options->identity.n > 0)
		return 0;
	if (depot->host.n > 0)
		return reference_name(depot->reference, signing->arena, &signing->image.name, err);
	signing->image.name = folder_name(options->reference);
	return 0;
}

int
signing_open(const struct signing_options *options, struct signing **ret, struct err *err)
{
	struct arena *arena = arena_new(0);
	CLEANUP(signing_cleanup)
	struct signing *signing = arena ? arena_alloc(arena, sizeof(*signing)) : NULL;

	if (!signing) {
		arena_free(arena);
		return err_memory(err);
	}
	signing->arena = arena;
	signing->options = *options;
	int r = find_image(signing, err);
	if (r == 0)
		*ret = TAKE(signing);
	return r;
}

static int
add(struct signing *signing, struct signature_put item, struct err *err)
{
	if (!(signing->options.formats & SIGNATURES_BUNDLE))
		item.bundle = SPAN("");
	if (!(signing->options.formats & SIGNATURES_LEGACY))
		item.payload = item.envelope = SPAN("");
	return vec_push(&signing->items, &item, SIGNED_DOCUMENTS_MAX, err);
}

int
signing_sign(struct signing *signing, struct err *err)
{
	struct sign_result made;
	int r = sign_image(&signing->image, signing->options.key, signing->arena, &made, err);

	if (r < 0)
		return r;
	const struct signature_put item = {.predicate_type = SPAN_INIT(INTOTO_PREDICATE_SIGN),
					   .bundle = made.bundle,
					   .payload = made.payload,
					   .signature = made.signature,
					   .envelope = SPAN_INIT("")};
	return add(signing, item, err);
}

/* Annotations are the signature's alone. */
int
signing_attest(struct signing *signing, struct span predicate_type, json_t *predicate,
	       struct err *err)
{
	struct sign_image image = signing->image;
	struct attest_result made;

	image.annotation_count = 0;
	int r = sign_predicate(&image, predicate_type, predicate, signing->options.key,
			       signing->arena, &made, err);
	if (r < 0)
		return r;
	const struct signature_put item = {.predicate_type = predicate_type,
					   .bundle = made.bundle,
					   .payload = SPAN_INIT(""),
					   .signature = SPAN_INIT(""),
					   .envelope = made.envelope};
	return add(signing, item, err);
}

int
signing_attach(struct signing *signing, struct span media_type, struct span content,
	       struct err *err)
{
	const struct oci_write_layer layer = {.media_type = media_type, .content = content};

	return vec_push(&signing->plain, &layer, SIGNED_DOCUMENTS_MAX, err);
}

int
signing_store(struct signing *signing, struct err *err)
{
	CLEANUP(referrers_batch_cleanup) struct referrers_batch batch = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < signing->plain.count; i++) {
		const struct oci_write_artifact artifact = {
			.type = signing->plain.items[i].media_type,
			.layers = &signing->plain.items[i],
			.layer_count = 1,
			.subject = signing->subject,
		};

		r = referrers_put_artifact(signing->depot, &artifact, &batch, err);
	}
	if (r == 0)
		r = signatures_put(signing->depot, &signing->subject, signing->items.items,
				   signing->items.count, signing->options.created, signing->arena,
				   &batch, err);
	if (r == 0)
		r = referrers_commit(signing->depot, &batch, err);
	return r;
}
