/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lens_view ROOTFS LAYER MOUNT_POINT: mounts the view of an unpacked image (its contents are
 * packed into the file LAYER first), then obeys lines on stdin, each answered by one line:
 *   phase N | reset | overlay PATH | count | paths | missing | stop
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "model/image_builder.h"
#include "port/lens.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

struct packing {
	struct image *image;
	struct image_builder *builder;
	struct map *inodes; /* "device:inode" -> arena copy of the first path */
	int layer;
	uint64_t end;
};

static int
pack_content(struct packing *packing, const char *path, struct image_entry *entry, struct err *err)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint64_t left = entry->size;

	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "%s", path);
	entry->offset = packing->end;
	while (left > 0) {
		ssize_t n = copy_file_range(fd, NULL, packing->layer, NULL, left, 0);

		if (n <= 0)
			return err_sys(err, ERR_IO, errno, "%s", path);
		left -= (uint64_t)n;
	}
	packing->end = (packing->end + entry->size + 511) & ~UINT64_C(511);
	if (lseek(packing->layer, (off_t)packing->end, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "%s", path);
	return 0;
}

static enum image_type
type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return IMAGE_DIRECTORY;
	case S_IFLNK:
		return IMAGE_SYMLINK;
	case S_IFCHR:
		return IMAGE_CHARACTER;
	case S_IFBLK:
		return IMAGE_BLOCK;
	case S_IFIFO:
		return IMAGE_FIFO;
	default:
		return IMAGE_FILE;
	}
}

/* Empty when this is the first name of the inode. */
static struct span
first_name(struct packing *packing, const struct stat *st, struct span path, struct err *err)
{
	struct span key =
		arena_printf(packing->image->arena, "%llu:%llu", (unsigned long long)st->st_dev,
			     (unsigned long long)st->st_ino);
	uint64_t known;

	if (map_get(packing->inodes, key, &known))
		return span_from((const char *)(uintptr_t)known);
	(void)map_put(packing->inodes, key,
		      (uint64_t)(uintptr_t)arena_copy(packing->image->arena, path).p, err);
	return SPAN("");
}

static int
pack_one(struct packing *packing, const FTSENT *at, struct span path, struct err *err)
{
	const struct stat *st = at->fts_statp;
	char target[PATH_MAX];
	char value[1024];
	struct image_xattr xattr = {SPAN("security.capability"), {value, 0}};
	struct image_entry entry = {
		.path = path,
		.type = type_of(st->st_mode),
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mtime = st->st_mtim.tv_sec,
		.mtime_ns = (uint32_t)st->st_mtim.tv_nsec,
		.device_major = major(st->st_rdev),
		.device_minor = minor(st->st_rdev),
	};
	struct span hardlink = SPAN("");

	if (entry.type != IMAGE_DIRECTORY && st->st_nlink > 1)
		hardlink = first_name(packing, st, path, err);
	if (entry.type == IMAGE_SYMLINK) {
		ssize_t n = readlink(at->fts_accpath, target, sizeof(target));
		entry.link = (struct span){target, n > 0 ? (size_t)n : 0};
	}
	if (entry.type == IMAGE_FILE && hardlink.n == 0) {
		entry.size = (uint64_t)st->st_size;
		int r = pack_content(packing, at->fts_accpath, &entry, err);
		if (r < 0)
			return r;
	}
	ssize_t n = lgetxattr(at->fts_accpath, "security.capability", value, sizeof(value));
	if (n > 0)
		xattr.value.n = (size_t)n;
	return image_builder_add(packing->builder, &entry, hardlink, &xattr, n > 0 ? 1 : 0, NULL, 0,
				 err);
}

static int
pack(struct packing *packing, char *rootfs, struct err *err)
{
	char *roots[] = {rootfs, NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	size_t skip = strlen(rootfs);
	const FTSENT *at;
	int r = 0;

	if (!walk)
		return err_sys(err, ERR_IO, errno, "%s", rootfs);
	while (r == 0 && (at = fts_read(walk))) {
		struct span path = span_from(at->fts_path + skip);

		if (at->fts_info == FTS_DP || S_ISSOCK(at->fts_statp->st_mode))
			continue;
		r = pack_one(packing, at, path.n ? path : SPAN("/"), err);
	}
	(void)fts_close(walk);
	return r;
}

static int
make_image(char *rootfs, const char *layer, struct image **ret, struct contents **ret_contents,
	   struct err *err)
{
	struct arena *arena = arena_new(0);
	struct image *image = arena ? arena_alloc(arena, sizeof(*image)) : NULL;

	if (!image)
		return err_memory(err);
	image->arena = arena;
	image->layer_count = 1;
	image->layers = arena_array(arena, 1, sizeof(*image->layers));
	struct packing packing = {
		.image = image,
		.builder = image_builder_new(arena),
		.inodes = map_new(0),
		.layer = open(layer, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
	};
	if (!image->layers || !packing.builder || !packing.inodes)
		return err_memory(err);
	if (packing.layer < 0)
		return err_sys(err, ERR_IO, errno, "%s", layer);

	int r = pack(&packing, rootfs, err);
	if (r == 0 && ftruncate(packing.layer, (off_t)packing.end) < 0)
		r = err_sys(err, ERR_IO, errno, "%s", layer);
	if (r == 0)
		r = image_builder_finish(packing.builder, image, err);
	image_builder_free(packing.builder);
	map_free(packing.inodes);
	image->layers[0].inflated = packing.end;
	if (r == 0)
		r = contents_new(&packing.layer, 1, ret_contents, err);
	if (r == 0)
		*ret = image;
	return r;
}

static int
show(const struct lens *lens, bool paths, bool missing, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct profile *profile = arena ? arena_alloc(arena, sizeof(*profile)) : NULL;

	if (!profile)
		return err_memory(err);
	profile->arena = arena;
	int r = lens_collect(lens, profile, err);
	for (size_t i = 0; r == 0 && paths && i < profile->path_count; i++)
		(void)printf("%x %.*s\n", profile->paths[i].use, SPAN_ARG(profile->paths[i].path));
	for (size_t i = 0; r == 0 && missing && i < profile->missing_count; i++)
		(void)printf("%u %.*s\n", profile->missing[i].phase,
			     SPAN_ARG(profile->missing[i].path));
	if (r == 0)
		(void)printf("%zu paths, %zu missing", profile->path_count, profile->missing_count);
	profile_free(profile);
	return r;
}

static int
obey(struct lens *lens, const char *line, struct err *err)
{
	unsigned phase;

	if (sscanf(line, "phase %u", &phase) == 1)
		return lens_phase(lens, phase, err);
	if (strncmp(line, "overlay ", 8) == 0)
		return lens_overlay(lens, line + 8, err);
	if (strcmp(line, "reset") == 0)
		return lens_reset(lens, err);
	if (strcmp(line, "count") == 0)
		return show(lens, false, false, err);
	if (strcmp(line, "paths") == 0)
		return show(lens, true, false, err);
	if (strcmp(line, "missing") == 0)
		return show(lens, false, true, err);
	return err_set(err, ERR_USAGE, "unknown order");
}

static double
now_ms(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int
main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	CLEANUP(image_cleanup) struct image *image = NULL;
	CLEANUP(contents_cleanup) struct contents *contents = NULL;
	CLEANUP(lens_cleanup) struct lens *lens = NULL;
	char line[4096];

	if (argc != 4)
		return 2;
	int r = make_image(argv[1], argv[2], &image, &contents, &err);
	struct lens_options options = {.image = image, .contents = contents};
	if (r == 0)
		r = lens_start(&options, argv[3], &lens, &err);
	if (r < 0) {
		(void)fprintf(stderr, "lens_view: %s\n", err.text);
		return 3;
	}
	(void)printf("ready: %zu entries\n", image->entry_count);
	(void)fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "stop") == 0)
			break;
		double start = now_ms();
		r = obey(lens, line, &err);
		(void)printf(" %s %.2f ms\n", r < 0 ? err.text : "done", now_ms() - start);
		(void)fflush(stdout);
	}
	return 0;
}
