/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/rpm_database/sqlite_file.h"

#include "base/limits.h"
#include "base/map.h"

enum {
	FILE_HEADER = 100,
	AT_PAGE_SIZE = 16,
	AT_RESERVED = 20,
	AT_ENCODING = 56,

	LOG_HEADER = 32,
	FRAME_HEADER = 24,
	LOG_MAGIC = 0x377f0682, /* or one more: sums of big endian words */
	LOG_VERSION = 3007000,

	CELL_POINTER = 2,

	INTERIOR = 5, /* a page of a table's tree */
	LEAF = 13,
	INTERIOR_HEADER = 12,
	LEAF_HEADER = 8,
};

/* ---- the log ---- */

static void
add_sums(uint32_t sums[2], const char *p, size_t n, bool big)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		sums[0] += bytes_u32(p + i, big) + sums[1];
		sums[1] += bytes_u32(p + i + 4, big) + sums[0];
	}
}

static bool
has_sums(const char *p, const uint32_t sums[2])
{
	return bytes_u32(p, true) == sums[0] && bytes_u32(p + 4, true) == sums[1];
}

/* Where the pages of the last whole transaction end; 0: nothing of it counts. */
static size_t
committed(const struct sqlite_file *file)
{
	struct span log = file->log;
	uint32_t sums[2] = {0, 0};
	size_t end = 0;

	if (log.n < LOG_HEADER || (bytes_u32(log.p, true) & ~1U) != LOG_MAGIC ||
	    bytes_u32(log.p + 4, true) != LOG_VERSION ||
	    bytes_u32(log.p + 8, true) != file->page_size)
		return 0;
	bool big = bytes_u32(log.p, true) & 1;
	add_sums(sums, log.p, 24, big);
	if (!has_sums(log.p + 24, sums))
		return 0;
	size_t frame = FRAME_HEADER + (size_t)file->page_size;
	for (size_t at = LOG_HEADER; at + frame <= log.n; at += frame) {
		const char *p = log.p + at;

		if (memcmp(p + 8, log.p + 16, 8) != 0) /* of an older round */
			break;
		add_sums(sums, p, 8, big);
		add_sums(sums, p + FRAME_HEADER, file->page_size, big);
		if (!has_sums(p + 16, sums))
			break;
		if (bytes_u32(p + 4, true) != 0)
			end = at + frame;
	}
	return end;
}

static int
read_log(struct sqlite_file *file, struct err *err)
{
	size_t frame = FRAME_HEADER + (size_t)file->page_size;
	size_t end = committed(file);
	int r = 0;

	if (end == 0)
		return 0;
	file->logged = map_new((end - LOG_HEADER) / frame);
	if (!file->logged)
		return err_memory(err);
	for (size_t at = LOG_HEADER; r == 0 && at < end; at += frame)
		r = map_put(file->logged, span_slice(file->log, at, at + 4), at + FRAME_HEADER,
			    err);
	return r;
}

int
sqlite_file_open(struct span bytes, struct span log, struct sqlite_file *ret, struct err *err)
{
	struct sqlite_file file = {.bytes = bytes, .log = log};

	if (bytes.n > RPM_DATABASE_MAX || log.n > RPM_DATABASE_MAX)
		return err_set(err, ERR_LIMIT, "%zu bytes, log %zu (RPM_DATABASE_MAX %lu)", bytes.n,
			       log.n, RPM_DATABASE_MAX);
	if (bytes.n < FILE_HEADER || memcmp(bytes.p, "SQLite format 3", 16) != 0)
		return err_set(err, ERR_INVALID, "no SQLite file");
	file.page_size = bytes_u16(bytes.p + AT_PAGE_SIZE, true);
	if (file.page_size == 1)
		file.page_size = 65536;
	if (file.page_size < 512 || (file.page_size & (file.page_size - 1)))
		return err_set(err, ERR_INVALID, "pages of %u bytes", file.page_size);
	file.usable = file.page_size - (uint8_t)bytes.p[AT_RESERVED];
	if (file.usable < 480)
		return err_set(err, ERR_INVALID, "%u of %u bytes of a page are used", file.usable,
			       file.page_size);
	if (bytes_u32(bytes.p + AT_ENCODING, true) > 1)
		return err_set(err, ERR_UNSUPPORTED, "a SQLite file whose text is not UTF-8");
	file.bytes_left = bytes.n + log.n;
	file.pages_left = file.bytes_left / file.page_size + 1;
	int r = read_log(&file, err);
	if (r < 0)
		sqlite_file_cleanup(&file);
	else
		*ret = file;
	return r;
}

void
sqlite_file_cleanup(struct sqlite_file *file)
{
	map_free(file->logged);
	file->logged = NULL;
}

/* ---- pages ---- */

/* A whole page; .p NULL when there is none, or more were taken than there are. */
static struct span
page(struct sqlite_file *file, uint32_t number)
{
	char key[4];
	uint64_t at = ((uint64_t)number - 1) * file->page_size;
	uint64_t logged;

	bytes_put_u32(key, number, true);
	if (number == 0 || file->pages_left == 0)
		return (struct span){NULL, 0};
	file->pages_left--;
	if (file->logged && map_get(file->logged, (struct span){key, sizeof(key)}, &logged))
		return (struct span){file->log.p + logged, file->page_size};
	if (at + file->page_size > file->bytes.n)
		return (struct span){NULL, 0};
	return (struct span){file->bytes.p + at, file->page_size};
}

/* Big endian, 7 bits a byte, the ninth whole; how many bytes it takes, 0: it is cut off. */
static size_t
take_varint(struct span s, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = 0; i < 9 && i < s.n; i++) {
		uint8_t byte = (uint8_t)s.p[i];

		if (i == 8) {
			*ret = value << 8 | byte;
			return 9;
		}
		value = value << 7 | (byte & 0x7f);
		if (!(byte & 0x80)) {
			*ret = value;
			return i + 1;
		}
	}
	return 0;
}

/* A walk over one table. */
struct walk {
	struct sqlite_file *file;
	struct gather *gather;
	sqlite_row_function function;
	void *context;
};

/* The part of a row that is on its leaf. */
static size_t
local_bytes(const struct sqlite_file *file, uint64_t length)
{
	uint64_t most = file->usable - 35;
	uint64_t least = (file->usable - 12) * 32 / 255 - 23;

	if (length <= most)
		return (size_t)length;
	uint64_t local = least + (length - least) % (file->usable - 4);
	return (size_t)(local <= most ? local : least);
}

/* Puts together a row that goes on on other pages; *ret_whole says whether all of it is there. */
static int
join(struct walk *walk, struct span local, uint64_t length, uint32_t next, struct span *ret,
     bool *ret_whole, struct err *err)
{
	struct sqlite_file *file = walk->file;
	char *joined;

	*ret_whole = length <= file->bytes.n + file->log.n;
	if (!*ret_whole)
		return 0;
	int r = gather_room(walk->gather, (size_t)length, &joined, err);
	if (r < 0)
		return r;
	size_t n = local.n;
	memcpy(joined, local.p, n);
	while (n < length) {
		struct span more = page(file, next);
		size_t piece = file->usable - 4;

		*ret_whole = more.p != NULL;
		if (!more.p)
			return 0;
		if (piece > length - n)
			piece = (size_t)length - n;
		memcpy(joined + n, more.p + 4, piece);
		n += piece;
		next = bytes_u32(more.p, true);
	}
	*ret = (struct span){joined, n};
	return 0;
}

/* A row: its length, its number, its first bytes, and the page of the others. */
static int
read_cell(struct walk *walk, struct span cell, struct err *err)
{
	struct sqlite_row row = {.record = SPAN("")};
	uint64_t length = 0;
	uint64_t number = 0;
	bool whole = false;
	size_t first = take_varint(cell, &length);
	size_t second = first ? take_varint(span_slice(cell, first, cell.n), &number) : 0;
	int r = 0;

	if (!second)
		return gather_fault(walk->gather, 0, err, "a row is cut off");
	cell = span_slice(cell, first + second, cell.n);
	row.number = (int64_t)number;
	size_t local = local_bytes(walk->file, length);
	size_t taken = CELL_POINTER + first + second + (local <= cell.n ? local : 0);

	if (taken > walk->file->bytes_left)
		return err_set(err, ERR_INVALID, "its rows overlap");
	walk->file->bytes_left -= taken;
	if (local == length && local <= cell.n) {
		row.record = span_slice(cell, 0, local);
		whole = true;
	} else if (local < length && local + 4 <= cell.n) {
		r = join(walk, span_slice(cell, 0, local), length, bytes_u32(cell.p + local, true),
			 &row.record, &whole, err);
	}
	return r < 0 ? r : walk->function(walk->context, &row, whole, err);
}

static int
read_page(struct walk *walk, uint32_t number, unsigned depth, struct err *err)
{
	struct span whole = page(walk->file, number);
	size_t head = number == 1 ? FILE_HEADER : 0;
	int r = 0;

	if (!whole.p || depth > RPM_PAGES_DEPTH_MAX)
		return gather_fault(walk->gather, 0, err, "page %u is not there", number);
	const char *p = whole.p + head;
	bool leaf = p[0] == LEAF;
	size_t cells = head + (leaf ? LEAF_HEADER : INTERIOR_HEADER);
	uint32_t count = bytes_u16(p + 3, true);
	if ((!leaf && p[0] != INTERIOR) || cells + 2 * (size_t)count > whole.n)
		return gather_fault(walk->gather, 0, err, "page %u is no table's", number);
	for (uint32_t i = 0; r == 0 && i < count; i++) {
		size_t at = bytes_u16(whole.p + cells + 2 * (size_t)i, true);

		if (at < cells || at + 4 > walk->file->usable)
			r = gather_fault(walk->gather, 0, err, "page %u: a row lies outside of it",
					 number);
		else if (leaf)
			r = read_cell(walk, span_slice(whole, at, walk->file->usable), err);
		else
			r = read_page(walk, bytes_u32(whole.p + at, true), depth + 1, err);
	}
	if (r == 0 && !leaf)
		r = read_page(walk, bytes_u32(p + 8, true), depth + 1, err);
	return r;
}

int
sqlite_each_row(struct sqlite_file *file, struct gather *gather, uint32_t root,
		sqlite_row_function function, void *context, struct err *err)
{
	struct walk walk = {file, gather, function, context};

	return read_page(&walk, root, 0, err);
}

/* ---- columns ---- */

static struct span
take_value(struct span body, uint64_t type, struct sqlite_column *column)
{
	static const uint8_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
	uint64_t n = type >= 12 ? (type - 12) / 2 : type < sizeof(sizes) ? sizes[type] : UINT64_MAX;

	if (n > body.n)
		return (struct span){NULL, 0};
	column->bytes = span_slice(body, 0, (size_t)n);
	if (type >= 12) {
		column->kind = type % 2 ? COLUMN_TEXT : COLUMN_BYTES;
	} else if (type == 0) {
		column->kind = COLUMN_NULL;
	} else if (type == 7) {
		column->kind = COLUMN_REAL;
	} else {
		uint64_t value = type == 9;

		column->kind = COLUMN_NUMBER;
		if (n > 0)
			value = (uint8_t)body.p[0] & 0x80 ? UINT64_MAX : 0;
		for (size_t i = 0; i < n; i++)
			value = value << 8 | (uint8_t)body.p[i];
		column->number = (int64_t)value;
	}
	return span_slice(body, (size_t)n, body.n);
}

bool
sqlite_row_column(const struct sqlite_row *row, size_t i, struct sqlite_column *ret)
{
	uint64_t length = 0;
	size_t at = take_varint(row->record, &length);

	if (!at || length > row->record.n || length < at)
		return false;
	struct span body = span_slice(row->record, (size_t)length, row->record.n);
	for (size_t column = 0;; column++) {
		struct sqlite_column value = {.bytes = SPAN("")};
		uint64_t type;
		size_t n = take_varint(span_slice(row->record, at, (size_t)length), &type);

		if (!n)
			return false;
		at += n;
		body = take_value(body, type, &value);
		if (!body.p)
			return false;
		if (column == i) {
			*ret = value;
			return true;
		}
	}
}
