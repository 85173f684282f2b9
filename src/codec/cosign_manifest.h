/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image at one of cosign's tags ("sha256-HEX.sig", ".att", ".sbom"): one layer a document, and
 * a config that names the layers (sigstore/cosign: specs/SIGNATURE_SPEC.md). Pure.
 */
#pragma once

#include "codec/oci.h"

#define COSIGN_ANNOTATION_SIGNATURE "dev.cosignproject.cosign/signature"
#define COSIGN_ANNOTATION_PREDICATE "predicateType"

/* All in the arena. */
struct cosign_manifest {
	struct span manifest;
	struct span config;
	bool changed; /* false: every layer was there; the texts are empty */
};

/*
 * `before` (empty: none yet) with these layers behind its own. A layer of the same digest and
 * annotations is there already. ERR_INVALID, ERR_LIMIT over LAYERS_MAX.
 */
int cosign_manifest_add(struct span before, const struct oci_descriptor *layers, size_t count,
			struct arena *arena, struct cosign_manifest *ret, struct err *err);
