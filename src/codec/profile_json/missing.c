/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/profile_json/missing.h"

#include "base/limits.h"
#include "codec/path_json.h"

#include <stddef.h>
#include <stdlib.h>

/* ---- writing ---- */

static struct span
folder_of(struct span path)
{
	size_t slash = span_find_last(path, '/');

	return span_slice(path, 0, slash ? slash : 1);
}

static int
compare_groups(const struct profile_missing *a, const struct profile_missing *b)
{
	int order = (a->phase > b->phase) - (a->phase < b->phase);

	if (order == 0)
		order = a->removed - b->removed;
	if (order == 0)
		order = span_compare(a->program, b->program);
	return order ? order : span_compare(folder_of(a->path), folder_of(b->path));
}

static int
by_group(const void *a, const void *b)
{
	const struct profile_missing *x = a;
	const struct profile_missing *y = b;
	int order = compare_groups(x, y);

	return order ? order : span_compare(x->path, y->path);
}

/* Those of the first one's group, of `count` in order; how many they are. */
static size_t
add_group(const struct profile_missing *sorted, size_t count, json_t **list)
{
	struct span folder = folder_of(sorted[0].path);
	json_t *object = json_object();
	json_t *names = json_array();
	size_t n = 0;

	for (; n < count && compare_groups(&sorted[0], &sorted[n]) == 0; n++)
		json_add(&names, path_json_make(span_base_name(sorted[n].path)));
	json_put(&object, "phase", json_number(sorted[0].phase));
	json_put(&object, "program", json_span(sorted[0].program));
	json_put(&object, "removed", json_boolean(sorted[0].removed));
	json_put(&object, "in", path_json_make(folder));
	json_put(&object, "names", names);
	json_add(list, object);
	return n;
}

json_t *
missing_json_make(const struct profile *profile)
{
	size_t count = profile->missing_count;
	struct profile_missing *sorted = calloc(count + 1, sizeof(*sorted));
	json_t *list = sorted ? json_array() : NULL;

	if (sorted && count) {
		memcpy(sorted, profile->missing, count * sizeof(*sorted));
		qsort(sorted, count, sizeof(*sorted), by_group);
	}
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
	json_t *folder;
	json_t *names;
};

/* Appends its names; there is room for all of them. */
static int
group_read(const json_t *value, struct profile *profile, struct err *err)
{
	static const struct json_field fields[] = {
		{"phase", JSON_FIELD_RAW, offsetof(struct group_document, phase), true},
		{"program", JSON_FIELD_SPAN, offsetof(struct group_document, common.program), true},
		{"removed", JSON_FIELD_BOOL, offsetof(struct group_document, common.removed), true},
		{"in", JSON_FIELD_RAW, offsetof(struct group_document, folder), true},
		{"names", JSON_FIELD_RAW, offsetof(struct group_document, names), true},
		{NULL},
	};
	struct group_document document = {0};
	struct span folder;
	int r = json_read(value, fields, &document, profile->arena, err);

	if (r == 0)
		r = phase_json_read(document.phase, profile, &document.common.phase, err);
	if (r == 0)
		r = path_json_read(document.folder, profile->arena, &folder, err);
	for (size_t i = 0; r == 0 && i < json_array_size(document.names); i++) {
		struct profile_missing *missing = &profile->missing[profile->missing_count];

		*missing = document.common;
		r = path_json_read_below(json_array_get(document.names, i), folder, profile->arena,
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
		const json_t *names = json_object_get(json_array_get(list, i), "names");

		r = json_check_items(names, "names", PROFILE_MISSING_MAX - count, err);
		count += json_array_size(names);
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
