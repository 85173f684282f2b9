/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a signature or attestation holds: keys are parsed before, documents are in memory, and
 * nothing is started or written. What does not hold is a result with a sentence for each check;
 * an error is only what kept mohs from looking. docs/trust.md
 */
#pragma once

#include "codec/simple_signing.h"
#include "model/proof.h"
#include "port/keys.h"
#include "port/signatures.h"

enum verify_check {
	VERIFY_FORM,	    /* it can be read, and is within the limits */
	VERIFY_SIGNATURE,   /* one of the keys made it */
	VERIFY_SUBJECT,	    /* it is of the expected image */
	VERIFY_PREDICATE,   /* it says what was asked for */
	VERIFY_ANNOTATIONS, /* it has those that were asked for */
	VERIFY_CHECKS,
};

enum verify_state {
	VERIFY_NOT_DONE, /* an earlier check failed, or it was not asked for */
	VERIFY_PASSED,
	VERIFY_FAILED,
};

struct verify_row {
	enum verify_state state;
	struct span text; /* a sentence where it failed; else empty. May quote hostile text */
};

struct verify_keys {
	const struct key *const *items;
	size_t count;
};

struct verify_expect {
	const struct digest *digest; /* of the image */
	/*
	 * The statement's predicate type: this one, or this one with "/v..." behind it (OpenVEX and
	 * CycloneDX put their versions there). Empty: any.
	 */
	struct span predicate_type;
	const struct signing_annotation *annotations;
	size_t annotation_count;
};

#define VERIFY_NO_KEY SIZE_MAX

struct verification {
	struct verify_row rows[VERIFY_CHECKS];
	bool passed;		    /* no row failed, and form, signature and subject passed */
	size_t key;		    /* in the keys: which made it; VERIFY_NO_KEY */
	struct span predicate_type; /* once the signature holds; may be empty */
	struct span payload;	    /* likewise: exactly the bytes that were signed */
};

/*
 * A sigstore bundle of v0.1 to v0.3 that is signed with a key. Transparency log entries and
 * timestamps are not looked into. ERR_USAGE without keys or a digest, ERR_MEMORY.
 */
int verify_bundle(struct span text, const struct verify_keys *keys,
		  const struct verify_expect *expect, struct arena *arena, struct verification *ret,
		  struct err *err);

/* A bare DSSE envelope (.att): one good signature of those in it is enough. */
int verify_envelope(struct span text, const struct verify_keys *keys,
		    const struct verify_expect *expect, struct arena *arena,
		    struct verification *ret, struct err *err);

/* A legacy signature: the payload's bytes, and the base64 of the layer's annotation. */
int verify_payload(struct span payload, struct span signature, const struct verify_keys *keys,
		   const struct verify_expect *expect, struct arena *arena,
		   struct verification *ret, struct err *err);

enum verify_need { VERIFY_ANY, VERIFY_ALL, VERIFY_THRESHOLD };

struct verify_verdict {
	bool passed;
	size_t signers;	  /* distinct keys with a verification that passed */
	struct span text; /* why it did not pass; else empty */
};

/*
 * Several verifications of one subject with the same keys: has enough of them signed? A key counts
 * once, however often it is given or signed. ERR_USAGE without keys, for a threshold of 0 and for
 * one that the keys cannot reach.
 */
int verify_judge(const struct verification *items, size_t count, const struct verify_keys *keys,
		 enum verify_need need, size_t threshold, struct arena *arena,
		 struct verify_verdict *ret, struct err *err);

/* An image with what is beside it. */
struct verify_image {
	struct span reference; /* where the list is from, for people */
	const struct digest *digest;
	const struct signature_list *list;
	const struct verify_keys *keys; /* none: nothing is verified, and the proof says so */
	enum verify_need need;		/* how many of the keys must have signed the image */
	size_t threshold;
	const struct signing_annotation *annotations; /* that a signature must have */
	size_t annotation_count;
};

/*
 * Verifies every document. Attestations are good with any one of the keys, whatever `need` says:
 * who signs an image besides need not attest it too. `attested` and `stored` are left to who knows
 * predicates and what was put there. ERR_USAGE as verify_judge(), ERR_MEMORY.
 */
int verify_image(const struct verify_image *request, struct proof **ret, struct err *err);
