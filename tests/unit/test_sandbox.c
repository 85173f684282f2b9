/* SPDX-License-Identifier: Apache-2.0 */
/* Sandboxes beside each other: each has its answer, and nothing is left of any. */
#include "group_folder.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "port/sandbox.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEP_MS = 20, STEPS = 1000 };

#define NEEDS_ROOT()                                                                               \
	do {                                                                                       \
		if (geteuid() != 0) {                                                              \
			print_message("skipped: needs root\n");                                    \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

/* What is done inside. */
struct inside {
	const char *makes; /* a file in `work`; NULL: none */
	const char *awaits;
	const char *says;
};

static const char *
file(const char *name)
{
	return arena_printf(arena, "%s/%s", work.p, name).p;
}

static int
work_inside(void *context, const struct sandbox *sandbox, struct buf *result, struct err *err)
{
	const struct inside *inside = context;

	(void)sandbox;
	if (inside->makes) {
		int r = file_put(file(inside->makes), SPAN(""), 0644, err);
		if (r < 0)
			return r;
	}
	while (inside->awaits && access(file(inside->awaits), F_OK) < 0)
		(void)poll(NULL, 0, STEP_MS);
	return buf_append(result, span_from(inside->says), err);
}

static struct sandbox_session *
start(const struct inside *inside)
{
	struct inside copy = *inside;
	const struct sandbox_options options = {
		.run = work_inside, .context = &copy, .result_max = 100};
	struct sandbox_session *session = NULL;

	assert_good(sandbox_start(&options, &session, err));
	return session;
}

static void
assert_answer(struct sandbox_session *session, const char *wanted)
{
	CLEANUP(buf_cleanup) struct buf result = BUF_INIT(100);

	assert_good(sandbox_answer(session, &result, err));
	assert_span(buf_span(&result), wanted);
}

static void
they_run_side_by_side(void **state)
{
	(void)state;
	NEEDS_ROOT();
	struct sandbox_session *first = start(&(struct inside){.awaits = "second", .says = "1"});
	struct sandbox_session *second = start(&(struct inside){.makes = "second", .says = "2"});
	assert_answer(first, "1");
	assert_answer(second, "2");
	assert_good(sandbox_end(second, err));
	assert_good(sandbox_end(first, err));
	assert_int_equal(folders_left(), 0);
}

/* The later one was forked with copies of what the earlier one is told its end by. */
static void
one_ends_while_another_goes_on(void **state)
{
	(void)state;
	NEEDS_ROOT();
	struct sandbox_session *first = start(&(struct inside){.awaits = "go", .says = "1"});
	struct sandbox_session *second =
		start(&(struct inside){.makes = "go", .awaits = "never", .says = "2"});
	assert_answer(first, "1");
	assert_good(sandbox_end(first, err));
	assert_int_equal(folders_left(), 1);
	sandbox_stop(second);
	assert_good(sandbox_end(second, err));
	assert_good(sandbox_end(NULL, err));
	assert_int_equal(folders_left(), 0);
}

static void
nothing_is_left_of_those_of_a_killed_process(void **state)
{
	int status;

	(void)state;
	NEEDS_ROOT();
	pid_t pid = fork();
	if (pid == 0) {
		(void)start(&(struct inside){.makes = "one", .awaits = "never", .says = ""});
		(void)start(&(struct inside){.makes = "two", .awaits = "never", .says = ""});
		for (;;)
			(void)pause();
	}
	assert_true(pid > 0);
	for (int i = 0;
	     i < STEPS && (access(file("one"), F_OK) < 0 || access(file("two"), F_OK) < 0); i++)
		(void)poll(NULL, 0, STEP_MS);
	assert_int_equal(folders_left(), 2);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	for (int i = 0; i < STEPS && folders_left() > 0; i++)
		(void)poll(NULL, 0, STEP_MS);
	assert_int_equal(folders_left(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_run_side_by_side),
		cmocka_unit_test(one_ends_while_another_goes_on),
		cmocka_unit_test(nothing_is_left_of_those_of_a_killed_process),
	};

	return cmocka_run_group_tests_name("sandbox", tests, group_folder, group_folder_remove);
}
