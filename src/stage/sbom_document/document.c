/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/sbom_document.h"

#include "base/cleanup.h"
#include "base/confine.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/json.h"
#include "codec/record_bytes.h"
#include "codec/sbom_document.h"
#include "stage/sbom_document/taking.h"

#include <stdarg.h>

int
taking_gap(struct taking *taking, struct err *err, struct span subject, const char *format, ...)
{
	struct gap gap;
	va_list arguments;

	va_start(arguments, format);
	int r = gap_print(&gap, taking->arena, subject, err, format, arguments);
	va_end(arguments);
	return r < 0 ? r : vec_push(&taking->gaps, &gap, INVENTORY_GAPS_MAX, err);
}

static int
read_purls(struct taking *taking, struct err *err)
{
	const struct sbom_document *document = taking->document;

	taking->purls =
		arena_array(taking->arena, document->item_count + 1, sizeof(*taking->purls));
	if (!taking->purls)
		return err_memory(err);
	for (size_t i = 0; i < document->item_count; i++) {
		struct err why = ERR_INIT;
		int r = document->items[i].purl.n == 0
				? 0
				: purl_parse(document->items[i].purl, taking->arena,
					     &taking->purls[i], &why);

		if (r == -ERR_MEMORY)
			return err_memory(err);
		if (r < 0)
			r = taking_gap(taking, err, document->items[i].purl, "not matched: %s",
				       why.text);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What the document itself says is lacking. */
static int
take_gaps(struct taking *taking, struct err *err)
{
	const struct gap_list *gaps = &taking->document->gaps;
	int r = 0;

	for (size_t i = 0; r == 0 && i < gaps->count; i++) {
		struct gap gap = {arena_copy(taking->arena, gaps->items[i].subject),
				  arena_copy(taking->arena, gaps->items[i].text)};

		r = gap.subject.p && gap.text.p
			    ? vec_push(&taking->gaps, &gap, INVENTORY_GAPS_MAX, err)
			    : err_memory(err);
	}
	return r;
}

static int
finish(struct taking *taking, struct inventory *inventory, struct err *err)
{
	size_t components = taking->components.count;
	size_t gaps = taking->gaps.count;
	struct arena *arena = taking->arena;

	inventory->arena = arena;
	inventory->document.format = arena_copy(arena, taking->document->format);
	inventory->document.name = arena_copy(arena, taking->document->name);
	inventory->os = taking->os;
	inventory->any_database = true;
	inventory->components = arena_array(arena, components + 1, sizeof(struct component));
	inventory->gaps.items = arena_array(arena, gaps + 1, sizeof(struct gap));
	if (!inventory->document.format.p || !inventory->document.name.p ||
	    !inventory->components || !inventory->gaps.items)
		return err_memory(err);
	if (components)
		memcpy(inventory->components, taking->components.items,
		       components * sizeof(struct component));
	if (gaps)
		memcpy(inventory->gaps.items, taking->gaps.items, gaps * sizeof(struct gap));
	inventory->component_count = components;
	inventory->gaps.count = gaps;
	inventory_sort(inventory);
	return 0;
}

static void
taking_cleanup(struct taking *taking)
{
	vec_free(&taking->components);
	vec_free(&taking->gaps);
}

int
taking_inventory(const struct sbom_document *document, struct arena *arena, struct inventory **ret,
		 struct err *err)
{
	CLEANUP(taking_cleanup) struct taking taking = {.document = document, .arena = arena};
	struct inventory *inventory = arena_alloc(arena, sizeof(*inventory));

	if (!inventory)
		return err_memory(err);
	int r = take_gaps(&taking, err);
	if (r == 0)
		r = read_purls(&taking, err);
	if (r == 0)
		r = taking_system(&taking, err);
	if (r == 0)
		r = taking_components(&taking, err);
	if (r == 0)
		r = finish(&taking, inventory, err);
	if (r == 0)
		*ret = inventory;
	return r;
}

/* In the child. */
static int
answer(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	const struct span *text = context;
	CLEANUP(sbom_document_cleanup) struct sbom_document *document = NULL;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(ANALYSIS_RESULT_MAX);
	struct inventory *inventory;

	*ret_answer = 0; /* the bytes say it all */
	if (!arena)
		return err_memory(err);
	int r = sbom_document_read(*text, &document, err);
	if (r == 0)
		r = taking_inventory(document, arena, &inventory, err);
	if (r == 0)
		r = inventory_bytes_put(inventory, &bytes, err);
	return r < 0 ? r : fd_write_full(out, buf_span(&bytes), err);
}

/* Where it is from and the order are not left to the child. */
static int
take_answer(struct span bytes, struct span text, struct span reference, struct arena *arena,
	    struct inventory **ret, struct err *err)
{
	char digest_text[DIGEST_TEXT];
	struct inventory *inventory;
	struct digest digest;
	int r = inventory_bytes_get(bytes, 0, arena, &inventory, err);

	if (r < 0)
		return r;
	digest_of(text, &digest);
	inventory->document.reference = arena_copy(arena, reference);
	inventory->document.digest =
		arena_copy(arena, span_from(digest_format(&digest, digest_text)));
	if (!inventory->document.reference.p || !inventory->document.digest.p)
		return err_memory(err);
	inventory_sort(inventory);
	*ret = inventory;
	return 0;
}

int
sbom_document_inventory(struct span text, struct span reference, struct inventory **ret,
			struct err *err)
{
	static const struct confine_options options = {
		.what = "the process that reads the bill of materials",
		.memory = ANALYSIS_MEMORY_MAX,
	};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(ANALYSIS_RESULT_MAX);

	if (!arena)
		return err_memory(err);
	json_prepare();
	int r = confine_run(&options, answer, &text, ANALYSIS_TIME_MS, &bytes, NULL, err);
	if (r == 0)
		r = take_answer(buf_span(&bytes), text, reference, arena, ret, err);
	if (r < 0)
		return err_wrap(err, "%.*s", reference.n > 80 ? 80 : (int)reference.n, reference.p);
	(void)TAKE(arena);
	return 0;
}
