/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/files.h"

#include "launcher/sys.h"

#include <errno.h>
#include <fcntl.h>

enum { CHUNK = 4096 };

long
files_parent(struct text path, const char **ret_name)
{
	const long flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	long fd = sys_open(AT_FDCWD, "/", flags, 0);
	char name[256];
	size_t from = 1;

	for (size_t i = 1; fd >= 0 && i < path.n; i++) {
		if (path.p[i] != '/')
			continue;
		if (i - from >= sizeof(name)) {
			(void)sys_close(fd);
			return -ENAMETOOLONG;
		}
		text_copy(name, path.p + from, i - from);
		name[i - from] = '\0';
		long next = sys_open(fd, name, flags, 0);
		(void)sys_close(fd);
		fd = next;
		from = i + 1;
	}
	*ret_name = path.p + from;
	return fd;
}

long
files_state(long directory, const char *name, struct statx *ret)
{
	return SYS(SYS_statx, directory, name, AT_SYMLINK_NOFOLLOW,
		   STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID | STATX_SIZE, ret);
}

long
files_digest(long fd, uint8_t digest[32])
{
	struct sha256 sha;
	char chunk[CHUNK];
	long n;

	sha256_begin(&sha);
	while ((n = sys_read(fd, chunk, sizeof(chunk))) > 0)
		sha256_add(&sha, chunk, (size_t)n);
	sha256_end(&sha, digest);
	return n;
}

long
files_holds(long fd, struct text content)
{
	char chunk[CHUNK];
	size_t at = 0;
	long n;

	while ((n = sys_read(fd, chunk, sizeof(chunk))) > 0) {
		struct text part = {chunk, (size_t)n};

		if (part.n > content.n - at ||
		    !text_same(part, (struct text){content.p + at, part.n}))
			return 0;
		at += part.n;
	}
	return n < 0 ? n : at == content.n;
}

long
files_write(long fd, struct text content)
{
	size_t at = 0;

	while (at < content.n) {
		long n = sys_write(fd, content.p + at, content.n - at);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? n : -EIO;
		at += (size_t)n;
	}
	return 0;
}

/* getdents64(2) */
struct item {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

static bool
is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

long
files_list(long directory, long (*each)(void *context, long directory, const char *name),
	   void *context)
{
	_Alignas(struct item) char chunk[CHUNK] = {0};
	long n;

	while ((n = SYS(SYS_getdents64, directory, chunk, sizeof(chunk), 0, 0)) > 0) {
		for (long at = 0; at < n;) {
			const struct item *item = (const void *)(chunk + at);
			long r = is_dots(item->name) ? 0 : each(context, directory, item->name);

			if (r != 0)
				return r;
			at += item->length;
		}
	}
	return n;
}

const char *
files_words(long error)
{
	static const struct {
		int error;
		const char *words;
	} known[] = {
		{EACCES, "permission denied"},
		{EPERM, "not permitted"},
		{EROFS, "the file system is read-only"},
		{ENOENT, "no such file or directory"},
		{ENOTDIR, "there is a link or a file where a directory was"},
		{ELOOP, "there is a link where none was"},
		{ENOSPC, "no space left"},
		{EISDIR, "there is a directory where a file was"},
		{EEXIST, "something else is there"},
		{ENOEXEC, "it is no program of this machine"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (error == -known[i].error)
			return known[i].words;
	}
	return "the kernel refuses";
}
