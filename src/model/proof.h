/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is signed and attested of an image: read back from where it is, each document verified with
 * the keys that were given. Const once built.
 */
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "model/gap.h"

#define PROOF_SPDX	"https://spdx.dev/Document"
#define PROOF_CYCLONEDX "https://cyclonedx.org/bom"
#define PROOF_HARDENING "https://mohs.dev/attestation/hardening/v1"

/* The same documents as artifacts that nobody signed. */
#define PROOF_ARTIFACT_SPDX	 "application/spdx+json"
#define PROOF_ARTIFACT_CYCLONEDX "application/vnd.cyclonedx+json"

enum proof_kind {
	PROOF_SIGNATURE,   /* of the image as such */
	PROOF_ATTESTATION, /* of what `predicate_type` says */
	PROOF_OTHER,	   /* not known, since it does not verify */
};

#define PROOF_NO_KEY SIZE_MAX

struct proof_document {
	enum proof_kind kind;
	bool passed;
	size_t key;		    /* in proof.keys: which made it; PROOF_NO_KEY */
	struct span place;	    /* "sha256-12ab....sig, layer 1" */
	struct span predicate_type; /* may be empty */
	struct span text;	    /* why it did not pass: may quote hostile text; else empty */
	struct span payload;	    /* of an attestation that passed: exactly what was signed */
};

struct proof {
	struct arena *arena;
	struct span reference; /* where it was read */
	struct digest digest;  /* of the image */
	struct proof_document *documents;
	size_t count;
	struct span_list keys;	 /* hints: base64 of SHA-256 of each key's SPKI */
	bool is_signed;		 /* by as many of the keys as were asked for */
	size_t signers;		 /* different keys that did */
	struct span why_not;	 /* when it is not signed */
	struct span_list stored; /* artifact types of unsigned documents that are, byte for byte,
				    what was put there */
	int64_t attested; /* seconds since 1970: what the hardening attestation says of itself; 0:
			     there is none */
	struct gap_list gaps;
};

/* Whether a type is the one asked for, or that one with "/v..." behind it. */
bool proof_is_type(struct span actual, struct span wanted);

/* The first attestation of that type that passed, or NULL. */
const struct proof_document *proof_find(const struct proof *proof, struct span predicate_type);

void proof_free(struct proof *proof);
void proof_cleanup(struct proof **proof);
