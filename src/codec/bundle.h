/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigstore bundles (sigstore/protobuf-specs: protos/sigstore_bundle.proto, as protojson): v0.3
 * with a key is written, v0.1 to v0.3 are read. Pure; nothing is verified here.
 */
#pragma once

#include "base/digest.h"
#include "codec/dsse.h"

#define BUNDLE_MEDIA_TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"

enum bundle_material {
	BUNDLE_PUBLIC_KEY,
	BUNDLE_CERTIFICATE,
	BUNDLE_CERTIFICATES, /* a chain; not in v0.3 */
};

enum bundle_content {
	BUNDLE_DSSE,
	BUNDLE_MESSAGE, /* signature over bytes that are elsewhere */
};

struct bundle {
	uint32_t version; /* 1, 2, 3: of v0.1 to v0.3 */
	enum bundle_material material;
	struct span hint; /* base64 of SHA-256 of the key's SPKI, as cosign writes it; may be
			     empty */
	enum bundle_content content;
	struct dsse envelope;  /* BUNDLE_DSSE: with exactly one signature */
	struct span signature; /* BUNDLE_MESSAGE */
	struct digest digest;  /* BUNDLE_MESSAGE: of the message, when has_digest */
	bool has_digest;
	uint32_t log_entries; /* transparency log; not looked into */
	uint32_t timestamps;  /* RFC 3161; not looked into */
};

/*
 * Unknown members are ignored. ERR_INVALID also for none or several of what there must be one of
 * (signature, content, key or certificate) and for a keyid that is not the hint, ERR_UNSUPPORTED
 * (another media type, another digest algorithm), ERR_LIMIT. All is copied to `arena`.
 */
int bundle_read(struct span text, struct arena *arena, struct bundle *ret, struct err *err);

/* Writes v0.3 with `hint`, whatever `version` says. ERR_UNSUPPORTED for other than a key. */
int bundle_write(const struct bundle *bundle, struct arena *arena, struct span *ret,
		 struct err *err);
