/* SPDX-License-Identifier: Apache-2.0 */
/* What of a library's code can be come to when it lends its data. */
#include "codec/elf_stub/lend.h"

#include "base/bytes.h"
#include "base/limits.h"

#include <stdlib.h>

/* The table of .eh_frame_hdr (LSB Core 5.0 10.6.2): starts of functions, sorted. */
static bool
starts_function(const struct lend *lend, uint64_t address)
{
	enum { HEAD = 12, PAIR = 8 };
	const char *p = lend->frames.p;

	if (lend->frames.n < HEAD || memcmp(p, "\1\x1b\x03\x3b", 4) != 0)
		return false;
	size_t low = 0;
	size_t high = bytes_u32(p + 8, false);
	if (high > (lend->frames.n - HEAD) / PAIR)
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t start = lend->frames_address + (uint64_t)(int64_t)(int32_t)bytes_u32(
								p + HEAD + middle * PAIR, false);
		if (start == address)
			return true;
		if ((int64_t)start < (int64_t)address)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static int
add_function(struct lend *lend, uint64_t address, uint64_t name, struct err *err)
{
	struct lent lent = {address, name};

	return vec_push(&lend->functions, &lent, ELF_STUB_SYMBOLS_MAX, err);
}

static int
add_export(void *context, const struct elf_exported *symbol, struct err *err)
{
	struct lend *lend = context;
	const struct elf_library *library = lend->stub->library;
	uint64_t strings = 0;

	if (symbol->kind == ELF_DATA && elf_library_is_code(library, symbol->address))
		return err_set(err, ERR_UNSUPPORTED, "data that it lends lies among its code");
	if (symbol->kind != ELF_FUNCTION)
		return 0;
	if (!elf_library_is_code(library, symbol->address))
		return err_set(err, ERR_UNSUPPORTED, "a function that lies outside of its code");
	(void)elf_library_value(library, DT_STRTAB, &strings);
	return add_function(lend, symbol->address,
			    strings + (uint64_t)(symbol->name.p - library->strings.p), err);
}

/* Whether the loader writes into an array that is gone with the code. */
static bool
is_of_start(const struct elf_library *library, uint64_t offset)
{
	static const uint64_t arrays[][2] = {{DT_INIT_ARRAY, DT_INIT_ARRAYSZ},
					     {DT_FINI_ARRAY, DT_FINI_ARRAYSZ}};
	uint64_t address = 0;
	uint64_t size = 0;

	for (size_t i = 0; i < 2; i++) {
		if (elf_library_value(library, arrays[i][0], &address) &&
		    elf_library_value(library, arrays[i][1], &size) && offset >= address &&
		    offset - address < size)
			return true;
	}
	return false;
}

/* Kinds of relocations that data may have; what they do is left to the loader. */
static bool
is_known(const struct elf_library *library, uint64_t type)
{
	static const uint32_t x86_64[] = {R_X86_64_NONE,     R_X86_64_64,	R_X86_64_GLOB_DAT,
					  R_X86_64_DTPMOD64, R_X86_64_DTPOFF64, R_X86_64_TPOFF64};
	static const uint32_t aarch64[] = {R_AARCH64_NONE,	 R_AARCH64_ABS64,
					   R_AARCH64_GLOB_DAT,	 R_AARCH64_TLS_DTPMOD,
					   R_AARCH64_TLS_DTPREL, R_AARCH64_TLS_TPREL};
	bool x86 = library->machine == EM_X86_64;
	const uint32_t *known = x86 ? x86_64 : aarch64;
	size_t count = x86 ? sizeof(x86_64) / sizeof(uint32_t) : sizeof(aarch64) / sizeof(uint32_t);

	for (size_t i = 0; i < count; i++) {
		if (known[i] == type)
			return true;
	}
	return false;
}

int
lend_read_relocation(const struct lend *lend, const char *raw, struct relocation *ret,
		     struct err *err)
{
	const struct elf_library *library = lend->stub->library;
	uint64_t relative = library->machine == EM_X86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
	struct relocation one = {bytes_u64(raw, false), bytes_u64(raw + 8, false),
				 bytes_u64(raw + 16, false), false};

	if (ELF64_R_TYPE(one.info) == relative) {
		one.to_code = elf_library_is_code(library, one.addend) &&
			      !is_of_start(library, one.offset);
	} else if (!is_known(library, ELF64_R_TYPE(one.info))) {
		return err_set(err, ERR_UNSUPPORTED, "its data has a relocation of kind %llu",
			       (unsigned long long)ELF64_R_TYPE(one.info));
	} else if (ELF64_R_SYM(one.info)) {
		uint64_t at = library->symbols + ELF64_R_SYM(one.info) * sizeof(Elf64_Sym);
		struct span symbol = elf_library_range(library, at, sizeof(Elf64_Sym));
		if (!symbol.p)
			return err_set(err, ERR_INVALID, "a relocation by no symbol");
		bool code = elf_library_is_code(library, bytes_u64(symbol.p + 8, false)) &&
			    bytes_u16(symbol.p + 6, false) != SHN_UNDEF;
		if (code && (one.addend || ELF64_ST_BIND(symbol.p[4]) == STB_LOCAL))
			return err_set(err, ERR_UNSUPPORTED, "its data points into a function");
	}
	*ret = one;
	return 0;
}

int
lend_relocations(const struct elf_library *library, struct span *ret, struct err *err)
{
	uint64_t address = 0;
	uint64_t size = 0;

	*ret = (struct span){NULL, 0};
	if (elf_library_value(library, DT_RELR, &address))
		return err_set(err, ERR_UNSUPPORTED, "it lends data with packed relocations");
	if (!elf_library_value(library, DT_RELA, &address) ||
	    !elf_library_value(library, DT_RELASZ, &size) || size == 0)
		return 0;
	*ret = elf_library_range(library, address, size);
	return ret->p && !elf_library_is_code(library, address)
		       ? 0
		       : err_set(err, ERR_INVALID, "relocations that are not all there");
}

/* Functions that data points to. What is none might be data among the code: that would be lost. */
static int
add_pointed(struct lend *lend, struct err *err)
{
	const struct elf_library *library = lend->stub->library;
	struct relocation one;
	struct span table;
	int r = lend_relocations(library, &table, err);

	for (size_t at = 0; r == 0 && table.n - at >= sizeof(Elf64_Rela);
	     at += sizeof(Elf64_Rela)) {
		r = lend_read_relocation(lend, table.p + at, &one, err);
		if (r < 0 || !one.to_code)
			continue;
		if (!starts_function(lend, one.addend))
			return err_set(err, ERR_UNSUPPORTED,
				       "its data points to code that is no known function");
		r = add_function(lend, one.addend, 0, err);
	}
	return r;
}

static int
compare_functions(const void *a, const void *b)
{
	const struct lent *x = a;
	const struct lent *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->name > y->name ? -1 : x->name < y->name; /* one with a name first */
}

int
lend_functions(struct lend *lend, struct err *err)
{
	size_t n = 0;
	int r = elf_library_exports(lend->stub->library, add_export, lend, err);

	if (r == 0)
		r = add_pointed(lend, err);
	if (r < 0 || lend->functions.count == 0)
		return r;
	struct lent *items = lend->functions.items;
	qsort(items, lend->functions.count, sizeof(*items), compare_functions);
	for (size_t i = 0; i < lend->functions.count; i++) {
		if (n == 0 || items[n - 1].address != items[i].address)
			items[n++] = items[i];
	}
	lend->functions.count = n;
	return 0;
}
