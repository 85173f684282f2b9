/* SPDX-License-Identifier: Apache-2.0 */
/* What is read is written, and read again as the same. */
#include "codec/purl.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
same(const struct purl *a, const struct purl *b)
{
	bool good = span_equal(a->type, b->type) && span_equal(a->space, b->space) &&
		    span_equal(a->name, b->name) && span_equal(a->version, b->version) &&
		    span_equal(a->subpath, b->subpath) && a->qualifier_count == b->qualifier_count;

	for (size_t i = 0; good && i < a->qualifier_count; i++)
		good = span_equal(purl_qualifier(b, a->qualifiers[i].key), a->qualifiers[i].value);
	return good;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct err err = ERR_INIT;
	struct purl purl;
	struct purl again;
	struct span written;

	if (!arena)
		return 0;
	if (purl_parse(text, arena, &purl, &err) == 0) {
		int r = purl_write(&purl, arena, &written, &err);

		if (r == 0)
			r = purl_parse(written, arena, &again, &err);
		/* written out, it can be longer than a purl may be */
		if (r == 0 ? !same(&purl, &again) : r != -ERR_LIMIT && !starved())
			abort();
	}
	arena_free(arena);
	return 0;
}
