/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs and libraries of which only the name was looked up: their names stay, as whoever looked
 * may look again, and their code goes. A file of as many zero bytes answers every stat() as the
 * original did, and execve() refuses it (ENOEXEC).
 */
#include "stage/plan/planner.h"

#include "base/limits.h"

/* Modules of interpreters are left alone: a traceback reads the source of what runs as bytecode. */
static int
is_program(struct planner *planner, uint32_t entry, bool *ret, struct err *err)
{
	const struct image_entry *e = &planner->image->entries[entry];
	enum file_kind kind;
	int r = planner_kind(planner, entry, &kind, err);

	if (r < 0)
		return r;
	*ret = kind == KIND_ELF || ((kind == KIND_SCRIPT || kind == KIND_CODE) &&
				    (e->mode & 0111) && !kind_is_module(image_name(e)));
	return 0;
}

int
hollow_mark(struct planner *planner, struct err *err)
{
	for (uint32_t i = 0; i < planner->plan->entry_count; i++) {
		const struct image_entry *e = &planner->image->entries[i];
		struct plan_entry *plan = &planner->plan->entries[i];
		bool program = false;

		plan->content = CONTENT_WHOLE;
		if (!plan->keep || (planner->marks[i] & MARK_ACTIVE) || e->type != IMAGE_FILE ||
		    e->links > 1 || e->size == 0 || e->size > HOLLOW_FILE_MAX)
			continue;
		int r = is_program(planner, i, &program, err);
		if (r < 0)
			return r;
		plan->content = program ? CONTENT_HOLLOW : CONTENT_WHOLE;
	}
	return 0;
}

int
hollow_rewrite(struct planner *planner, struct err *err)
{
	const struct image_entry *entries = planner->image->entries;
	const struct plan *plan = planner->plan;
	uint64_t largest = 0;
	int r = 0;

	for (size_t i = 0; i < plan->entry_count; i++) {
		if (plan->entries[i].content == CONTENT_HOLLOW && entries[i].size > largest)
			largest = entries[i].size;
	}
	char *zeros = largest ? arena_array(planner->arena, largest, 1) : NULL;
	if (largest && !zeros)
		return err_memory(err);
	if (largest)
		memset(zeros, 0, largest);
	for (uint32_t i = 0; r == 0 && i < plan->entry_count; i++) {
		struct plan_rewrite rewrite = {i, {zeros, entries[i].size}};

		if (plan->entries[i].content == CONTENT_HOLLOW)
			r = vec_push(&planner->rewrites, &rewrite, IMAGE_ENTRIES_MAX, err);
	}
	return r;
}
