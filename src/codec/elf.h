/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF files from memory (System V gABI 4.1 chapters 4 and 5, and the GNU extensions in use). Every
 * offset, count and string is checked against the file; hostile files give ERR_INVALID or less
 * information, never a read outside. Spans point into the file.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct elf_info {
	uint8_t bits; /* 32 or 64 */
	bool big_endian;
	uint16_t machine;	 /* EM_* of <elf.h> */
	uint16_t type;		 /* ET_* of <elf.h> */
	bool program;		 /* can be started: ET_EXEC, or ET_DYN with PT_INTERP or DF_1_PIE */
	bool is_static;		 /* a program without PT_INTERP */
	struct span interpreter; /* PT_INTERP; empty when none */
	struct span soname;	 /* DT_SONAME */
	struct span rpath;	 /* DT_RPATH, as written (may hold $ORIGIN, ':' between) */
	struct span runpath;	 /* DT_RUNPATH */
	struct span_list needed; /* DT_NEEDED, in order */
	struct span build_id;	 /* NT_GNU_BUILD_ID, raw bytes */
};

/* Starts with the ELF magic. */
bool elf_is(struct span file);

/*
 * Headers and the dynamic section, found by program headers, so that it works without section
 * headers. Lists live in `arena`. ERR_INVALID: not ELF, or headers that lie; ERR_LIMIT:
 * ELF_NEEDED_MAX, ELF_HEADERS_MAX; ERR_MEMORY.
 */
int elf_read(struct span file, struct arena *arena, struct elf_info *ret, struct err *err);

struct elf_symbol {
	struct span name; /* without version */
	bool defined;	  /* false: imported */
	bool dynamic;	  /* from .dynsym, else .symtab */
	bool function;
};

/* Return false to stop. */
typedef bool (*elf_symbol_visit)(void *context, const struct elf_symbol *symbol);

/*
 * Named symbols of .dynsym and .symtab; of DT_SYMTAB when there are no section headers. At most
 * ELF_SYMBOLS_MAX are shown. ERR_INVALID: not ELF.
 */
int elf_symbols(struct span file, elf_symbol_visit visit, void *context, struct err *err);

struct elf_section {
	struct span name;
	struct span bytes; /* as they stand in the file; empty where it has none */
	uint64_t address;  /* 0: not loaded */
};

/* Return false to stop. */
typedef bool (*elf_section_visit)(void *context, const struct elf_section *section);

/* Sections whose bytes lie in the file. None at all is no error. ERR_INVALID: not ELF. */
int elf_sections(struct span file, elf_section_visit visit, void *context, struct err *err);

struct elf_segment {
	struct span bytes; /* of the file, cut where it ends */
	uint64_t address;  /* of the first */
	bool writable;
	bool executable;
};

/* Those that are loaded (PT_LOAD), at most ELF_SEGMENTS_MAX; in `arena`. As elf_read(). */
int elf_segments(struct span file, struct arena *arena, struct elf_segment **ret, size_t *ret_count,
		 struct err *err);
