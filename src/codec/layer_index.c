/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/layer_index.h"

#include "base/limits.h"

#include <endian.h>
#include <stdlib.h>

static const char magic[8] = "mohsidx";

enum { VERSION = 1, EXTENT_BYTES = 24, XATTR_HEAD = 8 };

static uint8_t *
put32(uint8_t *p, uint64_t value)
{
	uint32_t little = htole32((uint32_t)value);

	memcpy(p, &little, sizeof(little));
	return p + sizeof(little);
}

static uint8_t *
put64(uint8_t *p, uint64_t value)
{
	uint64_t little = htole64(value);

	memcpy(p, &little, sizeof(little));
	return p + sizeof(little);
}

static uint8_t *
put_bytes(uint8_t *p, struct span s)
{
	if (s.n)
		memcpy(p, s.p, s.n);
	return p + s.n;
}

static uint32_t
get32(const uint8_t *p)
{
	uint32_t little;

	memcpy(&little, p, sizeof(little));
	return le32toh(little);
}

static uint64_t
get64(const uint8_t *p)
{
	uint64_t little;

	memcpy(&little, p, sizeof(little));
	return le64toh(little);
}

void
layer_index_put_head(const struct layer_index_head *head, uint8_t p[LAYER_INDEX_HEAD])
{
	memcpy(p, magic, sizeof(magic));
	put32(p + 8, VERSION);
	put32(p + 12, head->count);
	put64(p + 16, head->inflated);
	put64(p + 24, head->body);
	memcpy(p + 32, head->diff_id.bytes, DIGEST_BYTES);
	memcpy(p + 64, head->digest.bytes, DIGEST_BYTES);
}

int
layer_index_get_head(const uint8_t p[LAYER_INDEX_HEAD], struct layer_index_head *ret,
		     struct err *err)
{
	if (memcmp(p, magic, sizeof(magic)) != 0)
		return err_set(err, ERR_INVALID, "not a layer index");
	if (get32(p + 8) != VERSION)
		return err_set(err, ERR_INVALID, "a layer index of version %u, not %d",
			       get32(p + 8), VERSION);

	struct layer_index_head head = {
		.count = get32(p + 12), .inflated = get64(p + 16), .body = get64(p + 24)};
	if (head.count > IMAGE_ENTRIES_MAX || head.inflated > LAYER_INFLATED_MAX ||
	    head.body / LAYER_INDEX_RECORD_MIN < head.count)
		return err_set(err, ERR_INVALID, "a layer index with impossible counts");
	memcpy(head.diff_id.bytes, p + 32, DIGEST_BYTES);
	memcpy(head.digest.bytes, p + 64, DIGEST_BYTES);
	*ret = head;
	return 0;
}

static size_t
record_size(const struct layer_record *record)
{
	size_t n = LAYER_INDEX_RECORD_MIN + record->entry.path.n + record->entry.link.n +
		   record->hardlink.n + record->warning.n + record->extent_count * EXTENT_BYTES;

	for (size_t i = 0; i < record->xattr_count; i++)
		n += XATTR_HEAD + record->xattrs[i].name.n + record->xattrs[i].value.n;
	return n;
}

int
layer_index_put(struct buf *buf, const struct layer_record *record, struct err *err)
{
	const struct image_entry *entry = &record->entry;
	size_t n = record_size(record);

	if (n > LAYER_INDEX_RECORD_MAX)
		return err_set(err, ERR_LIMIT, "%zu bytes of metadata (LAYER_INDEX_RECORD_MAX %d)",
			       n, LAYER_INDEX_RECORD_MAX);
	int r = buf_reserve(buf, n, err);
	if (r < 0)
		return r;

	uint8_t *p = (uint8_t *)buf->p + buf->n;
	p = put32(p, n);
	p = put32(p, entry->type);
	p = put32(p, entry->mode);
	p = put32(p, entry->uid);
	p = put32(p, entry->gid);
	p = put32(p, entry->device_major);
	p = put32(p, entry->device_minor);
	p = put64(p, (uint64_t)entry->mtime);
	p = put32(p, entry->mtime_ns);
	p = put64(p, entry->offset);
	p = put64(p, entry->size);
	p = put32(p, entry->path.n);
	p = put32(p, entry->link.n);
	p = put32(p, record->hardlink.n);
	p = put32(p, record->warning.n);
	p = put32(p, record->xattr_count);
	p = put32(p, record->extent_count);
	p = put_bytes(p, entry->path);
	p = put_bytes(p, entry->link);
	p = put_bytes(p, record->hardlink);
	p = put_bytes(p, record->warning);
	for (size_t i = 0; i < record->xattr_count; i++) {
		p = put32(p, record->xattrs[i].name.n);
		p = put32(p, record->xattrs[i].value.n);
		p = put_bytes(p, record->xattrs[i].name);
		p = put_bytes(p, record->xattrs[i].value);
	}
	for (size_t i = 0; i < record->extent_count; i++) {
		p = put64(p, record->extents[i].file_offset);
		p = put64(p, record->extents[i].layer_offset);
		p = put64(p, record->extents[i].length);
	}
	buf->n += n;
	buf->p[buf->n] = '\0';
	return 0;
}

void
layer_index_scratch_cleanup(struct layer_index_scratch *scratch)
{
	free(scratch->extents);
	*scratch = (struct layer_index_scratch){0};
}

/* The variable part of a record. */
struct cursor {
	const uint8_t *p;
	size_t n;
};

static bool
take(struct cursor *cursor, size_t n, const uint8_t **ret)
{
	if (n > cursor->n)
		return false;
	*ret = cursor->p;
	cursor->p += n;
	cursor->n -= n;
	return true;
}

static bool
take_span(struct cursor *cursor, size_t n, struct span *ret)
{
	const uint8_t *p;

	if (!take(cursor, n, &p))
		return false;
	*ret = (struct span){(const char *)p, n};
	return true;
}

static bool
take_xattrs(struct cursor *cursor, uint32_t count, struct layer_index_scratch *scratch,
	    struct layer_record *record)
{
	_Static_assert(sizeof(scratch->xattrs) / sizeof(scratch->xattrs[0]) == IMAGE_XATTRS_MAX,
		       "room for all");
	if (count > IMAGE_XATTRS_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *head;

		if (!take(cursor, XATTR_HEAD, &head) ||
		    !take_span(cursor, get32(head), &scratch->xattrs[i].name) ||
		    !take_span(cursor, get32(head + 4), &scratch->xattrs[i].value))
			return false;
	}
	record->xattrs = scratch->xattrs;
	record->xattr_count = count;
	return true;
}

static bool
is_within(uint64_t offset, uint64_t length, uint64_t end)
{
	return offset <= end && length <= end - offset;
}

/* Ascending, apart from each other, within the file and the tar. */
static bool
take_extents(struct cursor *cursor, uint32_t count, uint64_t inflated,
	     const struct layer_index_scratch *scratch, struct layer_record *record)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct image_extent *extent = &scratch->extents[i];
		const uint8_t *p;

		if (!take(cursor, EXTENT_BYTES, &p))
			return false;
		*extent = (struct image_extent){get64(p), get64(p + 8), get64(p + 16)};
		if (extent->file_offset < end ||
		    !is_within(extent->file_offset, extent->length, record->entry.size) ||
		    !is_within(extent->layer_offset, extent->length, inflated))
			return false;
		end = extent->file_offset + extent->length;
	}
	record->extents = scratch->extents;
	record->extent_count = count;
	return true;
}

static int
reserve_extents(struct layer_index_scratch *scratch, uint32_t count, struct err *err)
{
	if (count <= scratch->extent_capacity)
		return 0;

	struct image_extent *bigger = reallocarray(scratch->extents, count, sizeof(*bigger));
	if (!bigger)
		return err_memory(err);
	scratch->extents = bigger;
	scratch->extent_capacity = count;
	return 0;
}

static void
get_fixed(const uint8_t *p, struct image_entry *entry)
{
	entry->type = (enum image_type)get32(p + 4);
	entry->mode = get32(p + 8);
	entry->uid = get32(p + 12);
	entry->gid = get32(p + 16);
	entry->device_major = get32(p + 20);
	entry->device_minor = get32(p + 24);
	entry->mtime = (int64_t)get64(p + 28);
	entry->mtime_ns = get32(p + 36);
	entry->offset = get64(p + 40);
	entry->size = get64(p + 48);
}

static bool
is_plausible(const struct layer_record *record, uint64_t inflated)
{
	const struct image_entry *entry = &record->entry;

	if ((unsigned)entry->type > IMAGE_FIFO || entry->mode > 07777 ||
	    entry->mtime_ns >= 1000000000)
		return false;
	if (entry->type != IMAGE_FILE || record->hardlink.n)
		return entry->size == 0 && record->extent_count == 0;
	return record->extent_count > 0 || is_within(entry->offset, entry->size, inflated);
}

int
layer_index_get(struct span bytes, uint64_t inflated, struct layer_index_scratch *scratch,
		struct layer_record *ret, size_t *ret_used, struct err *err)
{
	const uint8_t *p = (const uint8_t *)bytes.p;
	struct layer_record record = {0};
	size_t n = bytes.n < 4 ? 0 : get32(p);

	if (bytes.n >= 4 && (n < LAYER_INDEX_RECORD_MIN || n > LAYER_INDEX_RECORD_MAX))
		return err_set(err, ERR_INVALID, "a damaged layer index: record of %zu bytes", n);
	if (bytes.n < 4 || bytes.n < n) {
		*ret_used = 0;
		return 0;
	}

	struct cursor rest = {p + LAYER_INDEX_RECORD_MIN, n - LAYER_INDEX_RECORD_MIN};
	uint32_t extents = get32(p + 76);
	if (extents > IMAGE_SPARSE_MAX)
		return err_set(err, ERR_INVALID, "a damaged layer index: %u extents", extents);
	int r = reserve_extents(scratch, extents, err);
	if (r < 0)
		return r;
	get_fixed(p, &record.entry);
	if (!take_span(&rest, get32(p + 56), &record.entry.path) ||
	    !take_span(&rest, get32(p + 60), &record.entry.link) ||
	    !take_span(&rest, get32(p + 64), &record.hardlink) ||
	    !take_span(&rest, get32(p + 68), &record.warning) ||
	    !take_xattrs(&rest, get32(p + 72), scratch, &record) ||
	    !take_extents(&rest, extents, inflated, scratch, &record) || rest.n != 0 ||
	    !is_plausible(&record, inflated))
		return err_set(err, ERR_INVALID, "a damaged layer index: impossible record");
	*ret = record;
	*ret_used = n;
	return 0;
}
