/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/rpm_database/bdb_file.h"

#include <stdlib.h>

enum {
	BUCKETS = 2, /* the least that Berkeley DB makes; more pages are chained to theirs */
};

/* A file being written: the pages are in `out`, from `start` on. */
struct bdb_writer {
	const struct bdb_file *old;
	struct buf *out;
	size_t start;
	uint32_t pages;
};

/* One pair, in the order of its bucket. */
struct bdb_pair {
	uint32_t bucket;
	char key[KEY_BYTES];
	const struct rpm_record *record; /* NULL: the number that was given last */
};

/* Fowler, Noll and Vo's, as Berkeley DB has it by default. */
static uint32_t
hash(const char *p, size_t n)
{
	uint32_t h = 0;

	for (size_t i = 0; i < n; i++)
		h = (h * 16777619U) ^ (uint8_t)p[i];
	return h;
}

/* Moves with `out`: not to be kept across new_page(). */
static char *
page_at(const struct bdb_writer *writer, uint32_t number)
{
	return writer->out->p + writer->start + (size_t)number * writer->old->page_size;
}

static int
new_page(struct bdb_writer *writer, char type, uint32_t *ret, struct err *err)
{
	size_t size = writer->old->page_size;
	bool big = writer->old->big;
	int r = buf_reserve(writer->out, size, err);

	if (r < 0)
		return r;
	char *p = page_at(writer, writer->pages);
	memset(p, 0, size);
	bytes_put_u32(p + 4, 1, big); /* of no log */
	bytes_put_u32(p + PAGE_NUMBER, writer->pages, big);
	bytes_put_u16(p + PAGE_FREE, (unsigned)size, big);
	p[PAGE_TYPE] = type;
	writer->out->n += size;
	*ret = writer->pages++;
	return 0;
}

static void
chain(struct bdb_writer *writer, uint32_t before, uint32_t behind)
{
	bytes_put_u32(page_at(writer, before) + PAGE_NEXT, behind, writer->old->big);
	bytes_put_u32(page_at(writer, behind) + PAGE_PREVIOUS, before, writer->old->big);
}

/* What is too long for a hash page, on pages of its own. */
static int
write_elsewhere(struct bdb_writer *writer, struct span bytes, uint32_t *ret_first, struct err *err)
{
	size_t room = writer->old->page_size - PAGE_HEAD;
	uint32_t before = 0;

	while (bytes.n > 0) {
		size_t n = bytes.n < room ? bytes.n : room;
		uint32_t number;
		int r = new_page(writer, TYPE_OVERFLOW, &number, err);

		if (r < 0)
			return r;
		char *p = page_at(writer, number);
		memcpy(p + PAGE_HEAD, bytes.p, n);
		bytes_put_u16(p + PAGE_ENTRIES, 1, writer->old->big); /* references to it */
		bytes_put_u16(p + PAGE_FREE, (unsigned)n, writer->old->big);
		if (before)
			chain(writer, before, number);
		else
			*ret_first = number;
		before = number;
		bytes = span_slice(bytes, n, bytes.n);
	}
	return 0;
}

static size_t
free_bytes(const struct bdb_writer *writer, uint32_t number)
{
	const char *p = page_at(writer, number);
	size_t entries = bytes_u16(p + PAGE_ENTRIES, writer->old->big);
	size_t lowest = bytes_u16(p + PAGE_FREE, writer->old->big);

	if (entries == 0)
		lowest = writer->old->page_size;
	return lowest - PAGE_HEAD - 2 * entries;
}

static void
put_item(struct bdb_writer *writer, uint32_t number, struct span item)
{
	char *p = page_at(writer, number);
	unsigned entries = bytes_u16(p + PAGE_ENTRIES, writer->old->big);
	size_t lowest =
		entries ? bytes_u16(p + PAGE_FREE, writer->old->big) : writer->old->page_size;
	size_t at = lowest - item.n;

	memcpy(p + at, item.p, item.n);
	bytes_put_u16(p + PAGE_HEAD + 2 * (size_t)entries, (unsigned)at, writer->old->big);
	bytes_put_u16(p + PAGE_ENTRIES, entries + 1, writer->old->big);
	bytes_put_u16(p + PAGE_FREE, (unsigned)at, writer->old->big);
}

/* The data of a pair as an item. */
static int
make_data(struct bdb_writer *writer, const struct bdb_pair *pair, struct buf *ret, struct err *err)
{
	bool big = writer->old->big;
	char item[ITEM_ELSEWHERE_BYTES] = {ITEM_ELSEWHERE};
	uint32_t first = 0;
	int r;

	if (!pair->record) {
		item[0] = ITEM_HERE;
		bytes_put_u32(item + 1, writer->old->given, big);
		return buf_append(ret, (struct span){item, 1 + KEY_BYTES}, err);
	}
	if (pair->record->header.n <= writer->old->page_size / 4) {
		r = buf_byte(ret, ITEM_HERE, err);
		return r < 0 ? r : buf_append(ret, pair->record->header, err);
	}
	r = write_elsewhere(writer, pair->record->header, &first, err);
	if (r < 0)
		return r;
	bytes_put_u32(item + 4, first, big);
	bytes_put_u32(item + 8, (uint32_t)pair->record->header.n, big);
	return buf_append(ret, (struct span){item, sizeof(item)}, err);
}

/* Onto the last page of its bucket, or one more behind that. */
static int
write_pair(struct bdb_writer *writer, const struct bdb_pair *pair, uint32_t *last, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf data = BUF_INIT(65536);
	char key[1 + KEY_BYTES] = {ITEM_HERE};
	int r = make_data(writer, pair, &data, err);

	memcpy(key + 1, pair->key, KEY_BYTES);
	if (r == 0 && free_bytes(writer, *last) < sizeof(key) + data.n + 2 * sizeof(uint16_t)) {
		char type = page_at(writer, *last)[PAGE_TYPE];
		uint32_t next = 0;

		r = new_page(writer, type, &next, err);
		if (r == 0) {
			chain(writer, *last, next);
			*last = next;
		}
	}
	if (r < 0)
		return r;
	put_item(writer, *last, (struct span){key, sizeof(key)});
	put_item(writer, *last, buf_span(&data));
	return 0;
}

static int
compare_pairs(const void *a, const void *b)
{
	const struct bdb_pair *x = a;
	const struct bdb_pair *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return memcmp(x->key, y->key, KEY_BYTES);
}

static void
make_pair(const struct bdb_file *old, const struct rpm_record *record, struct bdb_pair *ret)
{
	ret->record = record;
	bytes_put_u32(ret->key, record ? record->number : 0, old->big);
	ret->bucket = hash(ret->key, KEY_BYTES) % BUCKETS;
}

static int
write_pairs(struct bdb_writer *writer, const struct bdb_pair *pairs, size_t count, struct err *err)
{
	char type = writer->old->version < 9 ? TYPE_HASH_UNSORTED : TYPE_HASH;
	uint32_t last[BUCKETS];
	int r = 0;

	for (size_t i = 0; r == 0 && i < BUCKETS; i++)
		r = new_page(writer, type, &last[i], err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = write_pair(writer, &pairs[i], &last[pairs[i].bucket], err);
	return r;
}

/* Says as the old one of what kind it is, and anew what is in it. */
static void
finish_meta(struct bdb_writer *writer, size_t count)
{
	const struct bdb_file *old = writer->old;
	char *meta = page_at(writer, 0);
	const struct {
		size_t at;
		uint32_t value;
	} numbers[] = {
		{0, 0},
		{4, 1},
		{META_FREE, 0},
		{META_LAST_PAGE, writer->pages - 1},
		{META_FLAGS, 0},
		{META_MAX_BUCKET, BUCKETS - 1},
		{META_HIGH_MASK, BUCKETS - 1},
		{META_LOW_MASK, BUCKETS / 2 - 1},
		{META_ELEMENTS, (uint32_t)count},
		{META_SPARES, 1},
		{META_SPARES + 4, 1},
	};

	memcpy(meta, old->bytes.p, META_BYTES);
	memset(meta + META_SPARES, 0, 4 * (size_t)META_SPARES_COUNT);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		bytes_put_u32(meta + numbers[i].at, numbers[i].value, old->big);
}

int
rpm_bdb_cut(struct span file, struct span log, const struct rpm_record *records, size_t count,
	    struct buf *out, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(gather_cleanup) struct gather gather = {.arena = arena};
	CLEANUP(free_cleanup) struct bdb_pair *pairs = calloc(count + 1, sizeof(*pairs));
	struct bdb_file old;
	uint32_t meta;
	int r = arena && pairs ? bdb_open(file, &old, err) : err_memory(err);

	(void)log;
	if (r == 0)
		r = bdb_read(&old, &gather, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < gather.records.count; i++) {
		if (gather.records.items[i].number > old.given)
			old.given = gather.records.items[i].number;
	}
	for (size_t i = 0; i <= count; i++)
		make_pair(&old, i < count ? &records[i] : NULL, &pairs[i]);
	qsort(pairs, count + 1, sizeof(*pairs), compare_pairs);

	struct bdb_writer writer = {.old = &old, .out = out, .start = out->n};
	r = new_page(&writer, 0, &meta, err);
	if (r == 0)
		r = write_pairs(&writer, pairs, count + 1, err);
	if (r < 0)
		return r;
	finish_meta(&writer, count + 1);
	return 0;
}
