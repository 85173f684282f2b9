/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What refers to an image: signatures, attestations, SBOMs, as manifests that name it as their
 * subject (OCI image-spec and distribution-spec 1.1). docs/registry.md
 */
#pragma once

#include "base/vec.h"
#include "codec/oci_referrers.h"
#include "port/depot.h"

struct referrers_entry {
	struct digest subject;
	struct oci_descriptor descriptor;
};

/* Documents for the image at one of cosign's tags of a subject. */
struct referrers_layers {
	struct digest subject;
	const char *suffix;   /* ".sig", ".att", ".sbom" */
	struct span original; /* manifest to write where there is none yet, all it names being
				 there; empty: a new one */
	const struct oci_descriptor *layers; /* whose blobs are there */
	size_t count;
};

/*
 * What is put but not yet listed, so that each list is written once. Start with {0}. Manifests
 * live in its own arena; what referrers_layers point at is borrowed until it is cleaned up.
 */
struct referrers_batch {
	struct arena *arena;
	VEC(struct referrers_entry) entries;
	VEC(struct referrers_layers) layers;
};

void referrers_batch_cleanup(struct referrers_batch *batch);

/*
 * Puts a manifest whose blobs are there; it must have a subject (ERR_INVALID). Where the place
 * keeps no list of its own, it is listed by referrers_commit() only.
 */
int referrers_put(struct depot *depot, struct span document, struct span media_type,
		  struct referrers_batch *batch, struct err *err);

/* Puts an artifact beside its image: blobs and manifest. */
int referrers_put_artifact(struct depot *depot, const struct oci_write_artifact *artifact,
			   struct referrers_batch *batch, struct err *err);

int referrers_add_layers(const struct referrers_layers *layers, struct referrers_batch *batch,
			 struct err *err);

/*
 * Writes the lists of each subject: cosign's attestations and SBOMs, the index of the fallback
 * tag, and last cosign's signatures, so that what is signed has its attestations. Others that do
 * the same at the same time lose nothing.
 */
int referrers_commit(struct depot *depot, const struct referrers_batch *batch, struct err *err);

/*
 * All that is known to refer to `subject`: the place's own list and the fallback tag's together,
 * each once. `artifact_type` empty: of any type. What cannot be asked is an error, never an empty
 * list. Results go to `arena`.
 */
int referrers_list(struct depot *depot, const struct digest *subject, struct span artifact_type,
		   struct arena *arena, struct oci_descriptor **ret, size_t *ret_count,
		   struct err *err);
