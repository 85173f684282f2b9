/* SPDX-License-Identifier: Apache-2.0 */
/* What programs that run on the view leave in its records; strace is the judge where it is there.
 */
#include "view.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A program that leaves with status 42, without interpreter or libraries. */
static const unsigned char tiny_elf[] = {
	0x7f,
	'E',
	'L',
	'F',
	2,
	1,
	1,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	2,
	0,
#if defined(__aarch64__)
	183,
	0,
#else
	62,
	0,
#endif
	1,
	0,
	0,
	0,
	0x78,
	0,
	0x40,
	0,
	0,
	0,
	0,
	0,
	64,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	64,
	0,
	56,
	0,
	1,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	/* one segment: the whole file at 0x400000, readable and executable */
	1,
	0,
	0,
	0,
	5,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0x40,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0x40,
	0,
	0,
	0,
	0,
	0,
	0x84,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0x84,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0x10,
	0,
	0,
	0,
	0,
	0,
	0,
#if defined(__aarch64__)
	0x40,
	0x05,
	0x80,
	0xd2,
	0xa8,
	0x0b,
	0x80,
	0xd2,
	0x01,
	0,
	0,
	0xd4,
#else
	0xbf,
	42,
	0,
	0,
	0,
	0xb8,
	60,
	0,
	0,
	0,
	0x0f,
	0x05,
#endif
};

static const struct fixture_entry programs[] = {
	{.path = "/bin", .type = IMAGE_SYMLINK, .link = "usr/bin"},
	{.path = "/usr/bin/tiny",
	 .content = (const char *)tiny_elf,
	 .size = sizeof(tiny_elf),
	 .mode = 0755},
	{.path = "/usr/bin/run", .type = IMAGE_SYMLINK, .link = "script"},
	{.path = "/usr/bin/script", .content = "#!/bin/tiny\n", .mode = 0755},
	{.path = "/usr/bin/data", .content = "no program"},
	{.path = "/dev/null",
	 .type = IMAGE_CHARACTER,
	 .mode = 0666,
	 .device_major = 1,
	 .device_minor = 3},
	{.path = "/run/app", .type = IMAGE_DIRECTORY},
};

/* Status of argv[0], run with `root` as its root directory. */
static int
run_in(const char *root, char *const argv[])
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (chroot(root) == 0 && chdir("/") == 0)
			(void)execv(argv[0], argv);
		_exit(127);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_static_program_leaves_itself(void **state)
{
	char *argv[] = {(char[]){"/bin/tiny"}, NULL};
	struct view view;

	(void)state;
	view_start(&view, programs, COUNT(programs));
	assert_int_equal(run_in(view_path("view", ""), argv), 42);
	view_collect(&view);
	assert_paths(&view, "/ /bin /usr /usr/bin /usr/bin/tiny");
	assert_used(&view, "/bin", USE_LOOKUP | USE_READLINK);
	assert_true(view_find_path(&view, "/usr/bin/tiny")->use & USE_READ);
	view_end(&view);
}

/* Also again in a second phase, through an overlay. */
static void
a_script_leaves_its_interpreter(void **state)
{
	char *argv[] = {(char[]){"/usr/bin/run"}, NULL};
	struct view view;

	(void)state;
	view_start(&view, programs, COUNT(programs));
	view_mount_overlay();
	assert_good(lens_overlay(view.lens, view_path("merged", ""), err));
	for (uint32_t phase = 0; phase < 2; phase++) {
		assert_good(phase ? lens_phase(view.lens, phase, err) : lens_reset(view.lens, err));
		assert_int_equal(run_in(view_path("merged", ""), argv), 42);
	}
	view_collect(&view);
	assert_phases(&view, "/bin", "01");
	assert_phases(&view, "/usr/bin/run", "01");
	assert_phases(&view, "/usr/bin/script", "01");
	assert_phases(&view, "/usr/bin/tiny", "01");
	assert_null(view_find_path(&view, "/usr/bin/data"));
	assert_true(view_find_path(&view, "/usr/bin/script")->use & USE_READ);
	view_end_overlay();
	view_end(&view);
}

static void
a_socket_path_is_a_lookup(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct view view;

	(void)state;
	view_start(&view, programs, COUNT(programs));
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		       view_path("view", "/run/app/socket"));
	CLEANUP(fd_cleanup) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), -1);
	assert_int_equal(errno, ENOENT);
	view_collect(&view);
	assert_paths(&view, "/ /run /run/app");
	assert_non_null(view_find_missing(&view, "/run/app/socket", 0));
	view_end(&view);
}

static void
devices_and_setuid_work(void **state)
{
	struct statvfs st;
	struct view view;

	(void)state;
	view_start(&view, programs, COUNT(programs));
	CLEANUP(fd_cleanup) int fd = open(view_path("view", "/dev/null"), O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(statvfs(view_path("view", ""), &st), 0);
	assert_int_equal(st.f_flag & (ST_NOSUID | ST_NODEV), 0);
	assert_true(st.f_flag & ST_RDONLY);
	view_end(&view);
}

static void
what_hardening_took_is_told_apart(void **state)
{
	static const struct fixture_entry original[] = {
		{.path = "/usr/bin/tiny", .content = "x"},
		{.path = "/usr/bin/gone", .content = "x"},
	};
	struct view view;
	struct stat st;

	(void)state;
	view_start_against(&view, programs, COUNT(programs), original, COUNT(original));
	assert_int_equal(stat(view_path("view", "/usr/bin/gone"), &st), -1);
	assert_int_equal(stat(view_path("view", "/usr/bin/never"), &st), -1);
	view_collect(&view);
	assert_int_equal(view.profile->missing_count, 2);
	assert_true(view_find_missing(&view, "/usr/bin/gone", 0)->removed);
	assert_false(view_find_missing(&view, "/usr/bin/never", 0)->removed);
	view_end(&view);
}

/* The C library and the loader this program runs with. */
struct host {
	struct arena *arena;
	struct fixture_entry entries[8];
	size_t count;
};

static void
take_from_host(struct host *host, const char *from, const char *to)
{
	struct span content;

	assert_good(file_load(from, 64 * MIB, host->arena, &content, err));
	host->entries[host->count++] = (struct fixture_entry){
		.path = to, .content = content.p, .size = content.n, .mode = 0755};
}

static int
take_library(struct dl_phdr_info *info, size_t size, void *context)
{
	struct host *host = context;
	struct span name = span_from(info->dlpi_name);

	(void)size;
	if (host->count < 4 &&
	    (span_contains(name, SPAN("/libc.so.")) || span_contains(name, SPAN("/ld-linux"))))
		take_from_host(host, info->dlpi_name, info->dlpi_name);
	return 0;
}

static const char judged_script[] = "cd /etc; read -r line < /etc/hop; [ -e /etc/nothing/deep ]; "
				    "[ -x /usr/bin/tiny ]; echo /usr/*; exec 3< /etc/passwd";

static void
make_host(struct host *host)
{
	static const struct fixture_entry more[] = {
		{.path = "/etc/passwd", .content = "root:x:0:0\n"},
		{.path = "/etc/hop", .type = IMAGE_SYMLINK, .link = "skip"},
		{.path = "/etc/skip", .type = IMAGE_SYMLINK, .link = "passwd"},
		{.path = "/usr/bin/tiny", .content = "x", .mode = 0755},
	};

	*host = (struct host){.arena = arena_new(0)};
	assert_non_null(host->arena);
	(void)dl_iterate_phdr(take_library, host);
	take_from_host(host, "/bin/dash", "/usr/bin/dash");
	for (size_t i = 0; i < COUNT(more) && host->count < COUNT(host->entries); i++)
		host->entries[host->count++] = more[i];
}

static void
must_be_used(void *context, uint32_t entry)
{
	const struct view *view = context;
	struct span path = view->fixture.image->entries[entry].path;

	if (!view_find_path(view, path.p))
		fail_msg("strace saw %.*s, the view did not", SPAN_ARG(path));
}

static bool
is_missing(const struct view *view, struct span path)
{
	for (size_t i = 0; i < view->profile->missing_count; i++)
		if (span_starts_with(path, view->profile->missing[i].path))
			return true;
	return false;
}

/* One line of strace: `PID call("/path", ...) = result`. True when it names a path. */
static bool
judge(struct view *view, struct span line)
{
	size_t start = span_find(line, '"');
	struct span rest = start < line.n ? span_slice(line, start + 1, line.n) : (struct span){0};
	struct span path = span_cut(&rest, '"');

	if (path.n == 0 || path.p[0] != '/')
		return false;
	if (span_contains(rest, SPAN("= -1 ENOENT"))) {
		if (!is_missing(view, path))
			fail_msg("strace saw that %.*s is missing, the view did not",
				 SPAN_ARG(path));
		return true;
	}
	(void)image_resolve(view->fixture.image, path, true, must_be_used, view);
	return true;
}

static void
strace_sees_no_more(void **state)
{
	struct host host;
	struct view view;
	struct err err = ERR_INIT;

	(void)state;
	view_need();
	if (access("/usr/bin/strace", X_OK) != 0 || access("/bin/dash", X_OK) != 0) {
		print_message("# skipped: strace and dash are needed\n");
		skip();
	}
	make_host(&host);
	view_start(&view, host.entries, host.count);
	const char *const argv[] = {"strace",
				    "-f",
				    "-qq",
				    "-e",
				    "trace=file",
				    "chroot",
				    view_path("view", ""),
				    "/usr/bin/dash",
				    "-c",
				    judged_script,
				    NULL};
	struct proc_options options = {.argv = argv, .input = -1, .output = -1, .error = -1};
	CLEANUP(buf_cleanup) struct buf output = BUF_INIT(MIB);
	(void)proc_run(&options, 30000, &output, &err);
	view_collect(&view);

	struct span rest = buf_span(&output);
	bool inside = false;
	size_t judged = 0;
	while (rest.p) {
		struct span line = span_cut(&rest, '\n');

		if (inside)
			judged += judge(&view, line);
		inside |= span_contains(line, SPAN("chroot(")) &&
			  span_ends_with(span_trim(line), SPAN("= 0"));
	}
	if (judged < 8)
		fail_msg("strace told of %zu paths only: %s", judged, err.text);
	assert_used(&view, "/etc/hop", USE_LOOKUP | USE_READLINK);
	assert_used(&view, "/etc/passwd", USE_LOOKUP | USE_READ);
	assert_used(&view, "/usr", USE_LOOKUP | USE_LIST);
	assert_true(is_missing(&view, SPAN("/etc/nothing")));
	view_end(&view);
	arena_free(host.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_static_program_leaves_itself),
		cmocka_unit_test(a_script_leaves_its_interpreter),
		cmocka_unit_test(a_socket_path_is_a_lookup),
		cmocka_unit_test(devices_and_setuid_work),
		cmocka_unit_test(what_hardening_took_is_told_apart),
		cmocka_unit_test(strace_sees_no_more),
	};

	view_prepare();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	view_put_away();
	return failed;
}
