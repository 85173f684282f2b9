/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a union: lists in their order, and what follows from the paths. */
#include "stage/profile/unite.h"

#include <stdlib.h>

int
unite_compare_phases(const void *a, const void *b)
{
	const struct profile_phase *x = a;
	const struct profile_phase *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	int order = span_compare(x->name, y->name);
	return order ? order : (x->repetition > y->repetition) - (x->repetition < y->repetition);
}

static int
compare_paths(const void *a, const void *b)
{
	return span_compare(((const struct profile_path *)a)->path,
			    ((const struct profile_path *)b)->path);
}

static int
compare_missing(const void *a, const void *b)
{
	return span_compare(((const struct profile_missing *)a)->path,
			    ((const struct profile_missing *)b)->path);
}

static int
compare_extended(const void *a, const void *b)
{
	return span_compare(((const struct profile_extended *)a)->path,
			    ((const struct profile_extended *)b)->path);
}

static int
compare_processes(const void *a, const void *b)
{
	const struct profile_process *x = a;
	const struct profile_process *y = b;
	int order = x->phase < y->phase ? -1 : x->phase > y->phase;

	if (order == 0)
		order = span_compare(x->program, y->program);
	if (order == 0)
		order = span_compare(x->command, y->command);
	return order ? order : x->uid < y->uid ? -1 : x->uid > y->uid;
}

static int
compare_gaps(const void *a, const void *b)
{
	const struct gap *x = a;
	const struct gap *y = b;
	int order = span_compare(x->subject, y->subject);

	return order ? order : span_compare(x->text, y->text);
}

static int
compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

#define LIST(name, compare)                                                                        \
	{                                                                                          \
		(struct vec *)(void *)&united->name, sizeof(*united->name.items), compare          \
	}

/* Each list in its order. */
static void
sort_lists(struct united *united)
{
	const struct {
		struct vec *list;
		size_t size;
		int (*compare)(const void *, const void *);
	} lists[] = {
		LIST(phases, unite_compare_phases), LIST(paths, compare_paths),
		LIST(missing, compare_missing),	    LIST(extended, compare_extended),
		LIST(processes, compare_processes), LIST(gaps, compare_gaps),
		LIST(written, span_compare_items),
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (lists[i].list->count > 0)
			qsort(lists[i].list->items, lists[i].list->count, lists[i].size,
			      lists[i].compare);
	}
}

/* The lists, sorted, as those of the profile. */
static void
settle_lists(struct united *united)
{
	struct profile *profile = united->profile;

	sort_lists(united);
	profile->phases = united->phases.items;
	profile->phase_count = united->phases.count;
	profile->paths = united->paths.items;
	profile->path_count = united->paths.count;
	profile->missing = united->missing.items;
	profile->missing_count = united->missing.count;
	profile->extended = united->extended.items;
	profile->extended_count = united->extended.count;
	profile->processes = united->processes.items;
	profile->process_count = united->processes.count;
	profile->gaps = (struct gap_list){united->gaps.items, united->gaps.count};
	profile->written = (struct span_list){united->written.items, united->written.count};
}

/* Counters of the phases, the curve and its end follow from the paths. */
static int
derive(struct united *united, struct err *err)
{
	struct profile *profile = united->profile;
	uint64_t *times = arena_array(united->keys, profile->path_count + 1, sizeof(*times));
	struct profile_point *curve =
		arena_array(united->arena, profile->path_count + 1, sizeof(*curve));
	size_t n = 0;

	if (!times || !curve)
		return err_memory(err);
	for (size_t i = 0; i < profile->path_count; i++) {
		const struct profile_path *path = &profile->paths[i];

		times[i] = path->first_ms;
		if (profile->phase_count)
			profile->phases[path->first_phase].new_paths++;
		for (size_t k = 0; k < path->phase_count; k++)
			profile->phases[path->phases[k]].used_paths++;
	}
	qsort(times, profile->path_count, sizeof(*times), compare_times);
	for (size_t i = 0; i < profile->path_count; i++) {
		if (n == 0 || curve[n - 1].ms != times[i])
			curve[n++].ms = times[i];
		curve[n - 1].paths = (uint32_t)i + 1;
	}
	profile->curve = curve;
	profile->curve_count = n;
	profile->last_new_path_ms = n ? curve[n - 1].ms : 0;
	return 0;
}

int
unite_settle(struct united *united, struct err *err)
{
	settle_lists(united);
	return derive(united, err);
}
