/* SPDX-License-Identifier: Apache-2.0 */
/* struct evidence -> evidence.json (data/schema/evidence.json). docs/evidence.md */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/evidence.h"

#define EVIDENCE_SCHEMA "https://mohs.dev/schema/evidence/v1"

/*
 * The document: indented, sorted keys, a final newline; the same records give the same bytes.
 * A step that was not done is null, never an empty list. ERR_MISMATCH: plan or inventory do not
 * belong to the image. ERR_MEMORY.
 */
int evidence_write(const struct evidence *evidence, struct arena *arena, struct span *ret,
		   struct err *err);
