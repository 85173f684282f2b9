/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/profile_json/missing.h"

#include "base/limits.h"
#include "codec/path_json.h"

#include <stddef.h>
#include <stdlib.h>

/* ---- writing ---- */

static int
compare_groups(const struct profile_missing *a, const struct profile_missing *b)
{
	int order = (a->phase > b->phase) - (a->phase < b->phase);

	if (order == 0)
		order = a->removed - b->removed;
	return order ? order : span_compare(a->program, b->program);
}

static int
by_group(const void *a, const void *b)
{
	const struct profile_missing *x = *(const struct profile_missing *const *)a;
	const struct profile_missing *y = *(const struct profile_missing *const *)b;
	int order = compare_groups(x, y);

	return order ? order : span_compare(x->path, y->path);
}

/* Those of the first one's group, of `count` in order; how many they are. */
static size_t
add_group(const struct profile_missing *const *sorted, size_t count, json_t **list)
{
	json_t *object = json_object();
	json_t *paths = json_array();
	size_t n = 0;

	while (n < count && compare_groups(sorted[0], sorted[n]) == 0)
		json_add(&paths, path_json_make(sorted[n++]->path));
	json_put(&object, "phase", json_number(sorted[0]->phase));
	json_put(&object, "program", json_span(sorted[0]->program));
	json_put(&object, "removed", json_boolean(sorted[0]->removed));
	json_put(&object, "paths", paths);
	json_add(list, object);
	return n;
}

json_t *
missing_json_make(const struct profile *profile)
{
	size_t count = profile->missing_count;
	const struct profile_missing **sorted = calloc(count + 1, sizeof(*sorted));
	json_t *list = sorted ? json_array() : NULL;

	for (size_t i = 0; sorted && i < count; i++)
		sorted[i] = &profile->missing[i];
	if (sorted)
		qsort(sorted, count, sizeof(*sorted), by_group);
	for (size_t done = 0; list && done < count;)
		done += add_group(sorted + done, count - done, &list);
	free(sorted);
	return list;
}

/* ---- reading ---- */

int
phase_json_read(const json_t *value, const struct profile *profile, uint32_t *ret, struct err *err)
{
	json_int_t index = json_integer_value(value);

	if (!json_is_integer(value) || index < 0 || (uint64_t)index >= profile->phase_count)
		return err_set(err, ERR_INVALID, "a phase that is not in \"phases\"");
	*ret = (uint32_t)index;
	return 0;
}

struct group_document {
	struct profile_missing common;
	json_t *phase;
	json_t *paths;
};

/* Appends its names; there is room for all of them. */
static int
group_read(const json_t *value, struct profile *profile, struct err *err)
{
	static const struct json_field fields[] = {
		{"phase", JSON_FIELD_RAW, offsetof(struct group_document, phase), true},
		{"program", JSON_FIELD_SPAN, offsetof(struct group_document, common.program), true},
		{"removed", JSON_FIELD_BOOL, offsetof(struct group_document, common.removed), true},
		{"paths", JSON_FIELD_RAW, offsetof(struct group_document, paths), true},
		{NULL},
	};
	struct group_document document = {0};
	int r = json_read(value, fields, &document, profile->arena, err);

	if (r == 0)
		r = phase_json_read(document.phase, profile, &document.common.phase, err);
	for (size_t i = 0; r == 0 && i < json_array_size(document.paths); i++) {
		struct profile_missing *missing = &profile->missing[profile->missing_count];

		*missing = document.common;
		r = path_json_read(json_array_get(document.paths, i), profile->arena,
				   &missing->path, err);
		profile->missing_count += r == 0;
	}
	return r;
}

static int
count_names(const json_t *list, size_t *ret, struct err *err)
{
	int r = json_check_items(list, "missing", PROFILE_MISSING_MAX, err);
	size_t count = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const json_t *paths = json_object_get(json_array_get(list, i), "paths");

		r = json_check_items(paths, "paths", PROFILE_MISSING_MAX - count, err);
		count += json_array_size(paths);
	}
	*ret = count;
	return r;
}

int
missing_json_read(const json_t *list, struct profile *profile, struct err *err)
{
	size_t count;
	int r = count_names(list, &count, err);

	if (r < 0)
		return err_wrap(err, "missing");
	profile->missing = arena_array(profile->arena, count + 1, sizeof(*profile->missing));
	if (!profile->missing)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		r = group_read(json_array_get(list, i), profile, err);
		if (r < 0)
			return err_wrap(err, "missing[%zu]", i);
	}
	profile_sort_missing(profile);
	return 0;
}
