/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures, attestations and plain documents of one image, made first and stored together: what
 * `mohs sign`, `mohs attest` and `mohs run` do. docs/trust.md
 */
#pragma once

#include "codec/json.h"
#include "port/keys.h"
#include "port/signatures.h"
#include "stage/sign.h"

struct signing_options {
	struct span reference; /* registry reference or oci:DIR[:TAG] */
	struct span identity;  /* what the image is called in what is signed: REGISTRY/REPOSITORY;
				  empty: the reference's, else the name of the layout's folder */
	const struct key *key; /* NULL: nothing can be signed */
	unsigned formats;      /* SIGNATURES_LEGACY, SIGNATURES_BUNDLE */
	const struct signing_annotation *annotations; /* of the signature */
	size_t annotation_count;
	int64_t created; /* seconds since 1970 */
	struct depot_options depot;
};

struct signing;

/* Finds the image. The options' texts and key are borrowed. ERR_USAGE, ERR_NOT_FOUND, ... */
int signing_open(const struct signing_options *options, struct signing **ret, struct err *err);
void signing_free(struct signing *signing);
void signing_cleanup(struct signing **signing);

const struct oci_descriptor *signing_subject(const struct signing *signing);
/* What the image is called in what is signed. */
struct span signing_identity(const struct signing *signing);
struct depot *signing_depot(const struct signing *signing);

/* Nothing is stored by these three. */
int signing_sign(struct signing *signing, struct err *err);
int signing_attest(struct signing *signing, struct span predicate_type, json_t *predicate,
		   struct err *err);
/* A document as it is, with its media type as the artifact's; `content` is borrowed. */
int signing_attach(struct signing *signing, struct span media_type, struct span content,
		   struct err *err);

/* Puts all there, and lists it; signatures last. */
int signing_store(struct signing *signing, struct err *err);

/* How many signatures and attestations were made. */
size_t signing_count(const struct signing *signing);
