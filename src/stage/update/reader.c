/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/reader.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "port/feed_file.h"

enum {
	SHARE_RECORDS = 64,	 /* a share is every nth block of so many records */
	FLUSH_BYTES = 64 * 1024, /* to the pipe at once */
	ROWS_BYTES = 256 * 1024, /* of a document without records */
};

struct reader {
	const struct reader_task *task;
	int out;
	struct feed_import import;
	struct feed_choice choice;
	uint64_t place;		       /* of the next record */
	bool open;		       /* `record` is of one that was chosen */
	struct advisory_record record; /* what is being read */
	struct buf rows;
	struct buf outgoing;
};

static void
reader_cleanup(struct reader *reader)
{
	advisories_builder_cleanup(&reader->import.builder);
	buf_cleanup(&reader->rows);
	buf_cleanup(&reader->outgoing);
}

static int
flush(struct reader *reader, struct err *err)
{
	int r = fd_write_full(reader->out, buf_span(&reader->outgoing), err);

	reader->outgoing.n = 0;
	return r;
}

static int
send_record(struct reader *reader, const struct advisory_record *record, struct err *err)
{
	int r = advisory_record_put(record, &reader->outgoing, err);

	return r == 0 && reader->outgoing.n >= FLUSH_BYTES ? flush(reader, err) : r;
}

/* Sends what was read since the last one; a record with a problem is read again the next time. */
static int
end_record(struct reader *reader, struct err *err)
{
	struct feed_tally *tally = &reader->import.tally;
	struct advisory_record *record = &reader->record;
	int r = 0;

	if (reader->open || reader->rows.n > 0 || tally->records > 0 || tally->skipped > 0) {
		record->document = reader->task->reading->index;
		record->records = (uint32_t)tally->records;
		record->skipped = (uint32_t)tally->skipped;
		record->rows = buf_span(&reader->rows);
		record->problem = span_from(tally->skipped > 0 ? tally->first : "");
		if (tally->skipped > 0)
			record->fingerprint = (struct fingerprint){0};
		r = send_record(reader, record, err);
	}
	tally->records = 0;
	tally->skipped = 0;
	tally->first[0] = '\0';
	reader->rows.n = 0;
	reader->open = false;
	reader->record = (struct advisory_record){.place = reader->place};
	return r;
}

static void
name_record(const struct reader *reader, struct span key, struct span text, struct fingerprint *ret)
{
	const struct reading *reading = reader->task->reading;
	const struct span parts[] = {span_from(reading->document->path), key, text};

	fingerprint_of(reading->key, parts, sizeof(parts) / sizeof(parts[0]), ret);
}

static bool
is_in_share(const struct reader *reader)
{
	const struct reader_task *task = reader->task;

	return (reader->place / SHARE_RECORDS) % task->shares == task->share;
}

/* The record that comes is another's: it is only counted. */
static bool
is_ours(void *context)
{
	struct reader *reader = context;

	if (is_in_share(reader))
		return true;
	reader->place++;
	return false;
}

static int
choose(void *context, struct span key, struct span text, bool *ret_wanted, struct err *err)
{
	struct reader *reader = context;
	const struct reader_task *task = reader->task;
	const struct record_feed *known = task->reading->known;
	int r = end_record(reader, err);
	bool ours = is_in_share(reader);
	uint64_t place = reader->place++;

	*ret_wanted = false;
	if (r < 0 || !ours)
		return r;
	reader->record.place = place;
	name_record(reader, key, text, &reader->record.fingerprint);
	if (record_find(known, &reader->record.fingerprint) < known->count) {
		reader->record.kind = RECORD_KNOWN;
		return send_record(reader, &reader->record, err);
	}
	reader->record.kind = RECORD_ROWS;
	reader->open = true;
	*ret_wanted = true;
	return 0;
}

/* Of a document without records, rows go in parts. */
static int
make_room(void *context, struct err *err)
{
	struct reader *reader = context;

	return !reader->open && reader->rows.n >= ROWS_BYTES ? end_record(reader, err) : 0;
}

static int
import_input(struct reader *reader, struct err *err)
{
	const struct reading *reading = reader->task->reading;
	CLEANUP(feed_file_cleanup) struct feed_file *file = NULL;
	int r = feed_file_open(reading->fd, &file, err);

	if (r < 0)
		return r;
	struct feed_input input = feed_file_input(file);
	return reading->type->import(&reader->import, &input, err);
}

int
reader_run(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	const struct reader_task *task = context;
	const struct reading *reading = task->reading;
	CLEANUP(reader_cleanup)
	struct reader reader = {
		.task = task,
		.out = out,
		.rows = BUF_INIT(ADVISORY_RECORD_MAX),
		.outgoing = BUF_INIT(ADVISORY_RECORD_MAX + FLUSH_BYTES + KIB),
	};

	reader.choice = (struct feed_choice){is_ours, choose, &reader};
	reader.import = (struct feed_import){.type = reading->type,
					     .document = reading->document,
					     .tally.choice = &reader.choice,
					     .total = UINT64_MAX};
	int r = advisories_recorder(&reader.rows, make_room, &reader, &reader.import.builder, err);
	if (r == 0 && reading->type->import_file)
		r = reading->type->import_file(&reader.import, reading->fd, err);
	else if (r == 0)
		r = import_input(&reader, err);
	if (r == 0)
		r = end_record(&reader, err);
	*ret_answer = reader.place;
	return r < 0 ? r : flush(&reader, err);
}
