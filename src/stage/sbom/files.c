/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/proc.h"
#include "stage/sbom/parts.h"

enum { CHUNK = 256 * 1024 };

struct digesting {
	struct sbom_maker *maker;
	char *chunk;
	uint32_t *order; /* regular files, as their bytes lie in the layers */
	size_t count;
};

static void
digesting_cleanup(struct digesting *digesting)
{
	free(digesting->chunk);
	free(digesting->order);
}

static int
compare_places(const void *a, const void *b, void *context)
{
	const struct image *image = context;
	const struct image_entry *left = image_inode(image, *(const uint32_t *)a);
	const struct image_entry *right = image_inode(image, *(const uint32_t *)b);

	if (left->layer != right->layer)
		return left->layer < right->layer ? -1 : 1;
	if (left->offset != right->offset)
		return left->offset < right->offset ? -1 : 1;
	/* names of one inode: the one that carries it first */
	return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

static int
list_files(struct digesting *digesting, struct err *err)
{
	const struct image *image = digesting->maker->sbom->image;

	digesting->order = calloc(image->entry_count + 1, sizeof(uint32_t));
	digesting->chunk = malloc(CHUNK);
	if (!digesting->order || !digesting->chunk)
		return err_memory(err);
	for (uint32_t i = 0; i < image->entry_count; i++) {
		if (image->entries[i].type == IMAGE_FILE)
			digesting->order[digesting->count++] = i;
	}
	qsort_r(digesting->order, digesting->count, sizeof(uint32_t), compare_places,
		(void *)(uintptr_t)image);
	return 0;
}

/* Both digests of one content. */
static int
digest_content(const struct digesting *digesting, uint32_t entry, struct sbom_file *ret,
	       struct err *err)
{
	CLEANUP(digest_stream_cleanup) struct digest_stream *sha256 = digest_stream_new();
	CLEANUP(digest_stream_cleanup) struct digest_stream *sha1 = sha1_stream_new();
	uint64_t offset = 0;
	size_t n = 1;

	if (!sha256 || !sha1)
		return err_memory(err);
	while (n > 0) {
		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		int r = contents_read(digesting->maker->contents, digesting->maker->sbom->image,
				      entry, offset, digesting->chunk, CHUNK, &n, err);
		if (r < 0)
			return r;
		digest_stream_update(sha256, digesting->chunk, n);
		digest_stream_update(sha1, digesting->chunk, n);
		offset += n;
	}
	digest_stream_finish(sha256, &ret->sha256);
	sha1_stream_finish(sha1, ret->sha1);
	return 0;
}

static uint32_t
owner_of(const struct sbom_maker *maker, uint32_t entry)
{
	uint32_t owner = maker->sbom->inventory->owners[entry];

	return owner == COMPONENT_NONE ? COMPONENT_NONE : maker->numbers[owner];
}

/* A removed bill lists only the files of what was removed. */
static bool
is_wanted(const struct sbom_maker *maker, uint32_t entry)
{
	return maker->sbom->scope == SBOM_IMAGE || owner_of(maker, entry) != COMPONENT_NONE;
}

static int
compare_files(const void *a, const void *b, void *context)
{
	const struct image *image = context;

	return span_compare(image->entries[((const struct sbom_file *)a)->entry].path,
			    image->entries[((const struct sbom_file *)b)->entry].path);
}

static int
add_file(struct digesting *digesting, uint32_t entry, struct sbom_file *last, struct err *err)
{
	struct sbom_maker *maker = digesting->maker;
	const struct image *image = maker->sbom->image;
	struct err problem = ERR_INIT;
	int r = 0;

	/* Hard links lie side by side: one reading for all. */
	if (last->entry == IMAGE_NONE ||
	    image->entries[last->entry].inode != image->entries[entry].inode)
		r = digest_content(digesting, entry, last, &problem);
	if (r == -ERR_MEMORY || r == -ERR_CANCELLED) {
		*err = problem;
		return r;
	}
	last->entry = r < 0 ? IMAGE_NONE : entry;
	if (r < 0)
		return sbom_gap(maker, image->entries[entry].path, err,
				"not among the files: cannot be read: %s", problem.text);
	last->owner = owner_of(maker, entry);
	maker->sbom->files[maker->sbom->file_count++] = *last;
	return 0;
}

int
sbom_digest_files(struct sbom_maker *maker, struct err *err)
{
	CLEANUP(digesting_cleanup) struct digesting digesting = {.maker = maker};
	struct sbom *sbom = maker->sbom;
	struct sbom_file last = {.entry = IMAGE_NONE};
	int r = list_files(&digesting, err);

	if (r < 0)
		return r;
	sbom->with_files = true;
	sbom->files = arena_array(maker->arena, digesting.count + 1, sizeof(struct sbom_file));
	if (!sbom->files)
		return err_memory(err);
	for (size_t i = 0; i < digesting.count && r >= 0; i++) {
		progress_step(maker->options->progress, i, digesting.count, "digesting files");
		if (is_wanted(maker, digesting.order[i]))
			r = add_file(&digesting, digesting.order[i], &last, err);
	}
	qsort_r(sbom->files, sbom->file_count, sizeof(struct sbom_file), compare_files,
		(void *)(uintptr_t)sbom->image);
	return r;
}
