/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenVEX 0.2.0 (openvex/spec: OPENVEX-SPEC.md): what is said of vulnerabilities in products, as
 * a record and as JSON. docs/openvex.md says what mohs states and when.
 */
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "codec/json.h"

#define OPENVEX_CONTEXT "https://openvex.dev/ns/v0.2.0"

enum openvex_status {
	OPENVEX_NOT_AFFECTED,
	OPENVEX_UNDER_INVESTIGATION,
	OPENVEX_AFFECTED,
	OPENVEX_FIXED,
	OPENVEX_STATUSES,
};

const char *openvex_status_name(enum openvex_status status); /* "not_affected" */

enum openvex_justification {
	OPENVEX_NO_JUSTIFICATION,
	OPENVEX_COMPONENT_NOT_PRESENT,
	OPENVEX_CODE_NOT_PRESENT,
	OPENVEX_CODE_NOT_EXECUTED, /* vulnerable_code_not_in_execute_path */
	OPENVEX_CODE_NOT_CONTROLLED,
	OPENVEX_MITIGATED,
	OPENVEX_JUSTIFICATIONS,
};

struct openvex_component {
	struct span id;	  /* an IRI: a package URL */
	struct span purl; /* identifiers.purl; may be empty */
	struct digest sha256;
	bool has_sha256;
};

struct openvex_product {
	struct openvex_component component;
	struct openvex_component *subcomponents; /* 0: of the product as a whole */
	size_t subcomponent_count;
};

struct openvex_statement {
	struct span vulnerability;
	enum openvex_status status;
	enum openvex_justification justification; /* of OPENVEX_NOT_AFFECTED */
	struct span impact;			  /* these may be empty */
	struct span action;			  /* but this one not where status is affected */
	struct span notes;
	struct openvex_product *products;
	size_t product_count;
};

struct openvex {
	struct span author;
	struct span role; /* may be empty */
	struct span tooling;
	int64_t timestamp; /* seconds since 1970 */
	struct openvex_statement *statements;
	size_t statement_count; /* at least 1: the schema has no document that says nothing */
};

/*
 * The document, a new reference. Its @id is made of the digest of all the rest, so that the same
 * record is the same document. ERR_INVALID without statements, ERR_MEMORY.
 */
int openvex_write(const struct openvex *vex, json_t **ret, struct err *err);
