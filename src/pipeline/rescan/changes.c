/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/map.h"
#include "pipeline/rescan/rescan.h"

/*
 * The same one in another version of the package: it is neither new nor gone when a package was
 * replaced and has the flaw still.
 */
static struct span
key_of(const struct rescan_finding *finding, struct arena *arena)
{
	return arena_printf(arena, "%.*s\x1f%.*s\x1f%.*s", SPAN_ARG(finding->ecosystem),
			    SPAN_ARG(finding->name), SPAN_ARG(finding->id));
}

/* *ret_keys: one for each, in `arena`; the map refers to them. */
static int
list_keys(const struct rescan_finding *findings, size_t count, struct arena *arena,
	  struct span **ret_keys, struct map **ret, struct err *err)
{
	CLEANUP(map_cleanup) struct map *map = map_new(count);
	struct span *keys = arena_array(arena, count + 1, sizeof(*keys));
	int r = map && keys ? 0 : err_memory(err);

	for (size_t i = 0; r == 0 && i < count; i++) {
		keys[i] = key_of(&findings[i], arena);
		r = keys[i].p ? map_put(map, keys[i], 0, err) : err_memory(err);
	}
	if (r < 0)
		return r;
	*ret_keys = keys;
	*ret = TAKE(map);
	return 0;
}

static int
keep_finding(const struct rescan_finding *finding, struct arena *arena, struct rescan_finding *ret,
	     struct err *err)
{
	struct rescan_finding kept = *finding;
	struct span *const texts[] = {&kept.id, &kept.ecosystem, &kept.name, &kept.version,
				      &kept.fixed};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i] = arena_copy(arena, *texts[i]);
		if (!texts[i]->p)
			return err_memory(err);
	}
	*ret = kept;
	return 0;
}

struct changes {
	struct arena *arena;
	VEC(struct rescan_change) items;
};

static void
changes_cleanup(struct changes *changes)
{
	vec_free(&changes->items);
}

/* Those whose key the other side does not have. */
static int
add_missing(struct changes *changes, bool gone, const struct rescan_finding *findings, size_t count,
	    const struct span *keys, struct map *others, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct rescan_change change = {.gone = gone};
		uint64_t ignored;

		if (map_get(others, keys[i], &ignored))
			continue;
		r = keep_finding(&findings[i], changes->arena, &change.finding, err);
		if (r == 0)
			r = vec_push(&changes->items, &change, RESCAN_CHANGES_MAX, err);
	}
	return r;
}

int
rescan_compare(const struct rescan_finding *before, size_t before_count,
	       const struct rescan_finding *after, size_t after_count, struct arena *arena,
	       struct rescan_bill *bill, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *scratch = arena_new(0);
	CLEANUP(map_cleanup) struct map *were = NULL;
	CLEANUP(map_cleanup) struct map *are = NULL;
	CLEANUP(changes_cleanup) struct changes changes = {.arena = arena};
	struct span *keys[2];
	int r = scratch ? list_keys(before, before_count, scratch, &keys[0], &were, err)
			: err_memory(err);

	if (r == 0)
		r = list_keys(after, after_count, scratch, &keys[1], &are, err);
	if (r == 0)
		r = add_missing(&changes, false, after, after_count, keys[1], were, err);
	size_t fresh = changes.items.count;
	if (r == 0)
		r = add_missing(&changes, true, before, before_count, keys[0], are, err);
	if (r < 0)
		return r;
	bill->changes = vec_keep(&changes.items, arena);
	bill->fresh = fresh;
	bill->gone = changes.items.count - fresh;
	return bill->changes ? 0 : err_memory(err);
}
