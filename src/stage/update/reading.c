/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/reading.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/limits.h"
#include "stage/update/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READ_BYTES = 128 * 1024,
	STEP_MS = 100,
	SHARE_BYTES = 512 * 1024, /* of a document as it came: a smaller one is not worth another */
};

struct channel {
	struct confined child;
	struct reader_task task;
	struct buf incoming;
	bool ended;
};

struct channels {
	struct channel items[FEED_READERS_MAX];
	size_t count;
};

static void
channels_cleanup(struct channels *channels)
{
	for (size_t i = 0; i < channels->count; i++) {
		confine_cleanup(&channels->items[i].child);
		buf_cleanup(&channels->items[i].incoming);
	}
}

static int
compare(const struct fingerprint *a, const struct fingerprint *b)
{
	return memcmp(a->bytes, b->bytes, FINGERPRINT_BYTES);
}

size_t
record_find(const struct record_feed *known, const struct fingerprint *fingerprint)
{
	size_t low = 0;
	size_t high = known->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&known->records[middle].fingerprint, fingerprint) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < known->count && compare(&known->records[low].fingerprint, fingerprint) == 0
		       ? low
		       : known->count;
}

bool
record_is_nameless(const struct fingerprint *fingerprint)
{
	static const struct fingerprint zeroes;

	return compare(fingerprint, &zeroes) == 0;
}

static size_t
count_processors(void)
{
	cpu_set_t processors;

	return sched_getaffinity(0, sizeof(processors), &processors) == 0
		       ? (size_t)CPU_COUNT(&processors)
		       : 1;
}

/*
 * A document that is no archive has to be scanned by each: as many as leave a processor to the one
 * who writes.
 */
static size_t
count_shares(const struct reading *reading)
{
	size_t shares = reading->readers;
	struct stat st;

	if (!reading->type->by_record)
		return 1;
	if (shares == 0) {
		size_t n = count_processors();
		size_t worth =
			fstat(reading->fd, &st) == 0 ? (size_t)st.st_size / SHARE_BYTES + 1 : 1;

		n = reading->type->import_file || n == 1 ? n : n - 1;
		shares = n < worth ? n : worth;
	}
	return shares < FEED_READERS_MAX ? shares : FEED_READERS_MAX;
}

static int
start(const struct reading *reading, size_t shares, struct channels *channels, struct err *err)
{
	char what[CONFINE_WHAT];
	const struct confine_options options = {
		.what = what,
		.fds = &reading->fd,
		.fd_count = 1,
		.memory = FEED_READER_MEMORY_MAX,
	};

	(void)snprintf(what, sizeof(what), "the reader of %s", reading->document->path);
	for (size_t i = 0; i < shares; i++) {
		struct channel *channel = &channels->items[i];

		*channel = (struct channel){.child = CONFINED_INIT, .task = {reading, i, shares}};
		channel->incoming.max = ADVISORY_RECORD_MAX + READ_BYTES + KIB;
		channels->count++;
		int r = confine_start(&options, reader_run, &channel->task, &channel->child, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Hands on the whole records that came, and keeps the rest. */
static int
hand_on(struct channel *channel, const struct reading *reading, reading_visitor *each,
	void *context, struct err *err)
{
	struct span rest = buf_span(&channel->incoming);
	struct advisory_record record;
	size_t wanted;
	int r;

	while ((r = advisory_record_next(&rest, &record, &wanted, err)) > 0) {
		if (record.document != reading->index)
			return err_set(err, ERR_CHILD, "%s says what it may not",
				       channel->child.what);
		r = each(context, &record, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (rest.n > 0)
		memmove(channel->incoming.p, rest.p, rest.n);
	channel->incoming.n = rest.n;
	return 0;
}

static int
take(struct channel *channel, struct err *err)
{
	int r = buf_reserve(&channel->incoming, READ_BYTES, err);

	if (r < 0)
		return r;
	ssize_t got =
		read(channel->child.out, channel->incoming.p + channel->incoming.n, READ_BYTES);
	if (got < 0)
		return errno == EINTR || errno == EAGAIN
			       ? 0
			       : err_sys(err, ERR_IO, errno, "cannot read from %s",
					 channel->child.what);
	channel->ended = got == 0;
	channel->incoming.n += (size_t)got;
	return 0;
}

/* One step: whatever is there of whom. *ret_running: how many have not ended. */
static int
pump(struct channels *channels, const struct reading *reading, reading_visitor *each, void *context,
     size_t *ret_running, uint64_t *silent_since, struct err *err)
{
	struct pollfd ends[FEED_READERS_MAX];
	size_t running = 0;
	int r = 0;

	for (size_t i = 0; i < channels->count; i++) {
		bool ended = channels->items[i].ended;

		ends[i] = (struct pollfd){.fd = ended ? -1 : channels->items[i].child.out,
					  .events = POLLIN};
		running += !ended;
	}
	*ret_running = running;
	if (running == 0)
		return 0;
	if (proc_cancel)
		return err_set(err, ERR_CANCELLED, "interrupted");
	if (clock_ms() - *silent_since > FEED_SILENCE_MS)
		return err_set(err, ERR_TIMEOUT, "%s does nothing (FEED_SILENCE_MS)",
			       channels->items[0].child.what);
	if (poll(ends, channels->count, STEP_MS) <= 0)
		return 0;
	for (size_t i = 0; r == 0 && i < channels->count; i++) {
		if (!ends[i].revents)
			continue;
		r = take(&channels->items[i], err);
		if (r == 0)
			r = hand_on(&channels->items[i], reading, each, context, err);
	}
	*silent_since = clock_ms();
	return r;
}

static int
finish(struct channels *channels, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < channels->count; i++) {
		struct channel *channel = &channels->items[i];

		r = confine_finish(&channel->child, FEED_SILENCE_MS, NULL, err);
		if (r == -ERR_MEMORY) /* its memory, not ours: a feed can do that */
			r = err_set(err, ERR_LIMIT, "%s needs too much memory",
				    channel->child.what);
		if (r == 0 && channel->incoming.n > 0)
			r = err_set(err, ERR_CHILD, "%s ended within a record",
				    channel->child.what);
	}
	return r;
}

int
document_read(const struct reading *reading, reading_visitor *each, void *context, struct err *err)
{
	CLEANUP(channels_cleanup) struct channels channels = {0};
	uint64_t silent_since = clock_ms();
	size_t running = 1;
	int r = start(reading, count_shares(reading), &channels, err);

	while (r == 0 && running > 0)
		r = pump(&channels, reading, each, context, &running, &silent_since, err);
	return r < 0 ? r : finish(&channels, err);
}
