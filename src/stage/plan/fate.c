/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of each component's record. A record leaves only when nothing of the component that
 * can run or be loaded is left in the image, under whatever name.
 */
#include "stage/plan/planner.h"

#include "base/cleanup.h"
#include "base/limits.h"

/* Per inode one kept name of it, or IMAGE_NONE. The caller frees. */
static uint32_t *
kept_names(const struct planner *planner)
{
	size_t count = planner->image->entry_count;
	uint32_t *names = calloc(count + 1, sizeof(*names));

	if (!names)
		return NULL;
	for (size_t i = 0; i < count; i++)
		names[i] = IMAGE_NONE;
	for (size_t i = count; i-- > 0;) {
		if (planner_keeps(planner, (uint32_t)i))
			names[planner->image->entries[i].inode] = (uint32_t)i;
	}
	return names;
}

/* A library whose code is gone, and whose data is there. */
static bool
lends_data(const struct planner *planner, uint32_t entry)
{
	return planner->plan->entries[entry].content == CONTENT_DATA;
}

static void
mark_data(const struct planner *planner, uint32_t entry, struct plan_component *component)
{
	if (lends_data(planner, entry) && component->fate == FATE_REMOVED)
		component->fate = FATE_DATA;
}

/* A hard link or a copy that stays carries the content, whoever owns its name; IMAGE_NONE: none. */
static uint32_t
content_of(const struct planner *planner, const uint32_t *names, const struct component_file *file)
{
	uint32_t name = planner_keeps(planner, file->entry)
				? file->entry
				: names[planner->image->entries[file->entry].inode];

	return name == IMAGE_NONE ? copies_of(planner, file) : name;
}

static int
decide_one(struct planner *planner, const uint32_t *names, const struct component *component,
	   struct plan_component *ret, struct err *err)
{
	bool unknown = component->file_count == 0 && !component->no_files &&
		       component->state != COMPONENT_CONFIG_FILES;

	*ret = (struct plan_component){.fate = FATE_REMOVED, .because = IMAGE_NONE};
	for (size_t i = 0; i < component->file_count; i++) {
		uint32_t entry = component->files[i].entry;
		enum file_kind kind;

		if (entry == IMAGE_NONE || planner_is_folder(planner, entry))
			continue;
		ret->files_total++;
		if (commands_is_link(&planner->image->entries[entry]))
			continue; /* what stands in a shell's place is nobody's */

		uint32_t name = content_of(planner, names, &component->files[i]);
		if (name == IMAGE_NONE) {
			mark_data(planner, entry, ret);
			continue;
		}
		ret->files_kept += planner_keeps(planner, entry);
		if (ret->fate == FATE_KEPT)
			continue;
		int r = planner_kind(planner, name, &kind, err);
		if (r < 0)
			return r;
		ret->fate = FATE_DATA;
		if (kind_is_code(kind)) {
			ret->fate = FATE_KEPT;
			ret->because = name;
		}
	}
	if (ret->fate != FATE_KEPT && language_is_own(component)) {
		uint32_t record = image_find(planner->image, component->database);

		/* Whoever looks finds it there as long as its record is. */
		if (planner_keeps(planner, record)) {
			ret->fate = FATE_KEPT;
			ret->because = record;
		}
	}
	if (!unknown)
		return 0;
	ret->fate = FATE_KEPT;
	return planner_gap(planner, component->name, err,
			   "its files are not known: it stays on record");
}

int
fate_decide(struct planner *planner, struct err *err)
{
	CLEANUP(free_cleanup) uint32_t *names = kept_names(planner);

	if (!names)
		return err_memory(err);
	for (size_t i = 0; i < planner->inventory->component_count; i++) {
		int r = decide_one(planner, names, &planner->inventory->components[i],
				   &planner->plan->components[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Marks what a component on record owns: that is no orphan. */
static void
mark_owned(const struct planner *planner, bool *owned)
{
	for (size_t i = 0; i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];

		for (size_t f = 0; f < component->file_count; f++) {
			if (planner->plan->components[i].fate == FATE_KEPT &&
			    component->files[f].entry != IMAGE_NONE)
				owned[component->files[f].entry] = true;
		}
	}
}

static int
add_orphans(struct planner *planner, uint32_t index, const bool *owned, struct vec *orphans,
	    struct err *err)
{
	const struct component *component = &planner->inventory->components[index];

	for (size_t f = 0; f < component->file_count; f++) {
		struct plan_orphan orphan = {component->files[f].entry, index};

		if (orphan.entry == IMAGE_NONE ||
		    !(planner_keeps(planner, orphan.entry) || lends_data(planner, orphan.entry)) ||
		    owned[orphan.entry] || planner_is_folder(planner, orphan.entry) ||
		    commands_is_link(&planner->image->entries[orphan.entry]))
			continue;
		int r = vec_push_raw(orphans, &orphan, sizeof(orphan), PACKAGE_FILES_MAX, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int
fate_list_orphans(struct planner *planner, struct err *err)
{
	CLEANUP(free_cleanup)
	bool *owned = calloc(planner->image->entry_count + 1, sizeof(*owned));
	struct vec orphans = {0};
	int r = owned ? 0 : err_memory(err);

	if (r == 0)
		mark_owned(planner, owned);
	for (uint32_t i = 0; r == 0 && i < planner->inventory->component_count; i++) {
		if (planner->plan->components[i].fate == FATE_DATA)
			r = add_orphans(planner, i, owned, &orphans, err);
	}
	if (r == 0 && orphans.count) {
		struct plan *plan = planner->plan;

		plan->orphans = arena_array(planner->arena, orphans.count, sizeof(*plan->orphans));
		if (plan->orphans) {
			memcpy(plan->orphans, orphans.items,
			       orphans.count * sizeof(*plan->orphans));
			plan->orphan_count = orphans.count;
		} else {
			r = err_memory(err);
		}
	}
	vec_free_raw(&orphans);
	return r;
}
