/* SPDX-License-Identifier: Apache-2.0 */
/* npm packages: folders of a node_modules, their package.json. docs/inventory.md */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/package_json.h"
#include "stage/inventory/language.h"

#include <stdlib.h>

struct found {
	uint32_t entry; /* of package.json */
	struct component component;
};

struct node_packages {
	struct reading *reading;
	bool *tops; /* per entry: the folder of a package */
	VEC(struct found) found;
};

static void
packages_cleanup(struct node_packages *packages)
{
	free(packages->tops);
	vec_free(&packages->found);
}

/* A package's own: node_modules/NAME/package.json, node_modules/@SCOPE/NAME/package.json. */
static bool
is_record(const struct image *image, uint32_t entry)
{
	static const struct span modules = SPAN_INIT("node_modules");
	const struct image_entry *entries = image->entries;
	const struct image_entry *e = &entries[entry];

	if (e->type != IMAGE_FILE || !span_ends_with(e->path, SPAN("/package.json")))
		return false;
	const struct image_entry *folder = &entries[e->parent];
	const struct image_entry *above = &entries[folder->parent];
	struct span scope = image_name(above);
	if (image_name(folder).p[0] == '.')
		return false;
	if (scope.n > 1 && scope.p[0] == '@')
		above = &entries[above->parent];
	return span_equal(image_name(above), modules);
}

static int
add_package(struct node_packages *packages, uint32_t entry, const struct package_json *json,
	    struct err *err)
{
	struct reading *reading = packages->reading;
	struct found found = {
		.entry = entry,
		.component =
			{
				.ecosystem = SPAN("npm"),
				.name = arena_copy(reading->arena, json->name),
				.version = arena_copy(reading->arena, json->version),
				.licence = arena_copy(reading->arena, json->licence),
				.depends = arena_copy(reading->arena, json->depends),
				.database = reading->image->entries[entry].path,
			},
	};

	if (!found.component.name.p || !found.component.version.p || !found.component.licence.p ||
	    !found.component.depends.p)
		return err_memory(err);
	packages->tops[reading->image->entries[entry].parent] = true;
	return vec_push(&packages->found, &found, PACKAGES_MAX, err);
}

static int
parse(struct span text, struct arena *arena, void *ret, struct err *err)
{
	return package_json_read(text, arena, ret, err);
}

/* One without a name and a version only sets how the files beside it are loaded. */
static int
read_package(struct node_packages *packages, uint32_t entry, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct reading *reading = packages->reading;
	struct span path = reading->image->entries[entry].path;
	struct package_json json;
	int r = language_read(reading, entry, parse, arena, &json, err);

	if (r <= 0)
		return r;
	if (json.name.n && json.version.n)
		return add_package(packages, entry, &json, err);
	if (json.name.n == 0 && json.version.n == 0)
		return 0;
	return reading_gap(reading, err, path, "no %s: a package here is not in the inventory",
			   json.name.n ? "version" : "name");
}

/* Yarn's Plug'n'Play keeps packages in archives, with a program that finds them. */
static int
look_for_archives(struct reading *reading, uint32_t entry, struct err *err)
{
	const struct image_entry *e = &reading->image->entries[entry];

	if (e->type != IMAGE_FILE || !span_ends_with(e->path, SPAN("/.pnp.cjs")))
		return 0;
	return reading_gap(reading, err, e->path,
			   "npm packages in archives, which are not opened: they are not in the "
			   "inventory");
}

static int
find_packages(struct node_packages *packages, struct err *err)
{
	struct reading *reading = packages->reading;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < reading->image->entry_count; i++) {
		bool owned = true;

		if (is_record(reading->image, i))
			r = language_is_owned(reading, i, &owned, err);
		if (r == 0 && !owned)
			r = read_package(packages, i, err);
		if (r == 0)
			r = look_for_archives(reading, i, err);
	}
	return r;
}

static bool
is_package(void *context, uint32_t entry)
{
	const struct node_packages *packages = context;

	return packages->tops[entry];
}

/* All below its folder but other packages. */
static int
add_files(struct node_packages *packages, struct found *found, struct err *err)
{
	struct reading *reading = packages->reading;
	CLEANUP(language_files_cleanup) struct language_files files = {.reading = reading};
	int r = language_tree(&files, reading->image->entries[found->entry].parent, is_package,
			      packages, err);

	if (r == 0)
		r = language_take(&files, &found->component, err);
	return r < 0 ? r : language_add(reading, &found->component, NULL, 0, err);
}

int
node_read(struct reading *reading, struct err *err)
{
	CLEANUP(packages_cleanup)
	struct node_packages packages = {
		.reading = reading,
		.tops = calloc(reading->image->entry_count + 1, sizeof(bool)),
	};
	int r = packages.tops ? find_packages(&packages, err) : err_memory(err);

	for (size_t i = 0; r == 0 && i < packages.found.count; i++)
		r = add_files(&packages, &packages.found.items[i], err);
	return r;
}
