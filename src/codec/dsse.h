/* SPDX-License-Identifier: Apache-2.0 */
/* DSSE v1.0.2 envelopes (secure-systems-lab/dsse: protocol.md, envelope.md). Pure. */
#pragma once

#include "codec/json.h"

#define DSSE_MEDIA_TYPE	    "application/vnd.dsse.envelope.v1+json"
#define DSSE_TYPE_STATEMENT "application/vnd.in-toto+json"

struct dsse_signature {
	struct span keyid; /* empty: unset */
	struct span bytes;
};

struct dsse {
	struct span payload; /* decoded: what was signed, byte for byte */
	struct span payload_type;
	struct dsse_signature *signatures;
	size_t count; /* at least 1 after reading */
};

/* What is signed: "DSSEv1" SP length SP type SP length SP body (protocol.md, "PAE"). */
int dsse_pae(struct span type, struct span body, struct arena *arena, struct span *ret,
	     struct err *err);

/*
 * Unknown members are ignored, payload and signatures may be in either base64 alphabet.
 * ERR_INVALID, ERR_LIMIT (ENVELOPE_SIGNATURES_MAX, SIGNATURE_MAX). All is copied to `arena`.
 */
int dsse_read_json(const json_t *json, struct arena *arena, struct dsse *ret, struct err *err);

/* The same from text; ERR_LIMIT over BUNDLE_MAX. */
int dsse_read(struct span text, struct arena *arena, struct dsse *ret, struct err *err);

/* A new reference. An empty keyid is left out. */
int dsse_json(const struct dsse *envelope, struct arena *arena, json_t **ret, struct err *err);
int dsse_write(const struct dsse *envelope, struct arena *arena, struct span *ret, struct err *err);
