/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/zip.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

enum {
	LOCAL_SIGN = 0x04034b50,
	MEMBER_SIGN = 0x02014b50,
	END_SIGN = 0x06054b50,
	END_64_SIGN = 0x06064b50,
	LOCATOR_64_SIGN = 0x07064b50,
	LOCAL_BYTES = 30,
	MEMBER_BYTES = 46,
	END_BYTES = 22,
	END_64_BYTES = 56,
	LOCATOR_64_BYTES = 20,
	COMMENT_MAX = 65535,
	EXTRA_64 = 1,
	HOST_UNIX = 3,
	FLAG_ENCRYPTED = 1,
	STORED = 0,
	DEFLATED = 8,
	/* deflate does not do better: what states more is none */
	RATIO_MAX = 1032,
};

/* All little-endian. */
static uint16_t
u16(const char *p)
{
	return bytes_u16(p, false);
}

static uint32_t
u32(const char *p)
{
	return bytes_u32(p, false);
}

bool
zip_is(struct span file)
{
	return file.n >= 4 && (u32(file.p) == LOCAL_SIGN || u32(file.p) == END_SIGN);
}

/* Where the end record is; false when there is none. */
static bool
find_end(struct span file, size_t *ret)
{
	if (file.n < END_BYTES)
		return false;
	size_t first = file.n - END_BYTES;
	size_t least = first > COMMENT_MAX ? first - COMMENT_MAX : 0;

	for (size_t at = first + 1; at-- > least;) {
		if (u32(file.p + at) != END_SIGN || u16(file.p + at + 20) > file.n - at - END_BYTES)
			continue;
		*ret = at;
		return true;
	}
	return false;
}

/* The Zip64 end record that the locator in front of `end` tells of; false when there is none. */
static bool
find_end_64(struct span file, size_t end, size_t *ret)
{
	if (end < LOCATOR_64_BYTES + END_64_BYTES)
		return false;
	size_t locator = end - LOCATOR_64_BYTES;
	if (u32(file.p + locator) != LOCATOR_64_SIGN)
		return false;
	/* Right in front of it where it is no longer than it must be, whatever stands before all.
	 */
	size_t near = locator - END_64_BYTES;
	if (u32(file.p + near) == END_64_SIGN) {
		*ret = near;
		return true;
	}
	uint64_t stated = bytes_u64(file.p + locator + 8, false);
	if (stated > near || u32(file.p + stated) != END_64_SIGN)
		return false;
	*ret = (size_t)stated;
	return true;
}

int
zip_open(struct span file, struct zip *ret, struct err *err)
{
	size_t end = 0;
	size_t end_64 = 0;

	if (!find_end(file, &end))
		return err_set(err, ERR_INVALID, "no zip archive: it has no end record");
	uint64_t count = u16(file.p + end + 10);
	uint64_t size = u32(file.p + end + 12);
	uint64_t offset = u32(file.p + end + 16);

	if (find_end_64(file, end, &end_64)) {
		count = bytes_u64(file.p + end_64 + 32, false);
		size = bytes_u64(file.p + end_64 + 40, false);
		offset = bytes_u64(file.p + end_64 + 48, false);
		end = end_64;
	}
	if (size > end || offset > end - size)
		return err_set(err, ERR_INVALID, "the directory of the zip archive is not in it");
	if (count > size / MEMBER_BYTES)
		return err_set(err, ERR_INVALID, "the zip archive states too many members");
	if (count > ZIP_MEMBERS_MAX)
		return err_set(err, ERR_LIMIT, "%llu members (ZIP_MEMBERS_MAX %d)",
			       (unsigned long long)count, ZIP_MEMBERS_MAX);
	*ret = (struct zip){
		.file = file,
		.directory = span_slice(file, end - (size_t)size, end),
		.count = count,
		.shift = end - size - offset,
	};
	return 0;
}

/* Sizes and offset that do not fit into 32 bits stand in an extra field, in this order. */
static bool
read_extra_64(struct span extra, struct zip_member *member)
{
	uint64_t *const wide[] = {&member->size, &member->packed, &member->offset};
	size_t at = 0;

	while (extra.n - at >= 4 && u16(extra.p + at) != EXTRA_64) {
		size_t n = 4 + (size_t)u16(extra.p + at + 2);

		if (n > extra.n - at)
			return true; /* others do not matter */
		at += n;
	}
	bool here = extra.n - at >= 4 && u16(extra.p + at + 2) <= extra.n - at - 4;
	struct span rest = here ? span_slice(extra, at + 4, at + 4 + u16(extra.p + at + 2))
				: (struct span){NULL, 0};

	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		if (*wide[i] != UINT32_MAX)
			continue;
		if (rest.n < 8)
			return !here; /* without the field it is a size of its own */
		*wide[i] = bytes_u64(rest.p, false);
		rest = span_slice(rest, 8, rest.n);
	}
	return true;
}

int
zip_next(const struct zip *zip, size_t *at, struct zip_member *ret, struct err *err)
{
	struct span rest = span_slice(zip->directory, *at, zip->directory.n);

	if (rest.n == 0)
		return 0;
	if (rest.n < MEMBER_BYTES || u32(rest.p) != MEMBER_SIGN)
		return err_set(err, ERR_INVALID, "the zip directory is damaged at byte %zu", *at);
	size_t name = u16(rest.p + 28);
	size_t extra = u16(rest.p + 30);
	size_t all = MEMBER_BYTES + name + extra + u16(rest.p + 32);
	if (all > rest.n)
		return err_set(err, ERR_INVALID, "the zip directory is cut at byte %zu", *at);
	struct zip_member member = {
		.name = span_slice(rest, MEMBER_BYTES, MEMBER_BYTES + name),
		.mode = rest.p[5] == HOST_UNIX ? u16(rest.p + 40) : 0,
		.flags = u16(rest.p + 8),
		.method = u16(rest.p + 10),
		.crc = u32(rest.p + 16),
		.packed = u32(rest.p + 20),
		.size = u32(rest.p + 24),
		.offset = u32(rest.p + 42),
	};

	if (!read_extra_64(span_slice(rest, MEMBER_BYTES + name, MEMBER_BYTES + name + extra),
			   &member))
		return err_set(err, ERR_INVALID, "a Zip64 field is cut at byte %zu", *at);
	*at += all;
	*ret = member;
	return 1;
}

/* The packed bytes of a member, behind its local header. */
static int
packed_bytes(const struct zip *zip, const struct zip_member *member, struct span *ret,
	     struct err *err)
{
	uint64_t at = member->offset;
	bool good = !__builtin_add_overflow(at, zip->shift, &at) && at < zip->file.n &&
		    zip->file.n - at >= LOCAL_BYTES && u32(zip->file.p + at) == LOCAL_SIGN;

	if (good) {
		const char *header = zip->file.p + at;

		at += LOCAL_BYTES + (uint64_t)u16(header + 26) + u16(header + 28);
		good = at <= zip->file.n && member->packed <= zip->file.n - at;
	}
	if (!good)
		return err_set(err, ERR_INVALID, "a member of the zip archive is not in it");
	*ret = span_slice(zip->file, (size_t)at, (size_t)(at + member->packed));
	return 0;
}

/* Raw deflate, whole, into `size` bytes that are there. */
static int
run_inflate(struct span packed, char *to, size_t size, struct err *err)
{
	CLEANUP(free_cleanup) struct inflate_state *state = malloc(sizeof(*state));

	if (!state)
		return err_memory(err);
	union {
		const char *in;
		uint8_t *out;
	} input = {.in = packed.p};

	isal_inflate_init(state);
	state->next_in = input.out;
	state->avail_in = (uint32_t)packed.n;
	state->next_out = (uint8_t *)to;
	state->avail_out = (uint32_t)size;
	if (isal_inflate_stateless(state) != ISAL_DECOMP_OK || state->total_out != size)
		return err_set(err, ERR_INVALID, "a member of the zip archive is damaged");
	return 0;
}

static int
inflate_member(const struct zip_member *member, struct span packed, struct buf *buf,
	       struct err *err)
{
	if (member->size / RATIO_MAX > packed.n)
		return err_set(err, ERR_INVALID, "a member of the zip archive states a wrong size");
	if (member->size > buf->max || member->size > UINT32_MAX || packed.n > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "a member of %llu bytes (at most %zu)",
			       (unsigned long long)member->size, buf->max);
	buf->n = 0;
	int r = buf_reserve(buf, (size_t)member->size, err);
	if (r == 0)
		r = run_inflate(packed, buf->p, (size_t)member->size, err);
	if (r < 0)
		return r;
	buf->n = (size_t)member->size;
	buf->p[buf->n] = '\0';
	return 0;
}

int
zip_read(const struct zip *zip, const struct zip_member *member, struct buf *buf, struct span *ret,
	 struct err *err)
{
	struct span bytes = {NULL, 0};

	if (member->flags & FLAG_ENCRYPTED)
		return err_set(err, ERR_UNSUPPORTED, "a member of the zip archive is encrypted");
	if (member->method != STORED && member->method != DEFLATED)
		return err_set(err, ERR_UNSUPPORTED,
			       "a member of the zip archive is packed by method %u",
			       (unsigned)member->method);
	int r = packed_bytes(zip, member, &bytes, err);
	if (r == 0 && member->method == DEFLATED) {
		r = inflate_member(member, bytes, buf, err);
		bytes = buf_span(buf);
	}
	if (r < 0)
		return r;
	if (bytes.n != member->size ||
	    crc32_gzip_refl(0, (const uint8_t *)bytes.p, bytes.n) != member->crc)
		return err_set(err, ERR_INVALID, "a member of the zip archive is damaged");
	*ret = bytes;
	return 0;
}
