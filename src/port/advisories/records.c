/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/records.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READ_BLOCK = 1024 * 1024,
	TEXTS = 6,
	DOCUMENTS_MAX = 4096,
	DIRECTORY_MAX = 16 * 1024 * 1024
};

const char records_magic[RECORDS_MAGIC] = "mohsrec\2";

static const size_t document_texts[TEXTS] = {
	offsetof(struct record_document, path), offsetof(struct record_document, address),
	offsetof(struct record_document, etag), offsetof(struct record_document, modified),
	offsetof(struct record_document, file), offsetof(struct record_document, fingerprint),
};

/* ---- bytes ---- */

static int
put_number(struct buf *buf, uint64_t value, size_t n, struct err *err)
{
	unsigned char bytes[8];

	bytes_put(bytes, value, n, false);
	return buf_append(buf, (struct span){(const char *)bytes, n}, err);
}

static int
put_text(struct buf *buf, struct span text, struct err *err)
{
	int r = put_number(buf, text.n, 4, err);

	return r < 0 || text.n == 0 ? r : buf_append(buf, text, err);
}

/* False when it is not all there. */
static bool
get_number(struct span *rest, size_t n, uint64_t *ret)
{
	if (rest->n < n)
		return false;
	*ret = bytes_number(rest->p, n, false);
	*rest = span_slice(*rest, n, rest->n);
	return true;
}

static bool
get_text(struct span *rest, struct span *ret)
{
	uint64_t n;

	if (!get_number(rest, 4, &n) || n > rest->n)
		return false;
	*ret = span_slice(*rest, 0, (size_t)n);
	*rest = span_slice(*rest, (size_t)n, rest->n);
	return true;
}

static int
damaged(struct err *err)
{
	return err_set(err, ERR_INVALID, "malformed record of a feed");
}

int
advisory_record_put(const struct advisory_record *record, struct buf *buf, struct err *err)
{
	unsigned char head[RECORD_HEAD + 4];
	size_t n = sizeof(head) - 4 + record->problem.n + record->rows.n;

	if (n > ADVISORY_RECORD_MAX)
		return err_set(err, ERR_LIMIT, "a record gives more than %lu bytes of advisories",
			       ADVISORY_RECORD_MAX);
	bytes_put(head, n, 4, false);
	head[4] = (unsigned char)record->kind;
	memcpy(head + 5, record->fingerprint.bytes, FINGERPRINT_BYTES);
	bytes_put(head + 21, record->document, 4, false);
	bytes_put(head + 25, record->records, 4, false);
	bytes_put(head + 29, record->skipped, 4, false);
	bytes_put(head + 33, record->place, 8, false);
	bytes_put(head + RECORD_HEAD, record->problem.n, 4, false);
	int r = buf_append(buf, (struct span){(const char *)head, sizeof(head)}, err);
	if (r == 0 && record->problem.n > 0)
		r = buf_append(buf, record->problem, err);
	if (r == 0 && record->rows.n > 0)
		r = buf_append(buf, record->rows, err);
	return r;
}

int
advisory_record_next(struct span *rest, struct advisory_record *ret, size_t *ret_wanted,
		     struct err *err)
{
	struct advisory_record record = {0};
	uint64_t n;

	*ret_wanted = 4;
	if (rest->n < 4)
		return 0;
	n = bytes_number(rest->p, 4, false);
	if (n < RECORD_HEAD || n > ADVISORY_RECORD_MAX)
		return damaged(err);
	*ret_wanted = (size_t)n + 4;
	if (rest->n < n + 4)
		return 0;
	struct span body = span_slice(*rest, 4, (size_t)n + 4);
	if ((unsigned char)body.p[0] > RECORD_KNOWN)
		return damaged(err);
	record.kind = (enum record_kind)body.p[0];
	memcpy(record.fingerprint.bytes, body.p + 1, FINGERPRINT_BYTES);
	record.document = (uint32_t)bytes_number(body.p + 17, 4, false);
	record.records = (uint32_t)bytes_number(body.p + 21, 4, false);
	record.skipped = (uint32_t)bytes_number(body.p + 25, 4, false);
	record.place = bytes_number(body.p + 29, 8, false);
	body = span_slice(body, RECORD_HEAD - 4, body.n);
	if (!get_text(&body, &record.problem) || record.problem.n > RECORD_PROBLEM)
		return damaged(err);
	record.rows = body;
	*rest = span_slice(*rest, (size_t)n + 4, rest->n);
	*ret = record;
	return 1;
}

int
records_name(const char *database, const char *ending, char name[PATH_MAX], struct err *err)
{
	int n = snprintf(name, PATH_MAX, "%s.records%s", database, ending);

	return n > 0 && n < PATH_MAX ? 0 : err_set(err, ERR_USAGE, "name too long");
}

static int
fingerprint_path(const struct fingerprint_key *key, const char *path, struct fingerprint *ret,
		 struct err *err)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot open %.150s", path);
	int r = fingerprint_of_file(key, fd, ret, err);
	return r < 0 ? err_wrap(err, "%.150s", path) : 0;
}

/* What is remembered is what this build's readers make of the feeds' bytes. */
int
records_pair_of(const struct fingerprint_key *key, const char *database, struct records_pair *ret,
		struct err *err)
{
	struct records_pair pair;
	int r = fingerprint_path(key, "/proc/self/exe", &pair.build, err);

	if (r == 0)
		r = fingerprint_path(key, database, &pair.database, err);
	if (r == 0)
		*ret = pair;
	return r;
}

/* ---- reading ---- */

struct feed_place {
	struct span name;
	uint64_t start;
	uint64_t size;
	struct span documents; /* their bytes, behind the count */
	size_t document_count;
};

struct advisory_records {
	int fd; /* -1: nothing is known */
	struct fingerprint_key key;
	struct buf directory;
	VEC(struct feed_place) feeds;
};

static bool
get_document(struct span *rest, struct record_document *document)
{
	uint64_t date;

	for (size_t i = 0; i < TEXTS; i++) {
		struct span *text = (void *)((char *)document + document_texts[i]);

		if (!get_text(rest, text))
			return false;
	}
	if (!get_number(rest, 8, &date))
		return false;
	document->date = (int64_t)date;
	return true;
}

static int
read_place(struct advisory_records *records, struct span *rest, uint64_t end, struct err *err)
{
	struct feed_place place = {0};
	uint64_t count;

	if (!get_text(rest, &place.name) || !get_number(rest, 8, &place.start) ||
	    !get_number(rest, 8, &place.size) || !get_number(rest, 4, &count) ||
	    place.start > end || place.size > end - place.start || count > DOCUMENTS_MAX)
		return damaged(err);
	place.documents = *rest;
	place.document_count = (size_t)count;
	for (uint64_t i = 0; i < count; i++) {
		struct record_document ignored = {0};

		if (!get_document(rest, &ignored))
			return damaged(err);
	}
	return vec_push(&records->feeds, &place, DOCUMENTS_MAX, err);
}

static int
read_directory(struct advisory_records *records, uint64_t at, uint64_t size, struct err *err)
{
	struct span rest;
	uint64_t count;

	if (at > size || size - at > DIRECTORY_MAX)
		return damaged(err);
	int r = buf_reserve(&records->directory, (size_t)(size - at), err);
	if (r == 0)
		r = fd_pread_full(records->fd, records->directory.p, (size_t)(size - at), at, err);
	if (r < 0)
		return r;
	rest = (struct span){records->directory.p, (size_t)(size - at)};
	if (!get_number(&rest, 4, &count))
		return damaged(err);
	for (uint64_t i = 0; r == 0 && i < count; i++)
		r = read_place(records, &rest, at, err);
	return r == 0 && rest.n > 0 ? damaged(err) : r;
}

/* ERR_MISMATCH: it is of another database or build. */
static int
judge_head(struct advisory_records *records, const char *database, const char head[RECORDS_HEAD],
	   struct err *err)
{
	const char *at = head + RECORDS_MAGIC;
	struct records_pair pair;

	if (memcmp(head, records_magic, RECORDS_MAGIC) != 0)
		return err_set(err, ERR_MISMATCH, "of another layout");
	memcpy(records->key.bytes, at, FINGERPRINT_KEY);
	at += FINGERPRINT_KEY;
	int r = records_pair_of(&records->key, database, &pair, err);
	if (r < 0)
		return r;
	if (memcmp(at, pair.build.bytes, FINGERPRINT_BYTES) != 0 ||
	    memcmp(at + FINGERPRINT_BYTES, pair.database.bytes, FINGERPRINT_BYTES) != 0)
		return err_set(err, ERR_MISMATCH, "of another database");
	return 0;
}

static int
open_records(const char *database, struct advisory_records *records, struct err *err)
{
	char name[PATH_MAX];
	char head[RECORDS_HEAD];
	struct stat st;
	int r = records_name(database, "", name, err);

	if (r < 0)
		return r;
	records->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (records->fd < 0 || fstat(records->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_sys(err, ERR_IO, errno, "cannot open %s", name);
	r = fd_pread_full(records->fd, head, sizeof(head), 0, err);
	if (r == 0)
		r = judge_head(records, database, head, err);
	if (r < 0)
		return r;
	return read_directory(records, bytes_number(head + RECORDS_HEAD - 8, 8, false),
			      (uint64_t)st.st_size, err);
}

int
records_open(const char *database, struct advisory_records **ret, struct err *err)
{
	struct advisory_records *records = calloc(1, sizeof(*records));
	struct err problem = ERR_INIT;

	if (!records)
		return err_memory(err);
	records->fd = -1;
	records->directory.max = DIRECTORY_MAX;
	int r = database ? open_records(database, records, &problem) : 0;
	if (r == -ERR_MEMORY) {
		records_free(records);
		return err_memory(err);
	}
	if (r < 0) {
		fd_cleanup(&records->fd);
		records->feeds.count = 0;
	}
	r = records_any(records) ? 0 : fingerprint_key_new(&records->key, err);
	if (r < 0) {
		records_free(records);
		return r;
	}
	*ret = records;
	return 0;
}

const struct fingerprint_key *
records_key(const struct advisory_records *records)
{
	return &records->key;
}

bool
records_any(const struct advisory_records *records)
{
	return records->feeds.count > 0;
}

void
records_free(struct advisory_records *records)
{
	if (!records)
		return;
	fd_cleanup(&records->fd);
	buf_cleanup(&records->directory);
	vec_free(&records->feeds);
	free(records);
}

void
records_cleanup(struct advisory_records **records)
{
	records_free(*records);
	*records = NULL;
}

struct known_list {
	struct record_known *items;
	size_t count;
	size_t capacity;
};

/* Notes the records of a block of the file; *ret_used: bytes of whole ones. */
static int
note_records(struct known_list *list, struct span block, uint64_t at, size_t *ret_used,
	     size_t *ret_wanted, struct err *err)
{
	struct span rest = block;
	struct advisory_record record;
	int r;

	for (;;) {
		size_t before = block.n - rest.n;

		r = advisory_record_next(&rest, &record, ret_wanted, err);
		if (r <= 0)
			break;
		struct record_known known = {.fingerprint = record.fingerprint,
					     .at = at + before,
					     .size = (uint32_t)(block.n - rest.n - before),
					     .records = record.records,
					     .document = record.document & 0x7fffffff};
		r = vec_push_raw((struct vec *)(void *)list, &known, sizeof(known),
				 FEED_RECORDS_MAX, err);
		if (r < 0)
			break;
	}
	*ret_used = block.n - rest.n;
	return r;
}

static int
scan_records(int fd, uint64_t start, uint64_t size, struct known_list *list, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf block = BUF_INIT(ADVISORY_RECORD_MAX + READ_BLOCK);
	uint64_t at = 0;
	size_t wanted = 0;
	size_t used;
	int r = 0;

	while (r == 0 && at < size) {
		size_t n = wanted > READ_BLOCK ? wanted : READ_BLOCK;

		n = size - at < n ? (size_t)(size - at) : n;
		if (n < wanted)
			return damaged(err);
		block.n = 0;
		r = buf_reserve(&block, n, err);
		if (r == 0)
			r = fd_pread_full(fd, block.p, n, start + at, err);
		if (r == 0)
			r = note_records(list, (struct span){block.p, n}, start + at, &used,
					 &wanted, err);
		if (r == 0)
			at += used;
	}
	return r;
}

static int
compare_known(const void *a, const void *b)
{
	return memcmp(a, b, FINGERPRINT_BYTES);
}

static const struct feed_place *
find_place(const struct advisory_records *records, struct span name)
{
	for (size_t i = 0; i < records->feeds.count; i++) {
		if (span_equal(records->feeds.items[i].name, name))
			return &records->feeds.items[i];
	}
	return NULL;
}

int
records_document(const struct advisory_records *records, struct span feed, struct span path,
		 struct arena *arena, struct record_document *ret, struct err *err)
{
	const struct feed_place *place = find_place(records, feed);
	struct span rest = place ? place->documents : SPAN("");

	for (size_t i = 0; place && i < place->document_count; i++) {
		struct record_document document = {0};

		(void)get_document(&rest, &document);
		if (!span_equal(document.path, path))
			continue;
		for (size_t j = 0; j < TEXTS; j++) {
			struct span *text = (void *)((char *)&document + document_texts[j]);

			*text = arena_copy(arena, *text);
			if (!text->p)
				return err_memory(err);
		}
		*ret = document;
		return 0;
	}
	return err_set(err, ERR_NOT_FOUND, "nothing is remembered of %.*s", SPAN_ARG(path));
}

int
records_feed(struct advisory_records *records, struct span name, struct record_feed *ret,
	     struct err *err)
{
	const struct feed_place *place = find_place(records, name);
	struct known_list list = {0};

	if (!place)
		return err_set(err, ERR_NOT_FOUND, "nothing is remembered of %.*s", SPAN_ARG(name));
	int r = scan_records(records->fd, place->start, place->size, &list, err);
	if (r < 0) {
		free(list.items);
		return r;
	}
	if (list.count > 0)
		qsort(list.items, list.count, sizeof(*list.items), compare_known);
	*ret = (struct record_feed){list.items, list.count};
	return 0;
}

void
record_feed_cleanup(struct record_feed *feed)
{
	free(feed->records);
	*feed = (struct record_feed){0};
}

int
records_read(struct advisory_records *records, const struct record_known *known, struct buf *buf,
	     struct advisory_record *ret, struct err *err)
{
	size_t wanted;

	buf->n = 0;
	int r = buf_reserve(buf, known->size, err);
	if (r == 0)
		r = fd_pread_full(records->fd, buf->p, known->size, known->at, err);
	if (r < 0)
		return r;
	struct span rest = {buf->p, known->size};
	r = advisory_record_next(&rest, ret, &wanted, err);
	return r < 0 ? r : r == 0 ? damaged(err) : 0;
}

bool
records_range(const struct advisory_records *records, struct span feed, uint64_t *ret_at,
	      uint64_t *ret_size)
{
	const struct feed_place *place = find_place(records, feed);

	if (!place)
		return false;
	*ret_at = place->start;
	*ret_size = place->size;
	return true;
}

int
records_descriptor(const struct advisory_records *records)
{
	return records->fd;
}

int
records_put_document(const struct record_document *document, struct buf *buf, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < TEXTS; i++)
		r = put_text(buf,
			     *(const struct span *)(const void *)((const char *)document +
								  document_texts[i]),
			     err);
	return r < 0 ? r : put_number(buf, (uint64_t)document->date, 8, err);
}

int
records_put_number(struct buf *buf, uint64_t value, size_t n, struct err *err)
{
	return put_number(buf, value, n, err);
}

int
records_put_text(struct buf *buf, struct span text, struct err *err)
{
	return put_text(buf, text, err);
}
