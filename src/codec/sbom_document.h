/* SPDX-License-Identifier: Apache-2.0 */
/* Bills of materials in JSON, from any tool: SPDX 2.2 and 2.3, CycloneDX 1.4 to 1.7. */
#pragma once

#include "base/err.h"
#include "model/sbom_document.h"

/*
 * Which format it is, the members of the document say. ERR_UNSUPPORTED: another format or version;
 * ERR_INVALID: not JSON, both formats at once, a member of another type than its format says;
 * ERR_LIMIT: SBOM_DOCUMENT_MAX, SBOM_ITEMS_MAX, SBOM_DEPTH_MAX.
 */
int sbom_document_read(struct span text, struct sbom_document **ret, struct err *err);

/* Whether it is worth a try, without reading it: JSON with the member that one of them needs. */
bool sbom_document_likely(struct span text);
