/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries of tests/unit/stubbed, for tests of codec/elf_stub and codec/elf_code. */
#pragma once

#include "base/arena.h"
#include "base/fd.h"
#include "base/limits.h"

/* One of them, by file name. A failure fails the test. */
static inline struct span
stubbed_load(struct arena *arena, const char *name)
{
	struct span path = arena_printf(arena, "%s/%s", STUBBED_FOLDER, name);
	struct span file = {NULL, 0};

	assert_good(file_load(path.p, ELF_FILE_MAX, arena, &file, err));
	return file;
}
