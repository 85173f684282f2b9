/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "test.h"

#include <dirent.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct place
place_make(void)
{
	struct place place = {.arena = arena_new(0)};

	assert_good(directory_temporary(place.arena, &place.folder, err));
	place.layout = arena_printf(place.arena, "%s/layout", place.folder.p);
	place.reference = arena_printf(place.arena, "oci:%s", place.layout.p);
	place.options.cache = arena_printf(place.arena, "%s/cache", place.folder.p).p;
	return place;
}

void
place_free(struct place *place)
{
	assert_good(tree_remove(place->folder.p, err));
	arena_free(place->arena);
}

/* A plain tar of members. */
struct span
place_tar(struct place *place, const struct tar_member *members, size_t count)
{
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(1 << 28);

	tar_put_all(&tar, members, count);
	tar_end(&tar);
	return arena_copy(place->arena, buf_span(&tar));
}

struct span
place_gzip(struct place *place, struct span plain)
{
	CLEANUP(buf_cleanup) struct buf gzip = BUF_INIT(1 << 28);

	gzip_put(&gzip, plain);
	return arena_copy(place->arena, buf_span(&gzip));
}

size_t
place_cached(const struct place *place)
{
	struct span path = arena_printf(place->arena, "%s/layers", place->options.cache);
	DIR *directory = opendir(path.p);
	size_t n = 0;

	while (directory && readdir(directory))
		n++;
	if (directory)
		(void)closedir(directory);
	return n < 2 ? 0 : n - 2;
}

void
place_refuse(struct place *place, enum err_kind kind, const struct layout_layer *layers,
	     size_t count, const char *text)
{
	struct err problem = ERR_INIT;
	struct image *image;

	assert_good(tree_remove(place->layout.p, err));
	assert_good(tree_remove(place->options.cache, err));
	layout_write(place->layout.p, layers, count);
	int r = image_open(place->reference, &place->options, &image, NULL, &problem);
	if (r != -(int)kind || !strstr(problem.text, text))
		fail_msg("%s \"%s\", not %s with \"%s\"", err_name(problem.kind), problem.text,
			 err_name(kind), text);
}

void
place_refuse_members(struct place *place, enum err_kind kind, const struct tar_member *members,
		     size_t count, const char *text)
{
	struct layout_layer layer = {.tar = place_tar(place, members, count)};

	place_refuse(place, kind, &layer, 1, text);
}

static const struct tar_member lower[] = {
	{.path = "./", .type = '5'},
	{.path = "etc/", .type = '5', .mode = 0750},
	{.path = "etc/passwd", .content = "root:x:0:0::/:/bin/sh\n"},
	{.path = "etc/shadow", .content = "secret", .mode = 0640, .gid = 42},
	{.path = "usr/", .type = '5'},
	{.path = "usr/bin/", .type = '5'},
	{.path = "usr/bin/tool", .content = "#!/bin/sh\n", .mode = 04755},
	{.path = "usr/bin/tool2", .type = '1', .link = "usr/bin/tool"},
	{.path = "bin", .type = '2', .link = "usr/bin"},
	{.path = "var/", .type = '5'},
	{.path = "var/cache/", .type = '5', .mode = 01777},
	{.path = "var/cache/one", .content = "1"},
	{.path = "var/cache/sub/", .type = '5'},
	{.path = "var/cache/sub/two", .content = "2"},
	{.path = "opt/", .type = '5'},
	{.path = "opt/gone/", .type = '5'},
	{.path = "opt/gone/deep", .content = "x"},
	{.path = "kind", .content = "a file"},
};

static const struct tar_member middle[] = {
	{.path = "etc/.wh.shadow"},
	{.path = "var/cache/.wh..wh..opq"},
	{.path = "var/cache/three", .content = "33"},
	{.path = "opt/.wh.gone"},
	{.path = ".wh.nothing"},
	{.path = "kind/", .type = '5', .mode = 0700},
	{.path = "kind/inside", .content = "now a folder"},
	{.path = "usr/bin/tool", .content = "replaced", .mode = 0755, .uid = 3},
};

static const struct tar_member upper[] = {
	{.path = "etc/", .type = '5', .mode = 0755},
	{.path = "etc/passwd", .content = "x"},
	{.path = "opt/gone", .type = '2', .link = "/var/cache"},
	{.path = "usr/bin/three", .type = '1', .link = "var/cache/three"},
};

struct span
place_lowest(struct place *place)
{
	return place_tar(place, lower, COUNT(lower));
}

void
place_three_layers(struct place *place, struct layout_layer layers[3])
{
	CLEANUP(buf_cleanup) struct buf zstd = BUF_INIT(1 << 20);

	layers[0] =
		(struct layout_layer){.tar = place_lowest(place),
				      .media_type = "application/vnd.oci.image.layer.v1.tar+gzip"};
	layers[0].blob = place_gzip(place, layers[0].tar);
	layers[1] =
		(struct layout_layer){.tar = place_tar(place, middle, COUNT(middle)),
				      .media_type = "application/vnd.oci.image.layer.v1.tar+zstd"};
	zstd_put(&zstd, layers[1].tar);
	layers[1].blob = arena_copy(place->arena, buf_span(&zstd));
	layers[2] = (struct layout_layer){.tar = place_tar(place, upper, COUNT(upper))};
}

void
place_check_file(const struct image *image, const struct contents *contents, const char *path,
		 const char *wanted)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	uint32_t index = image_find(image, span_from(path));
	struct span content;

	if (index == IMAGE_NONE)
		fail_msg("%s is not there", path);
	assert_good(contents_load(contents, image, index, 1 << 20, arena, &content, err));
	assert_span(content, wanted);
}
