/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/rpm_database/bdb_file.h"

int
bdb_open(struct span file, struct bdb_file *ret, struct err *err)
{
	struct bdb_file bdb = {.bytes = file};

	if (file.n > RPM_DATABASE_MAX)
		return err_set(err, ERR_LIMIT, "%zu bytes (RPM_DATABASE_MAX %lu)", file.n,
			       RPM_DATABASE_MAX);
	if (file.n < META_BYTES)
		return err_set(err, ERR_INVALID, "no Berkeley DB file: %zu bytes", file.n);
	bdb.big = bytes_u32(file.p + META_MAGIC, true) == BDB_HASH_MAGIC ||
		  bytes_u32(file.p + META_MAGIC, true) == BDB_BTREE_MAGIC;
	uint32_t magic = bytes_u32(file.p + META_MAGIC, bdb.big);
	if (magic == BDB_BTREE_MAGIC)
		return err_set(err, ERR_UNSUPPORTED, "a Berkeley DB file that is no hash");
	if (magic != BDB_HASH_MAGIC)
		return err_set(err, ERR_INVALID, "no Berkeley DB file");
	bdb.version = bytes_u32(file.p + META_VERSION, bdb.big);
	if (bdb.version < 7 || bdb.version > 10)
		return err_set(err, ERR_UNSUPPORTED, "version %u of Berkeley DB's hashes",
			       bdb.version);
	if (file.p[META_ENCRYPTED] || (file.p[META_CHECKSUMS] & 1))
		return err_set(err, ERR_UNSUPPORTED,
			       "a Berkeley DB file that is encrypted or has sums of pages");
	bdb.page_size = bytes_u32(file.p + META_PAGE_SIZE, bdb.big);
	if (bdb.page_size < META_BYTES || bdb.page_size > 65536 ||
	    (bdb.page_size & (bdb.page_size - 1)))
		return err_set(err, ERR_INVALID, "pages of %u bytes", bdb.page_size);
	bdb.last = bytes_u32(file.p + META_LAST_PAGE, bdb.big);
	*ret = bdb;
	return 0;
}

/* NULL: it is not there. */
static const char *
page(const struct bdb_file *bdb, uint64_t number)
{
	uint64_t at = number * bdb->page_size;

	if (number == 0 || number > bdb->last || at + bdb->page_size > bdb->bytes.n)
		return NULL;
	return bdb->bytes.p + at;
}

/* Item i of a hash page; false: it is not on the page. */
static bool
take_item(const struct bdb_file *bdb, const char *p, uint32_t i, struct span *ret)
{
	uint32_t entries = bytes_u16(p + PAGE_ENTRIES, bdb->big);
	uint32_t floor = PAGE_HEAD + 2 * entries;
	uint32_t from = bytes_u16(p + PAGE_HEAD + 2 * (size_t)i, bdb->big);
	uint32_t to =
		i == 0 ? bdb->page_size : bytes_u16(p + PAGE_HEAD + 2 * (size_t)(i - 1), bdb->big);

	if (from < floor || from >= to || to > bdb->page_size)
		return false;
	*ret = (struct span){p + from, to - from};
	return true;
}

/* What is on pages of its own. A fault when it is not whole. */
static int
take_elsewhere(struct gather *gather, const struct bdb_file *bdb, uint32_t number, struct span item,
	       struct err *err)
{
	size_t length = bytes_u32(item.p + 8, bdb->big);
	uint32_t next = bytes_u32(item.p + 4, bdb->big);
	size_t n = 0;
	char *header;

	/* Checked before room is taken for it. */
	if (length > bdb->bytes.n)
		return gather_fault(gather, number, err, "it is longer than the file");
	int r = gather_room(gather, length, &header, err);
	if (r < 0)
		return r;
	while (n < length) {
		const char *p = page(bdb, next);
		size_t piece = p ? bytes_u16(p + PAGE_FREE, bdb->big) : 0;

		if (!p || p[PAGE_TYPE] != TYPE_OVERFLOW || piece == 0 ||
		    piece > bdb->page_size - PAGE_HEAD || piece > length - n)
			return gather_fault(gather, number, err,
					    "its bytes on page %u are not there", next);
		memcpy(header + n, p + PAGE_HEAD, piece);
		n += piece;
		next = bytes_u32(p + PAGE_NEXT, bdb->big);
	}
	return gather_record(gather, number, (struct span){header, n}, err);
}

static int
take_pair(struct gather *gather, struct bdb_file *bdb, struct span key, struct span data,
	  struct err *err)
{
	if (key.n != 1 + KEY_BYTES || key.p[0] != ITEM_HERE)
		return gather_fault(gather, 0, err, "a key that is no number");
	uint32_t number = bytes_u32(key.p + 1, bdb->big);
	if (number == 0) {
		if (data.n == 1 + KEY_BYTES && data.p[0] == ITEM_HERE)
			bdb->given = bytes_u32(data.p + 1, bdb->big);
		return 0;
	}
	if (data.p[0] == ITEM_HERE)
		return gather_record(gather, number, span_slice(data, 1, data.n), err);
	if (data.p[0] == ITEM_ELSEWHERE && data.n == ITEM_ELSEWHERE_BYTES)
		return take_elsewhere(gather, bdb, number, data, err);
	return gather_fault(gather, number, err, "it is kept in a way that is not known");
}

static int
read_page(struct gather *gather, struct bdb_file *bdb, const char *p, uint32_t number,
	  struct err *err)
{
	uint32_t entries = bytes_u16(p + PAGE_ENTRIES, bdb->big);
	int r = 0;

	if (PAGE_HEAD + 2 * entries > bdb->page_size || entries % 2)
		return gather_fault(gather, 0, err, "page %u has %u items", number, entries);
	for (uint32_t i = 0; r == 0 && i < entries; i += 2) {
		struct span key;
		struct span data;

		if (!take_item(bdb, p, i, &key) || !take_item(bdb, p, i + 1, &data))
			return gather_fault(gather, 0, err, "page %u: its items overlap", number);
		r = take_pair(gather, bdb, key, data, err);
	}
	return r;
}

/* Pages that are free have another type, so all of them may be looked at in turn. */
int
bdb_read(struct bdb_file *bdb, struct gather *gather, struct err *err)
{
	int r = 0;

	for (uint32_t i = 1; r == 0 && i <= bdb->last; i++) {
		const char *p = page(bdb, i);

		if (!p)
			return gather_fault(gather, 0, err, "the file ends before page %u of %u", i,
					    bdb->last);
		if (p[PAGE_TYPE] == TYPE_HASH || p[PAGE_TYPE] == TYPE_HASH_UNSORTED)
			r = read_page(gather, bdb, p, i, err);
		if (i == UINT32_MAX)
			break;
	}
	return r;
}

int
rpm_bdb_read(struct span file, struct span log, struct arena *arena, struct rpm_database *ret,
	     struct err *err)
{
	CLEANUP(gather_cleanup) struct gather gather = {.arena = arena};
	struct bdb_file bdb;
	int r = bdb_open(file, &bdb, err);

	(void)log;
	if (r == 0)
		r = bdb_read(&bdb, &gather, err);
	return r < 0 ? r : gather_finish(&gather, ret, err);
}
