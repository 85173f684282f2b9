/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/place.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens `fresh` and locks it; one that another process renamed meanwhile is tried again. */
static int
lock_fresh(struct place *place, struct err *err)
{
	for (int tries = 0; tries < 3; tries++) {
		CLEANUP(fd_cleanup)
		int fd = open(place->fresh, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
		struct stat ours;
		struct stat there;

		if (fd < 0)
			return err_sys(err, ERR_IO, errno, "cannot create %s", place->fresh);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			return err_sys(err, ERR_IO, errno,
				       "another update of this database is running (%s is locked)",
				       place->fresh);
		if (fstat(fd, &ours) < 0)
			return err_sys(err, ERR_IO, errno, "cannot read %s", place->fresh);
		if (lstat(place->fresh, &there) < 0 || ours.st_ino != there.st_ino ||
		    ours.st_dev != there.st_dev)
			continue;
		if (ftruncate(fd, 0) < 0)
			return err_sys(err, ERR_IO, errno, "cannot empty %s", place->fresh);
		place->fd = TAKE_FD(fd);
		place->unfinished = true;
		return 0;
	}
	return err_set(err, ERR_IO, "another update of this database is running");
}

static int
make_parent(const char *path, struct err *err)
{
	char parent[PATH_MAX];
	size_t slash = span_find_last(span_from(path), '/');

	if (path[slash] == '\0' || slash == 0)
		return 0;
	(void)snprintf(parent, sizeof(parent), "%.*s", (int)slash, path);
	return directory_make(parent, 0755, err);
}

int
place_take(struct place *place, const char *path, struct err *err)
{
	int n = snprintf(place->path, sizeof(place->path), "%s", path);
	int m = snprintf(place->fresh, sizeof(place->fresh), "%s.new", path);

	if (n <= 0 || m >= (int)sizeof(place->fresh))
		return err_set(err, ERR_USAGE, "not a usable database name: \"%.100s\"", path);
	int r = make_parent(place->path, err);
	if (r == 0)
		r = lock_fresh(place, err);
	return r < 0 ? err_wrap(err, "advisory database %.100s", path) : 0;
}

static int
sync_parent(const char *path, struct err *err)
{
	char parent[PATH_MAX];
	size_t slash = span_find_last(span_from(path), '/');

	if (path[slash] == '\0')
		(void)snprintf(parent, sizeof(parent), ".");
	else
		(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash ? slash : 1), path);
	CLEANUP(fd_cleanup) int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, ERR_IO, errno, "cannot sync %s", parent);
	return 0;
}

int
place_replace(struct place *place, struct err *err)
{
	if (fsync(place->fd) < 0)
		return err_sys(err, ERR_IO, errno, "cannot sync %s", place->fresh);
	if (rename(place->fresh, place->path) < 0)
		return err_sys(err, ERR_IO, errno, "cannot rename %s", place->fresh);
	place->unfinished = false;
	return sync_parent(place->path, err);
}

void
place_leave(struct place *place)
{
	if (place->unfinished)
		(void)unlink(place->fresh);
	place->unfinished = false;
	fd_cleanup(&place->fd);
}
