/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the compiler's start files put into every shared library and the loader runs without anybody
 * calling the library: _init and _fini (crti.o of glibc and musl), frame_dummy and
 * __do_global_dtors_aux (crtbeginS.o of GCC), and what these call. They are known by their
 * instructions: constructors of the library's own are none of them.
 */
#pragma once

#include "codec/elf_library.h"

enum { ELF_CRT_RANGES = 8 };

struct elf_range {
	uint64_t address;
	uint64_t size;
};

struct elf_crt {
	struct elf_range ranges[ELF_CRT_RANGES]; /* all in executable segments */
	size_t count;
	bool destructors; /* others run too when the library is unloaded or the process ends */
};

/*
 * ERR_UNSUPPORTED: something else runs too when the library is loaded; ERR_INVALID: the dynamic
 * section speaks of what is not there.
 */
int elf_crt_read(const struct elf_library *library, struct elf_crt *ret, struct err *err);
