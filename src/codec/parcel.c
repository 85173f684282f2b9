/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/parcel.h"

#include "base/limits.h"

#include <stdio.h>

/* Offsets in a ustar header (POSIX.1-2017 pax, "ustar Interchange Format"). */
enum {
	AT_NAME = 0,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_TIME = 136,
	AT_CHECKSUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	AT_VERSION = 263,
	SIZE_DIGITS = 11,
	CHECKSUM_BYTES = 8,
};

static const struct {
	const char *name;
	uint64_t max; /* bytes */
	bool optional;
} parts[PARCEL_PARTS] = {
	[PARCEL_STATEMENT] = {"statement.json", STATEMENT_MAX, false},
	[PARCEL_BUNDLE] = {"bundle.json", BUNDLE_MAX, true},
	[PARCEL_DATABASE] = {"advisories.db.zst", ADVISORY_DATABASE_MAX, false},
};

static const char zeros[2 * PARCEL_BLOCK];

struct span
parcel_padding(uint64_t size)
{
	return (struct span){zeros, (size_t)(-size % PARCEL_BLOCK)};
}

struct span
parcel_end(void)
{
	return (struct span){zeros, sizeof(zeros)};
}

int
parcel_header(enum parcel_part part, uint64_t size, char ret[PARCEL_BLOCK], struct err *err)
{
	unsigned sum = 0;

	if (size == 0 || size > parts[part].max)
		return err_set(err, ERR_LIMIT, "%s of %llu bytes (1 to %llu)", parts[part].name,
			       (unsigned long long)size, (unsigned long long)parts[part].max);
	memset(ret, 0, PARCEL_BLOCK);
	(void)stpcpy(ret + AT_NAME, parts[part].name);
	(void)stpcpy(ret + AT_MODE, "0000644");
	(void)stpcpy(ret + AT_UID, "0000000");
	(void)stpcpy(ret + AT_GID, "0000000");
	(void)snprintf(ret + AT_SIZE, SIZE_DIGITS + 1, "%011llo", (unsigned long long)size);
	(void)stpcpy(ret + AT_TIME, "00000000000");
	memset(ret + AT_CHECKSUM, ' ', CHECKSUM_BYTES);
	ret[AT_TYPE] = '0';
	(void)stpcpy(ret + AT_MAGIC, "ustar");
	ret[AT_VERSION] = ret[AT_VERSION + 1] = '0';
	for (size_t i = 0; i < PARCEL_BLOCK; i++)
		sum += (unsigned char)ret[i];
	(void)snprintf(ret + AT_CHECKSUM, CHECKSUM_BYTES - 1, "%06o", sum);
	return 0;
}

struct reading {
	parcel_source *source;
	void *context;
	uint64_t size;
	uint64_t at;
};

static int
next_bytes(struct reading *reading, char *to, size_t n, struct err *err)
{
	if (n > reading->size - reading->at)
		return err_set(err, ERR_INVALID,
			       "the file ends after %llu bytes, before its contents do: it was cut",
			       (unsigned long long)reading->size);
	int r = reading->source(reading->context, reading->at, to, n, err);
	reading->at += r == 0 ? n : 0;
	return r;
}

static int
expect_zeros(struct reading *reading, size_t n, struct err *err)
{
	char bytes[sizeof(zeros)];
	int r = next_bytes(reading, bytes, n, err);

	if (r == 0 && memcmp(bytes, zeros, n) != 0)
		r = err_set(err, ERR_INVALID,
			    "something else stands before byte %llu, where there must be zeros",
			    (unsigned long long)reading->at);
	return r;
}

/* 11 octal digits and NUL. */
static bool
parse_size(const char *digits, uint64_t *ret)
{
	uint64_t size = 0;

	for (int i = 0; i < SIZE_DIGITS; i++) {
		if (digits[i] < '0' || digits[i] > '7')
			return false;
		size = size * 8 + (uint64_t)(digits[i] - '0');
	}
	*ret = size;
	return digits[SIZE_DIGITS] == '\0';
}

/* The part that a header is of, at or behind `from`; PARCEL_PARTS: of none that may come now. */
static enum parcel_part
find_part(const char header[PARCEL_BLOCK], enum parcel_part from)
{
	for (enum parcel_part part = from; part < PARCEL_PARTS; part++) {
		if (strncmp(header + AT_NAME, parts[part].name, AT_MODE - AT_NAME) == 0)
			return part;
		if (!parts[part].optional)
			break;
	}
	return PARCEL_PARTS;
}

static int
read_member(struct reading *reading, enum parcel_part from, enum parcel_part *ret_part,
	    struct parcel_extent *ret, struct err *err)
{
	char header[PARCEL_BLOCK];
	char expected[PARCEL_BLOCK];
	uint64_t size;
	int r = next_bytes(reading, header, sizeof(header), err);

	if (r < 0)
		return r;
	enum parcel_part part = find_part(header, from);
	if (part == PARCEL_PARTS || !parse_size(header + AT_SIZE, &size))
		return err_set(err, ERR_INVALID, "there is no %s where it must be",
			       parts[from].name);
	r = parcel_header(part, size, expected, err);
	if (r < 0)
		return r;
	if (memcmp(header, expected, sizeof(header)) != 0)
		return err_set(err, ERR_INVALID, "the header of %s is not as mohs writes it",
			       parts[part].name);
	*ret = (struct parcel_extent){reading->at, size};
	if (size > reading->size - reading->at)
		return err_set(err, ERR_INVALID, "the file ends within %s: it was cut",
			       parts[part].name);
	reading->at += size;
	r = expect_zeros(reading, parcel_padding(size).n, err);
	*ret_part = part;
	return r;
}

int
parcel_read(parcel_source *source, void *context, uint64_t size, struct parcel *ret,
	    struct err *err)
{
	struct reading reading = {.source = source, .context = context, .size = size};
	struct parcel parcel = {0};
	enum parcel_part next = PARCEL_STATEMENT;

	while (next < PARCEL_PARTS) {
		struct parcel_extent extent;
		enum parcel_part part;
		int r = read_member(&reading, next, &part, &extent, err);

		if (r < 0)
			return r;
		parcel.parts[part] = extent;
		next = part + 1;
	}
	int r = expect_zeros(&reading, sizeof(zeros), err);
	if (r == 0 && reading.at != size)
		r = err_set(err, ERR_INVALID, "something stands behind its end");
	if (r == 0)
		*ret = parcel;
	return r;
}
