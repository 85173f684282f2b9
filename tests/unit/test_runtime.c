/* SPDX-License-Identifier: Apache-2.0 */
/* Containers in a sandbox, over a plain folder with a static busybox. */
#include "group_folder.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "codec/passwd.h"
#include "port/runtime.h"
#include "port/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *rootfs; /* NULL: containers cannot be run here */

/* What this machine lacks for running containers; NULL when nothing. */
static const char *
lacks(void)
{
	struct runtime runtime;
	struct err err = ERR_INIT;

	if (geteuid() != 0)
		return "root";
	if (access("/bin/busybox", X_OK) < 0)
		return "/bin/busybox (package busybox-static)";
	if (runtime_find(arena, &runtime, &err) < 0)
		return "runc or crun";
	return NULL;
}

#define NEEDS_CONTAINERS()                                                                         \
	do {                                                                                       \
		if (!rootfs) {                                                                     \
			print_message("skipped: this machine lacks %s\n", lacks());                \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static void
make_rootfs(void)
{
	static const char *const folders[] = {"bin", "etc", "tmp", "data", "proc"};
	static const char *const applets[] = {"sh", "sleep", "id", "cat", "nc", "hostname"};
	struct proc_options copy = {.input = -1, .output = -1, .error = -1};

	rootfs = arena_printf(arena, "%s/rootfs", work.p).p;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		assert_good(directory_make(arena_printf(arena, "%s/%s", rootfs, folders[i]).p, 0755,
					   err));
	copy.argv = (const char *[]){"cp", "/bin/busybox",
				     arena_printf(arena, "%s/bin/busybox", rootfs).p, NULL};
	assert_good(proc_run(&copy, 10000, NULL, err));
	for (size_t i = 0; i < sizeof(applets) / sizeof(applets[0]); i++)
		assert_int_equal(
			symlink("busybox", arena_printf(arena, "%s/bin/%s", rootfs, applets[i]).p),
			0);
	assert_good(file_replace(arena_printf(arena, "%s/etc/passwd", rootfs).p,
				 SPAN("root:x:0:0::/root:/bin/sh\nweb:x:33:44::/srv:/bin/sh\n"),
				 0644, err));
	assert_good(file_replace(arena_printf(arena, "%s/bin/alien", rootfs).p,
				 SPAN("\x7f"
				      "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xb7\0\x01"),
				 0755, err));
}

static int
group_setup(void **state)
{
	assert_int_equal(group_folder(state), 0);
	if (!lacks())
		make_rootfs();
	return 0;
}

/* One container run: what is asked and what came out. */
struct run {
	const char *user;
	const char *command[4];
	const char *cwd;
	uint64_t wait_ms; /* for it to end, else it is stopped with TERM */
	bool exec;
};

static int
note_written(void *context, const struct rootfs_change *change, struct err *err)
{
	struct buf *result = context;

	return change->directory ? 0 : buf_printf(result, err, "[%.*s]", SPAN_ARG(change->path));
}

static struct span_list
list_of(const char *const *items)
{
	struct span_list list = {arena_array(arena, 8, sizeof(struct span)), 0};

	for (; items[list.count]; list.count++)
		list.items[list.count] = span_from(items[list.count]);
	return list;
}

static int
make_spec(const struct run *run, const struct sandbox *sandbox, const struct runtime *runtime,
	  struct span *ret, struct err *err)
{
	struct passwd_user user = {.home = SPAN("/")};
	struct span passwd;
	struct image_config config = {.command = list_of(run->command),
				      .working_directory = span_from(run->cwd ? run->cwd : "/")};
	int r = file_load(arena_printf(arena, "%s/etc/passwd", rootfs).p, PASSWD_MAX, arena,
			  &passwd, err);

	if (r == 0)
		r = passwd_resolve(span_from(run->user ? run->user : ""), passwd, SPAN(""), arena,
				   &user, err);
	if (r == 0)
		r = runtime_files_write(sandbox->folder, SPAN("box"), (struct span_list){0}, err);
	struct runtime_spec spec = {
		.config = &config,
		.user = &user,
		.rootfs = arena_printf(arena, "%s/c/rootfs", sandbox->folder).p,
		.files = sandbox->folder,
		.hostname = SPAN("box"),
		.cgroup = arena_printf(arena, "/%s/c", sandbox->name),
		.cgroups = runtime->type->cgroups,
	};
	return r < 0 ? r : runtime_spec_make(&spec, arena, ret, err);
}

static int
observe(struct container *container, const struct run *run, struct buf *result, struct err *err)
{
	/* the container says by a file that it is where it should be: no guess at how long */
	static const char *const inside[] = {
		"sh", "-c", "while [ ! -e /data/ready ]; do sleep 0.05; done; cat /etc/hostname",
		NULL};
	struct pollfd poll_fd = {.fd = container_fd(container), .events = POLLIN};
	CLEANUP(buf_cleanup) struct buf output = BUF_INIT(1000);
	bool killed = false;
	int status = -1;
	int r = 0;

	if (run->exec) {
		r = container_exec(container, list_of(inside), 10000, &output, err);
		if (r == 0)
			r = buf_printf(result, err, "exec=%s", output.p);
	}
	(void)poll(&poll_fd, 1, (int)run->wait_ms);
	bool ended = container_ended(container, &status);
	if (r == 0)
		r = container_stop(container, SIGTERM, 5000, &status, &killed, err);
	if (r == 0)
		r = buf_printf(result, err, "%s status=%d out=%.*s", ended ? "ended" : "stopped",
			       status, SPAN_ARG(container_tail(container)));
	return r;
}

static int
run_container(void *context, const struct sandbox *sandbox, struct buf *result, struct err *err)
{
	const struct run *run = context;
	const char *folder = arena_printf(arena, "%s/c", sandbox->folder).p;
	const char *root = arena_printf(arena, "%s/rootfs", folder).p;
	CLEANUP(container_cleanup) struct container *container = NULL;
	struct runtime runtime;
	struct span spec = {NULL, 0};
	int r = runtime_find(arena, &runtime, err);

	if (r == 0)
		r = directory_make(folder, 0700, err);
	if (r == 0)
		r = rootfs_mount(folder, rootfs, runtime.type->cgroups, err);
	if (r == 0 && run->cwd)
		r = rootfs_make_directory(root, span_from(run->cwd), err);
	if (r == 0)
		r = make_spec(run, sandbox, &runtime, &spec, err);
	struct container_options options = {.runtime = &runtime,
					    .id = "c",
					    .folder = folder,
					    .spec = spec,
					    .log = arena_printf(arena, "%s/log", folder).p};
	if (r == 0)
		r = container_create(&options, &container, err);
	if (r == 0)
		r = container_start(container, err);
	if (r == 0)
		r = observe(container, run, result, err);
	return r < 0 ? r : rootfs_written(folder, note_written, result, err);
}

static int
run_in_sandbox(const struct run *run, struct buf *result, struct err *err)
{
	struct run copy = *run;
	struct sandbox_options options = {
		.run = run_container, .context = &copy, .result_max = 100000};

	*result = (struct buf){.max = 100000};
	return sandbox_run(&options, result, err);
}

static void
assert_output(const struct run *run, const char *wanted)
{
	CLEANUP(buf_cleanup) struct buf result = {0};

	assert_good(run_in_sandbox(run, &result, err));
	if (!span_contains(buf_span(&result), span_from(wanted)))
		fail_msg("\"%s\" does not have \"%s\"", result.p, wanted);
	assert_int_equal(folders_left(), 0);
}

static void
containers_run_and_end(void **state)
{
	(void)state;
	NEEDS_CONTAINERS();
	assert_output(
		&(struct run){.command = {"sh", "-c", "echo hello; exit 7"}, .wait_ms = 10000},
		"ended status=7 out=hello\n");
	assert_output(&(struct run){.command = {"sh", "-c", "kill -9 $$; sleep 1; exit 3"},
				    .wait_ms = 10000},
		      "ended status=3");
	assert_output(
		&(struct run){.command = {"sh", "-c", "echo x > /data/new"}, .wait_ms = 10000},
		"[/data/new]");
}

static void
containers_are_stopped(void **state)
{
	(void)state;
	NEEDS_CONTAINERS();
	assert_output(&(struct run){.command = {"sh", "-c",
						"trap 'exit 5' TERM; : >/data/ready; "
						"while :; do sleep 0.1; done"},
				    .wait_ms = 100,
				    .exec = true},
		      "exec=box\nstopped status=5");
}

static void
users_and_folders_are_as_the_image_says(void **state)
{
	(void)state;
	NEEDS_CONTAINERS();
	assert_output(&(struct run){.command = {"sh", "-c", "id; echo $HOME; pwd"},
				    .user = "web",
				    .cwd = "/deep/er",
				    .wait_ms = 10000},
		      "uid=33(web) gid=44 groups=44\n/srv\n/deep/er\n");
	/* ports below 1024 need no privilege */
	assert_output(
		&(struct run){.command = {"sh", "-c",
					  "nc -l -p 80 -e id & for i in 1 2 3 4 5 6 7 8 9; do "
					  "nc 127.0.0.1 80 </dev/null && break; sleep 0.1; done"},
			      .user = "33:44",
			      .wait_ms = 10000},
		"uid=33(web) gid=44 groups=44\n");
}

/* Otherwise its end waits until everything on the file system of $TMPDIR is written back. */
static void
nothing_is_synced(void **state)
{
	(void)state;
	NEEDS_CONTAINERS();
	assert_output(
		&(struct run){.command = {"sh", "-c",
					  "read -r dev at type how </proc/mounts; "
					  "case $how in *volatile*) echo $type ends at once; esac"},
			      .wait_ms = 10000},
		"out=overlay ends at once");
}

static void
programs_that_cannot_run_are_named(void **state)
{
	CLEANUP(buf_cleanup) struct buf result = {0};
	struct run absent = {.command = {"/no/such"}};
	struct run bare = {.command = {"nosuch"}};
	struct run nobody = {.command = {"sh"}, .user = "nobody"};

	(void)state;
	NEEDS_CONTAINERS();
	assert_fails(ERR_NOT_FOUND, run_in_sandbox(&absent, &result, err));
	buf_cleanup(&result);
	assert_fails(ERR_NOT_FOUND, run_in_sandbox(&bare, &result, err));
	buf_cleanup(&result);
	assert_fails(ERR_NOT_FOUND, run_in_sandbox(&nobody, &result, err));
	buf_cleanup(&result);
	assert_output(&(struct run){.command = {"/bin/alien"}, .wait_ms = 10000},
		      "xec format error");
	assert_int_equal(folders_left(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_run_and_end),
		cmocka_unit_test(containers_are_stopped),
		cmocka_unit_test(users_and_folders_are_as_the_image_says),
		cmocka_unit_test(nothing_is_synced),
		cmocka_unit_test(programs_that_cannot_run_are_named),
	};

	return cmocka_run_group_tests_name("runtime", tests, group_setup, group_folder_remove);
}
