/* SPDX-License-Identifier: Apache-2.0 */
/* Records -> profile: paths, missing lookups, discovery curve, counts per phase, gaps. */
#include "port/lens/code.h"

#include "base/cleanup.h"
#include "base/vec.h"

enum { CURVE_POINTS = 1000 };

struct collection {
	const struct lens *lens;
	struct profile *profile;
	uint32_t phases;       /* that have records */
	struct span *programs; /* by index, in the profile's arena; .p NULL: not copied yet */
	uint32_t program_count;
	struct lens_code *code; /* NULL: not watched */
};

static struct span
copy_program(struct collection *c, uint32_t index)
{
	const struct lens_records *records = &c->lens->records;

	if (index == 0 || index >= c->program_count)
		return SPAN("");
	if (!c->programs[index].p) {
		const struct lens_program *program = &records->programs[index];

		c->programs[index] = arena_copy(
			c->profile->arena,
			(struct span){records->program_text + program->text, program->length});
	}
	return c->programs[index];
}

static bool
used(const struct lens_records *records, uint32_t entry)
{
	return atomic_load_explicit(&records->records[entry].use, memory_order_relaxed) != 0;
}

static int
fill_phases(struct collection *c, uint32_t entry, struct profile_path *path, struct err *err)
{
	const struct lens_records *records = &c->lens->records;
	size_t n = 0;

	for (uint32_t phase = 0; phase < c->phases; phase++)
		n += lens_records_used_in(records, entry, phase);
	path->phases = arena_array(c->profile->arena, n ? n : 1, sizeof(*path->phases));
	if (!path->phases)
		return err_memory(err);
	for (uint32_t phase = 0; phase < c->phases && path->phase_count < n; phase++)
		if (lens_records_used_in(records, entry, phase))
			path->phases[path->phase_count++] = phase;
	return 0;
}

static int
fill_path(struct collection *c, uint32_t entry, struct profile_path *path, struct err *err)
{
	const struct lens_record *record = &c->lens->records.records[entry];

	path->path = arena_copy(c->profile->arena, c->lens->image->entries[entry].path);
	path->use = atomic_load_explicit(&record->use, memory_order_relaxed);
	if (path->use & USE_READ)
		path->use |= lens_code_use(c->code, entry);
	path->first_phase = atomic_load_explicit(&record->first_phase, memory_order_relaxed);
	path->first_ms = atomic_load_explicit(&record->first_ms, memory_order_relaxed);
	path->program =
		copy_program(c, atomic_load_explicit(&record->program, memory_order_relaxed));
	if (!path->path.p || !path->program.p)
		return err_memory(err);
	return fill_phases(c, entry, path, err);
}

static int
by_path(const void *a, const void *b)
{
	const struct profile_path *x = a;
	const struct profile_path *y = b;

	return span_compare(x->path, y->path);
}

static int
collect_paths(struct collection *c, struct err *err)
{
	const struct lens_records *records = &c->lens->records;
	struct profile *profile = c->profile;
	size_t count = 0;

	for (uint32_t i = 0; i < records->entries; i++)
		count += used(records, i);
	struct profile_path *paths = arena_array(profile->arena, count ? count : 1, sizeof(*paths));
	if (!paths)
		return err_memory(err);

	size_t n = 0;
	for (uint32_t i = 0; i < records->entries && n < count; i++) {
		int r = used(records, i) ? fill_path(c, i, &paths[n++], err) : 0;

		if (r < 0)
			return r;
	}
	qsort(paths, n, sizeof(*paths), by_path);
	profile->paths = paths;
	profile->path_count = n;
	return 0;
}

static void
count_phases(struct collection *c)
{
	struct profile *profile = c->profile;

	for (size_t i = 0; i < profile->phase_count; i++)
		profile->phases[i].used_paths = profile->phases[i].new_paths = 0;
	for (size_t i = 0; i < profile->path_count; i++) {
		const struct profile_path *path = &profile->paths[i];

		if (path->first_phase < profile->phase_count)
			profile->phases[path->first_phase].new_paths++;
		for (size_t k = 0; k < path->phase_count; k++)
			if (path->phases[k] < profile->phase_count)
				profile->phases[path->phases[k]].used_paths++;
	}
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* A point for each time at which paths were new; the last of each slice when there are many. */
static int
collect_curve(struct collection *c, struct err *err)
{
	struct profile *profile = c->profile;
	size_t count = profile->path_count;
	size_t step = count / CURVE_POINTS + 1;
	CLEANUP(free_cleanup) uint64_t *times = calloc(count ? count : 1, sizeof(*times));
	struct profile_point *points =
		arena_array(profile->arena, count / step + 2, sizeof(*points));

	if (!times || !points)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		times[i] = profile->paths[i].first_ms;
	qsort(times, count, sizeof(*times), by_number);

	size_t n = 0;
	size_t since = 0;
	for (size_t i = 0; i < count; i++) {
		bool last = i + 1 == count;

		since++;
		if (!last && (times[i + 1] == times[i] || since < step))
			continue;
		points[n++] = (struct profile_point){times[i], (uint32_t)(i + 1)};
		since = 0;
	}
	profile->curve = points;
	profile->curve_count = n;
	profile->last_new_path_ms = count ? times[count - 1] : 0;
	return 0;
}

static int
fill_missing(struct collection *c, const struct lens_missing *from, struct profile_missing *to,
	     struct err *err)
{
	const struct lens *lens = c->lens;
	struct span parent = lens->image->entries[from->parent].path;
	int n = parent.n == 1 ? 0 : (int)parent.n;

	to->path = arena_printf(c->profile->arena, "%.*s/%.*s", n, parent.p, (int)from->length,
				lens->records.names + from->name);
	to->program = copy_program(c, from->program);
	to->phase = from->phase;
	if (!to->path.p || !to->program.p)
		return err_memory(err);
	to->removed = lens->original && image_find(lens->original, to->path) != IMAGE_NONE;
	return 0;
}

static bool
same_missing(const struct profile_missing *a, const struct profile_missing *b)
{
	return a->phase == b->phase && span_equal(a->path, b->path) &&
	       span_equal(a->program, b->program);
}

static int
collect_missing(struct collection *c, struct err *err)
{
	const struct lens_records *records = &c->lens->records;
	struct profile *profile = c->profile;
	size_t count = atomic_load(&records->header->missing_count);
	struct profile_missing *missing =
		arena_array(profile->arena, count ? count : 1, sizeof(*missing));

	if (!missing)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		int r = fill_missing(c, &records->missing[i], &missing[i], err);

		if (r < 0)
			return r;
	}
	profile->missing = missing;
	profile->missing_count = count;
	profile_sort_missing(profile);

	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		if (n == 0 || !same_missing(&missing[n - 1], &missing[i]))
			missing[n++] = missing[i];
	profile->missing_count = n;
	return 0;
}

static int
add_gap(struct profile *profile, struct span text, struct err *err)
{
	struct gap *items = vec_keep(&profile->gaps, profile->arena);

	if (!items || !text.p)
		return err_memory(err);
	items[profile->gaps.count] = (struct gap){SPAN("lens"), text};
	profile->gaps.items = items;
	profile->gaps.count++;
	return 0;
}

/* Of what cannot be read it is not known whom it called. */
static int
collect_code_gap(struct collection *c, struct err *err)
{
	uint32_t unread = lens_code_unread(c->code);

	if (unread == IMAGE_NONE)
		return 0;
	return add_gap(c->profile,
		       arena_printf(c->profile->arena,
				    "what %.*s imports could not be read: any library may count as "
				    "one of which code ran, and stay",
				    SPAN_ARG(c->lens->image->entries[unread].path)),
		       err);
}

static int
collect_gaps(struct collection *c, struct err *err)
{
	struct lens_header *header = c->lens->records.header;
	struct profile *profile = c->profile;
	uint32_t lost = atomic_load(&header->missing_lost);
	uint32_t nameless = atomic_load(&header->programs_lost);
	int r = 0;

	if (lost) {
		profile->complete = false;
		r = add_gap(profile,
			    arena_printf(profile->arena,
					 "%u lookups of missing names found no room (at most %d): "
					 "the list of missing files is not whole",
					 lost, PROFILE_MISSING_MAX),
			    err);
	}
	if (r == 0 && nameless)
		r = add_gap(profile,
			    arena_printf(profile->arena,
					 "%u times the program that used a path is not known: more "
					 "than %d different programs ran",
					 nameless, PROFILE_PROCESSES_MAX),
			    err);
	if (r == 0 && atomic_load(&header->phases_not_apart))
		r = add_gap(profile,
			    SPAN("this kernel cannot expire names (6.2 and newer can): a path "
				 "counts for the phase of its first use only"),
			    err);
	if (r == 0 && c->lens->overlay_kept)
		r = add_gap(profile,
			    SPAN("the overlay could not be told to forget missing names: a name "
				 "that is missing again in a later phase may not be listed there"),
			    err);
	if (r == 0)
		r = collect_code_gap(c, err);
	if (r == 0 && c->lens->died) {
		profile->complete = false;
		r = add_gap(profile,
			    SPAN("the image view ended before the container did: what was used "
				 "after that is not known"),
			    err);
	}
	return r;
}

int
lens_collect(const struct lens *lens, struct profile *profile, struct err *err)
{
	struct lens_header *header = lens->records.header;
	struct collection c = {
		.lens = lens,
		.profile = profile,
		.phases = atomic_load(&header->phases),
		.program_count = atomic_load(&header->program_count),
	};
	CLEANUP(free_cleanup) struct span *programs = calloc(c.program_count, sizeof(*programs));
	int r = programs ? 0 : err_memory(err);

	c.programs = programs;
	if (r == 0)
		r = lens_code_open(lens, &c.code, err);
	if (r == 0)
		r = collect_paths(&c, err);
	if (r == 0)
		r = collect_missing(&c, err);
	if (r == 0)
		r = collect_curve(&c, err);
	if (r == 0)
		r = collect_gaps(&c, err);
	if (r == 0)
		count_phases(&c);
	profile->code_watched = c.code != NULL;
	lens_code_free(c.code);
	return r;
}
