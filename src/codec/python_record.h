/* SPDX-License-Identifier: Apache-2.0 */
/* RECORD of a Python distribution: what was installed, as CSV (PEP 376, PEP 427). */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct python_record_line {
	struct span text;   /* as it stands in the file, with its end of line */
	struct span path;   /* relative to the folder that holds the .dist-info; may be empty */
	struct span digest; /* "sha256=..."; may be empty */
};

/*
 * The next line; *ret_more is false at the end. All texts together are the file. A path in quotes
 * with quotes in it goes to `arena`. ERR_INVALID when a quoted field does not end. ERR_MEMORY.
 */
int python_record_next(struct span *rest, struct arena *arena, struct python_record_line *ret,
		       bool *ret_more, struct err *err);

enum { PYTHON_DIGEST_BYTES = 20 };

/* The first bytes of a digest by SHA-256; false: it is another one, or none. */
bool python_record_digest(struct span digest, uint8_t ret[PYTHON_DIGEST_BYTES]);
