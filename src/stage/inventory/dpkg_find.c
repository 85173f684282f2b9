/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "stage/inventory/dpkg.h"

static const struct span admin_directory = SPAN_INIT("/var/lib/dpkg");

uint32_t
dpkg_child(struct reading *reading, uint32_t directory, struct span name)
{
	char path[IMAGE_PATH_MAX + 1];
	struct span parent = reading->image->entries[directory].path;

	if (parent.n == 1)
		parent.n = 0;
	if (parent.n + 1 + name.n > IMAGE_PATH_MAX || span_find(name, '/') < name.n)
		return IMAGE_NONE;
	memcpy(path, parent.p, parent.n);
	path[parent.n] = '/';
	memcpy(path + parent.n + 1, name.p, name.n);
	struct span child = {path, parent.n + 1 + name.n};
	uint32_t entry = image_find(reading->image, child);
	if (entry == IMAGE_NONE || reading->image->entries[entry].type != IMAGE_SYMLINK)
		return entry;
	return image_resolve(reading->image, child, true, NULL, NULL);
}

/* Whether DIRECTORY/info holds file lists. */
static bool
has_lists(struct reading *reading, uint32_t directory)
{
	const struct image_entry *entries = reading->image->entries;
	uint32_t info = dpkg_child(reading, directory, SPAN("info"));

	if (info == IMAGE_NONE || entries[info].type != IMAGE_DIRECTORY)
		return false;
	for (uint32_t i = entries[info].first_child; i != IMAGE_NONE; i = entries[i].next_sibling) {
		if (span_ends_with(entries[i].path, SPAN(".list")))
			return true;
	}
	return false;
}

/*
 * A folder in which dpkg keeps records: one of the usual name that holds any of them, or one under
 * another name (--admindir) that holds both a status file and file lists.
 */
static bool
is_database(struct reading *reading, uint32_t directory)
{
	const struct image_entry *entry = &reading->image->entries[directory];

	if (entry->type != IMAGE_DIRECTORY)
		return false;
	bool status = dpkg_child(reading, directory, SPAN("status")) != IMAGE_NONE;
	if (!span_ends_with(entry->path, admin_directory))
		return status && has_lists(reading, directory);
	return status || dpkg_child(reading, directory, SPAN("status.d")) != IMAGE_NONE ||
	       dpkg_child(reading, directory, SPAN("info")) != IMAGE_NONE;
}

/* "/srv/chroot" of "/srv/chroot/var/lib/dpkg"; a database elsewhere (--admindir) is of "/". */
static struct span
root_of(struct span path)
{
	if (!span_ends_with(path, admin_directory))
		return SPAN("");
	return span_slice(path, 0, path.n - admin_directory.n);
}

int
dpkg_find_databases(struct reading *reading,
		    int (*each)(struct reading *reading, struct dpkg_database *database,
				struct err *err),
		    struct err *err)
{
	const struct image *image = reading->image;
	struct dpkg_database first = {
		.directory = image_resolve(image, admin_directory, true, NULL, NULL),
		.root = SPAN(""),
	};
	int r = 0;

	if (first.directory != IMAGE_NONE && is_database(reading, first.directory))
		r = each(reading, &first, err);
	for (uint32_t i = 0; r >= 0 && i < image->entry_count; i++) {
		if (i == first.directory || !is_database(reading, i))
			continue;
		struct dpkg_database database = {.directory = i,
						 .root = root_of(image->entries[i].path)};
		r = each(reading, &database, err);
	}
	return r;
}
