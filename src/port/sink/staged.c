/* SPDX-License-Identifier: Apache-2.0 */
#include "port/sink/staged.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0644, LINK_TRIES = 100 };

int
staged_open(struct staged *staged, const char *folder, struct err *err)
{
	if (strlen(folder) + 32 >= sizeof(staged->name))
		return err_set(err, ERR_LIMIT, "path too long: %.100s...", folder);
	(void)snprintf(staged->folder, sizeof(staged->folder), "%s", folder);
	staged->name[0] = '\0';
	staged->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (staged->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
		(void)snprintf(staged->name, sizeof(staged->name), "%.4000s/.mohs-XXXXXX", folder);
		staged->fd = mkostemp(staged->name, O_CLOEXEC);
		if (staged->fd < 0)
			staged->name[0] = '\0';
	}
	if (staged->fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot create a file in %s", folder);
	return 0;
}

/* A name for a file that has none yet: link(2) does not replace, rename(2) does. */
static int
give_name(struct staged *staged, struct err *err)
{
	char self[64];

	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", staged->fd);
	for (int i = 0; i < LINK_TRIES; i++) {
		(void)snprintf(staged->name, sizeof(staged->name), "%.4000s/.mohs-%d-%d",
			       staged->folder, (int)getpid(), i);
		if (linkat(AT_FDCWD, self, AT_FDCWD, staged->name, AT_SYMLINK_FOLLOW) == 0)
			return 0;
		staged->name[0] = '\0';
		if (errno != EEXIST)
			break;
	}
	return err_sys(err, ERR_IO, errno, "cannot name a file in %s", staged->folder);
}

int
staged_commit(struct staged *staged, const char *path, struct err *err)
{
	if (fchmod(staged->fd, FILE_MODE) < 0 || fsync(staged->fd) < 0)
		return err_sys(err, ERR_IO, errno, "cannot finish %s", path);
	if (staged->name[0] == '\0') {
		int r = give_name(staged, err);
		if (r < 0)
			return r;
	}
	if (rename(staged->name, path) < 0)
		return err_sys(err, ERR_IO, errno, "cannot create %s", path);
	staged->name[0] = '\0';
	return 0;
}

void
staged_close(struct staged *staged)
{
	if (staged->name[0] != '\0')
		(void)unlink(staged->name);
	staged->name[0] = '\0';
	fd_cleanup(&staged->fd);
}
