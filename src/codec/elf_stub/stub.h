/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a stub while it is made. Of codec/elf_stub only. */
#pragma once

#include "base/buf.h"
#include "base/map.h"
#include "codec/elf_library.h"

enum part_name {
	PART_NOTE,     /* says that it is a stub */
	PART_PROPERTY, /* what the processor may check */
	PART_GNU_HASH,
	PART_HASH,
	PART_SYMBOLS,
	PART_VERSIONS,	  /* of the symbols */
	PART_DEFINITIONS, /* of versions */
	PART_NEEDS,	  /* of versions of others */
	PART_STRINGS,
	PART_WORDS, /* texts of the code */
	PART_TEXT,
	PART_DYNAMIC,
	PART_NAMES, /* of the sections */
	PARTS,
};

struct part {
	struct buf bytes; /* none: the stub has no such part */
	uint64_t offset;
	uint64_t address;
	uint32_t section; /* number of the section header */
	uint32_t info;	  /* of it */
};

struct stub_symbol {
	struct span name;
	uint32_t hash; /* GNU's */
	uint32_t bucket;
	uint32_t order;	  /* in the original */
	uint64_t name_at; /* in PART_STRINGS */
	uint16_t version;
	uint8_t binding;
	uint8_t other;
};

struct stub {
	const struct elf_library *library;
	struct span soname;
	struct map *interned; /* text -> its place in PART_STRINGS */
	struct stub_symbol *symbols;
	size_t symbol_count;
	size_t symbol_capacity;
	uint8_t defined[4096]; /* a bit for each number that a version is defined with */
	struct part parts[PARTS];
};

/* The place of a text in PART_STRINGS, put there when it is new. */
int stub_text(struct stub *stub, struct span text, uint64_t *ret, struct err *err);

/* Appends numbers, little endian. */
int stub_u16(struct buf *buf, uint64_t value, struct err *err);
int stub_u32(struct buf *buf, uint64_t value, struct err *err);
int stub_u64(struct buf *buf, uint64_t value, struct err *err);
int stub_zeroes(struct buf *buf, size_t count, struct err *err);

/* versions.c: PART_DEFINITIONS and PART_NEEDS as the original has them. */
int stub_versions(struct stub *stub, struct err *err);
/* Whether a version of that number is defined; 0 and 1 always are. */
bool stub_version_is_defined(const struct stub *stub, unsigned number);

/* symbols.c: PART_SYMBOLS without addresses, PART_VERSIONS, PART_GNU_HASH, PART_HASH. */
int stub_symbols(struct stub *stub, struct err *err);

/* thunks.c: PART_WORDS; the size of PART_TEXT, and its bytes once all parts have addresses. */
int stub_words(struct stub *stub, struct err *err);
size_t stub_text_size(const struct stub *stub);
uint64_t stub_thunk(const struct stub *stub, size_t symbol); /* its address */
int stub_thunks(struct stub *stub, struct err *err);

/* What is common to all thunks; a thunk for the name at an address. `here`: where they will lie. */
size_t stub_common_size(const struct stub *stub);
int stub_put_common(const struct stub *stub, struct buf *out, uint64_t here, uint64_t words,
		    struct err *err);
int stub_put_thunk(const struct stub *stub, struct buf *out, uint64_t here, uint64_t name,
		   uint64_t common, struct err *err);

/* What a page may be at most, where it runs. */
uint64_t stub_page_size(const struct stub *stub);

/* lend.c: the original without its code, with all of its data. */
int stub_lend(struct stub *stub, struct buf *ret, struct err *err);

/* layout.c: addresses, PART_DYNAMIC, what depends on addresses, and the file. */
int stub_layout(struct stub *stub, struct buf *ret, struct err *err);
