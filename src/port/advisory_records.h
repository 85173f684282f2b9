/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the records of each feed gave when the database was made: a file beside it, by which the
 * next update reads only those records that changed. It belongs to one database, byte for byte, and
 * to one build of mohs; without it, or with that of another, everything is read. docs/advisories.md
 *
 *	file     8  "mohsrec" 2;  key (192) of the fingerprints here;  mohs (16), database (16):
 *	            those of the files;  directory (8): where it starts
 *	         records, those of a feed together
 *	         directory: 4 feeds: name; start (8), size (8); 4 documents: six texts, date (8)
 *	record   4  bytes of what follows;  kind (1), fingerprint (16), document (4), records (4),
 *	            skipped (4), place (8), problem (text), rows (port/advisories/rows.h)
 *	text     4  bytes;  the bytes
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fingerprint.h"

enum { RECORD_PROBLEM = 160, RECORD_HEAD = 4 + 1 + FINGERPRINT_BYTES + 4 * 3 + 8 };

enum record_kind {
	RECORD_ROWS,  /* what it gave */
	RECORD_KNOWN, /* it has the fingerprint of one that is known: no rows */
};

struct advisory_record {
	enum record_kind kind;
	struct fingerprint fingerprint; /* of its bytes; zeroes: always read anew */
	uint32_t document;		/* of the feed */
	uint32_t records;		/* feed_tally */
	uint32_t skipped;
	uint64_t place; /* in the document, from 0 */
	struct span problem;
	struct span rows;
};

int advisory_record_put(const struct advisory_record *record, struct buf *buf, struct err *err);

/*
 * Takes the first record off `rest`: 1; 0 when not all of it is there, and *ret_wanted says how
 * many bytes it takes. ERR_INVALID. Spans are those of `rest`.
 */
int advisory_record_next(struct span *rest, struct advisory_record *ret, size_t *ret_wanted,
			 struct err *err);

/* One that is known: which, and where it is. */
struct record_known {
	struct fingerprint fingerprint;
	uint64_t at;
	uint32_t size;
	uint32_t records;
	uint32_t document : 31;
	uint32_t seen : 1; /* the caller's */
};

/* State of one document of a feed. */
struct record_document {
	struct span path; /* feed_document.path */
	struct span address;
	struct span etag;
	struct span modified;
	struct span file;	 /* of a folder: size and times */
	struct span fingerprint; /* of the bytes as they came */
	int64_t date;
};

struct record_feed {
	struct record_known *records; /* by fingerprint */
	size_t count;
};

struct advisory_records;

/*
 * The file of `database` (NULL: none). Not there, of a database with other bytes, of another build,
 * or damaged: it knows nothing. ERR_MEMORY.
 */
int records_open(const char *database, struct advisory_records **ret, struct err *err);
/* Whether it knows anything. */
bool records_any(const struct advisory_records *records);
/* The key of what it knows; a new one when that is nothing. */
const struct fingerprint_key *records_key(const struct advisory_records *records);
void records_free(struct advisory_records *records);
void records_cleanup(struct advisory_records **records);

/* What was read of a document of a feed; ERR_NOT_FOUND. Strings go to `arena`. */
int records_document(const struct advisory_records *records, struct span feed, struct span path,
		     struct arena *arena, struct record_document *ret, struct err *err);

/* ERR_NOT_FOUND; ERR_INVALID, ERR_LIMIT. Free with record_feed_cleanup(). */
int records_feed(struct advisory_records *records, struct span name, struct record_feed *ret,
		 struct err *err);
void record_feed_cleanup(struct record_feed *feed);

/* Reads a known record whole into `buf`, which it empties. */
int records_read(struct advisory_records *records, const struct record_known *known,
		 struct buf *buf, struct advisory_record *ret, struct err *err);

struct records_writer;

/* Writes a new file beside the database; it is gone unless it is finished. `key`: copied. */
int records_writer_new(const char *database, const struct fingerprint_key *key,
		       struct records_writer **ret, struct err *err);
void records_writer_free(struct records_writer *writer);
void records_writer_cleanup(struct records_writer **writer);

/* What follows is of this feed. A feed that is begun anew is as if it had not been. */
int records_begin(struct records_writer *writer, struct span name, struct err *err);
int records_add(struct records_writer *writer, const struct advisory_record *record,
		struct err *err);

/* Copies those that were seen of an old file. */
int records_carry(struct records_writer *writer, const struct advisory_records *records,
		  const struct record_feed *feed, struct err *err);

/* Copies all of the feed that was begun. ERR_NOT_FOUND. */
int records_carry_all(struct records_writer *writer, const struct advisory_records *records,
		      struct err *err);

/* Reads again what was added: by what records_at() said before and after. */
uint64_t records_at(const struct records_writer *writer);
int records_again(struct records_writer *writer, uint64_t at, size_t size, struct buf *buf,
		  struct advisory_record *ret, struct err *err);

/* Of the feed that was begun: it is complete. */
int records_end(struct records_writer *writer, const struct record_document *documents,
		size_t count, struct err *err);

/* Takes the place of the old file, now that the new database stands in its place. */
int records_finish(struct records_writer *writer, struct err *err);
