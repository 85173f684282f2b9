/* SPDX-License-Identifier: Apache-2.0 */
/* What a Python distribution says of itself: METADATA, PKG-INFO (core metadata, as of 1.0). */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct python_metadata {
	struct span name;    /* as written: "zope.interface" */
	struct span version; /* "6.0" */
	struct span licence; /* License-Expression, else License, else a classifier; may be empty */
	struct span requires; /* names as PEP 503 has them, parted by blanks, without extras' */
};

/*
 * Reads the headers; what follows the first empty line is a description. ERR_INVALID: no Name or
 * Version, twice the same of them, or one that no distribution can have. ERR_LIMIT over
 * LANGUAGE_RECORD_MAX. ERR_MEMORY.
 */
int python_metadata_read(struct span text, struct arena *arena, struct python_metadata *ret,
			 struct err *err);
