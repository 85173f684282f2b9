/* SPDX-License-Identifier: Apache-2.0 */
/* The server of the view: privileges, ends, limits, requests while phases change. */
#include "view.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "port/lens/lens.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct fixture_entry few[] = {
	{.path = "/etc/a", .content = "a"},
	{.path = "/etc/b", .content = "b"},
	{.path = "/etc/l", .type = IMAGE_SYMLINK, .link = "a"},
};

static size_t
count_descriptors(pid_t pid)
{
	char path[64];
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder))
		n++;
	(void)closedir(folder);
	return n - 2;
}

static void
the_server_keeps_little(void **state)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(MIB);
	struct view view;
	char path[64];

	(void)state;
	CLEANUP(fd_cleanup) int other = open("/dev/null", O_RDONLY); /* would be inherited */
	assert_true(other >= 0);
	view_start(&view, few, COUNT(few));
	(void)snprintf(path, sizeof(path), "/proc/%d/status", view.lens->pid);
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_good(fd_read_all(fd, &text, err));
	assert_true(span_contains(buf_span(&text), SPAN("Uid:\t65534\t65534\t65534\t65534\n")));
	assert_true(span_contains(buf_span(&text), SPAN("Gid:\t65534\t65534\t65534\t65534\n")));
	assert_true(span_contains(buf_span(&text), SPAN("CapPrm:\t0000000000080000\n")));
	assert_true(span_contains(buf_span(&text), SPAN("CapEff:\t0000000000080000\n")));
	assert_true(span_contains(buf_span(&text), SPAN("NoNewPrivs:\t1\n")));
	/* 0, 1, 2, /proc, the socket, one layer, /dev/fuse, and what splicing needs */
	assert_in_range(count_descriptors(view.lens->pid), 7, 9);
	view_end(&view);
}

static void
a_dead_server_is_a_gap(void **state)
{
	struct view view;

	(void)state;
	view_start(&view, few, COUNT(few));
	assert_content(view_path("view", "/etc/a"), "a");
	assert_int_equal(kill(view.lens->pid, SIGKILL), 0);
	assert_fails(ERR_CHILD, lens_phase(view.lens, 1, err));
	assert_fails(ERR_CHILD, lens_reset(view.lens, err));
	view_collect(&view);
	assert_paths(&view, "/ /etc /etc/a");
	assert_false(view.profile->complete);
	assert_int_equal(view.profile->gaps.count, 1);
	view_end(&view);
}

/* The server is not left behind by an owner that ends without a word. */
static void
the_server_dies_with_its_owner(void **state)
{
	int pipes[2];
	pid_t server = 0;
	int status;

	(void)state;
	view_need();
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	assert_int_equal(pipe(pipes), 0);
	pid_t owner = fork();
	if (owner == 0) {
		struct view view;

		view_start(&view, few, COUNT(few));
		_exit(write(pipes[1], &view.lens->pid, sizeof(pid_t)) != sizeof(pid_t));
	}
	assert_int_equal(waitpid(owner, &status, 0), owner);
	assert_int_equal(status, 0);
	assert_int_equal(read(pipes[0], &server, sizeof(server)), sizeof(server));
	assert_int_equal(waitpid(server, &status, 0), server); /* hangs if it lives on */
	(void)umount2(view_path("view", ""), MNT_DETACH);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
}

static void
refuses_what_it_cannot_do(void **state)
{
	struct fixture fixture;
	struct lens *lens = NULL;
	struct view view;

	(void)state;
	view_need();
	assert_good(fixture_make(few, COUNT(few), &fixture, err));
	struct lens_options options = {.image = fixture.image, .contents = fixture.contents};
	assert_fails(ERR_IO, lens_start(&options, "/nowhere/at/all", &lens, err));
	assert_null(lens);
	fixture_free(&fixture);
	view_start(&view, few, COUNT(few));
	assert_fails(ERR_LIMIT, lens_phase(view.lens, PROFILE_PHASES_MAX, err));
	assert_good(lens_phase(view.lens, PROFILE_PHASES_MAX - 1, err));
	assert_content(view_path("view", "/etc/l"), "a");
	view_collect(&view);
	assert_phases(&view, "/etc/l", "1023");
	view_end(&view);
}

/* Lookups, reads, listings and misses for as long as the pipe is open. */
static _Noreturn void
use_view(int until)
{
	char byte;
	struct stat st;

	for (int i = 0; read(until, &byte, 1) < 0; i++) {
		char name[32];
		CLEANUP(fd_cleanup)
		int fd = open(view_path("merged", "/etc/l"), O_RDONLY | O_CLOEXEC);

		if (fd < 0 || pread(fd, &byte, 1, 0) != 1 || byte != 'a')
			_exit(1);
		(void)snprintf(name, sizeof(name), "/etc/%d", i % 50);
		if (stat(view_path("merged", name), &st) == 0 || errno != ENOENT)
			_exit(2);
		DIR *folder = opendir(view_path("merged", "/etc"));
		if (!folder || !readdir(folder))
			_exit(3);
		(void)closedir(folder);
	}
	_exit(0);
}

static void
phases_change_under_load(void **state)
{
	enum { USERS = 4, CHANGES = 60 };
	struct view view;
	pid_t users[USERS];
	int pipes[2];

	(void)state;
	view_start(&view, few, COUNT(few));
	view_mount_overlay();
	assert_good(lens_overlay(view.lens, view_path("merged", ""), err));
	assert_int_equal(pipe2(pipes, O_NONBLOCK | O_CLOEXEC), 0);
	for (size_t i = 0; i < USERS; i++) {
		users[i] = fork();
		if (users[i] == 0) {
			(void)close(pipes[1]);
			use_view(pipes[0]);
		}
	}
	for (uint32_t i = 1; i < CHANGES; i++)
		assert_good(lens_phase(view.lens, i, err));
	(void)close(pipes[1]);
	for (size_t i = 0; i < USERS; i++) {
		int status;

		assert_int_equal(waitpid(users[i], &status, 0), users[i]);
		assert_int_equal(status, 0);
	}
	(void)close(pipes[0]);
	view_collect(&view);
	assert_true(view.profile->complete);
	assert_int_equal(view_find_path(&view, "/etc/a")->use, USE_LOOKUP | USE_READ);
	view_end_overlay();
	view_end(&view);
}

/* Without a mount: the server's notes alone. */
struct notes {
	struct fixture fixture;
	struct lens_server server;
	struct lens lens;
};

static void
notes_make(struct notes *notes, struct lens_records *records)
{
	assert_good(fixture_make(few, COUNT(few), &notes->fixture, err));
	assert_good(lens_records_make(notes->fixture.image, false, records, err));
	notes->server = (struct lens_server){
		.image = notes->fixture.image, .records = *records, .proc = -1};
	assert_good(lens_server_prepare(&notes->server, err));
	notes->lens = (struct lens){.image = notes->fixture.image, .records = *records};
}

static void
notes_end(struct notes *notes)
{
	lens_server_forget(&notes->server);
	lens_records_unmap(&notes->lens.records);
	fixture_free(&notes->fixture);
}

static void
collect(struct notes *notes, struct profile *profile)
{
	*profile = (struct profile){.arena = arena_new(0), .complete = true};
	assert_non_null(profile->arena);
	assert_good(lens_collect(&notes->lens, profile, err));
}

static void
too_many_missing_names_are_a_gap(void **state)
{
	struct notes notes;
	struct lens_records records;
	struct profile profile;
	char name[IMAGE_NAME_MAX + 1];

	(void)state;
	notes_make(&notes, &records);
	for (uint32_t i = 0; i < PROFILE_MISSING_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i);
		assert_true(lens_miss(&notes.server, 0, span_from(name), 0));
	}
	assert_true(lens_miss(&notes.server, 0, SPAN("n0"), 0));
	collect(&notes, &profile);
	assert_int_equal(profile.missing_count, PROFILE_MISSING_MAX);
	assert_true(profile.complete);
	arena_free(profile.arena);

	assert_false(lens_miss(&notes.server, 0, SPAN("one more"), 0));
	collect(&notes, &profile);
	assert_int_equal(profile.missing_count, PROFILE_MISSING_MAX);
	assert_false(profile.complete);
	assert_int_equal(profile.gaps.count, 1);
	arena_free(profile.arena);
	notes_end(&notes);
}

static void
long_missing_names_are_a_gap(void **state)
{
	struct notes notes;
	struct lens_records records;
	struct profile profile;
	char name[IMAGE_NAME_MAX + 1];
	uint32_t count = 0;

	(void)state;
	notes_make(&notes, &records);
	do
		(void)snprintf(name, sizeof(name), "%0255u", count);
	while (lens_miss(&notes.server, 0, span_from(name), 0) && ++count);
	assert_int_equal(count, LENS_NAMES_BYTES / IMAGE_NAME_MAX);
	collect(&notes, &profile);
	assert_int_equal(profile.missing_count, count);
	(void)snprintf(name, sizeof(name), "%0255u", count - 1);
	assert_span(span_slice(profile.missing[count - 1].path, 1, 256), name);
	assert_false(profile.complete);
	arena_free(profile.arena);
	notes_end(&notes);
}

static void
a_program_is_kept_once(void **state)
{
	struct notes notes;
	struct lens_records records;
	struct profile profile;
	char name[IMAGE_NAME_MAX + 1];

	(void)state;
	notes_make(&notes, &records);
	CLEANUP(fd_cleanup) int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	notes.server.proc = proc;
	for (uint32_t i = 0; i < PROFILE_PROCESSES_MAX + 1; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i);
		assert_true(lens_miss(&notes.server, 0, span_from(name), getpid()));
	}
	/* the first stands for a program that is not known */
	assert_int_equal(atomic_load(&records.header->program_count), 2);
	collect(&notes, &profile);
	assert_int_equal(profile.gaps.count, 0);
	for (size_t i = 0; i < profile.missing_count; i++)
		assert_true(span_ends_with(profile.missing[i].program, SPAN("test_lens_life")));
	arena_free(profile.arena);
	notes_end(&notes);
}

/* As on a kernel before 6.2. */
static void
phases_that_run_together_are_a_gap(void **state)
{
	struct notes notes;
	struct lens_records records;
	struct profile profile;

	(void)state;
	notes_make(&notes, &records);
	notes.server.can_expire = false;
	lens_rearm(&notes.server, false);
	collect(&notes, &profile);
	assert_int_equal(profile.gaps.count, 1);
	assert_true(span_contains(profile.gaps.items[0].text, SPAN("first use only")));
	assert_true(profile.complete);
	arena_free(profile.arena);
	notes_end(&notes);
}

static void
collects_the_same_bytes(void **state)
{
	struct notes notes;
	struct lens_records records;
	struct profile profiles[2];

	(void)state;
	notes_make(&notes, &records);
	for (uint32_t i = (uint32_t)records.entries; i-- > 0;)
		lens_use(&notes.server, i, USE_READ, getpid());
	assert_true(lens_miss(&notes.server, 0, SPAN("z"), 0));
	assert_true(lens_miss(&notes.server, 1, SPAN("a"), 0));
	collect(&notes, &profiles[0]);
	collect(&notes, &profiles[1]);
	assert_int_equal(profiles[0].path_count, records.entries);
	for (size_t i = 0; i < profiles[0].path_count; i++) {
		assert_true(span_equal(profiles[0].paths[i].path, profiles[1].paths[i].path));
		assert_true(profiles[0].paths[i].first_ms == profiles[1].paths[i].first_ms);
		if (i > 0)
			assert_true(span_compare(profiles[0].paths[i - 1].path,
						 profiles[0].paths[i].path) < 0);
	}
	assert_span(profiles[0].missing[0].path, "/etc/a");
	assert_span(profiles[0].missing[1].path, "/z");
	arena_free(profiles[0].arena);
	arena_free(profiles[1].arena);
	notes_end(&notes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server_keeps_little),
		cmocka_unit_test(a_dead_server_is_a_gap),
		cmocka_unit_test(the_server_dies_with_its_owner),
		cmocka_unit_test(refuses_what_it_cannot_do),
		cmocka_unit_test(phases_change_under_load),
		cmocka_unit_test(too_many_missing_names_are_a_gap),
		cmocka_unit_test(long_missing_names_are_a_gap),
		cmocka_unit_test(a_program_is_kept_once),
		cmocka_unit_test(phases_that_run_together_are_a_gap),
		cmocka_unit_test(collects_the_same_bytes),
	};

	view_prepare();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	view_put_away();
	return failed;
}
