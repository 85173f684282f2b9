/* SPDX-License-Identifier: Apache-2.0 */
/* mohs doctor: what this machine can and cannot do, and the mend. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "cmd/common.h"
#include "cmd/table.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "port/advisories.h"
#include "port/runtime.h"
#include "port/syscalls.h"
#include "stage/update.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum health {
	HEALTH_GOOD,
	HEALTH_NOTE,	/* works, but a person should know */
	HEALTH_MISSING, /* mohs run cannot work */
};

struct finding_row {
	enum health health;
	struct span found;
	struct span mend; /* what to do; empty when good */
};

struct examination {
	const char *name;
	void (*look)(struct arena *arena, struct finding_row *row);
};

static struct finding_row
good(struct span found)
{
	return (struct finding_row){HEALTH_GOOD, found, SPAN("")};
}

static void
look_at_root(struct arena *arena, struct finding_row *row)
{
	(void)arena;
	*row = geteuid() == 0 ? good(SPAN("root"))
			      : (struct finding_row){
					HEALTH_MISSING, SPAN("not root"),
					SPAN("profiling and testing need root: use sudo; scan, "
					     "harden and why do not")};
}

static void
look_at_fuse(struct arena *arena, struct finding_row *row)
{
	CLEANUP(fd_cleanup) int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		*row = good(SPAN("/dev/fuse opens"));
		return;
	}
	row->health = HEALTH_MISSING;
	row->found = arena_printf(arena, "/dev/fuse: %s", strerror(errno));
	row->mend = SPAN("modprobe fuse; in a container, pass --device /dev/fuse");
}

/* Namespaces and an overlay, tried for real in a child that is thrown away. */
static int
try_namespaces(const char *folder)
{
	char options[512];

	if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", folder, "tmpfs", 0, "mode=700") < 0 || chdir(folder) < 0 ||
	    mkdir("lower", 0700) < 0 || mkdir("upper", 0700) < 0 || mkdir("work", 0700) < 0 ||
	    mkdir("merged", 0700) < 0)
		return errno;
	(void)snprintf(options, sizeof(options), "lowerdir=lower,upperdir=upper,workdir=work");
	return mount("overlay", "merged", "overlay", 0, options) < 0 ? errno : 0;
}

static void
look_at_namespaces(struct arena *arena, struct finding_row *row)
{
	struct span folder;
	struct err err = ERR_INIT;
	int status = 0;

	if (directory_temporary(arena, &folder, &err) < 0) {
		*row = (struct finding_row){HEALTH_MISSING, arena_copy(arena, span_from(err.text)),
					    SPAN("set TMPDIR to a folder that can be written")};
		return;
	}
	pid_t pid = fork();
	if (pid == 0)
		_exit(try_namespaces(folder.p) & 0xff);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		status = EIO << 8;
	(void)tree_remove(folder.p, &err);
	if (WEXITSTATUS(status) == 0) {
		*row = good(SPAN("pid, mount, network, ipc, uts; overlay mounts"));
		return;
	}
	row->health = HEALTH_MISSING;
	row->found =
		arena_printf(arena, "namespaces or overlay: %s", strerror(WEXITSTATUS(status)));
	row->mend = SPAN("run as root with CAP_SYS_ADMIN, on a kernel with overlayfs");
}

static void
look_at_runtime(struct arena *arena, struct finding_row *row)
{
	const char *wanted = getenv("MOHS_RUNTIME");
	bool named = wanted && wanted[0];
	struct runtime runtime;
	struct err problem = ERR_INIT;

	if (runtime_find(arena, &runtime, &problem) == 0) {
		*row = good(arena_printf(arena, "%.*s%s", SPAN_ARG(runtime.path),
					 named ? " ($MOHS_RUNTIME)" : ""));
		return;
	}
	row->health = HEALTH_MISSING;
	row->found =
		named ? arena_printf(arena, "$MOHS_RUNTIME names %s, which is not there", wanted)
		      : SPAN("neither runc nor crun in PATH");
	row->mend = SPAN("apt-get install runc");
}

static void
look_at_cgroups(struct arena *arena, struct finding_row *row)
{
	bool unified = access("/sys/fs/cgroup/cgroup.controllers", R_OK) == 0;
	bool hybrid = access("/sys/fs/cgroup/unified", R_OK) == 0;
	bool legacy = access("/sys/fs/cgroup/devices", R_OK) == 0;

	(void)arena;
	if (unified || legacy) {
		*row = good(unified ? SPAN("v2") : hybrid ? SPAN("hybrid v1 and v2") : SPAN("v1"));
		return;
	}
	*row = (struct finding_row){HEALTH_MISSING, SPAN("no cgroup hierarchy at /sys/fs/cgroup"),
				    SPAN("mount -t cgroup2 none /sys/fs/cgroup")};
}

/* Who will record system calls: the cheaper one, tried for real. */
static void
look_at_syscalls(struct arena *arena, struct finding_row *row)
{
	const struct syscalls_options options = {.recorder = "bpf"};
	struct syscalls *syscalls = NULL;
	struct err problem = ERR_INIT;

	if (syscalls_prepare(&options, &syscalls, &problem) == 0) {
		syscalls_free(syscalls);
		*row = good(SPAN("recorded by BPF"));
		return;
	}
	row->health = HEALTH_NOTE;
	row->found = arena_printf(arena, "%s", problem.text);
	row->mend = SPAN("run-time limits are recorded by seccomp notification: tests take about "
			 "twice the time");
}

static void
look_at_cache(struct arena *arena, struct finding_row *row)
{
	const char *base = getenv("MOHS_CACHE");
	const char *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	struct span folder = base  ? arena_copy(arena, span_from(base))
			     : xdg ? arena_printf(arena, "%s/mohs", xdg)
				   : arena_printf(arena, "%s/.cache/mohs", home ? home : "");
	struct err err = ERR_INIT;
	struct statvfs space;

	if (!folder.p || directory_make(folder.p, 0700, &err) < 0 ||
	    statvfs(folder.p, &space) < 0 || access(folder.p, W_OK) < 0) {
		row->health = HEALTH_MISSING;
		row->found = arena_printf(arena, "%s cannot be written", folder.p ? folder.p : "");
		row->mend = SPAN("set MOHS_CACHE to a folder with room for the images");
		return;
	}
	uint64_t room = (uint64_t)space.f_bavail * space.f_frsize;
	row->found = arena_printf(arena, "%s, %.1f GB free", folder.p, (double)room / 1e9);
	if (room < 5000000000U) {
		row->health = HEALTH_NOTE;
		row->mend = SPAN(
			"an image takes its inflated size here; set MOHS_CACHE to a bigger disk");
	}
}

static void
look_at_database(struct arena *arena, struct finding_row *row)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	struct advisory_identity identity;
	struct err err = ERR_INIT;
	char when[CLOCK_TEXT];

	if (advisories_open(common.database, &advisories, &err) < 0 ||
	    advisories_identity(advisories, arena, &identity, &err) < 0) {
		*row = (struct finding_row){HEALTH_MISSING, arena_copy(arena, span_from(err.text)),
					    SPAN("mohs db update")};
		return;
	}
	row->found = arena_printf(arena, "%llu advisories of %s",
				  (unsigned long long)identity.advisories,
				  clock_format(identity.built, when));
	if (clock_now() - identity.built > UPDATE_STALE_S) {
		row->health = HEALTH_NOTE;
		row->mend = SPAN("older than five days: mohs db update");
	}
}

static const struct examination examinations[] = {
	{"user", look_at_root},
	{"image view", look_at_fuse},
	{"namespaces", look_at_namespaces},
	{"container runtime", look_at_runtime},
	{"cgroups", look_at_cgroups},
	{"system calls", look_at_syscalls},
	{"cache", look_at_cache},
	{"advisories", look_at_database},
};

enum { EXAMINATIONS = sizeof(examinations) / sizeof(examinations[0]) };

static const struct {
	const char *word;
	enum table_style style;
} healths[] = {
	[HEALTH_GOOD] = {"good", STYLE_GOOD},
	[HEALTH_NOTE] = {"note", STYLE_WARN},
	[HEALTH_MISSING] = {"missing", STYLE_BAD},
};

static int
print_table(struct arena *arena, const struct finding_row *rows, struct err *err)
{
	static const struct table_column columns[] = {
		{"", FIT_RIGID, false},
		{"", FIT_RIGID, false},
		{"", FIT_WRAP, false},
	};
	struct table *table = table_new(arena, columns, 3);

	for (size_t i = 0; table && i < EXAMINATIONS; i++) {
		struct span text =
			rows[i].mend.n ? arena_printf(arena, "%.*s: %.*s", SPAN_ARG(rows[i].found),
						      SPAN_ARG(rows[i].mend))
				       : rows[i].found;
		if (!table_row(table, (struct table_cell[]){
					      {span_from(healths[rows[i].health].word),
					       healths[rows[i].health].style},
					      {span_from(examinations[i].name), STYLE_PLAIN},
					      {text, STYLE_PLAIN},
				      }))
			return err_memory(err);
	}
	if (!table)
		return err_memory(err);
	table_print(table, stdout, 0);
	return 0;
}

static int
print_json(const struct finding_row *rows, struct err *err)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < EXAMINATIONS; i++)
		(void)json_array_append_new(
			list, json_pack("{s:s, s:s, s:o, s:o}", "name", examinations[i].name,
					"state", healths[rows[i].health].word, "found",
					json_span(rows[i].found), "mend", json_span(rows[i].mend)));
	return common_print_json(list, err);
}

static int
run(int argc, char **argv)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct finding_row rows[EXAMINATIONS] = {0};
	struct option_list rest;
	struct err err = ERR_INIT;
	int missing = 0;
	const struct option_spec specs[] = {COMMON_SPECS};
	enum options_result parsed = options_parse(argc, argv, specs, 0, 0, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	for (size_t i = 0; arena && i < EXAMINATIONS; i++) {
		examinations[i].look(arena, &rows[i]);
		missing += rows[i].health == HEALTH_MISSING;
	}
	int r = !arena	      ? err_memory(&err)
		: common.json ? print_json(rows, &err)
			      : print_table(arena, rows, &err);
	if (r < 0)
		return terminal_error(argv[0], &err);
	return missing > 0;
}

const struct verb verb_doctor = {"doctor", "what this machine can and cannot do", run};
