/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/sbom_document.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/sbom_document/reading.h"

static const struct sbom_format *const formats[] = {
	&sbom_spdx,
	&sbom_cyclonedx,
};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

int
sbom_reading_add(struct sbom_reading *reading, const struct sbom_item *item, struct err *err)
{
	return vec_push(&reading->items, item, SBOM_ITEMS_MAX, err);
}

int
sbom_reading_gap(struct sbom_reading *reading, struct span subject, struct span text,
		 struct err *err)
{
	struct gap gap = {arena_copy(reading->arena, subject), arena_copy(reading->arena, text)};

	if (!gap.subject.p || !gap.text.p)
		return err_memory(err);
	return vec_push(&reading->gaps, &gap, SBOM_GAPS_MAX, err);
}

int
sbom_reading_stated_gap(struct sbom_reading *reading, struct span text, struct err *err)
{
	size_t colon = 0;

	while (colon < text.n && !span_starts_with(span_slice(text, colon, text.n), SPAN(": ")))
		colon++;
	if (colon == text.n)
		return sbom_reading_gap(reading, SPAN("document"), text, err);
	return sbom_reading_gap(reading, span_slice(text, 0, colon),
				span_slice(text, colon + 2, text.n), err);
}

/* A document has one meaning or none. */
static int
find_format(const json_t *document, const struct sbom_format **ret, struct err *err)
{
	const struct sbom_format *found = NULL;

	for (size_t i = 0; i < FORMATS; i++) {
		if (!json_object_get(document, formats[i]->member))
			continue;
		if (found)
			return err_set(err, ERR_INVALID, "it has both \"%s\" and \"%s\"",
				       found->member, formats[i]->member);
		found = formats[i];
	}
	if (!found)
		return err_set(err, ERR_UNSUPPORTED,
			       "neither SPDX 2.2 or 2.3 nor CycloneDX in JSON");
	*ret = found;
	return 0;
}

static int
hand_over(struct sbom_reading *reading, struct sbom_document **ret, struct err *err)
{
	struct sbom_document *document = arena_alloc(reading->arena, sizeof(*document));
	size_t items = reading->items.count;
	size_t gaps = reading->gaps.count;

	if (!document)
		return err_memory(err);
	document->items = arena_array(reading->arena, items + 1, sizeof(*document->items));
	document->gaps.items = arena_array(reading->arena, gaps + 1, sizeof(*document->gaps.items));
	if (!document->items || !document->gaps.items)
		return err_memory(err);
	if (items)
		memcpy(document->items, reading->items.items, items * sizeof(*document->items));
	if (gaps)
		memcpy(document->gaps.items, reading->gaps.items,
		       gaps * sizeof(*document->gaps.items));
	document->arena = reading->arena;
	document->format = reading->format;
	document->name = reading->name;
	document->item_count = items;
	document->gaps.count = gaps;
	*ret = document;
	return 0;
}

static void
reading_cleanup(struct sbom_reading *reading)
{
	vec_free(&reading->items);
	vec_free(&reading->gaps);
}

int
sbom_document_read(struct span text, struct sbom_document **ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *document = NULL;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(reading_cleanup) struct sbom_reading reading = {.arena = arena};
	const struct sbom_format *format = NULL;

	if (!arena)
		return err_memory(err);
	int r = json_parse(text, &document, err);
	if (r == 0)
		r = find_format(document, &format, err);
	if (r == 0)
		r = format->read(&reading, document, err);
	if (r == 0)
		r = hand_over(&reading, ret, err);
	if (r < 0)
		return err_wrap(err, "bill of materials");
	(void)TAKE(arena);
	return 0;
}

bool
sbom_document_likely(struct span text)
{
	struct span start = span_trim(text);

	if (start.n == 0 || start.p[0] != '{')
		return false;
	for (size_t i = 0; i < FORMATS; i++) {
		if (span_contains(text, span_from(formats[i]->member)))
			return true;
	}
	return false;
}
