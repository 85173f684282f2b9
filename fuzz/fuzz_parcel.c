/* SPDX-License-Identifier: Apache-2.0 */
/* The file an advisory database travels in, and the documents about it. */
#include "codec/advisory_origin.h"
#include "codec/database_artifact.h"
#include "codec/parcel.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
read_span(void *context, uint64_t offset, void *p, size_t n, struct err *err)
{
	const struct span *text = context;

	(void)err;
	if (offset > text->n || n > text->n - offset)
		abort();
	memcpy(p, text->p + offset, n);
	return 0;
}

/* What was read is all there is, and written the same way again. */
static void
check_parcel(struct span text, const struct parcel *parcel)
{
	uint64_t at = 0;

	for (enum parcel_part part = 0; part < PARCEL_PARTS; part++) {
		struct parcel_extent extent = parcel->parts[part];
		char header[PARCEL_BLOCK];
		struct err err = ERR_INIT;

		if (extent.size == 0)
			continue;
		if (extent.offset != at + PARCEL_BLOCK ||
		    parcel_header(part, extent.size, header, &err) < 0 ||
		    memcmp(header, text.p + at, sizeof(header)) != 0)
			abort();
		at = extent.offset + extent.size + parcel_padding(extent.size).n;
	}
	if (at + parcel_end().n != text.n)
		abort();
}

static void
check_origin(struct span text, struct arena *arena)
{
	struct advisory_origin origin;
	struct advisory_origin again;
	struct err err = ERR_INIT;
	struct span out;

	if (advisory_origin_read(text, arena, &origin, &err) < 0 ||
	    origin.kind == ADVISORY_MADE_HERE)
		return;
	(void)advisory_origin_text(&origin, arena);
	if (advisory_origin_write(&origin, arena, &out, &err) < 0)
		return;
	if (advisory_origin_read(out, arena, &again, &err) < 0 && !starved())
		abort();
}

static void
check_documents(struct span text, struct arena *arena)
{
	struct database_statement statement;
	struct database_artifact artifact;
	struct err err = ERR_INIT;
	struct span out;

	if (database_statement_read(text, arena, &statement, &err) == 0 &&
	    database_statement_write(&statement, arena, &out, &err) == 0 &&
	    database_statement_read(out, arena, &statement, &err) < 0 && !starved())
		abort();
	(void)database_artifact_read(text, SPAN(""), arena, &artifact, &err);
	check_origin(text, arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct parcel parcel;
	struct err err = ERR_INIT;

	if (!arena)
		return 0;
	if (parcel_read(read_span, &text, size, &parcel, &err) < 0) {
		check_documents(text, arena);
	} else {
		struct parcel_extent extent = parcel.parts[PARCEL_STATEMENT];

		check_parcel(text, &parcel);
		check_documents(span_slice(text, extent.offset, extent.offset + extent.size),
				arena);
	}
	arena_free(arena);
	return 0;
}
