/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/ld_cache.h"

#include "base/bytes.h"
#include "base/limits.h"

/* Old part: "ld.so-1.7.0", padding, u32 count, then count times {i32 flags, u32 key, u32 value}. */
#define OLD_MAGIC "ld.so-1.7.0"
#define NEW_MAGIC "glibc-ld.so.cache1.1"

enum {
	OLD_HEADER = 16,
	OLD_ENTRY = 12,
	OLD_COUNT_AT = 12,
	NEW_HEADER = 48,
	NEW_ENTRY = 24,
	NEW_COUNT_AT = 20,
	NEW_FLAGS_AT = 28,
	NEW_ALIGN = 8,
	ENDIAN_MASK = 3, /* cache_file_new_flags_endian_mask */
	ENDIAN_BIG = 3,
};

static uint32_t
get_u32(struct span file, size_t at, bool big)
{
	return bytes_u32(file.p + at, big);
}

static uint64_t
get_u64(struct span file, size_t at, bool big)
{
	return bytes_u64(file.p + at, big);
}

/* The NUL-terminated text at `at`; false when it is not inside the file. */
static bool
get_text(struct span file, size_t at, struct span *ret)
{
	if (at >= file.n)
		return false;

	struct span rest = span_slice(file, at, file.n);
	size_t n = span_find(rest, '\0');
	if (n == rest.n)
		return false;
	*ret = span_slice(rest, 0, n);
	return true;
}

/* The new part, whose own start its string offsets count from. */
static bool
find_new_part(struct span file, struct span *ret)
{
	if (span_starts_with(file, SPAN(OLD_MAGIC)) && file.n >= OLD_HEADER) {
		uint64_t count = get_u32(file, OLD_COUNT_AT, false);
		uint64_t end = OLD_HEADER + count * OLD_ENTRY;

		end = (end + NEW_ALIGN - 1) / NEW_ALIGN * NEW_ALIGN;
		if (end > file.n)
			return false;
		file = span_slice(file, (size_t)end, file.n);
	}
	*ret = file;
	return span_starts_with(file, SPAN(NEW_MAGIC)) && file.n >= NEW_HEADER;
}

int
ld_cache_read(struct span file, struct arena *arena, struct ld_cache_entry **ret, size_t *ret_count,
	      struct err *err)
{
	struct span part;

	if (!find_new_part(file, &part))
		return err_set(err, ERR_INVALID, "no glibc-ld.so.cache1.1 in it");

	bool big = ((uint8_t)part.p[NEW_FLAGS_AT] & ENDIAN_MASK) == ENDIAN_BIG;
	uint64_t stated = get_u32(part, NEW_COUNT_AT, big);
	if (stated > LD_CACHE_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "%llu entries, over LD_CACHE_ENTRIES_MAX (%d)",
			       (unsigned long long)stated, LD_CACHE_ENTRIES_MAX);
	if (NEW_HEADER + stated * NEW_ENTRY > part.n)
		return err_set(err, ERR_INVALID, "cut off: %llu entries in %zu bytes",
			       (unsigned long long)stated, part.n);

	struct ld_cache_entry *entries = arena_array(arena, (size_t)stated, sizeof(*entries));
	size_t count = 0;
	if (!entries)
		return err_memory(err);
	for (size_t i = 0; i < stated; i++) {
		size_t at = NEW_HEADER + i * NEW_ENTRY;
		struct ld_cache_entry *entry = &entries[count];

		if (!get_text(part, get_u32(part, at + 4, big), &entry->name) ||
		    !get_text(part, get_u32(part, at + 8, big), &entry->path))
			continue;
		entry->flags = get_u32(part, at, big);
		entry->hwcap = get_u64(part, at + 16, big);
		count++;
	}
	*ret = entries;
	*ret_count = count;
	return 0;
}

bool
ld_conf_next(struct span *rest, enum ld_conf_kind *ret_kind, struct span *ret_text)
{
	while (rest->p) {
		struct span line = span_cut(rest, '\n');
		struct span text = span_trim(span_slice(line, 0, span_find(line, '#')));

		if (text.n == 0 || span_starts_with(text, SPAN("hwcap ")))
			continue;
		*ret_kind = LD_CONF_DIRECTORY;
		if (span_starts_with(text, SPAN("include ")) ||
		    span_starts_with(text, SPAN("include\t"))) {
			*ret_kind = LD_CONF_INCLUDE;
			text = span_trim(span_slice(text, sizeof("include"), text.n));
		}
		*ret_text = *ret_kind == LD_CONF_DIRECTORY
				    ? span_trim(span_slice(text, 0, span_find(text, '=')))
				    : text;
		if (ret_text->n)
			return true;
	}
	return false;
}
