/* SPDX-License-Identifier: Apache-2.0 */
/* In-toto Statements (in-toto/attestation: spec/v1/statement.md): v1 written, v0.1 read too. */
#pragma once

#include "base/digest.h"
#include "codec/json.h"

#define INTOTO_STATEMENT_V1  "https://in-toto.io/Statement/v1"
#define INTOTO_STATEMENT_V01 "https://in-toto.io/Statement/v0.1"
/* What cosign v3 writes for a signature on an image. */
#define INTOTO_PREDICATE_SIGN "https://sigstore.dev/cosign/sign/v1"

struct intoto_annotation {
	struct span name;
	struct span value;
};

/* What is said something of; told apart by its digest only, the name is for people. */
struct intoto_subject {
	struct span name; /* may be empty */
	struct digest digest;
	bool has_digest; /* false: it has other digests than sha256 */
	struct intoto_annotation *annotations;
	size_t annotation_count;
};

struct intoto_statement {
	struct intoto_subject *subjects;
	size_t subject_count; /* at least 1 */
	struct span predicate_type;
	bool old; /* v0.1; never written */
};

/*
 * Reads a payload. The predicate goes to *ret_predicate as a new reference, NULL where there is
 * none; ret_predicate may be NULL. Annotations that are no strings are not kept. ERR_INVALID
 * (also a subject without any digest), ERR_LIMIT, ERR_UNSUPPORTED (another type of statement).
 */
int intoto_read(struct span payload, struct arena *arena, struct intoto_statement *ret,
		json_t **ret_predicate, struct err *err);

/*
 * Compact v1 text without a newline. `predicate` is borrowed; NULL: an empty object. ERR_INVALID
 * without subjects, digests or a predicate type, ERR_MEMORY.
 */
int intoto_write(const struct intoto_statement *statement, json_t *predicate, struct arena *arena,
		 struct span *ret, struct err *err);

/* The subject with this digest, or NULL. */
const struct intoto_subject *intoto_find(const struct intoto_statement *statement,
					 const struct digest *digest);
