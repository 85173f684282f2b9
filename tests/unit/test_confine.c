/* SPDX-License-Identifier: Apache-2.0 */
/* The child really tries what it may not do, and says how that went. */
#include "test.h"

#include "base/cleanup.h"
#include "base/confine/private.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG_ENOUGH_MS = 60000 };

static int
run(confine_function function, void *context, uint64_t *ret_answer, struct err *err)
{
	struct confine_options options = {.what = "the test"};
	struct buf result = BUF_INIT(1024);
	int r = confine_run(&options, function, context, LONG_ENOUGH_MS, &result, ret_answer, err);

	buf_cleanup(&result);
	return r;
}

/* ---- what it is good for ---- */

static int
answer(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	int r = fd_write_full(out, span_from(context), err);

	*ret_answer = 42;
	return r;
}

static void
test_bytes_and_answer_come_back(void **state)
{
	struct confine_options options = {.what = "the test"};
	struct buf result = BUF_INIT(1024);
	uint64_t number = 0;
	char text[] = "some bytes";

	(void)state;
	assert_good(confine_run(&options, answer, text, LONG_ENOUGH_MS, &result, &number, err));
	assert_span(buf_span(&result), "some bytes");
	assert_int_equal(number, 42);
	buf_cleanup(&result);
}

static int
fail_plainly(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	(void)context;
	(void)out;
	(void)ret_answer;
	return err_set(err, ERR_DIGEST, "line one\nline \033[31mtwo");
}

static void
test_error_comes_back_plain(void **state)
{
	struct err err = ERR_INIT;
	uint64_t number = 7;

	(void)state;
	assert_int_equal(run(fail_plainly, NULL, &number, &err), -ERR_DIGEST);
	assert_string_equal(err.text, "line one?line ?[31mtwo");
	assert_int_equal(number, 7);
}

static int
read_granted(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	const int *fds = context;
	char byte = 0;

	(void)out;
	if (pread(fds[0], &byte, 1, 0) != 1)
		return err_sys(err, ERR_IO, errno, "cannot read what was granted");
	if (write(fds[1], "x", 1) >= 0 || pread(fds[1], &byte, 1, 0) >= 0 || errno != EBADF)
		return err_set(err, ERR_INVALID, "wrote to what was not granted");
	if (write(fds[0], "x", 1) >= 0)
		return err_set(err, ERR_INVALID, "wrote to what was granted for reading");
	if (write(fds[2], "x", 1) >= 0 || errno != EPERM)
		return err_set(err, ERR_INVALID, "wrote to what is open for writing");
	if (mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fds[2], 0) != MAP_FAILED)
		return err_set(err, ERR_INVALID, "mapped what is open for writing");
	if (ftruncate(fds[2], 0) == 0 || pwrite(fds[2], "x", 1, 0) >= 0)
		return err_set(err, ERR_INVALID, "changed what is open for writing");
	if (write(STDOUT_FILENO, "", 0) >= 0)
		return err_set(err, ERR_INVALID, "has the standard output");
	*ret_answer = (unsigned char)byte;
	return 0;
}

static void
test_only_granted_descriptors(void **state)
{
	char path[] = "/tmp/mohs-confine-XXXXXX";
	int writable = mkostemp(path, O_CLOEXEC);
	int readable = open(path, O_RDONLY | O_CLOEXEC);
	int granted = open(path, O_RDWR | O_CLOEXEC);
	int fds[3] = {readable, writable, granted};
	const int kept[2] = {readable, granted};
	struct confine_options options = {.what = "the test", .fds = kept, .fd_count = 2};
	struct buf result = BUF_INIT(16);
	uint64_t byte = 0;
	struct stat st;

	(void)state;
	(void)unlink(path);
	assert_int_equal(write(writable, "G", 1), 1);
	assert_good(confine_run(&options, read_granted, fds, LONG_ENOUGH_MS, &result, &byte, err));
	assert_int_equal(byte, 'G');
	assert_int_equal(fstat(writable, &st), 0);
	assert_int_equal(st.st_size, 1);
	(void)close(writable);
	(void)close(readable);
	(void)close(granted);
	buf_cleanup(&result);
}

/* ---- what it may not do ---- */

static long
try_open(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static long
try_openat2(void)
{
	uint64_t how[3] = {O_RDONLY, 0, 0};

	return syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", how, sizeof(how));
}

static long
try_create(void)
{
	return open("/tmp/mohs-confine-must-not-be", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static long
try_stat(void)
{
	struct stat st;

	return fstatat(AT_FDCWD, "/etc/passwd", &st, 0);
}

static long
try_unlink(void)
{
	return unlink("/tmp/mohs-confine-must-not-be");
}

static long
try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long
try_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long
try_kill_parent(void)
{
	return kill(getppid(), 0);
}

static long
try_tgkill_other(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static long
try_fork(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long
try_clone3(void)
{
	uint64_t arguments[8] = {0};

	return syscall(SYS_clone3, arguments, sizeof(arguments));
}

static long
try_setuid(void)
{
	return syscall(SYS_setresuid, 0, 0, 0);
}

static long
try_executable_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static long
try_making_memory_executable(void)
{
	static char page[8192];
	uintptr_t at = ((uintptr_t)page + 4095) & ~(uintptr_t)4095;

	return mprotect((void *)at, 4096, PROT_READ | PROT_EXEC);
}

static long
try_prctl(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long
try_rlimit(void)
{
	struct rlimit limit = {1, 1};

	return setrlimit(RLIMIT_CORE, &limit);
}

static const struct {
	const char *name;
	long (*try)(void);
} refused[] = {
	{"open", try_open},
	{"openat2", try_openat2},
	{"create", try_create},
	{"stat", try_stat},
	{"unlink", try_unlink},
	{"socket", try_socket},
	{"unix socket", try_unix_socket},
	{"kill parent", try_kill_parent},
	{"tgkill of another", try_tgkill_other},
	{"fork", try_fork},
	{"clone3", try_clone3},
	{"setuid", try_setuid},
	{"executable memory", try_executable_memory},
	{"make memory executable", try_making_memory_executable},
	{"prctl", try_prctl},
	{"setrlimit", try_rlimit},
};

static int
try_refused(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	size_t index = *(const size_t *)context;

	(void)out;
	errno = 0;
	if (refused[index].try() >= 0)
		return err_set(err, ERR_INVALID, "could do it");
	*ret_answer = (uint64_t)errno;
	return 0;
}

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct err err = ERR_INIT;
		uint64_t error = 0;

		if (run(try_refused, &i, &error, &err) < 0)
			fail_msg("%s: %s", refused[i].name, err.text);
		if (error != EPERM && error != EACCES && error != ENOSYS)
			fail_msg("%s: errno %d", refused[i].name, (int)error);
	}
	assert_int_equal(access("/tmp/mohs-confine-must-not-be", F_OK), -1);
}

static int
try_exec(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	char *const argv[] = {(char *)(uintptr_t) "true", NULL};

	(void)context;
	(void)out;
	(void)ret_answer;
	(void)execv("/bin/true", argv);
	return err_sys(err, ERR_IO, errno, "lives on");
}

static int
try_ptrace(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	(void)context;
	(void)out;
	(void)ret_answer;
	(void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
	return err_sys(err, ERR_IO, errno, "lives on");
}

static void
test_exec_and_ptrace_end_it(void **state)
{
	static const confine_function functions[] = {try_exec, try_ptrace};

	(void)state;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(run(functions[i], NULL, NULL, &err), -ERR_CHILD);
		assert_non_null(strstr(err.text, "the test died: it tried what it may not"));
	}
}

/* The first of two walls, alone: the filter would hide a hole in it. */
static void
test_landlock_alone(void **state)
{
	int status = 0;

	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1)
		return; /* this kernel has none */
	pid_t pid = fork();
	if (pid == 0) {
		struct err err = ERR_INIT;
		bool good = confine_landlock(&err) == 0 && open("/", O_RDONLY) < 0 &&
			    errno == EACCES && open("/etc/passwd", O_RDONLY) < 0 &&
			    errno == EACCES && mkdir("/tmp/mohs-confine-must-not-be", 0700) < 0 &&
			    errno == EACCES;
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- what it is ---- */

/* Stays there to be looked at. */
static int
stay(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	(void)context;
	(void)out;
	(void)ret_answer;
	for (;;)
		(void)poll(NULL, 0, 1000);
	return err_set(err, ERR_INVALID, "unreachable");
}

static bool
status_line(const char *status, const char *name, char *value, size_t size)
{
	const char *line = strstr(status, name);

	if (!line)
		return false;
	line += strlen(name);
	line += strspn(line, " \t");
	size_t n = strcspn(line, "\n");
	if (n >= size)
		return false;
	memcpy(value, line, n);
	value[n] = '\0';
	return true;
}

static void
read_status(pid_t pid, char *text, size_t size)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, size - 1);
	(void)close(fd);
	assert_true(n > 0);
	text[n] = '\0';
}

static void
test_it_is_nobody(void **state)
{
	struct confine_options options = {.what = "the test"};
	struct confined confined = CONFINED_INIT;
	char status[8192] = "";
	char value[256] = "";

	(void)state;
	assert_good(confine_start(&options, stay, NULL, &confined, err));
	do { /* until it is confined */
		(void)poll(NULL, 0, 5);
		read_status(confined.proc.pid, status, sizeof(status));
		assert_true(status_line(status, "\nSeccomp:", value, sizeof(value)));
	} while (strcmp(value, "2") != 0);

	static const char *const empty[] = {"\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapAmb:"};
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		assert_true(status_line(status, empty[i], value, sizeof(value)));
		assert_string_equal(value, "0000000000000000");
	}
	assert_true(status_line(status, "\nNoNewPrivs:", value, sizeof(value)));
	assert_string_equal(value, "1");
	if (geteuid() == 0) {
		assert_true(status_line(status, "\nUid:", value, sizeof(value)));
		assert_string_equal(value, "65534\t65534\t65534\t65534");
		assert_true(status_line(status, "\nGid:", value, sizeof(value)));
		assert_string_equal(value, "65534\t65534\t65534\t65534");
		assert_true(status_line(status, "\nGroups:", value, sizeof(value)));
		assert_int_equal(strspn(value, " "), strlen(value));
		assert_true(status_line(status, "\nCapBnd:", value, sizeof(value)));
		assert_string_equal(value, "0000000000000000");
	}
	confine_cleanup(&confined);
}

/* ---- how it ends ---- */

static int
crash(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	(void)out;
	(void)ret_answer;
	(void)signal(*(const int *)context, SIG_DFL);
	(void)raise(*(const int *)context);
	return err_set(err, ERR_INVALID, "lives on");
}

static void
test_crash_is_told(void **state)
{
	static const struct {
		int number;
		const char *text;
	} cases[] = {{SIGABRT, "the test died: signal 6, SIGABRT"},
		     {SIGSEGV, "the test died: signal 11, SIGSEGV"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		int number = cases[i].number;

		assert_int_equal(run(crash, &number, NULL, &err), -ERR_CHILD);
		assert_string_equal(err.text, cases[i].text);
	}
}

static int
leave(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	(void)out;
	(void)ret_answer;
	(void)err;
	_exit(*(const int *)context);
}

static void
test_leaving_is_told(void **state)
{
	struct err err = ERR_INIT;
	int status = 0;

	(void)state;
	assert_int_equal(run(leave, &status, NULL, &err), -ERR_CHILD);
	assert_string_equal(err.text, "the test ended without an answer");
	status = 9;
	assert_int_equal(run(leave, &status, NULL, &err), -ERR_CHILD);
	assert_string_equal(err.text, "the test died: status 9");
}

static int
talk_on(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	(void)context;
	(void)ret_answer;
	for (;;) {
		int r = fd_write_full(out, SPAN("more and more and more"), err);
		if (r < 0)
			return r;
	}
}

static void
test_result_has_a_ceiling(void **state)
{
	(void)state;
	assert_fails(ERR_LIMIT, run(talk_on, NULL, NULL, err));
}

static int
loop(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	volatile uint64_t turns = 0;

	(void)context;
	(void)out;
	for (;;)
		turns++;
	*ret_answer = turns;
	return err_set(err, ERR_INVALID, "unreachable");
}

static void
test_loop_times_out(void **state)
{
	struct confine_options options = {.what = "the test"};
	struct buf result = BUF_INIT(16);

	(void)state;
	assert_fails(ERR_TIMEOUT, confine_run(&options, loop, NULL, 50, &result, NULL, err));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
test_loop_is_cancelled(void **state)
{
	(void)state;
	proc_cancel = 1;
	struct err err = ERR_INIT;
	int r = run(loop, NULL, NULL, &err);
	proc_cancel = 0;
	assert_int_equal(r, -ERR_CANCELLED);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static int
take_memory(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	size_t n = *(const size_t *)context;
	volatile char *p = malloc(n);

	(void)out;
	if (!p)
		return err_memory(err);
	for (size_t i = 0; i < n; i += 4096)
		p[i] = 1;
	*ret_answer = 1;
	free((void *)(uintptr_t)p);
	return 0;
}

static void
test_memory_has_a_ceiling(void **state)
{
	struct confine_options options = {.what = "the test", .memory = 16 << 20};
	struct buf result = BUF_INIT(16);
	size_t little = 8 << 20;
	size_t much = 64 << 20;

	(void)state;
	if (CONFINE_SANITIZED)
		return; /* its allocator needs room of its own */
	assert_good(
		confine_run(&options, take_memory, &little, LONG_ENOUGH_MS, &result, NULL, err));
	assert_fails(ERR_MEMORY,
		     confine_run(&options, take_memory, &much, LONG_ENOUGH_MS, &result, NULL, err));
	buf_cleanup(&result);
}

static int
all_again(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_and_answer_come_back),
		cmocka_unit_test(test_error_comes_back_plain),
		cmocka_unit_test(test_only_granted_descriptors),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_exec_and_ptrace_end_it),
		cmocka_unit_test(test_landlock_alone),
		cmocka_unit_test(test_it_is_nobody),
		cmocka_unit_test(test_crash_is_told),
		cmocka_unit_test(test_leaving_is_told),
		cmocka_unit_test(test_result_has_a_ceiling),
		cmocka_unit_test(test_loop_times_out),
		cmocka_unit_test(test_loop_is_cancelled),
		cmocka_unit_test(test_memory_has_a_ceiling),
	};

	return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}

/* As an ordinary user all of it holds as well; "ordinary" makes the program become one first. */
int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "ordinary") == 0 && geteuid() == 0 &&
	    (setgroups(0, NULL) < 0 || setgid(12345) < 0 || setuid(12345) < 0))
		return EXIT_FAILURE;
	return all_again();
}
