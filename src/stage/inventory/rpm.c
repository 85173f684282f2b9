/* SPDX-License-Identifier: Apache-2.0 */
/* The packages of rpm (Fedora, Red Hat, SUSE, Amazon, Azure Linux, ...). docs/inventory.md */
#include "stage/inventory/rpm.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/map.h"

/* What is written beside the database and holds what is not in it yet; empty when there is none. */
static int
load_log(struct reading *reading, const struct rpm_database_place *place, struct span *ret,
	 struct err *err)
{
	struct span path = reading->image->entries[place->entry].path;
	bool good = false;

	*ret = SPAN("");
	if (place->backend->log.n == 0)
		return 0;
	struct span beside = arena_printf(reading->arena, "%.*s%.*s", SPAN_ARG(path),
					  SPAN_ARG(place->backend->log));
	if (!beside.p)
		return err_memory(err);
	uint32_t entry = image_resolve(reading->image, beside, true, NULL, NULL);
	if (entry == IMAGE_NONE || reading->image->entries[entry].type != IMAGE_FILE)
		return 0;
	int r = reading_load(reading, entry, beside, RPM_DATABASE_MAX, ret, &good, err);
	if (r == 0 && !good)
		*ret = SPAN("");
	return r;
}

static int
load(struct reading *reading, const struct rpm_database_place *place, struct rpm_database *ret,
     bool *ret_good, struct err *err)
{
	struct span path = reading->image->entries[place->entry].path;
	struct err why = ERR_INIT;
	struct span file;
	struct span log;

	int r = reading_load(reading, place->entry, path, RPM_DATABASE_MAX, &file, ret_good, err);
	if (r < 0 || !*ret_good)
		return r;
	r = load_log(reading, place, &log, err);
	if (r < 0)
		return r;
	r = place->backend->read(file, log, reading->arena, ret, &why);
	*ret_good = r == 0;
	if (r == -ERR_MEMORY)
		return err_memory(err);
	return r == 0 ? 0
		      : reading_gap(reading, err, path,
				    "packages of rpm are recorded here, which cannot be read: %s",
				    why.text);
}

static int
add_package(struct reading *reading, const struct rpm_database_place *place,
	    const struct rpm_record *record, struct err *err)
{
	struct span path = reading->image->entries[place->entry].path;
	struct component component = {.database = path};
	struct rpm_package package;
	struct err why = ERR_INIT;
	int r = rpm_package_read(record->header, reading->arena, &package, &why);

	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0)
		return reading_gap(reading, err, path,
				   "package %u is malformed (%s): it is not in the inventory",
				   record->number, why.text);
	if (rpm_is_key(&package))
		return 0;
	r = rpm_component(reading, &package, &component, err);
	if (r == 0)
		r = rpm_files(reading, place->root, &package, &component, err);
	return r < 0 ? r : vec_push(&reading->components, &component, PACKAGES_MAX, err);
}

static int
read_database(struct reading *reading, const struct rpm_database_place *place, struct err *err)
{
	struct span path = reading->image->entries[place->entry].path;
	struct rpm_database database = {0};
	size_t first = reading->components.count;
	bool good = false;

	reading->any_database = true;
	int r = load(reading, place, &database, &good, err);
	for (size_t i = 0; r == 0 && i < database.fault_count; i++)
		r = reading_gap(reading, err, path, "package %u cannot be read (%.*s)",
				database.faults[i].number, SPAN_ARG(database.faults[i].text));
	for (size_t i = 0; r == 0 && i < database.record_count; i++)
		r = add_package(reading, place, &database.records[i], err);
	return r < 0 ? r : rpm_provide_files(reading, first, err);
}

/* Adds it unless it is there. */
static int
add_place(struct rpm_places_found *found, const struct rpm_database_place *place, struct err *err)
{
	for (size_t i = 0; i < found->count; i++) {
		if (found->items[i].entry == place->entry)
			return 0;
	}
	return vec_push(found, place, RPM_DATABASES_MAX, err);
}

/* Where rpm looks, links followed; then in such places below any folder. */
static int
find_places(const struct image *image, struct rpm_places_found *found, struct arena *arena,
	    struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rpm_place_count * rpm_backend_count; i++) {
		const struct rpm_backend *backend = &rpm_backends[i % rpm_backend_count];
		struct span path = arena_printf(arena, "%.*s/%.*s",
						SPAN_ARG(rpm_places[i / rpm_backend_count]),
						SPAN_ARG(backend->file));
		struct rpm_database_place place = {.root = SPAN(""), .backend = backend};

		if (!path.p)
			return err_memory(err);
		place.entry = image_resolve(image, path, true, NULL, NULL);
		if (place.entry != IMAGE_NONE)
			r = add_place(found, &place, err);
	}
	for (uint32_t i = 0; r == 0 && i < image->entry_count; i++) {
		struct rpm_database_place place = {.entry = i};

		if (image->entries[i].type != IMAGE_FILE ||
		    !rpm_is_database(image->entries[i].path, &place.root))
			continue;
		place.backend = rpm_backend_find(image_name(&image->entries[i]));
		r = add_place(found, &place, err);
	}
	return r;
}

/* After a change of its kind rpm removes the old one: there should be one in a folder. */
static int
report_second(struct reading *reading, const struct rpm_places_found *found, size_t i,
	      struct err *err)
{
	const struct image_entry *entries = reading->image->entries;
	uint32_t entry = found->items[i].entry;

	for (size_t k = 0; k < i; k++) {
		if (entries[found->items[k].entry].parent == entries[entry].parent)
			return reading_gap(reading, err, entries[entry].path,
					   "lies beside another database of rpm: packages may be "
					   "counted twice");
	}
	return 0;
}

int
rpm_read(struct reading *reading, struct err *err)
{
	struct rpm_places_found found = {0};
	int r = find_places(reading->image, &found, reading->arena, err);

	for (size_t i = 0; r == 0 && i < found.count; i++) {
		r = report_second(reading, &found, i, err);
		if (r == 0)
			r = read_database(reading, &found.items[i], err);
	}
	vec_free(&found);
	return r < 0 ? r : rpm_read_manifest(reading, err);
}
