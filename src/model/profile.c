/* SPDX-License-Identifier: Apache-2.0 */
#include "model/profile.h"

#include "base/vec.h"

#include <stdlib.h>

void
profile_free(struct profile *profile)
{
	if (profile)
		arena_free(profile->arena); /* holds *profile itself */
}

void
profile_cleanup(struct profile **profile)
{
	profile_free(*profile);
	*profile = NULL;
}

const char *
profile_phase_name(enum profile_phase_kind kind)
{
	static const char *const names[PHASE_KINDS] = {
		[PHASE_STARTUP] = "startup",
		[PHASE_LOAD] = "load",
		[PHASE_TEST] = "test",
		[PHASE_SHUTDOWN] = "shutdown",
	};

	return kind < PHASE_KINDS ? names[kind] : "unknown";
}

static bool
own(struct arena *arena, struct span *text)
{
	*text = arena_copy(arena, *text);
	return text->p != NULL;
}

static bool
own_paths(struct profile *to)
{
	bool good = true;

	for (size_t i = 0; good && i < to->path_count; i++) {
		struct profile_path *path = &to->paths[i];
		uint32_t *phases =
			arena_array(to->arena, path->phase_count + 1, sizeof(*path->phases));

		good = phases && own(to->arena, &path->path) && own(to->arena, &path->program);
		if (good && path->phase_count)
			memcpy(phases, path->phases, path->phase_count * sizeof(*phases));
		path->phases = phases;
	}
	return good;
}

static bool
own_demands(struct arena *arena, struct demands *demands)
{
	struct span_list *const lists[] = {&demands->calls, &demands->runtime_calls,
					   &demands->refused_calls, &demands->capabilities,
					   &demands->changed};
	struct demands_port *ports =
		arena_array(arena, demands->port_count + 1, sizeof(*demands->ports));
	if (!demands->recorder.p)
		demands->recorder = SPAN("");
	bool good = ports && own(arena, &demands->recorder);

	for (size_t i = 0; good && i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct span *items = arena_array(arena, lists[i]->count + 1, sizeof(*items));

		good = items != NULL;
		for (size_t k = 0; good && k < lists[i]->count; k++) {
			items[k] = lists[i]->items[k];
			good = own(arena, &items[k]);
		}
		lists[i]->items = items;
	}
	if (good && demands->port_count)
		memcpy(ports, demands->ports, demands->port_count * sizeof(*ports));
	demands->ports = ports;
	return good;
}

static bool
own_records(struct profile *to)
{
	struct arena *arena = to->arena;
	bool good = own_paths(to);

	for (size_t i = 0; good && i < to->phase_count; i++)
		good = own(arena, &to->phases[i].name) && own(arena, &to->phases[i].command);
	for (size_t i = 0; good && i < to->missing_count; i++)
		good = own(arena, &to->missing[i].path) && own(arena, &to->missing[i].program);
	for (size_t i = 0; good && i < to->extended_count; i++)
		good = own(arena, &to->extended[i].path) && own(arena, &to->extended[i].program) &&
		       own(arena, &to->extended[i].phase);
	for (size_t i = 0; good && i < to->process_count; i++)
		good = own(arena, &to->processes[i].program) &&
		       own(arena, &to->processes[i].command);
	for (size_t i = 0; good && i < to->gaps.count; i++)
		good = own(arena, &to->gaps.items[i].subject) &&
		       own(arena, &to->gaps.items[i].text);
	for (size_t i = 0; good && i < to->written.count; i++)
		good = own(arena, &to->written.items[i]);
	good = good && own_demands(arena, &to->demands);
	return good && own(arena, &to->reference) && own(arena, &to->architecture) &&
	       own(arena, &to->recorder) && own(arena, &to->tool);
}

static int
copy_lists(struct profile *to, struct err *err)
{
	const struct {
		void *items; /* the member that points at them */
		size_t count;
		size_t size;
	} lists[] = {
		{&to->phases, to->phase_count, sizeof(*to->phases)},
		{&to->paths, to->path_count, sizeof(*to->paths)},
		{&to->missing, to->missing_count, sizeof(*to->missing)},
		{&to->extended, to->extended_count, sizeof(*to->extended)},
		{&to->processes, to->process_count, sizeof(*to->processes)},
		{&to->curve, to->curve_count, sizeof(*to->curve)},
		{&to->gaps.items, to->gaps.count, sizeof(*to->gaps.items)},
		{&to->written.items, to->written.count, sizeof(*to->written.items)},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(lists) / sizeof(lists[0]); i++) {
		void *items;

		memcpy(&items, lists[i].items, sizeof(items));
		items = array_keep(to->arena, items, lists[i].count, lists[i].size);
		memcpy(lists[i].items, &items, sizeof(items));
		if (!items)
			r = err_memory(err);
	}
	if (r == 0 && !own_records(to))
		r = err_memory(err);
	return r;
}

int
profile_copy(const struct profile *profile, struct profile **ret, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct profile *copy = arena ? arena_alloc(arena, sizeof(*copy)) : NULL;

	if (!copy) {
		arena_free(arena);
		return err_memory(err);
	}
	*copy = *profile;
	copy->arena = arena;
	int r = copy_lists(copy, err);
	struct start *start = NULL;
	if (r == 0 && profile->start)
		r = start_copy(profile->start, arena, &start, err);
	copy->start = start;
	struct commands *commands = NULL;
	if (r == 0 && profile->commands)
		r = commands_copy(profile->commands, arena, &commands, err);
	copy->commands = commands;
	if (r < 0) {
		arena_free(arena);
		return r;
	}
	*ret = copy;
	return 0;
}

static int
compare_extended(const void *path, const void *extended)
{
	return span_compare(*(const struct span *)path,
			    ((const struct profile_extended *)extended)->path);
}

const struct profile_extended *
profile_find_extended(const struct profile *profile, struct span path)
{
	if (profile->extended_count == 0)
		return NULL;
	return bsearch(&path, profile->extended, profile->extended_count,
		       sizeof(*profile->extended), compare_extended);
}

static int
by_missing(const void *a, const void *b)
{
	const struct profile_missing *x = a;
	const struct profile_missing *y = b;
	int order = span_compare(x->path, y->path);

	if (order == 0)
		order = (x->phase > y->phase) - (x->phase < y->phase);
	return order ? order : span_compare(x->program, y->program);
}

void
profile_sort_missing(struct profile *profile)
{
	if (profile->missing_count)
		qsort(profile->missing, profile->missing_count, sizeof(*profile->missing),
		      by_missing);
}
