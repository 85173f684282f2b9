/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/dotnet_bundle.h"

#include "base/bytes.h"
#include "codec/elf.h"

enum {
	POINTER_BYTES = 8,
	FIXED_BYTES = 12, /* two parts of the version, the number of files */
	VERSION_MIN = 2,
	NAME_MAX_BYTES = 127, /* the length in one byte */
};

static const struct span mark = SPAN_INIT("\x8b\x12\x02\xb9\x6a\x61\x20\x38\x72\x7b\x93\x02\x14\xd7"
					  "\xa0\x32\x13\xf5\xb9\xe6\xef\xae\x33\x18\xee\x3b\x2d\xce"
					  "\x24\xb3\x6a\xae");

/* What stands in front of the mark; 0: no mark, or a program whose files lie beside it. */
static uint64_t
find_header(const struct elf_segment *segments, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct span bytes = segments[i].bytes;
		const char *found = segments[i].writable && bytes.n
					    ? memmem(bytes.p, bytes.n, mark.p, mark.n)
					    : NULL;

		if (found && (size_t)(found - bytes.p) >= POINTER_BYTES)
			return bytes_u64(found - POINTER_BYTES, false);
	}
	return 0;
}

static bool
read_header(struct span file, uint64_t at, struct span *ret)
{
	if (at >= file.n || file.n - at < FIXED_BYTES + 1)
		return false;
	struct span header = span_slice(file, (size_t)at, file.n);
	size_t name = (uint8_t)header.p[FIXED_BYTES];
	size_t places = FIXED_BYTES + 1 + name;
	if (bytes_u32(header.p, false) < VERSION_MIN || name > NAME_MAX_BYTES ||
	    header.n < places + 2 * sizeof(uint64_t))
		return false;
	uint64_t offset = bytes_u64(header.p + places, false);
	uint64_t size = bytes_u64(header.p + places + 8, false);
	if (offset > file.n || size > file.n - offset)
		return false;
	*ret = span_slice(file, (size_t)offset, (size_t)(offset + size));
	return true;
}

int
dotnet_bundle_deps(struct span file, struct arena *arena, struct span *ret, struct err *err)
{
	struct elf_segment *segments = NULL;
	struct span deps = {NULL, 0};
	size_t count = 0;
	int r = elf_segments(file, arena, &segments, &count, err);

	if (r < 0)
		return r;
	uint64_t at = find_header(segments, count);
	if (at == 0)
		return err_set(err, ERR_NOT_FOUND, "no bundle of .NET");
	if (!read_header(file, at, &deps))
		return err_set(err, ERR_INVALID, "its bundle of .NET leads nowhere");
	if (deps.n == 0)
		return err_set(err, ERR_NOT_FOUND, "a bundle of .NET without a list");
	*ret = deps;
	return 0;
}
