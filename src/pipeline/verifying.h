/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image by what is signed of it: which documents hold, and whether what they claim is what a
 * policy asks for. Needs nothing but the place the image is in. docs/trust.md
 */
#pragma once

#include "codec/hardening_claims.h"
#include "model/proof.h"
#include "model/verdict.h"
#include "port/signatures.h"
#include "stage/verify.h"

struct verifying_options {
	struct span reference; /* registry reference or oci:DIR[:TAG] */
	struct verify_keys keys;
	enum verify_need need;
	size_t threshold;
	const struct signing_annotation *annotations;
	size_t annotation_count;
	struct depot_options depot;
};

/*
 * What is beside the image, and what of it holds; *ret_claims is what the youngest attestation of
 * its hardening says that can be read, or NULL, and `attested` of the proof is when it was made.
 * List and claims live in `arena`.
 */
int verifying_read(const struct verifying_options *options, struct arena *arena,
		   struct signature_list *ret, struct proof **ret_proof,
		   const struct hardening_claims **ret_claims, struct err *err);

/*
 * Judges what was claimed, and what else is proven, by the rules of a run (stage/verdict.h).
 * Without claims (NULL) nothing was done. The policy must outlive the verdict.
 */
int verifying_judge(const struct proof *proof, const struct hardening_claims *claims,
		    const struct policy *policy, int64_t now, struct verdict **ret,
		    struct err *err);
