/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root file system of the command: the tools' image under an overlay (or busybox with its
 * links), /proc, /dev and /tmp of its own, and a copy of the target's mounts at VISIT_TARGET. All
 * of it is in a private mount namespace, so that it goes with the last process.
 */
#include "port/visit/private.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "port/lens.h"
#include "port/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int
room_open(const char *root, const char *path, int flags, int *ret_fd, struct err *err)
{
	CLEANUP(fd_cleanup) int top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.mode = flags & O_CREAT ? 0644 : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = top < 0 ? -1 : (int)syscall(SYS_openat2, top, path, &how, sizeof(how));

	if (fd < 0)
		return err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno,
			       "cannot open %s", path);
	*ret_fd = fd;
	return 0;
}

/* Mounts a file system on a folder of the room. */
static int
mount_at(const char *root, const char *path, const char *type, unsigned long flags,
	 const char *options, struct err *err)
{
	CLEANUP(fd_cleanup) int fd = -1;
	char place[64];
	int r = rootfs_make_directory(root, span_from(path), err);

	if (r == 0)
		r = room_open(root, path, O_PATH | O_DIRECTORY, &fd, err);
	if (r < 0)
		return r;
	(void)snprintf(place, sizeof(place), "/proc/self/fd/%d", fd);
	if (mount(type, place, type, flags, options) < 0)
		return err_sys(err, ERR_IO, errno, "cannot mount %s at %s", type, path);
	return 0;
}

/* Takes a mount that is not attached anywhere to a place in the room. */
static int
attach(int tree, const char *root, const char *path, int flags, struct err *err)
{
	CLEANUP(fd_cleanup) int place = -1;
	int r = room_open(root, path, flags, &place, err);

	if (r == 0 &&
	    move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		r = err_sys(err, ERR_IO, errno, "cannot attach %s", path);
	return r;
}

/* A file of this machine, a device mostly, at a place in the room. */
static int
show_file(const char *from, const char *root, const char *path, struct err *err)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID,
					.propagation = MS_PRIVATE};
	CLEANUP(fd_cleanup)
	int tree = open_tree(AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	/* the file is the host's: what is not a device is not to be written, and no mode changed */
	if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
		return err_sys(err, ERR_IO, errno, "cannot show %s", from);
	CLEANUP(fd_cleanup) int made = -1;
	int r = room_open(root, path, O_CREAT | O_RDONLY | O_NOFOLLOW, &made, err);
	return r < 0 ? r : attach(tree, root, path, O_PATH, err);
}

static int
make_devices(const struct visit *visit, struct err *err)
{
	static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
	static const char *const links[][2] = {
		{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"},
		{"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
		{"ptmx", "pts/ptmx"},
	};
	CLEANUP(fd_cleanup) int folder = -1;
	char from[64];
	int r = mount_at(visit->root, "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV,
			 "mode=0755", err);

	for (size_t i = 0; r == 0 && i < sizeof(devices) / sizeof(devices[0]); i++) {
		(void)snprintf(from, sizeof(from), "/dev/%s", devices[i]);
		r = show_file(from, visit->root, from, err);
	}
	if (r == 0)
		r = mount_at(visit->root, "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
			     "newinstance,ptmxmode=0666,mode=0620", err);
	if (r == 0 && visit->terminal >= 0 && ttyname_r(visit->terminal, from, sizeof(from)) == 0)
		r = show_file(from, visit->root, "/dev/console", err);
	if (r == 0)
		r = room_open(visit->root, "/dev", O_PATH | O_DIRECTORY, &folder, err);
	for (size_t i = 0; r == 0 && i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlinkat(links[i][1], folder, links[i][0]) < 0)
			r = err_sys(err, ERR_IO, errno, "cannot make /dev/%s", links[i][0]);
	}
	return r;
}

/* ---- the tools ---- */

/* Every command of busybox as a link to it. */
static int
link_applets(const struct visit *visit, struct err *err)
{
	const char *const argv[] = {visit->options->busybox, "--list", NULL};
	const struct proc_options options = {.argv = argv, .input = -1, .output = -1, .error = -1};
	CLEANUP(buf_cleanup) struct buf list = BUF_INIT(64 * KIB);
	char path[PATH_MAX];
	int r = proc_run(&options, 10000, &list, err);

	if (r < 0)
		return err_wrap(err, "%s", visit->options->busybox);
	struct span rest = buf_span(&list);
	while (rest.p) {
		struct span name = span_cut(&rest, '\n');

		if (name.n == 0 || span_find(name, '/') < name.n ||
		    span_equal(name, SPAN("busybox")))
			continue;
		(void)snprintf(path, sizeof(path), "%s/bin/%.*s", visit->root, SPAN_ARG(name));
		if (symlink("busybox", path) < 0 && errno != EEXIST)
			return err_sys(err, ERR_IO, errno, "cannot make %s", path);
	}
	return 0;
}

static int
furnish_busybox(const struct visit *visit, struct err *err)
{
	if (mkdir(visit->root, 0755) < 0 ||
	    mount(visit->root, visit->root, NULL, MS_BIND, NULL) < 0)
		return err_sys(err, ERR_IO, errno, "cannot make a root file system");
	int r = rootfs_make_directory(visit->root, SPAN("/bin"), err);
	if (r == 0)
		r = show_file(visit->options->busybox, visit->root, "/bin/busybox", err);
	return r < 0 ? r : link_applets(visit, err);
}

static int
furnish_image(struct visit *visit, struct err *err)
{
	const struct lens_options view = {.image = visit->options->image,
					  .contents = visit->options->contents};
	char lower[PATH_MAX];

	(void)snprintf(lower, sizeof(lower), "%s/lower", visit->folder);
	int r = directory_make(lower, 0755, err);
	if (r == 0)
		r = lens_start(&view, lower, &visit->lens, err);
	return r < 0 ? r : rootfs_mount(visit->folder, NULL, false, err);
}

/* ---- the target ---- */

/* A copy of the mounts the target sees, made from inside its mount namespace. */
static int
copy_mounts(const struct visit *visit, int *ret_tree, struct err *err)
{
	const struct target *target = visit->options->target;
	CLEANUP(fd_cleanup) int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)target->pid);
	CLEANUP(fd_cleanup) int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (own < 0 || root < 0)
		return err_sys(err, ERR_IO, errno, "cannot reach the files of the container");
	if (setns(target->pidfd, CLONE_NEWNS) < 0)
		return err_sys(err, ERR_IO, errno, "cannot go to the mounts of the container");
	int tree = open_tree(root, "",
			     AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	int error = errno;
	if (setns(own, CLONE_NEWNS) < 0) {
		fd_cleanup(&tree);
		return err_sys(err, ERR_IO, errno, "cannot come back from the container");
	}
	if (tree < 0)
		return err_sys(err, ERR_IO, error, "cannot copy the mounts of the container");
	*ret_tree = tree;
	return 0;
}

static int
show_target(const struct visit *visit, struct err *err)
{
	struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE,
	};
	CLEANUP(fd_cleanup) int tree = -1;
	int r = copy_mounts(visit, &tree, err);

	if (r < 0)
		return r;
	if (!visit->options->writable)
		attributes.attr_set |= MOUNT_ATTR_RDONLY;
	if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)) <
	    0)
		return err_sys(err, errno == ENOSYS ? ERR_UNSUPPORTED : ERR_IO, errno,
			       "cannot make the files of the container read-only");
	r = rootfs_make_directory(visit->root, SPAN(VISIT_TARGET), err);
	return r < 0 ? r : attach(tree, visit->root, VISIT_TARGET, O_PATH | O_DIRECTORY, err);
}

/* Names are looked up as the target does it; one it lacks is left out. */
static int
copy_file(const struct visit *visit, const char *path, struct err *err)
{
	struct err ignored = ERR_INIT;
	CLEANUP(buf_cleanup) struct buf content = BUF_INIT(MIB);
	CLEANUP(fd_cleanup) int from = -1;
	CLEANUP(fd_cleanup) int to = -1;
	char root[PATH_MAX];
	struct stat st;

	(void)snprintf(root, sizeof(root), "%s" VISIT_TARGET, visit->root);
	if (room_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &from, &ignored) < 0 ||
	    fstat(from, &st) < 0 || !S_ISREG(st.st_mode) ||
	    fd_read_all(from, &content, &ignored) < 0)
		return 0;
	int r = rootfs_make_directory(visit->root, SPAN("/etc"), err);
	if (r == 0)
		r = room_open(visit->root, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, &to,
			      &ignored);
	return r < 0 ? 0 : fd_write_full(to, buf_span(&content), err);
}

/* ---- all of it ---- */

/* Any folder that every system has: what is below it is hidden from us alone. */
static int
claim_folder(struct visit *visit, struct err *err)
{
	static const char *const folders[] = {"/tmp", "/run", "/mnt"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (mount("tmpfs", folders[i], "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
			continue;
		(void)snprintf(visit->folder, sizeof(visit->folder), "%s", folders[i]);
		(void)snprintf(visit->root, sizeof(visit->root), "%s/rootfs", folders[i]);
		return 0;
	}
	return err_sys(err, ERR_IO, errno, "cannot mount a tmpfs");
}

int
room_make(struct visit *visit, struct err *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(err, ERR_UNSUPPORTED, errno,
			       "a mount namespace (looking into containers needs root)");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, ERR_IO, errno, "cannot make mounts private");
	int r = claim_folder(visit, err);
	if (r == 0)
		r = visit->options->image ? furnish_image(visit, err) : furnish_busybox(visit, err);
	if (r == 0)
		r = make_devices(visit, err);
	if (r == 0)
		r = mount_at(visit->root, "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", err);
	if (r == 0)
		r = rootfs_make_directory(visit->root, SPAN("/proc"), err);
	if (r == 0)
		r = show_target(visit, err);
	if (r == 0)
		r = copy_file(visit, "/etc/resolv.conf", err);
	return r < 0 ? r : copy_file(visit, "/etc/hosts", err);
}
