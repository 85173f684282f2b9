/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/profile/command.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/suite_json.h"

#include <stdio.h>
#include <unistd.h>

/* argv as one line, for people. */
static struct span
command_text(struct arena *arena, struct span_list run)
{
	CLEANUP(buf_cleanup) struct buf line = BUF_INIT(KIB);
	struct err full = ERR_INIT;

	for (size_t i = 0; i < run.count; i++) {
		if (buf_printf(&line, &full, "%s%.*s", i ? " " : "", SPAN_ARG(run.items[i])) < 0)
			break;
	}
	struct span text = arena_copy(arena, buf_span(&line));
	return text.p ? text : SPAN("");
}

static struct span
last_line(struct span s)
{
	s = span_trim(s);
	size_t newline = span_find_last(s, '\n');

	if (newline < s.n)
		s = span_slice(s, newline + 1, s.n);
	return s.n > 200 ? span_slice(s, 0, 200) : s;
}

/* Why a command did not pass. */
static struct span
why(const struct session *session, const struct service_command *command,
    const struct command_result *result)
{
	struct span line = last_line(result->tail);
	struct arena *arena = session->arena;

	if (result->container_ended)
		line = session_last_words(session);
	const char *separator = line.n ? ": " : "";
	if (result->container_ended)
		return arena_printf(arena, "the container ended with status %d meanwhile%s%.*s",
				    session->app.status, separator, SPAN_ARG(line));
	if (result->timed_out)
		return arena_printf(arena, "not done after %llu ms%s%.*s",
				    (unsigned long long)command->timeout_ms, separator,
				    SPAN_ARG(line));
	return arena_printf(arena, "status %d%s%.*s", result->status, separator, SPAN_ARG(line));
}

static uint32_t
times(const struct service_command *command)
{
	return command->repeat ? command->repeat : 1;
}

/* How many repetitions of each load can have a phase of their own; the later ones share the last.
 */
static uint32_t
most_apart(const struct session *session)
{
	enum { OTHERS = 8 };
	size_t loads = session->service->load_count;
	size_t taken = loads + session->service->test_count + OTHERS;

	return taken + loads >= PROFILE_PHASES_MAX
		       ? 1
		       : (uint32_t)((PROFILE_PHASES_MAX - taken) / loads);
}

/* Nothing is left to ask: it has ended, and is no job whose results are to be looked at. */
static bool
is_gone(struct session *session)
{
	return instance_ended(&session->app) &&
	       !(session->service->ready.ended && session->app.status == 0);
}

/* Each repetition is a phase of its own: what only some of them use tells what is still unseen. */
static int
run_load(struct session *session, const struct service_command *load, struct err *err)
{
	struct span text = command_text(session->arena, load->run);
	struct command_result result = {0};
	uint32_t apart = most_apart(session);
	bool passed = true;
	int r = 0;

	for (uint32_t i = 0; r == 0 && passed && i < times(load); i++) {
		if (i > 0 && i < apart)
			session_phase_end(session, result.status, true);
		if (i < apart)
			r = session_phase_begin(session, PHASE_LOAD, load->name, text, err);
		if (r == 0 && i < apart)
			session->phases.items[session->phases.count - 1].repetition = i + 1;
		if (r == 0)
			r = command_run(session, load, "load", "", &result, err);
		passed = r == 0 && result.status == 0;
	}
	if (r < 0)
		return r;
	session_phase_end(session, result.status, passed);
	if (!passed)
		(void)session_gap(session, true, load->name, "the load did not pass: %s",
				  why(session, load, &result).p);
	return 0;
}

int
loads_run(struct session *session, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < session->service->load_count; i++) {
		const struct service_command *load = &session->service->loads[i];

		if (is_gone(session))
			(void)session_gap(session, true, load->name,
					  "the load was not run: the container has ended with "
					  "status %d",
					  session->app.status);
		else
			r = run_load(session, load, err);
	}
	return r;
}

static int
add_case(struct session *session, struct span name, enum case_state state, struct span message,
	 double seconds, struct err *err)
{
	struct suite_case one = {.suite = name,
				 .name = name,
				 .state = state,
				 .message = message,
				 .seconds = seconds};

	return vec_push(&session->cases, &one, SUITE_CASES_MAX, err);
}

bool
tests_failed(const struct session *session, size_t from)
{
	for (size_t i = from; i < session->cases.count; i++) {
		if (session->cases.items[i].state == CASE_FAILED ||
		    session->cases.items[i].state == CASE_ERROR)
			return true;
	}
	return false;
}

/* From the file that the test wrote; *ret_read: there was a usable one. */
static int
take_junit(struct session *session, struct span name, const char *path, bool *ret_read,
	   struct err *err)
{
	struct arena *scratch = arena_new(0);
	struct err problem = ERR_INIT;
	struct span xml;

	if (!scratch)
		return err_memory(err);
	int r = access(path, F_OK) < 0 ? -ERR_NOT_FOUND
				       : file_load(path, JUNIT_MAX, scratch, &xml, &problem);
	if (r == 0)
		r = junit_read(xml, name, session->arena, &session->cases, &problem);
	arena_free(scratch);
	*ret_read = r == 0;
	if (r < 0 && r != -ERR_NOT_FOUND)
		(void)session_gap(session, true, name, "its JUnit XML cannot be used: %s",
				  problem.text);
	return 0;
}

/* Cases of one run of a test. */
static int
judge_test(struct session *session, const struct service_command *test, const char *junit,
	   const struct command_result *result, uint64_t ms, struct err *err)
{
	size_t before = session->cases.count;
	bool read = false;
	int r = take_junit(session, test->name, junit, &read, err);

	if (r < 0)
		return r;
	if (read && session->cases.count == before)
		(void)session_gap(session, true, test->name, "its JUnit XML has no test case");
	if (read && (result->status == 0 || tests_failed(session, before)))
		return 0;
	/* no JUnit XML, or one that hides that the command failed */
	bool passed = result->status == 0;
	enum case_state state = passed ? CASE_PASSED : read ? CASE_ERROR : CASE_FAILED;
	struct span message = passed ? SPAN("") : why(session, test, result);
	return add_case(session, test->name, state, message, (double)ms / 1000.0, err);
}

static int
run_test(struct session *session, const struct service_command *test, struct err *err)
{
	const char *junit = arena_printf(session->arena, "%s/junit-%.*s.xml", session->logs,
					 SPAN_ARG(test->name))
				    .p;
	struct command_result result = {0};
	size_t before = session->cases.count;
	int r = session_phase_begin(session, PHASE_TEST, test->name,
				    command_text(session->arena, test->run), err);

	if (!junit)
		return err_memory(err);
	for (uint32_t i = 0; r == 0 && i < times(test); i++) {
		uint64_t start = clock_ms();

		/* what an earlier run left there is not this one's */
		(void)unlink(junit);
		r = command_run(session, test, "test", junit, &result, err);
		if (r == 0)
			r = judge_test(session, test, junit, &result, clock_ms() - start, err);
	}
	if (r < 0)
		return r;
	bool passed = result.status == 0 && !tests_failed(session, before);
	session_phase_end(session, result.status, passed);
	if (!passed)
		(void)session_gap(session, true, test->name, "the test did not pass: %s",
				  why(session, test, &result).p);
	return 0;
}

int
tests_run(struct session *session, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < session->service->test_count; i++) {
		const struct service_command *test = &session->service->tests[i];

		if (!is_gone(session)) {
			r = run_test(session, test, err);
			continue;
		}
		struct span message =
			arena_printf(session->arena, "not run: the container ended with status %d",
				     session->app.status);
		(void)session_gap(session, true, test->name, "%s", message.p);
		r = add_case(session, test->name, CASE_ERROR, message, 0, err);
	}
	return r;
}
