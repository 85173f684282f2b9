/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "hardened.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/json.h"
#include "codec/oci_write.h"
#include "port/sink.h"
#include "port/source.h"
#include "stage/build.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct bench {
	struct fixture fixture;
	struct plan *plan;
	struct arena *arena;
	struct span folder;
};

static int
setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	bench->arena = arena_new(0);
	assert_good(hardened_make(&bench->fixture, &bench->plan, err));
	assert_good(directory_temporary(bench->arena, &bench->folder, err));
	*state = bench;
	return 0;
}

static int
teardown(void **state)
{
	struct bench *bench = *state;

	assert_good(tree_remove(bench->folder.p, err));
	fixture_free(&bench->fixture);
	plan_free(bench->plan);
	arena_free(bench->arena);
	free(bench);
	return 0;
}

static int
write_as(const struct bench *bench, const char *output, enum layer_compression compression,
	 struct built **ret, struct err *err)
{
	struct build_options options = {.output = output, .compression = compression};

	return build_write(bench->fixture.image, bench->fixture.contents, bench->plan, &options,
			   ret, err);
}

/* `text` with the bench's folder for its "%s". */
static const char *
at(const struct bench *bench, const char *text)
{
	const char *mark = strstr(text, "%s");

	assert_non_null(mark);
	return arena_printf(bench->arena, "%.*s%s%s", (int)(mark - text), text, bench->folder.p,
			    mark + 2)
		.p;
}

static struct span
load(const struct bench *bench, const char *path)
{
	struct span text = SPAN("");

	assert_good(file_load(path, 64 * MIB, bench->arena, &text, err));
	return text;
}

/* Reads the layer back and compares each entry with the image. */
struct reading {
	const struct bench *bench;
	struct archive *tar;
	size_t count;
	size_t hard_links;
	char last[IMAGE_PATH_MAX];
};

static uint32_t
find(const struct bench *bench, const char *name)
{
	char path[IMAGE_PATH_MAX];
	size_t n = strlen(name);

	if (strcmp(name, "./") == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/%.*s", (int)(name[n - 1] == '/' ? n - 1 : n), name);
	return image_find(bench->fixture.image, span_from(path));
}

static void
compare_content(struct reading *reading, struct archive_entry *from, uint32_t index)
{
	const struct image *image = reading->bench->fixture.image;
	const struct plan_rewrite *rewrite = reading->bench->plan->rewrites;
	struct span wanted;
	size_t size = (size_t)archive_entry_size(from);
	CLEANUP(free_cleanup) char *content = calloc(1, size + 1);

	/* libarchive does not give out the zeroes of a hole at the end. */
	la_ssize_t got = archive_read_data(reading->tar, content, size);
	assert_true(got >= 0);
	if (image_inode(image, index)->extents == 0)
		assert_int_equal(got, size);
	if (index == rewrite->entry)
		wanted = rewrite->content;
	else
		assert_good(contents_load(reading->bench->fixture.contents, image, index, 8 * MIB,
					  reading->bench->arena, &wanted, err));
	assert_true(span_equal(wanted, (struct span){content, size}));
}

static void
compare_metadata(const struct image_entry *inode, struct archive_entry *from)
{
	static const mode_t types[] = {
		[IMAGE_FILE] = S_IFREG,	     [IMAGE_DIRECTORY] = S_IFDIR, [IMAGE_SYMLINK] = S_IFLNK,
		[IMAGE_CHARACTER] = S_IFCHR, [IMAGE_BLOCK] = S_IFBLK,	  [IMAGE_FIFO] = S_IFIFO,
	};

	assert_int_equal(archive_entry_filetype(from), types[inode->type]);
	assert_int_equal(archive_entry_perm(from), inode->mode);
	assert_int_equal(archive_entry_uid(from), inode->uid);
	assert_int_equal(archive_entry_gid(from), inode->gid);
	assert_int_equal(archive_entry_mtime(from), inode->mtime);
	assert_int_equal(archive_entry_mtime_nsec(from), inode->mtime_ns);
	if (inode->type == IMAGE_SYMLINK)
		assert_span(inode->link, archive_entry_symlink(from));
	if (inode->type == IMAGE_CHARACTER) {
		assert_int_equal(archive_entry_rdevmajor(from), inode->device_major);
		assert_int_equal(archive_entry_rdevminor(from), inode->device_minor);
	}
}

static void
compare_xattrs(const struct image *image, const struct image_entry *inode,
	       struct archive_entry *from)
{
	const char *name;
	const void *value;
	size_t size;

	assert_int_equal(archive_entry_xattr_reset(from), (int)inode->xattrs);
	for (uint32_t i = 0; i < inode->xattrs; i++) {
		const struct image_xattr *xattr = &image->xattrs[inode->first_xattr + i];

		assert_int_equal(archive_entry_xattr_next(from, &name, &value, &size), ARCHIVE_OK);
		assert_span(xattr->name, name);
		assert_true(span_equal(xattr->value, (struct span){value, size}));
	}
}

static void
compare(struct reading *reading, struct archive_entry *from)
{
	const struct image *image = reading->bench->fixture.image;
	uint32_t index = find(reading->bench, archive_entry_pathname(from));
	const char *target = archive_entry_hardlink(from);

	assert_int_not_equal(index, IMAGE_NONE);
	assert_true(reading->bench->plan->entries[index].keep);
	reading->count++;
	if (target) {
		reading->hard_links++;
		assert_int_equal(image->entries[find(reading->bench, target)].inode,
				 image->entries[index].inode);
		return;
	}
	const struct image_entry *inode = image_inode(image, index);
	compare_metadata(inode, from);
	compare_xattrs(image, inode, from);
	if (inode->type == IMAGE_FILE)
		compare_content(reading, from, index);
}

static void
read_layer(struct reading *reading, const char *path)
{
	struct archive_entry *entry;
	int r;

	reading->tar = archive_read_new();
	assert_int_equal(archive_read_support_format_tar(reading->tar), ARCHIVE_OK);
	(void)archive_read_support_filter_gzip(reading->tar);
	(void)archive_read_support_filter_zstd(reading->tar);
	assert_int_equal(archive_read_open_filename(reading->tar, path, 65536), ARCHIVE_OK);
	while ((r = archive_read_next_header(reading->tar, &entry)) != ARCHIVE_EOF) {
		if (r < ARCHIVE_WARN)
			fail_msg("%s", archive_error_string(reading->tar));
		compare(reading, entry);
	}
	(void)archive_read_free(reading->tar);
}

static void
layer_is_exact(void **state)
{
	static const enum layer_compression all[] = {LAYER_GZIP, LAYER_ZSTD, LAYER_PLAIN};
	const struct bench *bench = *state;
	size_t kept = 0;

	for (size_t i = 0; i < bench->plan->entry_count; i++)
		kept += bench->plan->entries[i].keep;
	for (size_t i = 0; i < 3; i++) {
		CLEANUP(built_cleanup) struct built *built = NULL;
		struct reading reading = {.bench = bench};
		struct digest digest;

		assert_good(write_as(bench, at(bench, "oci:%s/layout:x"), all[i], &built, err));
		read_layer(&reading, built->layer_path.p);
		assert_int_equal(reading.count, kept);
		assert_int_equal(reading.hard_links, 1);
		digest_of(load(bench, built->layer_path.p), &digest);
		assert_true(digest_equal(&digest, &built->layer_digest));
		assert_int_equal(load(bench, built->layer_path.p).n, built->layer_size);
		if (all[i] == LAYER_PLAIN)
			assert_true(digest_equal(&built->diff_id, &built->layer_digest));
	}
}

static void
documents_say_what_they_should(void **state)
{
	const struct bench *bench = *state;
	CLEANUP(built_cleanup) struct built *built = NULL;
	struct oci_config config;
	struct oci_document document;
	CLEANUP(json_cleanup) json_t *json = NULL;

	assert_good(write_as(bench, at(bench, "oci:%s/layout"), LAYER_GZIP, &built, err));
	assert_good(oci_read_config(built->config, bench->arena, &config, err));
	assert_int_equal(config.diff_id_count, 1);
	assert_true(digest_equal(&config.diff_ids[0], &built->diff_id));
	assert_int_equal(config.history_count, 1);
	assert_span(config.history[0].created_by, "mohs harden");
	assert_span(config.image.user, "33:34");
	assert_int_equal(config.image.label_count, 1);

	assert_good(json_parse(built->config, &json, err));
	assert_true(json_is_true(json_object_get(json, "unknown.member")));
	const json_t *step = json_array_get(json_object_get(json, "history"), 0);
	assert_string_equal(json_string_value(json_object_get(step, "created")),
			    "2026-01-02T03:04:05Z");
	assert_non_null(json_object_get(json_object_get(json, "config"), "x-own"));

	assert_good(oci_read(built->manifest, SPAN(""), bench->arena, &document, err));
	assert_int_equal(document.kind, OCI_MANIFEST);
	assert_span(document.manifest.layers[0].media_type, OCI_TYPE_LAYER_GZIP);
	assert_span(oci_annotation(document.manifest.annotations,
				   document.manifest.annotation_count,
				   SPAN("org.opencontainers.image.base.name")),
		    "registry.example.com/app:1");
	assert_int_equal(oci_annotation(document.manifest.annotations,
					document.manifest.annotation_count,
					SPAN("org.opencontainers.image.base.digest"))
				 .n,
			 71);
}

static void
same_input_same_digest(void **state)
{
	const struct bench *bench = *state;
	CLEANUP(built_cleanup) struct built *one = NULL;
	CLEANUP(built_cleanup) struct built *two = NULL;
	CLEANUP(built_cleanup) struct built *three = NULL;

	assert_good(write_as(bench, at(bench, "oci:%s/one:a"), LAYER_GZIP, &one, err));
	assert_good(write_as(bench, at(bench, "oci:%s/two"), LAYER_GZIP, &two, err));
	assert_true(digest_equal(&one->manifest_digest, &two->manifest_digest));
	assert_true(digest_equal(&one->layer_digest, &two->layer_digest));
	assert_good(write_as(bench, at(bench, "docker-archive:%s/a.tar:app:1"), LAYER_GZIP, &three,
			     err));
	assert_true(digest_equal(&one->config_digest, &three->config_digest));
	assert_int_equal(three->layer_path.n, 0);
}

static size_t
count_files(const char *path)
{
	DIR *folder = opendir(path);
	size_t count = 0;

	if (!folder)
		return 0;
	while (readdir(folder))
		count++;
	(void)closedir(folder);
	return count - 2;
}

static void
layouts_are_added_to(void **state)
{
	struct bench *bench = *state;
	CLEANUP(built_cleanup) struct built *one = NULL;
	CLEANUP(built_cleanup) struct built *two = NULL;
	CLEANUP(built_cleanup) struct built *again = NULL;
	struct built *none = NULL;
	struct oci_document index;

	assert_good(write_as(bench, at(bench, "oci:%s/l:one"), LAYER_GZIP, &one, err));
	assert_good(write_as(bench, at(bench, "oci:%s/l:two"), LAYER_ZSTD, &two, err));
	assert_good(write_as(bench, at(bench, "oci:%s/l:one"), LAYER_ZSTD, &again, err));
	assert_good(oci_read(load(bench, at(bench, "%s/l/index.json")), SPAN(""), bench->arena,
			     &index, err));
	assert_int_equal(index.index.count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(digest_equal(&index.index.manifests[i].digest, &two->manifest_digest));
	assert_span(index.index.manifests[0].platform.architecture, "amd64");

	size_t files = count_files(at(bench, "%s/l/blobs/sha256"));
	assert_fails(ERR_USAGE, write_as(bench, at(bench, "oci:%s/l"), LAYER_GZIP, &none, err));
	assert_int_equal(count_files(at(bench, "%s/l/blobs/sha256")), files);
	assert_int_equal(count_files(at(bench, "%s/l")), 3);
}

static void
what_is_written_opens(void **state)
{
	static const char *const outputs[] = {
		"oci:%s/o", "oci:%s/p:tag", "docker-archive:%s/d.tar",
		"docker-archive:%s/e.tar:registry.example.com:5000/a/b"};
	const struct bench *bench = *state;
	static const struct source_options options = {.platform = "linux/amd64"};

	for (size_t i = 0; i < 4; i++) {
		CLEANUP(built_cleanup) struct built *built = NULL;
		CLEANUP(source_cleanup) struct source *source = NULL;

		assert_good(write_as(bench, at(bench, outputs[i]), LAYER_GZIP, &built, err));
		assert_good(source_open(built->reference, &options, &source, err));
		if (source->kind == SOURCE_OCI) {
			struct oci_selected selected;

			assert_good(source_select(source, &options, bench->arena, &selected, err));
			assert_true(digest_equal(&selected.digest, &built->manifest_digest));
		} else {
			struct oci_archive_image archive;

			assert_good(source->archive(source, &archive, err));
			assert_int_equal(archive.layers.count, 1);
		}
	}
}

static void
failures_leave_nothing(void **state)
{
	struct bench *bench = *state;
	struct built *built = NULL;
	struct rlimit old;

	/* A folder that is something else. */
	assert_good(file_replace(at(bench, "%s/mine"), SPAN("x"), 0644, err));
	assert_fails(ERR_USAGE, write_as(bench, at(bench, "oci:%s"), LAYER_GZIP, &built, err));
	assert_int_equal(count_files(bench->folder.p), 1);
	assert_fails(ERR_IO,
		     write_as(bench, at(bench, "oci:%s/mine/below"), LAYER_GZIP, &built, err));
	assert_fails(ERR_IO, write_as(bench, at(bench, "docker-archive:%s/no/a.tar"), LAYER_GZIP,
				      &built, err));
	assert_fails(ERR_USAGE, write_as(bench, "ftp:x", LAYER_GZIP, &built, err));
	assert_fails(ERR_USAGE, write_as(bench, "oci:", LAYER_GZIP, &built, err));
	assert_fails(ERR_USAGE,
		     write_as(bench, at(bench, "oci:%s/x:bad tag"), LAYER_GZIP, &built, err));

	/* No room: writes fail with EFBIG. */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	struct rlimit small = {1000, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	struct err err1 = ERR_INIT;
	struct err err2 = ERR_INIT;
	int r1 = write_as(bench, at(bench, "oci:%s/new"), LAYER_GZIP, &built, &err1);
	int r2 =
		write_as(bench, at(bench, "docker-archive:%s/new.tar"), LAYER_PLAIN, &built, &err2);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(r1, -ERR_IO);
	assert_int_equal(r2, -ERR_IO);
	assert_int_equal(count_files(bench->folder.p), 1);
	assert_null(built);
}

static void
a_broken_layout_is_left_alone(void **state)
{
	struct bench *bench = *state;
	struct built *built = NULL;

	assert_good(directory_make(at(bench, "%s/l"), 0755, err));
	assert_good(file_replace(at(bench, "%s/l/oci-layout"), SPAN("{}"), 0644, err));
	assert_good(
		file_replace(at(bench, "%s/l/index.json"), SPAN("{\"manifests\":7}"), 0644, err));
	assert_fails(ERR_INVALID, write_as(bench, at(bench, "oci:%s/l"), LAYER_GZIP, &built, err));
	assert_int_equal(count_files(at(bench, "%s/l")), 2);
	assert_span(load(bench, at(bench, "%s/l/index.json")), "{\"manifests\":7}");
}

static void
bad_plans_are_refused(void **state)
{
	struct bench *bench = *state;
	struct built *built = NULL;
	uint32_t opt = image_find(bench->fixture.image, SPAN("/opt"));

	bench->plan->entries[opt].keep = false; /* but not what is in it */
	assert_fails(ERR_INVALID, write_as(bench, at(bench, "oci:%s/l"), LAYER_GZIP, &built, err));
	bench->plan->entries[opt].keep = true;

	bench->fixture.image->layers[0].size = 10;
	assert_fails(ERR_INVALID, write_as(bench, at(bench, "oci:%s/l"), LAYER_GZIP, &built, err));
	bench->fixture.image->layers[0].size = 0;

	bench->plan->entry_count--;
	assert_fails(ERR_MISMATCH, write_as(bench, at(bench, "oci:%s/l"), LAYER_GZIP, &built, err));
	bench->plan->entry_count++;

	for (size_t i = 0; i < bench->plan->entry_count; i++)
		bench->plan->entries[i].keep = false;
	assert_fails(ERR_INVALID, write_as(bench, at(bench, "oci:%s/l"), LAYER_GZIP, &built, err));
	assert_int_equal(count_files(bench->folder.p), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(layer_is_exact, setup, teardown),
		cmocka_unit_test_setup_teardown(documents_say_what_they_should, setup, teardown),
		cmocka_unit_test_setup_teardown(same_input_same_digest, setup, teardown),
		cmocka_unit_test_setup_teardown(layouts_are_added_to, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_written_opens, setup, teardown),
		cmocka_unit_test_setup_teardown(failures_leave_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_broken_layout_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_plans_are_refused, setup, teardown),
	};

	return cmocka_run_group_tests_name("build", tests, NULL, NULL);
}
