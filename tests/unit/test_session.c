/* SPDX-License-Identifier: Apache-2.0 */
/* Whole sessions over images in memory: needs root, /dev/fuse, a runtime and a static busybox. */
#include "group_folder.h"
#include "test.h"

#include "fixture.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "port/runtime.h"
#include "stage/profile.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fixture box;

static const char *
lacks(void)
{
	struct runtime runtime;
	struct err err = ERR_INIT;

	if (geteuid() != 0)
		return "root";
	if (access("/dev/fuse", R_OK | W_OK) < 0)
		return "/dev/fuse";
	if (access("/bin/busybox", X_OK) < 0)
		return "/bin/busybox (package busybox-static)";
	return runtime_find(arena, &runtime, &err) < 0 ? "runc or crun" : NULL;
}

#define NEEDS_CONTAINERS()                                                                         \
	do {                                                                                       \
		if (!box.image) {                                                                  \
			print_message("skipped: this machine lacks %s\n", lacks());                \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

/* Serves /www on port 8080 until it is told to stop; the trap reads one more file on the way out.
 */
static const char server[] = "#!/bin/sh\n"
			     "cat /etc/motd\n"
			     "trap 'cat /etc/farewell; exit 4' TERM\n"
			     "httpd -f -p 8080 -h /www & \n"
			     "wait\n";

static void
make_box(void)
{
	struct span busybox;

	assert_good(file_load("/bin/busybox", 64 * MIB, arena, &busybox, err));
	const struct fixture_entry entries[] = {
		{.path = "/bin/busybox", .content = busybox.p, .size = busybox.n, .mode = 0755},
		{.path = "/bin/sh", .type = IMAGE_SYMLINK, .link = "busybox"},
		{.path = "/bin/cat", .type = IMAGE_SYMLINK, .link = "busybox"},
		{.path = "/bin/sleep", .type = IMAGE_SYMLINK, .link = "busybox"},
		{.path = "/bin/httpd", .type = IMAGE_SYMLINK, .link = "busybox"},
		{.path = "/bin/id", .type = IMAGE_SYMLINK, .link = "busybox"},
		{.path = "/bin/server", .content = server, .mode = 0755},
		{.path = "/etc/passwd",
		 .content = "root:x:0:0::/root:/bin/sh\nweb:x:33:44::/srv:\n"},
		{.path = "/etc/group", .content = "web:x:44:\nextra:x:55:web\n"},
		{.path = "/etc/motd", .content = "good morning\n"},
		{.path = "/etc/farewell", .content = "good night\n"},
		{.path = "/etc/unused", .content = "never read\n"},
		{.path = "/www/index.html", .content = "<a href=\"/more.html\">more</a>"},
		{.path = "/www/more.html", .content = "<img src='picture.txt'>"},
		{.path = "/www/picture.txt", .content = "o"},
		{.path = "/www/island.html", .content = "nobody links here"},
		{.path = "/tmp", .type = IMAGE_DIRECTORY, .mode = 01777},
	};

	assert_good(fixture_make(entries, sizeof(entries) / sizeof(entries[0]), &box, err));
}

static int
group_setup(void **state)
{
	assert_int_equal(group_folder(state), 0);
	if (!lacks())
		make_box();
	return 0;
}

static int
group_teardown(void **state)
{
	fixture_free(&box);
	return group_folder_remove(state);
}

static struct span_list
list_of(const char *const *items)
{
	struct span_list list = {arena_array(arena, 16, sizeof(struct span)), 0};

	for (; items[list.count]; list.count++)
		list.items[list.count] = span_from(items[list.count]);
	return list;
}

/* A service over the box and what its session found. */
struct trial {
	const char *command[8];
	const char *user;
	uint16_t port;
	const char *ready_http;
	uint64_t ready_ms;
	bool job;
	const char *load[8];
	uint32_t repeat;
	const char *test[8];
	bool prober;
	struct profile *profile;
	struct suite *suite;
	struct service service;
	struct service_command load_command;
	struct service_command test_command;
	struct image_port exposed;
	struct profile_options options;
};

static void
prepare(struct trial *trial)
{
	trial->exposed = (struct image_port){.number = trial->port};
	box.image->config = (struct image_config){
		.command = list_of(trial->command),
		.user = span_from(trial->user ? trial->user : ""),
		.ports = &trial->exposed,
		.port_count = trial->port ? 1 : 0,
		.environment = list_of((const char *const[]){"PATH=/bin", NULL}),
	};
	trial->load_command = (struct service_command){
		.name = SPAN("press"), .run = list_of(trial->load), .repeat = trial->repeat};
	trial->test_command =
		(struct service_command){.name = SPAN("check"), .run = list_of(trial->test)};
	trial->service = (struct service){
		.name = SPAN("box"),
		.ready = {.http = span_from(trial->ready_http ? trial->ready_http : ""),
			  .ended = trial->job,
			  .timeout_ms = trial->ready_ms},
		.loads = &trial->load_command,
		.load_count = trial->load[0] ? 1 : 0,
		.tests = &trial->test_command,
		.test_count = trial->test[0] ? 1 : 0,
		/* a shell or sleep as pid 1 does not hear the stop signal */
		.stop_grace_ms = strcmp(trial->command[0], "/bin/server") == 0 ? 10000 : 200,
	};
	trial->options = (struct profile_options){
		.service = &trial->service,
		.image = box.image,
		.contents = box.contents,
		.loads = trial->load[0] || trial->prober,
		.tests = trial->test[0],
		.record = true,
	};
}

static int
run_trial(struct trial *trial, struct err *err)
{
	prepare(trial);
	return profile_run(&trial->options, &trial->profile, &trial->suite, err);
}

static void
trial_free(struct trial *trial)
{
	profile_free(trial->profile);
	suite_free(trial->suite);
}

static const struct profile_path *
used(const struct profile *profile, const char *path)
{
	for (size_t i = 0; i < profile->path_count; i++) {
		if (span_equal(profile->paths[i].path, span_from(path)))
			return &profile->paths[i];
	}
	return NULL;
}

static bool
has_gap(const struct profile *profile, const char *text)
{
	for (size_t i = 0; i < profile->gaps.count; i++) {
		if (span_contains(profile->gaps.items[i].text, span_from(text)))
			return true;
	}
	return false;
}

static void
explain(const struct profile *profile)
{
	for (size_t i = 0; i < profile->gaps.count; i++)
		print_message("gap: %.*s: %.*s\n", SPAN_ARG(profile->gaps.items[i].subject),
			      SPAN_ARG(profile->gaps.items[i].text));
	for (size_t i = 0; i < profile->phase_count; i++)
		print_message("phase: %.*s %d %d\n", SPAN_ARG(profile->phases[i].name),
			      profile->phases[i].status, profile->phases[i].passed);
}

static void
phases_see_what_they_use(void **state)
{
	struct trial trial = {
		.command = {"/bin/server"},
		.port = 8080,
		.load = {"sh", "-c",
			 "test \"$MOHS_PORT $MOHS_HOST $MOHS_PHASE\" = '8080 127.0.0.1 press' && "
			 "busybox wget -q -O - http://127.0.0.1:${MOHS_PORT}/island.html"},
	};

	(void)state;
	NEEDS_CONTAINERS();
	assert_good(run_trial(&trial, err));
	const struct profile *profile = trial.profile;
	if (!profile->complete)
		explain(profile);
	assert_true(profile->complete);
	assert_false(profile->narrow);
	assert_int_equal(profile->phase_count, 3);
	assert_span(profile->phases[0].name, "startup");
	assert_span(profile->phases[1].name, "press");
	assert_span(profile->phases[2].name, "shutdown");
	assert_int_equal(profile->phases[2].status, 4);
	assert_non_null(used(profile, "/etc/motd"));
	assert_int_equal(used(profile, "/etc/motd")->first_phase, 0);
	assert_true(used(profile, "/etc/motd")->use & USE_READ);
	assert_non_null(used(profile, "/www/island.html"));
	assert_int_equal(used(profile, "/www/island.html")->first_phase, 1);
	assert_non_null(used(profile, "/etc/farewell"));
	assert_int_equal(used(profile, "/etc/farewell")->first_phase, 2);
	assert_null(used(profile, "/etc/unused"));
	/* the runtime read it before the first instruction, the container did not */
	assert_null(used(profile, "/etc/group"));
	assert_true(profile->process_count > 0);
	assert_true(trial.suite->started);
	assert_true(digest_equal(&profile->image, &box.image->manifest_digest));
	assert_int_equal(folders_left(), 0);
	trial_free(&trial);
}

/* What only one repetition uses is seen to be of that one; what all use is seen in all. */
static void
repetitions_are_told_apart(void **state)
{
	const char *once = arena_printf(arena, "%s/once", work.p).p;
	struct trial trial = {
		.command = {"/bin/server"},
		.port = 8080,
		.load = {"sh", "-c",
			 "get() { busybox wget -q -O - http://127.0.0.1:8080/$1 >/dev/null; }; "
			 "get index.html && if [ -e $0.2 ]; then true; elif [ -e $0.1 ]; then "
			 "touch $0.2; get island.html; else touch $0.1; fi",
			 once},
		.repeat = 3,
	};

	(void)state;
	NEEDS_CONTAINERS();
	assert_good(run_trial(&trial, err));
	const struct profile *profile = trial.profile;
	if (!profile->complete)
		explain(profile);
	assert_true(profile->complete);
	assert_int_equal(profile->phase_count, 5);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(profile->phases[i].kind, PHASE_LOAD);
		assert_span(profile->phases[i].name, "press");
		assert_int_equal(profile->phases[i].repetition, i);
	}
	const struct profile_path *island = used(profile, "/www/island.html");
	const struct profile_path *index = used(profile, "/www/index.html");
	assert_non_null(island);
	assert_int_equal(island->phase_count, 1);
	assert_int_equal(island->phases[0], 2);
	assert_non_null(index);
	assert_int_equal(index->phase_count, 3);
	trial_free(&trial);
}

static void
prober_follows_links(void **state)
{
	struct trial trial = {.command = {"/bin/server"}, .port = 8080, .prober = true};

	(void)state;
	NEEDS_CONTAINERS();
	assert_good(run_trial(&trial, err));
	if (!trial.profile->complete)
		explain(trial.profile);
	assert_true(trial.profile->complete);
	assert_true(trial.profile->narrow);
	assert_non_null(used(trial.profile, "/www/picture.txt"));
	assert_null(used(trial.profile, "/www/island.html"));
	trial_free(&trial);
}

static void
users_have_their_groups(void **state)
{
	struct trial trial = {
		.command =
			{"sh", "-c",
			 "test \"$(id)\" = 'uid=33(web) gid=44(web) groups=44(web),55(extra)' && "
			 "test $HOME = /srv && echo new > /tmp/new && sleep 60"},
		.user = "web",
	};

	(void)state;
	NEEDS_CONTAINERS();
	assert_good(run_trial(&trial, err));
	if (!trial.profile->complete)
		explain(trial.profile);
	assert_true(trial.profile->complete);
	assert_int_equal(trial.profile->written.count, 1);
	assert_span(trial.profile->written.items[0], "/tmp/new");
	trial_free(&trial);
}

/* Ready when it has ended well; what it left is tested then, and no prober asks a program that is
 * gone. */
static void
a_job_is_tested_when_it_is_done(void **state)
{
	struct trial good = {.command = {"sh", "-c", "sleep 0.5; echo done > /tmp/out"},
			     .job = true,
			     .prober = true,
			     .test = {"sh", "-c", "! test -e /proc/$MOHS_PID/exe"}};
	struct trial bad = {.command = {"sh", "-c", "echo it broke; exit 4"},
			    .job = true,
			    .prober = true,
			    .test = {"true"}};
	struct trial late = {
		.command = {"sleep", "60"}, .job = true, .ready_ms = 300, .test = {"true"}};

	(void)state;
	NEEDS_CONTAINERS();
	assert_good(run_trial(&good, err));
	if (!good.profile->complete)
		explain(good.profile);
	assert_true(good.profile->complete);
	assert_false(good.profile->narrow);
	assert_int_equal(good.suite->passed, 1);
	assert_non_null(used(good.profile, "/bin/sh"));
	trial_free(&good);
	assert_good(run_trial(&bad, err));
	assert_false(bad.profile->complete);
	assert_true(has_gap(bad.profile, "ended with status 4 before it was ready: it broke"));
	assert_int_equal(bad.suite->passed, 0);
	trial_free(&bad);
	assert_good(run_trial(&late, err));
	assert_true(has_gap(late.profile, "the job has not ended"));
	trial_free(&late);
	assert_int_equal(folders_left(), 0);
}

static void
failures_are_results(void **state)
{
	static const struct {
		struct trial trial;
		const char *gap;
		bool started;
	} cases[] = {
		{{.command = {"/bin/none"}}, "no such program in the image", false},
		{{.command = {"sh", "-c", "echo it broke; exit 9"}, .port = 8080},
		 "ended with status 9 before it was ready: it broke",
		 false},
		{{.command = {"sleep", "60"}, .port = 8080, .ready_ms = 300},
		 "no exposed TCP port takes connections",
		 false},
		{{.command = {"sleep", "60"},
		  .ready_http = "http://127.0.0.1:8080/",
		  .ready_ms = 300},
		 "does not answer",
		 false},
		{{.command = {"sh"}, .user = "nobody"}, "no user \"nobody\"", false},
		{{.command = {"/bin/server"},
		  .port = 8080,
		  .load = {"sh", "-c", "echo no luck; exit 6"}},
		 "the load did not pass: status 6: no luck",
		 true},
		{{.command = {"/bin/server"}, .port = 8080, .load = {"/no/such/load"}},
		 "the load did not pass: status 127",
		 true},
	};

	(void)state;
	NEEDS_CONTAINERS();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial trial = cases[i].trial;

		assert_good(run_trial(&trial, err));
		assert_false(trial.profile->complete);
		if (!has_gap(trial.profile, cases[i].gap)) {
			explain(trial.profile);
			fail_msg("case %zu: no gap \"%s\"", i, cases[i].gap);
		}
		assert_int_equal(trial.suite->started, cases[i].started);
		assert_int_equal(trial.suite->start_error.n == 0, cases[i].started);
		trial_free(&trial);
	}
	assert_int_equal(folders_left(), 0);
}

static void
tests_are_counted(void **state)
{
	static const char junit[] =
		"printf '<testsuite><testcase name=\"a\"/><testcase name=\"b\"><failure "
		"message=\"no\"/></testcase><testcase "
		"name=\"c\"><skipped/></testcase></testsuite>' "
		"> \"$MOHS_JUNIT\"; exit 1";
	struct trial by_junit = {
		.command = {"/bin/server"}, .port = 8080, .test = {"sh", "-c", junit}};
	struct trial by_status = {.command = {"/bin/server"}, .port = 8080, .test = {"true"}};
	struct trial by_file = {.command = {"/bin/server"},
				.port = 8080,
				.test = {"sh", "-c", "echo '<broken' > ${MOHS_JUNIT}"}};

	(void)state;
	NEEDS_CONTAINERS();
	assert_good(run_trial(&by_junit, err));
	assert_int_equal(by_junit.suite->count, 3);
	assert_int_equal(by_junit.suite->passed, 1);
	assert_int_equal(by_junit.suite->failed, 1);
	assert_int_equal(by_junit.suite->skipped, 1);
	assert_span(by_junit.suite->cases[1].message, "no");
	assert_false(by_junit.profile->complete);
	assert_null(by_junit.suite->run);
	trial_free(&by_junit);

	assert_good(run_trial(&by_status, err));
	assert_int_equal(by_status.suite->passed, 1);
	assert_int_equal(by_status.suite->failed, 0);
	assert_true(by_status.profile->complete);
	trial_free(&by_status);

	assert_good(run_trial(&by_file, err));
	assert_false(by_file.profile->complete);
	assert_true(has_gap(by_file.profile, "cannot be used"));
	trial_free(&by_file);
}

/* The same service on the unpacked image: it works, and nothing is recorded. */
static void
there_may_be_no_view(void **state)
{
	struct trial trial = {
		.command = {"/bin/server"},
		.port = 8080,
		.test = {"sh", "-c",
			 "! grep fuse.lens /proc/self/mountinfo && "
			 "busybox wget -q -O - http://127.0.0.1:${MOHS_PORT}/island.html"}};

	(void)state;
	NEEDS_CONTAINERS();
	prepare(&trial);
	trial.options.record = false;
	assert_good(profile_run(&trial.options, &trial.profile, &trial.suite, err));
	if (!trial.profile->complete)
		explain(trial.profile);
	assert_true(trial.profile->complete);
	assert_int_equal(trial.suite->passed, 1);
	assert_span(trial.profile->recorder, "none");
	assert_int_equal(trial.profile->path_count, 0);
	assert_int_equal(trial.profile->missing_count, 0);
	assert_true(trial.profile->process_count > 0);
	assert_true(digest_equal(&trial.profile->image, &box.image->manifest_digest));
	assert_int_equal(folders_left(), 0);
	trial_free(&trial);
}

/* Under limits a failed trial is killed: how it would stop tells nothing. */
static void
failed_trials_are_not_stopped(void **state)
{
	static const char *const tests[] = {"exit 0", "exit 1"};
	const struct runtime_limits limits = {.no_new_privileges = true};

	(void)state;
	NEEDS_CONTAINERS();
	for (size_t i = 0; i < 2; i++) {
		struct trial trial = {
			.command = {"/bin/server"}, .port = 8080, .test = {"sh", "-c", tests[i]}};

		prepare(&trial);
		trial.options.record = false;
		trial.options.limits = &limits;
		assert_good(profile_run(&trial.options, &trial.profile, &trial.suite, err));
		const struct profile *profile = trial.profile;
		bool stopped = profile->phases[profile->phase_count - 1].kind == PHASE_SHUTDOWN;
		assert_int_equal(trial.suite->failed, i);
		assert_int_equal(stopped, i == 0);
		assert_int_equal(folders_left(), 0);
		trial_free(&trial);
	}
}

/* What hardening took away is told apart from what never was. */
static void
removed_paths_are_named(void **state)
{
	static const struct fixture_entry extra[] = {
		{.path = "/etc/taken", .content = "x"},
	};
	struct fixture original;
	struct trial trial = {.command = {"sh", "-c", "cat /etc/taken /etc/never; sleep 60"}};
	unsigned found = 0;

	(void)state;
	NEEDS_CONTAINERS();
	assert_good(fixture_make(extra, 1, &original, err));
	prepare(&trial);
	trial.options.original = original.image;
	assert_good(profile_run(&trial.options, NULL, &trial.suite, err));
	for (size_t i = 0; i < trial.suite->run->missing_count; i++) {
		const struct profile_missing *missing = &trial.suite->run->missing[i];

		if (span_equal(missing->path, SPAN("/etc/taken")))
			found += missing->removed ? 1 : 100;
		if (span_equal(missing->path, SPAN("/etc/never")))
			found += missing->removed ? 100 : 1;
	}
	assert_int_equal(found, 2);
	trial_free(&trial);
	fixture_free(&original);
}

static void
sidecars_share_the_network(void **state)
{
	struct service_sidecar sidecar = {.name = SPAN("store"),
					  .ready_tcp = SPAN("127.0.0.1:9090")};
	struct profile_sidecar source;
	struct trial trial = {
		.command = {"sh", "-c",
			    "busybox wget -q -O /tmp/got http://store:9090/more.html; sleep 60"},
	};

	(void)state;
	NEEDS_CONTAINERS();
	prepare(&trial);
	sidecar.command =
		list_of((const char *const[]){"httpd", "-f", "-p", "9090", "-h", "/www", NULL});
	source = (struct profile_sidecar){box.image, box.contents};
	trial.service.sidecars = &sidecar;
	trial.service.sidecar_count = 1;
	trial.options.sidecars = &source;
	assert_good(profile_run(&trial.options, &trial.profile, &trial.suite, err));
	if (!trial.profile->complete)
		explain(trial.profile);
	assert_true(trial.profile->complete);
	assert_int_equal(trial.profile->written.count, 1);
	assert_span(trial.profile->written.items[0], "/tmp/got");
	/* what the sidecar uses is not the container's */
	assert_null(used(trial.profile, "/www/more.html"));
	trial_free(&trial);
}

/* ---- killed sessions ---- */

/* Any process at all whose command line has the word. */
static bool
process_left(const char *word)
{
	DIR *directory = opendir("/proc");
	bool found = false;

	assert_non_null(directory);
	for (const struct dirent *item; !found && (item = readdir(directory)) != NULL;) {
		char text[4096];
		char path[300];

		(void)snprintf(path, sizeof(path), "/proc/%s/cmdline", item->d_name);
		CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
		found = n > 0 && span_contains((struct span){text, (size_t)n}, span_from(word));
	}
	(void)closedir(directory);
	return found;
}

static bool
cgroups_left(void)
{
	struct proc_options find = {
		.argv = (const char *[]){"sh", "-c",
					 "find /sys/fs/cgroup -type d -name "
					 "\"$(cat \"$1\")\" | grep -q .",
					 "sh", arena_printf(arena, "%s/name", work.p).p, NULL},
		.input = -1};

	return proc_run(&find, 30000, NULL, &(struct err)ERR_INIT) == 0;
}

/* Waits until the log has the text. */
static void
wait_for(const char *log, const char *text)
{
	const char *path = arena_printf(arena, "%s/logs/%s", work.p, log).p;
	uint64_t end = clock_ms() + 30000;

	for (;;) {
		struct arena *scratch = arena_new(0);
		struct span content = SPAN("");
		struct err ignored = ERR_INIT;

		(void)file_load(path, MIB, scratch, &content, &ignored);
		bool found = span_contains(content, span_from(text));
		arena_free(scratch);
		if (found)
			return;
		if (clock_ms() > end)
			fail_msg("%s never says \"%s\"", log, text);
		(void)poll(NULL, 0, 20);
	}
}

static void
wait_clean(void)
{
	uint64_t end = clock_ms() + 20000;

	while (folders_left() > 0 || process_left("mohs-kill-marker")) {
		if (clock_ms() > end)
			fail_msg("left: %u folders, process: %d", folders_left(),
				 process_left("mohs-kill-marker"));
		(void)poll(NULL, 0, 20);
	}
	assert_false(cgroups_left());
}

static void
on_signal(int number)
{
	(void)number;
	proc_cancel = 1;
}

/* A session is interrupted once `log` has `text`. */
struct interruption {
	struct trial trial;
	const char *log;
	const char *text;
};

/* A driver process runs the trial and is sent `number`. Its exit status. */
static int
interrupt_driver(const struct interruption *interruption, int number)
{
	struct trial trial = interruption->trial;
	const char *logs = arena_printf(arena, "%s/logs", work.p).p;
	int status = 0;

	assert_good(tree_remove(logs, err));
	pid_t driver = fork();
	if (driver == 0) {
		struct err err = ERR_INIT;

		(void)signal(SIGINT, on_signal);
		prepare(&trial);
		trial.service.stop_grace_ms = 60000;
		trial.options.log_folder = logs;
		int r = profile_run(&trial.options, &trial.profile, &trial.suite, &err);
		_exit(r < 0 ? -r : 0);
	}
	assert_true(driver > 0);
	wait_for(interruption->log, interruption->text);
	/* the name of the session's folder is that of its cgroup */
	struct proc_options name = {.argv = (const char *[]){"sh", "-c",
							     "cd \"$1\" && ls -d mohs-* > name",
							     "sh", work.p, NULL},
				    .input = -1};
	assert_good(proc_run(&name, 30000, NULL, err));
	assert_int_equal(folders_left(), 1);
	assert_true(cgroups_left() || getenv("MOHS_RUNTIME"));
	assert_true(process_left("mohs-kill-marker"));
	assert_int_equal(kill(driver, number), 0);
	assert_int_equal(waitpid(driver, &status, 0), driver);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
nothing_is_left_of_a_killed_session(void **state)
{
	static const struct interruption interruptions[] = {
		/* startup: the port never opens */
		{{.command = {"sh", "-c", "echo up; sleep 600; true # mohs-kill-marker"},
		  .port = 8080},
		 "container.log",
		 "up"},
		{{.command = {"sh", "-c", "sleep 600; true # mohs-kill-marker"},
		  .load = {"sh", "-c", "echo at work; sleep 600; true # mohs-kill-marker"}},
		 "load-press.log",
		 "at work"},
		{{.command = {"sh", "-c", "sleep 600; true # mohs-kill-marker"},
		  .test = {"sh", "-c", "echo at work; sleep 600; true # mohs-kill-marker"}},
		 "test-check.log",
		 "at work"},
		/* shutdown: it takes its time */
		{{.command =
			  {"sh", "-c",
			   "trap 'echo bye; sleep 600' TERM; sleep 600 & wait # mohs-kill-marker"}},
		 "container.log",
		 "bye"},
	};

	(void)state;
	NEEDS_CONTAINERS();
	for (size_t i = 0; i < sizeof(interruptions) / sizeof(interruptions[0]); i++) {
		assert_int_equal(interrupt_driver(&interruptions[i], SIGKILL), -SIGKILL);
		wait_clean();
		/* Ctrl-C: cleaned up already when the call returns */
		assert_int_equal(interrupt_driver(&interruptions[i], SIGINT), ERR_CANCELLED);
		assert_int_equal(folders_left(), 0);
		wait_clean();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases_see_what_they_use),
		cmocka_unit_test(repetitions_are_told_apart),
		cmocka_unit_test(prober_follows_links),
		cmocka_unit_test(users_have_their_groups),
		cmocka_unit_test(a_job_is_tested_when_it_is_done),
		cmocka_unit_test(failures_are_results),
		cmocka_unit_test(tests_are_counted),
		cmocka_unit_test(there_may_be_no_view),
		cmocka_unit_test(failed_trials_are_not_stopped),
		cmocka_unit_test(removed_paths_are_named),
		cmocka_unit_test(sidecars_share_the_network),
		cmocka_unit_test(nothing_is_left_of_a_killed_session),
	};

	return cmocka_run_group_tests_name("session", tests, group_setup, group_teardown);
}
