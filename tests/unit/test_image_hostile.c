/* SPDX-License-Identifier: Apache-2.0 */
/* Images that are damaged, hostile or odd, through image_open(). */
#include "place.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "stage/image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
wrong_bytes_are_refused(void **state)
{
	struct place place = place_make();
	struct layout_layer good[3];
	struct layout_layer layers[3];
	struct digest other;
	struct span damaged;

	(void)state;
	place_three_layers(&place, good);
	digest_of(SPAN("other"), &other);
	memcpy(layers, good, sizeof(good));
	layers[0].digest = &other;
	place_refuse(&place, ERR_DIGEST, layers, 3, "its bytes are");
	memcpy(layers, good, sizeof(good));
	layers[2].diff_id = &other;
	place_refuse(&place, ERR_DIGEST, layers, 3, "the uncompressed layer is");
	memcpy(layers, good, sizeof(good));
	layers[0].size = good[0].blob.n + 1;
	place_refuse(&place, ERR_DIGEST, layers, 3, "layer 1");
	memcpy(layers, good, sizeof(good));
	layers[0].size = good[0].blob.n - 1;
	place_refuse(&place, ERR_DIGEST, layers, 3, "layer 1");
	memcpy(layers, good, sizeof(good));
	layers[1].absent = true;
	place_refuse(&place, ERR_NOT_FOUND, layers, 3, "layer 2");
	/* damaged, and the digest says so: not what gzip makes of it */
	damaged = arena_copy(place.arena, good[0].blob);
	((char *)(uintptr_t)damaged.p)[damaged.n / 2] ^= 1;
	digest_of(good[0].blob, &other);
	memcpy(layers, good, sizeof(good));
	layers[0].blob = damaged;
	layers[0].digest = &other;
	place_refuse(&place, ERR_DIGEST, layers, 3, "its bytes are");
	/* truncated, with the digest of what is left */
	memcpy(layers, good, sizeof(good));
	layers[0].blob.n -= 20;
	place_refuse(&place, ERR_INVALID, layers, 3, "truncated");
	memcpy(layers, good, sizeof(good));
	layers[2].tar.n -= 1500;
	place_refuse(&place, ERR_INVALID, layers, 3, "layer 3");
	memcpy(layers, good, sizeof(good));
	layers[2].media_type = "application/vnd.example.layer";
	place_refuse(&place, ERR_UNSUPPORTED, layers, 3, "application/vnd.example.layer");
	memcpy(layers, good, sizeof(good));
	layers[0].absent = true;
	layers[0].media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
	place_refuse(&place, ERR_UNSUPPORTED, layers, 3, "foreign");
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
		place_refuse_members(&place, ERR_INVALID, &bad[i], 1, "layer 1");
	place_refuse_members(&place, ERR_INVALID, loop, COUNT(loop), "too many symbolic links");
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
	struct layout_layer layer = {.tar = place_tar(&place, members, COUNT(members))};
	CLEANUP(image_cleanup) struct image *image = NULL;
	CLEANUP(contents_cleanup) struct contents *contents = NULL;

	(void)state;
	layout_write(place.layout.p, &layer, 1);
	assert_good(image_open(place.reference, &place.options, &image, &contents, err));
	place_check_file(image, contents, "/abs/olute", "1");
	place_check_file(image, contents, "/tmp/side", "2");
	place_check_file(image, contents, "/dup", "last");
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
	place_refuse_members(&place, ERR_LIMIT, &member, 1, "IMAGE_DEPTH_MAX");
	path.n = pax.n = 0;
	for (int i = 0; i < IMAGE_PATH_MAX / 100 + 1; i++)
		assert_good(buf_printf(&path, err, "/%0100d", i));
	pax_put(&pax, "path", buf_span(&path));
	member.pax = buf_span(&pax);
	place_refuse_members(&place, ERR_LIMIT, &member, 1, "IMAGE_PATH_MAX");
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
	place_refuse(&place, ERR_LIMIT, &layer, 1, "LAYER_RATIO_MAX");
	assert_int_equal(place_cached(&place), 0);
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
				     .blob = place_gzip(&place, buf_span(&tar)),
				     .media_type = "application/vnd.oci.image.layer.v1.tar+gzip"};
	layout_write(place.layout.p, &layer, 1);
	assert_good(image_open(place.reference, &place.options, &image, NULL, err));
	assert_int_equal(image->entry_count, FILES + 101);
	place_free(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_bytes_are_refused),
		cmocka_unit_test(hostile_members_are_refused),
		cmocka_unit_test(odd_members_stay_inside),
		cmocka_unit_test(long_paths_are_refused),
		cmocka_unit_test(bombs_stop_early),
		cmocka_unit_test(many_small_files_are_fine),
	};

	return cmocka_run_group_tests_name("image_hostile", tests, NULL, NULL);
}
