/* SPDX-License-Identifier: Apache-2.0 */
/* The packages of apk (Alpine, Wolfi, Chainguard). docs/inventory.md */
#include "base/limits.h"
#include "codec/apk_installed.h"
#include "stage/inventory/reading.h"

static const struct span places[] = {
	SPAN_INIT("/lib/apk/db/installed"),
	SPAN_INIT("/usr/lib/apk/db/installed"),
};

/* One database, and the package that is read. */
struct apk_database {
	struct reading *reading;
	struct span path;
	struct span root; /* what its paths are below */
};

static struct span
join_path(struct reading *reading, const struct apk_item *item)
{
	const char *slash = item->folder.n > 0 && item->name.n > 0 ? "/" : "";

	return arena_printf(reading->arena, "/%.*s%s%.*s", SPAN_ARG(item->folder), slash,
			    SPAN_ARG(item->name));
}

/* False: it has a checksum that cannot be read. */
static bool
take_digest(const struct apk_package *package, struct span text, struct component_file *file)
{
	bool sha256 = span_find(package->flags, 'S') < package->flags.n;
	bool long_one = false;

	if (text.n == 0)
		return true;
	if (!apk_digest_parse(text, file->digest, &long_one))
		return false;
	file->digest_of = sha256 || long_one ? FILE_DIGEST_SHA256 : FILE_DIGEST_SHA1;
	return true;
}

static int
add_path(struct apk_database *database, const struct apk_package *package,
	 const struct apk_item *item, struct component *component, size_t *faults, struct err *err)
{
	struct reading *reading = database->reading;
	struct component_file *file = &component->files[component->file_count];

	if (reading->files >= PACKAGE_FILES_MAX)
		return err_set(err, ERR_LIMIT, "too many files of packages (PACKAGE_FILES_MAX %d)",
			       PACKAGE_FILES_MAX);
	file->listed = join_path(reading, item);
	if (!file->listed.p)
		return err_memory(err);
	int r = reading_entry(reading, database->root, file->listed, &file->entry, err);
	if (r < 0)
		return r;
	*faults += !take_digest(package, item->digest, file);
	component->file_count++;
	reading->files++;
	return 0;
}

static int
read_paths(struct apk_database *database, const struct apk_package *package,
	   struct component *component, struct err *err)
{
	struct reading *reading = database->reading;
	struct apk_cursor cursor = {package->record, {"", 0}};
	struct apk_item item;
	size_t faults = 0;
	int r = 0;

	component->no_files = package->paths == 0;
	component->files =
		arena_array(reading->arena, package->paths + 1, sizeof(*component->files));
	if (!component->files)
		return err_memory(err);
	while (r >= 0 && apk_item_next(&cursor, &item)) {
		if (item.kind != APK_FIELD)
			r = add_path(database, package, &item, component, &faults, err);
	}
	if (r >= 0 && faults)
		r = reading_gap(reading, err, component->name,
				"%zu checksums of its files could not be understood", faults);
	return r;
}

static int
add_package(struct apk_database *database, const struct apk_package *package, struct err *err)
{
	struct reading *reading = database->reading;
	bool broken = span_find(package->flags, 'f') < package->flags.n;
	struct component component = {
		.ecosystem = SPAN("apk"),
		.name = package->name,
		.version = package->version,
		.architecture = package->architecture,
		.source = package->origin.n ? package->origin : package->name,
		.source_version = package->version,
		.maintainer = package->maintainer,
		.licence = package->licence,
		.provides = package->provides,
		.depends = package->depends,
		.database = database->path,
		.record = package->record,
		.state = broken ? COMPONENT_HALF : COMPONENT_INSTALLED,
	};
	int r = 0;

	if (component.version.n == 0)
		r = reading_gap(reading, err, component.name,
				"no version in %.*s: it cannot be matched",
				SPAN_ARG(database->path));
	if (r >= 0)
		r = read_paths(database, package, &component, err);
	if (r < 0)
		return r;
	component.purl = purl_make(reading, "apk", SPAN("alpine"), &component);
	if (!component.purl.p)
		return err_memory(err);
	return vec_push(&reading->components, &component, PACKAGES_MAX, err);
}

static int
read_database(struct reading *reading, uint32_t entry, struct err *err)
{
	struct span path = reading->image->entries[entry].path;
	struct apk_database database = {reading, path, apk_database_root(path)};
	struct apk_installed installed = {0};
	struct span text = {NULL, 0};
	bool good = false;

	reading->any_database = true;
	int r = reading_load(reading, entry, path, PACKAGE_DATABASE_MAX, &text, &good, err);
	if (r < 0 || !good)
		return r;
	r = apk_installed_read(text, reading->arena, &installed, err);
	if (r < 0)
		return err_wrap(err, "%.*s", SPAN_ARG(path));
	for (size_t i = 0; r >= 0 && i < installed.fault_count; i++)
		r = reading_gap(reading, err, path,
				"lines %u to %u are malformed (%.*s): a package recorded there is "
				"not in the inventory",
				installed.faults[i].first_line, installed.faults[i].last_line,
				SPAN_ARG(installed.faults[i].text));
	for (size_t i = 0; r >= 0 && i < installed.package_count; i++)
		r = add_package(&database, &installed.packages[i], err);
	return r;
}

/* Those of the image's root first, links followed; then those of folders below. */
int
apk_read(struct reading *reading, struct err *err)
{
	const struct image *image = reading->image;
	uint32_t first[2] = {IMAGE_NONE, IMAGE_NONE};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < 2; i++) {
		first[i] = image_resolve(image, places[i], true, NULL, NULL);
		if (first[i] != IMAGE_NONE && (i == 0 || first[1] != first[0]))
			r = read_database(reading, first[i], err);
	}
	for (uint32_t i = 0; r >= 0 && i < image->entry_count; i++) {
		if (image->entries[i].type == IMAGE_FILE && i != first[0] && i != first[1] &&
		    apk_is_database(image->entries[i].path))
			r = read_database(reading, i, err);
	}
	return r;
}
