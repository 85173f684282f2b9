/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packages.db of rpm's own kind ("ndb"), all numbers little endian:
 *
 *   header   "RpmP" version 0, generation, pages of slots, next number, 3 x 0     32 bytes
 *   slots    "Slot" number, first block, blocks (first block 0: free)             16 bytes each
 *   blob     "BlbS" number, generation, length | bytes, zeroes | Adler-32 of all before it,
 *            length, "BlbE"                                       in blocks of 16 bytes
 *
 * Header and slots fill whole pages of 4096 bytes.
 */
#include "codec/rpm_database/database.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <zlib.h>

enum {
	PAGE = 4096,
	BLOCK = 16,
	SLOT = 16,
	HEADER = 32,
	BLOB_HEAD = 16,
	BLOB_TAIL = 12,

	AT_VERSION = 4,
	AT_GENERATION = 8,
	AT_PAGES = 12,
	AT_NEXT = 16,
};

static bool
has_magic(const char *p, const char *magic)
{
	return memcmp(p, magic, 4) == 0;
}

static void
put_magic(char *p, struct span magic)
{
	memcpy(p, magic.p, magic.n);
}

static size_t
blocks_for(size_t bytes)
{
	return (BLOB_HEAD + bytes + BLOB_TAIL + BLOCK - 1) / BLOCK;
}

static uint32_t
checksum(const char *p, size_t n)
{
	return (uint32_t)adler32_z(1, (const unsigned char *)p, n);
}

static int
read_slot(struct gather *gather, struct span file, const char *slot, struct err *err)
{
	uint32_t number = bytes_u32(slot + 4, false);
	uint64_t first = bytes_u32(slot + 8, false);
	uint64_t blocks = bytes_u32(slot + 12, false);

	if (!has_magic(slot, "Slot"))
		return gather_fault(gather, 0, err, "a slot that is none");
	if (first == 0)
		return 0;
	if ((first + blocks) * BLOCK > file.n || blocks < blocks_for(0))
		return gather_fault(gather, number, err, "its blocks lie outside of the file");
	/* Blobs do not overlap: no more is summed than there is. */
	gather->bytes += blocks * BLOCK;
	if (gather->bytes > file.n)
		return err_set(err, ERR_INVALID, "its packages overlap");
	const char *head = file.p + first * BLOCK;
	const char *tail = head + blocks * BLOCK - BLOB_TAIL;
	uint32_t length = bytes_u32(head + 12, false);
	if (!has_magic(head, "BlbS") || !has_magic(tail + 8, "BlbE") ||
	    bytes_u32(head + 4, false) != number || bytes_u32(tail + 4, false) != length ||
	    blocks != blocks_for(length))
		return gather_fault(gather, number, err, "its bytes are no package's");
	if (checksum(head, (size_t)(tail - head)) != bytes_u32(tail, false))
		return gather_fault(gather, number, err, "its bytes do not match their checksum");
	return gather_record(gather, number, (struct span){head + BLOB_HEAD, length}, err);
}

static int
check_file(struct span file, struct err *err)
{
	if (file.n > RPM_DATABASE_MAX)
		return err_set(err, ERR_LIMIT, "%zu bytes (RPM_DATABASE_MAX %lu)", file.n,
			       RPM_DATABASE_MAX);
	if (file.n < PAGE || !has_magic(file.p, "RpmP"))
		return err_set(err, ERR_INVALID, "no rpm database of the kind ndb");
	if (bytes_u32(file.p + AT_VERSION, false) != 0)
		return err_set(err, ERR_UNSUPPORTED, "version %u of rpm's ndb",
			       bytes_u32(file.p + AT_VERSION, false));
	return 0;
}

int
rpm_ndb_read(struct span file, struct span log, struct arena *arena, struct rpm_database *ret,
	     struct err *err)
{
	CLEANUP(gather_cleanup) struct gather gather = {.arena = arena};
	int r = check_file(file, err);

	(void)log;
	if (r < 0)
		return r;
	uint64_t pages = bytes_u32(file.p + AT_PAGES, false);
	if (pages == 0 || pages > file.n / PAGE)
		return err_set(err, ERR_INVALID, "%llu pages of slots in %zu bytes",
			       (unsigned long long)pages, file.n);
	for (size_t at = HEADER; r == 0 && at < pages * PAGE; at += SLOT)
		r = read_slot(&gather, file, file.p + at, err);
	return r < 0 ? r : gather_finish(&gather, ret, err);
}

static int
write_slot(struct buf *out, uint32_t number, uint32_t first, uint32_t blocks, struct err *err)
{
	char slot[SLOT] = {'S', 'l', 'o', 't'};

	if (first) {
		bytes_put_u32(slot + 4, number, false);
		bytes_put_u32(slot + 8, first, false);
		bytes_put_u32(slot + 12, blocks, false);
	}
	return buf_append(out, (struct span){slot, sizeof(slot)}, err);
}

static int
write_blob(struct buf *out, const struct rpm_record *record, uint32_t generation, struct err *err)
{
	size_t n = blocks_for(record->header.n) * BLOCK;
	int r = buf_reserve(out, n, err);

	if (r < 0)
		return r;
	char *head = out->p + out->n;
	char *tail = head + n - BLOB_TAIL;
	memset(head, 0, n);
	put_magic(head, SPAN("BlbS"));
	bytes_put_u32(head + 4, record->number, false);
	bytes_put_u32(head + 8, generation, false);
	bytes_put_u32(head + 12, (uint32_t)record->header.n, false);
	memcpy(head + BLOB_HEAD, record->header.p, record->header.n);
	bytes_put_u32(tail, checksum(head, n - BLOB_TAIL), false);
	bytes_put_u32(tail + 4, (uint32_t)record->header.n, false);
	put_magic(tail + 8, SPAN("BlbE"));
	out->n += n;
	return 0;
}

int
rpm_ndb_cut(struct span file, struct span log, const struct rpm_record *records, size_t count,
	    struct buf *out, struct err *err)
{
	size_t slots = (PAGE - HEADER) / SLOT;
	char header[HEADER] = {0};
	uint32_t pages = 1;
	int r = check_file(file, err);

	(void)log;
	if (r < 0)
		return r;
	while (slots < count) {
		slots += PAGE / SLOT;
		pages++;
	}
	/* What numbers come next, and that it is another generation than indexes know, stays. */
	memcpy(header, file.p, AT_NEXT + 4);
	uint32_t generation = bytes_u32(header + AT_GENERATION, false) + 1;
	bytes_put_u32(header + AT_GENERATION, generation, false);
	bytes_put_u32(header + AT_PAGES, pages, false);
	r = buf_append(out, (struct span){header, sizeof(header)}, err);
	uint32_t block = pages * (PAGE / BLOCK);
	for (size_t i = 0; r == 0 && i < slots; i++) {
		uint32_t blocks = i < count ? (uint32_t)blocks_for(records[i].header.n) : 0;

		r = write_slot(out, i < count ? records[i].number : 0, i < count ? block : 0,
			       blocks, err);
		block += blocks;
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		r = write_blob(out, &records[i], generation, err);
	return r;
}
