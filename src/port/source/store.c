/* SPDX-License-Identifier: Apache-2.0 */
#include "port/source/store.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void
store_free(struct store *store)
{
	if (store)
		store->free(store);
}

void
store_cleanup(struct store **store)
{
	store_free(*store);
	*store = NULL;
}

int
store_load(struct store *store, const char *name, size_t max, struct arena *arena, struct span *ret,
	   struct err *err)
{
	CLEANUP(blob_cleanup) struct blob blob = {0};
	int r = store->open(store, name, &blob, err);

	if (r < 0)
		return r;
	if (blob_load(&blob, max, arena, ret, err) < 0)
		return err_wrap(err, "%s", name);
	return 0;
}

/* A blob that is a part of a file. */
struct file_part {
	int fd;
	bool owned;
	uint64_t offset;
	uint64_t left;
};

static int
file_part_read(void *context, void *p, size_t n, size_t *ret_n, struct err *err)
{
	struct file_part *part = context;

	if (n > part->left)
		n = (size_t)part->left;
	int r = fd_pread_full(part->fd, p, n, part->offset, err);
	if (r < 0)
		return r;
	part->offset += n;
	part->left -= n;
	*ret_n = n;
	return 0;
}

static void
file_part_close(void *context)
{
	struct file_part *part = context;

	if (part->owned)
		fd_cleanup(&part->fd);
	free(part);
}

int
blob_of_file(int fd, bool owned, uint64_t offset, uint64_t size, struct blob *ret, struct err *err)
{
	struct file_part *part = calloc(1, sizeof(*part));

	if (!part) {
		if (owned)
			(void)close(fd);
		return err_memory(err);
	}
	*part = (struct file_part){fd, owned, offset, size};
	ret->context = part;
	ret->size = size;
	ret->read = file_part_read;
	ret->close = file_part_close;
	return 0;
}

struct folder {
	struct store store;
	int fd;
};

static int
folder_open(struct store *store, const char *name, struct blob *ret, struct err *err)
{
	struct folder *folder = (struct folder *)store;
	CLEANUP(fd_cleanup) int fd = -1;
	struct stat st;

	/* O_NONBLOCK: a fifo must not hold us up before it is seen to be none of ours */
	int r = fd_open_beneath(folder->fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd, err);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_sys(err, ERR_IO, errno, "%s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a plain file", name);
	return blob_of_file(TAKE_FD(fd), true, 0, (uint64_t)st.st_size, ret, err);
}

static void
folder_free(struct store *store)
{
	struct folder *folder = (struct folder *)store;

	fd_cleanup(&folder->fd);
	free(folder);
}

int
store_folder(const char *path, struct store **ret, struct err *err)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	if (!folder)
		return err_memory(err);
	folder->store = (struct store){folder_open, folder_free};
	folder->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder->fd < 0) {
		int error = errno;
		enum err_kind kind = error == ENOENT || error == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;

		free(folder);
		return err_sys(err, kind, error, "cannot open folder %s", path);
	}
	*ret = &folder->store;
	return 0;
}
