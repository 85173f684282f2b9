/* SPDX-License-Identifier: Apache-2.0 */
/* An OCI image layout in a folder (image-spec image-layout.md). */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/oci_referrers.h"
#include "codec/oci_write.h"
#include "codec/reference.h"
#include "port/depot/types.h"
#include "port/sink/staged.h"
#include "port/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct layout {
	struct depot depot;
	const char *folder;
	const char *blobs; /* FOLDER/blobs/sha256 */
	bool made;	   /* the folders are there */
};

static int
path_of(const struct layout *layout, const struct digest *digest, char path[PATH_MAX],
	struct err *err)
{
	char text[DIGEST_TEXT];
	int n = snprintf(path, PATH_MAX, "%s/%s", layout->blobs,
			 digest_format(digest, text) + sizeof("sha256:") - 1);

	return n > 0 && n < PATH_MAX ? 0 : err_set(err, ERR_LIMIT, "path too long");
}

/* index.json as it is now; empty when there is none. */
static int
load_index(const struct layout *layout, struct arena *arena, struct span *ret, struct err *err)
{
	struct err missing = ERR_INIT;
	struct span path = arena_printf(arena, "%s/index.json", layout->folder);

	if (!path.p)
		return err_memory(err);
	int r = file_load(path.p, MANIFEST_MAX, arena, ret, &missing);
	if (r == -ERR_NOT_FOUND)
		*ret = SPAN("");
	else if (r < 0)
		*err = missing;
	return r == -ERR_NOT_FOUND ? 0 : r;
}

static int
read_index(const struct layout *layout, struct arena *arena, struct oci_index *ret, struct err *err)
{
	struct oci_document document = {.kind = OCI_INDEX};
	struct span text;
	int r = load_index(layout, arena, &text, err);

	if (r == 0 && text.n)
		r = oci_read(text, SPAN(OCI_TYPE_INDEX), arena, &document, err);
	if (r < 0)
		return err_wrap(err, "%s/index.json", layout->folder);
	*ret = document.index;
	return 0;
}

static int
get_by_digest(struct depot *depot, const struct oci_descriptor *descriptor, struct arena *arena,
	      struct depot_document *ret, struct err *err)
{
	struct depot_document found = {.digest = descriptor->digest};
	struct oci_referrer referrer;
	struct digest digest;
	char path[PATH_MAX];
	int r = path_of((struct layout *)depot, &descriptor->digest, path, err);

	if (r == 0)
		r = file_load(path, MANIFEST_MAX, arena, &found.document, err);
	if (r < 0)
		return r;
	digest_of(found.document, &digest);
	if (!digest_equal(&digest, &descriptor->digest))
		return err_set(err, ERR_DIGEST, "%s: the bytes do not match", path);
	r = oci_referrer_read(found.document, descriptor->media_type, arena, &referrer, err);
	if (r < 0)
		return err_wrap(err, "%s", path);
	found.media_type = referrer.descriptor.media_type;
	*ret = found;
	return 0;
}

static int
get_by_tag(struct depot *depot, struct span tag, struct arena *arena, struct depot_document *ret,
	   struct err *err)
{
	const struct layout *layout = (struct layout *)depot;
	const struct oci_descriptor *found = NULL;
	struct oci_index index;
	int r = read_index(layout, arena, &index, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < index.count; i++) {
		const struct oci_descriptor *item = &index.manifests[i];

		if (!span_equal(oci_annotation(item->annotations, item->annotation_count,
					       SPAN(OCI_REF_NAME)),
				tag))
			continue;
		if (found && !digest_equal(&found->digest, &item->digest))
			return err_set(err, ERR_INVALID, "%s has two images of the name \"%.*s\"",
				       layout->folder, (int)tag.n, tag.p);
		found = item;
	}
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "%s has no image \"%.*s\"", layout->folder,
			       (int)tag.n, tag.p);
	return get_by_digest(depot, found, arena, ret, err);
}

/* As for everything that reads images: the one named, else the only one. */
static int
get_top(struct depot *depot, struct arena *arena, struct depot_document *ret, struct err *err)
{
	CLEANUP(source_cleanup) struct source *source = NULL;
	struct source_options options = {.progress = depot->options->progress};
	struct source_top top = {{NULL, 0}};
	int r = source_open(depot->reference, &options, &source, err);

	if (r == 0)
		r = source->top(source, &top, err);
	if (r < 0)
		return r;
	*ret = (struct depot_document){.document = arena_copy(arena, top.document),
				       .media_type = arena_copy(arena, top.media_type),
				       .digest = top.digest};
	return ret->document.p && ret->media_type.p ? 0 : err_memory(err);
}

/* Copies what `from` has, from its start, and hashes it; to -1: only hashes. */
static int
copy_bytes(int from, int to, struct digest *ret, uint64_t *ret_size, struct err *err)
{
	CLEANUP(digest_stream_cleanup) struct digest_stream *stream = digest_stream_new();
	int r = stream ? digest_stream_file(stream, from, to, ret_size, err) : err_memory(err);

	if (r == 0)
		digest_stream_finish(stream, ret);
	return r;
}

static int
open_blob(struct depot *depot, const struct depot_blob *blob, int *ret_fd, struct err *err)
{
	char path[PATH_MAX];
	int r = path_of((struct layout *)depot, &blob->digest, path, err);

	if (r < 0)
		return r;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno,
			       "cannot open %s", path);
	*ret_fd = fd;
	return 0;
}

/* A damaged one counts as not there: it is written again. */
static int
has_blob(struct depot *depot, const struct depot_blob *blob, bool *ret, struct err *err)
{
	CLEANUP(fd_cleanup) int fd = -1;
	struct err missing = ERR_INIT;
	struct digest digest;
	uint64_t size = 0;
	int r = open_blob(depot, blob, &fd, &missing);

	if (r == -ERR_NOT_FOUND) {
		*ret = false;
		return 0;
	}
	if (r < 0)
		*err = missing;
	else
		r = copy_bytes(fd, -1, &digest, &size, err);
	if (r == 0)
		*ret = size == blob->size && digest_equal(&digest, &blob->digest);
	return r;
}

/* The folders and `oci-layout`; refuses a folder that holds something else. */
static int
make_layout(struct layout *layout, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span file = {NULL, 0};

	if (layout->made)
		return 0;
	if (arena)
		file = arena_printf(arena, "%s/oci-layout", layout->folder);
	if (!file.p)
		return err_memory(err);
	if (access(file.p, F_OK) < 0) {
		if (access(layout->folder, F_OK) == 0 && rmdir(layout->folder) < 0)
			return err_set(err, ERR_USAGE, "%s is neither empty nor an OCI layout",
				       layout->folder);
		int r = directory_make(layout->folder, 0755, err);
		if (r == 0)
			r = file_replace(file.p, SPAN(OCI_LAYOUT), 0644, err);
		if (r < 0)
			return r;
	}
	int r = directory_make(layout->blobs, 0755, err);
	layout->made = r == 0;
	return r;
}

static int
put_blob(struct depot *depot, const struct depot_blob *blob, int fd, struct err *err)
{
	struct layout *layout = (struct layout *)depot;
	struct staged staged = STAGED_INIT;
	char path[PATH_MAX];
	char text[DIGEST_TEXT];
	struct digest digest;
	uint64_t size = 0;
	int r = make_layout(layout, err);

	if (r == 0)
		r = path_of(layout, &blob->digest, path, err);
	if (r == 0)
		r = staged_open(&staged, layout->blobs, err);
	if (r == 0)
		r = copy_bytes(fd, staged.fd, &digest, &size, err);
	if (r == 0 && (size != blob->size || !digest_equal(&digest, &blob->digest)))
		r = err_set(err, ERR_DIGEST, "blob %s: the bytes do not match",
			    digest_format(&blob->digest, text));
	if (r == 0)
		r = staged_commit(&staged, path, err);
	staged_close(&staged);
	return r;
}

static int
lock_path(const char *path, int *ret_fd, struct err *err)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return err_sys(err, ERR_IO, errno, "cannot lock %s", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Not the folder's own lock, which put() takes while this one is held. */
static int
lock(struct depot *depot, struct span tag, int *ret_fd, struct err *err)
{
	struct layout *layout = (struct layout *)depot;
	int r = make_layout(layout, err);

	(void)tag;
	return r < 0 ? r : lock_path(layout->blobs, ret_fd, err);
}

/* Without a name there can be one image only; what refers to another is none. */
static int
check_nameless(const struct oci_index *index, const struct digest *digest, struct err *err)
{
	for (size_t i = 0; i < index->count; i++) {
		const struct oci_descriptor *item = &index->manifests[i];
		struct span name = oci_annotation(item->annotations, item->annotation_count,
						  SPAN(OCI_REF_NAME));

		if (item->artifact_type.n == 0 && !oci_is_referrers_tag(name) &&
		    !digest_equal(&item->digest, digest))
			return err_set(err, ERR_USAGE,
				       "the layout holds another image: name a tag, oci:DIR:TAG");
	}
	return 0;
}

/* Under the lock of the folder, which writers of other kinds take too. */
static int
add_to_index(struct layout *layout, const struct oci_descriptor *entry, struct span tag,
	     struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(fd_cleanup) int held = -1;
	char path[PATH_MAX];
	struct oci_index parsed;
	struct span index;
	bool changed = false;

	if (!arena)
		return err_memory(err);
	int r = lock_path(layout->folder, &held, err);
	if (r == 0 && tag.n == 0 && entry->artifact_type.n == 0) {
		r = read_index(layout, arena, &parsed, err);
		if (r == 0)
			r = check_nameless(&parsed, &entry->digest, err);
	}
	if (r == 0)
		r = load_index(layout, arena, &index, err);
	if (r == 0)
		r = oci_write_listed(index, entry, tag, arena, &index, &changed, err);
	if (r < 0 || !changed)
		return r < 0 ? err_wrap(err, "%s", layout->folder) : 0;
	(void)snprintf(path, sizeof(path), "%s/index.json", layout->folder);
	return file_replace(path, index, 0644, err);
}

/* An image's entry has the type of an artifact only when it is one. */
static bool
is_artifact(const struct oci_referrer *referrer)
{
	struct span type = referrer->descriptor.artifact_type;

	return type.n && !span_equal(type, SPAN(OCI_TYPE_CONFIG)) &&
	       !span_equal(type, SPAN(DOCKER_TYPE_CONFIG));
}

/* A name among the annotations of what refers to an image would pass for one of the layout's. */
static void
drop_name(struct oci_descriptor *entry)
{
	size_t kept = 0;

	for (size_t i = 0; i < entry->annotation_count; i++) {
		if (!span_equal(entry->annotations[i].name, SPAN(OCI_REF_NAME)))
			entry->annotations[kept++] = entry->annotations[i];
	}
	entry->annotation_count = kept;
}

static int
put(struct depot *depot, const struct depot_put *put, struct depot_put_result *ret, struct err *err)
{
	struct layout *layout = (struct layout *)depot;
	struct oci_referrer referrer;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	bool nameless = put->tag.n == 0;

	if (!arena)
		return err_memory(err);
	int r = oci_referrer_read(put->document, put->media_type, arena, &referrer, err);
	if (r == 0)
		r = depot_put_bytes(depot, put->document, err);
	if (r < 0)
		return r;
	if (!nameless || referrer.has_subject) {
		struct oci_descriptor entry = referrer.descriptor;

		drop_name(&entry);
		if (!referrer.has_subject) {
			entry.annotation_count = 0;
			if (!is_artifact(&referrer))
				entry.artifact_type = SPAN("");
		}
		r = make_layout(layout, err);
		if (r == 0)
			r = add_to_index(layout, &entry, put->tag, err);
	}
	if (r == 0)
		*ret = (struct depot_put_result){0};
	return r;
}

static int
name_image(struct depot *depot, const struct depot_document *document, struct err *err)
{
	const struct oci_descriptor entry = {.media_type = document->media_type,
					     .digest = document->digest,
					     .size = document->document.n};
	int r = make_layout((struct layout *)depot, err);

	return r < 0 ? r : add_to_index((struct layout *)depot, &entry, SPAN(""), err);
}

/* Entries of index.json that name the image as their subject; those of the tag come apart. */
static int
list(struct depot *depot, const struct digest *subject, struct arena *arena, struct depot_list *ret,
     struct err *err)
{
	const struct layout *layout = (struct layout *)depot;
	struct oci_index index;
	size_t count = 0;
	int r = read_index(layout, arena, &index, err);

	if (r < 0)
		return r;
	struct oci_descriptor *items = arena_array(arena, index.count + 1, sizeof(*items));
	if (!items)
		return err_memory(err);
	for (size_t i = 0; i < index.count; i++) {
		struct depot_document found;
		struct oci_referrer referrer;

		if (!oci_is_manifest_type(index.manifests[i].media_type))
			continue;
		r = get_by_digest(depot, &index.manifests[i], arena, &found, err);
		if (r == 0)
			r = oci_referrer_read(found.document, found.media_type, arena, &referrer,
					      err);
		if (r < 0)
			return r;
		if (referrer.has_subject && digest_equal(&referrer.subject, subject))
			items[count++] = referrer.descriptor;
	}
	*ret = (struct depot_list){false, items, count};
	return 0;
}

static int
take_reference(struct layout *layout, struct span rest, struct err *err)
{
	struct depot *depot = &layout->depot;
	struct err ignored = ERR_INIT;
	struct span path;
	struct span name;
	int r = reference_path(rest, &path, &name, err);

	if (r < 0)
		return r;
	if (path.n > PATH_MAX / 2)
		return err_set(err, ERR_LIMIT, "path too long: %.60s...", path.p);
	depot->reference = arena_printf(depot->arena, "oci:%.*s", SPAN_ARG(rest));
	layout->folder = arena_copy(depot->arena, path).p;
	layout->blobs = arena_printf(depot->arena, "%.*s/blobs/sha256", SPAN_ARG(path)).p;
	depot->has_digest = digest_parse(name, &depot->digest, &ignored) == 0;
	depot->tag = depot->has_digest ? SPAN("") : arena_copy(depot->arena, name);
	return depot->reference.p && layout->folder && layout->blobs && depot->tag.p
		       ? 0
		       : err_memory(err);
}

int
depot_layout_open(struct span rest, const struct depot_options *options, struct depot **ret,
		  struct err *err)
{
	CLEANUP(depot_cleanup) struct depot *depot = NULL;
	int r = depot_new(sizeof(struct layout), options, &depot, err);

	if (r < 0)
		return r;
	depot->by_tag = get_by_tag;
	depot->by_digest = get_by_digest;
	depot->top = get_top;
	depot->has_blob = has_blob;
	depot->open_blob = open_blob;
	depot->put_blob = put_blob;
	depot->put = put;
	depot->name = name_image;
	depot->list = list;
	depot->lock = lock;
	r = take_reference((struct layout *)depot, rest, err);
	if (r < 0)
		return r;
	*ret = TAKE(depot);
	return 0;
}
