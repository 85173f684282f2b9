/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "stage/inventory/reading.h"

/* Without "/." and slashes at the end. */
static struct span
shorten(struct span path)
{
	for (;;) {
		if (path.n && path.p[path.n - 1] == '/')
			path.n--;
		else if (span_ends_with(path, SPAN("/.")))
			path.n -= 2;
		else
			return path;
	}
}

static int
find_parent(struct reading *reading, struct span parent, uint32_t *ret, struct err *err)
{
	uint64_t known = 0;

	if (parent.n == 0) {
		*ret = 0;
		return 0;
	}
	if (map_get(reading->parents, parent, &known)) {
		*ret = (uint32_t)known;
		return 0;
	}
	*ret = image_resolve(reading->image, parent, true, NULL, NULL);
	return map_put(reading->parents, parent, *ret, err);
}

/* The child of a folder by name, or IMAGE_NONE. */
static uint32_t
find_child(const struct image *image, uint32_t directory, struct span name)
{
	char path[IMAGE_PATH_MAX + IMAGE_NAME_MAX + 1];
	struct span parent = image->entries[directory].path;
	size_t n = parent.n == 1 ? 0 : parent.n;

	if (image->entries[directory].type != IMAGE_DIRECTORY || n + 1 + name.n > sizeof(path))
		return IMAGE_NONE;
	memcpy(path, parent.p, n);
	path[n] = '/';
	memcpy(path + n + 1, name.p, name.n);
	return image_find(image, (struct span){path, n + 1 + name.n});
}

int
reading_entry(struct reading *reading, struct span root, struct span path, uint32_t *ret,
	      struct err *err)
{
	uint32_t parent = IMAGE_NONE;

	if (root.n) {
		path = arena_printf(reading->arena, "%.*s%.*s", SPAN_ARG(root), SPAN_ARG(path));
		if (!path.p)
			return err_memory(err);
	}
	path = shorten(path);
	if (path.n == 0) {
		*ret = 0;
		return 0;
	}
	/* Below folders that are no links a path is its own resolution. */
	*ret = image_find(reading->image, path);
	if (*ret != IMAGE_NONE)
		return 0;

	size_t slash = span_find_last(path, '/');
	if (slash == path.n)
		return 0;
	int r = find_parent(reading, span_slice(path, 0, slash), &parent, err);
	if (r >= 0 && parent != IMAGE_NONE)
		*ret = find_child(reading->image, parent, span_slice(path, slash + 1, path.n));
	return r;
}
