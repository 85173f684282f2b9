/* SPDX-License-Identifier: Apache-2.0 */
#include "port/sandbox/private.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum {
	ATTEMPTS = 100,
	PAUSE_MS = 20,
	DESCRIPTORS = 16,
};

/* "\040" and its like (proc(5)) to bytes; false when it does not fit. */
static bool
unescape(struct span s, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char byte = s.p[i];

		if (byte == '\\' && s.n - i > 3) {
			byte = (char)((s.p[i + 1] - '0') * 64 + (s.p[i + 2] - '0') * 8 +
				      (s.p[i + 3] - '0'));
			i += 3;
		}
		if (n + 1 >= size)
			return false;
		to[n++] = byte;
	}
	to[n] = '\0';
	return n > 0 && to[0] == '/';
}

/* ID PARENT MAJOR:MINOR ROOT MOUNT_POINT OPTIONS [TAGS...] - TYPE SOURCE SUPER_OPTIONS */
static bool
cgroup_mount(struct span line, char *to, size_t size)
{
	enum { FIELD_MOUNT_POINT = 4 };
	struct span mount_point = {NULL, 0};

	for (int field = 0; line.p; field++) {
		struct span word = span_cut(&line, ' ');

		if (field == FIELD_MOUNT_POINT)
			mount_point = word;
		if (field > FIELD_MOUNT_POINT && span_equal(word, SPAN("-")))
			break;
	}
	struct span type = line.p ? span_cut(&line, ' ') : SPAN("");
	bool cgroup = span_equal(type, SPAN("cgroup")) || span_equal(type, SPAN("cgroup2"));
	return cgroup && mount_point.p && unescape(mount_point, to, size);
}

void
cgroups_each(struct span mountinfo, void (*each)(void *context, const char *mount_point),
	     void *context)
{
	char mount_point[SANDBOX_PATH];

	while (mountinfo.p) {
		struct span line = span_cut(&mountinfo, '\n');

		if (cgroup_mount(line, mount_point, sizeof(mount_point)))
			each(context, mount_point);
	}
}

/* Control files go with their directory. */
static int
remove_directory(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (kind == FTW_DP)
		(void)rmdir(path);
	return 0;
}

struct removal {
	const char *name;
	bool left;
};

static void
remove_below(void *context, const char *mount_point)
{
	struct removal *removal = context;
	char path[SANDBOX_PATH + 64];

	(void)snprintf(path, sizeof(path), "%s/%s", mount_point, removal->name);
	if (access(path, F_OK) < 0)
		return;
	(void)nftw(path, remove_directory, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	if (access(path, F_OK) == 0)
		removal->left = true;
}

bool
cgroups_remove(const char *name)
{
	CLEANUP(fd_cleanup) int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	CLEANUP(buf_cleanup) struct buf mounts = BUF_INIT(16 * MIB);
	struct removal removal = {.name = name, .left = true};
	struct err ignored = ERR_INIT;

	if (fd < 0 || fd_read_all(fd, &mounts, &ignored) < 0)
		return false;
	/* the last process of a group may still be on its way out */
	for (int i = 0; i < ATTEMPTS && removal.left; i++) {
		if (i > 0)
			(void)poll(NULL, 0, PAUSE_MS);
		removal.left = false;
		cgroups_each(buf_span(&mounts), remove_below, &removal);
	}
	return !removal.left;
}
