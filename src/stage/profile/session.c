/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/profile/session.h"

#include "base/clock.h"
#include "base/limits.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

int
session_gap(struct session *session, bool lost, struct span subject, const char *format, ...)
{
	struct err err = ERR_INIT;
	struct gap gap;
	va_list args;

	va_start(args, format);
	int r = gap_print(&gap, session->arena, subject, &err, format, args);
	va_end(args);
	session->failed |= lost || r < 0;
	return r < 0 ? r : vec_push(&session->gaps, &gap, PROFILE_GAPS_MAX, &err);
}

/* Says, now and again, that this phase goes on. */
static void
show_phase(struct session *session)
{
	const struct profile_phase *phase =
		session->phases.count ? &session->phases.items[session->phases.count - 1] : NULL;
	bool named = phase && (phase->kind == PHASE_LOAD || phase->kind == PHASE_TEST);

	session->told_ms = clock_ms();
	if (phase)
		progress_step(session->sandbox->progress, 0, 0, "%s%s%.*s",
			      profile_phase_name(phase->kind), named ? " " : "",
			      SPAN_ARG(named ? phase->name : SPAN("")));
}

void
session_say(const struct session *session, enum session_step step)
{
	static const char *const texts[] = {
		[SESSION_PREPARING] = "preparing the container",
		[SESSION_STARTING] = "startup",
		[SESSION_COLLECTING] = "collecting what was used",
	};

	progress_step(session->sandbox->progress, 0, 0, "%s", texts[step]);
}

int
session_phase_begin(struct session *session, enum profile_phase_kind kind, struct span name,
		    struct span command, struct err *err)
{
	struct profile_phase phase = {
		.kind = kind, .name = name, .repetition = 1, .command = command};
	uint32_t index = (uint32_t)session->phases.count;
	int r = vec_push(&session->phases, &phase, PROFILE_PHASES_MAX, err);

	if (r == 0 && index > 0 && session->app.lens)
		r = lens_phase(session->app.lens, index, err);
	session->phase_ms = clock_ms();
	if (kind == PHASE_STARTUP)
		session_say(session, SESSION_PREPARING);
	else
		show_phase(session);
	return r;
}

void
session_phase_end(struct session *session, int status, bool passed)
{
	struct profile_phase *phase = &session->phases.items[session->phases.count - 1];

	processes_sample(session);
	phase->duration_ms = clock_ms() - session->phase_ms;
	phase->status = status;
	phase->passed = passed;
	if (!passed)
		session->failed = true;
}

enum session_event
session_wait(struct session *session, int fd, uint64_t deadline)
{
	for (;;) {
		uint64_t now = clock_ms();
		uint64_t left = deadline > now ? deadline - now : 0;
		struct pollfd fds[2] = {
			{.fd = fd, .events = POLLIN},
			{.fd = session->app.container && !session->app.ended
				       ? container_fd(session->app.container)
				       : -1,
			 .events = POLLIN},
		};
		int ready = poll(fds, 2, left < SESSION_TICK_MS ? (int)left : SESSION_TICK_MS);

		processes_sample(session);
		if (clock_ms() - session->told_ms >= SESSION_TELL_MS)
			show_phase(session);
		if (ready > 0 && fds[0].revents)
			return SESSION_READABLE;
		if (ready > 0 && fds[1].revents && instance_ended(&session->app))
			return SESSION_ENDED;
		if (clock_ms() >= deadline)
			return SESSION_TIMEOUT;
	}
}

struct span
session_last_words(const struct session *session)
{
	struct span tail =
		session->app.container ? container_tail(session->app.container) : SPAN("");

	tail = span_trim(tail);
	size_t newline = span_find_last(tail, '\n');
	if (newline < tail.n)
		tail = span_slice(tail, newline + 1, tail.n);
	return tail.n > 150 ? span_slice(tail, tail.n - 150, tail.n) : tail;
}
