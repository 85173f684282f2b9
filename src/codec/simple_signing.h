/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The payload of a cosign signature on an image (sigstore/sigstore:
 * pkg/signature/payload/payload.go): compact, members in this order, as Go's encoding/json writes
 * it. What is signed is these bytes, so a reader keeps them and never writes them anew. Pure.
 */
#pragma once

#include "base/digest.h"
#include "codec/json.h"

#define SIMPLE_SIGNING_MEDIA_TYPE "application/vnd.dev.cosign.simplesigning.v1+json"
#define SIMPLE_SIGNING_TYPE	  "cosign container image signature"

struct signing_annotation {
	struct span name;
	struct span value;
};

struct simple_signing {
	struct span reference; /* "registry.example.com/shop/frontend", without a tag */
	struct digest digest;  /* of the manifest */
	struct signing_annotation *annotations; /* by name, byte order */
	size_t annotation_count;		/* 0: "optional" is null */
};

/* ERR_INVALID for text that is not UTF-8 and for annotations out of order or doubled. */
int simple_signing_write(const struct simple_signing *payload, struct arena *arena,
			 struct span *ret, struct err *err);

/*
 * Names of members in any case, as Go reads them, but never twice. Annotations that are no
 * strings are kept as their JSON text. ERR_INVALID, ERR_UNSUPPORTED (another type or digest
 * algorithm), ERR_LIMIT over SIGNING_PAYLOAD_MAX.
 */
int simple_signing_read(struct span text, struct arena *arena, struct simple_signing *ret,
			struct err *err);
