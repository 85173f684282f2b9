/* SPDX-License-Identifier: Apache-2.0 */
/* Python distributions: NAME.dist-info, NAME.egg-info and unpacked eggs. docs/inventory.md */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/package_key.h"
#include "codec/python_metadata.h"
#include "codec/python_record.h"
#include "stage/inventory/language.h"

/* Where a distribution is recorded. */
enum form {
	FORM_NONE,
	FORM_DIST_INFO, /* site/NAME.dist-info/METADATA, files in RECORD */
	FORM_EGG_INFO,	/* site/NAME.egg-info/PKG-INFO, files in installed-files.txt */
	FORM_EGG,	/* site/NAME.egg/EGG-INFO/PKG-INFO, files are all of the egg */
	FORM_FILE,	/* site/NAME.egg-info, files are not known */
	FORM_PACKED,	/* site/NAME.egg, an archive */
};

static enum form
form_of(const struct image *image, uint32_t entry)
{
	const struct image_entry *entries = image->entries;
	const struct image_entry *e = &entries[entry];
	struct span name = image_name(e);
	struct span folder = image_name(&entries[e->parent]);

	if (e->type != IMAGE_FILE || name.n < 4)
		return FORM_NONE;
	if (span_equal(name, SPAN("METADATA")) && span_ends_with(folder, SPAN(".dist-info")))
		return FORM_DIST_INFO;
	if (span_equal(name, SPAN("PKG-INFO")) && span_ends_with(folder, SPAN(".egg-info")))
		return FORM_EGG_INFO;
	if (span_equal(name, SPAN("PKG-INFO")) && span_equal(folder, SPAN("EGG-INFO")) &&
	    span_ends_with(image_name(&entries[entries[e->parent].parent]), SPAN(".egg")))
		return FORM_EGG;
	if (span_ends_with(name, SPAN(".egg-info")))
		return FORM_FILE;
	return span_ends_with(name, SPAN(".egg")) ? FORM_PACKED : FORM_NONE;
}

/* One line of a list of files: `folder` is what it is relative to. */
static int
add_listed(struct language_files *files, struct span folder, struct span path, struct span digest,
	   struct err *err)
{
	struct reading *reading = files->reading;
	struct span listed = language_path(reading->arena, folder, path);
	struct component_file *file;
	uint32_t entry = IMAGE_NONE;

	if (!listed.p)
		return err_memory(err);
	if (path.n == 0 || span_find(path, '\0') < path.n)
		return 0;
	int r = reading_entry(reading, SPAN(""), listed, &entry, err);
	if (r == 0)
		r = language_file(files, listed, entry, &file, err);
	if (r == 0 && python_record_digest(digest, file->digest))
		file->digest_of = FILE_DIGEST_SHA256;
	return r;
}

static int
add_record(struct language_files *files, struct span folder, struct span text, struct arena *arena,
	   struct err *err)
{
	struct python_record_line line;
	bool more = true;
	int r = 0;

	while (r == 0) {
		r = python_record_next(&text, arena, &line, &more, err);
		if (r < 0 || !more)
			return r;
		r = add_listed(files, folder, line.path, line.digest, err);
	}
	return r;
}

static int
add_lines(struct language_files *files, struct span folder, struct span text, struct arena *arena,
	  struct err *err)
{
	int r = 0;

	(void)arena;
	while (r == 0 && text.n)
		r = add_listed(files, folder, span_trim(span_cut(&text, '\n')), SPAN(""), err);
	return r;
}

static const struct {
	struct span list; /* beside the record */
	bool below;	  /* its paths are relative to the folder above */
	int (*add)(struct language_files *files, struct span folder, struct span text,
		   struct arena *arena, struct err *err);
} lists[] = {
	[FORM_DIST_INFO] = {SPAN_INIT("RECORD"), true, add_record},
	[FORM_EGG_INFO] = {SPAN_INIT("installed-files.txt"), false, add_lines},
};

/* Files that a list beside the record names; none are known where there is no list. */
static int
read_list(struct language_files *files, enum form form, uint32_t folder,
	  struct component *component, struct err *err)
{
	struct reading *reading = files->reading;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	uint32_t entry = language_child(reading, folder, lists[form].list);
	struct span base = reading->image->entries[folder].path;
	struct err why = ERR_INIT;
	struct span text;

	if (!arena)
		return err_memory(err);
	if (entry == IMAGE_NONE || reading->image->entries[entry].type != IMAGE_FILE)
		return 0;
	if (lists[form].below)
		base = language_folder(base);
	int r = contents_load(reading->contents, reading->image, entry, PACKAGE_DATABASE_MAX, arena,
			      &text, &why);
	if (r == 0)
		r = lists[form].add(files, base, text, arena, &why);
	if (r == -ERR_MEMORY || r == -ERR_CANCELLED || r == -ERR_LIMIT) {
		*err = why;
		return r;
	}
	if (r < 0)
		return reading_gap(reading, err, reading->image->entries[entry].path,
				   "which files belong to %.*s is not wholly known: %s",
				   SPAN_ARG(component->name), why.text);
	component->no_files = files->list.count == 0;
	return 0;
}

static int
read_files(struct reading *reading, enum form form, uint32_t entry, struct component *component,
	   struct err *err)
{
	CLEANUP(language_files_cleanup) struct language_files files = {.reading = reading};
	const struct image_entry *entries = reading->image->entries;
	uint32_t folder = entries[entry].parent;
	int r = 0;

	if (form == FORM_DIST_INFO || form == FORM_EGG_INFO)
		r = read_list(&files, form, folder, component, err);
	if (form == FORM_EGG)
		r = language_tree(&files, entries[folder].parent, NULL, NULL, err);
	return r < 0 ? r : language_take(&files, component, err);
}

/* The names it answers to: as PEP 503 has it, if that is another. */
static int
add_distribution(struct reading *reading, enum form form, uint32_t entry,
		 const struct python_metadata *metadata, struct err *err)
{
	struct component component = {
		.ecosystem = SPAN("pypi"),
		.name = arena_copy(reading->arena, metadata->name),
		.version = arena_copy(reading->arena, metadata->version),
		.licence = arena_copy(reading->arena, metadata->licence),
		.depends = arena_copy(reading->arena, metadata->requires),
		.database = reading->image->entries[entry].path,
	};

	if (!component.name.p || !component.version.p || !component.licence.p ||
	    !component.depends.p)
		return err_memory(err);
	component.source = package_key(component.ecosystem, component.name, reading->arena);
	if (!component.source.p)
		return err_memory(err);
	if (!span_equal(component.source, component.name))
		component.provides = component.source;
	int r = read_files(reading, form, entry, &component, err);
	return r < 0 ? r : language_add(reading, &component, NULL, 0, err);
}

static int
parse(struct span text, struct arena *arena, void *ret, struct err *err)
{
	return python_metadata_read(text, arena, ret, err);
}

static int
read_distribution(struct reading *reading, enum form form, uint32_t entry, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct python_metadata metadata;

	if (form == FORM_PACKED)
		return reading_gap(reading, err, reading->image->entries[entry].path,
				   "a Python package in an archive, which is not opened: it is not "
				   "in the inventory");
	int r = language_read(reading, entry, parse, arena, &metadata, err);
	return r <= 0 ? r : add_distribution(reading, form, entry, &metadata, err);
}

int
python_read(struct reading *reading, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < reading->image->entry_count; i++) {
		enum form form = form_of(reading->image, i);
		bool owned = false;

		if (form == FORM_NONE)
			continue;
		r = language_is_owned(reading, i, &owned, err);
		if (r == 0 && !owned)
			r = read_distribution(reading, form, i, err);
	}
	return r;
}
