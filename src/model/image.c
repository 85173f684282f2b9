/* SPDX-License-Identifier: Apache-2.0 */
#include "model/image.h"

#include "base/limits.h"

void
image_free(struct image *image)
{
	if (!image)
		return;
	map_free(image->by_path);
	arena_free(image->arena); /* holds *image itself */
}

void
image_cleanup(struct image **image)
{
	image_free(*image);
	*image = NULL;
}

uint32_t
image_find(const struct image *image, struct span path)
{
	uint64_t index;

	return map_get(image->by_path, path, &index) ? (uint32_t)index : IMAGE_NONE;
}

/* A walk through the tree; `rest` is what is still to be resolved, in one of two buffers. */
struct walk {
	const struct image *image;
	image_visit visit;
	void *context;
	char text[2][IMAGE_PATH_MAX * 2];
	int which;
	struct span rest;
	uint32_t at;
	int hops;
};

static uint32_t
find_child(const struct image *image, uint32_t directory, struct span name)
{
	char path[IMAGE_PATH_MAX + 1];
	struct span parent = image->entries[directory].path;
	size_t n = parent.n == 1 ? 0 : parent.n;

	if (n + 1 + name.n > IMAGE_PATH_MAX)
		return IMAGE_NONE;
	memcpy(path, parent.p, n);
	path[n] = '/';
	memcpy(path + n + 1, name.p, name.n);
	return image_find(image, (struct span){path, n + 1 + name.n});
}

/* Puts the target of a link before what is left of the path; false when that gets too long. */
static bool
follow(struct walk *walk, struct span target)
{
	char *to = walk->text[!walk->which];
	size_t n = target.n + (walk->rest.p ? 1 + walk->rest.n : 0);

	if (++walk->hops > SYMLINK_HOPS_MAX || target.n == 0 || n > sizeof(walk->text[0]))
		return false;
	memcpy(to, target.p, target.n);
	if (walk->rest.p) {
		to[target.n] = '/';
		memcpy(to + target.n + 1, walk->rest.p, walk->rest.n);
	}
	walk->which = !walk->which;
	walk->rest = (struct span){to, n};
	if (target.p[0] == '/')
		walk->at = 0;
	return true;
}

/* One component; false when the way ends here. */
static bool
step(struct walk *walk, struct span name, bool last, bool follow_last)
{
	const struct image_entry *entries = walk->image->entries;

	if (name.n == 0 || span_equal(name, SPAN(".")))
		return entries[walk->at].type == IMAGE_DIRECTORY;
	if (entries[walk->at].type != IMAGE_DIRECTORY)
		return false;
	if (span_equal(name, SPAN(".."))) {
		walk->at = entries[walk->at].parent;
		return true;
	}

	uint32_t child = find_child(walk->image, walk->at, name);
	if (child == IMAGE_NONE)
		return false;
	if (walk->visit)
		walk->visit(walk->context, child);
	if (entries[child].type == IMAGE_SYMLINK && (!last || follow_last))
		return follow(walk, entries[child].link);
	walk->at = child;
	return true;
}

uint32_t
image_resolve(const struct image *image, struct span path, bool follow_last, image_visit visit,
	      void *context)
{
	struct walk walk = {.image = image, .visit = visit, .context = context, .rest = path};

	if (path.n == 0 || path.n > IMAGE_PATH_MAX)
		return IMAGE_NONE;
	while (walk.rest.p) {
		struct span name = span_cut(&walk.rest, '/');
		bool last = !walk.rest.p; /* a trailing slash follows, as lstat(2) does */

		if (!step(&walk, name, last, follow_last))
			return IMAGE_NONE;
	}
	return walk.at;
}

struct span
image_name(const struct image_entry *entry)
{
	size_t slash = span_find_last(entry->path, '/');

	return entry->path.n == 1 ? entry->path : span_slice(entry->path, slash + 1, entry->path.n);
}

struct span
image_environment(const struct image_config *config, struct span name)
{
	for (size_t i = config->environment.count; i-- > 0;) {
		struct span value = config->environment.items[i];
		struct span key = span_cut(&value, '=');

		if (span_equal(key, name) && value.p)
			return value;
	}
	return (struct span){NULL, 0};
}
