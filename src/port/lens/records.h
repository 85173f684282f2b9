/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lens's server writes and its owner reads: one shared mapping, made
 * before the server is forked. Pages that are never touched cost nothing.
 *
 *   header | one record an entry | one row of bits a phase | missing | names | programs | text
 *   | when code is watched: one bit a page of each inode
 */
#pragma once

#include "base/limits.h"
#include "codec/elf_code.h"
#include "port/lens.h"

#include <stdatomic.h>

enum {
	/* Room for the names of missing lookups and of programs, bytes. */
	LENS_NAMES_BYTES = PROFILE_MISSING_MAX * 64,
	LENS_PROGRAM_MAX = 255, /* longest program name kept, bytes */
	LENS_PROGRAMS_BYTES = PROFILE_PROCESSES_MAX * 64,
};

/* First use of one entry. */
struct lens_record {
	_Atomic uint32_t first_ms; /* since the start or the last reset */
	_Atomic uint32_t program;  /* index in programs */
	_Atomic uint16_t first_phase;
	_Atomic uint8_t use; /* enum profile_use; 0: not used, the rest says nothing */
};

/* A name looked up below `parent` that is not there: once a phase. */
struct lens_missing {
	uint32_t parent; /* entry of the directory */
	uint32_t name;	 /* offset in names */
	uint32_t program;
	uint16_t phase;
	uint8_t length; /* of the name */
};

struct lens_program {
	uint32_t text; /* offset in program_text */
	uint32_t length;
};

struct lens_header {
	_Atomic uint32_t phase;
	_Atomic uint32_t phases;	/* highest phase so far + 1 */
	_Atomic uint64_t started_ms;	/* clock_ms() */
	_Atomic uint32_t missing_count; /* written after the record itself */
	_Atomic uint32_t program_count; /* [0] is "" */
	_Atomic uint32_t missing_lost;	/* lookups that found no room */
	_Atomic uint32_t programs_lost; /* touches whose program found no room */
	_Atomic bool phases_not_apart;	/* the kernel or libfuse cannot expire entries */
	_Atomic uint32_t requests;	/* served so far, for tests and benches */
};

struct lens_records {
	void *mapping;
	size_t size;
	size_t entries;
	size_t row; /* words in a row of bits */
	struct lens_header *header;
	struct lens_record *records;
	_Atomic uint64_t *bits;
	struct lens_missing *missing; /* PROFILE_MISSING_MAX */
	char *names;
	struct lens_program *programs; /* PROFILE_PROCESSES_MAX */
	char *program_text;
	_Atomic uint8_t *pages; /* NULL: pages are not watched */
	size_t page_bytes;
	uint64_t *page_rows; /* per inode: where its bits begin in `pages` */
};

int lens_records_make(const struct image *image, bool watch_code, struct lens_records *ret,
		      struct err *err);
void lens_records_unmap(struct lens_records *records);

/* Forgets every use and every missing lookup; programs stay. The clock starts anew. */
void lens_records_clear(struct lens_records *records);

/* True when this is the first use of the entry since the start or the last reset. */
bool lens_records_mark(struct lens_records *records, uint32_t entry, enum profile_use use);

/* Notes that pages of an inode were read; nothing when they are not watched. */
void lens_records_touch(struct lens_records *records, uint32_t inode, uint64_t offset, size_t n);

static inline bool
lens_records_used_in(const struct lens_records *records, uint32_t entry, uint32_t phase)
{
	uint64_t word = atomic_load_explicit(&records->bits[phase * records->row + entry / 64],
					     memory_order_relaxed);

	return word >> (entry % 64) & 1;
}
