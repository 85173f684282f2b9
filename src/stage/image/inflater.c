/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/image/inflater.h"

#include "base/cleanup.h"
#include "base/confine.h"
#include "base/fd.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PENDING_BYTES = 64 << 10,
	STEP_MS = 100,
	PIPE_BYTES = 1 << 20,
};

/* ---- in the child ---- */

static int
read_input(void *context, void *p, size_t n, size_t *ret_n, struct err *err)
{
	ssize_t got = TEMP_FAILURE_RETRY(read(*(const int *)context, p, n));

	if (got < 0)
		return err_sys(err, ERR_IO, errno, "cannot read the compressed bytes");
	*ret_n = (size_t)got;
	return 0;
}

static int
inflate_all(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	CLEANUP(inflate_cleanup) struct inflate *inflate = NULL;
	CLEANUP(free_cleanup) void *block = malloc(RING_BLOCK_BYTES);
	size_t n = 1;

	if (!block)
		return err_memory(err);
	int r = inflate_new(read_input, context, &inflate, err);
	while (r == 0 && n > 0) {
		r = inflate_read(inflate, block, RING_BLOCK_BYTES, &n, err);
		if (r == 0)
			r = fd_write_full(out, (struct span){block, n}, err);
	}
	if (r == 0)
		*ret_answer = (uint64_t)inflate_compression(inflate);
	return r;
}

/* ---- here ---- */

struct pump {
	inflate_source source;
	void *context;
	struct confined child;
	int in;	       /* to the child; -1: it has everything */
	bool consumed; /* source was read to its end */
	uint64_t taken;
	uint64_t produced;
	size_t at; /* bytes of `pending` on their way: at .. filled */
	size_t filled;
	uint64_t silent_ms;
	uint8_t pending[PENDING_BYTES];
};

static void
pump_free(struct pump **pump)
{
	if (*pump) {
		confine_cleanup(&(*pump)->child);
		fd_cleanup(&(*pump)->in);
	}
	free(*pump);
}

static int
start(struct pump *pump, struct err *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start a process to inflate it");
	pump->in = ends[0];
	CLEANUP(fd_cleanup) int other = ends[1];
	const struct confine_options options = {
		.what = "the process that inflates it",
		.fds = &other,
		.fd_count = 1,
		.memory = LAYER_READER_MEMORY_MAX,
	};
	int r = confine_start(&options, inflate_all, &other, &pump->child, err);
	if (r == 0) /* fewer turns; good as it is when there are too many pipes */
		(void)fcntl(pump->child.out, F_SETPIPE_SZ, PIPE_BYTES);
	return r;
}

static int
take_input(struct pump *pump, struct err *err)
{
	if (pump->in < 0 || pump->at < pump->filled)
		return 0;
	pump->at = 0;
	int r = pump->source(pump->context, pump->pending, PENDING_BYTES, &pump->filled, err);
	if (r < 0)
		return r;
	pump->taken += pump->filled;
	pump->consumed = pump->filled == 0;
	if (pump->consumed)
		fd_cleanup(&pump->in);
	return 0;
}

/* A child that does not want any more says on its way out why. */
static void
send_input(struct pump *pump)
{
	ssize_t sent = send(pump->in, pump->pending + pump->at, pump->filled - pump->at,
			    MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent > 0)
		pump->at += (size_t)sent;
	else if (sent < 0 && errno != EAGAIN && errno != EINTR)
		fd_cleanup(&pump->in);
}

/* The child has the same ceilings; it is not trusted to keep them. */
static int
check_size(const struct pump *pump, struct err *err)
{
	if (pump->produced > LAYER_INFLATED_MAX)
		return err_set(err, ERR_LIMIT, "inflates to more than %lu GiB (LAYER_INFLATED_MAX)",
			       LAYER_INFLATED_MAX / GIB);
	if (pump->produced > LAYER_RATIO_GRACE && pump->produced / LAYER_RATIO_MAX > pump->taken)
		return err_set(err, ERR_LIMIT,
			       "inflates more than %d times its size (LAYER_RATIO_MAX)",
			       LAYER_RATIO_MAX);
	return 0;
}

/* Some plain bytes; *ret_n == 0 at the end. */
static int
pump_read(struct pump *pump, void *p, size_t n, size_t *ret_n, struct err *err)
{
	for (;;) {
		int r = take_input(pump, err);
		struct pollfd ends[] = {{.fd = pump->child.out, .events = POLLIN},
					{.fd = pump->in, .events = POLLOUT}};

		if (r < 0)
			return r;
		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		int ready = poll(ends, 2, STEP_MS);
		pump->silent_ms = ready == 0 ? pump->silent_ms + STEP_MS : 0;
		if (pump->silent_ms > LAYER_SILENCE_MS)
			return err_set(err, ERR_TIMEOUT, "%s does nothing (LAYER_SILENCE_MS)",
				       pump->child.what);
		if (ready > 0 && ends[1].revents)
			send_input(pump);
		if (ready <= 0 || !ends[0].revents)
			continue;
		ssize_t got = read(pump->child.out, p, n);
		if (got < 0 && errno != EINTR)
			return err_sys(err, ERR_IO, errno, "cannot read inflated bytes");
		if (got < 0)
			continue;
		pump->produced += (uint64_t)got;
		*ret_n = (size_t)got;
		return check_size(pump, err);
	}
}

static int
fill_block(struct pump *pump, uint8_t *block, size_t *ret_n, struct err *err)
{
	size_t n = 0;
	size_t got = 1;

	while (n < RING_BLOCK_BYTES && got > 0) {
		int r = pump_read(pump, block + n, RING_BLOCK_BYTES - n, &got, err);

		if (r < 0)
			return r;
		n += got;
	}
	*ret_n = n;
	return 0;
}

static int
finish(struct pump *pump, enum layer_compression *ret, struct err *err)
{
	uint64_t answer = 0;
	int r = confine_finish(&pump->child, LAYER_SILENCE_MS, &answer, err);

	if (r < 0)
		return r;
	if (!pump->consumed || answer > LAYER_ZSTD)
		return err_set(err, ERR_CHILD, "%s did not do its work", pump->child.what);
	*ret = (enum layer_compression)answer;
	return 0;
}

int
layer_inflate(inflate_source source, void *context, struct ring *ring, enum layer_compression *ret,
	      struct err *err)
{
	CLEANUP(pump_free) struct pump *pump = calloc(1, sizeof(*pump));

	if (!pump)
		return err_memory(err);
	pump->source = source;
	pump->context = context;
	pump->in = -1;
	pump->child = (struct confined)CONFINED_INIT;
	int r = start(pump, err);
	while (r == 0) {
		uint8_t *block = ring_space(ring);
		size_t n = 0;

		if (!block)
			return 0; /* the other side has an error of its own */
		r = fill_block(pump, block, &n, err);
		if (r == 0 && n == 0)
			return finish(pump, ret, err);
		if (r == 0)
			ring_push(ring, n);
	}
	return r;
}
