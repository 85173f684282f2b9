/* SPDX-License-Identifier: Apache-2.0 */
/* An empty Landlock ruleset: landlock(7), with the numbers of every version of its interface. */
#include "base/cleanup.h"
#include "base/confine/private.h"
#include "base/fd.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct landlock_ruleset_attr, as long as the newest known. */
struct ruleset {
	uint64_t files;
	uint64_t network;
	uint64_t scoped;
};

enum {
	CREATE_VERSION = 1, /* LANDLOCK_CREATE_RULESET_VERSION */
	NETWORK_ALL = 3,    /* bind, connect */
	SCOPED_ALL = 3,	    /* abstract sockets, signals */
};

/* What a version can restrict; a later one knows all that an earlier one does. */
static const struct {
	long version;
	unsigned rights; /* of files, from bit 0 */
	uint64_t network;
	uint64_t scoped;
	size_t size; /* of the structure */
} versions[] = {
	{6, 16, NETWORK_ALL, SCOPED_ALL, 24},
	{5, 16, NETWORK_ALL, 0, 16},
	{4, 15, NETWORK_ALL, 0, 16},
	{3, 15, 0, 0, 8},
	{2, 14, 0, 0, 8},
	{1, 13, 0, 0, 8},
};

int
confine_landlock(struct err *err)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
	size_t i = 0;

	if (version < 1)
		return 0; /* the filter allows no call that opens */
	while (versions[i].version > version)
		i++;
	const struct ruleset all = {
		.files = (1ULL << versions[i].rights) - 1,
		.network = versions[i].network,
		.scoped = versions[i].scoped,
	};
	CLEANUP(fd_cleanup)
	int fd = (int)syscall(SYS_landlock_create_ruleset, &all, versions[i].size, 0);
	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot make a Landlock ruleset");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return err_sys(err, ERR_IO, errno, "cannot apply a Landlock ruleset");
	return 0;
}
