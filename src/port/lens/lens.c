/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's side: starts the server, sends it orders, reads its records. */
#include "port/lens/lens.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_MS = 60000 };

void
lens_free(struct lens *lens)
{
	struct err ignored = ERR_INIT;

	if (!lens)
		return;
	(void)lens_stop(lens, &ignored);
	lens_records_unmap(&lens->records);
	for (size_t i = 0; i < lens->overlay_count; i++)
		free(lens->overlays[i]);
	free(lens->mount_point);
	free(lens);
}

void
lens_cleanup(struct lens **lens)
{
	lens_free(*lens);
	*lens = NULL;
}

static int
reap(struct lens *lens, struct err *err)
{
	int status = 0;
	pid_t r;

	do
		r = waitpid(lens->pid, &status, 0);
	while (r < 0 && errno == EINTR);
	lens->pid = -1;
	lens->died = !lens->stopping;
	if (r > 0 && WIFSIGNALED(status))
		return err_set(err, ERR_CHILD, "the image view ended by signal %d",
			       WTERMSIG(status));
	return err_set(err, ERR_CHILD, "the image view ended with status %d",
		       r > 0 ? WEXITSTATUS(status) : -1);
}

static int
wait_answer(struct lens *lens, struct err *err)
{
	struct pollfd wait = {.fd = lens->control, .events = POLLIN};
	struct err answer;
	int r;

	do
		r = poll(&wait, 1, ANSWER_MS);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_sys(err, ERR_IO, errno, "waiting for the image view");
	if (r == 0)
		return err_set(err, ERR_TIMEOUT, "the image view did not answer in %d s",
			       ANSWER_MS / 1000);
	if (recv(lens->control, &answer, sizeof(answer), 0) != (ssize_t)sizeof(answer))
		return reap(lens, err);
	if (answer.kind == ERR_NONE)
		return 0;
	*err = answer;
	return -(int)answer.kind;
}

static int
order(struct lens *lens, enum lens_order what, uint32_t phase, struct err *err)
{
	struct lens_request request = {.order = what, .phase = phase};

	if (lens->pid < 0)
		return err_set(err, ERR_CHILD, "the image view has ended");
	if (send(lens->control, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return reap(lens, err);
	return wait_answer(lens, err);
}

static int
check_device(struct err *err)
{
	CLEANUP(fd_cleanup) int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, ERR_UNSUPPORTED, errno,
			       "/dev/fuse (needed to serve the image)");
	return 0;
}

static int
make_lens(const struct lens_options *options, const char *mount_point, struct lens **ret,
	  struct err *err)
{
	struct lens *lens = calloc(1, sizeof(*lens));

	if (!lens)
		return err_memory(err);
	lens->pid = -1;
	lens->control = -1;
	lens->image = options->image;
	lens->original = options->original;
	lens->contents = options->contents;
	lens->mount_point = strdup(mount_point);
	int r = lens->mount_point ? lens_records_make(options->image, options->watch_code,
						      &lens->records, err)
				  : err_memory(err);
	if (r < 0) {
		lens_free(lens);
		return r;
	}
	*ret = lens;
	return 0;
}

static int
fork_server(struct lens *lens, const struct lens_options *options, struct err *err)
{
	int pair[2];
	pid_t owner = getpid();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, ERR_IO, errno, "a socket for the image view");
	lens->pid = fork();
	if (lens->pid == 0) {
		struct lens_server server = {
			.image = options->image,
			.contents = options->contents,
			.records = lens->records,
			.control = pair[1],
			.proc = -1,
		};
		lens_serve(&server, lens->mount_point, owner);
	}
	int error = errno;
	(void)close(pair[1]);
	lens->control = pair[0];
	if (lens->pid < 0)
		return err_sys(err, ERR_IO, error, "a process for the image view");
	return 0;
}

int
lens_start(const struct lens_options *options, const char *mount_point, struct lens **ret,
	   struct err *err)
{
	CLEANUP(lens_cleanup) struct lens *lens = NULL;
	int r = check_device(err);

	if (r == 0)
		r = make_lens(options, mount_point, &lens, err);
	if (r == 0)
		r = fork_server(lens, options, err);
	if (r == 0)
		r = wait_answer(lens, err);
	if (r < 0)
		return r;
	lens->mounted = true;
	*ret = TAKE(lens);
	return 0;
}

int
lens_overlay(struct lens *lens, const char *mount_point, struct err *err)
{
	if (lens->overlay_count == LENS_OVERLAYS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d overlays on one image view",
			       LENS_OVERLAYS_MAX);
	char *copy = strdup(mount_point);
	if (!copy)
		return err_memory(err);
	lens->overlays[lens->overlay_count++] = copy;
	return 0;
}

/*
 * An overlay keeps names that are in none of its layers by itself and never asks below again.
 * Reconfiguring a file system, also without a change, drops the names nobody holds.
 */
static bool
forget_names(const char *overlay)
{
	CLEANUP(fd_cleanup) int fd = fspick(AT_FDCWD, overlay, FSPICK_CLOEXEC);

	return fd >= 0 && fsconfig(fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) == 0;
}

static int
order_afresh(struct lens *lens, enum lens_order what, uint32_t phase, struct err *err)
{
	int r = order(lens, what, phase, err);

	for (size_t i = 0; r == 0 && i < lens->overlay_count; i++)
		if (!forget_names(lens->overlays[i]))
			lens->overlay_kept = true;
	return r;
}

int
lens_phase(struct lens *lens, uint32_t phase, struct err *err)
{
	if (phase >= PROFILE_PHASES_MAX)
		return err_set(err, ERR_LIMIT, "phase %u (at most %d)", phase,
			       PROFILE_PHASES_MAX - 1);
	return order_afresh(lens, LENS_PHASE, phase, err);
}

int
lens_reset(struct lens *lens, struct err *err)
{
	return order_afresh(lens, LENS_RESET, 0, err);
}

int
lens_stop(struct lens *lens, struct err *err)
{
	struct err ignored = ERR_INIT;
	int r = 0;

	if (lens->pid > 0 && waitpid(lens->pid, NULL, WNOHANG) == lens->pid) {
		lens->died = true;
		lens->pid = -1;
	}
	lens->stopping = true;
	if (lens->mounted && umount2(lens->mount_point, MNT_DETACH) < 0 && errno != EINVAL)
		r = err_sys(err, ERR_IO, errno, "unmounting %s", lens->mount_point);
	lens->mounted = false;
	if (lens->pid > 0 && order(lens, LENS_STOP, 0, &ignored) < 0 && lens->pid > 0)
		(void)kill(lens->pid, SIGKILL);
	if (lens->pid > 0)
		(void)reap(lens, &ignored);
	fd_cleanup(&lens->control);
	return r;
}
