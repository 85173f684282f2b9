/* SPDX-License-Identifier: Apache-2.0 */
/* What `docker save` writes: manifest.json and the files it names, in a tar file. */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/reference.h"
#include "port/source/store.h"

struct docker_archive {
	struct source source;
	struct store *store;
	struct span name; /* "NAME:TAG", "@N", or empty */
};

static int
archive_member(struct source *source, struct span name, struct blob *ret, struct err *err)
{
	struct docker_archive *archive = (struct docker_archive *)source;
	struct span text = arena_copy(source->arena, name);

	if (!text.p)
		return err_memory(err);
	if (text.n == 0 || memchr(text.p, '\0', text.n))
		return err_set(err, ERR_INVALID, "manifest.json names a file without a name");
	return archive->store->open(archive->store, text.p, ret, err);
}

static bool
has_tag(const struct oci_archive_image *image, struct span wanted, struct arena *arena)
{
	for (size_t i = 0; i < image->tags.count; i++) {
		if (span_equal(image->tags.items[i], wanted) ||
		    reference_same(image->tags.items[i], wanted, arena))
			return true;
	}
	return false;
}

static int
list_tags(const struct oci_archive *archive, struct span wanted, struct err *err)
{
	enum { LIST_MAX = 120 };
	CLEANUP(buf_cleanup) struct buf names = BUF_INIT(LIST_MAX);
	struct err ignored = ERR_INIT;

	for (size_t i = 0; i < archive->count; i++) {
		for (size_t j = 0; j < archive->images[i].tags.count; j++) {
			struct span tag = archive->images[i].tags.items[j];

			if (names.n + tag.n + 2 < names.max)
				(void)buf_printf(&names, &ignored, "%s%.*s", names.n ? ", " : "",
						 SPAN_ARG(tag));
		}
	}
	struct span shown = names.n ? buf_span(&names) : SPAN("none with a name, take @NUMBER");
	if (wanted.n)
		return err_set(err, ERR_NOT_FOUND,
			       "the archive has no image \"%.*s\"; it has: %.*s",
			       wanted.n > 80 ? 80 : (int)wanted.n, wanted.p, SPAN_ARG(shown));
	return err_set(err, ERR_USAGE, "the archive has %zu images; choose one by :NAME:TAG: %.*s",
		       archive->count, SPAN_ARG(shown));
}

static int
choose_image(const struct oci_archive *archive, struct span wanted, struct arena *arena,
	     const struct oci_archive_image **ret, struct err *err)
{
	uint64_t number;

	if (wanted.n == 0 && archive->count == 1) {
		*ret = &archive->images[0];
		return 0;
	}
	if (wanted.n && wanted.p[0] == '@') {
		if (!span_to_u64(span_slice(wanted, 1, wanted.n), &number))
			return err_set(err, ERR_USAGE, "\"%.*s\" is not @NUMBER",
				       wanted.n > 80 ? 80 : (int)wanted.n, wanted.p);
		if (number >= archive->count)
			return err_set(err, ERR_NOT_FOUND,
				       "the archive has %zu images, counted from @0",
				       archive->count);
		*ret = &archive->images[number];
		return 0;
	}
	for (size_t i = 0; wanted.n && i < archive->count; i++) {
		if (has_tag(&archive->images[i], wanted, arena)) {
			*ret = &archive->images[i];
			return 0;
		}
	}
	return list_tags(archive, wanted, err);
}

static int
archive_image(struct source *source, struct oci_archive_image *ret, struct err *err)
{
	struct docker_archive *archive = (struct docker_archive *)source;
	const struct oci_archive_image *image = NULL;
	struct oci_archive list;
	struct span document;
	int r = store_load(archive->store, "manifest.json", MANIFEST_MAX, source->arena, &document,
			   err);

	if (r < 0 && err->kind == ERR_NOT_FOUND)
		return err_set(err, ERR_INVALID,
			       "no manifest.json: not from docker save (an OCI layout is read by "
			       "oci-archive:)");
	if (r == 0)
		r = oci_read_archive(document, source->arena, &list, err);
	if (r == 0)
		r = choose_image(&list, archive->name, source->arena, &image, err);
	if (r == 0 && image)
		*ret = *image;
	return r;
}

static void
archive_free(struct source *source)
{
	store_free(((struct docker_archive *)source)->store);
}

int
source_over_archive(const struct source_type *type, struct store *store, struct span name,
		    struct span reference, struct source **ret, struct err *err)
{
	CLEANUP(store_cleanup) struct store *taken = store;
	struct source *source;
	int r = source_new(sizeof(struct docker_archive), type, SOURCE_DOCKER, &source, err);

	if (r < 0)
		return r;
	struct docker_archive *archive = (struct docker_archive *)source;
	source->free = archive_free;
	source->archive = archive_image;
	source->member = archive_member;
	archive->store = TAKE(taken);
	archive->name = arena_copy(source->arena, name);
	source->reference = arena_copy(source->arena, reference);
	if (!archive->name.p || !source->reference.p) {
		source_free(source);
		return err_memory(err);
	}
	*ret = source;
	return 0;
}

static int
open_archive(struct span rest, const struct source_options *options, struct source **ret,
	     struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct store *store = NULL;
	struct span path;
	struct span name;

	(void)options;
	if (!arena)
		return err_memory(err);
	int r = reference_path(rest, &path, &name, err);
	if (r < 0)
		return r;
	struct span file = arena_copy(arena, path);
	struct span whole = arena_printf(arena, "docker-archive:%.*s", SPAN_ARG(rest));
	if (!file.p || !whole.p)
		return err_memory(err);
	r = store_tar(file.p, &store, err);
	if (r < 0)
		return r;
	return source_over_archive(&source_docker_archive, store, name, whole, ret, err);
}

const struct source_type source_docker_archive = {
	"docker-archive", "docker-archive:FILE[:NAME:TAG|:@NUMBER]", open_archive};
