/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept code that no package owns but that is, byte for byte, a file of one: a copy under another
 * name. It is found by the digest the package database has (dpkg: MD5, apk: SHA-1 or SHA-256).
 */
#include "stage/plan/planner.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <openssl/evp.h>

enum { CHUNK = 256 * 1024 };

/* What a copy is found by: the algorithm and as many bytes as component_file has. */
struct copy_key {
	uint8_t digest_of;
	uint8_t digest[FILE_DIGEST_BYTES];
};

static const EVP_MD *
algorithm(enum file_digest digest_of)
{
	switch (digest_of) {
	case FILE_DIGEST_MD5:
		return EVP_md5();
	case FILE_DIGEST_SHA1:
		return EVP_sha1();
	case FILE_DIGEST_SHA256:
		return EVP_sha256();
	case FILE_DIGEST_NONE:
	case FILE_DIGESTS:
		break;
	}
	return NULL;
}

static struct span
key_span(const struct copy_key *key)
{
	return (struct span){(const char *)key, sizeof(*key)};
}

static int
digest_entry(struct planner *planner, uint32_t entry, enum file_digest digest_of,
	     uint8_t ret[EVP_MAX_MD_SIZE], struct err *err)
{
	CLEANUP(free_cleanup) uint8_t *chunk = malloc(CHUNK);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint64_t offset = 0;
	size_t n = CHUNK;
	int r = chunk && context && EVP_DigestInit_ex(context, algorithm(digest_of), NULL) == 1
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
collect_sizes(const struct planner *planner, struct map *sizes, bool used[FILE_DIGESTS],
	      struct err *err)
{
	for (size_t i = 0; i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];

		for (size_t f = 0; f < component->file_count; f++) {
			const struct component_file *file = &component->files[f];
			int r = 0;

			if (file->entry == IMAGE_NONE || file->digest_of == FILE_DIGEST_NONE ||
			    planner_keeps(planner, file->entry))
				continue;
			const uint64_t *size = &image_inode(planner->image, file->entry)->size;
			if (*size == 0) /* all empty files are alike: none is a copy of another */
				continue;
			r = map_put(sizes, (struct span){(const char *)size, sizeof(*size)}, 1,
				    err);
			if (r < 0)
				return r;
			used[file->digest_of] = true;
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
add_copy(struct planner *planner, uint32_t entry, enum file_digest digest_of, struct err *err)
{
	struct copy_key *key = arena_alloc(planner->arena, sizeof(*key));
	uint8_t digest[EVP_MAX_MD_SIZE] = {0};
	struct err problem = ERR_INIT;

	if (!key)
		return err_memory(err);
	if (digest_entry(planner, entry, digest_of, digest, &problem) < 0)
		return planner_gap(planner, planner->image->entries[entry].path, err,
				   "whether it is a copy of a package's file is not known: %s",
				   problem.text);
	key->digest_of = (uint8_t)digest_of;
	memcpy(key->digest, digest, sizeof(key->digest));
	return map_put(planner->copies, key_span(key), entry, err);
}

/* With every algorithm that a database uses. */
static int
add_copies(struct planner *planner, uint32_t entry, const bool used[FILE_DIGESTS], struct err *err)
{
	int r = 0;

	for (unsigned i = FILE_DIGEST_NONE + 1; r == 0 && i < FILE_DIGESTS; i++) {
		if (used[i])
			r = add_copy(planner, entry, (enum file_digest)i, err);
	}
	return r;
}

int
copies_find(struct planner *planner, struct err *err)
{
	CLEANUP(map_cleanup) struct map *sizes = map_new(0);
	bool used[FILE_DIGESTS] = {false};
	int r = sizes ? collect_sizes(planner, sizes, used, err) : err_memory(err);

	for (uint32_t i = 0; r == 0 && i < planner->image->entry_count; i++) {
		const struct image_entry *entry = &planner->image->entries[i];
		enum file_kind kind;

		if (!planner_keeps(planner, i) || entry->type != IMAGE_FILE ||
		    planner->inventory->owners[i] != COMPONENT_NONE ||
		    !has_size(sizes, &image_inode(planner->image, i)->size))
			continue;
		r = planner_kind(planner, i, &kind, err);
		if (r == 0 && kind_is_code(kind))
			r = add_copies(planner, i, used, err);
	}
	return r;
}

uint32_t
copies_of(const struct planner *planner, const struct component_file *file)
{
	struct copy_key key = {.digest_of = (uint8_t)file->digest_of};
	uint64_t entry = IMAGE_NONE;

	if (file->digest_of == FILE_DIGEST_NONE)
		return IMAGE_NONE;
	memcpy(key.digest, file->digest, sizeof(key.digest));
	(void)map_get(planner->copies, key_span(&key), &entry);
	return (uint32_t)entry;
}
