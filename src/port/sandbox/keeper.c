/* SPDX-License-Identifier: Apache-2.0 */
#include "port/sandbox/private.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit statuses of the keeper. */
enum { KEEPER_GOOD, KEEPER_FOLDER_LEFT, KEEPER_CGROUPS_LEFT };

static const char *const keeper_texts[] = {
	[KEEPER_FOLDER_LEFT] = "the temporary folder",
	[KEEPER_CGROUPS_LEFT] = "cgroup directories",
};

int
keeper_watch(int socket, int pidfd)
{
	char byte = 'p';
	struct iovec part = {&byte, 1};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof(control.room)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &pidfd, sizeof(int));
	return TEMP_FAILURE_RETRY(sendmsg(socket, &message, MSG_NOSIGNAL)) == 1 ? 0 : -1;
}

/* The next pidfd; -1 at the end, which is said or comes with mohs's own. */
static int
next_watched(int socket)
{
	char byte;
	struct iovec part = {&byte, 1};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof(control.room)};

	if (TEMP_FAILURE_RETRY(recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) <= 0)
		return -1;
	const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	int fd = -1;
	if (head && head->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(head), sizeof(int));
	return fd;
}

/* Everything but one descriptor, so that nobody waits for an end of a pipe that it holds. */
static void
close_all_but(int keep)
{
	if (keep > 3)
		(void)syscall(SYS_close_range, 3U, (unsigned)keep - 1, 0U);
	(void)syscall(SYS_close_range, (unsigned)keep + 1, ~0U, 0U);
	for (int i = 0; i < 3; i++) {
		if (i != keep)
			(void)close(i);
	}
}

static int
clean(const char *folder)
{
	const char *name = strrchr(folder, '/') + 1;
	struct err err = ERR_INIT;
	int status = cgroups_remove(name) ? KEEPER_GOOD : KEEPER_CGROUPS_LEFT;

	if (tree_remove(folder, &err) < 0)
		status = KEEPER_FOLDER_LEFT;
	return status;
}

static _Noreturn void
keeper_main(int socket)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
	struct arena *arena = arena_new(0);
	struct err err = ERR_INIT;
	struct span folder = SPAN("");
	int watched = -1;

	(void)setsid();
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	close_all_but(socket);
	(void)prctl(PR_SET_NAME, "mohs-keeper");
	if (!arena || directory_temporary(arena, &folder, &err) < 0)
		folder = SPAN("");
	if (chdir("/") < 0 ||
	    send(socket, folder.p, folder.n + 1, MSG_NOSIGNAL) != (ssize_t)folder.n + 1) {
		if (folder.n)
			(void)clean(folder.p);
		_exit(KEEPER_GOOD);
	}
	for (int fd; (fd = next_watched(socket)) >= 0;)
		watched = fd;
	if (watched >= 0) {
		struct pollfd gone = {.fd = watched, .events = POLLIN};
		(void)TEMP_FAILURE_RETRY(poll(&gone, 1, -1));
	}
	_exit(folder.n ? clean(folder.p) : KEEPER_GOOD);
}

int
keeper_start(struct keeper *ret, struct err *err)
{
	int ends[2];
	ssize_t got;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start the session");
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(ends[0]);
		keeper_main(ends[1]);
	}
	(void)close(ends[1]);
	CLEANUP(fd_cleanup) int socket = ends[0];
	if (pid < 0)
		return err_sys(err, ERR_IO, errno, "cannot start the session");

	got = TEMP_FAILURE_RETRY(recv(socket, ret->folder, sizeof(ret->folder), 0));
	if (got < 2 || ret->folder[got - 1] != '\0') {
		fd_cleanup(&socket);
		(void)TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
		return err_set(err, ERR_IO,
			       "cannot create a temporary folder (is $TMPDIR writable?)");
	}
	ret->pid = pid;
	ret->socket = TAKE_FD(socket);
	return 0;
}

void
keeper_dismiss(struct keeper *keeper)
{
	/* closing it is not enough: another session may have been forked with a copy of it */
	if (keeper->socket >= 0)
		(void)send(keeper->socket, "d", 1, MSG_NOSIGNAL);
	fd_cleanup(&keeper->socket);
}

int
keeper_finish(struct keeper *keeper, struct err *err)
{
	int status = 0;

	keeper_dismiss(keeper);
	if (TEMP_FAILURE_RETRY(waitpid(keeper->pid, &status, 0)) != keeper->pid)
		return err_sys(err, ERR_IO, errno, "cannot wait for the clean-up");
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : KEEPER_FOLDER_LEFT;
	if (code == KEEPER_GOOD)
		return 0;
	return err_set(err, ERR_IO, "could not remove %s of the session (%s)",
		       keeper_texts[code == KEEPER_CGROUPS_LEFT ? code : KEEPER_FOLDER_LEFT],
		       keeper->folder);
}
