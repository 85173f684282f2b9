/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/sign.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/base64.h"
#include "codec/bundle.h"
#include "codec/intoto.h"
#include "codec/reference.h"

#include <stdlib.h>

/* REGISTRY/REPOSITORY, or the name that stands for it. */
static int
image_identity(const struct sign_image *image, struct arena *arena, struct span *ret,
	       struct err *err)
{
	if (image->name.n == 0)
		return reference_name(image->reference, arena, ret, err);
	*ret = image->name;
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	const struct signing_annotation *left = a;
	const struct signing_annotation *right = b;

	return span_compare(left->name, right->name);
}

static int
sorted_annotations(const struct sign_image *image, struct arena *arena,
		   struct signing_annotation **ret, struct err *err)
{
	size_t count = image->annotation_count;
	struct signing_annotation *items = arena_array(arena, count ? count : 1, sizeof(*items));

	if (!items)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		items[i] = image->annotations[i];
	qsort(items, count, sizeof(*items), compare_names);
	for (size_t i = 1; i < count; i++) {
		if (span_equal(items[i - 1].name, items[i].name))
			return err_set(err, ERR_INVALID, "annotation \"%.*s\" is given twice",
				       SPAN_ARG(items[i].name));
	}
	*ret = items;
	return 0;
}

static int
sign_payload(const struct sign_image *image, const struct key *key, struct arena *arena,
	     struct sign_result *ret, struct err *err)
{
	struct simple_signing payload = {.digest = image->digest,
					 .annotation_count = image->annotation_count};
	struct span signature;
	int r = image_identity(image, arena, &payload.reference, err);

	if (r == 0)
		r = sorted_annotations(image, arena, &payload.annotations, err);
	if (r == 0)
		r = simple_signing_write(&payload, arena, &ret->payload, err);
	if (r == 0)
		r = key_sign(key, ret->payload, arena, &signature, err);
	return r != 0 ? r : base64_encode(signature, arena, &ret->signature, err);
}

/* cosign writes no keyid into an envelope, only the bundle's hint. */
int
sign_statement(struct span statement, const struct key *key, struct arena *arena,
	       struct attest_result *ret, struct err *err)
{
	struct dsse_signature signature = {.keyid = SPAN("")};
	struct bundle bundle = {
		.material = BUNDLE_PUBLIC_KEY,
		.hint = key_hint(key),
		.content = BUNDLE_DSSE,
		.envelope = {.payload = statement,
			     .payload_type = SPAN(DSSE_TYPE_STATEMENT),
			     .signatures = &signature,
			     .count = 1},
	};
	struct span pae;
	int r = dsse_pae(bundle.envelope.payload_type, statement, arena, &pae, err);

	if (r == 0)
		r = key_sign(key, pae, arena, &signature.bytes, err);
	if (r == 0)
		r = dsse_write(&bundle.envelope, arena, &ret->envelope, err);
	if (r == 0)
		r = bundle_write(&bundle, arena, &ret->bundle, err);
	if (r == 0)
		ret->statement = statement;
	return r;
}

static int
make_statement(const struct sign_image *image, struct span name, struct span predicate_type,
	       json_t *predicate, struct arena *arena, struct span *ret, struct err *err)
{
	struct intoto_subject subject = {.name = name,
					 .digest = image->digest,
					 .has_digest = true,
					 .annotation_count = image->annotation_count};
	struct intoto_statement statement = {
		.subjects = &subject, .subject_count = 1, .predicate_type = predicate_type};
	struct intoto_annotation *annotations =
		arena_array(arena, image->annotation_count + 1, sizeof(*annotations));

	if (!annotations)
		return err_memory(err);
	for (size_t i = 0; i < image->annotation_count; i++)
		annotations[i] = (struct intoto_annotation){image->annotations[i].name,
							    image->annotations[i].value};
	subject.annotations = annotations;
	return intoto_write(&statement, predicate, arena, ret, err);
}

int
sign_image(const struct sign_image *image, const struct key *key, struct arena *arena,
	   struct sign_result *ret, struct err *err)
{
	struct sign_result result = {0};
	struct attest_result attested = {0};
	struct span statement;
	int r = sign_payload(image, key, arena, &result, err);

	if (r == 0)
		r = make_statement(image, SPAN(""), SPAN(INTOTO_PREDICATE_SIGN), NULL, arena,
				   &statement, err);
	if (r == 0)
		r = sign_statement(statement, key, arena, &attested, err);
	if (r < 0)
		return r;
	result.bundle = attested.bundle;
	*ret = result;
	return 0;
}

int
sign_predicate(const struct sign_image *image, struct span predicate_type, json_t *predicate,
	       const struct key *key, struct arena *arena, struct attest_result *ret,
	       struct err *err)
{
	struct attest_result result = {0};
	struct span name = SPAN("");
	struct span statement;
	int r = image->reference.n + image->name.n > 0 ? image_identity(image, arena, &name, err)
						       : 0;

	if (r == 0)
		r = make_statement(image, name, predicate_type, predicate, arena, &statement, err);
	if (r == 0)
		r = sign_statement(statement, key, arena, &result, err);
	if (r < 0)
		return r;
	*ret = result;
	return 0;
}
