/* SPDX-License-Identifier: Apache-2.0 */
/* What readers of CycloneDX 1.4 to 1.7 (ECMA-424 is 1.6) share. */
#pragma once

#include "base/err.h"
#include "codec/json.h"

struct cyclonedx_document {
	struct span format; /* "CycloneDX 1.6" */
	json_t *components; /* a list, or NULL; the others may be anything */
	json_t *metadata;
	json_t *vulnerabilities;
	json_t *compositions;
};

/*
 * A document's members, which are borrowed; texts go to `arena`. ERR_INVALID: no CycloneDX, or
 * components that are no list. ERR_UNSUPPORTED: another version.
 */
int cyclonedx_read(const json_t *json, struct arena *arena, struct cyclonedx_document *ret,
		   struct err *err);

/*
 * One component; *ret_inner: the list of those inside it, NULL for none. Not 0 ends the walk.
 */
typedef int cyclonedx_visitor(void *context, const json_t *component, json_t **ret_inner,
			      struct err *err);

/*
 * Each component of a list, and those inside before the next one. Without recursion; ERR_LIMIT
 * over SBOM_DEPTH_MAX.
 */
int cyclonedx_walk(const json_t *list, cyclonedx_visitor *each, void *context, struct err *err);
