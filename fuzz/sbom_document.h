/* SPDX-License-Identifier: Apache-2.0 */
/* A document of one format: what is read becomes an inventory, and that comes back from bytes. */
#pragma once

#include "base/limits.h"
#include "codec/record_bytes.h"
#include "codec/sbom_document.h"
#include "stage/sbom_document/taking.h"
#include "starved.h"

#include <stdlib.h>

static inline void
fuzz_inventory(const struct sbom_document *document, struct arena *arena, struct buf *bytes)
{
	struct inventory *inventory;
	struct inventory *again;
	struct err err = ERR_INIT;
	int r = taking_inventory(document, arena, &inventory, &err);

	if (r == 0)
		r = inventory_bytes_put(inventory, bytes, &err);
	if (r == 0)
		r = inventory_bytes_get(buf_span(bytes), 0, arena, &again, &err);
	if (r == 0 ? again->component_count != inventory->component_count ||
			     again->gaps.count != inventory->gaps.count
		   : r != -ERR_LIMIT && !starved())
		abort();
}

static inline void
fuzz_sbom_document(struct span text, struct span format)
{
	struct arena *arena = arena_new(0);
	struct buf bytes = {.max = ANALYSIS_RESULT_MAX};
	struct err err = ERR_INIT;
	struct sbom_document *document = NULL;

	if (arena && sbom_document_read(text, &document, &err) == 0 &&
	    span_starts_with(document->format, format))
		fuzz_inventory(document, arena, &bytes);
	sbom_document_free(document);
	buf_cleanup(&bytes);
	arena_free(arena);
}
