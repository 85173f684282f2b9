/* SPDX-License-Identifier: Apache-2.0 */
#include "model/sbom_document.h"

void
sbom_document_free(struct sbom_document *document)
{
	if (document)
		arena_free(document->arena); /* holds *document itself */
}

void
sbom_document_cleanup(struct sbom_document **document)
{
	sbom_document_free(*document);
	*document = NULL;
}
