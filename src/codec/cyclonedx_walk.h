/* SPDX-License-Identifier: Apache-2.0 */
/* The components of a CycloneDX document, which may hold others inside. */
#pragma once

#include "base/err.h"
#include "codec/json.h"

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
