/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/deb_copyright.h"
#include "stage/sbom/parts.h"

/* What a database's paths are below: "" of "/var/lib/dpkg/status". */
static struct span
root_of(struct span database)
{
	static const char place[] = "/var/lib/dpkg/";
	const char *at =
		database.n ? memmem(database.p, database.n, place, sizeof(place) - 1) : NULL;

	return at ? span_slice(database, 0, (size_t)(at - database.p)) : SPAN("");
}

/* A name with a slash in it is no folder's. */
static bool
is_folder_name(struct span name)
{
	return name.n > 0 && span_find(name, '/') == name.n && name.p[0] != '.';
}

/* The entry of the copyright file; IMAGE_NONE when there is none. */
static int
find_copyright(const struct sbom_maker *maker, const struct component *component,
	       struct arena *arena, uint32_t *ret, struct err *err)
{
	const struct image *image = maker->sbom->image;

	*ret = IMAGE_NONE;
	if (!component_is_packaged(component) || !is_folder_name(component->name))
		return 0;
	struct span path =
		arena_printf(arena, "%.*s/usr/share/doc/%.*s/copyright",
			     SPAN_ARG(root_of(component->database)), SPAN_ARG(component->name));
	if (!path.p)
		return err_memory(err);
	uint32_t entry = image_resolve(image, path, true, NULL, NULL);
	if (entry != IMAGE_NONE && image->entries[entry].type == IMAGE_FILE)
		*ret = entry;
	return 0;
}

/* What the database itself states. */
static int
take_stated(struct sbom_maker *maker, struct sbom_component *item, struct err *err)
{
	item->licences.items = arena_array(maker->arena, 1, sizeof(struct span));
	if (!item->licences.items)
		return err_memory(err);
	item->licences.items[0] = item->component->licence;
	item->licences.count = 1;
	item->licences_known = true;
	return 0;
}

int
sbom_read_licences(struct sbom_maker *maker, struct sbom_component *item, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct err problem = ERR_INIT;
	uint32_t entry;
	struct span text;

	if (!arena)
		return err_memory(err);
	if (item->component->licence.n > 0)
		return take_stated(maker, item, err);
	int r = find_copyright(maker, item->component, arena, &entry, err);
	if (r < 0 || entry == IMAGE_NONE)
		return r;
	r = contents_load(maker->contents, maker->sbom->image, entry, COPYRIGHT_MAX, arena, &text,
			  &problem);
	if (r >= 0)
		r = deb_copyright_read(text, maker->arena, &item->licences, &problem);
	item->licences_known = r >= 0;
	if (r != -ERR_MEMORY && r != -ERR_CANCELLED)
		return 0;
	*err = problem;
	return r;
}
