/* SPDX-License-Identifier: Apache-2.0 */
/* A stub with data while it is made. Of codec/elf_stub only. */
#pragma once

#include "base/vec.h"
#include "codec/elf_stub/stub.h"

/* A function that becomes a thunk. */
struct lent {
	uint64_t address; /* in the original */
	uint64_t name;	  /* address of its name; 0: it has none */
};

struct lend {
	struct stub *stub;
	char *work;		    /* a copy of the original, changed in place */
	VEC(struct lent) functions; /* by address, each once */
	struct span frames;	    /* .eh_frame_hdr */
	uint64_t frames_address;
	uint64_t memory_end; /* of the original's segments */
	uint64_t file_end;
	uint64_t segment; /* of the thunks: its address */
	uint64_t words;
	uint64_t unnamed;
	uint64_t common;
	uint64_t first; /* thunk */
};

struct relocation {
	uint64_t offset;
	uint64_t info;
	uint64_t addend;
	bool to_code; /* writes the address of a function, by its addend alone */
};

/* Table of relocations of data; empty when there are none. */
int lend_relocations(const struct elf_library *library, struct span *ret, struct err *err);

/* One of the table. ERR_UNSUPPORTED: it runs code, or leads into a function. */
int lend_read_relocation(const struct lend *lend, const char *raw, struct relocation *ret,
			 struct err *err);

/* Fills `functions`: those that are exported, and those that data points to. */
int lend_functions(struct lend *lend, struct err *err);
