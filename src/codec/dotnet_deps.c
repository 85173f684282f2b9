/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/dotnet_deps.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"

/* Members of a library in a target, and how their keys name files. */
static const struct group {
	const char *name;
	size_t parts; /* of the key's end that are the file's path; 0: all */
} groups[] = {
	{"native", 1},
	{"resources", 2}, /* the language and the file */
	{"runtime", 1},
	{"runtimeTargets", 0},
};

enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

/* Where the file of an asset lies. */
static struct span
file_of(const struct group *group, const char *key, const json_t *asset)
{
	const char *stated = json_string_value(json_object_get(asset, "localPath"));
	struct span path = span_from(stated ? stated : key);
	size_t at = path.n;

	if (stated || group->parts == 0)
		return path;
	for (size_t i = 0; i < group->parts; i++) {
		size_t slash = span_find_last(span_slice(path, 0, at), '/');

		if (slash == at)
			return path;
		at = slash;
	}
	return span_slice(path, at + 1, path.n);
}

/* ---- reading ---- */

static enum dotnet_kind
kind_of(const json_t *libraries, const char *key)
{
	static const struct {
		const char *word;
		enum dotnet_kind kind;
	} kinds[] = {
		{"package", DOTNET_PACKAGE},
		{"project", DOTNET_PROJECT},
		{"runtimepack", DOTNET_RUNTIME},
	};
	const char *word =
		json_string_value(json_object_get(json_object_get(libraries, key), "type"));

	for (size_t i = 0; word && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(word, kinds[i].word) == 0)
			return kinds[i].kind;
	}
	return DOTNET_OTHER;
}

/* "NAME/VERSION"; false when it is none. */
static bool
split_key(struct span key, struct dotnet_library *library)
{
	const struct span pack = SPAN("runtimepack.");
	size_t slash = span_find_last(key, '/');

	if (slash == 0 || slash + 1 >= key.n)
		return false;
	library->name = span_slice(key, 0, slash);
	library->version = span_slice(key, slash + 1, key.n);
	if (library->kind == DOTNET_RUNTIME && span_starts_with(library->name, pack))
		library->name = span_slice(library->name, pack.n, library->name.n);
	return true;
}

static int
read_files(json_t *object, struct arena *arena, size_t *total, struct span_list *ret,
	   struct err *err)
{
	struct span_list list = {NULL, 0};
	size_t count = 0;
	const char *key;
	json_t *asset;

	for (size_t i = 0; i < GROUPS; i++)
		count += json_object_size(json_object_get(object, groups[i].name));
	*total += count;
	if (*total > DOTNET_ASSETS_MAX)
		return err_set(err, ERR_LIMIT, "too many files (DOTNET_ASSETS_MAX %d)",
			       DOTNET_ASSETS_MAX);
	list.items = arena_array(arena, count + 1, sizeof(*list.items));
	if (!list.items)
		return err_memory(err);
	for (size_t i = 0; i < GROUPS; i++) {
		json_object_foreach(json_object_get(object, groups[i].name), key, asset)
		{
			struct span file = arena_copy(arena, file_of(&groups[i], key, asset));

			if (!file.p)
				return err_memory(err);
			list.items[list.count++] = file;
		}
	}
	*ret = list;
	return 0;
}

static int
read_libraries(const json_t *document, json_t *target, struct arena *arena,
	       struct dotnet_deps *deps, struct err *err)
{
	const json_t *libraries = json_object_get(document, "libraries");
	size_t total = 0;
	const char *key;
	json_t *object;

	if (json_object_size(target) > DOTNET_LIBRARIES_MAX)
		return err_set(err, ERR_LIMIT, "%zu libraries (DOTNET_LIBRARIES_MAX %d)",
			       json_object_size(target), DOTNET_LIBRARIES_MAX);
	deps->libraries =
		arena_array(arena, json_object_size(target) + 1, sizeof(*deps->libraries));
	if (!deps->libraries)
		return err_memory(err);
	json_object_foreach(target, key, object)
	{
		struct dotnet_library *library = &deps->libraries[deps->count];
		struct span copy = arena_copy(arena, span_from(key));

		if (!copy.p)
			return err_memory(err);
		library->kind = kind_of(libraries, key);
		if (!split_key(copy, library))
			return err_set(err, ERR_INVALID, "\"%.100s\" is no library with a version",
				       key);
		int r = read_files(object, arena, &total, &library->files, err);
		if (r < 0)
			return r;
		deps->count++;
	}
	return 0;
}

int
dotnet_deps_read(struct span text, struct arena *arena, struct dotnet_deps *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *document = NULL;
	struct dotnet_deps deps = {{NULL, 0}};
	int r = json_parse(text, &document, err);

	if (r < 0)
		return r;
	const json_t *targets = json_object_get(document, "targets");
	const char *name = json_string_value(
		json_object_get(json_object_get(document, "runtimeTarget"), "name"));
	json_t *target = name ? json_object_get(targets, name) : NULL;

	if (!json_is_object(target))
		return err_set(err, ERR_INVALID, "the target that runs is not in it");
	deps.target = arena_copy(arena, span_from(name));
	if (!deps.target.p)
		return err_memory(err);
	r = read_libraries(document, target, arena, &deps, err);
	if (r == 0)
		*ret = deps;
	return r;
}

/* ---- cutting ---- */

struct cutting {
	dotnet_keeps keeps;
	void *context;
	json_t *gone; /* names of libraries that have nothing left */
	bool changed;
	bool failed; /* for want of memory */
};

/* Without the files that do not stay; whether it had any, and has none left. */
static bool
cut_library(struct cutting *cutting, json_t *library)
{
	size_t had = 0;
	size_t left = 0;

	for (size_t i = 0; i < GROUPS; i++) {
		json_t *group = json_object_get(library, groups[i].name);
		const char *key;
		json_t *asset;
		void *next;

		had += json_object_size(group);
		json_object_foreach_safe(group, next, key, asset)
		{
			if (cutting->keeps(cutting->context, file_of(&groups[i], key, asset)))
				continue;
			cutting->changed = true;
			(void)json_object_del(group, key);
		}
		left += json_object_size(group);
		if (json_is_object(group) && json_object_size(group) == 0)
			(void)json_object_del(library, groups[i].name);
	}
	return had > 0 && left == 0;
}

static bool
is_gone(const struct cutting *cutting, const char *key)
{
	return json_object_get(cutting->gone, key) != NULL;
}

static void
cut_targets(struct cutting *cutting, json_t *targets)
{
	const char *name;
	const char *key;
	json_t *target;
	json_t *library;

	json_object_foreach(targets, name, target)
	{
		json_object_foreach(target, key, library)
		{
			if (cut_library(cutting, library))
				cutting->failed |=
					json_object_set_new(cutting->gone, key, json_true()) < 0;
		}
	}
}

/* Members of `object` that are gone; as "NAME/VERSION", or as NAME with the version for value. */
static int
drop_members(const struct cutting *cutting, json_t *object, bool by_value, struct arena *arena,
	     struct err *err)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, key, value)
	{
		const char *version = json_string_value(value);
		struct span full = span_from(key);

		if (by_value && !version)
			continue;
		if (by_value)
			full = arena_printf(arena, "%s/%s", key, version);
		if (!full.p)
			return err_memory(err);
		if (is_gone(cutting, full.p))
			(void)json_object_del(object, key);
	}
	return 0;
}

static int
drop_gone(const struct cutting *cutting, json_t *document, struct arena *arena, struct err *err)
{
	const char *name;
	const char *key;
	json_t *target;
	json_t *library;
	int r = drop_members(cutting, json_object_get(document, "libraries"), false, arena, err);

	json_object_foreach(json_object_get(document, "targets"), name, target)
	{
		if (r == 0)
			r = drop_members(cutting, target, false, arena, err);
		json_object_foreach(target, key, library)
		{
			if (r == 0)
				r = drop_members(cutting, json_object_get(library, "dependencies"),
						 true, arena, err);
		}
	}
	return r;
}

int
dotnet_deps_cut(struct span text, dotnet_keeps keeps, void *context, struct arena *arena,
		struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *document = NULL;
	CLEANUP(json_cleanup) json_t *gone = json_object();
	struct cutting cutting = {.keeps = keeps, .context = context, .gone = gone};
	int r = gone ? json_parse(text, &document, err) : err_memory(err);

	if (r < 0)
		return r;
	cut_targets(&cutting, json_object_get(document, "targets"));
	if (cutting.failed)
		return err_memory(err);
	if (!cutting.changed) {
		*ret = text;
		return 0;
	}
	r = drop_gone(&cutting, document, arena, err);
	return r < 0 ? r : json_text(document, true, arena, ret, err);
}
