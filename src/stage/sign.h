/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures and attestations as bytes, in cosign's formats (docs/trust.md). Nothing is stored
 * and nothing is asked for: in come digests and a key, out come documents.
 */
#pragma once

#include "codec/simple_signing.h"
#include "port/keys.h"

struct sign_image {
	struct digest digest;  /* of the image's manifest */
	struct span reference; /* "registry.example.com/shop/frontend": a tag or digest behind it
				  is left out */
	struct span name;      /* goes in its place where the image is in no registry; or empty */
	const struct signing_annotation *annotations;
	size_t annotation_count;
};

/* All in the arena. */
struct sign_result {
	struct span payload;   /* legacy: the layer's bytes (codec/simple_signing.h) */
	struct span signature; /* legacy: base64, for the layer's annotation */
	struct span bundle;    /* v0.3: a DSSE envelope with a statement of INTOTO_PREDICATE_SIGN */
};

struct attest_result {
	struct span statement; /* what was signed */
	struct span envelope;  /* DSSE, for .att */
	struct span bundle;    /* v0.3 */
};

/* ERR_USAGE for a reference or a key that cannot be used, ERR_INVALID for annotations. */
int sign_image(const struct sign_image *image, const struct key *key, struct arena *arena,
	       struct sign_result *ret, struct err *err);

/*
 * Attests `predicate` (borrowed) of an image; its reference is the subject's name, and may be
 * empty. Annotations go to the subject.
 */
int sign_predicate(const struct sign_image *image, struct span predicate_type, json_t *predicate,
		   const struct key *key, struct arena *arena, struct attest_result *ret,
		   struct err *err);

/* Signs an in-toto statement that is there already, byte for byte. */
int sign_statement(struct span statement, const struct key *key, struct arena *arena,
		   struct attest_result *ret, struct err *err);
