/* SPDX-License-Identifier: Apache-2.0 */
#include "model/proof.h"

bool
proof_is_type(struct span actual, struct span wanted)
{
	return span_equal(actual, wanted) ||
	       (span_starts_with(actual, wanted) &&
		span_starts_with(span_slice(actual, wanted.n, actual.n), SPAN("/v")));
}

const struct proof_document *
proof_find(const struct proof *proof, struct span predicate_type)
{
	for (size_t i = 0; i < proof->count; i++) {
		const struct proof_document *document = &proof->documents[i];

		if (document->passed && document->kind == PROOF_ATTESTATION &&
		    proof_is_type(document->predicate_type, predicate_type))
			return document;
	}
	return NULL;
}

void
proof_free(struct proof *proof)
{
	if (proof)
		arena_free(proof->arena);
}

void
proof_cleanup(struct proof **proof)
{
	proof_free(*proof);
	*proof = NULL;
}
