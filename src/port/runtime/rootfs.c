/* SPDX-License-Identifier: Apache-2.0 */
#include "port/runtime.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

static int
write_file(const char *folder, const char *name, struct span content, struct err *err)
{
	char path[PATH_ROOM];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	CLEANUP(fd_cleanup)
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot create %s", path);
	if (fchmod(fd, 0644) < 0)
		return err_sys(err, ERR_IO, errno, "cannot create %s", path);
	return fd_write_full(fd, content, err);
}

int
runtime_files_write(const char *folder, struct span hostname, struct span_list names,
		    struct err *err)
{
	CLEANUP(buf_cleanup) struct buf hosts = BUF_INIT(MIB);
	int r = buf_printf(&hosts, err,
			   "127.0.0.1\tlocalhost %.*s\n"
			   "::1\tlocalhost ip6-localhost ip6-loopback\n",
			   SPAN_ARG(hostname));

	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = buf_printf(&hosts, err, "127.0.0.1\t%.*s\n", SPAN_ARG(names.items[i]));
	if (r == 0)
		r = write_file(folder, "hosts", buf_span(&hosts), err);
	if (r == 0)
		r = write_file(folder, "resolv.conf",
			       SPAN("# no name server: the session has only loopback\n"), err);
	hosts.n = 0;
	if (r == 0)
		r = buf_printf(&hosts, err, "%.*s\n", SPAN_ARG(hostname));
	if (r == 0)
		r = write_file(folder, "hostname", buf_span(&hosts), err);
	return r;
}

int
runtime_empty_make(const char *folder, size_t count, struct err *err)
{
	char path[PATH_ROOM];

	for (size_t i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "%s/empty-%zu", folder, i);
		/* the mode whatever the mask is */
		if (mkdir(path, 0777) < 0 || chmod(path, 0777) < 0)
			return err_sys(err, ERR_IO, errno, "cannot create %s", path);
	}
	return 0;
}

/* The root directory itself shows the upper one's mode and owner, as they are when it is mounted.
 */
static int
copy_root_attributes(void)
{
	struct stat st;

	if (stat("lower", &st) < 0 || chown("upper", st.st_uid, st.st_gid) < 0 ||
	    chmod("upper", st.st_mode & 07777) < 0)
		return -1;
	return 0;
}

/*
 * Names in the overlay's options are relative to the folder: a comma in its path does no harm.
 * `volatile` (Linux 5.10): nothing of a session is wanted after it. Without it the end of the mount
 * writes back whatever anybody has changed on that file system.
 */
#define OVERLAY_OPTIONS "index=off,metacopy=off,xino=off"
static const char *const overlay_options[] = {OVERLAY_OPTIONS ",volatile", OVERLAY_OPTIONS};

/* `upper` has the directories upper and work; with its slash, or "". */
static int
mount_overlay(const char *upper, unsigned long flags)
{
	char options[256];
	int r = -1;

	if (copy_root_attributes() < 0)
		return -1;
	for (size_t i = 0; r < 0 && i < sizeof(overlay_options) / sizeof(overlay_options[0]); i++) {
		(void)snprintf(options, sizeof(options),
			       "lowerdir=lower,upperdir=%supper,workdir=%swork,%s", upper, upper,
			       overlay_options[i]);
		r = mount("overlay", "rootfs", "overlay", flags, options);
	}
	return r;
}

static int
overlay_here(const char *lower, unsigned long flags)
{
	if (mkdir("upper", 0755) < 0 || mkdir("work", 0755) < 0 || mkdir("rootfs", 0755) < 0)
		return -1;
	if (lower && (mkdir("lower", 0755) < 0 || mount(lower, "lower", NULL, MS_BIND, NULL) < 0))
		return -1;
	return mount_overlay("", flags);
}

static int
overlay_on_tmpfs(unsigned long flags)
{
	if (mkdir("memory", 0700) < 0 ||
	    mount("tmpfs", "memory", "tmpfs", MS_NOSUID, "mode=0700") < 0 ||
	    mkdir("memory/upper", 0755) < 0 || mkdir("memory/work", 0755) < 0 ||
	    rmdir("upper") < 0 || symlink("memory/upper", "upper") < 0)
		return -1;
	return mount_overlay("memory/", flags);
}

int
rootfs_mount(const char *folder, const char *lower, bool devices, struct err *err)
{
	const unsigned long flags = devices ? 0 : MS_NODEV;
	CLEANUP(fd_cleanup) int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (before < 0 || chdir(folder) < 0)
		return err_sys(err, ERR_IO, errno, "cannot go to %s", folder);
	int r = overlay_here(lower, flags);
	if (r < 0 && (errno == EINVAL || errno == EOPNOTSUPP))
		r = overlay_on_tmpfs(flags);
	if (r < 0)
		r = err_sys(err, errno == ENODEV ? ERR_UNSUPPORTED : ERR_IO, errno,
			    "cannot mount an overlay over %s", lower ? lower : "the image");
	if (fchdir(before) < 0 && r == 0)
		r = err_sys(err, ERR_IO, errno, "cannot go back");
	return r;
}

/* Opens a directory below `root`, links resolved as if `root` were "/". */
static int
open_in_root(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

int
rootfs_make_directory(const char *rootfs, struct span path, struct err *err)
{
	CLEANUP(fd_cleanup) int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char partial[IMAGE_PATH_MAX + 1];
	size_t n = 0;

	if (root < 0)
		return err_sys(err, ERR_IO, errno, "cannot open %s", rootfs);
	if (path.n >= sizeof(partial))
		return err_set(err, ERR_LIMIT, "a path of %zu bytes", path.n);
	while (path.p) {
		struct span name = span_cut(&path, '/');

		if (name.n == 0)
			continue;
		partial[n] = '\0';
		CLEANUP(fd_cleanup) int parent = open_in_root(root, n ? partial : "/");
		if (parent < 0)
			return err_sys(err, ERR_INVALID, errno, "cannot create %s in the container",
				       partial);
		partial[n] = '/';
		memcpy(partial + n + 1, name.p, name.n);
		n += name.n + 1;
		partial[n] = '\0';
		if (mkdirat(parent, partial + n - name.n, 0755) < 0 && errno != EEXIST)
			return err_sys(err, ERR_INVALID, errno, "cannot create %s in the container",
				       partial);
	}
	return 0;
}

static int
put_file(int parent, const char *name, struct span content, struct err *err)
{
	(void)unlinkat(parent, name, 0);
	CLEANUP(fd_cleanup)
	int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0 || fchmod(fd, 0644) < 0)
		return err_sys(err, ERR_IO, errno, "cannot create %s in the container", name);
	return fd_write_full(fd, content, err);
}

int
rootfs_put(const char *rootfs, struct span path, struct span content, uint32_t uid, uint32_t gid,
	   struct err *err)
{
	CLEANUP(fd_cleanup) int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char folder[IMAGE_PATH_MAX + 1];
	char name[IMAGE_NAME_MAX + 1];
	size_t slash = span_find_last(path, '/');

	if (slash == path.n || path.n >= sizeof(folder) || path.n - slash > sizeof(name) ||
	    path.n - slash < 2)
		return err_set(err, ERR_INVALID, "no path of a file: %.*s", SPAN_ARG(path));
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)slash, path.p);
	(void)snprintf(name, sizeof(name), "%.*s", (int)(path.n - slash - 1), path.p + slash + 1);
	int r = rootfs_make_directory(rootfs, span_slice(path, 0, content.p ? slash : path.n), err);
	if (r < 0)
		return r;
	CLEANUP(fd_cleanup) int parent = root < 0 ? -1 : open_in_root(root, slash ? folder : "/");
	if (parent < 0)
		return err_sys(err, ERR_INVALID, errno, "cannot create %s in the container", name);
	if (content.p)
		r = put_file(parent, name, content, err);
	if (r == 0 && fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		r = err_sys(err, ERR_IO, errno, "cannot create %s in the container", name);
	return r;
}

/* A walk through the upper directory: one open directory per level. */
struct level {
	DIR *directory;
	size_t path_n;
};

struct written {
	struct level levels[IMAGE_DEPTH_MAX];
	size_t depth;
	char path[IMAGE_PATH_MAX + IMAGE_NAME_MAX + 2];
};

static int
enter(struct written *walk, int fd, size_t path_n, struct err *err)
{
	DIR *directory = walk->depth < IMAGE_DEPTH_MAX ? fdopendir(fd) : NULL;

	if (!directory) {
		fd_cleanup(&fd);
		return err_set(err, ERR_LIMIT, "folders deeper than %d", IMAGE_DEPTH_MAX);
	}
	walk->levels[walk->depth++] = (struct level){directory, path_n};
	return 0;
}

static int
visit(struct written *walk, const char *name,
      int (*each)(void *context, const struct rootfs_change *change, struct err *err),
      void *context, struct err *err)
{
	struct level *level = &walk->levels[walk->depth - 1];
	size_t n = level->path_n + 1 + strlen(name);
	int at = dirfd(level->directory);
	struct stat st;

	if (n > IMAGE_PATH_MAX)
		return err_set(err, ERR_LIMIT, "a path of more than %d bytes", IMAGE_PATH_MAX);
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(err, ERR_IO, errno, "cannot read %s", name);
	walk->path[level->path_n] = '/';
	memcpy(walk->path + level->path_n + 1, name, strlen(name) + 1);

	bool directory = S_ISDIR(st.st_mode);
	const struct rootfs_change change = {
		.path = {walk->path, n},
		.directory = directory,
		.modified_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec,
	};
	int r = each(context, &change, err);
	if (r < 0 || !directory)
		return r;
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot read %s", walk->path);
	return enter(walk, fd, n, err);
}

static int
walk_upper(struct written *walk,
	   int (*each)(void *context, const struct rootfs_change *change, struct err *err),
	   void *context, struct err *err)
{
	int r = 0;

	while (walk->depth > 0 && r == 0) {
		const struct dirent *item = readdir(walk->levels[walk->depth - 1].directory);

		if (!item)
			(void)closedir(walk->levels[--walk->depth].directory);
		else if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
			r = visit(walk, item->d_name, each, context, err);
	}
	return r;
}

int
rootfs_written(const char *folder,
	       int (*each)(void *context, const struct rootfs_change *change, struct err *err),
	       void *context, struct err *err)
{
	CLEANUP(free_cleanup) struct written *walk = calloc(1, sizeof(*walk));
	char path[PATH_ROOM];

	if (!walk)
		return err_memory(err);
	(void)snprintf(path, sizeof(path), "%s/upper", folder);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot read %s", path);
	int r = enter(walk, fd, 0, err);
	if (r == 0)
		r = walk_upper(walk, each, context, err);
	while (walk->depth > 0)
		(void)closedir(walk->levels[--walk->depth].directory);
	return r;
}
