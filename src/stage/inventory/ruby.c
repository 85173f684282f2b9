/* SPDX-License-Identifier: Apache-2.0 */
/* Gems: specifications/NAME-VERSION.gemspec, those of Ruby itself below default. docs/inventory.md
 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/gemspec.h"
#include "stage/inventory/language.h"

/* One specification, where it stands. */
struct place {
	uint32_t home;	      /* the folder that holds gems, specifications and the rest */
	struct span own_name; /* "rack-3.0.8", "nokogiri-1.15.0-x86_64-linux" */
	bool is_default;      /* its files are among those of Ruby itself */
};

static bool
find_place(const struct image *image, uint32_t entry, struct place *ret)
{
	static const struct span suffix = SPAN_INIT(".gemspec");
	const struct image_entry *entries = image->entries;
	struct span name = image_name(&entries[entry]);
	uint32_t folder = entries[entry].parent;

	if (entries[entry].type != IMAGE_FILE || !span_ends_with(name, suffix))
		return false;
	ret->is_default = span_equal(image_name(&entries[folder]), SPAN("default"));
	if (ret->is_default)
		folder = entries[folder].parent;
	ret->home = entries[folder].parent;
	ret->own_name = span_slice(name, 0, name.n - suffix.n);
	return span_equal(image_name(&entries[folder]), SPAN("specifications"));
}

/* HOME/FOLDER/NAME, and all below it. */
static int
add_below(struct language_files *files, uint32_t home, struct span folder, struct span name,
	  struct err *err)
{
	uint32_t entry = language_child(files->reading, home, folder);

	if (entry != IMAGE_NONE)
		entry = language_child(files->reading, entry, name);
	return entry == IMAGE_NONE ? 0 : language_tree(files, entry, NULL, NULL, err);
}

/* extensions/PLATFORM/ABI/NAME. */
static int
add_extensions(struct language_files *files, const struct place *place, struct err *err)
{
	const struct image_entry *entries = files->reading->image->entries;
	uint32_t top = language_child(files->reading, place->home, SPAN("extensions"));
	int r = 0;

	if (top == IMAGE_NONE)
		return 0;
	for (uint32_t i = entries[top].first_child; i != IMAGE_NONE; i = entries[i].next_sibling) {
		for (uint32_t j = entries[i].first_child; r == 0 && j != IMAGE_NONE;
		     j = entries[j].next_sibling) {
			uint32_t own = language_child(files->reading, j, place->own_name);

			if (own != IMAGE_NONE)
				r = language_tree(files, own, NULL, NULL, err);
		}
	}
	return r;
}

static int
add_gem(struct language_files *files, const struct place *place, struct err *err)
{
	struct arena *arena = files->reading->arena;
	struct span packed = arena_printf(arena, "%.*s.gem", SPAN_ARG(place->own_name));
	int r = packed.p ? 0 : err_memory(err);

	if (r == 0)
		r = add_below(files, place->home, SPAN("gems"), place->own_name, err);
	if (r == 0)
		r = add_extensions(files, place, err);
	if (r == 0)
		r = add_below(files, place->home, SPAN("doc"), place->own_name, err);
	return r < 0 ? r : add_below(files, place->home, SPAN("cache"), packed, err);
}

/* "/usr/lib/ruby/3.1.0" of "/usr/lib/ruby/gems/3.1.0"; empty: it is not laid out like that. */
static struct span
library_of(struct reading *reading, uint32_t home)
{
	struct span path = reading->image->entries[home].path;
	struct span above = language_folder(path);

	if (!span_ends_with(above, SPAN("/gems")))
		return SPAN("");
	return arena_printf(reading->arena, "%.*s%.*s", SPAN_ARG(language_folder(above)),
			    (int)(path.n - above.n), path.p + above.n);
}

/* Names relative to Ruby's library, some with "lib/" in front, or to the gem's own folder. */
static int
add_default(struct language_files *files, const struct place *place, const struct gemspec *gem,
	    struct err *err)
{
	static const struct span lib = SPAN_INIT("lib/");
	struct reading *reading = files->reading;
	struct span library = library_of(reading, place->home);
	int r = library.p ? 0 : err_memory(err);

	for (size_t i = 0; r == 0 && library.n && i < gem->files.count; i++) {
		struct span name = gem->files.items[i];

		if (span_starts_with(name, lib))
			name = span_slice(name, lib.n, name.n);
		struct span path = language_path(reading->arena, library, name);
		uint32_t entry = path.p ? image_find(reading->image, path) : IMAGE_NONE;
		if (!path.p)
			r = err_memory(err);
		if (entry != IMAGE_NONE && span_starts_with(path, library))
			r = language_file(files, path, entry, NULL, err);
	}
	return r;
}

static int
read_files(struct reading *reading, const struct place *place, const struct gemspec *gem,
	   struct component *component, struct err *err)
{
	CLEANUP(language_files_cleanup) struct language_files files = {.reading = reading};
	int r = add_gem(&files, place, err);

	if (r == 0 && place->is_default)
		r = add_default(&files, place, gem, err);
	return r < 0 ? r : language_take(&files, component, err);
}

static int
add_specification(struct reading *reading, uint32_t entry, const struct place *place,
		  const struct gemspec *gem, struct err *err)
{
	bool any = span_equal(gem->platform, SPAN("ruby"));
	struct component component = {
		.ecosystem = SPAN("gem"),
		.name = arena_copy(reading->arena, gem->name),
		.version = arena_copy(reading->arena, gem->version),
		.architecture = arena_copy(reading->arena, any ? SPAN("") : gem->platform),
		.licence = arena_copy(reading->arena, gem->licence),
		.depends = arena_copy(reading->arena, gem->depends),
		.database = reading->image->entries[entry].path,
	};
	struct purl_qualifier platform = {SPAN("platform"), component.architecture};

	if (!component.name.p || !component.version.p || !component.architecture.p ||
	    !component.licence.p || !component.depends.p)
		return err_memory(err);
	int r = read_files(reading, place, gem, &component, err);
	return r < 0 ? r : language_add(reading, &component, &platform, 1, err);
}

static int
parse(struct span text, struct arena *arena, void *ret, struct err *err)
{
	return gemspec_read(text, arena, ret, err);
}

static int
read_specification(struct reading *reading, uint32_t entry, const struct place *place,
		   struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct gemspec gem;
	int r = language_read(reading, entry, parse, arena, &gem, err);

	return r <= 0 ? r : add_specification(reading, entry, place, &gem, err);
}

int
ruby_read(struct reading *reading, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < reading->image->entry_count; i++) {
		struct place place;
		bool owned = false;

		if (!find_place(reading->image, i, &place))
			continue;
		r = language_is_owned(reading, i, &owned, err);
		if (r == 0 && !owned)
			r = read_specification(reading, i, &place, err);
	}
	return r;
}
