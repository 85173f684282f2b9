/* SPDX-License-Identifier: Apache-2.0 */
/* All that is beside an image, document by document, and whether it is signed. */
#include "stage/verify.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/intoto.h"

struct proving {
	const struct verify_image *request;
	struct proof *proof;
	struct verification *results; /* of signatures; `signatures` of them */
	size_t signatures;
};

/* Any type, and no annotations yet: what it is comes out of it. */
static int
verify_one(const struct proving *proving, const struct signature_document *document,
	   const struct verify_expect *expect, struct verification *ret, struct err *err)
{
	const struct verify_keys *keys = proving->request->keys;
	struct arena *arena = proving->proof->arena;

	switch (document->form) {
	case SIGNATURE_PAYLOAD:
		return verify_payload(document->content, document->signature, keys, expect, arena,
				      ret, err);
	case SIGNATURE_ENVELOPE:
		return verify_envelope(document->content, keys, expect, arena, ret, err);
	case SIGNATURE_BUNDLE:
		break;
	}
	return verify_bundle(document->content, keys, expect, arena, ret, err);
}

static enum proof_kind
kind_of(const struct signature_document *document, const struct verification *result)
{
	if (document->form == SIGNATURE_PAYLOAD ||
	    span_equal(result->predicate_type, SPAN(INTOTO_PREDICATE_SIGN)))
		return PROOF_SIGNATURE;
	return result->predicate_type.n ? PROOF_ATTESTATION : PROOF_OTHER;
}

static struct span
why_not(const struct verification *result)
{
	for (enum verify_check i = 0; i < VERIFY_CHECKS; i++) {
		if (result->rows[i].state == VERIFY_FAILED)
			return result->rows[i].text;
	}
	return SPAN("");
}

static int
prove_document(struct proving *proving, const struct signature_document *document, struct err *err)
{
	const struct verify_image *request = proving->request;
	struct proof *proof = proving->proof;
	struct verify_expect expect = {.digest = request->digest};
	struct verification result;
	int r = verify_one(proving, document, &expect, &result, err);

	if (r < 0)
		return r;
	enum proof_kind kind = kind_of(document, &result);
	if (result.passed && kind == PROOF_SIGNATURE && request->annotation_count > 0) {
		expect.annotations = request->annotations;
		expect.annotation_count = request->annotation_count;
		r = verify_one(proving, document, &expect, &result, err);
		if (r < 0)
			return r;
	}
	if (kind == PROOF_SIGNATURE)
		proving->results[proving->signatures++] = result;
	struct span place = arena_copy(proof->arena, document->place);
	if (!place.p)
		return err_memory(err);
	proof->documents[proof->count++] = (struct proof_document){
		.kind = kind,
		.passed = result.passed,
		.key = result.key,
		.place = place,
		.predicate_type = result.predicate_type,
		.text = why_not(&result),
		.payload = result.passed && kind == PROOF_ATTESTATION ? result.payload : SPAN(""),
	};
	return 0;
}

static int
copy_keys(const struct verify_keys *keys, struct proof *proof, struct err *err)
{
	struct span *items = arena_array(proof->arena, keys->count, sizeof(*items));

	for (size_t i = 0; items && i < keys->count; i++) {
		items[i] = arena_copy(proof->arena, key_hint(keys->items[i]));
		if (!items[i].p)
			items = NULL;
	}
	if (!items)
		return err_memory(err);
	proof->keys = (struct span_list){items, keys->count};
	return 0;
}

static int
copy_gaps(const struct gap_list *gaps, struct proof *proof, struct err *err)
{
	struct gap *items = arena_array(proof->arena, gaps->count + 1, sizeof(*items));

	for (size_t i = 0; items && i < gaps->count; i++) {
		items[i].subject = arena_copy(proof->arena, gaps->items[i].subject);
		items[i].text = arena_copy(proof->arena, gaps->items[i].text);
		if (!items[i].subject.p || !items[i].text.p)
			items = NULL;
	}
	if (!items)
		return err_memory(err);
	proof->gaps = (struct gap_list){items, gaps->count};
	return 0;
}

/* Where nothing was found the sentence of a count would mislead. */
static int
judge_signed(const struct proving *proving, struct err *err)
{
	const struct verify_image *request = proving->request;
	struct proof *proof = proving->proof;
	struct verify_verdict verdict;
	int r = verify_judge(proving->results, proving->signatures, request->keys, request->need,
			     request->threshold, proof->arena, &verdict, err);

	if (r < 0)
		return r;
	proof->is_signed = verdict.passed;
	proof->signers = verdict.signers;
	proof->why_not = verdict.text;
	if (!verdict.passed && proving->signatures == 0)
		proof->why_not = proof->count
					 ? SPAN("nothing beside it is a signature of the image "
						"by the keys given")
					 : SPAN("there is no signature of it");
	else if (!verdict.passed && verdict.signers == 0 && proving->signatures == 1)
		proof->why_not = why_not(&proving->results[0]);
	return 0;
}

static int
start(const struct verify_image *request, struct proof **ret, struct err *err)
{
	struct arena *arena = arena_new(0);
	CLEANUP(proof_cleanup)
	struct proof *proof = arena ? arena_alloc(arena, sizeof(*proof)) : NULL;

	if (!proof) {
		arena_free(arena);
		return err_memory(err);
	}
	proof->arena = arena;
	proof->digest = *request->digest;
	proof->reference = arena_copy(arena, request->reference);
	proof->documents = arena_array(arena, request->list->count + 1, sizeof(*proof->documents));
	if (!proof->reference.p || !proof->documents)
		return err_memory(err);
	int r = request->keys->count ? copy_keys(request->keys, proof, err) : 0;
	if (r == 0)
		r = copy_gaps(&request->list->gaps, proof, err);
	if (r == 0)
		*ret = TAKE(proof);
	return r;
}

int
verify_image(const struct verify_image *request, struct proof **ret, struct err *err)
{
	CLEANUP(proof_cleanup) struct proof *proof = NULL;
	int r = start(request, &proof, err);

	if (r != 0)
		return r;
	struct proving proving = {
		.request = request,
		.proof = proof,
		.results = arena_array(proof->arena, request->list->count + 1,
				       sizeof(struct verification)),
	};
	if (!proving.results)
		return err_memory(err);
	if (request->keys->count == 0) {
		proof->why_not = SPAN("no key to verify with");
		*ret = TAKE(proof);
		return 0;
	}
	for (size_t i = 0; r == 0 && i < request->list->count; i++)
		r = prove_document(&proving, &request->list->documents[i], err);
	if (r == 0)
		r = judge_signed(&proving, err);
	if (r == 0)
		*ret = TAKE(proof);
	return r;
}
