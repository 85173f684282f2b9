/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three processes make the inside: one that unshares (its children are in the new PID namespace),
 * pid 1 of that namespace, which only reaps, and the one that does the work.
 */
#include "port/sandbox/private.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void
fail(int answer, const struct err *err)
{
	struct err ignored = ERR_INIT;

	(void)link_send(answer, FRAME_ERROR, (struct span){(const char *)err, sizeof(*err)},
			&ignored);
	_exit(1);
}

static int
loopback_up(struct err *err)
{
	CLEANUP(fd_cleanup) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return err_sys(err, ERR_UNSUPPORTED, errno,
			       "cannot bring the loopback interface up");
	return 0;
}

/* As Docker sets them for a container: low ports and ping need no privilege. */
static void
network_settings(bool low_ports_privileged)
{
	static const struct {
		const char *path;
		struct span value;
	} settings[] = {
		{"/proc/sys/net/ipv4/ip_unprivileged_port_start", SPAN_INIT("0")},
		{"/proc/sys/net/ipv4/ping_group_range", SPAN_INIT("0 2147483647")},
	};
	struct err ignored = ERR_INIT;

	for (size_t i = low_ports_privileged ? 1 : 0; i < sizeof(settings) / sizeof(settings[0]);
	     i++) {
		CLEANUP(fd_cleanup) int fd = open(settings[i].path, O_WRONLY | O_CLOEXEC);
		if (fd >= 0)
			(void)fd_write_full(fd, settings[i].value, &ignored);
	}
}

static int
furnish(const struct sandbox_options *options, struct err *err)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, ERR_UNSUPPORTED, errno, "cannot make mounts private");
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return err_sys(err, ERR_UNSUPPORTED, errno, "cannot mount /proc for the session");
	int r = loopback_up(err);
	if (r == 0)
		network_settings(options->low_ports_privileged);
	return r;
}

static _Noreturn void
work_main(const struct sandbox_options *options, const char *folder, int answer)
{
	struct progress progress = {.context = &answer, .note = link_note, .step = link_step};
	struct sandbox sandbox = {.folder = folder,
				  .name = strrchr(folder, '/') + 1,
				  .progress = options->progress ? &progress : NULL};
	struct buf result = BUF_INIT(options->result_max);
	struct err err = ERR_INIT;

	if (options->run(options->context, &sandbox, &result, &err) < 0 ||
	    link_send(answer, FRAME_RESULT, buf_span(&result), &err) < 0)
		fail(answer, &err);
	_exit(0);
}

/* pid 1: reaps until the work is done; then the kernel ends what is left. */
static _Noreturn void
init_main(const struct sandbox_options *options, const char *folder, int answer, int go)
{
	struct err err = ERR_INIT;
	char byte;
	int status = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (TEMP_FAILURE_RETRY(read(go, &byte, 1)) != 1)
		_exit(1);
	(void)close(go);
	if (furnish(options, &err) < 0)
		fail(answer, &err);
	(void)prctl(PR_SET_NAME, "mohs-init");

	pid_t work = fork();
	if (work == 0)
		work_main(options, folder, answer);
	if (work < 0) {
		(void)err_sys(&err, ERR_IO, errno, "cannot start the session");
		fail(answer, &err);
	}
	(void)close(answer);
	for (pid_t pid = 0; pid != work;) {
		pid = waitpid(-1, &status, 0);
		if (pid < 0 && errno != EINTR)
			break;
	}
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* Only now may it start: whatever happens to mohs, the keeper knows whom to wait for. */
static int
announce(pid_t init, int keeper_socket, int go, struct err *err)
{
	CLEANUP(fd_cleanup) int pidfd = (int)syscall(SYS_pidfd_open, init, 0);

	if (pidfd < 0 || keeper_watch(keeper_socket, pidfd) < 0 || write(go, "g", 1) != 1)
		return err_sys(err, ERR_IO, errno, "cannot start the session");
	return 0;
}

static void
signals_default(void)
{
	proc_reset_signals((const int[]){SIGPIPE}, 1);
	proc_cancel = 0;
}

_Noreturn void
inside_main(const struct sandbox_options *options, const struct keeper *keeper, int answer,
	    pid_t parent)
{
	const int namespaces =
		CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID;
	struct err err = ERR_INIT;
	int go[2];
	int status = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signals_default();
	(void)setsid();
	if (unshare(namespaces) < 0) {
		(void)err_sys(&err, ERR_UNSUPPORTED, errno,
			      "running containers needs new namespaces (run as root)");
		fail(answer, &err);
	}
	if (pipe2(go, O_CLOEXEC) < 0) {
		(void)err_sys(&err, ERR_IO, errno, "cannot start the session");
		fail(answer, &err);
	}
	pid_t init = fork();
	if (init == 0) {
		(void)close(go[1]);
		(void)close(keeper->socket);
		init_main(options, keeper->folder, answer, go[0]);
	}
	(void)close(go[0]);
	if (init < 0)
		(void)err_sys(&err, ERR_IO, errno, "cannot start the session");
	if (init < 0 || announce(init, keeper->socket, go[1], &err) < 0)
		fail(answer, &err);
	(void)close(keeper->socket);
	(void)close(answer);
	(void)TEMP_FAILURE_RETRY(waitpid(init, &status, 0));
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
