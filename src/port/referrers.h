/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What refers to an image: signatures, attestations, SBOMs, as manifests that name it as their
 * subject (OCI image-spec and distribution-spec 1.1). docs/registry.md
 */
#pragma once

#include "codec/oci_referrers.h"
#include "port/depot.h"

/*
 * Puts an artifact beside an image: its blobs, its manifest, and, where the place keeps no list of
 * its own, its entry in the index of the fallback tag. Others that do the same at the same time
 * lose nothing. *ret: the manifest, in the depot's arena.
 */
int referrers_attach(struct depot *depot, const struct oci_write_artifact *artifact,
		     struct oci_descriptor *ret, struct err *err);

/* The same for a manifest whose blobs are there; it must have a subject (ERR_INVALID). */
int referrers_put(struct depot *depot, struct span document, struct span media_type,
		  struct err *err);

/*
 * All that is known to refer to `subject`: the place's own list and the fallback tag's together,
 * each once. `artifact_type` empty: of any type. What cannot be asked is an error, never an empty
 * list. Results go to `arena`.
 */
int referrers_list(struct depot *depot, const struct digest *subject, struct span artifact_type,
		   struct arena *arena, struct oci_descriptor **ret, size_t *ret_count,
		   struct err *err);
