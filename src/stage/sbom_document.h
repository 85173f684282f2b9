/* SPDX-License-Identifier: Apache-2.0 */
/* bill of materials -> inventory, as of an image but without paths and owners. docs/sbom.md */
#pragma once

#include "base/err.h"
#include "model/inventory.h"

/*
 * Reads the bytes of a document, in a confined child. `reference`: how it was asked for. What
 * cannot be matched is a gap by name. Errors of sbom_document_read() and confine_run().
 */
int sbom_document_inventory(struct span text, struct span reference, struct inventory **ret,
			    struct err *err);
