/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries of tests/unit/stubbed, for tests of codec/elf_stub and codec/elf_code. */
#pragma once

#include "base/arena.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/elf_library.h"

/* One of them, by file name. A failure fails the test. */
static inline struct span
stubbed_load(struct arena *arena, const char *name)
{
	struct span path = arena_printf(arena, "%s/%s", STUBBED_FOLDER, name);
	struct span file = {NULL, 0};

	assert_good(file_load(path.p, ELF_FILE_MAX, arena, &file, err));
	return file;
}

struct stubbed_wanted {
	const char *name;
	uint64_t address;
};

static inline int
stubbed_look_for(void *context, const struct elf_exported *symbol, struct err *err)
{
	struct stubbed_wanted *wanted = context;

	(void)err;
	if (span_equal(symbol->name, span_from(wanted->name)))
		wanted->address = symbol->address;
	return 0;
}

/* Where a function of one is, by its name. A failure fails the test. */
static inline uint64_t
stubbed_address(const struct elf_library *library, const char *name)
{
	struct stubbed_wanted wanted = {name, 0};

	assert_good(elf_library_exports(library, stubbed_look_for, &wanted, err));
	assert_true(wanted.address != 0);
	return wanted.address;
}
