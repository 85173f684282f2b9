/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By seccomp's user notification (seccomp_unotify(2)): the runtime hands over the listener of the
 * filter through a socket (runtime-spec, "listenerPath"), and a process made here answers: go on,
 * or, when a filter is to be enforced, EPERM. Slower for the container than BPF, and works where
 * BPF is refused. Runtimes cannot be asked to notify of write(2).
 */
#include "port/syscalls/types.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "codec/seccomp_json.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LISTENERS_MAX = 64, /* filters alive at once: the container, and what is run in it */
	STATE_MAX = 64 * 1024,
	FIXED = 1, /* the first descriptors that are waited for: the socket */
};

/* Between the two processes. */
struct notify_shared {
	atomic_bool watched;
	struct syscalls_comm runtime; /* set before `watched` */
	struct syscalls_recording seen;
};

struct notify_recorder {
	struct span filter;
	struct span path; /* of the socket */
	bool refuse;
	int socket;
	pid_t server;
	struct notify_shared *shared;
	/* of the server */
	struct pollfd fds[FIXED + LISTENERS_MAX];
	size_t count;
	struct seccomp_notif_sizes sizes;
	struct seccomp_notif *request;
	struct seccomp_notif_resp *response;
};

/* ---- the server ---- */

static struct syscalls_numbers *
numbers_of(struct syscalls_recording *seen, uint32_t audit)
{
	for (size_t i = 0; i < SYSCALLS_ABIS; i++) {
		if (seen->abis[i].audit == 0)
			seen->abis[i].audit = audit;
		if (seen->abis[i].audit == audit)
			return &seen->abis[i];
	}
	return NULL;
}

/* Whether it is the runtime's own code that asks, on the way to the first program. */
static bool
is_runtime(struct notify_recorder *recorder, pid_t pid)
{
	struct syscalls_comm comm;
	struct err ignored = ERR_INIT;

	if (!atomic_load(&recorder->shared->watched))
		return true;
	return syscalls_read_comm(pid, &comm, &ignored) == 0 &&
	       memcmp(&comm, &recorder->shared->runtime, sizeof(comm)) == 0;
}

static void
note(struct notify_recorder *recorder, const struct seccomp_notif *request)
{
	struct syscalls_recording *seen = &recorder->shared->seen;
	struct syscalls_numbers *numbers = numbers_of(seen, request->data.arch);
	uint32_t number = (uint32_t)request->data.nr;

	if (!numbers || number >= SYSCALL_NUMBERS)
		seen->unknown = true;
	else if (recorder->refuse)
		numbers->seen[SEEN_REFUSED][number] = 1;
	else if (!numbers->seen[SEEN_PROGRAM][number] && is_runtime(recorder, (pid_t)request->pid))
		numbers->seen[SEEN_RUNTIME][number] = 1;
	else
		numbers->seen[SEEN_PROGRAM][number] = 1;
}

/* One call of one task; false when nobody is left behind this listener. */
static bool
serve(struct notify_recorder *recorder, int fd)
{
	memset(recorder->request, 0, recorder->sizes.seccomp_notif);
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, recorder->request) < 0)
		return errno == EINTR || errno == ENOENT; /* the task was interrupted */
	note(recorder, recorder->request);
	memset(recorder->response, 0, recorder->sizes.seccomp_notif_resp);
	recorder->response->id = recorder->request->id;
	if (recorder->refuse)
		recorder->response->error = -EPERM;
	else
		recorder->response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	(void)ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, recorder->response);
	return true;
}

/* The container's state as JSON, and the listener (runtime-spec, "The Container Process State"). */
static void
take_listener(struct notify_recorder *recorder)
{
	CLEANUP(fd_cleanup) int peer = accept4(recorder->socket, NULL, NULL, SOCK_CLOEXEC);
	CLEANUP(free_cleanup) char *state = malloc(STATE_MAX);
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int) * 4)];
	} control = {0};
	struct iovec data = {state, STATE_MAX};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof(control.room)};

	if (peer < 0 || !state || recvmsg(peer, &message, MSG_CMSG_CLOEXEC) < 0)
		return;
	for (struct cmsghdr *one = CMSG_FIRSTHDR(&message); one; one = CMSG_NXTHDR(&message, one)) {
		size_t bytes = one->cmsg_len - CMSG_LEN(0);

		if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(one) + at, sizeof(fd));
			if (recorder->count < FIXED + LISTENERS_MAX)
				recorder->fds[recorder->count++] =
					(struct pollfd){.fd = fd, .events = POLLIN};
			else
				(void)close(fd);
		}
	}
}

static void
drop(struct notify_recorder *recorder, size_t at)
{
	(void)close(recorder->fds[at].fd);
	recorder->fds[at] = recorder->fds[--recorder->count];
}

static _Noreturn void
server_main(struct notify_recorder *recorder, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)prctl(PR_SET_NAME, "mohs-notify");
	/* only the socket: no pipe of the session is held open here */
	if (dup2(recorder->socket, 3) < 0)
		_exit(1);
	recorder->socket = 3;
	(void)syscall(SYS_close_range, 4U, ~0U, 0U);
	recorder->fds[0] = (struct pollfd){.fd = recorder->socket, .events = POLLIN};
	recorder->count = FIXED;
	for (;;) {
		if (poll(recorder->fds, recorder->count, -1) < 0 && errno != EINTR)
			_exit(1);
		for (size_t i = recorder->count; i-- > FIXED;) {
			short events = recorder->fds[i].revents;
			bool good = events & POLLIN ? serve(recorder, recorder->fds[i].fd)
						    : events == 0;

			if (!good)
				drop(recorder, i);
		}
		if (recorder->fds[0].revents)
			take_listener(recorder);
	}
}

/* ---- the owner ---- */

static bool
is_in(struct span_list sorted, struct span name)
{
	for (size_t i = 0; i < sorted.count; i++) {
		if (span_equal(sorted.items[i], name))
			return true;
	}
	return false;
}

/* Notification of every call with a name, but write(2) and those that are allowed. */
static int
make_filter(const struct syscalls_options *options, struct arena *arena, struct span listener,
	    struct span *ret, struct err *err)
{
	bool refuse = options->purpose == SYSCALLS_REFUSE;
	struct span_list all;
	size_t count = 0;
	int r = syscall_names(options->architecture, arena, &all, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < all.count; i++) {
		if (!span_equal(all.items[i], SPAN("write")) &&
		    !(refuse && is_in(options->allowed, all.items[i])))
			all.items[count++] = all.items[i];
	}
	const struct seccomp_group groups[] = {
		{.action = SECCOMP_NOTIFY, .names = {all.items, count}},
		{.action = SECCOMP_ALLOW,
		 .names = refuse ? options->allowed : (struct span_list){0}},
	};
	const struct seccomp_profile profile = {
		.otherwise = refuse ? SECCOMP_ERRNO : SECCOMP_ALLOW,
		.architecture = options->architecture,
		.listener = listener,
		.groups = groups,
		.group_count = 2,
	};
	return seccomp_json_write(&profile, arena, ret, err);
}

static int
listen_at(struct notify_recorder *recorder, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (recorder->path.n >= sizeof(address.sun_path))
		return err_set(err, ERR_LIMIT, "the path of a socket is too long: %s",
			       recorder->path.p);
	memcpy(address.sun_path, recorder->path.p, recorder->path.n);
	recorder->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (recorder->socket < 0 ||
	    bind(recorder->socket, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(recorder->socket, LISTENERS_MAX) < 0)
		return err_sys(err, ERR_IO, errno, "cannot listen at %s", recorder->path.p);
	return 0;
}

static int
start(struct notify_recorder *recorder, struct err *err)
{
	int r = listen_at(recorder, err);

	if (r < 0)
		return r;
	void *shared = mmap(NULL, sizeof(*recorder->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return err_memory(err);
	recorder->shared = shared;
	pid_t parent = getpid();
	recorder->server = fork();
	if (recorder->server == 0)
		server_main(recorder, parent);
	if (recorder->server < 0)
		return err_sys(err, ERR_IO, errno, "cannot start a process");
	fd_cleanup(&recorder->socket);
	return 0;
}

static void
notify_free(void *context)
{
	struct notify_recorder *recorder = context;

	if (recorder->server > 0) {
		(void)kill(recorder->server, SIGKILL);
		(void)TEMP_FAILURE_RETRY(waitpid(recorder->server, NULL, 0));
	}
	fd_cleanup(&recorder->socket);
	if (recorder->shared)
		(void)munmap(recorder->shared, sizeof(*recorder->shared));
	if (recorder->path.p)
		(void)unlink(recorder->path.p);
}

static int
notify_prepare(const struct syscalls_options *options, struct arena *arena, void **ret,
	       struct err *err)
{
	struct notify_recorder *recorder = arena_alloc(arena, sizeof(*recorder));

	if (!recorder)
		return err_memory(err);
	recorder->socket = -1;
	recorder->refuse = options->purpose == SYSCALLS_REFUSE;
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &recorder->sizes) < 0)
		return err_sys(err, ERR_UNSUPPORTED, errno,
			       "the kernel has no seccomp user notification");
	recorder->request = arena_alloc(arena, recorder->sizes.seccomp_notif);
	recorder->response = arena_alloc(arena, recorder->sizes.seccomp_notif_resp);
	recorder->path = arena_printf(arena, "%s/notify.socket", options->folder);
	if (!recorder->request || !recorder->response || !recorder->path.p)
		return err_memory(err);
	int r = make_filter(options, arena, recorder->path, &recorder->filter, err);
	if (r == 0)
		r = start(recorder, err);
	if (r < 0) {
		notify_free(recorder);
		return r;
	}
	*ret = recorder;
	return 0;
}

static struct span
notify_filter(const void *context)
{
	return ((const struct notify_recorder *)context)->filter;
}

static int
notify_watch(void *context, pid_t init, struct err *err)
{
	struct notify_recorder *recorder = context;
	int r = syscalls_read_comm(init, &recorder->shared->runtime, err);

	if (r == 0)
		atomic_store(&recorder->shared->watched, true);
	return r;
}

static void
notify_collect(void *context, struct syscalls_recording *ret)
{
	const struct notify_recorder *recorder = context;

	*ret = recorder->shared->seen;
}

const struct syscalls_recorder syscalls_notify = {
	.name = "notify",
	.can_refuse = true,
	.prepare = notify_prepare,
	.filter = notify_filter,
	.watch = notify_watch,
	.collect = notify_collect,
	.free = notify_free,
};
