/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader and the writer of the file of records share. */
#pragma once

#include "port/advisory_records.h"

#include <limits.h>

enum {
	RECORDS_MAGIC = 8,
	RECORDS_HEAD = RECORDS_MAGIC + FINGERPRINT_KEY + 2 * FINGERPRINT_BYTES + 8
};

extern const char records_magic[RECORDS_MAGIC];

/* DATABASE.records and what follows it. */
int records_name(const char *database, const char *ending, char name[PATH_MAX], struct err *err);

/* What names this build of mohs, and the database as it is. */
struct records_pair {
	struct fingerprint build;
	struct fingerprint database;
};

int records_pair_of(const struct fingerprint_key *key, const char *database,
		    struct records_pair *ret, struct err *err);

int records_descriptor(const struct advisory_records *records);
/* Where the records of a feed are; false when nothing is known of it. */
bool records_range(const struct advisory_records *records, struct span feed, uint64_t *ret_at,
		   uint64_t *ret_size);
int records_put_number(struct buf *buf, uint64_t value, size_t n, struct err *err);
int records_put_text(struct buf *buf, struct span text, struct err *err);
int records_put_document(const struct record_document *document, struct buf *buf, struct err *err);
