/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/inventory/dpkg.h"

#include "base/cleanup.h"
#include "base/limits.h"

/* What else can stand beside NAME in status.d or info; all but these are records. */
static const struct span side_files[] = {
	SPAN_INIT(".list"),	SPAN_INIT(".md5sums"),	 SPAN_INIT(".conffiles"),
	SPAN_INIT(".triggers"), SPAN_INIT(".shlibs"),	 SPAN_INIT(".symbols"),
	SPAN_INIT(".preinst"),	SPAN_INIT(".postinst"),	 SPAN_INIT(".prerm"),
	SPAN_INIT(".postrm"),	SPAN_INIT(".templates"), SPAN_INIT(".config"),
};

/* One file of stanzas. */
struct record_file {
	struct dpkg_database *database;
	uint32_t entry;
	struct span path;
	uint32_t side_directory; /* where the lists are: info or status.d; IMAGE_NONE: nowhere */
	struct span side_name;	 /* status.d: the file's own name; empty: the package's */
};

static int
state_of(struct reading *reading, const struct record_file *file,
	 const struct dpkg_package *package, enum component_state *ret, struct err *err)
{
	switch (package->state) {
	case DPKG_CONFIG_FILES:
		*ret = COMPONENT_CONFIG_FILES;
		return 0;
	case DPKG_NOT_INSTALLED:
	case DPKG_INSTALLED:
		*ret = COMPONENT_INSTALLED;
		return 0;
	case DPKG_STATE_ABSENT:
		*ret = COMPONENT_INSTALLED;
		if (file->side_name.n)
			return 0;
		return reading_gap(reading, err, package->package,
				   "%.*s line %u: no Status: taken as installed",
				   SPAN_ARG(file->path), package->first_line);
	case DPKG_STATE_UNKNOWN:
		*ret = COMPONENT_HALF;
		return reading_gap(reading, err, package->package,
				   "%.*s line %u: unknown Status: taken as half installed",
				   SPAN_ARG(file->path), package->first_line);
	default:
		*ret = COMPONENT_HALF;
		return 0;
	}
}

/* The entry of a list: NAME:ARCH.list of a package that can be there for several, or NAME.list. */
static int
find_list(struct reading *reading, const struct record_file *file,
	  const struct dpkg_package *package, const char *suffix, uint32_t *ret, struct err *err)
{
	struct span stem = file->side_name.n ? file->side_name : package->package;
	struct span name = arena_printf(reading->arena, "%.*s:%.*s%s", SPAN_ARG(stem),
					SPAN_ARG(package->architecture), suffix);

	*ret = IMAGE_NONE;
	if (file->side_directory == IMAGE_NONE)
		return 0;
	if (!name.p)
		return err_memory(err);
	*ret = dpkg_child(reading, file->side_directory, name);
	if (*ret != IMAGE_NONE)
		return 0;
	name = arena_printf(reading->arena, "%.*s%s", SPAN_ARG(stem), suffix);
	if (!name.p)
		return err_memory(err);
	*ret = dpkg_child(reading, file->side_directory, name);
	return 0;
}

/* "Pre-Depends, Depends" as one relation field. */
static int
join_depends(struct reading *reading, const struct dpkg_package *package, struct span *ret,
	     struct err *err)
{
	*ret = package->depends.n ? package->depends : package->pre_depends;
	if (package->depends.n == 0 || package->pre_depends.n == 0)
		return 0;
	*ret = arena_printf(reading->arena, "%.*s, %.*s", SPAN_ARG(package->pre_depends),
			    SPAN_ARG(package->depends));
	return ret->p ? 0 : err_memory(err);
}

static int
note_what_is_missing(struct reading *reading, const struct record_file *file,
		     const struct dpkg_lists *lists, const struct component *component,
		     struct err *err)
{
	int r = 0;

	if (component->version.n == 0 && component->state != COMPONENT_CONFIG_FILES)
		r = reading_gap(reading, err, component->name,
				"no Version in %.*s: it cannot be matched", SPAN_ARG(file->path));
	if (r >= 0 && lists->list == IMAGE_NONE &&
	    (lists->md5sums == IMAGE_NONE || !file->side_name.n) &&
	    component->state != COMPONENT_CONFIG_FILES)
		r = reading_gap(reading, err, component->name,
				"recorded in %.*s, but the list of its files is not there: what it "
				"owns is not known",
				SPAN_ARG(file->path));
	return r;
}

static int
fill_component(struct reading *reading, const struct record_file *file,
	       const struct dpkg_package *package, struct component *ret, struct err *err)
{
	*ret = (struct component){
		.ecosystem = SPAN("dpkg"),
		.name = package->package,
		.version = package->version,
		.architecture = package->architecture,
		.source = package->source,
		.source_version = package->source_version,
		.maintainer = package->maintainer,
		.section = package->section,
		.provides = package->provides,
		.database = file->path,
		.record = package->record,
		.essential = span_equal_nocase(package->essential, SPAN("yes")),
	};
	int r = state_of(reading, file, package, &ret->state, err);
	if (r >= 0)
		r = join_depends(reading, package, &ret->depends, err);
	if (r < 0)
		return r;
	ret->purl = purl_make(reading, "deb", SPAN("debian"), ret);
	return ret->purl.p ? 0 : err_memory(err);
}

static int
add_package(struct reading *reading, const struct record_file *file,
	    const struct dpkg_package *package, struct err *err)
{
	struct component component;
	struct dpkg_lists lists = {IMAGE_NONE, IMAGE_NONE};

	if (package->state == DPKG_NOT_INSTALLED)
		return 0;
	int r = fill_component(reading, file, package, &component, err);
	if (r >= 0)
		r = find_list(reading, file, package, ".list", &lists.list, err);
	if (r >= 0)
		r = find_list(reading, file, package, ".md5sums", &lists.md5sums, err);
	if (r >= 0)
		r = note_what_is_missing(reading, file, &lists, &component, err);
	if (r >= 0)
		r = dpkg_read_files(reading, file->database, package, &lists, &component, err);
	return r < 0 ? r : vec_push(&reading->components, &component, PACKAGES_MAX, err);
}

static int
read_records(struct reading *reading, struct record_file *file, struct err *err)
{
	struct dpkg_status status = {0};
	struct span text = {NULL, 0};
	bool good = false;
	int r;

	file->path = reading->image->entries[file->entry].path;
	r = reading_load(reading, file->entry, file->path, PACKAGE_DATABASE_MAX, &text, &good, err);
	if (r < 0 || !good)
		return r;
	r = dpkg_status_read(text, reading->arena, &status, err);
	if (r < 0)
		return err_wrap(err, "%.*s", SPAN_ARG(file->path));
	for (size_t i = 0; r >= 0 && i < status.fault_count; i++)
		r = reading_gap(reading, err, file->path,
				"lines %u to %u are malformed (%.*s): a package recorded there is "
				"not in the inventory",
				status.faults[i].first_line, status.faults[i].last_line,
				SPAN_ARG(status.faults[i].text));
	for (size_t i = 0; r >= 0 && i < status.package_count; i++)
		r = add_package(reading, file, &status.packages[i], err);
	return r;
}

static bool
is_side_file(struct span name)
{
	for (size_t i = 0; i < sizeof(side_files) / sizeof(side_files[0]); i++) {
		if (span_ends_with(name, side_files[i]))
			return true;
	}
	return false;
}

/* status.d: one record a file, as distroless images have it. */
static int
read_folder(struct reading *reading, struct dpkg_database *database, uint32_t folder,
	    struct err *err)
{
	const struct image_entry *entries = reading->image->entries;
	int r = 0;

	for (uint32_t i = entries[folder].first_child; r >= 0 && i != IMAGE_NONE;
	     i = entries[i].next_sibling) {
		struct record_file file = {
			.database = database,
			.entry = dpkg_child(reading, folder, image_name(&entries[i])),
			.side_directory = folder,
			.side_name = image_name(&entries[i]),
		};

		if (is_side_file(file.side_name))
			continue;
		if (file.entry == IMAGE_NONE)
			r = reading_gap(reading, err, entries[i].path, "is a link to nothing");
		else if (entries[file.entry].type == IMAGE_FILE)
			r = read_records(reading, &file, err);
	}
	return r;
}

/* dpkg writes changes to updates/NNNN first and merges them into status later. */
static int
note_updates(struct reading *reading, const struct dpkg_database *database, struct err *err)
{
	uint32_t folder = dpkg_child(reading, database->directory, SPAN("updates"));
	const struct image_entry *entries = reading->image->entries;

	if (folder == IMAGE_NONE || entries[folder].first_child == IMAGE_NONE)
		return 0;
	return reading_gap(reading, err, entries[folder].path,
			   "holds changes dpkg has not merged yet (an interrupted run): they are "
			   "not in the inventory");
}

static int
read_database(struct reading *reading, struct dpkg_database *database, struct err *err)
{
	const struct image_entry *entries = reading->image->entries;
	uint32_t folder = dpkg_child(reading, database->directory, SPAN("status.d"));
	struct record_file file = {
		.database = database,
		.entry = dpkg_child(reading, database->directory, SPAN("status")),
		.side_directory = dpkg_child(reading, database->directory, SPAN("info")),
	};

	reading->any_database = true;
	int r = dpkg_read_diversions(reading, database, err);
	if (r >= 0 && file.entry != IMAGE_NONE)
		r = read_records(reading, &file, err);
	if (r >= 0 && folder != IMAGE_NONE && entries[folder].type == IMAGE_DIRECTORY)
		r = read_folder(reading, database, folder, err);
	if (r >= 0 && file.entry == IMAGE_NONE && folder == IMAGE_NONE)
		r = reading_gap(reading, err, entries[database->directory].path,
				"holds dpkg's lists of files, but no status: which packages are "
				"installed is not known");
	if (r >= 0)
		r = note_updates(reading, database, err);
	map_free(database->diversions);
	database->diversions = NULL;
	return r;
}

int
dpkg_read(struct reading *reading, struct err *err)
{
	return dpkg_find_databases(reading, read_database, err);
}
