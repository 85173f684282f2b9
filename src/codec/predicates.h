/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mohs attests of a run: one row a document, made from the evidence. docs/predicates.md says
 * what each of them says, and what it does not.
 */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "codec/json.h"
#include "model/evidence.h"
#include "model/proof.h"

#define PREDICATE_HARDENING   PROOF_HARDENING
#define PREDICATE_VULN	      "https://cosign.sigstore.dev/attestation/vuln/v1"
#define PREDICATE_VULNS	      "https://in-toto.io/attestation/vulns/v0.2"
#define PREDICATE_TEST_RESULT "https://in-toto.io/attestation/test-result/v0.1"
#define PREDICATE_PROVENANCE  "https://slsa.dev/provenance/v1"
#define PREDICATE_OPENVEX     "https://openvex.dev/ns"

/* The subject is the hardened image: evidence->after.image, else what evidence->built says. */
struct predicate_context {
	const struct evidence *evidence;
	struct span repository; /* "registry.example.com/shop/frontend"; empty: of no registry */
	int64_t started;	/* of the run, seconds since 1970; 0: not known */
	/* Of the files' bytes; NULL: not known. */
	const struct digest *profile_file;
	const struct digest *service_file;
};

struct predicate_writer;

struct predicate {
	const char *name; /* for --type: "hardening", "vuln", "vulns", "test-result" ... */
	const char *type; /* predicate type, a URI */
	json_t *(*write)(struct predicate_writer *writer); /* for predicate_make() alone */
};

/* Ends with a row without a name. */
extern const struct predicate predicates[];

/* By name or by type; NULL when there is none. */
const struct predicate *predicate_find(struct span name);

/*
 * The predicate, a new reference, or NULL in *ret (and 0) where the step it tells of was not done:
 * there is nothing to attest then. An attestation lies beside the image for everybody to read:
 * commands of loads and tests, environments and messages of failed tests are in none of them.
 * ERR_MISMATCH: records that do not belong together. ERR_MEMORY.
 */
int predicate_make(const struct predicate *predicate, const struct predicate_context *context,
		   json_t **ret, struct err *err);
