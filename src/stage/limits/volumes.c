/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which directories must be writable when the root file system is not. An empty volume hides what
 * the image has below it: where something there is read, none is proposed.
 */
#include "stage/limits/parts.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "codec/json.h"

#include <stdlib.h>

/* A directory that something was written in. */
struct place {
	struct span directory;
	struct span hidden; /* what a volume there would hide, and is read; .p NULL: nothing */
};

struct volumes {
	const struct limits_input *input;
	struct limits *limits;
	struct map *seen; /* directory to its place */
	VEC(struct place) places;
	VEC(struct limits_volume) volumes;
	VEC(struct limits_refused) refused;
};

static struct span
parent(struct span path)
{
	size_t slash = span_find_last(path, '/');

	return slash == 0 || slash == path.n ? SPAN("/") : span_slice(path, 0, slash);
}

static bool
is_directory(const struct image *image, struct span path)
{
	uint32_t entry = image_find(image, path);

	return entry != IMAGE_NONE && image->entries[entry].type == IMAGE_DIRECTORY;
}

/* The nearest directory of the image that a path stands in. */
static struct span
nearest_directory(const struct image *image, struct span path)
{
	struct span at = parent(path);

	while (at.n > 1 && !is_directory(image, at))
		at = parent(at);
	return at;
}

/* What is read of the image below a directory, itself apart; .p NULL: nothing. */
static struct span
read_below(const struct volumes *volumes, struct span directory)
{
	const struct limits_input *input = volumes->input;

	for (size_t i = 0; i < input->run_count; i++) {
		const struct profile *run = input->runs[i];

		for (size_t k = 0; k < run->path_count; k++) {
			const struct profile_path *path = &run->paths[k];
			uint32_t entry = path->use & (USE_READ | USE_READLINK)
						 ? image_find(input->image, path->path)
						 : IMAGE_NONE;

			if (entry != IMAGE_NONE &&
			    input->image->entries[entry].type != IMAGE_DIRECTORY &&
			    span_is_below(path->path, directory))
				return path->path;
		}
	}
	return (struct span){NULL, 0};
}

/* What YAML takes for the end of a line, or not at all, beside the ASCII ones (YAML 1.1, 4.1). */
static bool
is_odd_character(struct span rest)
{
	return (rest.n > 1 && rest.p[0] == '\xc2' && (unsigned char)rest.p[1] < 0xa0) ||
	       span_starts_with(rest, SPAN("\xe2\x80\xa8")) ||
	       span_starts_with(rest, SPAN("\xe2\x80\xa9")) ||
	       span_starts_with(rest, SPAN("\xef\xbb\xbf"));
}

/* Whether a manifest can name it: Kubernetes takes no colon in a mountPath, and only text. */
static bool
can_be_named(struct span path)
{
	for (size_t i = 0; i < path.n; i++) {
		unsigned char byte = (unsigned char)path.p[i];

		if (byte == ':' || byte < ' ' || byte == 0x7f ||
		    is_odd_character(span_slice(path, i, path.n)))
			return false;
	}
	return json_is_text(path);
}

static const struct span *
declared_volume(const struct image *image, struct span path)
{
	for (size_t i = 0; i < image->config.volumes.count; i++) {
		const struct span *volume = &image->config.volumes.items[i];

		if (volume->n > 1 && volume->p[0] == '/' && span_is_below(path, *volume) &&
		    can_be_named(*volume))
			return volume;
	}
	return NULL;
}

static int
add_volume(struct volumes *volumes, struct span path, bool declared, struct err *err)
{
	const struct image *image = volumes->input->image;
	struct limits_volume volume = {.declared = declared};
	uint32_t entry = image_find(image, path);

	for (size_t i = 0; i < volumes->volumes.count; i++) {
		if (span_equal(volumes->volumes.items[i].path, path))
			return 0;
	}
	if (entry != IMAGE_NONE) {
		const struct image_entry *of = &image->entries[entry];

		volume.in_image = true;
		volume.uid = of->uid;
		volume.gid = of->gid;
		volume.mode = (uint16_t)(of->mode & 07777);
	}
	volume.path = arena_copy(volumes->limits->arena, path);
	return volume.path.p ? vec_push(&volumes->volumes, &volume, LIMITS_VOLUMES_MAX, err)
			     : err_memory(err);
}

/* A new directory of the container's own, on the way to `path`; .n 0: none. */
static struct span
made_directory(struct span path, struct span directory)
{
	size_t from = directory.n == 1 ? 1 : directory.n + 1;
	size_t slash = from < path.n ? span_find(span_slice(path, from, path.n), '/') : path.n;

	return from + slash < path.n ? span_slice(path, 0, from + slash) : SPAN("");
}

static int
refuse(struct volumes *volumes, struct span path, const struct place *place, struct err *err)
{
	struct arena *arena = volumes->limits->arena;
	struct limits_refused refused = {.path = arena_copy(arena, path)};

	if (place->hidden.p)
		refused.reason = arena_printf(arena, "a volume at %.*s would hide %.*s",
					      SPAN_ARG(place->directory), SPAN_ARG(place->hidden));
	else if (place->directory.n == 1 && made_directory(path, place->directory).n == 0)
		refused.reason = SPAN("it stands directly in /");
	else
		refused.reason = SPAN("a manifest cannot name its directory");
	if (!refused.path.p || !refused.reason.p)
		return err_memory(err);
	return vec_push(&volumes->refused, &refused, PROFILE_WRITTEN_MAX, err);
}

/* 1 when it is new, 0, < 0 error. */
static int
find_place(struct volumes *volumes, struct span directory, struct place *ret, struct err *err)
{
	struct place place = {{NULL, 0}, {NULL, 0}};
	uint64_t at;

	if (map_get(volumes->seen, directory, &at) && at < volumes->places.count) {
		*ret = volumes->places.items[at];
		return 0;
	}
	place.directory = arena_copy(volumes->limits->arena, directory);
	if (!place.directory.p)
		return err_memory(err);
	if (directory.n > 1)
		place.hidden = read_below(volumes, directory);
	at = volumes->places.count;
	int r = vec_push(&volumes->places, &place, PROFILE_WRITTEN_MAX, err);
	if (r == 0)
		r = map_put(volumes->seen, place.directory, at, err);
	if (r < 0)
		return r;
	*ret = place;
	return 1;
}

/* A path that was made or changed, in `directory` of the image. */
static int
take_written(struct volumes *volumes, struct span directory, struct span path, struct err *err)
{
	const struct span *declared = declared_volume(volumes->input->image, path);
	struct place place;

	if (declared)
		return add_volume(volumes, *declared, true, err);
	int r = find_place(volumes, directory, &place, err);
	if (r < 0)
		return r;
	if (directory.n > 1 && !place.hidden.p && can_be_named(directory))
		return r > 0 ? add_volume(volumes, directory, false, err) : 0;
	struct span own = made_directory(path, directory);
	if (own.n && can_be_named(own))
		return add_volume(volumes, own, false, err);
	return refuse(volumes, path, &place, err);
}

/* A directory in which names came and went; what stayed in it was looked at before. */
static int
take_changed(struct volumes *volumes, struct span directory, struct err *err)
{
	uint64_t seen;

	if (!is_directory(volumes->input->image, directory) ||
	    map_get(volumes->seen, directory, &seen))
		return 0;
	return take_written(volumes, directory, directory, err);
}

static int
take_all(struct volumes *volumes, struct err *err)
{
	const struct limits_input *input = volumes->input;
	int r = 0;

	for (size_t i = 0; i < input->run_count; i++) {
		const struct span_list *written = &input->runs[i]->written;

		for (size_t k = 0; r == 0 && k < written->count; k++)
			r = take_written(volumes,
					 nearest_directory(input->image, written->items[k]),
					 written->items[k], err);
	}
	for (size_t i = 0; i < input->run_count; i++) {
		const struct span_list *changed = &input->runs[i]->demands.changed;

		for (size_t k = 0; r == 0 && k < changed->count; k++)
			r = take_changed(volumes, changed->items[k], err);
	}
	return r;
}

static int
compare_volumes(const void *a, const void *b)
{
	return span_compare(((const struct limits_volume *)a)->path,
			    ((const struct limits_volume *)b)->path);
}

static int
compare_refused(const void *a, const void *b)
{
	return span_compare(((const struct limits_refused *)a)->path,
			    ((const struct limits_refused *)b)->path);
}

/* Into the record, in order, each path once. */
static int
settle(struct volumes *volumes, struct err *err)
{
	struct limits *limits = volumes->limits;

	limits->volumes =
		arena_array(limits->arena, volumes->volumes.count + 1, sizeof(*limits->volumes));
	limits->refused =
		arena_array(limits->arena, volumes->refused.count + 1, sizeof(*limits->refused));
	if (!limits->volumes || !limits->refused)
		return err_memory(err);
	for (size_t i = 0; i < volumes->volumes.count; i++)
		limits->volumes[limits->volume_count++] = volumes->volumes.items[i];
	qsort(limits->volumes, limits->volume_count, sizeof(*limits->volumes), compare_volumes);
	if (volumes->refused.count)
		qsort(volumes->refused.items, volumes->refused.count,
		      sizeof(*volumes->refused.items), compare_refused);
	for (size_t i = 0; i < volumes->refused.count; i++) {
		const struct limits_refused *one = &volumes->refused.items[i];

		if (i == 0 || !span_equal(one->path, volumes->refused.items[i - 1].path))
			limits->refused[limits->refused_count++] = *one;
	}
	return 0;
}

int
volumes_derive(const struct limits_input *input, struct limits *limits, struct err *err)
{
	struct volumes volumes = {.input = input, .limits = limits, .seen = map_new(0)};
	int r = volumes.seen ? take_all(&volumes, err) : err_memory(err);

	if (r == 0)
		r = settle(&volumes, err);
	map_free(volumes.seen);
	vec_free(&volumes.places);
	vec_free(&volumes.volumes);
	vec_free(&volumes.refused);
	return r;
}
