/* SPDX-License-Identifier: Apache-2.0 */
/* package.json of an installed npm package. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct package_json {
	struct span name; /* "@scope/name"; empty: it states none, as many that are no package's */
	struct span version; /* likewise */
	struct span licence; /* an SPDX expression, or what stands in the place of one */
	struct span depends; /* names in `dependencies`, parted by blanks */
};

/*
 * ERR_INVALID: no JSON object, a name or a version that none can be. ERR_LIMIT over
 * LANGUAGE_RECORD_MAX. ERR_MEMORY.
 */
int package_json_read(struct span text, struct arena *arena, struct package_json *ret,
		      struct err *err);
