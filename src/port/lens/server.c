/* SPDX-License-Identifier: Apache-2.0 */
/* The server's process: mounts, gives up what it does not need, serves, takes orders. */
#include "port/lens/serve.h"

#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534, KEEP_MAX = LAYERS_MAX + 8 };

/* libfuse says what went wrong only to its log. The server's process has one thread then. */
static char last_log[160];

__attribute__((format(printf, 2, 0))) static void
keep_log(enum fuse_log_level level, const char *format, va_list arguments)
{
	if (level > FUSE_LOG_ERR)
		return;
	(void)vsnprintf(last_log, sizeof(last_log), format, arguments);
	last_log[strcspn(last_log, "\n")] = '\0';
}

static void
answer(const struct lens_server *server, const struct err *err)
{
	(void)send(server->control, err, sizeof(*err), MSG_NOSIGNAL);
}

static _Noreturn void
give_up(const struct lens_server *server, const struct err *err)
{
	answer(server, err);
	_exit(1);
}

static int
compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a;
	int y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Every descriptor but 0, 1, 2 and the `count` given ones. */
static void
close_others(int *keep, size_t count)
{
	unsigned from = 3;

	qsort(keep, count, sizeof(*keep), compare_ints);
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < (int)from)
			continue;
		if (keep[i] > (int)from)
			(void)close_range(from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	(void)close_range(from, ~0U, 0);
}

static void
keep_needed(const struct lens_server *server)
{
	int keep[KEEP_MAX];
	size_t count = 0;

	keep[count++] = server->control;
	for (uint32_t i = 0; i < server->image->layer_count && i < LAYERS_MAX; i++)
		keep[count++] = contents_layer_fd(server->contents, i);
	close_others(keep, count);

	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return;
	for (int fd = 0; fd <= 2; fd++)
		(void)dup2(null, fd);
	if (null > 2)
		(void)close(null);
}

static void
default_signals(void)
{
	proc_reset_signals((const int[]){SIGPIPE}, 1);
	(void)setsid(); /* an interrupt from the terminal is for the owner to handle */
}

/*
 * Nobody, with CAP_SYS_PTRACE alone: /proc/PID/exe of a container's process may be read with it.
 * Where identities cannot change (a user namespace that maps one), only capabilities go.
 */
static int
drop_privileges(struct err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	uint32_t ptrace = UINT32_C(1) << CAP_SYS_PTRACE;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, ERR_IO, errno, "no new privileges");
	(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (geteuid() == 0) {
		(void)setgroups(0, NULL);
		if (setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		    setresuid(NOBODY, NOBODY, NOBODY) < 0) {
			if (errno != EINVAL && errno != EPERM)
				return err_sys(err, ERR_IO, errno, "becoming nobody");
		}
	}
	if (syscall(SYS_capget, &header, data) < 0)
		return err_sys(err, ERR_IO, errno, "reading capabilities");
	ptrace &= data[0].permitted;
	data[0] = (struct __user_cap_data_struct){.permitted = ptrace, .effective = ptrace};
	data[1] = (struct __user_cap_data_struct){0};
	if (syscall(SYS_capset, &header, data) < 0)
		return err_sys(err, ERR_IO, errno, "dropping capabilities");
	return 0;
}

/* Changing identity clears it, so it is set again. */
static void
die_with(pid_t owner)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (owner > 0 && getppid() != owner)
		_exit(1);
}

static int
mount_view(struct lens_server *server, const char *mount_point, struct err *err)
{
	char *arguments[] = {
		(char[]){"mohs"}, (char[]){"-o"},
		(char[]){"ro,dev,suid,default_permissions,allow_other,fsname=mohs,subtype=lens,"
			 "max_read=1048576"},
		NULL};
	struct fuse_args args = FUSE_ARGS_INIT(3, arguments);

	fuse_set_log_func(keep_log);
	server->session =
		fuse_session_new(&args, &lens_operations, sizeof(lens_operations), server);
	if (!server->session)
		return err_set(err, ERR_IO, "the image view: %s", last_log);
	if (fuse_session_mount(server->session, mount_point) < 0)
		return err_set(err, ERR_IO, "mounting the image view at %s: %s", mount_point,
			       last_log);
	return 0;
}

static void
obey(struct lens_server *server, const struct lens_request *request)
{
	struct lens_header *header = server->records.header;
	struct err none = ERR_INIT;

	switch (request->order) {
	case LENS_PHASE:
		atomic_store(&header->phase, request->phase);
		if (request->phase >= atomic_load(&header->phases))
			atomic_store(&header->phases, request->phase + 1);
		lens_rearm(server, false);
		break;
	case LENS_RESET:
		lens_records_clear(&server->records);
		lens_rearm(server, true);
		break;
	case LENS_STOP:
		answer(server, &none);
		_exit(0);
	}
	answer(server, &none);
}

/* A thread of its own: orders wait for requests that are being served. */
static void *
take_orders(void *context)
{
	struct lens_server *server = context;
	struct lens_request request;

	while (recv(server->control, &request, sizeof(request), 0) == (ssize_t)sizeof(request))
		obey(server, &request);
	_exit(0); /* the owner is gone */
}

void
lens_ready(struct lens_server *server)
{
	struct err err = ERR_INIT;
	pthread_t thread;
	int r = pthread_create(&thread, NULL, take_orders, server);

	if (r != 0) {
		(void)err_sys(&err, ERR_IO, r, "a thread of the image view");
		give_up(server, &err);
	}
	(void)pthread_detach(thread);
	answer(server, &err);
}

void
lens_serve(struct lens_server *server, const char *mount_point, pid_t owner)
{
	struct err err = ERR_INIT;

	die_with(owner);
	default_signals();
	keep_needed(server);
	server->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lens_server_prepare(server, &err) < 0 || mount_view(server, mount_point, &err) < 0 ||
	    drop_privileges(&err) < 0)
		give_up(server, &err);
	die_with(owner);
	_exit(fuse_session_loop(server->session) == 0 ? 0 : 1);
}
