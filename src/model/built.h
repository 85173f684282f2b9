/* SPDX-License-Identifier: Apache-2.0 */
/* The hardened image as written: digests, sizes, and where. */
#pragma once

#include "model/image.h"

struct built {
	struct arena *arena;
	struct digest manifest_digest;
	struct digest config_digest;
	struct digest layer_digest;
	struct digest diff_id;
	uint64_t layer_size;	/* compressed bytes */
	uint64_t inflated;	/* tar bytes */
	struct span media_type; /* of the layer */
	struct span manifest;	/* documents, byte for byte */
	struct span config;
	struct span layer_path; /* file that is the compressed layer; empty: inside an archive */
	struct span reference;	/* "oci:out/image:hardened": opens with image_open */
};

void built_free(struct built *built);
void built_cleanup(struct built **built);
