/* SPDX-License-Identifier: Apache-2.0 */
/* Whether code of a shared library ran, told from which pages of its file were read. */
#pragma once

#include "base/err.h"
#include "base/span.h"

enum { ELF_CODE_PAGE = 4096 };

/*
 * `pages`: one bit per ELF_CODE_PAGE bytes of the file (bit i % 8 of byte i / 8), set when that
 * page was read; `page_count` bits. To tell anything, they must be what the loader and the program
 * touched and nothing more: no read-ahead, no copies, no checks of packages.
 *
 * *ret is false when nothing but what runs on loading and unloading can have run. Code is entered
 * where an exported function starts, or by the start files (elf_crt.h), or by destructors. (Also
 * through exported data that holds functions: a planner that leaves a library away has to look at
 * that itself.) So false takes that
 *   - no exported function that somebody asks for starts in a page that was touched;
 *   - every page of an executable segment that was touched holds functions of the start files or
 *     procedure linkage (sections .plt*); not asked of a library with destructors of its own,
 *     which may have run.
 * Most libraries have exported functions in the pages of the start files: whether anybody asked for
 * these is what tells. `asked` knows whether anything but the library itself imports a name
 *; NULL: everything is. Nor was a function asked for whose symbol or whose name lies
 * in a page that was not touched: to bind it, the loader reads the one and compares the other.
 *
 * Whatever is not understood counts as "ran": a program, constructors other than the start files',
 * a segment with code and the loader's tables in one, pages beyond page_count.
 *
 * The file is a library from outside: malformed is "ran" too. Fails with ERR_MEMORY only.
 */
int elf_code_ran(struct span file, const uint8_t *pages, size_t page_count,
		 bool (*asked)(void *context, struct span name), void *context, bool *ret,
		 struct err *err);

/*
 * ERR_UNSUPPORTED: whatever is touched counts as "ran", and the text says why, as in "it has 2
 * constructors". ERR_INVALID: the file is no library, or one that lies; ERR_LIMIT; ERR_MEMORY.
 */
int elf_code_tells(struct span file, struct err *err);
