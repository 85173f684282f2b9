/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed documents beside an image, where cosign keeps and looks for them: v0.3 bundles as
 * referrers, and layers of the images at the tags ".sig" and ".att". docs/trust.md
 */
#pragma once

#include "model/gap.h"
#include "port/referrers.h"

/* Formats, ORed. */
enum {
	SIGNATURES_LEGACY = 1, /* ".sig", ".att" */
	SIGNATURES_BUNDLE = 2, /* referrers */
};

/* A signature or an attestation in its forms; empty spans: not in that one. */
struct signature_put {
	struct span predicate_type; /* of the bundle's statement */
	struct span bundle;
	struct span payload;   /* of a signature: simple signing */
	struct span signature; /* and its base64 */
	struct span envelope;  /* of an attestation: DSSE */
};

/*
 * Puts them there; they are listed once the batch is committed, and `batch` borrows from `arena`
 * until then. `created`: seconds since 1970, for the referrers' annotations.
 */
int signatures_put(struct depot *depot, const struct oci_descriptor *subject,
		   const struct signature_put *items, size_t count, int64_t created,
		   struct arena *arena, struct referrers_batch *batch, struct err *err);

enum signature_form {
	SIGNATURE_PAYLOAD,  /* simple signing, with `signature` */
	SIGNATURE_ENVELOPE, /* DSSE */
	SIGNATURE_BUNDLE,
};

struct signature_document {
	enum signature_form form;
	struct span content;   /* as stored; its digest was checked */
	struct span signature; /* base64; may be empty where it is lacking */
	struct span place;     /* for people: "sha256-12ab....sig, layer 1" */
};

/* Something beside the image that nobody signed, as an SBOM attached with oras. */
struct signature_artifact {
	struct span type;      /* of the artifact */
	struct digest content; /* of its only layer */
	struct span place;
};

struct signature_list {
	struct signature_document *documents;
	size_t count;
	struct signature_artifact *artifacts;
	size_t artifact_count;
	struct gap_list gaps; /* what is named and could not be had, or is over a limit */
};

/*
 * All there is of an image. What is broken is a gap; a place that does not answer is an error.
 * Everything returned lives in `arena`.
 */
int signatures_list(struct depot *depot, const struct digest *subject, struct arena *arena,
		    struct signature_list *ret, struct err *err);
