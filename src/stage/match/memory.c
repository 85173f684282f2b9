/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/match/memory.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"

int
memory_begin(struct match_memory *memory, struct advisories *advisories, struct arena *arena,
	     struct err *err)
{
	memory->advisories = advisories;
	memory->arena = arena;
	memory->cve_places = map_new(0);
	memory->row_places = map_new(0);
	return memory->cve_places && memory->row_places ? 0 : err_memory(err);
}

void
memory_end(struct match_memory *memory)
{
	vec_free(&memory->cves);
	vec_free(&memory->rows);
	map_free(memory->cve_places);
	map_free(memory->row_places);
	memory->cve_places = NULL;
	memory->row_places = NULL;
}

int
memory_cve(struct match_memory *memory, struct span id, const struct advisory_cve **ret,
	   struct err *err)
{
	struct advisory_cve cve;
	uint64_t place;

	if (!map_get(memory->cve_places, id, &place)) {
		int r = advisories_cve(memory->advisories, id, memory->arena, &cve, err);

		if (r == 0)
			r = vec_push(&memory->cves, &cve, FINDINGS_MAX, err);
		place = memory->cves.count - 1;
		if (r == 0)
			r = map_put(memory->cve_places, id, place, err);
		if (r < 0)
			return r;
	}
	*ret = &memory->cves.items[place];
	return 0;
}

/* ---- rows ---- */

struct keeping {
	struct arena *arena;
	VEC(struct advisory) items;
};

static bool
keep_text(struct arena *arena, struct span *text)
{
	*text = text->n > 0 ? arena_copy(arena, *text) : SPAN("");
	return text->p != NULL;
}

static int
keep_row(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	struct keeping *keeping = context;
	struct advisory row = *advisory;
	struct span *const texts[] = {&row.id,	 &row.fixed,	&row.urgency, &row.reason,
				      &row.note, &row.affected, &row.vector,  &row.release};

	(void)source;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!keep_text(keeping->arena, texts[i]))
			return err_memory(err);
	}
	return vec_push(&keeping->items, &row, ADVISORIES_MAX, err);
}

static int
find_rows(struct match_memory *memory, struct span distribution, struct span release,
	  struct span source, struct memory_rows *ret, struct err *err)
{
	struct keeping keeping = {.arena = memory->arena};
	struct memory_rows rows = {0};
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(MIB);
	uint64_t place;
	int r = buf_printf(&text, err, "%.*s\x1f%.*s\x1f", SPAN_ARG(distribution),
			   SPAN_ARG(release));

	if (r == 0)
		r = buf_append(&text, source, err);
	if (r < 0)
		return r;
	struct span key = buf_span(&text);
	if (map_get(memory->row_places, key, &place)) {
		*ret = memory->rows.items[place];
		return 0;
	}
	key = arena_copy(memory->arena, key);
	r = key.p ? advisories_each(memory->advisories, distribution, release, source, keep_row,
				    &keeping, err)
		  : err_memory(err);
	if (r == 0) {
		rows.count = keeping.items.count;
		rows.items = vec_keep(&keeping.items, memory->arena);
		r = rows.items ? vec_push(&memory->rows, &rows, ADVISORIES_MAX, err)
			       : err_memory(err);
	}
	vec_free(&keeping.items);
	if (r == 0)
		r = map_put(memory->row_places, key, memory->rows.count - 1, err);
	if (r == 0)
		*ret = rows;
	return r;
}

int
memory_each(struct match_memory *memory, struct span distribution, struct span release,
	    struct span source, advisories_visitor *each, void *context, struct err *err)
{
	struct memory_rows rows;

	if (!memory->keeps_rows)
		return advisories_each(memory->advisories, distribution, release, source, each,
				       context, err);
	int r = find_rows(memory, distribution, release, source, &rows, err);
	for (size_t i = 0; r == 0 && i < rows.count; i++)
		r = each(context, source, &rows.items[i], err);
	return r;
}
