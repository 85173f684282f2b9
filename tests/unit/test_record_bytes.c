/* SPDX-License-Identifier: Apache-2.0 */
/* Records there and back; and whatever else a process could hand over. */
#include "test.h"

#include "base/cleanup.h"
#include "codec/record_bytes.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 10 };

static struct component_file files[] = {
	{.entry = 3,
	 .listed = SPAN_INIT("/bin/ls"),
	 .digest = {1, 2, 3},
	 .digest_of = FILE_DIGEST_SHA1},
	{.entry = IMAGE_NONE, .listed = SPAN_INIT("/etc/gone"), .conffile = true},
};

static struct component components[] = {
	{.ecosystem = SPAN_INIT("dpkg"),
	 .name = SPAN_INIT("coreutils"),
	 .licence = SPAN_INIT("GPL-3.0-or-later"),
	 .version = SPAN_INIT("9.1-1"),
	 .purl = SPAN_INIT("pkg:deb/debian/coreutils@9.1-1"),
	 .provides = SPAN_INIT(""),
	 .record = SPAN_INIT("Package: coreutils\nno\0end\n"),
	 .essential = true,
	 .state = COMPONENT_HALF,
	 .files = files,
	 .file_count = 2},
	{.ecosystem = SPAN_INIT("dpkg"), .name = SPAN_INIT("zlib1g"), .no_files = true},
};

static struct gap gaps[] = {{SPAN_INIT("/var/lib/rpm"), SPAN_INIT("cannot be read")}};

static const struct inventory inventory = {
	.document = {.format = SPAN_INIT("SPDX-2.3"), .name = SPAN_INIT("nginx:1")},
	.os = {.known = true, .id = SPAN_INIT("debian"), .version_id = SPAN_INIT("12")},
	.components = components,
	.component_count = 2,
	.gaps = {gaps, 1},
	.any_database = true,
};

static struct shell shell_items[] = {
	{.entry = 4, .kind = SHELL_SHELL, .proof = SHELL_BY_LINK, .what = SPAN_INIT("dash")},
	{.entry = 9,
	 .kind = SHELL_INTERPRETER,
	 .proof = SHELL_BY_CONTENT,
	 .what = SPAN_INIT("perl")},
};

static const struct shells shells = {.items = shell_items, .count = 2, .gaps = {gaps, 1}};

static struct risk risk_items[] = {
	{.entry = 2, .via = 9, .kind = RISK_PYTHON, .files = 1},
	{.entry = 8, .via = 0, .kind = RISK_TEXTS, .files = 700},
};

static const struct risks risks = {
	.items = risk_items, .count = 2, .found = 12345, .gaps = {gaps, 1}};

static bool
same(struct span a, struct span b)
{
	return !a.p == !b.p && span_equal(a, b);
}

static void
test_inventory_there_and_back(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(1 << 20);
	struct inventory *back = NULL;

	(void)state;
	assert_good(inventory_bytes_put(&inventory, &bytes, err));
	assert_good(inventory_bytes_get(buf_span(&bytes), ENTRIES, arena, &back, err));
	assert_true(back->any_database && back->os.known);
	assert_null(back->document.reference.p);
	assert_span(back->document.format, "SPDX-2.3");
	assert_span(back->document.name, "nginx:1");
	assert_span(back->os.id, "debian");
	assert_span(back->os.version_id, "12");
	assert_null(back->os.codename.p);
	assert_int_equal(back->component_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct component *a = &components[i];
		const struct component *b = &back->components[i];

		assert_true(same(a->ecosystem, b->ecosystem) && same(a->name, b->name) &&
			    same(a->version, b->version) && same(a->purl, b->purl) &&
			    same(a->provides, b->provides) && same(a->record, b->record) &&
			    same(a->depends, b->depends) && same(a->licence, b->licence));
		assert_int_equal(a->no_files, b->no_files);
		assert_int_equal(a->essential, b->essential);
		assert_int_equal(a->state, b->state);
		assert_int_equal(a->file_count, b->file_count);
	}
	for (size_t i = 0; i < 2; i++) {
		const struct component_file *b = &back->components[0].files[i];

		assert_int_equal(b->entry, files[i].entry);
		assert_true(same(b->listed, files[i].listed));
		assert_memory_equal(b->digest, files[i].digest, sizeof(b->digest));
		assert_int_equal(b->digest_of, files[i].digest_of);
		assert_int_equal(b->conffile, files[i].conffile);
	}
	assert_int_equal(back->gaps.count, 1);
	assert_span(back->gaps.items[0].subject, "/var/lib/rpm");
	assert_span(back->gaps.items[0].text, "cannot be read");
}

static void
test_shells_there_and_back(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(1 << 20);
	struct shells *back = NULL;

	(void)state;
	assert_good(shells_bytes_put(&shells, &bytes, err));
	assert_good(shells_bytes_get(buf_span(&bytes), ENTRIES, arena, &back, err));
	assert_int_equal(back->count, 2);
	assert_int_equal(back->shell_count, 1);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(back->items[i].entry, shell_items[i].entry);
		assert_int_equal(back->items[i].kind, shell_items[i].kind);
		assert_int_equal(back->items[i].proof, shell_items[i].proof);
		assert_true(same(back->items[i].what, shell_items[i].what));
	}
	assert_int_equal(back->gaps.count, 1);
	/* an entry that the image does not have */
	assert_fails(ERR_INVALID,
		     shells_bytes_get(buf_span(&bytes), ENTRIES - 1, arena, &back, err));
	/* one record is not another */
	struct inventory *other;
	assert_fails(ERR_INVALID,
		     inventory_bytes_get(buf_span(&bytes), ENTRIES, arena, &other, err));
}

static void
test_risks_there_and_back(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(1 << 20);
	struct risks *back = NULL;

	(void)state;
	assert_good(risks_bytes_put(&risks, &bytes, err));
	assert_good(risks_bytes_get(buf_span(&bytes), ENTRIES, arena, &back, err));
	assert_int_equal(back->count, 2);
	assert_int_equal(back->found, 12345);
	assert_memory_equal(back->items, risk_items, sizeof(risk_items));
	assert_int_equal(back->gaps.count, 1);
	/* an entry that the image does not have, and entries out of order */
	assert_fails(ERR_INVALID,
		     risks_bytes_get(buf_span(&bytes), ENTRIES - 1, arena, &back, err));
	bytes.p[8 + 4 + 4] = 8;
	assert_fails(ERR_INVALID, risks_bytes_get(buf_span(&bytes), ENTRIES, arena, &back, err));
}

static int
get_either(struct span bytes, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct inventory *i;
	struct shells *s;
	struct risks *r;

	if (bytes.n > 4 && bytes.p[4] == 'r')
		return risks_bytes_get(bytes, ENTRIES, arena, &r, err);
	if (bytes.n > 4 && bytes.p[4] == 'i')
		return inventory_bytes_get(bytes, ENTRIES, arena, &i, err);
	return shells_bytes_get(bytes, ENTRIES, arena, &s, err);
}

/* Cut anywhere, longer by one, and with every byte changed: an error, or a record; no crash. */
static void
test_damaged_bytes(void **state)
{
	struct buf records[] = {BUF_INIT(1 << 20), BUF_INIT(1 << 20), BUF_INIT(1 << 20)};
	static const uint8_t changes[] = {0x01, 0x80, 0xff};

	(void)state;
	assert_good(inventory_bytes_put(&inventory, &records[0], err));
	assert_good(shells_bytes_put(&shells, &records[1], err));
	assert_good(risks_bytes_put(&risks, &records[2], err));
	for (size_t k = 0; k < 3; k++) {
		struct buf *record = &records[k];

		for (size_t n = 0; n < record->n; n++) {
			/* a copy of its own, so that a read behind it is seen */
			CLEANUP(free_cleanup) char *copy = malloc(n ? n : 1);
			memcpy(copy, record->p, n);
			assert_fails(ERR_INVALID, get_either((struct span){copy, n}, err));
		}
		for (size_t i = 0; i < record->n * sizeof(changes); i++) {
			struct err err = ERR_INIT;
			size_t at = i / sizeof(changes);

			record->p[at] = (char)(record->p[at] ^ changes[i % sizeof(changes)]);
			int r = get_either(buf_span(record), &err);
			assert_true(r == 0 || r == -ERR_INVALID);
			record->p[at] = (char)(record->p[at] ^ changes[i % sizeof(changes)]);
		}
		assert_good(buf_byte(record, 0, err));
		assert_fails(ERR_INVALID, get_either(buf_span(record), err));
		buf_cleanup(record);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inventory_there_and_back),
		cmocka_unit_test(test_shells_there_and_back),
		cmocka_unit_test(test_risks_there_and_back),
		cmocka_unit_test(test_damaged_bytes),
	};

	return cmocka_run_group_tests_name("record_bytes", tests, NULL, NULL);
}
