/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/dpkg_files.h"
#include "stage/inventory/dpkg.h"

/* Files of one package being put together. */
struct listing {
	struct reading *reading;
	const struct dpkg_database *database;
	struct component *component;
	size_t capacity;
	struct map *by_path; /* listed path without its first slash -> index */
	size_t faults;
};

static size_t
count_lines(struct span text)
{
	size_t lines = text.n ? 1 : 0;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	return lines;
}

/* Where a path of this package really is, after diversions (dpkg-divert(1)). */
static struct span
diverted(const struct listing *listing, struct span path)
{
	const struct dpkg_database *database = listing->database;
	uint64_t index = 0;

	if (!database->diversions || !map_get(database->diversions, path, &index))
		return path;
	const struct dpkg_diversion *diversion = &database->diversion_items[index];
	return span_equal(diversion->package, listing->component->name) ? path : diversion->to;
}

static int
add_file(struct listing *listing, struct span path, struct component_file **ret, struct err *err)
{
	struct component *component = listing->component;
	struct component_file *file = &component->files[component->file_count];

	if (component->file_count >= listing->capacity ||
	    listing->reading->files >= PACKAGE_FILES_MAX)
		return err_set(err, ERR_LIMIT, "too many files of packages (PACKAGE_FILES_MAX %d)",
			       PACKAGE_FILES_MAX);
	int r = reading_entry(listing->reading, listing->database->root, diverted(listing, path),
			      &file->entry, err);
	if (r < 0)
		return r;
	file->listed = path;
	r = map_put(listing->by_path, span_slice(path, 1, path.n), component->file_count, err);
	component->file_count++;
	listing->reading->files++;
	*ret = file;
	return r;
}

/* The file of a path without its first slash, added when it is not listed and `add`: 1; 0 none. */
static int
find_file(struct listing *listing, struct span relative, bool add, struct component_file **ret,
	  struct err *err)
{
	uint64_t index = 0;

	if (map_get(listing->by_path, relative, &index)) {
		*ret = &listing->component->files[index];
		return 1;
	}
	if (!add)
		return 0;
	struct span path = arena_printf(listing->reading->arena, "/%.*s", SPAN_ARG(relative));
	if (!path.p)
		return err_memory(err);
	int r = add_file(listing, path, ret, err);
	return r < 0 ? r : 1;
}

static int
add_listed(struct listing *listing, struct span text, struct err *err)
{
	struct component_file *file;
	struct dpkg_file line;
	int r = 0;

	while (r >= 0 && dpkg_list_next(&text, &line, &listing->faults))
		r = add_file(listing, line.path, &file, err);
	return r;
}

/* `add`: there is no list, the sums are all there is (distroless). */
static int
add_sums(struct listing *listing, struct span text, bool add, struct err *err)
{
	struct component_file *file;
	struct dpkg_file line;
	int r = 0;

	while (r >= 0 && dpkg_md5sums_next(&text, &line, &listing->faults)) {
		r = find_file(listing, line.path, add, &file, err);
		if (r <= 0)
			continue;
		memcpy(file->digest, line.digest, sizeof(line.digest));
		file->digest_of = FILE_DIGEST_MD5;
	}
	return r < 0 ? r : 0;
}

static int
add_conffiles(struct listing *listing, struct span text, bool add, struct err *err)
{
	struct dpkg_conffile conffile;
	struct component_file *file;
	int r = 0;

	while (r >= 0 && dpkg_conffile_next(&text, &conffile)) {
		struct span relative = span_slice(conffile.path, 1, conffile.path.n);

		r = find_file(listing, relative, add && !conffile.obsolete, &file, err);
		if (r <= 0)
			continue;
		file->conffile = true;
		if (!file->digest_of && dpkg_md5_parse(conffile.md5, file->digest))
			file->digest_of = FILE_DIGEST_MD5;
	}
	return r < 0 ? r : 0;
}

static int
fill(struct listing *listing, const struct dpkg_package *package, struct span list,
     struct span sums, bool listed, struct err *err)
{
	struct component *component = listing->component;

	listing->capacity = count_lines(list);
	if (!listed)
		listing->capacity += count_lines(sums) + count_lines(package->conffiles);
	listing->by_path = map_new(listing->capacity);
	component->files = arena_array(listing->reading->arena, listing->capacity + 1,
				       sizeof(*component->files));
	if (!listing->by_path || !component->files)
		return err_memory(err);
	int r = add_listed(listing, list, err);
	if (r >= 0)
		r = add_sums(listing, sums, !listed, err);
	if (r >= 0)
		r = add_conffiles(listing, package->conffiles, !listed, err);
	return r;
}

int
dpkg_read_files(struct reading *reading, const struct dpkg_database *database,
		const struct dpkg_package *package, const struct dpkg_lists *lists,
		struct component *component, struct err *err)
{
	struct listing listing = {.reading = reading, .database = database, .component = component};
	struct span list = {NULL, 0};
	struct span sums = {NULL, 0};
	bool listed = false;
	bool summed = false;
	int r = 0;

	if (lists->list != IMAGE_NONE)
		r = reading_load(reading, lists->list, component->name, PACKAGE_DATABASE_MAX, &list,
				 &listed, err);
	if (r >= 0 && lists->md5sums != IMAGE_NONE)
		r = reading_load(reading, lists->md5sums, component->name, PACKAGE_DATABASE_MAX,
				 &sums, &summed, err);
	if (r >= 0)
		r = fill(&listing, package, list, sums, listed, err);
	map_free(listing.by_path);
	if (r >= 0 && listing.faults)
		r = reading_gap(reading, err, component->name,
				"%zu lines of its file lists could not be understood",
				listing.faults);
	return r;
}

static int
load_diversions(struct reading *reading, struct dpkg_database *database, struct span text,
		size_t *faults, struct err *err)
{
	size_t capacity = count_lines(text);
	struct dpkg_diversion diversion;
	size_t count = 0;
	int r = 0;

	database->diversions = map_new(capacity / 3);
	database->diversion_items = arena_array(reading->arena, capacity + 1, sizeof(diversion));
	if (!database->diversions || !database->diversion_items)
		return err_memory(err);
	while (r >= 0 && dpkg_diversion_next(&text, &diversion, faults)) {
		database->diversion_items[count] = diversion;
		r = map_put(database->diversions, diversion.from, count++, err);
	}
	return r;
}

int
dpkg_read_diversions(struct reading *reading, struct dpkg_database *database, struct err *err)
{
	uint32_t entry = dpkg_child(reading, database->directory, SPAN("diversions"));
	struct span text = {NULL, 0};
	size_t faults = 0;
	bool good = false;

	if (entry == IMAGE_NONE)
		return 0;
	struct span path = reading->image->entries[entry].path;
	int r = reading_load(reading, entry, path, PACKAGE_DATABASE_MAX, &text, &good, err);
	if (r >= 0 && good)
		r = load_diversions(reading, database, text, &faults, err);
	if (r >= 0 && faults)
		r = reading_gap(reading, err, path,
				"%zu diversions could not be understood: files they move are "
				"attributed as if they had not been moved",
				faults);
	return r;
}
