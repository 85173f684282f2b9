/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared library as the loader sees it: segments, dynamic section and dynamic symbols, never
 * section headers (System V gABI 4.1 chapter 5; GNU hash tables and symbol versions as glibc reads
 * them). Little-endian files of 64 bits for x86-64 and AArch64 only. Spans point into the file;
 * every offset, count and string is checked against it.
 *
 * What two readers could understand in two ways is a lie: segments that overlap, are not in order
 * or not all there, a dynamic section that is not where it is loaded or does not end, two entries
 * of a kind. So elf_read() and loaders find the same names here.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <elf.h>

struct elf_load { /* PT_LOAD */
	uint64_t offset;
	uint64_t address;
	uint64_t size; /* in the file: all of it is there */
	bool writable;
	bool executable;
};

struct elf_entry {    /* of the dynamic section */
	uint64_t tag; /* DT_* */
	uint64_t value;
};

struct elf_library {
	struct span file;
	uint16_t machine; /* EM_X86_64, EM_AARCH64 */
	uint8_t os_abi;
	uint8_t abi_version;
	uint32_t flags; /* e_flags */
	struct elf_load *loads;
	size_t load_count;
	uint64_t dynamic_address;
	struct span dynamic;	   /* there, with DT_NULL */
	struct elf_entry *entries; /* without DT_NULL */
	size_t entry_count;
	struct span strings;   /* DT_STRTAB */
	uint64_t symbols;      /* DT_SYMTAB; 0: none */
	uint32_t symbol_count; /* as the hash tables tell it */
	uint32_t features;     /* GNU_PROPERTY_{X86,AARCH64}_FEATURE_1_AND */
	bool interpreter;      /* PT_INTERP */
	bool executable_stack;
};

/*
 * Lists live in `arena`. ERR_UNSUPPORTED: another kind of ELF file, or no dynamic section;
 * ERR_INVALID: not ELF, or one that lies; ERR_LIMIT: ELF_SEGMENTS_MAX, ELF_DYNAMIC_MAX,
 * ELF_SYMBOLS_MAX; ERR_MEMORY.
 */
int elf_library_read(struct span file, struct arena *arena, struct elf_library *ret,
		     struct err *err);

/* The entry with that tag; false when there is none. Not for DT_NEEDED, DT_FILTER, DT_AUXILIARY. */
bool elf_library_value(const struct elf_library *library, uint64_t tag, uint64_t *ret);

/* What the file has from an address to the end of its segment; empty when it has nothing there. */
struct span elf_library_at(const struct elf_library *library, uint64_t address);

/* Likewise, exactly `size` bytes; empty when they are not all there. */
struct span elf_library_range(const struct elf_library *library, uint64_t address, uint64_t size);

/* The text at an offset of DT_STRTAB; empty also when it does not end there. */
struct span elf_library_text(const struct elf_library *library, uint64_t offset);

bool elf_library_is_code(const struct elf_library *library, uint64_t address);

enum elf_export {
	ELF_FUNCTION, /* STT_FUNC, STT_GNU_IFUNC, and symbols without a type that lie in code */
	ELF_DATA,
};

struct elf_exported {
	struct span name;
	enum elf_export kind;
	uint64_t address;
	uint32_t index;	 /* in the symbol table */
	uint8_t binding; /* STB_* but STB_LOCAL */
	uint8_t other;	 /* st_other */
};

/* A negative result ends the visit and is handed on. */
typedef int (*elf_exported_visit)(void *context, const struct elf_exported *symbol,
				  struct err *err);

/*
 * Defined dynamic symbols that others can bind to, in the order of the table; without those that
 * only name a version (absolute objects). ERR_INVALID: a name that is none; what `visit` returned.
 */
int elf_library_exports(const struct elf_library *library, elf_exported_visit visit, void *context,
			struct err *err);
