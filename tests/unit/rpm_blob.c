/* SPDX-License-Identifier: Apache-2.0 */
#include "rpm_blob.h"
#include "test.h"

#include "base/limits.h"

enum { FILES_MAX = 16, PAGE = 4096 };

void
rpm_blob_open(struct rpm_blob *blob, struct arena *arena)
{
	*blob = (struct rpm_blob){
		.arena = arena, .index = BUF_INIT(1 * MIB), .store = BUF_INIT(1 * MIB)};
}

static void
put_number(struct buf *buf, uint32_t value, size_t bytes)
{
	for (size_t i = bytes; i-- > 0;)
		assert_good(buf_byte(buf, (char)(value >> (8 * i)), err));
}

void
rpm_blob_entry(struct rpm_blob *blob, uint32_t tag, uint32_t type, uint32_t count, const void *data,
	       size_t size)
{
	const uint32_t entry[] = {tag, type, (uint32_t)blob->store.n, count};

	for (size_t i = 0; i < 4; i++)
		put_number(&blob->index, entry[i], 4);
	assert_good(buf_append(&blob->store, (struct span){data, size}, err));
	blob->count++;
}

void
rpm_blob_text(struct rpm_blob *blob, uint32_t tag, const char *text)
{
	rpm_blob_entry(blob, tag, RPM_STRING, 1, text, strlen(text) + 1);
}

void
rpm_blob_texts(struct rpm_blob *blob, uint32_t tag, const char *const *texts, uint32_t count)
{
	struct buf all = BUF_INIT(64 * KIB);

	for (uint32_t i = 0; i < count; i++)
		assert_good(buf_append(&all, (struct span){texts[i], strlen(texts[i]) + 1}, err));
	rpm_blob_entry(blob, tag, RPM_STRINGS, count, all.p, all.n);
	buf_cleanup(&all);
}

void
rpm_blob_numbers(struct rpm_blob *blob, uint32_t tag, uint32_t type, const uint32_t *numbers,
		 uint32_t count)
{
	size_t bytes = type == RPM_INT32 ? 4 : type == RPM_INT16 ? 2 : 1;
	struct buf all = BUF_INIT(64 * KIB);

	for (uint32_t i = 0; i < count; i++)
		put_number(&all, numbers[i], bytes);
	rpm_blob_entry(blob, tag, type, count, all.p, all.n);
	buf_cleanup(&all);
}

struct span
rpm_blob_close(struct rpm_blob *blob)
{
	struct buf all = BUF_INIT(4 * MIB);

	put_number(&all, blob->count, 4);
	put_number(&all, (uint32_t)blob->store.n, 4);
	assert_good(buf_append(&all, buf_span(&blob->index), err));
	assert_good(buf_append(&all, buf_span(&blob->store), err));
	struct span header = arena_copy(blob->arena, buf_span(&all));
	assert_non_null(header.p);
	buf_cleanup(&all);
	buf_cleanup(&blob->index);
	buf_cleanup(&blob->store);
	return header;
}

struct span
rpm_blob_package(struct arena *arena, const char *name, const char *const *files)
{
	const char *folders[FILES_MAX];
	const char *names[FILES_MAX];
	uint32_t numbers[FILES_MAX];
	uint32_t states[FILES_MAX] = {0};
	struct rpm_blob blob;
	uint32_t n = 0;

	rpm_blob_open(&blob, arena);
	rpm_blob_text(&blob, 1000, name);
	rpm_blob_text(&blob, 1001, "1.0");
	rpm_blob_text(&blob, 1002, "2.el9");
	rpm_blob_text(&blob, 1022, "x86_64");
	rpm_blob_text(&blob, 1014, "MIT");
	rpm_blob_text(&blob, 1044, "src-1.0-2.el9.src.rpm");
	for (; files[n]; n++) {
		size_t slash = span_find_last(span_from(files[n]), '/') + 1;

		assert_true(n < FILES_MAX);
		folders[n] = arena_copy(arena, (struct span){files[n], slash}).p;
		names[n] = files[n] + slash;
		numbers[n] = n;
	}
	if (n > 0) {
		rpm_blob_texts(&blob, 1117, names, n);
		rpm_blob_texts(&blob, 1118, folders, n);
		rpm_blob_numbers(&blob, 1116, RPM_INT32, numbers, n);
		rpm_blob_numbers(&blob, 1029, RPM_CHAR, states, n);
	}
	return rpm_blob_close(&blob);
}

/* Cut from an empty one. */
struct span
rpm_blob_database(struct arena *arena, const struct rpm_record *records, size_t count)
{
	static const char head[] = "RpmP\0\0\0\0\1\0\0\0\1\0\0\0\7\0\0\0";
	struct buf out = BUF_INIT(4 * MIB);
	char page[PAGE] = {0};

	memcpy(page, head, sizeof(head));
	for (size_t at = 32; at < PAGE; at += 16)
		memcpy(page + at, "Slot", 4);
	assert_good(rpm_backend_find(SPAN("Packages.db"))
			    ->cut((struct span){page, PAGE}, SPAN(""), records, count, &out, err));
	struct span file = arena_copy(arena, buf_span(&out));
	assert_non_null(file.p);
	buf_cleanup(&out);
	return file;
}
