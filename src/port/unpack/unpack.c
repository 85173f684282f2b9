/* SPDX-License-Identifier: Apache-2.0 */
#include "port/unpack.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, FILE_ROUND = 4096 };

struct unpacking {
	const struct image *image;
	const struct contents *contents;
	int root;
	uint32_t parent; /* entry whose directory `directory` is; IMAGE_NONE: none yet */
	int directory;
	char *chunk;
};

/* What the machine would not do, as opposed to what went wrong. */
static int
refused(const struct image_entry *entry, const char *what, struct err *err)
{
	static const int lacking[] = {EPERM, EACCES, ENOTSUP, ENOSPC, EDQUOT, ERANGE};
	enum err_kind kind = ERR_IO;
	int error = errno;

	for (size_t i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++) {
		if (error == lacking[i])
			kind = ERR_UNSUPPORTED;
	}
	return err_sys(err, kind, error, "cannot %s %.*s", what,
		       entry->path.n > 120 ? 120 : (int)entry->path.n, entry->path.p);
}

/* The name of an entry, NUL-terminated: paths of an image are arena strings. */
static const char *
name_of(const struct image_entry *entry)
{
	return image_name(entry).p;
}

static int
open_parent(struct unpacking *unpacking, const struct image_entry *entry, struct err *err)
{
	struct span path = unpacking->image->entries[entry->parent].path;
	int fd = -1;

	if (unpacking->parent == entry->parent)
		return 0;
	int r = fd_open_beneath(unpacking->root, path.n == 1 ? "." : path.p + 1,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, &fd, err);
	if (r < 0)
		return r;
	fd_cleanup(&unpacking->directory);
	unpacking->directory = fd;
	unpacking->parent = entry->parent;
	return 0;
}

/* An overlay's own marks mean nothing in an image, and would change what an overlay shows. */
static bool
is_overlay_mark(struct span name)
{
	return span_starts_with(name, SPAN("trusted.overlay.")) ||
	       span_starts_with(name, SPAN("user.overlay."));
}

/* Owner before mode and attributes: a change of owner takes setuid and capabilities away. */
static int
set_metadata(const struct unpacking *unpacking, const struct image_entry *entry, int at,
	     const char *name, struct err *err)
{
	char path[64 + IMAGE_NAME_MAX];

	if (fchownat(at, name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return refused(entry, "set the owner of", err);
	if (entry->type != IMAGE_SYMLINK && fchmodat(at, name, entry->mode, 0) < 0)
		return refused(entry, "set the mode of", err);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", at, name);
	for (uint32_t i = 0; i < entry->xattrs; i++) {
		const struct image_xattr *xattr = &unpacking->image->xattrs[entry->first_xattr + i];

		if (!is_overlay_mark(xattr->name) &&
		    lsetxattr(path, xattr->name.p, xattr->value.p, xattr->value.n, 0) < 0)
			return refused(entry, "set an extended attribute of", err);
	}
	return 0;
}

static int
set_times(const struct image_entry *entry, int at, const char *name, struct err *err)
{
	const struct timespec time = {.tv_sec = entry->mtime, .tv_nsec = (long)entry->mtime_ns};
	const struct timespec times[2] = {time, time};

	if (utimensat(at, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return refused(entry, "set the time of", err);
	return 0;
}

/* Bytes [offset, end) of the content. */
static int
copy_run(const struct unpacking *unpacking, uint32_t index, int fd, uint64_t offset, uint64_t end,
	 struct err *err)
{
	const struct image_entry *entry = &unpacking->image->entries[index];

	while (offset < end) {
		size_t want = end - offset < CHUNK ? (size_t)(end - offset) : CHUNK;
		size_t got = 0;
		int r = contents_read(unpacking->contents, unpacking->image, index, offset,
				      unpacking->chunk, want, &got, err);

		if (r < 0)
			return r;
		if (got < want)
			return err_set(err, ERR_IO, "%.*s is shorter than it says",
				       SPAN_ARG(entry->path));
		for (size_t done = 0; done < got;) {
			ssize_t n = pwrite(fd, unpacking->chunk + done, got - done,
					   (off_t)(offset + done));

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return refused(entry, "write", err);
			done += (size_t)n;
		}
		offset += got;
	}
	return 0;
}

static int
make_file(const struct unpacking *unpacking, uint32_t index, int at, const char *name,
	  struct err *err)
{
	const struct image *image = unpacking->image;
	const struct image_entry *entry = &image->entries[index];
	int r = 0;

	CLEANUP(fd_cleanup)
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)entry->size) < 0)
		return refused(entry, "write", err);
	if (!entry->extents)
		return copy_run(unpacking, index, fd, 0, entry->size, err);
	for (uint32_t i = 0; r == 0 && i < entry->extents; i++) {
		const struct image_extent *extent = &image->extents[entry->first_extent + i];

		r = copy_run(unpacking, index, fd, extent->file_offset,
			     extent->file_offset + extent->length, err);
	}
	return r;
}

static int
make_special(const struct image_entry *entry, int at, const char *name, struct err *err)
{
	dev_t device = makedev(entry->device_major, entry->device_minor);
	int r = 0;

	switch (entry->type) {
	case IMAGE_DIRECTORY:
		r = mkdirat(at, name, 0700);
		break;
	case IMAGE_SYMLINK:
		r = symlinkat(entry->link.p, at, name);
		break;
	case IMAGE_CHARACTER:
		r = mknodat(at, name, S_IFCHR | 0600, device);
		break;
	case IMAGE_BLOCK:
		r = mknodat(at, name, S_IFBLK | 0600, device);
		break;
	case IMAGE_FIFO:
		r = mknodat(at, name, S_IFIFO | 0600, 0);
		break;
	case IMAGE_FILE:
		break;
	}
	return r < 0 ? refused(entry, "make", err) : 0;
}

static int
make_entry(struct unpacking *unpacking, uint32_t index, struct err *err)
{
	const struct image *image = unpacking->image;
	const struct image_entry *entry = &image->entries[index];
	const char *name = name_of(entry);
	int r = open_parent(unpacking, entry, err);

	if (r < 0)
		return r;
	int at = unpacking->directory;
	if (entry->inode != index) {
		if (linkat(unpacking->root, image->entries[entry->inode].path.p + 1, at, name, 0) <
		    0)
			return refused(entry, "link", err);
		return 0;
	}
	r = entry->type == IMAGE_FILE ? make_file(unpacking, index, at, name, err)
				      : make_special(entry, at, name, err);
	if (r == 0)
		r = set_metadata(unpacking, entry, at, name, err);
	/* those of a directory change with what is made in it: later */
	if (r == 0 && entry->type != IMAGE_DIRECTORY)
		r = set_times(entry, at, name, err);
	return r;
}

static int
finish_directories(struct unpacking *unpacking, struct err *err)
{
	const struct image *image = unpacking->image;
	int r = 0;

	for (uint32_t i = (uint32_t)image->entry_count; r == 0 && i-- > 1;) {
		const struct image_entry *entry = &image->entries[i];

		if (entry->type != IMAGE_DIRECTORY)
			continue;
		r = open_parent(unpacking, entry, err);
		if (r == 0)
			r = set_times(entry, unpacking->directory, name_of(entry), err);
	}
	if (r == 0)
		r = set_metadata(unpacking, &image->entries[0], unpacking->root, ".", err);
	return r < 0 ? r : set_times(&image->entries[0], unpacking->root, ".", err);
}

/* Every inode once, each rounded up. */
static uint64_t
room_needed(const struct image *image)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < image->entry_count; i++) {
		const struct image_entry *entry = &image->entries[i];
		uint64_t size = entry->size;

		if (entry->inode != i)
			continue;
		if (entry->extents)
			size = 0;
		for (uint32_t k = 0; k < entry->extents; k++)
			size += image->extents[entry->first_extent + k].length;
		sum += size / FILE_ROUND * FILE_ROUND + FILE_ROUND;
	}
	return sum;
}

static int
check_room(const struct unpacking *unpacking, const char *directory, struct err *err)
{
	uint64_t needed = room_needed(unpacking->image);
	struct statvfs st;

	if (fstatvfs(unpacking->root, &st) < 0)
		return err_sys(err, ERR_IO, errno, "cannot ask for the room in %s", directory);
	uint64_t room = (uint64_t)st.f_bavail * st.f_frsize;
	if (needed <= room)
		return 0;
	return err_set(err, ERR_UNSUPPORTED,
		       "unpacking the image takes %llu MiB and %.80s has %llu MiB left: free some, "
		       "or name another folder with TMPDIR",
		       (unsigned long long)(needed / MIB + 1), directory,
		       (unsigned long long)(room / MIB));
}

static int
unpack(struct unpacking *unpacking, const char *directory, struct err *err)
{
	int r = check_room(unpacking, directory, err);

	for (uint32_t i = 1; r == 0 && i < unpacking->image->entry_count; i++)
		r = make_entry(unpacking, i, err);
	return r < 0 ? r : finish_directories(unpacking, err);
}

int
unpack_image(const struct image *image, const struct contents *contents, const char *directory,
	     struct err *err)
{
	CLEANUP(fd_cleanup) int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(free_cleanup) char *chunk = malloc(CHUNK);
	struct unpacking unpacking = {
		.image = image,
		.contents = contents,
		.root = root,
		.parent = IMAGE_NONE,
		.directory = -1,
		.chunk = chunk,
	};

	if (root < 0)
		return err_sys(err, ERR_IO, errno, "cannot open %s", directory);
	if (!chunk)
		return err_memory(err);
	int r = unpack(&unpacking, directory, err);
	fd_cleanup(&unpacking.directory);
	return r;
}
