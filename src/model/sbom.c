/* SPDX-License-Identifier: Apache-2.0 */
#include "model/sbom.h"

void
sbom_free(struct sbom *sbom)
{
	if (sbom)
		arena_free(sbom->arena); /* holds *sbom itself */
}

void
sbom_cleanup(struct sbom **sbom)
{
	sbom_free(*sbom);
	*sbom = NULL;
}
