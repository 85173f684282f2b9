/* SPDX-License-Identifier: Apache-2.0 */
#include "layer.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "codec/layer_index.h"
#include "codec/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct blocks {
	struct span rest;
	size_t step;
};

static int
next_block(void *context, const void **ret, size_t *ret_n, struct err *err)
{
	struct blocks *blocks = context;
	size_t n = blocks->rest.n < blocks->step ? blocks->rest.n : blocks->step;

	(void)err;
	*ret = blocks->rest.p;
	*ret_n = n;
	blocks->rest = span_slice(blocks->rest, n, blocks->rest.n);
	return 0;
}

/* All records as an index, which copies what they hold. */
static int
read_all(struct span tar, size_t step, struct buf *index, struct err *err)
{
	CLEANUP(tar_reader_cleanup) struct tar_reader *reader = NULL;
	struct blocks blocks = {tar, step};
	const struct layer_record *record;
	int r = tar_reader_new(next_block, &blocks, &reader, err);

	while (r == 0) {
		r = tar_reader_next(reader, &record, err);
		if (r < 0 || !record)
			return r;
		r = layer_index_put(index, record, err);
	}
	return r;
}

/* One record after the other from what read_all() made; false at the end. */
static bool
next(struct span *rest, uint64_t inflated, struct layer_index_scratch *scratch,
     struct layer_record *ret)
{
	size_t used = 0;

	if (rest->n == 0)
		return false;
	assert_good(layer_index_get(*rest, inflated, scratch, ret, &used, err));
	assert_true(used > 0);
	*rest = span_slice(*rest, used, rest->n);
	return true;
}

static void
refuse(enum err_kind kind, struct span tar, const char *text)
{
	static const size_t steps[] = {512, 1000, SIZE_MAX};

	for (size_t i = 0; i < COUNT(steps); i++) {
		CLEANUP(buf_cleanup) struct buf index = BUF_INIT(1 << 24);
		struct err problem = ERR_INIT;

		assert_int_equal(read_all(tar, steps[i], &index, &problem), -(int)kind);
		if (!strstr(problem.text, text))
			fail_msg("\"%s\" does not say \"%s\"", problem.text, text);
	}
}

static void
members_are_read_as_stored(void **state)
{
	static const struct tar_member members[] = {
		{.path = "./", .type = '5', .mode = 0711},
		{.path = "./bin/su",
		 .content = "setuid",
		 .mode = 04755,
		 .uid = 7,
		 .gid = 8,
		 .mtime = 1000000000},
		{.path = "bin/hard", .type = '1', .link = "./bin/su"},
		{.path = "bin/sh", .type = '2', .link = "../no/../such\xff"},
		{.path = "dev/null", .type = '3', .major = 1, .minor = 3, .mode = 0666},
		{.path = "dev/sda", .type = '4', .major = 8, .minor = 1},
		{.path = "fifo", .type = '6'},
		{.path = "empty"},
		{.path = "/abs/../\xc3\x28", .content = "x"},
	};
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(1 << 20);
	CLEANUP(layer_index_scratch_cleanup) struct layer_index_scratch scratch = {0};
	static const size_t steps[] = {512, 777, SIZE_MAX};

	(void)state;
	tar_put_all(&tar, members, COUNT(members));
	tar_end(&tar);
	for (size_t i = 0; i < COUNT(steps); i++) {
		CLEANUP(buf_cleanup) struct buf index = BUF_INIT(1 << 20);
		struct layer_record records[COUNT(members)];
		size_t n = 0;

		assert_good(read_all(buf_span(&tar), steps[i], &index, err));
		for (struct span rest = buf_span(&index);
		     n < COUNT(members) && next(&rest, tar.n, &scratch, &records[n]);)
			n++;
		assert_int_equal(n, COUNT(members));
		for (size_t j = 0; j < n; j++)
			assert_span(records[j].entry.path, members[j].path);
		assert_int_equal(records[0].entry.type, IMAGE_DIRECTORY);
		assert_int_equal(records[0].entry.mode, 0711);
		assert_int_equal(records[1].entry.mode, 04755);
		assert_int_equal(records[1].entry.uid, 7);
		assert_int_equal(records[1].entry.gid, 8);
		assert_int_equal(records[1].entry.mtime, 1000000000);
		assert_int_equal(records[1].entry.size, 6);
		assert_memory_equal(tar.p + records[1].entry.offset, "setuid", 6);
		assert_span(records[2].hardlink, "./bin/su");
		assert_span(records[3].entry.link, "../no/../such\xff");
		assert_int_equal(records[4].entry.type, IMAGE_CHARACTER);
		assert_int_equal(records[4].entry.device_major, 1);
		assert_int_equal(records[4].entry.device_minor, 3);
		assert_int_equal(records[5].entry.type, IMAGE_BLOCK);
		assert_int_equal(records[6].entry.type, IMAGE_FIFO);
		assert_int_equal(records[7].entry.size, 0);
		assert_int_equal(tar.p[records[8].entry.offset], 'x');
	}
}

/* Names in pax headers: NFD stays NFD, and bytes that are no UTF-8 stay what they are. */
static void
pax_names_stay_byte_exact(void **state)
{
	static const char *const names[] = {
		"nfd-e\xcc\x81",	  "nfc-\xc3\xa9", "latin-\xe9\xff",
		"\xed\xa0\x80 surrogate", "cr\rlf\n",	  "\xf0\x9f\x90\xb3",
	};
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf index = BUF_INIT(1 << 20);
	CLEANUP(layer_index_scratch_cleanup) struct layer_index_scratch scratch = {0};
	struct layer_record record;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		CLEANUP(buf_cleanup) struct buf pax = BUF_INIT(1 << 20);

		pax_put(&pax, "path", span_from(names[i]));
		pax_put(&pax, "linkpath", span_from(names[i]));
		pax_put(&pax, "uname", span_from(names[i]));
		tar_put(&tar, &(struct tar_member){.path = "short",
						   .type = '2',
						   .link = "short",
						   .pax = buf_span(&pax)});
	}
	tar_end(&tar);
	assert_good(read_all(buf_span(&tar), SIZE_MAX, &index, err));
	struct span rest = buf_span(&index);
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_true(next(&rest, tar.n, &scratch, &record));
		assert_span(record.entry.path, names[i]);
		assert_span(record.entry.link, names[i]);
		assert_int_equal(record.warning.n, 0);
	}
}

static void
pax_attributes_are_read(void **state)
{
	static const char capability[] = "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0";
	struct span value = {capability, sizeof(capability)};
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf pax = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf index = BUF_INIT(1 << 20);
	CLEANUP(layer_index_scratch_cleanup) struct layer_index_scratch scratch = {0};
	struct layer_record record;

	(void)state;
	pax_put(&pax, "mtime", SPAN("1234567890.123456789"));
	pax_put(&pax, "uid", SPAN("4000000000"));
	pax_put(&pax, "SCHILY.xattr.security.capability", value);
	pax_put(&pax, "SCHILY.xattr.user.a=b", SPAN(""));
	/* bsdtar writes both; the base64 of "x" */
	pax_put(&pax, "SCHILY.xattr.user.twice", SPAN("x"));
	pax_put(&pax, "LIBARCHIVE.xattr.user.twice", SPAN("eA"));
	tar_put(&tar, &(struct tar_member){.path = "f", .content = "abc", .pax = buf_span(&pax)});
	tar_end(&tar);
	assert_good(read_all(buf_span(&tar), SIZE_MAX, &index, err));
	struct span rest = buf_span(&index);
	assert_true(next(&rest, tar.n, &scratch, &record));
	assert_int_equal(record.entry.mtime, 1234567890);
	assert_int_equal(record.entry.mtime_ns, 123456789);
	assert_int_equal(record.entry.uid, 4000000000);
	assert_memory_equal(tar.p + record.entry.offset, "abc", 3);
	size_t capabilities = 0;
	size_t twice = 0;
	for (size_t i = 0; i < record.xattr_count; i++) {
		if (span_equal(record.xattrs[i].name, SPAN("security.capability"))) {
			assert_true(span_equal(record.xattrs[i].value, value));
			capabilities++;
		}
		if (span_equal(record.xattrs[i].name, SPAN("user.twice"))) {
			assert_span(record.xattrs[i].value, "x");
			twice++;
		}
	}
	assert_int_equal(capabilities, 1);
	assert_int_equal(twice, 1);
}

/* GNU tar's own way with long names and targets (typeflags L and K), and big numbers in base 256.
 */
static void
gnu_headers_are_read(void **state)
{
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf index = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf name = BUF_INIT(1 << 20);
	CLEANUP(layer_index_scratch_cleanup) struct layer_index_scratch scratch = {0};
	struct layer_record record;
	unsigned sum = 0;

	(void)state;
	for (int i = 0; i < 60; i++)
		assert_good(buf_printf(&name, err, "d\xe9%d/", i));
	assert_good(buf_append(&name, SPAN("x"), err));
	tar_put(&tar, &(struct tar_member){.path = "././@LongLink",
					   .type = 'L',
					   .content = name.p,
					   .size = name.n + 1});
	tar_put(&tar, &(struct tar_member){.path = "././@LongLink",
					   .type = 'K',
					   .content = name.p,
					   .size = name.n + 1});
	tar_put(&tar, &(struct tar_member){.path = "short", .type = '2', .link = "short"});
	size_t at = tar.n;
	tar_put(&tar, &(struct tar_member){.path = "big"});
	char *header = tar.p + at;
	memcpy(header + 108, "\x80\0\0\0\xee\x6b\x28", 8); /* uid 4000000000 */
	header[115] = 0;
	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)header[i];
	(void)snprintf(header + 148, 8, "%06o", sum);
	tar_end(&tar);
	assert_good(read_all(buf_span(&tar), 512, &index, err));
	struct span rest = buf_span(&index);
	assert_true(next(&rest, tar.n, &scratch, &record));
	assert_true(span_equal(record.entry.path, buf_span(&name)));
	assert_true(span_equal(record.entry.link, buf_span(&name)));
	assert_true(next(&rest, tar.n, &scratch, &record));
	assert_int_equal(record.entry.uid, 4000000000);
}

static void
run(const char *const *argv)
{
	struct proc_options options = {.argv = argv, .input = -1};
	CLEANUP(buf_cleanup) struct buf output = BUF_INIT(4096);

	assert_good(proc_run(&options, 60000, &output, err));
}

/* Files with holes in front, between and behind, with many runs, of one hole, and dense. */
static void
make_sparse(const char *folder, struct arena *arena)
{
	static const char *const names[] = {"front", "between", "many", "hole", "dense", "tail"};
	static const struct {
		int file;
		off_t at;
	} writes[] = {{0, 900000}, {1, 0}, {1, 500000}, {1, 999999}, {4, 0}, {5, 0}};
	static const off_t sizes[] = {900005, 1000004, 40000000, 3000000, 5, 700000};

	for (size_t i = 0; i < COUNT(names); i++) {
		const char *path = arena_printf(arena, "%s/%s", folder, names[i]).p;
		CLEANUP(fd_cleanup) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

		assert_true(fd >= 0);
		assert_int_equal(ftruncate(fd, sizes[i]), 0);
		for (size_t j = 0; j < COUNT(writes); j++)
			if (writes[j].file == (int)i)
				assert_int_equal(pwrite(fd, "hello", 5, writes[j].at), 5);
		for (off_t at = 0; i == 2 && at < sizes[i]; at += 200000)
			assert_int_equal(pwrite(fd, "world", 5, at + 7), 5);
	}
}

/* The content as the record says it is stored, against the file itself. */
static void
check_content(const char *folder, const struct layer_record *record, struct span tar,
	      struct arena *arena)
{
	struct span path = arena_printf(arena, "%s/%.*s", folder, SPAN_ARG(record->entry.path));
	CLEANUP(free_cleanup) char *built = calloc(1, record->entry.size + 1);
	struct span wanted;

	assert_non_null(built);
	assert_good(file_load(path.p, 1 << 28, arena, &wanted, err));
	assert_int_equal(record->entry.size, wanted.n);
	if (record->extent_count == 0)
		memcpy(built, tar.p + record->entry.offset, record->entry.size);
	for (size_t i = 0; i < record->extent_count; i++)
		memcpy(built + record->extents[i].file_offset,
		       tar.p + record->extents[i].layer_offset, record->extents[i].length);
	assert_memory_equal(built, wanted.p, wanted.n);
}

static void
sparse_files_of_gnu_tar(void **state)
{
	static const char *const formats[][2] = {
		{"--format=gnu", "--no-recursion"},
		{"--format=posix", "--sparse-version=0.0"},
		{"--format=posix", "--sparse-version=0.1"},
		{"--format=posix", "--sparse-version=1.0"},
	};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(layer_index_scratch_cleanup) struct layer_index_scratch scratch = {0};
	struct span folder;

	(void)state;
	assert_good(directory_temporary(arena, &folder, err));
	make_sparse(folder.p, arena);
	const char *file = arena_printf(arena, "%s/t.tar", folder.p).p;
	for (size_t i = 0; i < COUNT(formats); i++) {
		CLEANUP(buf_cleanup) struct buf index = BUF_INIT(1 << 24);
		struct layer_record record;
		struct span tar;
		size_t sparse = 0;
		size_t n = 0;

		const char *all[] = {"tar",  "-C",    folder.p, formats[i][0], formats[i][1],
				     "-Scf", file,    "front",	"between",     "many",
				     "hole", "dense", "tail",	NULL};
		run(all);
		assert_good(file_load(file, 1 << 28, arena, &tar, err));
		assert_true(tar.n < 10000000);
		assert_good(read_all(tar, 65536, &index, err));
		for (struct span rest = buf_span(&index); next(&rest, tar.n, &scratch, &record);
		     n++) {
			check_content(folder.p, &record, tar, arena);
			sparse += record.extent_count > 0;
		}
		assert_int_equal(n, 6);
		assert_true(sparse >= 4);
	}
	assert_good(tree_remove(folder.p, err));
}

static void
damage_is_refused(void **state)
{
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf index = BUF_INIT(1 << 20);
	char content[3000];

	(void)state;
	memset(content, 'c', sizeof(content));
	tar_put(&tar,
		&(struct tar_member){.path = "file", .content = content, .size = sizeof(content)});
	tar_put(&tar, &(struct tar_member){.path = "second", .content = "x"});
	struct span members = buf_span(&tar);
	refuse(ERR_INVALID, span_slice(members, 0, 100), "");
	refuse(ERR_INVALID, span_slice(members, 0, 1000), "runcated");
	refuse(ERR_INVALID, span_slice(members, 0, 512 + 3072 + 200), "runcated");
	tar_end(&tar);
	assert_good(read_all(buf_span(&tar), 512, &index, err));
	assert_good(buf_append(&tar, SPAN("garbage"), err));
	refuse(ERR_INVALID, buf_span(&tar), "behind the tar's end");
	tar.p[512 + 3072 + 3] ^= 1; /* in the second header */
	refuse(ERR_INVALID, buf_span(&tar), "amaged");
	refuse(ERR_INVALID, SPAN("this is no tar"), "");
	refuse(ERR_INVALID, SPAN(""), "");
}

/* As some writers leave it: the last file's block is not filled, and no end marker follows. */
static void
an_end_without_padding_is_an_end(void **state)
{
	static const size_t blocks[] = {1, 512, 700, 65536};
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(1 << 20);
	char content[700];

	(void)state;
	memset(content, 'c', sizeof(content));
	tar_put(&tar, &(struct tar_member){.path = "first", .content = "x"});
	tar_put(&tar,
		&(struct tar_member){.path = "file", .content = content, .size = sizeof(content)});
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		for (size_t cut = 0; cut <= 1024 - sizeof(content); cut++) {
			CLEANUP(buf_cleanup) struct buf index = BUF_INIT(1 << 20);

			assert_good(read_all(span_slice(buf_span(&tar), 0, tar.n - cut), blocks[i],
					     &index, err));
		}
	}
	refuse(ERR_INVALID, span_slice(buf_span(&tar), 0, tar.n - (1024 - sizeof(content)) - 1),
	       "runcated");
}

static void
ceilings_hold(void **state)
{
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(1 << 24);
	CLEANUP(buf_cleanup) struct buf many = BUF_INIT(1 << 24);
	CLEANUP(buf_cleanup) struct buf sparse = BUF_INIT(1 << 24);
	CLEANUP(buf_cleanup) struct buf pax = BUF_INIT(1 << 24);
	CLEANUP(buf_cleanup) struct buf runs = BUF_INIT(1 << 24);
	CLEANUP(buf_cleanup) struct buf content = BUF_INIT(1 << 24);
	CLEANUP(free_cleanup) char *big = calloc(1, IMAGE_XATTR_MAX + 1);
	char name[32];

	(void)state;
	assert_non_null(big);
	memset(big, 'v', IMAGE_XATTR_MAX + 1);
	pax_put(&pax, "SCHILY.xattr.user.big", (struct span){big, IMAGE_XATTR_MAX + 1});
	tar_put(&tar, &(struct tar_member){.path = "f", .pax = buf_span(&pax)});
	tar_end(&tar);
	refuse(ERR_LIMIT, buf_span(&tar), "IMAGE_XATTR_MAX");

	pax.n = 0;
	for (int i = 0; i <= IMAGE_XATTRS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "SCHILY.xattr.user.%d", i);
		pax_put(&pax, name, SPAN("v"));
	}
	tar_put(&many, &(struct tar_member){.path = "f", .pax = buf_span(&pax)});
	tar_end(&many);
	refuse(ERR_LIMIT, buf_span(&many), "IMAGE_XATTRS_MAX");

	/* more runs of one byte than may be, each behind a hole of one (GNU sparse 0.1) */
	pax.n = 0;
	for (int i = 0; i <= IMAGE_SPARSE_MAX; i++) {
		assert_good(buf_printf(&runs, err, "%s%d,1", i ? "," : "", 2 * i + 1));
		assert_good(buf_byte(&content, 'c', err));
	}
	(void)snprintf(name, sizeof(name), "%d", 2 * IMAGE_SPARSE_MAX + 2);
	pax_put(&pax, "GNU.sparse.size", span_from(name));
	(void)snprintf(name, sizeof(name), "%d", IMAGE_SPARSE_MAX + 1);
	pax_put(&pax, "GNU.sparse.numblocks", span_from(name));
	pax_put(&pax, "GNU.sparse.map", buf_span(&runs));
	tar_put(&sparse, &(struct tar_member){.path = "f",
					      .content = content.p,
					      .size = content.n,
					      .pax = buf_span(&pax)});
	tar_end(&sparse);
	refuse(ERR_LIMIT, buf_span(&sparse), "IMAGE_SPARSE_MAX");
}

static void
indexes_are_checked(void **state)
{
	const struct image_extent extents[] = {{0, 512, 10}, {100, 522, 5}};
	const struct image_xattr xattr = {SPAN_INIT("user.a"), SPAN_INIT("v\0w")};
	struct layer_record record = {
		.entry = {.path = SPAN_INIT("a/b"),
			  .size = 105,
			  .offset = 512,
			  .mode = 0644,
			  .mtime = -5,
			  .mtime_ns = 7},
		.xattrs = &xattr,
		.xattr_count = 1,
		.extents = extents,
		.extent_count = 2,
		.warning = SPAN_INIT("odd"),
	};
	CLEANUP(layer_index_scratch_cleanup) struct layer_index_scratch scratch = {0};
	CLEANUP(buf_cleanup) struct buf index = BUF_INIT(1 << 20);
	struct layer_record back;
	size_t used;

	(void)state;
	assert_good(layer_index_put(&index, &record, err));
	struct span bytes = buf_span(&index);
	assert_good(layer_index_get(bytes, 527, &scratch, &back, &used, err));
	assert_int_equal(used, index.n);
	assert_span(back.entry.path, "a/b");
	assert_span(back.warning, "odd");
	assert_int_equal(back.entry.mtime, -5);
	assert_true(span_equal(back.xattrs[0].value, xattr.value));
	assert_int_equal(back.extents[1].layer_offset, 522);
	/* content behind the end of the tar */
	assert_fails(ERR_INVALID, layer_index_get(bytes, 526, &scratch, &back, &used, err));
	for (size_t n = 0; n < bytes.n; n++) {
		assert_good(
			layer_index_get(span_slice(bytes, 0, n), 527, &scratch, &back, &used, err));
		assert_int_equal(used, 0);
	}
	/* lengths that do not fit */
	for (size_t at = 56; at < 80; at += 4) {
		index.p[at + 2] ^= 1;
		assert_fails(ERR_INVALID, layer_index_get(bytes, 527, &scratch, &back, &used, err));
		index.p[at + 2] ^= 1;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_read_as_stored),
		cmocka_unit_test(pax_names_stay_byte_exact),
		cmocka_unit_test(pax_attributes_are_read),
		cmocka_unit_test(gnu_headers_are_read),
		cmocka_unit_test(sparse_files_of_gnu_tar),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(an_end_without_padding_is_an_end),
		cmocka_unit_test(ceilings_hold),
		cmocka_unit_test(indexes_are_checked),
	};

	return cmocka_run_group_tests_name("tar", tests, NULL, NULL);
}
