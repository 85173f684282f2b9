/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that waited into the database. */
#pragma once

#include "port/advisories/builder.h"

/*
 * Writes what waits in builder->batch and empties it. ERR_INVALID: something is to be removed that
 * is not there. ERR_LIMIT: ADVISORY_PACK_MAX.
 */
int settle_batch(struct advisories_builder *builder, struct err *err);
