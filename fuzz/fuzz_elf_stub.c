/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/limits.h"
#include "codec/elf.h"
#include "codec/elf_library.h"
#include "codec/elf_stub.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

/* Order does not matter, as the functions of a stub have another. */
static int
add(void *context, struct span name, struct err *err)
{
	(void)err;
	*(uint64_t *)context += span_hash(name, 0);
	return 0;
}

static int
add_function(void *context, const struct elf_exported *symbol, struct err *err)
{
	return symbol->kind == ELF_FUNCTION ? add(context, symbol->name, err) : 0;
}

static uint64_t
functions_of(struct span file, struct arena *arena)
{
	struct elf_library library = {0};
	struct err err = ERR_INIT;
	uint64_t sum = 0;

	if (elf_library_read(file, arena, &library, &err) < 0 ||
	    elf_library_exports(&library, add_function, &sum, &err) < 0)
		abort();
	return sum;
}

/* As the original, to a reader that knows nothing of stubs. */
static void
check(struct span original, struct span stub)
{
	struct arena *arena = arena_new(0);
	struct elf_info one = {0};
	struct elf_info other = {0};
	struct err err = ERR_INIT;

	if (!span_contains(stub, SPAN(ELF_STUB_NOTE)))
		abort();
	if (starved()) {
		arena_free(arena);
		return;
	}
	if (elf_read(stub, arena, &other, &err) < 0 ||
	    functions_of(original, arena) != functions_of(stub, arena))
		abort();
	if (elf_read(original, arena, &one, &err) < 0)
		one = other; /* for its section headers, which the loader does not read */
	if (!span_equal(one.soname, other.soname) || !span_equal(one.rpath, other.rpath) ||
	    !span_equal(one.runpath, other.runpath) || one.needed.count != other.needed.count ||
	    one.machine != other.machine)
		abort();
	for (size_t i = 0; i < one.needed.count; i++) {
		if (!span_equal(one.needed.items[i], other.needed.items[i]))
			abort();
	}
	arena_free(arena);
}

/* A stub is a library like any other. */
static void
check_made(struct span original, struct span stub)
{
	struct buf again = {0};
	struct err err = ERR_INIT;

	check(original, stub);
	if (elf_stub_make(stub, &again, &err) < 0 && !starved())
		abort();
	buf_cleanup(&again);
}

/* Nothing more can be taken from it, but all of the data is there. */
static void
check_lent(struct span original, struct span stub)
{
	struct err err = ERR_INIT;
	uint64_t sum = 0;
	uint64_t lent = 0;

	check(original, stub);
	if (starved())
		return;
	if (elf_stub_data(original, add, &sum, &err) < 0 ||
	    elf_stub_data(stub, add, &lent, &err) < 0 || sum != lent)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span file = {(const char *)data, size};
	struct buf stub = {0};
	struct err err = ERR_INIT;
	uint64_t sum = 0;

	if (elf_stub_make(file, &stub, &err) == 0)
		check_made(file, buf_span(&stub));
	buf_cleanup(&stub);
	if (elf_stub_lend(file, &stub, &err) == 0)
		check_lent(file, buf_span(&stub));
	(void)elf_stub_data(file, add, &sum, &err);
	sink = sum;
	buf_cleanup(&stub);
	return 0;
}
