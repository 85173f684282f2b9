/* SPDX-License-Identifier: Apache-2.0 */
/* An image from one place to another, byte for byte, with all that refers to it. */
#pragma once

#include "port/depot.h"

struct copy_result {
	struct digest digest; /* of the image */
	unsigned manifests;   /* images and indexes, those at cosign's tags among them */
	unsigned referrers;   /* of any depth */
	unsigned blobs;	      /* whose bytes were moved */
	unsigned mounted;     /* taken over inside the registry */
	unsigned there;	      /* were there already */
	uint64_t bytes;	      /* moved */
};

/*
 * The image `from` names, under the tag `to` names (none: by digest only). Order: blobs, manifests,
 * what refers to them, the tag. `to` with a digest: the image must have it (ERR_MISMATCH).
 */
int copy_image(struct depot *from, struct depot *to, struct copy_result *ret, struct err *err);
