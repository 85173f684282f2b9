/* SPDX-License-Identifier: Apache-2.0 */
/* Which imported functions a program or library can have called, told from which pages of its file
 * were read. */
#pragma once

#include "base/err.h"
#include "base/span.h"

/*
 * Shows each name that the file is linked to and that its code can have reached, some more than
 * once. `pages` as for elf_code_ran(): pages of the file that were touched.
 *
 * Code comes to an imported function by a slot that the loader fills in (R_X86_64_GLOB_DAT,
 * R_X86_64_JUMP_SLOT), straight or by an entry of the procedure linkage (sections .plt*). In code
 * of x86-64 that may lie anywhere both are named by their distance, 32 bits wide. So a name is left
 * out when its address is in slots alone, no four bytes of code in a page that was touched are the
 * distance to one of them or to its entries, and no pointer in data leads to an entry. Bytes are
 * looked at without regard to where instructions start, so names may be shown that were not called,
 * never the other way.
 *
 * ERR_UNSUPPORTED: it cannot be told of this file (another machine, a program at fixed addresses,
 * no section headers, linkage that is not loaded from where they say, code that takes the address
 * of the table of slots): all that it imports may have been called. ERR_INVALID: a file that lies;
 * ERR_LIMIT as elf_library.h; ERR_MEMORY; what `see` returned, when that is negative.
 */
int elf_calls(struct span file, const uint8_t *pages, size_t page_count,
	      int (*see)(void *context, struct span name, struct err *err), void *context,
	      struct err *err);
