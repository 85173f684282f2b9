/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/extend.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/elf_stub.h"

/* Whose misses count, the narrowest first. */
enum tier { TIER_FAILED, TIER_STARTUP, TIER_REST, TIERS };

/* One path that is missing, in one phase. */
struct miss {
	struct profile_extended asked;
	enum tier tier;
	bool dropped;
};

struct misses {
	const struct extend_input *input;
	enum tier *tiers; /* per phase of the run that shows them */
	bool *roots;	  /* per entry: what lies below it counts; NULL: what lies anywhere */
	VEC(struct miss) list;
};

static const struct profile_phase *
find_phase(const struct profile *run, const struct profile_phase *wanted)
{
	for (size_t i = 0; i < run->phase_count; i++) {
		if (run->phases[i].kind == wanted->kind &&
		    span_equal(run->phases[i].name, wanted->name))
			return &run->phases[i];
	}
	return NULL;
}

/* A phase the strict run did not come to has not passed. */
static enum tier
tier_of(const struct extend_input *input, const struct profile_phase *phase)
{
	const struct profile_phase *strict = find_phase(input->suite->run, phase);

	if (!strict || !strict->passed)
		return TIER_FAILED;
	return phase->kind == PHASE_STARTUP ? TIER_STARTUP : TIER_REST;
}

/* Whether the hardened image has of it what was asked for. */
static bool
is_served(const struct plan *plan, uint32_t entry, uint8_t use)
{
	static const uint8_t lacking[] = {
		[CONTENT_WHOLE] = 0,
		[CONTENT_HOLLOW] = USE_READ,
		[CONTENT_STUB] = USE_RUN,
		[CONTENT_DATA] = USE_RUN,
	};
	const struct plan_entry *planned = &plan->entries[entry];

	return planned->keep && !(use & lacking[planned->content]);
}

/* ---- directories the profile was extended by ---- */

/* The directory an addition is or leads to, or IMAGE_NONE. */
static uint32_t
directory_of(const struct image *original, const struct profile_extended *added)
{
	uint32_t entry = image_resolve(original, added->path, true, NULL, NULL);

	return entry != IMAGE_NONE && original->entries[entry].type == IMAGE_DIRECTORY ? entry
										       : IMAGE_NONE;
}

static int
mark_roots(struct misses *misses, struct err *err)
{
	const struct extend_input *input = misses->input;

	if (!input->below)
		return 0;
	misses->roots = calloc(input->original->entry_count, sizeof(*misses->roots));
	if (!misses->roots)
		return err_memory(err);
	for (size_t i = 0; i < input->profile->extended_count; i++) {
		uint32_t entry = directory_of(input->original, &input->profile->extended[i]);

		if (entry != IMAGE_NONE)
			misses->roots[entry] = true;
	}
	return 0;
}

static bool
lies_below(const struct misses *misses, uint32_t entry)
{
	const struct image_entry *entries = misses->input->original->entries;

	while (entry != 0 && !misses->roots[entries[entry].parent])
		entry = entries[entry].parent;
	return entry != 0;
}

/* Adds a path when the original has it, the plan does not serve it, and it was not added before. */
static int
add(struct misses *misses, const struct profile *run, struct span path, struct span program,
    uint32_t phase, uint8_t use, struct err *err)
{
	const struct extend_input *input = misses->input;
	uint32_t entry = image_find(input->original, path);

	if (entry == IMAGE_NONE || is_served(input->plan, entry, use) ||
	    phase >= run->phase_count || profile_find_extended(input->profile, path) ||
	    (misses->roots && !lies_below(misses, entry)))
		return 0;
	struct miss miss = {
		.asked = {.path = path,
			  .program = program,
			  .phase = run->phases[phase].name,
			  .kind = run->phases[phase].kind,
			  .round = input->round,
			  .use = use},
		.tier = misses->tiers[phase],
		.dropped = input->plan->entries[entry].reason == REASON_DROPPED,
	};
	return vec_push(&misses->list, &miss, IMAGE_ENTRIES_MAX, err);
}

static int
add_path(struct misses *misses, const struct profile *run, const struct profile_path *path,
	 struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < path->phase_count; i++)
		r = add(misses, run, path->path, path->program, path->phases[i], path->use, err);
	return r;
}

static int
collect_served(struct misses *misses, const struct profile *run, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < run->path_count; i++)
		r = add_path(misses, run, &run->paths[i], err);
	return r;
}

/* Zeros that the hardened image gave for the content of a hollow file. */
static int
collect_hollow(struct misses *misses, const struct profile *run, struct err *err)
{
	const struct extend_input *input = misses->input;
	int r = 0;

	for (size_t i = 0; r == 0 && i < run->path_count; i++) {
		const struct profile_path *path = &run->paths[i];
		uint32_t entry =
			path->use & USE_READ ? image_find(input->original, path->path) : IMAGE_NONE;

		if (entry != IMAGE_NONE && input->plan->entries[entry].content == CONTENT_HOLLOW)
			r = add_path(misses, run, path, err);
	}
	return r;
}

/* The library whose stub looked up this name to tell that it was called; IMAGE_NONE: none. */
static uint32_t
stub_called(const struct plan *plan, struct span path)
{
	struct span prefix = SPAN(ELF_STUB_CALLED);

	if (!span_starts_with(path, prefix))
		return IMAGE_NONE;
	for (size_t i = 0; i < plan->stub_count; i++) {
		if (span_equal(span_slice(path, prefix.n, path.n), plan->stubs[i].soname))
			return plan->stubs[i].entry;
	}
	return IMAGE_NONE;
}

static int
collect_missed(struct misses *misses, const struct profile *run, struct err *err)
{
	const struct image_entry *entries = misses->input->original->entries;
	int r = 0;

	for (size_t i = 0; r == 0 && i < run->missing_count; i++) {
		const struct profile_missing *missing = &run->missing[i];
		uint32_t stub = stub_called(misses->input->plan, missing->path);

		if (stub != IMAGE_NONE)
			r = add(misses, run, entries[stub].path, missing->program, missing->phase,
				USE_LOOKUP | USE_READ | USE_RUN, err);
		else if (missing->removed)
			r = add(misses, run, missing->path, missing->program, missing->phase, 0,
				err);
	}
	return r < 0 ? r : collect_hollow(misses, run, err);
}

/* By path, and of one path the narrowest first. */
static int
compare(const void *a, const void *b)
{
	const struct miss *x = a;
	const struct miss *y = b;
	int order = span_compare(x->asked.path, y->asked.path);

	if (order == 0)
		order = x->tier < y->tier ? -1 : x->tier > y->tier;
	if (order == 0)
		order = x->asked.kind < y->asked.kind ? -1 : x->asked.kind > y->asked.kind;
	if (order == 0)
		order = span_compare(x->asked.phase, y->asked.phase);
	return order ? order : span_compare(x->asked.program, y->asked.program);
}

/* Each path once. */
static int
collect(const struct extend_input *input, struct misses *misses, struct err *err)
{
	const struct profile *run = input->served ? input->served : input->suite->run;
	CLEANUP(free_cleanup) enum tier *tiers = calloc(run->phase_count + 1, sizeof(*tiers));
	size_t n = 0;

	*misses = (struct misses){.input = input, .tiers = tiers};
	if (!tiers)
		return err_memory(err);
	for (size_t i = 0; i < run->phase_count; i++)
		tiers[i] = tier_of(input, &run->phases[i]);
	int r = mark_roots(misses, err);
	if (r == 0)
		r = input->served ? collect_served(misses, run, err)
				  : collect_missed(misses, run, err);
	free(misses->roots);
	misses->roots = NULL;
	misses->tiers = NULL;
	struct miss *items = misses->list.items;

	if (r < 0 || misses->list.count == 0)
		return r;
	qsort(items, misses->list.count, sizeof(*items), compare);
	for (size_t i = 0; i < misses->list.count; i++) {
		if (n == 0 || !span_equal(items[n - 1].asked.path, items[i].asked.path))
			items[n++] = items[i];
	}
	misses->list.count = n;
	return 0;
}

/* Keeps only what may be added, of the narrowest tier that has any. */
static void
narrow(struct misses *misses)
{
	struct miss *items = misses->list.items;
	enum tier narrowest = TIERS;
	size_t n = 0;

	for (size_t i = 0; i < misses->list.count; i++) {
		if (!items[i].dropped && items[i].tier < narrowest)
			narrowest = items[i].tier;
	}
	if (misses->input->always)
		narrowest = TIERS;
	for (size_t i = 0; i < misses->list.count; i++) {
		if (!items[i].dropped && items[i].tier <= narrowest)
			items[n++] = items[i];
	}
	misses->list.count = n;
}

static int
compare_extended(const void *a, const void *b)
{
	return span_compare(((const struct profile_extended *)a)->path,
			    ((const struct profile_extended *)b)->path);
}

/* Into the profile's own list and arena. */
static int
join(struct profile *profile, const struct misses *misses, struct err *err)
{
	size_t count = profile->extended_count;
	struct profile_extended *all =
		arena_array(profile->arena, count + misses->list.count, sizeof(*all));

	if (count + misses->list.count > PROFILE_EXTENDED_MAX)
		return err_set(err, ERR_LIMIT,
			       "the profile would be extended by %zu paths (at most %d)",
			       count + misses->list.count, PROFILE_EXTENDED_MAX);
	if (!all)
		return err_memory(err);
	if (count)
		memcpy(all, profile->extended, count * sizeof(*all));
	for (size_t i = 0; i < misses->list.count; i++) {
		struct profile_extended *one = &all[count++];

		*one = misses->list.items[i].asked;
		one->path = arena_copy(profile->arena, one->path);
		one->phase = arena_copy(profile->arena, one->phase);
		one->program = arena_copy(profile->arena, one->program);
		if (!one->path.p || !one->phase.p || !one->program.p)
			return err_memory(err);
	}
	qsort(all, count, sizeof(*all), compare_extended);
	profile->extended = all;
	profile->extended_count = count;
	return 0;
}

int
extend_profile(const struct extend_input *input, struct profile **ret, struct err *err)
{
	CLEANUP(profile_cleanup) struct profile *profile = NULL;
	struct misses misses;
	int r = collect(input, &misses, err);

	if (r == 0)
		narrow(&misses);
	if (r == 0 && misses.list.count > 0)
		r = profile_copy(input->profile, &profile, err);
	if (r == 0 && profile)
		r = join(profile, &misses, err);
	vec_free(&misses.list);
	if (r == 0)
		*ret = TAKE(profile);
	return r;
}

int
extend_wanted(const struct extend_input *input, struct arena *arena, struct extension_wanted **ret,
	      size_t *ret_count, struct err *err)
{
	struct extension_wanted *wanted = NULL;
	struct misses misses;
	int r = collect(input, &misses, err);

	if (r == 0) {
		wanted = arena_array(arena, misses.list.count + 1, sizeof(*wanted));
		r = wanted ? 0 : err_memory(err);
	}
	for (size_t i = 0; r == 0 && i < misses.list.count; i++) {
		const struct miss *miss = &misses.list.items[i];

		wanted[i] = (struct extension_wanted){
			.path = arena_copy(arena, miss->asked.path),
			.program = arena_copy(arena, miss->asked.program),
			.phase = arena_copy(arena, miss->asked.phase),
			.kind = miss->asked.kind,
			.dropped = miss->dropped,
		};
		if (!wanted[i].path.p || !wanted[i].program.p || !wanted[i].phase.p)
			r = err_memory(err);
	}
	if (r == 0) {
		*ret = wanted;
		*ret_count = misses.list.count;
	}
	vec_free(&misses.list);
	return r;
}

/* Whether the plan removes an entry of this directory for no other reason than that it was not
 * used. */
static bool
loses_entries(const struct extend_input *input, uint32_t directory)
{
	const struct image_entry *entries = input->original->entries;

	for (uint32_t child = entries[directory].first_child; child != IMAGE_NONE;
	     child = entries[child].next_sibling) {
		const struct plan_entry *plan = &input->plan->entries[child];

		if (!plan->keep && plan->reason != REASON_DROPPED)
			return true;
	}
	return false;
}

bool
extend_stopped_short(const struct extend_input *input)
{
	for (size_t i = 0; i < input->profile->extended_count; i++) {
		const struct profile_extended *added = &input->profile->extended[i];
		uint32_t entry = added->round == input->round ? directory_of(input->original, added)
							      : IMAGE_NONE;

		if (entry != IMAGE_NONE && loses_entries(input, entry))
			return true;
	}
	return false;
}

bool
extend_listed_less(const struct extend_input *input)
{
	const struct profile *run = input->suite->run;

	for (size_t i = 0; i < run->path_count; i++) {
		uint32_t entry = run->paths[i].use & USE_LIST
					 ? image_find(input->original, run->paths[i].path)
					 : IMAGE_NONE;

		if (entry != IMAGE_NONE && loses_entries(input, entry))
			return true;
	}
	return false;
}
