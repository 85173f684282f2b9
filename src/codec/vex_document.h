/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VEX documents read: what somebody says of vulnerabilities in products. One record for OpenVEX
 * 0.2.0, CycloneDX 1.4 to 1.7 and CSAF 2.0. docs/reports.md says what follows from a statement.
 */
#pragma once

#include "codec/openvex.h"

/*
 * A product's `purl` is what the document states as such; its `id` may be a package URL too, and
 * either of them may be meant. Products without any are left in: they match nothing.
 */
struct vex_statement {
	struct span_list names; /* of the vulnerability: its own and its aliases; at least one */
	enum openvex_status status;
	struct span reason; /* justification and words, for people; may be empty */
	int64_t timestamp;  /* seconds since 1970; the document's when it has none; 0: unknown */
	struct openvex_product *products;
	size_t product_count;
};

struct vex_document {
	struct span format;		  /* "OpenVEX", "CycloneDX 1.6", "CSAF" */
	struct span author;		  /* may be empty */
	struct vex_statement *statements; /* in the order of the document */
	size_t count;
};

/*
 * Strings go to `arena`. ERR_INVALID names the statement; ERR_UNSUPPORTED: another format or
 * version; ERR_LIMIT: VEX_STATEMENTS_MAX, VEX_PRODUCTS_MAX, VEX_BRANCH_DEPTH; ERR_MEMORY.
 */
int vex_document_read(struct span text, struct arena *arena, struct vex_document *ret,
		      struct err *err);
