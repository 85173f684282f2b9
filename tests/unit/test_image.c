/* SPDX-License-Identifier: Apache-2.0 */
/* Whole images through image_open(): what comes out. */
#include "place.h"
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

static void
check_three(const struct image *image, const struct contents *contents)
{
	place_check_file(image, contents, "/etc/passwd", "x");
	place_check_file(image, contents, "/usr/bin/tool", "replaced");
	place_check_file(image, contents, "/usr/bin/tool2", "#!/bin/sh\n");
	place_check_file(image, contents, "/usr/bin/three", "33");
	place_check_file(image, contents, "/var/cache/three", "33");
	place_check_file(image, contents, "/kind/inside", "now a folder");
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
	place_three_layers(&place, layers);
	layout_write(place.layout.p, layers, COUNT(layers));
	open_three(&place);
	assert_int_equal(place_cached(&place), 3);
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
	place_three_layers(&place, layers);
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
	assert_int_equal(place_cached(&place), 3);
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
	place_three_layers(&place, layers);
	layout_write(place.layout.p, layers, COUNT(layers));
	other.tar = place_tar(&place, &member, 1);
	layout_write(other_layout.p, &other, 1);
	assert_good(image_open(place.reference, &place.options, &image, &contents, err));
	assert_int_equal(place_cached(&place), 3);
	assert_good(image_open(other_reference, &place.options, &second, NULL, err));
	assert_int_equal(place_cached(&place), 4);
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
	assert_int_equal(place_cached(&place), 1);
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
	place_three_layers(&place, layers);
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
	assert_int_equal(place_cached(&place), 3);
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
	size_t left = place_cached(&place);
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
	place_three_layers(&place, layers);
	layers[1] = layers[0];
	layout_write(place.layout.p, layers, 2);
	assert_good(image_open(place.reference, &place.options, &image, &contents, err));
	place_check_file(image, contents, "/etc/shadow", "secret");
	assert_int_equal(image->entries[image_find(image, SPAN("/etc/shadow"))].layer, 1);
	assert_int_equal(place_cached(&place), 1);
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
	place_three_layers(&place, layers);
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
		place_check_file(image, contents, "/b/file", "content");
		place_check_file(image, contents, "/a-hard", "content");
		place_check_file(image, contents, "/e\xcc\x81\xff", "n");
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
	place_three_layers(&place, layers);
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
	struct layout_layer layer = {.tar = place_lowest(&place),
				     .media_type = "application/vnd.oci.image.layer.v1.tar+gzip"};

	(void)state;
	layer.blob = place_gzip(&place, layer.tar);
	place.options.source.progress = &progress;
	place_refuse(&place, ERR_CHILD, &layer, 1, "died: signal 9, SIGKILL");
	assert_true(killed >= 2);
	assert_int_equal(place_cached(&place), 0);

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
		cmocka_unit_test(docker_archives_are_read),
		cmocka_unit_test(folders_are_packed),
		cmocka_unit_test(dead_readers_are_told),
		cmocka_unit_test(umoci_unpacks_the_same),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
