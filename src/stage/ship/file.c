/* SPDX-License-Identifier: Apache-2.0 */
/* What travels, as one file. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/parcel.h"
#include "stage/ship.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024 };

struct mapping {
	void *p;
	size_t n;
};

static void
mapping_cleanup(struct mapping *mapping)
{
	if (mapping->p)
		(void)munmap(mapping->p, mapping->n);
}

static int
copy_packed(const struct ship_package *package, int to, struct err *err)
{
	CLEANUP(free_cleanup) char *chunk = malloc(CHUNK);
	uint64_t size = package->says.packed.size;
	int r = chunk ? 0 : err_memory(err);

	for (uint64_t at = 0; r == 0 && at < size;) {
		size_t n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;

		r = fd_pread_full(package->fd, chunk, n, package->offset + at, err);
		if (r == 0)
			r = fd_write_full(to, (struct span){chunk, n}, err);
		at += n;
	}
	return r;
}

/* `bytes` empty: those of the packed database. */
static int
write_part(const struct ship_package *package, enum parcel_part part, struct span bytes, int to,
	   struct err *err)
{
	char header[PARCEL_BLOCK];
	uint64_t size = bytes.n > 0 ? bytes.n : package->says.packed.size;
	int r = parcel_header(part, size, header, err);

	if (r == 0)
		r = fd_write_full(to, (struct span){header, sizeof(header)}, err);
	if (r == 0)
		r = bytes.n > 0 ? fd_write_full(to, bytes, err) : copy_packed(package, to, err);
	return r < 0 ? r : fd_write_full(to, parcel_padding(size), err);
}

static int
write_parts(const struct ship_package *package, int to, struct err *err)
{
	int r = write_part(package, PARCEL_STATEMENT, package->statement, to, err);

	if (r == 0 && package->bundle.n > 0)
		r = write_part(package, PARCEL_BUNDLE, package->bundle, to, err);
	if (r == 0)
		r = write_part(package, PARCEL_DATABASE, SPAN(""), to, err);
	return r < 0 ? r : fd_write_full(to, parcel_end(), err);
}

int
ship_write(const struct ship_package *package, const char *path, struct err *err)
{
	CLEANUP(mapping_cleanup) struct mapping whole = {0};
	CLEANUP(fd_cleanup) int fd = -1;
	int r = file_unnamed(&fd, err);

	if (r == 0)
		r = write_parts(package, fd, err);
	if (r < 0)
		return r;
	off_t size = lseek(fd, 0, SEEK_CUR);
	void *p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (size < 0 || p == MAP_FAILED)
		return err_sys(err, ERR_IO, errno, "cannot map a temporary file");
	whole = (struct mapping){p, (size_t)size};
	return file_replace(path, (struct span){p, whole.n}, 0644, err);
}

static int
read_file(void *context, uint64_t offset, void *p, size_t n, struct err *err)
{
	return fd_pread_full(*(const int *)context, p, n, offset, err);
}

static int
load_part(int fd, const struct parcel *parcel, enum parcel_part part, struct arena *arena,
	  struct span *ret, struct err *err)
{
	struct parcel_extent extent = parcel->parts[part];
	char *p = arena_alloc(arena, (size_t)extent.size + 1);

	if (!p)
		return err_memory(err);
	int r = fd_pread_full(fd, p, (size_t)extent.size, extent.offset, err);
	if (r == 0)
		*ret = (struct span){p, (size_t)extent.size};
	return r;
}

/* What is in the file against what the statement says of it. */
static int
check_packed(const struct ship_package *package, struct err *err)
{
	struct digest digest;
	int r = digest_of_part(package->fd, package->offset, package->says.packed.size, &digest,
			       err);

	if (r < 0)
		return r;
	if (!digest_equal(&digest, &package->says.packed.digest))
		return err_set(err, ERR_DIGEST, DATABASE_PACKED " is not what its statement is of");
	return 0;
}

static int
read_parts(const struct parcel *parcel, struct ship_package *package, struct err *err)
{
	struct parcel_extent packed = parcel->parts[PARCEL_DATABASE];
	int r = load_part(package->fd, parcel, PARCEL_STATEMENT, package->arena,
			  &package->statement, err);

	if (r == 0)
		r = load_part(package->fd, parcel, PARCEL_BUNDLE, package->arena, &package->bundle,
			      err);
	if (r == 0)
		r = database_statement_read(package->statement, package->arena, &package->says,
					    err);
	if (r == 0 && package->says.packed.size != packed.size)
		r = err_set(err, ERR_DIGEST,
			    DATABASE_PACKED " has %llu bytes, and its statement says %llu",
			    (unsigned long long)packed.size,
			    (unsigned long long)package->says.packed.size);
	package->offset = packed.offset;
	return r < 0 ? r : check_packed(package, err);
}

static int
open_file(const char *path, struct ship_package *package, struct err *err)
{
	struct parcel parcel;
	struct stat st;

	package->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (package->fd < 0)
		return err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "cannot open");
	if (fstat(package->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "not a file");
	int r = parcel_read(read_file, &package->fd, (uint64_t)st.st_size, &parcel, err);
	return r < 0 ? r : read_parts(&parcel, package, err);
}

int
ship_open(const char *path, struct ship_package *ret, struct err *err)
{
	CLEANUP(ship_package_cleanup) struct ship_package package = SHIP_PACKAGE_INIT;

	package.arena = arena_new(0);
	int r = package.arena ? open_file(path, &package, err) : err_memory(err);
	if (r < 0)
		return err_wrap(err, "%.100s", path);
	*ret = package;
	ret->arena = TAKE(package.arena);
	ret->fd = TAKE_FD(package.fd);
	return 0;
}
