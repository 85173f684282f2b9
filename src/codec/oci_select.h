/* SPDX-License-Identifier: Apache-2.0 */
/* The way from an index to the manifest for a platform. OCI image-spec 1.1: image-index.md. */
#pragma once

#include "codec/oci.h"

/* Brings a document by its descriptor; its bytes are checked by the caller. */
struct oci_fetch {
	void *context;
	int (*document)(void *context, const struct oci_descriptor *descriptor, struct arena *arena,
			struct span *ret, struct err *err);
};

struct oci_selected {
	struct span document; /* the manifest, byte for byte, in the arena */
	struct digest digest; /* of these bytes */
	struct oci_manifest manifest;
	bool has_platform; /* an index said so; else only the config knows */
	struct oci_platform platform;
};

/*
 * From a top document (index or manifest) to the manifest for a platform, through nested indexes.
 * Every document fetched is checked against its descriptor's size and digest (ERR_DIGEST).
 * ERR_NOT_FOUND lists what the index offers; ERR_UNSUPPORTED when the manifest is no image.
 */
int oci_select(struct span top, struct span media_type, const struct oci_platform *wanted,
	       const struct oci_fetch *fetch, struct arena *arena, struct oci_selected *ret,
	       struct err *err);
