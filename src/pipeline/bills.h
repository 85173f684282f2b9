/* SPDX-License-Identifier: Apache-2.0 */
/* The bills of materials of a run, beside its evidence. docs/sbom.md */
#pragma once

#include "pipeline/pipeline.h"

/*
 * Writes sbom.spdx.json and sbom.cdx.json of the hardened image to the folder. Without one, those
 * of an earlier run are removed, so that they are not taken for this one's.
 */
int bills_write(const struct subject *hardened, const char *folder, struct err *err);
