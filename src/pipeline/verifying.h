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

/* What is beside the image (in `arena`), and what of it holds. */
int verifying_read(const struct verifying_options *options, struct arena *arena,
		   struct signature_list *ret, struct proof **ret_proof, struct err *err);

/*
 * The same of documents that are in memory: nothing is opened, started or written. `digest` is the
 * image's. Fills in `attested`, from the youngest attestation of the hardening that can be read.
 */
int verifying_prove(const struct verify_image *request, struct proof **ret, struct err *err);

/*
 * Judges what the youngest attestation of the hardening claims, and what else is proven, by
 * the rules of a run (stage/verdict.h). Without an attestation nothing was done. The policy must
 * outlive the verdict.
 */
int verifying_judge(struct proof *proof, const struct policy *policy, int64_t now,
		    struct verdict **ret, struct err *err);
