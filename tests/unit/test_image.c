/* SPDX-License-Identifier: Apache-2.0 */
/* Whole images through image_open(): what comes out, and what is refused. */
#include "layer.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "stage/image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A folder with a layout, a cache and what else a test needs. */
struct place {
	struct arena *arena;
	struct span folder;
	struct span layout; /* folder */
	struct span reference;
	struct image_options options;
};

static struct place
place_make(void)
{
	struct place place = {.arena = arena_new(0)};

	assert_good(directory_temporary(place.arena, &place.folder, err));
	place.layout = arena_printf(place.arena, "%s/layout", place.folder.p);
	place.reference = arena_printf(place.arena, "oci:%s", place.layout.p);
	place.options.cache = arena_printf(place.arena, "%s/cache", place.folder.p).p;
	return place;
}

static void
place_free(struct place *place)
{
	assert_good(tree_remove(place->folder.p, err));
	arena_free(place->arena);
}

/* A plain tar of members. */
static struct span
tar_of(struct place *place, const struct tar_member *members, size_t count)
{
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(1 << 28);

	tar_put_all(&tar, members, count);
	tar_end(&tar);
	return arena_copy(place->arena, buf_span(&tar));
}

static struct span
gzip_of(struct place *place, struct span plain)
{
	CLEANUP(buf_cleanup) struct buf gzip = BUF_INIT(1 << 28);

	gzip_put(&gzip, plain);
	return arena_copy(place->arena, buf_span(&gzip));
}

static size_t
count_cached(const struct place *place)
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

static void
refuse(struct place *place, enum err_kind kind, const struct layout_layer *layers, size_t count,
       const char *text)
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

static void
refuse_members(struct place *place, enum err_kind kind, const struct tar_member *members,
	       size_t count, const char *text)
{
	struct layout_layer layer = {.tar = tar_of(place, members, count)};

	refuse(place, kind, &layer, 1, text);
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

static void
three_layers(struct place *place, struct layout_layer layers[3])
{
	CLEANUP(buf_cleanup) struct buf zstd = BUF_INIT(1 << 20);

	layers[0] =
		(struct layout_layer){.tar = tar_of(place, lower, COUNT(lower)),
				      .media_type = "application/vnd.oci.image.layer.v1.tar+gzip"};
	layers[0].blob = gzip_of(place, layers[0].tar);
	layers[1] =
		(struct layout_layer){.tar = tar_of(place, middle, COUNT(middle)),
				      .media_type = "application/vnd.oci.image.layer.v1.tar+zstd"};
	zstd_put(&zstd, layers[1].tar);
	layers[1].blob = arena_copy(place->arena, buf_span(&zstd));
	layers[2] = (struct layout_layer){.tar = tar_of(place, upper, COUNT(upper))};
}

static void
check_file(const struct image *image, const struct contents *contents, const char *path,
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

static void
check_three(const struct image *image, const struct contents *contents)
{
	check_file(image, contents, "/etc/passwd", "x");
	check_file(image, contents, "/usr/bin/tool", "replaced");
	check_file(image, contents, "/usr/bin/tool2", "#!/bin/sh\n");
	check_file(image, contents, "/usr/bin/three", "33");
	check_file(image, contents, "/var/cache/three", "33");
	check_file(image, contents, "/kind/inside", "now a folder");
	assert_int_equal(image_find(image, SPAN("/etc/shadow")), IMAGE_NONE);
	assert_int_equal(image_find(image, SPAN("/var/cache/one")), IMAGE_NONE);
	assert_int_equal(image_find(image, SPAN("/var/cache/sub")), IMAGE_NONE);
	assert_int_equal(image_find(image, SPAN("/opt/gone/deep")), IMAGE_NONE);
	assert_int_equal(image->layer_count, 3);
	assert_int_equal(image->gaps.count, 0);
	assert_int_equal(image->layers[0].compression, LAYER_GZIP);
	assert_int_equal(image->layers[1].compression, LAYER_ZSTD);
	assert_int_equal(image->layers[2].compression, LAYER_PLAIN);
	assert_true(image->layers[0].inflated > image->layers[0].size);
	assert_span(image->config.architecture, "amd64");
	assert_span(image_environment(&image->config, SPAN("PATH")), "/bin");
}

static void
open_three(struct place *place)
{
	CLEANUP(image_cleanup) struct image *image = NULL;
	CLEANUP(contents_cleanup) struct contents *contents = NULL;

	assert_good(image_open(place->reference, &place->options, &image, &contents, err));
	check_three(image, contents);
}

static void
layers_are_merged_cold_and_warm(void **state)
{
	struct place place = place_make();
	struct layout_layer layers[3];

	(void)state;
	three_layers(&place, layers);
	layout_write(place.layout.p, layers, COUNT(layers));
	open_three(&place);
	assert_int_equal(count_cached(&place), 3);
	/* now the blobs are not needed any more */
	struct digest digest;
	char text[DIGEST_TEXT];
	digest_of(layers[0].blob, &digest);
	assert_int_equal(unlink(arena_printf(place.arena, "%s/blobs/sha256/%s", place.layout.p,
					     digest_format(&digest, text) + 7)
					.p),
			 0);
	open_three(&place);
	place_free(&place);
}

/* What stands in the cache under a layer's name. */
static struct span
cached_file(struct place *place, struct span tar, const char *name)
{
	struct digest digest;
	char text[DIGEST_TEXT];

	digest_of(tar, &digest);
	return arena_printf(place->arena, "%s/layers/%s/%s", place->options.cache,
			    digest_format(&digest, text) + 7, name);
}

static void
damaged_caches_are_made_anew(void **state)
{
	static const off_t places[] = {0, 9, 20, 40, 70, 96, 130, 700};
	struct place place = place_make();
	struct layout_layer layers[3];

	(void)state;
	three_layers(&place, layers);
	layout_write(place.layout.p, layers, COUNT(layers));
	open_three(&place);
	for (size_t i = 0; i < COUNT(places); i++) {
		struct span path = cached_file(&place, layers[0].tar, "index");
		CLEANUP(fd_cleanup) int fd = open(path.p, O_RDWR | O_CLOEXEC);
		uint8_t byte;

		assert_true(fd >= 0);
		assert_int_equal(pread(fd, &byte, 1, places[i]), 1);
		byte ^= 0x55;
		assert_int_equal(pwrite(fd, &byte, 1, places[i]), 1);
		open_three(&place);
	}
	assert_int_equal(truncate(cached_file(&place, layers[1].tar, "tar").p, 1000), 0);
	open_three(&place);
	assert_int_equal(truncate(cached_file(&place, layers[1].tar, "index").p, 200), 0);
	open_three(&place);
	assert_int_equal(unlink(cached_file(&place, layers[2].tar, "index").p), 0);
	open_three(&place);
	assert_int_equal(count_cached(&place), 3);
	place_free(&place);
}

static void
caches_evict_but_never_what_is_in_use(void **state)
{
	struct place place = place_make();
	struct layout_layer layers[3];
	struct layout_layer other = {0};
	static const struct tar_member member = {.path = "other", .content = "o"};
	struct span other_layout = arena_printf(place.arena, "%s/other", place.folder.p);
	struct span other_reference = arena_printf(place.arena, "oci:%s", other_layout.p);
	struct image *image;
	struct image *second;
	struct contents *contents;

	(void)state;
	assert_int_equal(setenv("MOHS_CACHE_MAX", "1", 1), 0);
	three_layers(&place, layers);
	layout_write(place.layout.p, layers, COUNT(layers));
	other.tar = tar_of(&place, &member, 1);
	layout_write(other_layout.p, &other, 1);
	assert_good(image_open(place.reference, &place.options, &image, &contents, err));
	assert_int_equal(count_cached(&place), 3);
	assert_good(image_open(other_reference, &place.options, &second, NULL, err));
	assert_int_equal(count_cached(&place), 4);
	check_three(image, contents);
	contents_free(contents);
	image_free(image);
	/* a folder a killed mohs left */
	struct span orphan =
		arena_printf(place.arena, "%s/layers/tmp-0123456789abcdef", place.options.cache);
	assert_good(directory_make(orphan.p, 0700, err));
	assert_good(file_replace(arena_printf(place.arena, "%s/tar", orphan.p).p, SPAN("x"), 0600,
				 err));
	struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	assert_int_equal(utimensat(AT_FDCWD, orphan.p, long_ago, 0), 0);
	image_free(second);
	assert_good(tree_remove(cached_file(&place, other.tar, "").p, err));
	assert_good(image_open(other_reference, &place.options, &second, NULL, err));
	assert_int_equal(count_cached(&place), 1);
	image_free(second);
	assert_int_equal(setenv("MOHS_CACHE_MAX", "many", 1), 0);
	assert_fails(ERR_USAGE, image_open(other_reference, &place.options, &second, NULL, err));
	assert_int_equal(unsetenv("MOHS_CACHE_MAX"), 0);
	place_free(&place);
}

/* Several processes at once on one cache: each gets the image, and nothing else is left. */
static void
caches_are_shared(void **state)
{
	enum { PROCESSES = 4 };
	struct place place = place_make();
	struct layout_layer layers[3];
	pid_t pids[PROCESSES];

	(void)state;
	three_layers(&place, layers);
	layout_write(place.layout.p, layers, COUNT(layers));
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			struct image *image;
			struct err problem = ERR_INIT;
			int r = image_open(place.reference, &place.options, &image, NULL, &problem);
			if (r < 0)
				print_message("# %s\n", problem.text);
			_exit(r < 0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count_cached(&place), 3);
	open_three(&place);
	place_free(&place);
}

static void
full_disks_leave_nothing_behind(void **state)
{
	enum { BYTES = 4 << 20 };
	struct place place = place_make();
	CLEANUP(free_cleanup) char *content = malloc(BYTES);
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(1 << 24);
	const char *cache = place.options.cache;

	(void)state;
	assert_non_null(content);
	for (size_t i = 0; i < BYTES; i++)
		content[i] = (char)(i * 2654435761U >> 24);
	tar_put(&tar, &(struct tar_member){.path = "f", .content = content, .size = BYTES});
	tar_end(&tar);
	struct layout_layer layer = {.tar = buf_span(&tar)};
	layout_write(place.layout.p, &layer, 1);
	assert_good(directory_make(cache, 0700, err));
	if (mount("tmpfs", cache, "tmpfs", 0, "size=1m") < 0) {
		print_message("# no small disk can be mounted: not tried\n");
		place_free(&place);
		return; /* cmocka reports skip() as a failure in TAP */
	}
	struct image *image;
	struct err problem = ERR_INIT;
	int r = image_open(place.reference, &place.options, &image, NULL, &problem);
	size_t left = count_cached(&place);
	assert_int_equal(umount(cache), 0);
	assert_int_equal(r, -ERR_IO);
	assert_non_null(strstr(problem.text, "no room in the layer cache"));
	assert_int_equal(left, 0);
	place_free(&place);
}

static void
repeated_layers_are_read_once(void **state)
{
	struct place place = place_make();
	struct layout_layer layers[3];
	CLEANUP(image_cleanup) struct image *image = NULL;
	CLEANUP(contents_cleanup) struct contents *contents = NULL;

	(void)state;
	three_layers(&place, layers);
	layers[1] = layers[0];
	layout_write(place.layout.p, layers, 2);
	assert_good(image_open(place.reference, &place.options, &image, &contents, err));
	check_file(image, contents, "/etc/shadow", "secret");
	assert_int_equal(image->entries[image_find(image, SPAN("/etc/shadow"))].layer, 1);
	assert_int_equal(count_cached(&place), 1);
	place_free(&place);
}

static void
wrong_bytes_are_refused(void **state)
{
	struct place place = place_make();
	struct layout_layer good[3];
	struct layout_layer layers[3];
	struct digest other;
	struct span damaged;

	(void)state;
	three_layers(&place, good);
	digest_of(SPAN("other"), &other);
	memcpy(layers, good, sizeof(good));
	layers[0].digest = &other;
	refuse(&place, ERR_DIGEST, layers, 3, "its bytes are");
	memcpy(layers, good, sizeof(good));
	layers[2].diff_id = &other;
	refuse(&place, ERR_DIGEST, layers, 3, "the uncompressed layer is");
	memcpy(layers, good, sizeof(good));
	layers[0].size = good[0].blob.n + 1;
	refuse(&place, ERR_DIGEST, layers, 3, "layer 1");
	memcpy(layers, good, sizeof(good));
	layers[0].size = good[0].blob.n - 1;
	refuse(&place, ERR_DIGEST, layers, 3, "layer 1");
	memcpy(layers, good, sizeof(good));
	layers[1].absent = true;
	refuse(&place, ERR_NOT_FOUND, layers, 3, "layer 2");
	/* damaged, and the digest says so: not what gzip makes of it */
	damaged = arena_copy(place.arena, good[0].blob);
	((char *)(uintptr_t)damaged.p)[damaged.n / 2] ^= 1;
	digest_of(good[0].blob, &other);
	memcpy(layers, good, sizeof(good));
	layers[0].blob = damaged;
	layers[0].digest = &other;
	refuse(&place, ERR_DIGEST, layers, 3, "its bytes are");
	/* truncated, with the digest of what is left */
	memcpy(layers, good, sizeof(good));
	layers[0].blob.n -= 20;
	refuse(&place, ERR_INVALID, layers, 3, "truncated");
	memcpy(layers, good, sizeof(good));
	layers[2].tar.n -= 1500;
	refuse(&place, ERR_INVALID, layers, 3, "layer 3");
	memcpy(layers, good, sizeof(good));
	layers[2].media_type = "application/vnd.example.layer";
	refuse(&place, ERR_UNSUPPORTED, layers, 3, "application/vnd.example.layer");
	memcpy(layers, good, sizeof(good));
	layers[0].absent = true;
	layers[0].media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
	refuse(&place, ERR_UNSUPPORTED, layers, 3, "foreign");
	place_free(&place);
}

static void
hostile_members_are_refused(void **state)
{
	static const struct tar_member bad[] = {
		{.path = "../etc/passwd", .content = "x"},
		{.path = "a/../../b", .content = "x"},
		{.path = "hard", .type = '1', .link = "nothing"},
		{.path = "hard", .type = '1', .link = "../../etc/passwd"},
		{.path = "a/.wh."},
		{.path = ".wh..."},
	};
	static const struct tar_member loop[] = {
		{.path = "a", .type = '2', .link = "b"},
		{.path = "b", .type = '2', .link = "a"},
		{.path = "a/x", .content = "x"},
	};
	struct place place = place_make();

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		refuse_members(&place, ERR_INVALID, &bad[i], 1, "layer 1");
	refuse_members(&place, ERR_INVALID, loop, COUNT(loop), "too many symbolic links");
	place_free(&place);
}

static void
odd_members_stay_inside(void **state)
{
	static const struct tar_member members[] = {
		{.path = "/abs/olute", .content = "1"},
		{.path = "out", .type = '2', .link = "../../../../tmp"},
		{.path = "out/side", .content = "2"},
		{.path = "dev/null", .type = '3', .major = 1, .minor = 3, .mode = 0666},
		{.path = "dup", .content = "first"},
		{.path = "dup", .content = "last"},
		{.path = ".wh.nothing"},
		{.path = "empty/.wh..wh..opq"},
		{.path = ".wh..wh.plnk", .type = '5'},
	};
	struct place place = place_make();
	struct layout_layer layer = {.tar = tar_of(&place, members, COUNT(members))};
	CLEANUP(image_cleanup) struct image *image = NULL;
	CLEANUP(contents_cleanup) struct contents *contents = NULL;

	(void)state;
	layout_write(place.layout.p, &layer, 1);
	assert_good(image_open(place.reference, &place.options, &image, &contents, err));
	check_file(image, contents, "/abs/olute", "1");
	check_file(image, contents, "/tmp/side", "2");
	check_file(image, contents, "/dup", "last");
	assert_int_equal(image->gaps.count, 1);
	assert_span(image->gaps.items[0].subject, "/dup");
	const struct image_entry *null = &image->entries[image_find(image, SPAN("/dev/null"))];
	assert_int_equal(null->type, IMAGE_CHARACTER);
	assert_int_equal(null->device_minor, 3);
	assert_int_equal(image_find(image, SPAN("/.wh..wh.plnk")), IMAGE_NONE);
	assert_int_equal(image_find(image, SPAN("/empty")), IMAGE_NONE);
	place_free(&place);
}

/* Deeper and longer than may be, through pax headers. */
static void
long_paths_are_refused(void **state)
{
	CLEANUP(buf_cleanup) struct buf path = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf pax = BUF_INIT(1 << 20);
	struct tar_member member = {.path = "short", .content = "x"};
	struct place place = place_make();

	(void)state;
	for (int i = 0; i <= IMAGE_DEPTH_MAX; i++)
		assert_good(buf_printf(&path, err, "/d"));
	pax_put(&pax, "path", buf_span(&path));
	member.pax = buf_span(&pax);
	refuse_members(&place, ERR_LIMIT, &member, 1, "IMAGE_DEPTH_MAX");
	path.n = pax.n = 0;
	for (int i = 0; i < IMAGE_PATH_MAX / 100 + 1; i++)
		assert_good(buf_printf(&path, err, "/%0100d", i));
	pax_put(&pax, "path", buf_span(&path));
	member.pax = buf_span(&pax);
	refuse_members(&place, ERR_LIMIT, &member, 1, "IMAGE_PATH_MAX");
	place_free(&place);
}

static void
bombs_stop_early(void **state)
{
	struct place place = place_make();
	CLEANUP(free_cleanup) char *zeroes = calloc(1, 160 * MIB);
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(GIB);
	CLEANUP(buf_cleanup) struct buf zstd = BUF_INIT(GIB);

	(void)state;
	assert_non_null(zeroes);
	tar_put(&tar, &(struct tar_member){.path = "bomb", .content = zeroes, .size = 160 * MIB});
	tar_end(&tar);
	zstd_put(&zstd, buf_span(&tar));
	assert_true(zstd.n < MIB);
	struct layout_layer layer = {.tar = buf_span(&tar),
				     .blob = buf_span(&zstd),
				     .media_type = "application/vnd.oci.image.layer.v1.tar+zstd"};
	refuse(&place, ERR_LIMIT, &layer, 1, "LAYER_RATIO_MAX");
	assert_int_equal(count_cached(&place), 0);
	place_free(&place);
}

static void
many_small_files_are_fine(void **state)
{
	enum { FILES = 50000 };
	struct place place = place_make();
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(GIB);
	CLEANUP(image_cleanup) struct image *image = NULL;
	char name[64];

	(void)state;
	for (int i = 0; i < FILES; i++) {
		(void)snprintf(name, sizeof(name), "d%d/f%d", i % 100, i);
		tar_put(&tar, &(struct tar_member){.path = name});
	}
	tar_end(&tar);
	struct layout_layer layer = {.tar = buf_span(&tar),
				     .blob = gzip_of(&place, buf_span(&tar)),
				     .media_type = "application/vnd.oci.image.layer.v1.tar+gzip"};
	layout_write(place.layout.p, &layer, 1);
	assert_good(image_open(place.reference, &place.options, &image, NULL, err));
	assert_int_equal(image->entry_count, FILES + 101);
	place_free(&place);
}

static void
docker_archives_are_read(void **state)
{
	struct place place = place_make();
	struct layout_layer layers[3];
	struct digest digests[2];
	struct digest other;
	struct image *image;

	(void)state;
	three_layers(&place, layers);
	struct span file = arena_printf(place.arena, "%s/image.tar", place.folder.p);
	place.reference = arena_printf(place.arena, "docker-archive:%s", file.p);
	docker_archive_write(file.p, layers, COUNT(layers));
	for (size_t i = 0; i < COUNT(digests); i++) { /* cold, then warm: the same answer */
		struct contents *contents;

		assert_good(image_open(place.reference, &place.options, &image, &contents, err));
		check_three(image, contents);
		digests[i] = image->manifest_digest;
		struct digest blob;
		digest_of(layers[0].blob, &blob);
		assert_true(digest_equal(&blob, &image->layers[0].digest));
		assert_int_equal(image->layers[1].size, layers[1].blob.n);
		assert_true(digest_equal(&image->layers[2].digest, &image->layers[2].diff_id));
		digest_of(image->manifest, &blob);
		assert_true(digest_equal(&blob, &image->manifest_digest));
		contents_free(contents);
		image_free(image);
	}
	assert_true(digest_equal(&digests[0], &digests[1]));
	digest_of(SPAN("other"), &other);
	layers[2].diff_id = &other;
	docker_archive_write(file.p, layers, COUNT(layers));
	assert_fails(ERR_DIGEST, image_open(place.reference, &place.options, &image, NULL, err));
	place_free(&place);
}

static void
make_rootfs(struct place *place, const char *folder)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct arena *arena = place->arena;
	const char *file = arena_printf(arena, "%s/b/file", folder).p;

	assert_good(directory_make(arena_printf(arena, "%s/b", folder).p, 0755, err));
	assert_good(directory_make(arena_printf(arena, "%s/a-dir", folder).p, 0755, err));
	assert_int_equal(chmod(arena_printf(arena, "%s/a-dir", folder).p, 01770), 0);
	assert_good(file_replace(file, SPAN("content"), 04750, err));
	assert_int_equal(link(file, arena_printf(arena, "%s/a-hard", folder).p), 0);
	assert_int_equal(symlink("/etc/passwd", arena_printf(arena, "%s/out", folder).p), 0);
	assert_int_equal(mkfifo(arena_printf(arena, "%s/fifo", folder).p, 0600), 0);
	assert_good(file_replace(arena_printf(arena, "%s/e\xcc\x81\xff", folder).p, SPAN("n"), 0644,
				 err));
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	CLEANUP(fd_cleanup) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void
folders_are_packed(void **state)
{
	struct place place = place_make();
	struct span folder = arena_printf(place.arena, "%s/rootfs", place.folder.p);
	struct digest digests[2];

	(void)state;
	make_rootfs(&place, folder.p);
	bool xattrs = setxattr(arena_printf(place.arena, "%s/b/file", folder.p).p, "user.mohs",
			       "v\0w", 3, 0) == 0;
	place.reference = arena_printf(place.arena, "dir:%s", folder.p);
	for (size_t i = 0; i < COUNT(digests); i++) {
		CLEANUP(image_cleanup) struct image *image = NULL;
		CLEANUP(contents_cleanup) struct contents *contents = NULL;
		assert_good(image_open(place.reference, &place.options, &image, &contents, err));
		uint32_t index = image_find(image, SPAN("/b/file"));
		const struct image_entry *file = &image->entries[index];

		digests[i] = image->manifest_digest;
		check_file(image, contents, "/b/file", "content");
		check_file(image, contents, "/a-hard", "content");
		check_file(image, contents, "/e\xcc\x81\xff", "n");
		assert_int_equal(file->mode, 04750);
		assert_int_equal(file->uid, getuid());
		assert_int_equal(file->links, 2);
		assert_int_equal(image->entries[image_find(image, SPAN("/a-dir"))].mode, 01770);
		assert_span(image->entries[image_find(image, SPAN("/out"))].link, "/etc/passwd");
		assert_int_equal(image->entries[image_find(image, SPAN("/fifo"))].type, IMAGE_FIFO);
		assert_int_equal(image->entry_count, 8);
		assert_int_equal(image->gaps.count, 1);
		assert_span(image->gaps.items[0].subject, "./socket");
		const struct image_entry *inode = image_inode(image, index);
		assert_int_equal(inode->xattrs, xattrs ? 1 : 0);
		if (xattrs)
			assert_int_equal(image->xattrs[inode->first_xattr].value.n, 3);
	}
	assert_true(digest_equal(&digests[0], &digests[1]));
	place_free(&place);
}

/* What another program unpacks is what we say the image holds. */
static void
compare_entry(const struct image *image, uint32_t index, const char *rootfs, struct arena *arena)
{
	static const mode_t types[] = {
		[IMAGE_FILE] = S_IFREG,	     [IMAGE_DIRECTORY] = S_IFDIR, [IMAGE_SYMLINK] = S_IFLNK,
		[IMAGE_CHARACTER] = S_IFCHR, [IMAGE_BLOCK] = S_IFBLK,	  [IMAGE_FIFO] = S_IFIFO,
	};
	const struct image_entry *entry = &image->entries[index];
	struct span path = arena_printf(arena, "%s%.*s", rootfs, SPAN_ARG(entry->path));
	char target[4096] = {0};
	struct stat st;

	if (lstat(path.p, &st) < 0)
		fail_msg("%s: %s", path.p, strerror(errno));
	assert_int_equal(st.st_mode & S_IFMT, types[entry->type]);
	if (entry->type != IMAGE_SYMLINK && index != 0)
		assert_int_equal(st.st_mode & 07777, entry->mode);
	assert_int_equal(st.st_uid, entry->uid);
	assert_int_equal(st.st_gid, entry->gid);
	if (entry->type != IMAGE_DIRECTORY)
		assert_int_equal(st.st_nlink, entry->links);
	if (entry->type == IMAGE_FILE)
		assert_int_equal(st.st_size, entry->size);
	if (entry->type == IMAGE_SYMLINK) {
		assert_true(readlink(path.p, target, sizeof(target) - 1) > 0);
		assert_span(entry->link, target);
	}
}

static size_t
count_tree(const char *rootfs)
{
	struct proc_options options = {
		.argv = (const char *[]){"find", rootfs, "-printf", "x", NULL}, .input = -1};
	CLEANUP(buf_cleanup) struct buf output = BUF_INIT(1 << 20);

	assert_good(proc_run(&options, 60000, &output, err));
	return output.n;
}

static void
umoci_unpacks_the_same(void **state)
{
	struct place place = place_make();
	struct layout_layer layers[3];
	struct err problem = ERR_INIT;
	CLEANUP(image_cleanup) struct image *image = NULL;

	(void)state;
	three_layers(&place, layers);
	layers[1].blob = (struct span){NULL, 0}; /* zstd is too new for some umoci */
	layers[1].media_type = NULL;
	layout_write(place.layout.p, layers, COUNT(layers));
	assert_good(image_open(place.reference, &place.options, &image, NULL, err));
	struct span bundle = arena_printf(place.arena, "%s/bundle", place.folder.p);
	struct span tagged = arena_printf(place.arena, "%s:latest", place.layout.p);
	struct proc_options options = {
		.argv = (const char *[]){"umoci", "unpack", "--image", tagged.p, bundle.p, NULL},
		.input = -1};
	CLEANUP(buf_cleanup) struct buf output = BUF_INIT(4096);
	int r = getuid() != 0 ? -ERR_NOT_FOUND : proc_run(&options, 60000, &output, &problem);
	if (r == -ERR_NOT_FOUND) {
		print_message("# umoci is not there, or we are not root: not compared\n");
		place_free(&place);
		return; /* cmocka reports skip() as a failure in TAP */
	}
	if (r < 0)
		fail_msg("%s: %s", problem.text, output.p);
	struct span rootfs = arena_printf(place.arena, "%s/rootfs", bundle.p);
	for (uint32_t i = 0; i < image->entry_count; i++)
		compare_entry(image, i, rootfs.p, place.arena);
	assert_int_equal(count_tree(rootfs.p), image->entry_count);
	place_free(&place);
}

/* Kills every child of this process: those that are reading a layer. */
static void
kill_children(void *context, const char *what, uint64_t done, uint64_t total)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	DIR *directory = opendir("/proc");
	struct dirent *entry;

	(void)what;
	(void)done;
	(void)total;
	while (directory && (entry = readdir(directory))) {
		struct span path = arena_printf(arena, "/proc/%s/stat", entry->d_name);
		struct err ignored = ERR_INIT;
		struct span stat;
		uint64_t pid;
		uint64_t parent;

		if (!span_to_u64(span_from(entry->d_name), &pid) ||
		    file_load(path.p, 4096, arena, &stat, &ignored) < 0)
			continue;
		size_t end = span_find_last(stat, ')'); /* ") S PPID " */
		struct span rest = span_slice(stat, end + 4 < stat.n ? end + 4 : stat.n, stat.n);
		if (span_to_u64(span_cut(&rest, ' '), &parent) && parent == (uint64_t)getpid()) {
			(void)kill((pid_t)pid, SIGKILL);
			++*(int *)context;
		}
	}
	if (directory)
		(void)closedir(directory);
}

static void
dead_readers_are_told(void **state)
{
	struct place place = place_make();
	int killed = 0;
	const struct progress progress = {.context = &killed, .step = kill_children};
	struct layout_layer layer = {.tar = tar_of(&place, lower, COUNT(lower)),
				     .media_type = "application/vnd.oci.image.layer.v1.tar+gzip"};

	(void)state;
	layer.blob = gzip_of(&place, layer.tar);
	place.options.source.progress = &progress;
	refuse(&place, ERR_CHILD, &layer, 1, "died: signal 9, SIGKILL");
	assert_true(killed >= 2);
	assert_int_equal(count_cached(&place), 0);

	/* the same image is good once nobody interferes */
	struct image *image;
	place.options.source.progress = NULL;
	assert_good(image_open(place.reference, &place.options, &image, NULL, err));
	image_free(image);
	place_free(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers_are_merged_cold_and_warm),
		cmocka_unit_test(damaged_caches_are_made_anew),
		cmocka_unit_test(caches_evict_but_never_what_is_in_use),
		cmocka_unit_test(caches_are_shared),
		cmocka_unit_test(full_disks_leave_nothing_behind),
		cmocka_unit_test(repeated_layers_are_read_once),
		cmocka_unit_test(wrong_bytes_are_refused),
		cmocka_unit_test(hostile_members_are_refused),
		cmocka_unit_test(odd_members_stay_inside),
		cmocka_unit_test(long_paths_are_refused),
		cmocka_unit_test(bombs_stop_early),
		cmocka_unit_test(many_small_files_are_fine),
		cmocka_unit_test(docker_archives_are_read),
		cmocka_unit_test(folders_are_packed),
		cmocka_unit_test(dead_readers_are_told),
		cmocka_unit_test(umoci_unpacks_the_same),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
