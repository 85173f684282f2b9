/* SPDX-License-Identifier: Apache-2.0 */
#include "port/sandbox/private.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { TEXT_MAX = 4096, POLL_STEP_MS = 50 };

static int
send_frame(int fd, struct frame_head head, struct span payload, struct err *err)
{
	int r = fd_write_full(fd, (struct span){(const char *)&head, sizeof(head)}, err);

	return r < 0 ? r : fd_write_full(fd, payload, err);
}

int
link_send(int fd, enum frame type, struct span payload, struct err *err)
{
	if (payload.n > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "an answer of %zu bytes", payload.n);
	return send_frame(fd, (struct frame_head){.type = type, .size = (uint32_t)payload.n},
			  payload, err);
}

static struct span
cut(const char *text)
{
	struct span s = span_from(text);

	return s.n > TEXT_MAX ? span_slice(s, 0, TEXT_MAX) : s;
}

void
link_note(void *context, const char *text)
{
	struct err ignored = ERR_INIT;

	(void)link_send(*(int *)context, FRAME_NOTE, cut(text), &ignored);
}

void
link_step(void *context, const char *what, uint64_t done, uint64_t total)
{
	struct err ignored = ERR_INIT;
	struct span text = cut(what);
	struct frame_head head = {
		.type = FRAME_STEP, .size = (uint32_t)text.n, .done = done, .total = total};

	(void)send_frame(*(int *)context, head, text, &ignored);
}

/* Exactly n bytes: 1, 0 at the end, < 0 error. */
static int
receive(int fd, void *p, size_t n, struct err *err)
{
	char *to = p;

	while (n > 0) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		int ready = poll(&poll_fd, 1, POLL_STEP_MS);
		if (ready == 0 || (ready < 0 && errno == EINTR))
			continue;
		ssize_t got = read(fd, to, n);
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return err_sys(err, ERR_IO, errno, "cannot hear the session");
		if (got > 0) {
			to += got;
			n -= (size_t)got;
		}
	}
	return 1;
}

static int
take_error(struct span payload, struct err *err)
{
	struct err sent;

	if (payload.n != sizeof(sent))
		return err_set(err, ERR_CHILD, "the session sent a malformed error");
	memcpy(&sent, payload.p, sizeof(sent));
	if (sent.kind <= ERR_NONE || sent.kind >= ERR_KINDS)
		return err_set(err, ERR_CHILD, "the session sent a malformed error");
	sent.text[sizeof(sent.text) - 1] = '\0';
	*err = sent;
	return -(int)err->kind;
}

/* 1: the session goes on, 0: done, < 0: its error. */
static int
take_frame(const struct frame_head *head, struct buf *payload, const struct progress *progress,
	   struct buf *result, struct err *err)
{
	switch (head->type) {
	case FRAME_NOTE:
		progress_note(progress, "%s", payload->p ? payload->p : "");
		return 1;
	case FRAME_STEP:
		progress_step(progress, head->done, head->total, "%s",
			      payload->p ? payload->p : "");
		return 1;
	case FRAME_RESULT:
		return buf_append(result, buf_span(payload), err);
	case FRAME_ERROR:
		return take_error(buf_span(payload), err);
	default:
		return err_set(err, ERR_CHILD, "the session sent something unknown");
	}
}

int
link_receive(int fd, const struct progress *progress, size_t max, struct buf *result,
	     struct err *err)
{
	for (;;) {
		CLEANUP(buf_cleanup) struct buf payload = BUF_INIT(max > TEXT_MAX ? max : TEXT_MAX);
		struct frame_head head;
		int r = receive(fd, &head, sizeof(head), err);

		if (r > 0 && head.size > 0) {
			r = buf_reserve(&payload, head.size, err);
			if (r == 0)
				r = receive(fd, payload.p, head.size, err);
			if (r > 0) {
				payload.n = head.size;
				payload.p[payload.n] = '\0';
			}
		}
		if (r < 0)
			return r;
		if (r == 0)
			return err_set(err, ERR_CHILD, "the session ended without an answer");
		r = take_frame(&head, &payload, progress, result, err);
		if (r <= 0)
			return r;
	}
}
