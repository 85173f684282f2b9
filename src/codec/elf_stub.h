/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stub stands in for a shared library that is loaded because something lists it (DT_NEEDED) and
 * of which nothing is ever called. To the loader it is that library: the same name, needed
 * libraries, search paths, symbol versions and function symbols. Of its code nothing is left: each
 * function
 *   - looks ELF_STUB_CALLED and its SONAME up, so that whoever watches the image sees the call,
 *   - writes one line to descriptor 2:
 *     "mohs: SONAME: SYMBOL was called: its code is not in this image, as nothing called it while
 *     profiling" (of a long symbol its first ELF_STUB_NAME_SHOWN bytes),
 *   - ends the process by SIGABRT, or with status 134 where that is of no effect (process 1),
 * by system calls of its own, without libc. It needs no relocation and writes nothing.
 *
 *   R    headers, notes, .gnu.hash, .hash, .dynsym, .gnu.version*, .dynstr, .rodata
 *   RX   .text: the common code, then 16 bytes for each function
 *   RW   .dynamic, read-only once it is loaded (RELRO)
 *   --   section headers, for tools
 *
 * Segments start in pages of their own: of 4 KiB in the file; in memory of 4 KiB on x86-64 and
 * 64 KiB on AArch64.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum { ELF_STUB_NAME_SHOWN = 1024 };

/* One name in the root folder: a view of the image sees the whole of it. */
#define ELF_STUB_CALLED "/.mohs-called:"

/*
 * Not in a stub, as nothing can miss it while no function of the library runs: its data of threads
 * (others reach that by symbols, elf_stub_data()), and its destructors, which end what was never
 * begun. Constructors begin something: a library with one has no stub.
 *
 * The stub for a library; *ret must be empty and is to be freed with buf_cleanup(). The same
 * original gives the same bytes. ERR_UNSUPPORTED: no stub can stand in for it, and the text says
 * why; ERR_INVALID: a file that lies; ERR_LIMIT: ELF_STUB_SYMBOLS_MAX, ELF_STUB_MAX and those of
 * elf_library.h; ERR_MEMORY.
 */
int elf_stub_make(struct span original, struct buf *ret, struct err *err);

/*
 * A stub that has all data of the original too, for a library whose variables others use. While no
 * code of a library runs its data is what the loader made of it and what others write there: that
 * stays true, byte for byte, as its segments without code, relocations and thread-local data stay.
 * Of the code nothing is left:
 *   - each function that is exported, or that data points to, is as in a stub; one that has no
 *     name is told as "a function". Different functions keep different addresses.
 *   - where the code was is a segment of no bytes that nobody may read, write or run.
 * The functions lie in a segment of their own behind the others, whose program header was that of
 * the unwind tables. There are no section headers.
 *
 * Errors as elf_stub_make(). ERR_INVALID also: tables that overlap, as they are changed in place.
 * ERR_UNSUPPORTED also: relocations that run code (IFUNC) or are packed (DT_RELR), data among the
 * code or pointers to code that is no known function (.eh_frame_hdr): what they point to may be
 * data.
 */
int elf_stub_lend(struct span original, struct buf *ret, struct err *err);

/*
 * Shows the names of the defined dynamic symbols that a stub leaves out: data, also of threads. A
 * stub may only take the place of a library when nothing that stays asks for one of them. A
 * negative result of `see` ends it and is returned; else errors as elf_library_read().
 */
int elf_stub_data(struct span original,
		  int (*see)(void *context, struct span name, struct err *err), void *context,
		  struct err *err);

/*
 * The note that each carries, for tools that show notes: owner "mohs", type 1, value "stub", as ELF
 * notes are written on a little-endian machine. Anybody can write it: nothing may be trusted for
 * it.
 */
#define ELF_STUB_NOTE "\5\0\0\0\4\0\0\0\1\0\0\0mohs\0\0\0\0stub"
