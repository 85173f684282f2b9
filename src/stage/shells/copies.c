/* SPDX-License-Identifier: Apache-2.0 */
/* Copies, under other names, of what is known by its name only. */
#include "stage/shells/search.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/map.h"

enum { BUILD_ID_MIN = 8 };

static int
digest_file(struct finder *finder, uint32_t entry, struct err *err)
{
	struct file *file = &finder->files[entry];
	struct span content;

	if (file->digested || file->unread || finder->image->entries[entry].size > ELF_FILE_MAX)
		return 0;
	int r = finder_load(finder, entry, ELF_FILE_MAX, &content, err);
	if (r < 0 || !content.p)
		return r;
	digest_of(content, &file->digest);
	file->digested = true;
	return 0;
}

static void
note_names(struct finder *finder)
{
	const struct image *image = finder->image;

	for (uint32_t i = 0; i < image->entry_count; i++) {
		const struct shell_name *name = NULL;

		if (image->entries[i].type == IMAGE_FILE)
			name = finder_name_of(finder, i, i);
		if (name && !finder->files[image->entries[i].inode].named)
			finder->files[image->entries[i].inode].named = name;
	}
}

/* What is known by its name alone: build-id, size and digest -> entry. */
struct known {
	struct map *build_ids;
	struct map *sizes;
	struct map *digests;
};

static void
known_cleanup(struct known *known)
{
	map_free(known->build_ids);
	map_free(known->sizes);
	map_free(known->digests);
}

static struct span
size_key(const struct finder *finder, uint32_t entry)
{
	const uint64_t *size = &finder->image->entries[entry].size;

	return (struct span){(const char *)size, sizeof(*size)};
}

static struct span
digest_key(const struct finder *finder, uint32_t entry)
{
	return (struct span){(const char *)finder->files[entry].digest.bytes, DIGEST_BYTES};
}

/* The first entry with a key stays. */
static int
put_first(struct map *map, struct span key, uint32_t entry, struct err *err)
{
	uint64_t known = 0;

	return map_get(map, key, &known) ? 0 : map_put(map, key, entry, err);
}

static int
note_known(struct finder *finder, struct known *known, uint32_t entry, struct err *err)
{
	const struct file *file = &finder->files[entry];
	int r = digest_file(finder, entry, err);

	if (r >= 0 && file->build_id.n >= BUILD_ID_MIN)
		r = put_first(known->build_ids, file->build_id, entry, err);
	if (r >= 0 && file->digested)
		r = put_first(known->sizes, size_key(finder, entry), entry, err);
	if (r >= 0 && file->digested)
		r = put_first(known->digests, digest_key(finder, entry), entry, err);
	return r;
}

static int
match_known(struct finder *finder, const struct known *known, uint32_t entry, struct err *err)
{
	struct file *file = &finder->files[entry];
	uint64_t index = 0;
	bool same = file->build_id.n >= BUILD_ID_MIN &&
		    map_get(known->build_ids, file->build_id, &index);

	if (!same && map_get(known->sizes, size_key(finder, entry), &index)) {
		int r = digest_file(finder, entry, err);
		if (r < 0)
			return r;
		same = file->digested && map_get(known->digests, digest_key(finder, entry), &index);
	}
	if (same) {
		file->copy_of = finder->files[index].named->name;
		file->copy_kind = finder->files[index].named->kind;
	}
	return 0;
}

int
finder_copies(struct finder *finder, struct err *err)
{
	CLEANUP(known_cleanup)
	struct known known = {map_new(0), map_new(0), map_new(0)};
	int r = 0;

	if (!known.build_ids || !known.sizes || !known.digests)
		return err_memory(err);
	note_names(finder);
	for (uint32_t i = 0; r >= 0 && i < finder->image->entry_count; i++) {
		if (finder->files[i].named && !finder->files[i].signature)
			r = note_known(finder, &known, i, err);
	}
	for (uint32_t i = 0; r >= 0 && i < finder->image->entry_count; i++) {
		const struct file *file = &finder->files[i];

		if ((file->program || file->script) && !file->signature && !file->named &&
		    finder_is_executable(&finder->image->entries[i]))
			r = match_known(finder, &known, i, err);
	}
	return r;
}
