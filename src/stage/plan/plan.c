/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/plan/planner.h"

#include "base/cleanup.h"

/* The steps in order; the first reason of an entry is the one that stays with it. */
static int (*const first_steps[])(struct planner *planner, struct err *err) = {
	seed_drop,     language_mark,	   guard_force, seed_commands, seed_used,
	seed_extended, seed_declared,	   seed_config, seed_standard, loader_preload,
	closure_run,   package_keep_whole, hollow_mark, stub_mark,     copies_find,
};

/* What stays on record asks for its licence and its database files. */
static int (*const record_steps[])(struct planner *planner, struct err *err) = {
	fate_decide, licence_keep, record_keep, closure_run, hollow_mark, stub_mark,
};

static int (*const last_steps[])(struct planner *planner, struct err *err) = {
	fate_decide,  loader_report,  fate_list_orphans, hollow_rewrite,
	stub_rewrite, record_rewrite, guard_result,
};

static int
run_steps(struct planner *planner, int (*const *steps)(struct planner *planner, struct err *err),
	  size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		int r = steps[i](planner, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static uint32_t
count_whole(const struct planner *planner)
{
	uint32_t whole = 0;

	for (uint32_t i = 0; i < planner->plan->entry_count; i++)
		whole += planner_keeps(planner, i);
	return whole;
}

/* Until nothing new is kept: what is kept with its content stays so, so this ends. */
static int
settle_records(struct planner *planner, struct err *err)
{
	uint32_t before;
	uint32_t after = count_whole(planner);
	int r;

	do {
		before = after;
		r = run_steps(planner, record_steps, sizeof(record_steps) / sizeof(record_steps[0]),
			      err);
		after = count_whole(planner);
	} while (r == 0 && after != before);
	return r;
}

/* Sizes with every inode once, rewritten files at their new size. */
static int
measure(struct planner *planner, struct err *err)
{
	const struct image *image = planner->image;
	struct plan *plan = planner->plan;
	CLEANUP(free_cleanup) bool *seen = calloc(image->entry_count + 1, sizeof(*seen));

	if (!seen)
		return err_memory(err);
	for (size_t i = 0; i < image->entry_count; i++) {
		const struct image_entry *inode = image_inode(image, (uint32_t)i);

		plan->kept += plan->entries[i].keep;
		plan->hollow += plan->entries[i].content == CONTENT_HOLLOW;
		if (inode == &image->entries[i])
			plan->total_bytes += inode->size;
		if (plan->entries[i].keep && !seen[image->entries[i].inode]) {
			seen[image->entries[i].inode] = true;
			plan->kept_bytes += inode->size;
		}
	}
	for (size_t i = 0; i < plan->rewrite_count; i++) {
		plan->kept_bytes -= image_inode(image, plan->rewrites[i].entry)->size;
		plan->kept_bytes += plan->rewrites[i].content.n;
	}
	return 0;
}

static int
hand_over_gaps(struct planner *planner, struct err *err)
{
	struct gap_list *gaps = &planner->plan->gaps;

	gaps->items = arena_array(planner->arena, planner->gaps.count, sizeof(*gaps->items));
	if (!gaps->items)
		return err_memory(err);
	for (size_t i = 0; i < planner->gaps.count; i++)
		gaps->items[i] = planner->gaps.items[i];
	gaps->count = planner->gaps.count;
	return 0;
}

int
plan_make(const struct image *image, const struct contents *contents,
	  const struct inventory *inventory, const struct profile *profile,
	  const struct service *service, bool force, struct plan **ret, struct err *err)
{
	const struct planner inputs = {.image = image, .inventory = inventory, .profile = profile};
	int r = guard_inputs(&inputs, force, err);

	if (r < 0)
		return r;

	CLEANUP(planner_cleanup)
	struct planner *planner = planner_new(image, contents, inventory, profile, service, err);
	if (!planner)
		return -(int)err->kind;
	r = run_steps(planner, first_steps, sizeof(first_steps) / sizeof(first_steps[0]), err);
	if (r == 0)
		r = settle_records(planner, err);
	if (r == 0)
		r = run_steps(planner, last_steps, sizeof(last_steps) / sizeof(last_steps[0]), err);
	if (r == 0)
		r = measure(planner, err);
	if (r == 0)
		r = hand_over_gaps(planner, err);
	if (r == 0)
		*ret = TAKE(planner->plan);
	return r;
}
