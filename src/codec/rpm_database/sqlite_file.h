/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of codec/rpm_database: the file format of SQLite (sqlite.org/fileformat2.html), as far as
 * it takes to read tables: a tree of pages each, whose leaves have rows by number; a row longer
 * than a page goes on on further pages. All numbers are big endian. What was committed to the
 * write-ahead log counts before the page of the file.
 */
#pragma once

#include "codec/rpm_database/database.h"

struct sqlite_file {
	struct span bytes;
	uint32_t page_size;
	uint32_t usable; /* of a page */
	struct span log;
	struct map *logged; /* 4 bytes of page number in the log -> where its bytes are there */
	/* Trees share no page and rows no byte, but a damaged file can lead in circles: */
	size_t pages_left; /* that may still be looked at */
	size_t bytes_left; /* that rows may still take on their leaves */
};

struct sqlite_row {
	int64_t number;
	struct span record; /* columns: their types, then their values */
};

enum column_kind { COLUMN_NULL, COLUMN_NUMBER, COLUMN_REAL, COLUMN_TEXT, COLUMN_BYTES };

struct sqlite_column {
	enum column_kind kind;
	struct span bytes; /* of text, bytes and real */
	int64_t number;
};

/* What is called with each row; `whole` is false when a part of it is not there. */
typedef int (*sqlite_row_function)(void *context, const struct sqlite_row *row, bool whole,
				   struct err *err);

int sqlite_file_open(struct span bytes, struct span log, struct sqlite_file *ret, struct err *err);
void sqlite_file_cleanup(struct sqlite_file *file);

/*
 * All rows of the table whose tree begins at page `root`, in order. Rows in pieces are put together
 * in gather's arena. What cannot be followed is a fault.
 */
int sqlite_each_row(struct sqlite_file *file, struct gather *gather, uint32_t root,
		    sqlite_row_function function, void *context, struct err *err);

/* Column i of a row; false when there is none such, or it is damaged. */
bool sqlite_row_column(const struct sqlite_row *row, size_t i, struct sqlite_column *ret);
