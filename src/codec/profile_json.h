/* SPDX-License-Identifier: Apache-2.0 */
/* profile.json (data/schema/profile.json) <-> struct profile. */
#pragma once

#include "codec/json.h"
#include "model/profile.h"

#define PROFILE_SCHEMA "https://mohs.dev/schema/profile/v1"

/*
 * The document, keys sorted. Paths that are not UTF-8 are written as {"hex": "2f66ff"}: a path
 * comes back byte for byte.
 */
int profile_json_write(const struct profile *profile, struct arena *arena, struct span *ret,
		       struct err *err);

/*
 * Reads one back. ERR_INVALID: malformed, paths not in order, a phase that is not there;
 * ERR_UNSUPPORTED: another schema version; ERR_LIMIT.
 */
int profile_json_read(struct span text, struct profile **ret, struct err *err);
