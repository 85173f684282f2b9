/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The union of profiles. Everything is a least or greatest element, a sum, or a set in a fixed
 * order, so that neither the order of the runs nor the grouping of unions matters.
 */
#include "stage/profile.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "stage/profile/unite.h"

#include <stdlib.h>

/* Finds what has this key, or adds a zeroed one: 1 when it is new, 0, < 0 error. */
static int
find_or_add(struct united *united, struct vec *list, size_t size, size_t max, struct span key,
	    size_t *ret, struct err *err)
{
	uint64_t index;

	if (!key.p)
		return err_memory(err);
	if (map_get(united->seen, key, &index) && index < list->count) {
		*ret = (size_t)index;
		return 0;
	}
	index = list->count;
	int r = vec_push_raw(list, NULL, size, max, err);
	if (r == 0)
		r = map_put(united->seen, key, index, err);
	if (r < 0)
		return r;
	*ret = (size_t)index;
	return 1;
}

#define place_in(united, list, max, key, ret, err)                                                 \
	find_or_add((united), (struct vec *)(void *)&(united)->list,                               \
		    sizeof(*(united)->list.items), (max), (key), (ret), (err))

/* The lesser of two texts, an empty one counting as the greatest. */
static struct span
lesser(struct span a, struct span b)
{
	if (a.n == 0)
		return b;
	return b.n > 0 && span_compare(b, a) < 0 ? b : a;
}

static struct span
phase_key(const struct united *united, const struct profile_phase *phase)
{
	return arena_printf(united->keys, "P%d %u %.*s", (int)phase->kind, phase->repetition,
			    SPAN_ARG(phase->name));
}

static int
add_phases(struct united *united, const struct profile *profile, struct err *err)
{
	for (size_t i = 0; i < profile->phase_count; i++) {
		const struct profile_phase *phase = &profile->phases[i];
		size_t at;
		int r = place_in(united, phases, PROFILE_PHASES_MAX, phase_key(united, phase), &at,
				 err);

		if (r < 0)
			return r;
		struct profile_phase *to = &united->phases.items[at];
		if (r > 0)
			*to = (struct profile_phase){.kind = phase->kind,
						     .name = phase->name,
						     .repetition = phase->repetition,
						     .command = phase->command,
						     .status = phase->status,
						     .passed = true};
		to->command = lesser(to->command, phase->command);
		to->duration_ms += phase->duration_ms;
		to->status = phase->status > to->status ? phase->status : to->status;
		to->passed = to->passed && phase->passed;
	}
	return 0;
}

/* Phases in their order; `seen` then gives the place in it. */
static int
order_phases(struct united *united, struct err *err)
{
	int r = 0;

	if (united->phases.count)
		qsort(united->phases.items, united->phases.count, sizeof(*united->phases.items),
		      unite_compare_phases);
	for (size_t i = 0; r == 0 && i < united->phases.count; i++)
		r = map_put(united->seen, phase_key(united, &united->phases.items[i]), i, err);
	return r;
}

/* For each phase of a run its place in the united order. */
static int
map_phases(const struct united *united, const struct profile *profile, uint32_t **ret,
	   struct err *err)
{
	uint32_t *places = arena_array(united->keys, profile->phase_count + 1, sizeof(*places));

	if (!places)
		return err_memory(err);
	for (size_t i = 0; i < profile->phase_count; i++) {
		uint64_t place = 0;

		(void)map_get(united->seen, phase_key(united, &profile->phases[i]), &place);
		places[i] = (uint32_t)place;
	}
	*ret = places;
	return 0;
}

static int
compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Both lists in one, each phase once. */
static int
join_phases(struct united *united, struct profile_path *to, const struct profile_path *from,
	    const uint32_t *places, struct err *err)
{
	size_t count = to->phase_count + from->phase_count;
	uint32_t *all = arena_array(united->arena, count + 1, sizeof(*all));
	size_t n = 0;

	if (!all)
		return err_memory(err);
	for (size_t i = 0; i < to->phase_count; i++)
		all[i] = to->phases[i];
	for (size_t i = 0; i < from->phase_count; i++)
		all[to->phase_count + i] = places[from->phases[i]];
	qsort(all, count, sizeof(*all), compare_numbers);
	for (size_t i = 0; i < count; i++) {
		if (n == 0 || all[n - 1] != all[i])
			all[n++] = all[i];
	}
	to->phases = all;
	to->phase_count = n;
	return 0;
}

/* A path's phases, without new memory when it adds none. */
static bool
has_all(const struct profile_path *to, const struct profile_path *from, const uint32_t *places)
{
	for (size_t i = 0; i < from->phase_count; i++) {
		if (to->phase_count == 0 ||
		    !bsearch(&places[from->phases[i]], to->phases, to->phase_count,
			     sizeof(*to->phases), compare_numbers))
			return false;
	}
	return true;
}

static int
add_paths(struct united *united, const struct profile *profile, const uint32_t *places,
	  struct err *err)
{
	for (size_t i = 0; i < profile->path_count; i++) {
		const struct profile_path *path = &profile->paths[i];
		uint32_t first = profile->phase_count ? places[path->first_phase] : 0;
		size_t at;
		int r = place_in(united, paths, PROFILE_PATHS_MAX,
				 arena_printf(united->keys, "F%.*s", SPAN_ARG(path->path)), &at,
				 err);

		if (r < 0)
			return r;
		struct profile_path *to = &united->paths.items[at];
		if (r > 0)
			*to = (struct profile_path){.path = path->path,
						    .first_phase = first,
						    .first_ms = path->first_ms,
						    .program = path->program};
		to->use |= path->use;
		to->first_phase = first < to->first_phase ? first : to->first_phase;
		if (path->first_ms == to->first_ms)
			to->program = lesser(to->program, path->program);
		else if (path->first_ms < to->first_ms)
			to->program = path->program;
		to->first_ms = path->first_ms < to->first_ms ? path->first_ms : to->first_ms;
		if (!has_all(to, path, places))
			r = join_phases(united, to, path, places, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
add_missing(struct united *united, const struct profile *profile, const uint32_t *places,
	    struct err *err)
{
	for (size_t i = 0; i < profile->missing_count; i++) {
		const struct profile_missing *missing = &profile->missing[i];
		uint32_t phase = places[missing->phase];
		size_t at;
		int r = place_in(united, missing, PROFILE_MISSING_MAX,
				 arena_printf(united->keys, "M%.*s", SPAN_ARG(missing->path)), &at,
				 err);

		if (r < 0)
			return r;
		struct profile_missing *to = &united->missing.items[at];
		if (r > 0)
			*to = (struct profile_missing){
				.path = missing->path, .program = missing->program, .phase = phase};
		to->program = lesser(to->program, missing->program);
		to->phase = phase < to->phase ? phase : to->phase;
		to->removed = to->removed || missing->removed;
	}
	return 0;
}

/* Which phase of which round asked first; the lesser stands for both. */
static int
compare_asked(const struct profile_extended *a, const struct profile_extended *b)
{
	int order = a->round < b->round ? -1 : a->round > b->round;

	if (order == 0)
		order = a->kind < b->kind ? -1 : a->kind > b->kind;
	if (order == 0)
		order = span_compare(a->phase, b->phase);
	return order ? order : span_compare(a->program, b->program);
}

static int
add_extended(struct united *united, const struct profile *profile, struct err *err)
{
	for (size_t i = 0; i < profile->extended_count; i++) {
		const struct profile_extended *extended = &profile->extended[i];
		size_t at;
		int r = place_in(united, extended, PROFILE_EXTENDED_MAX,
				 arena_printf(united->keys, "E%.*s", SPAN_ARG(extended->path)), &at,
				 err);

		if (r < 0)
			return r;
		struct profile_extended *to = &united->extended.items[at];
		/* a use that is not known is any use */
		uint8_t use = r > 0			 ? extended->use
			      : to->use && extended->use ? to->use | extended->use
							 : 0;
		if (r > 0 || compare_asked(extended, to) < 0)
			*to = *extended;
		to->use = use;
	}
	return 0;
}

static int
add_processes(struct united *united, const struct profile *profile, const uint32_t *places,
	      struct err *err)
{
	for (size_t i = 0; i < profile->process_count; i++) {
		const struct profile_process *process = &profile->processes[i];
		uint32_t phase = places[process->phase];
		size_t at;
		int r = place_in(united, processes, PROFILE_PROCESSES_MAX,
				 arena_printf(united->keys, "X%u %.*s\n%.*s", process->uid,
					      SPAN_ARG(process->program),
					      SPAN_ARG(process->command)),
				 &at, err);

		if (r < 0)
			return r;
		struct profile_process *to = &united->processes.items[at];
		if (r > 0)
			*to = (struct profile_process){process->program, process->command, phase,
						       process->uid};
		to->phase = phase < to->phase ? phase : to->phase;
	}
	return 0;
}

static int
add_texts(struct united *united, const struct profile *profile, struct err *err)
{
	size_t at;

	for (size_t i = 0; i < profile->gaps.count; i++) {
		const struct gap *gap = &profile->gaps.items[i];
		int r = place_in(united, gaps, PROFILE_GAPS_MAX,
				 arena_printf(united->keys, "G%.*s\n%.*s", SPAN_ARG(gap->subject),
					      SPAN_ARG(gap->text)),
				 &at, err);

		if (r < 0)
			return r;
		united->gaps.items[at] = *gap;
	}
	for (size_t i = 0; i < profile->written.count; i++) {
		struct span path = profile->written.items[i];
		int r = place_in(united, written, PROFILE_WRITTEN_MAX,
				 arena_printf(united->keys, "W%.*s", SPAN_ARG(path)), &at, err);

		if (r < 0)
			return r;
		united->written.items[at] = path;
	}
	return 0;
}

static int
check_same_image(const struct profile *a, const struct profile *b, struct err *err)
{
	char text_a[DIGEST_TEXT];
	char text_b[DIGEST_TEXT];

	if (digest_equal(&a->image, &b->image) && span_equal(a->architecture, b->architecture))
		return 0;
	return err_set(err, ERR_MISMATCH, "profiles of different images: %s and %s",
		       digest_format(&a->image, text_a), digest_format(&b->image, text_b));
}

static void
add_totals(struct profile *to, const struct profile *from)
{
	bool first = to->runs == 0;

	to->image = from->image;
	to->architecture = from->architecture;
	to->reference = first ? from->reference : lesser(to->reference, from->reference);
	to->recorder = first ? from->recorder : lesser(to->recorder, from->recorder);
	to->tool = first ? from->tool : lesser(to->tool, from->tool);
	to->started = first || from->started < to->started ? from->started : to->started;
	to->duration_ms += from->duration_ms;
	to->runs += from->runs ? from->runs : 1;
	to->complete = (first || to->complete) && from->complete;
	to->narrow = (first || to->narrow) && from->narrow;
	to->code_watched = (first || to->code_watched) && from->code_watched;
}

static int
unite_all(struct united *united, const struct profile *const *profiles, size_t count,
	  struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = check_same_image(profiles[0], profiles[i], err);
		if (r == 0)
			r = add_phases(united, profiles[i], err);
		if (r == 0)
			add_totals(united->profile, profiles[i]);
	}
	if (r == 0)
		r = order_phases(united, err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		uint32_t *places = NULL;

		r = map_phases(united, profiles[i], &places, err);
		if (r == 0)
			r = add_paths(united, profiles[i], places, err);
		if (r == 0)
			r = add_missing(united, profiles[i], places, err);
		if (r == 0)
			r = add_extended(united, profiles[i], err);
		if (r == 0)
			r = add_processes(united, profiles[i], places, err);
		if (r == 0)
			r = add_texts(united, profiles[i], err);
		if (r == 0)
			r = unite_demands(&united->profile->demands, &profiles[i]->demands,
					  united->arena, err);
	}
	if (r < 0)
		return r;
	return unite_settle(united, err);
}

/* ---- the start, which is one and the same ---- */

static bool
same_start(const struct start *a, const struct start *b)
{
	if (!a || !b)
		return a == b;
	return a->form == b->form && span_equal(a->plan, b->plan) &&
	       span_list_equal(a->entrypoint, b->entrypoint) &&
	       span_list_equal(a->command, b->command);
}

/* The report that was made with the fewest runs, so that the order does not matter. */
static int
unite_starts(struct profile *united, const struct profile *const *profiles, size_t count,
	     struct err *err)
{
	united->start = profiles[0]->start;
	for (size_t i = 0; i < count; i++) {
		const struct start *start = profiles[i]->start;

		if (!same_start(united->start, start))
			return err_set(err, ERR_MISMATCH, "the profiles are of different starts");
		if (start && start->runs < united->start->runs)
			united->start = start;
	}
	return 0;
}

static void
united_cleanup(struct united *united)
{
	vec_free(&united->phases);
	vec_free(&united->paths);
	vec_free(&united->missing);
	vec_free(&united->extended);
	vec_free(&united->processes);
	vec_free(&united->gaps);
	vec_free(&united->written);
	map_free(united->seen);
	arena_free(united->keys);
	arena_free(united->arena);
}

/* What takes the shells' place is one and the same; what was seen is that of the most runs. */
static int
unite_commands(struct profile *united, const struct profile *const *profiles, size_t count,
	       struct err *err)
{
	const struct commands *most = profiles[0]->commands;

	for (size_t i = 1; i < count; i++) {
		const struct commands *other = profiles[i]->commands;

		if (!most != !other ||
		    (most && (most->form != other->form || !span_equal(most->table, other->table))))
			return err_set(err, ERR_MISMATCH,
				       "the profiles are of different tables of commands");
		if (most && other->runs > most->runs)
			most = other;
	}
	united->commands = most;
	return 0;
}

int
profile_unite(const struct profile *const *profiles, size_t count, struct profile **ret,
	      struct err *err)
{
	CLEANUP(united_cleanup)
	struct united united = {.arena = arena_new(0), .keys = arena_new(0), .seen = map_new(0)};
	struct profile profile = {.runs = 0};

	if (count == 0)
		return err_set(err, ERR_USAGE, "no profile to unite");
	if (!united.arena || !united.keys || !united.seen)
		return err_memory(err);
	united.profile = &profile;
	int r = unite_all(&united, profiles, count, err);
	if (r == 0)
		r = unite_starts(&profile, profiles, count, err);
	if (r == 0)
		r = unite_commands(&profile, profiles, count, err);
	return r < 0 ? r : profile_copy(&profile, ret, err);
}
