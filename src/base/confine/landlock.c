/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock rulesets: landlock(7), with the numbers of every version of its interface. */
#include "base/cleanup.h"
#include "base/confine/private.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
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

/* Index in `versions`; -1: this kernel has none of it. */
static int
find_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);
	int i = 0;

	if (version < 1)
		return -1;
	while (versions[i].version > version)
		i++;
	return i;
}

static int
make_ruleset(const struct ruleset *ruleset, int version, int *ret_fd, struct err *err)
{
	*ret_fd = (int)syscall(SYS_landlock_create_ruleset, ruleset, versions[version].size, 0);
	return *ret_fd < 0 ? err_sys(err, ERR_IO, errno, "cannot make a Landlock ruleset") : 0;
}

static int
apply(int fd, struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return err_sys(err, ERR_IO, errno, "cannot apply a Landlock ruleset");
	return 0;
}

int
confine_landlock(struct err *err)
{
	CLEANUP(fd_cleanup) int fd = -1;
	int version = find_version();

	if (version < 0)
		return 0; /* the filter allows no call that opens */
	const struct ruleset all = {
		.files = (1ULL << versions[version].rights) - 1,
		.network = versions[version].network,
		.scoped = versions[version].scoped,
	};
	int r = make_ruleset(&all, version, &fd, err);
	return r < 0 ? r : apply(fd, err);
}

/* struct landlock_path_beneath_attr */
struct path_beneath {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

int
confine_beneath(const char *path, struct err *err)
{
	enum { RULE_PATH_BENEATH = 1 };
	CLEANUP(fd_cleanup) int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(fd_cleanup) int fd = -1;
	int version = find_version();

	if (folder < 0)
		return err_sys(err, ERR_IO, errno, "cannot open %s", path);
	if (version < 0)
		return err_set(err, ERR_UNSUPPORTED, "this kernel has no Landlock");
	const struct ruleset files = {.files = (1ULL << versions[version].rights) - 1};
	const struct path_beneath rule = {.allowed = files.files, .folder = folder};
	int r = make_ruleset(&files, version, &fd, err);
	if (r < 0)
		return r;
	if (syscall(SYS_landlock_add_rule, fd, RULE_PATH_BENEATH, &rule, 0) < 0)
		return err_sys(err, ERR_IO, errno, "cannot make a Landlock rule");
	return apply(fd, err);
}
