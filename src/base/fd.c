/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { READ_CHUNK = 65536 };

void
fd_cleanup(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static int
open_failed(struct err *err, const char *path)
{
	enum err_kind kind = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;

	return err_sys(err, kind, errno, "cannot open %s", path);
}

int
fd_open_beneath(int directory, const char *path, int flags, int *ret_fd, struct err *err)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));

	if (fd < 0)
		return open_failed(err, path);
	*ret_fd = (int)fd;
	return 0;
}

int
fd_read_all(int fd, struct buf *buf, struct err *err)
{
	for (;;) {
		size_t room = buf->max - buf->n < READ_CHUNK ? buf->max - buf->n : READ_CHUNK;
		char overflow;
		char *to = &overflow;

		if (room > 0) {
			int r = buf_reserve(buf, room, err);
			if (r < 0)
				return r;
			to = buf->p + buf->n;
		}

		ssize_t got = read(fd, to, room ? room : 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, ERR_IO, errno, "cannot read");
		if (got == 0)
			return 0;
		if (room == 0)
			return err_set(err, ERR_LIMIT, "more than %zu bytes", buf->max);
		buf->n += (size_t)got;
		buf->p[buf->n] = '\0';
	}
}

int
fd_pread_full(int fd, void *p, size_t n, uint64_t offset, struct err *err)
{
	char *to = p;

	while (n > 0) {
		ssize_t got = pread(fd, to, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, ERR_IO, errno, "cannot read");
		if (got == 0)
			return err_set(err, ERR_INVALID, "file ends %zu bytes too early", n);
		to += got;
		n -= (size_t)got;
		offset += (size_t)got;
	}
	return 0;
}

int
fd_write_full(int fd, struct span s, struct err *err)
{
	while (s.n > 0) {
		ssize_t done = write(fd, s.p, s.n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(err, ERR_IO, errno, "cannot write");
		s = span_slice(s, (size_t)done, s.n);
	}
	return 0;
}

int
file_open(const char *path, struct stat *ret_stat, int *ret_fd, struct err *err)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_sys(err, errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO,
			       errno, "%.180s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "%.180s: not a file", path);
	*ret_stat = st;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int
file_load(const char *path, size_t max, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(max);

	if (fd < 0)
		return open_failed(err, path);
	if (fd_read_all(fd, &buf, err) < 0)
		return err_wrap(err, "%s", path);

	struct span copy = arena_copy(arena, buf_span(&buf));
	if (!copy.p)
		return err_memory(err);
	*ret = copy;
	return 0;
}

/* The directory that holds `path`. */
static void
parent_of(const char *path, char parent[PATH_MAX])
{
	size_t slash = span_find_last(span_from(path), '/');
	size_t n = strlen(path);

	(void)snprintf(parent, PATH_MAX, "%.*s", slash == n ? 1 : (int)(slash ? slash : 1),
		       slash == n ? "." : path);
}

/* fsync of the directory that holds `path`, so that a rename in it is durable. */
static int
sync_parent(const char *path, struct err *err)
{
	char parent[PATH_MAX];

	parent_of(path, parent);
	CLEANUP(fd_cleanup) int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, ERR_IO, errno, "cannot sync %s", parent);
	return 0;
}

static int
write_whole(int fd, struct span content, mode_t mode, bool durable, struct err *err)
{
	int r = fd_write_full(fd, content, err);

	if (r < 0)
		return r;
	if (fchmod(fd, mode) < 0 || (durable && fsync(fd) < 0))
		return err_sys(err, ERR_IO, errno, "cannot finish the file");
	return 0;
}

/*
 * A file without a name in the directory of `path`, so that nothing is left when mohs is killed; on
 * file systems without such files one with the temporary name that *temporary then holds.
 */
static int
open_beside(const char *path, char temporary[PATH_MAX], struct err *err)
{
	char parent[PATH_MAX];

	parent_of(path, parent);
	temporary[0] = '\0';
	int fd = open(parent, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
		(void)snprintf(temporary, PATH_MAX, "%s.XXXXXX", path);
		fd = mkostemp(temporary, O_CLOEXEC);
		if (fd < 0)
			temporary[0] = '\0';
	}
	return fd < 0 ? err_sys(err, ERR_IO, errno, "cannot create a file beside %s", path) : fd;
}

/* Makes the file appear as `path`. link(2) does not replace, rename(2) wants a name. */
static int
put_in_place(int fd, const char *path, char temporary[PATH_MAX], struct err *err)
{
	enum { LINK_TRIES = 100 };
	char self[64];
	int linked = 0;

	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (temporary[0] == '\0') {
		if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
			return 0;
		linked = -1;
	}
	for (int i = 0; linked < 0 && errno == EEXIST && i < LINK_TRIES; i++) {
		(void)snprintf(temporary, PATH_MAX, "%s.%06d", path, (getpid() + i) % 1000000);
		linked = linkat(AT_FDCWD, self, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW);
		if (linked < 0)
			temporary[0] = '\0';
	}
	if (linked < 0 || rename(temporary, path) < 0)
		return err_sys(err, ERR_IO, errno, "cannot put it in place");
	return 0;
}

static int
put(const char *path, struct span content, mode_t mode, bool durable, struct err *err)
{
	enum { SUFFIX = 8 };
	char temporary[PATH_MAX];

	if (strlen(path) + SUFFIX >= sizeof(temporary))
		return err_set(err, ERR_LIMIT, "path too long: %.100s...", path);

	int r = open_beside(path, temporary, err);
	if (r < 0)
		return r;
	CLEANUP(fd_cleanup) int fd = r;
	r = write_whole(fd, content, mode, durable, err);
	if (r == 0)
		r = put_in_place(fd, path, temporary, err);
	if (r < 0) {
		if (temporary[0])
			(void)unlink(temporary);
		return err_wrap(err, "%s", path);
	}
	return durable ? sync_parent(path, err) : 0;
}

int
file_replace(const char *path, struct span content, mode_t mode, struct err *err)
{
	return put(path, content, mode, true, err);
}

int
file_put(const char *path, struct span content, mode_t mode, struct err *err)
{
	return put(path, content, mode, false, err);
}

static int
open_unnamed(const char *folder)
{
	char path[PATH_MAX];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	(void)snprintf(path, sizeof(path), "%s/mohs-XXXXXX", folder);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

int
file_unnamed(int *ret_fd, struct err *err)
{
	const char *folder = getenv("TMPDIR");

	if (!folder || folder[0] != '/')
		folder = "/var/tmp";
	int fd = open_unnamed(folder);
	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot create a temporary file in %s", folder);
	*ret_fd = fd;
	return 0;
}

int
file_unnamed_in(const char *folder, int *ret_fd, struct err *err)
{
	int fd = open_unnamed(folder);

	if (fd < 0)
		fd = open_unnamed("/tmp");
	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot create a temporary file in %s", folder);
	*ret_fd = fd;
	return 0;
}

int
directory_make(const char *path, mode_t mode, struct err *err)
{
	char partial[PATH_MAX];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(partial))
		return err_set(err, ERR_USAGE, "not a usable folder name: \"%.100s\"", path);
	memcpy(partial, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (partial[i] != '/' && partial[i] != '\0')
			continue;
		char byte = partial[i];
		partial[i] = '\0';
		if (mkdir(partial, mode) < 0 && errno != EEXIST)
			return err_sys(err, ERR_IO, errno, "cannot create folder %s", partial);
		partial[i] = byte;
	}
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

int
tree_remove(const char *path, struct err *err)
{
	enum { DESCRIPTORS = 32 };

	if (nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 &&
	    errno != ENOENT)
		return err_sys(err, ERR_IO, errno, "cannot remove %s", path);
	return 0;
}

int
directory_temporary(struct arena *arena, struct span *ret_path, struct err *err)
{
	const char *base = getenv("TMPDIR");
	struct span path =
		arena_printf(arena, "%s/mohs-XXXXXX", base && base[0] == '/' ? base : "/tmp");

	if (!path.p)
		return err_memory(err);
	if (!mkdtemp((char *)(uintptr_t)path.p))
		return err_sys(err, ERR_IO, errno, "cannot create a temporary folder %s", path.p);
	*ret_path = path;
	return 0;
}
