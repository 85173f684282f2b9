/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses inputs that do not belong together, and a result that could not run. */
#include "stage/plan/planner.h"

int
guard_inputs(const struct planner *planner, bool force, struct err *err)
{
	const struct profile *profile = planner->profile;
	char text[DIGEST_TEXT];

	if (planner->inventory->owner_count != planner->image->entry_count)
		return err_set(err, ERR_MISMATCH, "the inventory is of another image");
	if (force)
		return 0;
	if (!digest_equal(&profile->image, &planner->image->manifest_digest))
		return err_set(err, ERR_MISMATCH,
			       "the profile was taken on another image (%s); profile this one",
			       digest_format(&profile->image, text));
	if (!profile->complete)
		return err_set(err, ERR_INVALID, "the profile is not complete%s%.*s",
			       profile->gaps.count ? ": " : "",
			       profile->gaps.count ? (int)profile->gaps.items[0].text.n : 0,
			       profile->gaps.count ? profile->gaps.items[0].text.p : "");
	return 0;
}

int
guard_force(struct planner *planner, struct err *err)
{
	int r = 0;

	if (!digest_equal(&planner->profile->image, &planner->image->manifest_digest))
		r = planner_gap(planner, SPAN("profile"), err,
				"it was taken on another image; used all the same");
	if (r == 0 && !planner->profile->complete)
		r = planner_gap(planner, SPAN("profile"), err,
				"it is not complete; used all the same: what ran unseen is gone");
	return r;
}

static int
count_programs(struct planner *planner, size_t *ret, struct err *err)
{
	*ret = 0;
	for (uint32_t i = 0; i < planner->image->entry_count; i++) {
		enum file_kind kind;

		if (!planner_keeps(planner, i) || planner->image->entries[i].type != IMAGE_FILE ||
		    !(image_inode(planner->image, i)->mode & 0111))
			continue;
		int r = planner_kind(planner, i, &kind, err);
		if (r < 0)
			return r;
		*ret += kind == KIND_ELF || kind == KIND_SCRIPT;
	}
	return 0;
}

int
guard_result(struct planner *planner, struct err *err)
{
	const struct image_config *config = &planner->image->config;
	const struct span_list *start = &config->entrypoint;
	size_t programs;
	int r = count_programs(planner, &programs, err);

	if (r < 0)
		return r;
	if (programs == 0)
		return err_set(err, ERR_INVALID,
			       "no program would be left in the image: was the profile taken on a "
			       "container that ran?");
	if (start->count == 0)
		start = planner->service->command.count ? &planner->service->command
							: &config->command;
	if (start->count == 0 && !planner->plan->start)
		return 0;

	const struct start *other = planner->plan->start;
	uint32_t entry = other ? image_resolve(planner->image, other->program, true, NULL, NULL)
			       : planner_find_program(planner, start->items[0]);
	if (other && entry == IMAGE_NONE)
		return err_set(err, ERR_MISMATCH, "%.*s, which it starts, is not in this image",
			       SPAN_ARG(other->program));
	if (entry != IMAGE_NONE && !planner->plan->entries[entry].keep)
		return err_set(err, ERR_INVALID,
			       "%.*s, which the image starts, would be removed: harden.drop "
			       "names it",
			       SPAN_ARG(planner->image->entries[entry].path));
	return 0;
}
