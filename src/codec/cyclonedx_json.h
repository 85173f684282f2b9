/* SPDX-License-Identifier: Apache-2.0 */
/* struct sbom -> CycloneDX JSON (ECMA-424, cyclonedx.org). docs/sbom.md */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "codec/json.h"
#include "model/sbom.h"

enum cyclonedx_version {
	CYCLONEDX_1_5, /* the newest many readers in use take */
	CYCLONEDX_1_6,
};

/* Indented, sorted keys, a final newline; the same record gives the same bytes. ERR_MEMORY. */
int cyclonedx_write(const struct sbom *sbom, enum cyclonedx_version version, struct arena *arena,
		    struct span *ret, struct err *err);

/*
 * The same document as a new reference, and the bom-ref of each of sbom->components, in `arena`:
 * for who has more to say of them. ERR_MEMORY.
 */
int cyclonedx_make(const struct sbom *sbom, enum cyclonedx_version version, struct arena *arena,
		   json_t **ret, struct span **ret_refs, struct err *err);
