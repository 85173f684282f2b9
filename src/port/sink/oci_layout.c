/* SPDX-License-Identifier: Apache-2.0 */
/* oci:DIR[:TAG] - an OCI image layout (image-spec image-layout.md), made or added to. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/oci_write.h"
#include "port/sink/staged.h"
#include "port/sink/types.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDERS = 3, BLOBS = 3 };

struct layout {
	struct sink sink;
	struct staged layer;
	const char *folders[FOLDERS]; /* DIR, DIR/blobs, DIR/blobs/sha256 */
	bool made[FOLDERS];	      /* by us */
	struct span tag;
	const char *added[BLOBS]; /* files that were not there before */
	size_t added_count;
	bool added_layout;
	bool committed;
};

static bool
tag_is_good(struct span tag)
{
	enum { TAG_MAX = 128 };

	for (size_t i = 0; i < tag.n; i++) {
		char c = tag.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '_';

		if (!word && (i == 0 || (c != '.' && c != '-')))
			return false;
	}
	return tag.n > 0 && tag.n <= TAG_MAX;
}

/* DIR[:TAG]: a colon before a slash belongs to the folder. */
static int
split(struct layout *layout, struct span rest, struct err *err)
{
	struct arena *arena = layout->sink.arena;
	size_t colon = span_find_last(rest, ':');
	struct span folder = rest;

	if (colon < rest.n && span_find(span_slice(rest, colon, rest.n), '/') == rest.n - colon) {
		folder = span_slice(rest, 0, colon);
		layout->tag = arena_copy(arena, span_slice(rest, colon + 1, rest.n));
		if (!layout->tag.p)
			return err_memory(err);
		if (!tag_is_good(layout->tag))
			return err_set(err, ERR_USAGE, "not a tag: \"%.60s\"", layout->tag.p);
	}
	if (folder.n == 0 || folder.n > PATH_MAX / 2)
		return err_set(err, ERR_USAGE, "oci: wants a folder (oci:DIR[:TAG])");
	layout->folders[0] = arena_copy(arena, folder).p;
	layout->folders[1] = arena_printf(arena, "%.*s/blobs", SPAN_ARG(folder)).p;
	layout->folders[2] = arena_printf(arena, "%.*s/blobs/sha256", SPAN_ARG(folder)).p;
	layout->sink.reference = arena_printf(arena, "oci:%.*s", SPAN_ARG(rest));
	if (!layout->folders[0] || !layout->folders[1] || !layout->folders[2] ||
	    !layout->sink.reference.p)
		return err_memory(err);
	return 0;
}

/* Holds nothing, or no more than a layout that was never finished. */
static bool
folder_is_free(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	bool is_free = true;

	if (!folder)
		return errno == ENOENT || errno == ENOTDIR; /* then making it says why */
	while (is_free && (entry = readdir(folder)))
		is_free = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			  strcmp(entry->d_name, "blobs") == 0;
	(void)closedir(folder);
	return is_free;
}

/* Refuses a folder that holds something else than a layout. */
static int
check_folder(const struct layout *layout, struct err *err)
{
	struct span path = arena_printf(layout->sink.arena, "%s/oci-layout", layout->folders[0]);

	if (!path.p)
		return err_memory(err);
	if (access(path.p, F_OK) == 0 || folder_is_free(layout->folders[0]))
		return 0;
	return err_set(err, ERR_USAGE, "%s is neither empty nor an OCI layout", layout->folders[0]);
}

static int
make_folders(struct layout *layout, struct err *err)
{
	for (size_t i = 0; i < FOLDERS; i++) {
		struct stat st;

		if (stat(layout->folders[i], &st) == 0)
			continue;
		int r = directory_make(layout->folders[i], 0755, err);
		if (r < 0)
			return r;
		layout->made[i] = true;
	}
	return 0;
}

/* The index as it is now; empty when there is none. */
static int
load_index(const struct layout *layout, struct span *ret_path, struct span *ret, struct err *err)
{
	struct err missing = ERR_INIT;

	*ret_path = arena_printf(layout->sink.arena, "%s/index.json", layout->folders[0]);
	if (!ret_path->p)
		return err_memory(err);
	*ret = SPAN("");
	int r = file_load(ret_path->p, MANIFEST_MAX, layout->sink.arena, ret, &missing);
	if (r == -ERR_NOT_FOUND)
		return 0;
	if (r < 0)
		*err = missing;
	return r;
}

static int
merge_index(const struct layout *layout, const struct sink_image *image, bool write,
	    struct err *err)
{
	struct oci_write_entry entry = {image->manifest, layout->tag, image->platform};
	struct span path;
	struct span index;
	int r = load_index(layout, &path, &index, err);

	if (r == 0)
		r = oci_write_index(index, &entry, layout->sink.arena, &index, err);
	if (r < 0)
		return err_wrap(err, "%s", layout->folders[0]);
	return write ? file_replace(path.p, index, 0644, err) : 0;
}

/* The path of a blob; remembers it for removal when it was not there before. */
static int
blob_path(struct layout *layout, const struct digest *digest, struct span *ret, struct err *err)
{
	char text[DIGEST_TEXT];

	*ret = arena_printf(layout->sink.arena, "%s/%s", layout->folders[2],
			    digest_format(digest, text) + 7);
	if (!ret->p)
		return err_memory(err);
	if (access(ret->p, F_OK) < 0)
		layout->added[layout->added_count++] = ret->p;
	return 0;
}

static int
put_document(struct layout *layout, const struct digest *digest, struct span document,
	     struct err *err)
{
	struct span path;
	int r = blob_path(layout, digest, &path, err);

	return r < 0 ? r : file_replace(path.p, document, 0644, err);
}

static int
put_layout_file(struct layout *layout, struct err *err)
{
	struct span path = arena_printf(layout->sink.arena, "%s/oci-layout", layout->folders[0]);

	if (!path.p)
		return err_memory(err);
	if (access(path.p, F_OK) == 0)
		return 0;
	layout->added_layout = true;
	return file_replace(path.p, SPAN(OCI_LAYOUT), 0644, err);
}

static int
layout_commit(struct sink *sink, const struct sink_image *image, struct span *ret_layer_path,
	      struct err *err)
{
	struct layout *layout = (struct layout *)sink;
	CLEANUP(fd_cleanup)
	int lock = open(layout->folders[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct span layer;

	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return err_sys(err, ERR_IO, errno, "cannot lock %s", layout->folders[0]);
	int r = blob_path(layout, &image->layer_digest, &layer, err);
	if (r == 0)
		r = staged_commit(&layout->layer, layer.p, err);
	if (r == 0)
		r = put_document(layout, &image->config_digest, image->config, err);
	if (r == 0)
		r = put_document(layout, &image->manifest_digest, image->manifest, err);
	if (r == 0)
		r = put_layout_file(layout, err);
	if (r == 0)
		r = merge_index(layout, image, true, err);
	if (r < 0)
		return r;
	layout->committed = true;
	*ret_layer_path = layer;
	return 0;
}

static void
undo(const struct layout *layout)
{
	for (size_t i = 0; i < layout->added_count; i++)
		(void)unlink(layout->added[i]);
	if (layout->added_layout) {
		struct span path =
			arena_printf(layout->sink.arena, "%s/oci-layout", layout->folders[0]);

		if (path.p)
			(void)unlink(path.p);
	}
	for (size_t i = FOLDERS; i-- > 0;) {
		if (layout->made[i])
			(void)rmdir(layout->folders[i]);
	}
}

static void
layout_free(struct sink *sink)
{
	struct layout *layout = (struct layout *)sink;

	staged_close(&layout->layer);
	if (!layout->committed)
		undo(layout);
	arena_free(sink->arena); /* holds *layout itself */
}

static int
layout_start(struct layout *layout, struct span rest, struct err *err)
{
	static const struct sink_image nothing = {.manifest = SPAN_INIT("")};
	int r = split(layout, rest, err);

	if (r == 0)
		r = check_folder(layout, err);
	if (r == 0)
		r = merge_index(layout, &nothing, false, err);
	if (r == 0)
		r = make_folders(layout, err);
	if (r == 0)
		r = staged_open(&layout->layer, layout->folders[2], err);
	layout->sink.fd = layout->layer.fd;
	return r;
}

static int
layout_open(struct span rest, const struct sink_options *options, struct sink **ret,
	    struct err *err)
{
	struct arena *arena = arena_new(0);
	struct layout *layout = arena ? arena_alloc(arena, sizeof(*layout)) : NULL;

	(void)options;
	if (!layout) {
		arena_free(arena);
		return err_memory(err);
	}
	layout->layer = (struct staged)STAGED_INIT;
	layout->sink = (struct sink){
		.type = &sink_oci,
		.arena = arena,
		.fd = -1,
		.commit = layout_commit,
		.free = layout_free,
	};
	int r = layout_start(layout, rest, err);
	if (r < 0) {
		layout_free(&layout->sink);
		return r;
	}
	*ret = &layout->sink;
	return 0;
}

const struct sink_type sink_oci = {
	.prefix = "oci",
	.syntax = "oci:DIR[:TAG]",
	.open = layout_open,
};
