/* SPDX-License-Identifier: Apache-2.0 */
/* OCI image layouts (image-spec image-layout.md) in a folder or in a tar file. */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"
#include "codec/oci_referrers.h"
#include "codec/reference.h"
#include "port/source/store.h"

#include <stddef.h>
#include <stdio.h>

struct layout {
	struct source source;
	struct store *store;
	struct span name; /* what was asked for behind the path; may be empty */
};

enum { BLOB_NAME = sizeof("blobs/sha256/") + DIGEST_HEX };

static const char *
blob_name(const struct digest *digest, char name[BLOB_NAME])
{
	char text[DIGEST_TEXT];

	(void)snprintf(name, BLOB_NAME, "blobs/sha256/%s",
		       digest_format(digest, text) + sizeof("sha256:") - 1);
	return name;
}

static int
layout_blob(struct source *source, const struct digest *digest, struct blob *ret, struct err *err)
{
	struct layout *layout = (struct layout *)source;
	char name[BLOB_NAME];

	return layout->store->open(layout->store, blob_name(digest, name), ret, err);
}

static int
check_layout(struct store *store, struct arena *arena, struct err *err)
{
	enum { LAYOUT_MAX = 4096 };
	static const struct json_field fields[] = {
		{"imageLayoutVersion", JSON_FIELD_SPAN, 0, true},
		{0},
	};
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct span document;
	struct span version;

	if (store_load(store, "oci-layout", LAYOUT_MAX, arena, &document, err) < 0)
		return err_wrap(err, "no OCI image layout");
	if (json_parse(document, &json, err) < 0 ||
	    json_read(json, fields, &version, arena, err) < 0)
		return err_wrap(err, "oci-layout");
	if (!span_starts_with(version, SPAN("1.")))
		return err_set(err, ERR_UNSUPPORTED, "OCI image layout version \"%.*s\", not 1.x",
			       version.n > 40 ? 40 : (int)version.n, version.p);
	return 0;
}

static struct span
ref_name(const struct oci_descriptor *item)
{
	return oci_annotation(item->annotations, item->annotation_count, SPAN(OCI_REF_NAME));
}

/* An image or index of its own, not something that refers to one. */
static bool
is_image_entry(const struct oci_descriptor *item)
{
	return item->artifact_type.n == 0 && !oci_is_referrers_tag(ref_name(item));
}

static int
list_names(const struct oci_index *index, enum err_kind kind, struct span wanted, struct err *err)
{
	enum { LIST_MAX = 120 };
	CLEANUP(buf_cleanup) struct buf names = BUF_INIT(LIST_MAX);
	struct err ignored = ERR_INIT;

	for (size_t i = 0; index->manifests && i < index->count; i++) {
		struct span name = ref_name(&index->manifests[i]);

		if (name.n && names.n + name.n + 2 < names.max)
			(void)buf_printf(&names, &ignored, "%s%.*s", names.n ? ", " : "",
					 SPAN_ARG(name));
	}
	struct span shown = names.n ? buf_span(&names) : SPAN("none with a name");
	if (kind == ERR_NOT_FOUND)
		return err_set(err, kind, "the layout has no image \"%.*s\"; it has: %.*s",
			       wanted.n > 80 ? 80 : (int)wanted.n, wanted.p, SPAN_ARG(shown));
	return err_set(err, kind, "the layout has several images; choose one by :TAG: %.*s",
		       SPAN_ARG(shown));
}

/* The entry of that name, or, written as a digest, of that digest. */
static int
find_named(const struct oci_index *index, struct span wanted, const struct oci_descriptor **ret,
	   struct err *err)
{
	struct err ignored = ERR_INIT;
	struct digest digest;
	bool by_digest = digest_parse(wanted, &digest, &ignored) == 0;
	const struct oci_descriptor *found = NULL;

	for (size_t i = 0; i < index->count; i++) {
		const struct oci_descriptor *item = &index->manifests[i];

		if (by_digest ? !digest_equal(&item->digest, &digest)
			      : !span_equal(ref_name(item), wanted))
			continue;
		if (found && !digest_equal(&found->digest, &item->digest))
			return err_set(err, ERR_INVALID,
				       "the layout has two images of the name \"%.*s\"",
				       SPAN_ARG(wanted));
		found = item;
	}
	if (!found)
		return list_names(index, ERR_NOT_FOUND, wanted, err);
	*ret = found;
	return 0;
}

/*
 * Which entry of index.json is meant: the one named, or the only one. NULL: index.json itself is
 * the index of one image's platforms.
 */
static int
choose_entry(const struct oci_index *index, struct span wanted, const struct oci_descriptor **ret,
	     struct err *err)
{
	const struct oci_descriptor *only = NULL;
	size_t images = 0;
	size_t plain = 0; /* with a platform and without a name */

	if (wanted.n)
		return find_named(index, wanted, ret, err);
	for (size_t i = 0; i < index->count; i++) {
		const struct oci_descriptor *item = &index->manifests[i];

		if (!is_image_entry(item))
			continue;
		only = item;
		images++;
		plain += item->has_platform && ref_name(item).n == 0;
	}
	if (images == 0)
		return err_set(err, ERR_NOT_FOUND, "the layout holds no image");
	if (images > 1 && plain != images)
		return list_names(index, ERR_USAGE, wanted, err);
	*ret = images == 1 ? only : NULL;
	return 0;
}

static int
layout_top(struct source *source, struct source_top *ret, struct err *err)
{
	struct layout *layout = (struct layout *)source;
	const struct oci_descriptor *entry = NULL;
	struct source_top top = {.media_type = SPAN_INIT(OCI_TYPE_INDEX)};
	struct oci_document document;

	if (store_load(layout->store, "index.json", MANIFEST_MAX, source->arena, &top.document,
		       err) < 0 ||
	    oci_read(top.document, top.media_type, source->arena, &document, err) < 0)
		return err_wrap(err, "index.json");
	int r = choose_entry(&document.index, layout->name, &entry, err);
	if (r < 0)
		return r;
	digest_of(top.document, &top.digest);
	if (entry) {
		r = source_document(source, entry, source->arena, &top.document, err);
		if (r < 0)
			return r;
		top.media_type = entry->media_type;
		top.digest = entry->digest;
	}
	*ret = top;
	return 0;
}

static void
layout_free(struct source *source)
{
	store_free(((struct layout *)source)->store);
}

static int
open_layout(const struct source_type *type,
	    int (*open)(const char *, struct store **, struct err *), struct span rest,
	    struct source **ret, struct err *err)
{
	CLEANUP(source_cleanup) struct source *source = NULL;
	struct span path;
	struct span name;

	int r = reference_path(rest, &path, &name, err);
	if (r < 0)
		return r;
	r = source_new(sizeof(struct layout), type, SOURCE_OCI, &source, err);
	if (r < 0)
		return r;
	struct layout *layout = (struct layout *)source;
	source->free = layout_free;
	source->top = layout_top;
	source->blob = layout_blob;
	layout->name = arena_copy(source->arena, name);
	source->reference = arena_printf(source->arena, "%s:%.*s", type->prefix, SPAN_ARG(rest));
	struct span folder = arena_copy(source->arena, path);
	if (!folder.p || !layout->name.p || !source->reference.p)
		return err_memory(err);
	r = open(folder.p, &layout->store, err);
	if (r < 0)
		return r;
	if (check_layout(layout->store, source->arena, err) < 0)
		return err_wrap(err, "%s", folder.p);
	*ret = TAKE(source);
	return 0;
}

static int
open_folder(struct span rest, const struct source_options *options, struct source **ret,
	    struct err *err)
{
	(void)options;
	return open_layout(&source_oci, store_folder, rest, ret, err);
}

static int
open_archive(struct span rest, const struct source_options *options, struct source **ret,
	     struct err *err)
{
	(void)options;
	return open_layout(&source_oci_archive, store_tar, rest, ret, err);
}

const struct source_type source_oci = {"oci", "oci:DIR[:TAG]", open_folder};
const struct source_type source_oci_archive = {"oci-archive", "oci-archive:FILE[:TAG]",
					       open_archive};
