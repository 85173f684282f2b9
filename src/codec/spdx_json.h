/* SPDX-License-Identifier: Apache-2.0 */
/* struct sbom -> SPDX 2.3 JSON (spdx.github.io/spdx-spec/v2.3). docs/sbom.md */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/sbom.h"

/* Indented, sorted keys, a final newline; the same record gives the same bytes. ERR_MEMORY. */
int spdx_write(const struct sbom *sbom, struct arena *arena, struct span *ret, struct err *err);
