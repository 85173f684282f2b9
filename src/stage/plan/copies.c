/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept code that no package owns but that is, byte for byte, a file of one: a copy under another
 * name. It is found by the digest the package database has (md5, as dpkg records it).
 */
#include "stage/plan/planner.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <openssl/evp.h>

enum { MD5_BYTES = 16, CHUNK = 256 * 1024 };

static int
md5_of(struct planner *planner, uint32_t entry, uint8_t ret[EVP_MAX_MD_SIZE], struct err *err)
{
	CLEANUP(free_cleanup) uint8_t *chunk = malloc(CHUNK);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint64_t offset = 0;
	size_t n = CHUNK;
	int r = chunk && context && EVP_DigestInit_ex(context, EVP_md5(), NULL) == 1
			? 0
			: err_memory(err);

	while (r == 0 && n == CHUNK) {
		r = contents_read(planner->contents, planner->image, entry, offset, chunk, CHUNK,
				  &n, err);
		if (r == 0 && EVP_DigestUpdate(context, chunk, n) != 1)
			r = err_memory(err);
		offset += n;
	}
	if (r == 0 && EVP_DigestFinal_ex(context, ret, NULL) != 1)
		r = err_memory(err);
	EVP_MD_CTX_free(context);
	return r;
}

/* Sizes of package files that have a digest: what is of another size is no copy. */
static int
collect_sizes(const struct planner *planner, struct map *sizes, struct err *err)
{
	for (size_t i = 0; i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];

		for (size_t f = 0; f < component->file_count; f++) {
			const struct component_file *file = &component->files[f];
			int r = 0;

			if (file->entry == IMAGE_NONE || !file->has_md5 ||
			    planner_keeps(planner, file->entry))
				continue;
			const uint64_t *size = &image_inode(planner->image, file->entry)->size;
			r = map_put(sizes, (struct span){(const char *)size, sizeof(*size)}, 1,
				    err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static bool
has_size(const struct map *sizes, const uint64_t *size)
{
	uint64_t known;

	return map_get(sizes, (struct span){(const char *)size, sizeof(*size)}, &known);
}

static int
add_copy(struct planner *planner, uint32_t entry, struct err *err)
{
	uint8_t *digest = arena_alloc(planner->arena, EVP_MAX_MD_SIZE);
	struct err problem = ERR_INIT;

	if (!digest)
		return err_memory(err);
	if (md5_of(planner, entry, digest, &problem) < 0)
		return planner_gap(planner, planner->image->entries[entry].path, err,
				   "whether it is a copy of a package's file is not known: %s",
				   problem.text);
	return map_put(planner->copies, (struct span){(const char *)digest, MD5_BYTES}, entry, err);
}

int
copies_find(struct planner *planner, struct err *err)
{
	CLEANUP(map_cleanup) struct map *sizes = map_new(0);
	int r = sizes ? collect_sizes(planner, sizes, err) : err_memory(err);

	for (uint32_t i = 0; r == 0 && i < planner->image->entry_count; i++) {
		const struct image_entry *entry = &planner->image->entries[i];
		enum file_kind kind;

		if (!planner->plan->entries[i].keep || entry->type != IMAGE_FILE ||
		    planner->inventory->owners[i] != COMPONENT_NONE ||
		    !has_size(sizes, &image_inode(planner->image, i)->size))
			continue;
		r = planner_kind(planner, i, &kind, err);
		if (r == 0 && kind_is_code(kind))
			r = add_copy(planner, i, err);
	}
	return r;
}

uint32_t
copies_of(const struct planner *planner, const uint8_t md5[16])
{
	uint64_t entry = IMAGE_NONE;

	(void)map_get(planner->copies, (struct span){(const char *)md5, MD5_BYTES}, &entry);
	return (uint32_t)entry;
}
