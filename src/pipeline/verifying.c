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
 * What the youngest attestation says that can be read; NULL when there is none. One that is about
 * another image than its statement's subject does not hold.
 */
static int
find_claims(struct proof *proof, struct arena *arena, const struct hardening_claims **ret,
	    struct err *err)
{
	struct hardening_claims *youngest = arena_alloc(arena, sizeof(*youngest));
	bool found = false;

	if (!youngest)
		return err_memory(err);
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
		if (found && claims.created <= youngest->created)
			continue;
		*youngest = claims;
		found = true;
	}
	*ret = found ? youngest : NULL;
	return 0;
}

/* Of documents that are in memory: nothing is opened, started or written. */
static int
prove(const struct verify_image *request, struct arena *arena, struct proof **ret,
      const struct hardening_claims **ret_claims, struct err *err)
{
	CLEANUP(proof_cleanup) struct proof *proof = NULL;
	const struct hardening_claims *claims = NULL;
	int r = verify_image(request, &proof, err);

	if (r == 0)
		r = find_claims(proof, arena, &claims, err);
	if (r < 0)
		return r;
	proof->attested = claims ? claims->created : 0;
	*ret = TAKE(proof);
	*ret_claims = claims;
	return 0;
}

int
verifying_read(const struct verifying_options *options, struct arena *arena,
	       struct signature_list *ret, struct proof **ret_proof,
	       const struct hardening_claims **ret_claims, struct err *err)
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
	r = prove(&request, arena, ret_proof, ret_claims, err);
	if (r == 0)
		*ret = list;
	return r;
}

int
verifying_judge(const struct proof *proof, const struct hardening_claims *claims,
		const struct policy *policy, int64_t now, struct verdict **ret, struct err *err)
{
	static const struct hardening_claims none;
	const struct hardening_claims *stated = claims ? claims : &none;
	const struct service service = {.name = stated->service};
	const struct built built = {.manifest_digest = proof->digest};
	const struct verdict_input input = {
		.service = claims ? &service : NULL,
		.before = stated->findings_before,
		.after = stated->findings_after,
		.profile = stated->profile,
		.suite = stated->suite,
		.shells = stated->shells,
		.built = &built,
		.proof = proof,
		.scanned = stated->created,
		.now = now,
	};

	return verdict_judge(&input, policy, ret, err);
}
