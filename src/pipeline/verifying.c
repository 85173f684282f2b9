/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/verifying.h"

#include "base/cleanup.h"
#include "codec/intoto.h"
#include "stage/verdict.h"

static int
read_claims(const struct proof_document *document, struct arena *arena,
	    struct hardening_claims *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *predicate = NULL;
	struct intoto_statement statement;
	int r = intoto_read(document->payload, arena, &statement, &predicate, err);

	if (r == 0 && !predicate)
		r = err_set(err, ERR_INVALID, "an attestation without a predicate");
	return r < 0 ? r : hardening_claims_read(predicate, arena, ret, err);
}

static bool
is_hardening(const struct proof_document *document)
{
	return document->passed && document->kind == PROOF_ATTESTATION &&
	       proof_is_type(document->predicate_type, SPAN(PROOF_HARDENING));
}

/*
 * The youngest attestation that can be read; *ret_found false when there is none. One that is
 * about another image than its statement's subject does not hold.
 */
static int
find_claims(struct proof *proof, struct arena *arena, struct hardening_claims *ret, bool *ret_found,
	    struct err *err)
{
	*ret_found = false;
	for (size_t i = 0; i < proof->count; i++) {
		struct proof_document *document = &proof->documents[i];
		struct hardening_claims claims;

		if (!is_hardening(document))
			continue;
		int r = read_claims(document, arena, &claims, err);
		if (r == 0 && claims.has_after && !digest_equal(&claims.after, &proof->digest))
			r = err_set(err, ERR_MISMATCH, "its predicate is about another image");
		if (r == -ERR_MEMORY)
			return r;
		if (r < 0) {
			document->passed = false;
			document->text = arena_copy(proof->arena, span_from(err->text));
			*err = (struct err)ERR_INIT;
			if (!document->text.p)
				return err_memory(err);
			continue;
		}
		if (*ret_found && claims.created <= ret->created)
			continue;
		*ret = claims;
		*ret_found = true;
	}
	return 0;
}

int
verifying_prove(const struct verify_image *request, struct proof **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(proof_cleanup) struct proof *proof = NULL;
	struct hardening_claims claims;
	bool found = false;
	int r = arena ? verify_image(request, &proof, err) : err_memory(err);

	if (r == 0)
		r = find_claims(proof, arena, &claims, &found, err);
	if (r < 0)
		return r;
	proof->attested = found ? claims.created : 0;
	*ret = TAKE(proof);
	return 0;
}

int
verifying_read(const struct verifying_options *options, struct arena *arena,
	       struct signature_list *ret, struct proof **ret_proof, struct err *err)
{
	CLEANUP(depot_cleanup) struct depot *depot = NULL;
	struct signature_list list;
	struct depot_document top;
	int r = depot_open(options->reference, &options->depot, &depot, err);

	if (r == 0)
		r = depot->top(depot, arena, &top, err);
	if (r == 0)
		r = signatures_list(depot, &top.digest, arena, &list, err);
	if (r < 0)
		return r;
	const struct verify_image request = {
		.reference = options->reference,
		.digest = &top.digest,
		.list = &list,
		.keys = &options->keys,
		.need = options->need,
		.threshold = options->threshold,
		.annotations = options->annotations,
		.annotation_count = options->annotation_count,
	};
	r = verifying_prove(&request, ret_proof, err);
	if (r == 0)
		*ret = list;
	return r;
}

int
verifying_judge(struct proof *proof, const struct policy *policy, int64_t now, struct verdict **ret,
		struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct hardening_claims claims = {0};
	bool found = false;
	int r = arena ? find_claims(proof, arena, &claims, &found, err) : err_memory(err);

	if (r < 0)
		return r;
	const struct service service = {.name = claims.service};
	const struct built built = {.manifest_digest = proof->digest};
	const struct verdict_input input = {
		.service = found ? &service : NULL,
		.before = claims.findings_before,
		.after = claims.findings_after,
		.profile = claims.profile,
		.suite = claims.suite,
		.shells = claims.shells,
		.built = &built,
		.proof = proof,
		.scanned = claims.created,
		.now = now,
	};

	return verdict_judge(&input, policy, ret, err);
}
