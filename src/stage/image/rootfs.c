/* SPDX-License-Identifier: Apache-2.0 */
/* A plain folder packed as one layer: sorted, everything as lstat(2) says, no link followed. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "stage/image/parts.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* A folder that is being walked: what is in it, by name, and how far the walk is. */
struct level {
	int fd;
	size_t path; /* bytes of the path up to this folder */
	size_t next;
	VEC(char *) names;
};

struct packer {
	struct draft *draft;
	struct ring *ring;
	struct archive *archive;
	struct archive_entry_linkresolver *links;
	uint8_t *block;
	size_t filled;
	struct err failure; /* of the ring */
	VEC(struct level) levels;
	size_t entries;
	char path[IMAGE_PATH_MAX + IMAGE_NAME_MAX + 2]; /* of the current entry, NUL-terminated */
	char buffer[65536];
};

static void
level_free(struct level *level)
{
	for (size_t i = 0; i < level->names.count; i++)
		free(level->names.items[i]);
	vec_free(&level->names);
	fd_cleanup(&level->fd);
}

static void
packer_cleanup(struct packer *packer)
{
	for (size_t i = 0; i < packer->levels.count; i++)
		level_free(&packer->levels.items[i]);
	vec_free(&packer->levels);
	if (packer->links)
		archive_entry_linkresolver_free(packer->links);
	if (packer->archive)
		(void)archive_write_free(packer->archive);
}

/* libarchive's output, into whole blocks of the ring. */
static ssize_t
take_bytes(struct archive *archive, void *context, const void *p, size_t n)
{
	struct packer *packer = context;
	const uint8_t *from = p;
	size_t left = n;

	while (left > 0) {
		if (!packer->block) {
			packer->block = ring_space(packer->ring);
			packer->filled = 0;
		}
		if (!packer->block || proc_cancel) {
			archive_set_error(archive, ECANCELED, "interrupted");
			return -1;
		}
		size_t room = RING_BLOCK_BYTES - packer->filled;
		size_t part = left < room ? left : room;
		memcpy(packer->block + packer->filled, from, part);
		packer->filled += part;
		from += part;
		left -= part;
		if (packer->filled == RING_BLOCK_BYTES) {
			ring_push(packer->ring, packer->filled);
			packer->block = NULL;
		}
	}
	return (ssize_t)n;
}

static int
failed(struct packer *packer, struct err *err)
{
	const char *text = archive_error_string(packer->archive);

	if (proc_cancel)
		return err_set(err, ERR_CANCELLED, "interrupted");
	return err_set(err, ERR_IO, "cannot pack: %s", text ? text : "unknown error");
}

static int
open_archive(struct packer *packer, struct err *err)
{
	packer->archive = archive_write_new();
	packer->links = archive_entry_linkresolver_new();
	if (!packer->archive || !packer->links)
		return err_memory(err);
	archive_entry_linkresolver_set_strategy(packer->links, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
	if (archive_write_set_format_pax(packer->archive) != ARCHIVE_OK ||
	    archive_write_set_options(packer->archive, "hdrcharset=BINARY,xattrheader=SCHILY") !=
		    ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(packer->archive, 0) != ARCHIVE_OK ||
	    archive_write_open(packer->archive, packer, NULL, take_bytes, NULL) != ARCHIVE_OK)
		return failed(packer, err);
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
directory_close(DIR **directory)
{
	if (*directory)
		(void)closedir(*directory);
}

static int
list_names(struct level *level, struct err *err)
{
	CLEANUP(directory_close) DIR *directory = NULL;
	int fd = fcntl(level->fd, F_DUPFD_CLOEXEC, 0);
	struct dirent *entry;

	directory = fd >= 0 ? fdopendir(fd) : NULL;
	if (!directory) {
		fd_cleanup(&fd);
		return err_sys(err, ERR_IO, errno, "cannot list a folder");
	}
	for (;;) {
		errno = 0;
		entry = readdir(directory);
		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char *name = strdup(entry->d_name);
		if (!name)
			return err_memory(err);
		int r = vec_push(&level->names, &name, IMAGE_ENTRIES_MAX, err);
		if (r < 0) {
			free(name);
			return err_wrap(err, "IMAGE_ENTRIES_MAX");
		}
	}
	if (errno)
		return err_sys(err, ERR_IO, errno, "cannot list a folder");
	if (level->names.count)
		qsort(level->names.items, level->names.count, sizeof(char *), compare_names);
	return 0;
}

/* Takes the descriptor over. */
static int
enter(struct packer *packer, int fd, struct err *err)
{
	struct level level = {.fd = fd, .path = strlen(packer->path)};
	int r = list_names(&level, err);

	if (r == 0)
		r = vec_push(&packer->levels, &level, IMAGE_DEPTH_MAX + 1, err);
	if (r < 0)
		level_free(&level);
	return r;
}

/* Attributes by descriptor, or, where none can be opened, by the link itself. */
static int
add_xattrs(struct archive_entry *entry, int fd, const char *link, struct err *err)
{
	CLEANUP(free_cleanup) char *value = malloc(IMAGE_XATTR_MAX);
	char names[IMAGE_XATTR_MAX];
	ssize_t n = fd >= 0 ? flistxattr(fd, names, sizeof(names))
			    : llistxattr(link, names, sizeof(names));

	if (!value)
		return err_memory(err);
	if (n < 0)
		return errno == ENOTSUP || errno == EOPNOTSUPP
			       ? 0
			       : err_sys(err, ERR_IO, errno, "cannot list extended attributes");
	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		ssize_t size = fd >= 0 ? fgetxattr(fd, name, value, IMAGE_XATTR_MAX)
				       : lgetxattr(link, name, value, IMAGE_XATTR_MAX);

		if (strcmp(name, "security.selinux") == 0)
			continue; /* of this machine's policy, not of the image */
		if (size < 0)
			return err_sys(err, ERR_IO, errno, "cannot read extended attribute %s",
				       name);
		archive_entry_xattr_add_entry(entry, name, value, (size_t)size);
	}
	return 0;
}

static int
set_metadata(struct archive_entry *entry, const struct stat *st, struct err *err)
{
	archive_entry_copy_stat(entry, st);
	if (archive_entry_filetype(entry) != AE_IFREG)
		archive_entry_set_size(entry, 0);
	archive_entry_unset_atime(entry);
	archive_entry_unset_ctime(entry);
	archive_entry_unset_birthtime(entry);
	if (st->st_size < 0)
		return err_set(err, ERR_INVALID, "negative size");
	return 0;
}

static int
write_content(struct packer *packer, int fd, uint64_t size, struct err *err)
{
	while (size > 0) {
		size_t want = size < sizeof(packer->buffer) ? (size_t)size : sizeof(packer->buffer);
		ssize_t got = read(fd, packer->buffer, want);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, ERR_IO, errno, "cannot read");
		if (got == 0)
			return err_set(err, ERR_IO, "got shorter while it was read");
		if (archive_write_data(packer->archive, packer->buffer, (size_t)got) != got)
			return failed(packer, err);
		size -= (uint64_t)got;
	}
	return 0;
}

/* Header and content; `fd` of a file or folder, else -1. */
static int
write_entry(struct packer *packer, struct archive_entry *entry, int fd, struct err *err)
{
	struct archive_entry *spare = NULL;

	archive_entry_linkify(packer->links, &entry, &spare);
	/* numbers of this machine, which pax would keep */
	archive_entry_set_dev(entry, 0);
	archive_entry_set_ino(entry, 0);
	archive_entry_set_nlink(entry, 1);
	if (archive_write_header(packer->archive, entry) < ARCHIVE_WARN)
		return failed(packer, err);
	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) || fd < 0)
		return 0;
	return write_content(packer, fd, (uint64_t)archive_entry_size(entry), err);
}

static int
read_link(int folder, const char *name, struct archive_entry *entry, struct err *err)
{
	char target[IMAGE_PATH_MAX + 1];
	ssize_t n = readlinkat(folder, name, target, sizeof(target));

	if (n < 0)
		return err_sys(err, ERR_IO, errno, "cannot read the link");
	if (n > IMAGE_PATH_MAX)
		return err_set(err, ERR_LIMIT, "link target too long (IMAGE_PATH_MAX %d)",
			       IMAGE_PATH_MAX);
	target[n] = '\0';
	archive_entry_copy_symlink(entry, target);
	return 0;
}

static void
entry_free(struct archive_entry **entry)
{
	archive_entry_free(*entry);
}

/* Files and folders are opened first and asked then, so that both are the same thing. */
static int
open_entry(int folder, const char *name, struct stat *st, int *ret_fd, struct err *err)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

	if (fstatat(folder, name, st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, ERR_IO, errno, "cannot look at it");
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return 0;
	*ret_fd = openat(folder, name, flags);
	if (*ret_fd < 0 || fstat(*ret_fd, st) < 0)
		return err_sys(err, ERR_IO, errno, "cannot open it");
	return 0;
}

static int
pack_entry(struct packer *packer, int folder, const char *name, struct err *err)
{
	CLEANUP(entry_free) struct archive_entry *entry = archive_entry_new();
	CLEANUP(fd_cleanup) int fd = -1;
	char link[IMAGE_NAME_MAX + 64];
	struct stat st;
	int r = open_entry(folder, name, &st, &fd, err);

	if (!entry)
		return err_memory(err);
	if (r < 0)
		return r;
	if (S_ISSOCK(st.st_mode))
		return draft_add_gap(packer->draft, span_from(packer->path),
				     SPAN("a socket: not taken into the image"), err);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d/%s", folder, name);
	archive_entry_copy_pathname(entry, packer->path);
	r = set_metadata(entry, &st, err);
	if (r == 0 && S_ISLNK(st.st_mode))
		r = read_link(folder, name, entry, err);
	if (r == 0)
		r = add_xattrs(entry, fd, link, err);
	if (r == 0)
		r = write_entry(packer, entry, fd, err);
	if (r == 0 && S_ISDIR(st.st_mode))
		r = enter(packer, TAKE_FD(fd), err);
	return r;
}

/* One step of the walk: the next name of the innermost folder, or out of it. */
static int
step(struct packer *packer, struct err *err)
{
	struct level *level = &packer->levels.items[packer->levels.count - 1];

	if (level->next == level->names.count) {
		level_free(level);
		packer->levels.count--;
		return 0;
	}

	const char *name = level->names.items[level->next++];
	size_t n = strlen(name);
	if (level->path + 1 + n > IMAGE_PATH_MAX)
		return err_set(err, ERR_LIMIT, "path too long (IMAGE_PATH_MAX %d)", IMAGE_PATH_MAX);
	if (++packer->entries > IMAGE_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "more than %d paths (IMAGE_ENTRIES_MAX)",
			       IMAGE_ENTRIES_MAX);
	packer->path[level->path] = '/';
	memcpy(packer->path + level->path + 1, name, n + 1);
	int r = pack_entry(packer, level->fd, name, err);
	return r < 0 ? err_wrap(err, "%.100s", packer->path + 1) : 0;
}

static int
pack(struct packer *packer, struct err *err)
{
	const char *folder = packer->draft->source->folder.p;
	int r = open_archive(packer, err);

	if (r < 0)
		return r;
	(void)snprintf(packer->path, sizeof(packer->path), ".");
	r = pack_entry(packer, AT_FDCWD, folder, err);
	while (r == 0 && packer->levels.count > 0)
		r = step(packer, err);
	if (r == 0 && archive_write_close(packer->archive) != ARCHIVE_OK)
		r = failed(packer, err);
	if (r == 0 && packer->block && packer->filled > 0)
		ring_push(packer->ring, packer->filled);
	return r;
}

static int
produce_rootfs(void *context, struct ring *ring, struct err *err)
{
	struct packer *packer = calloc(1, sizeof(*packer));

	if (!packer)
		return err_memory(err);
	packer->draft = context;
	packer->ring = ring;
	int r = pack(packer, err);
	packer_cleanup(packer);
	free(packer);
	return r;
}

int
draft_pack_rootfs(struct draft *draft, struct err *err)
{
	int r = draft_make_layers(draft, 1, err);

	if (r == 0)
		r = layer_store(draft->cache, produce_rootfs, draft, NULL, &draft->layers[0].cached,
				err);
	if (r < 0)
		return r;

	struct image_layer *layer = &draft->image->layers[0];
	layer->diff_id = draft->layers[0].cached.diff_id;
	layer->digest = layer->diff_id;
	layer->size = draft->layers[0].cached.inflated;
	draft->layers[0].has_digest = true;
	return draft_write_config(draft, err);
}
