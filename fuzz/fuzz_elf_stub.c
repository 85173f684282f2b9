/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/limits.h"
#include "codec/elf.h"
#include "codec/elf_calls.h"
#include "codec/elf_code.h"
#include "codec/elf_stub.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

/* Reads every byte that is handed out, so that a sanitizer sees one that is not the file's. */
static int
touch(void *context, struct span name, struct err *err)
{
	(void)err;
	*(uint64_t *)context ^= span_hash(name, 0);
	return 0;
}

static bool
is_odd(void *context, struct span name)
{
	(void)context;
	return span_hash(name, 0) % 2 != 0;
}

/* As the original, to a reader that knows nothing of stubs. */
static void
check(struct span original, struct span stub)
{
	struct arena *arena = arena_new(0);
	struct elf_info one = {0};
	struct elf_info other = {0};
	struct buf again = {0};
	struct err err = ERR_INIT;

	if (!span_contains(stub, SPAN(ELF_STUB_NOTE)))
		abort();
	if (starved()) {
		arena_free(arena);
		return;
	}
	if (elf_stub_make(stub, &again, &err) < 0 || elf_read(stub, arena, &other, &err) < 0)
		abort();
	if (elf_read(original, arena, &one, &err) == 0) {
		if (!span_equal(one.soname, other.soname) ||
		    one.needed.count != other.needed.count || one.machine != other.machine)
			abort();
		for (size_t i = 0; i < one.needed.count; i++) {
			if (!span_equal(one.needed.items[i], other.needed.items[i]))
				abort();
		}
	}
	buf_cleanup(&again);
	arena_free(arena);
}

/* As the original too; but nothing more can be taken from it. */
static void
check_lent(struct span original, struct span stub)
{
	struct arena *arena = arena_new(0);
	struct elf_info one = {0};
	struct elf_info other = {0};
	struct err err = ERR_INIT;

	if (!span_contains(stub, SPAN(ELF_STUB_NOTE)))
		abort();
	if (!starved() && elf_read(original, arena, &one, &err) == 0 &&
	    elf_read(stub, arena, &other, &err) == 0 && !span_equal(one.soname, other.soname))
		abort();
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span file = {(const char *)data, size};
	struct buf stub = {0};
	struct err err = ERR_INIT;
	uint64_t sum = 0;
	bool ran = false;

	if (elf_stub_make(file, &stub, &err) == 0)
		check(file, buf_span(&stub));
	buf_cleanup(&stub);
	if (elf_stub_lend(file, &stub, &err) == 0)
		check_lent(file, buf_span(&stub));
	(void)elf_stub_data(file, touch, &sum, &err);
	/* the file itself says which of its pages were touched, and as if none was */
	uint8_t none[64] = {0};
	(void)elf_code_ran(file, data, size / ELF_CODE_PAGE + 1, NULL, NULL, &ran, &err);
	(void)elf_code_ran(file, data, size / ELF_CODE_PAGE + 1, is_odd, NULL, &ran, &err);
	(void)elf_code_ran(file, none, sizeof(none) * 8, NULL, NULL, &ran, &err);
	(void)elf_code_tells(file, &err);
	(void)elf_calls(file, data, size / ELF_CODE_PAGE + 1, touch, &sum, &err);
	(void)elf_calls(file, none, sizeof(none) * 8, touch, &sum, &err);
	sink = sum;
	buf_cleanup(&stub);
	return 0;
}
