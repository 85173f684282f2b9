/* SPDX-License-Identifier: Apache-2.0 */
/* Composer's packages: VENDOR/composer/installed.json. docs/inventory.md */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/composer_installed.h"
#include "stage/inventory/language.h"

/* One installed.json. */
struct vendor {
	struct reading *reading;
	uint32_t entry;
	struct span folder; /* that holds it: "/app/vendor/composer" */
};

/* Composer 1 does not say where a package is: it is VENDOR/NAME. */
static int
read_files(const struct vendor *vendor, const struct composer_package *package,
	   struct component *component, struct err *err)
{
	struct reading *reading = vendor->reading;
	CLEANUP(language_files_cleanup) struct language_files files = {.reading = reading};
	struct span base = package->place.n ? vendor->folder : language_folder(vendor->folder);
	struct span path = language_path(reading->arena, base,
					 package->place.n ? package->place : package->name);
	uint32_t top = IMAGE_NONE;
	int r = 0;

	if (!path.p)
		return err_memory(err);
	if (!package->nothing && path.n)
		top = image_resolve(reading->image, path, true, NULL, NULL);
	component->no_files = top == IMAGE_NONE;
	if (top != IMAGE_NONE && span_is_below(vendor->folder, reading->image->entries[top].path))
		return reading_gap(reading, err, component->name,
				   "its folder is that of all packages: its files are not known");
	if (top != IMAGE_NONE)
		r = language_tree(&files, top, NULL, NULL, err);
	return r < 0 ? r : language_take(&files, component, err);
}

static int
add_package(const struct vendor *vendor, const struct composer_package *package, struct err *err)
{
	struct arena *arena = vendor->reading->arena;
	struct component component = {
		.ecosystem = SPAN("composer"),
		.name = arena_copy(arena, package->name),
		.version = arena_copy(arena, package->version),
		.licence = arena_copy(arena, package->licence),
		.depends = arena_copy(arena, package->depends),
		.database = vendor->reading->image->entries[vendor->entry].path,
	};

	if (!component.name.p || !component.version.p || !component.licence.p ||
	    !component.depends.p)
		return err_memory(err);
	int r = read_files(vendor, package, &component, err);
	return r < 0 ? r : language_add(vendor->reading, &component, NULL, 0, err);
}

static int
parse(struct span text, struct arena *arena, void *ret, struct err *err)
{
	return composer_installed_read(text, arena, ret, err);
}

static int
read_vendor(struct vendor *vendor, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct reading *reading = vendor->reading;
	struct span path = reading->image->entries[vendor->entry].path;
	struct composer_installed installed;
	int r = language_read(reading, vendor->entry, parse, arena, &installed, err);

	if (r <= 0)
		return r;
	r = 0;
	if (installed.faults)
		r = reading_gap(reading, err, path,
				"%zu entries are no packages with a name and a version: they are "
				"not in the inventory",
				installed.faults);
	for (size_t i = 0; r == 0 && i < installed.package_count; i++)
		r = add_package(vendor, &installed.packages[i], err);
	return r;
}

int
php_read(struct reading *reading, struct err *err)
{
	const struct image_entry *entries = reading->image->entries;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < reading->image->entry_count; i++) {
		struct vendor vendor = {reading, i, entries[entries[i].parent].path};
		bool owned = false;

		if (entries[i].type != IMAGE_FILE ||
		    !span_ends_with(entries[i].path, SPAN("/composer/installed.json")))
			continue;
		r = language_is_owned(reading, i, &owned, err);
		if (r == 0 && !owned)
			r = read_vendor(&vendor, err);
	}
	return r;
}
