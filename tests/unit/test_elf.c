/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/arena.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/elf.h"

#include <elf.h>
#include <stdlib.h>

/* Known to the symbol test: exported by nobody else. */
void a_symbol_of_test_elf(void);

void
a_symbol_of_test_elf(void)
{
}

static struct span
load(struct arena *arena, const char *path)
{
	struct span file = {NULL, 0};

	assert_good(file_load(path, ELF_FILE_MAX, arena, &file, err));
	return file;
}

struct wanted {
	struct span name;
	bool defined;
	bool found;
};

static bool
look_for(void *context, const struct elf_symbol *symbol)
{
	struct wanted *wanted = context;

	if (!span_equal(symbol->name, wanted->name) || symbol->defined != wanted->defined)
		return true;
	wanted->found = true;
	return false;
}

static void
own_program_is_described(void **state)
{
	struct arena *arena = arena_new(0);
	struct span file = load(arena, "/proc/self/exe");
	struct elf_info info;
	struct wanted own = {.name = SPAN("a_symbol_of_test_elf"), .defined = true};
	struct wanted imported = {.name = SPAN("_cmocka_run_group_tests"), .defined = false};
	bool cmocka = false;

	(void)state;
	assert_true(elf_is(file));
	assert_good(elf_read(file, arena, &info, err));
	assert_int_equal(info.bits, sizeof(void *) * 8);
	assert_false(info.big_endian);
	assert_true(info.program);
	assert_false(info.is_static);
	assert_true(span_starts_with(info.interpreter, SPAN("/lib")));
	assert_int_equal(info.soname.n, 0);
	for (size_t i = 0; i < info.needed.count; i++)
		cmocka |= span_starts_with(info.needed.items[i], SPAN("libcmocka.so"));
	assert_true(cmocka);
	assert_good(elf_symbols(file, look_for, &own, err));
	assert_true(own.found);
	assert_good(elf_symbols(file, look_for, &imported, err));
	assert_true(imported.found);
	arena_free(arena);
}

static void
no_elf_is_invalid(void **state)
{
	static const struct span bad[] = {
		SPAN_INIT(""),
		SPAN_INIT("#!/bin/sh\n"),
		SPAN_INIT("\177ELF"),
		SPAN_INIT("\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\76\0\1\0\0\0\377\377\377\377\377"),
	};
	struct arena *arena = arena_new(0);
	struct elf_info info = {.bits = 7};
	struct wanted none = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_fails(ERR_INVALID, elf_read(bad[i], arena, &info, err));
		assert_fails(ERR_INVALID, elf_symbols(bad[i], look_for, &none, err));
	}
	assert_int_equal(info.bits, 7);
	arena_free(arena);
}

/* The file in memory of exactly its size, so that a sanitizer sees a read behind its end. */
static void
read_copy(struct span file)
{
	struct arena *arena = arena_new(0);
	char *exact = malloc(file.n ? file.n : 1);
	struct elf_info info = {0};
	struct wanted none = {.name = SPAN("no such symbol")};
	struct err err = ERR_INIT;

	assert_non_null(exact);
	memcpy(exact, file.p, file.n);
	struct span copy = {exact, file.n};
	(void)elf_read(copy, arena, &info, &err);
	(void)elf_symbols(copy, look_for, &none, &err);
	assert_false(none.found);
	free(exact);
	arena_free(arena);
}

static void
truncated_and_damaged_files_are_survived(void **state)
{
	struct arena *arena = arena_new(0);
	struct span file = load(arena, "/bin/true");
	char *text = malloc(file.n);
	uint32_t random = 12345;

	(void)state;
	assert_non_null(text);
	for (size_t n = 0; n < file.n; n += n < 1024 ? 7 : 997)
		read_copy((struct span){file.p, n});
	for (int round = 0; round < 1000; round++) {
		memcpy(text, file.p, file.n);
		for (int i = 0; i < 4; i++) {
			random = random * 1664525U + 1013904223U;
			size_t at = (random >> 8) % (round % 2 ? 1024 : file.n);
			text[at] = (char)(random >> 24);
		}
		read_copy((struct span){text, file.n});
	}
	free(text);
	arena_free(arena);
}

static void
sections_are_not_needed(void **state)
{
	struct arena *arena = arena_new(0);
	struct span file = load(arena, "/bin/true");
	char *text = malloc(file.n);
	struct elf_info info;
	struct elf_info stripped;
	struct wanted imported = {.name = SPAN("exit"), .defined = false};

	(void)state;
	assert_non_null(text);
	memcpy(text, file.p, file.n);
	Elf64_Ehdr header;
	memcpy(&header, text, sizeof(header));
	if (header.e_ident[EI_CLASS] != ELFCLASS64) {
		free(text);
		arena_free(arena);
		skip();
	}
	header.e_shoff = 0;
	header.e_shnum = 0;
	header.e_shstrndx = 0;
	memcpy(text, &header, sizeof(header));
	assert_good(elf_read(file, arena, &info, err));
	assert_good(elf_read((struct span){text, file.n}, arena, &stripped, err));
	assert_true(info.build_id.n >= 8);
	assert_true(span_equal(info.build_id, stripped.build_id));
	assert_int_equal(info.needed.count, stripped.needed.count);
	assert_true(info.needed.count > 0);
	assert_good(elf_symbols((struct span){text, file.n}, look_for, &imported, err));
	assert_true(imported.found);
	free(text);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_program_is_described),
		cmocka_unit_test(no_elf_is_invalid),
		cmocka_unit_test(truncated_and_damaged_files_are_survived),
		cmocka_unit_test(sections_are_not_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
