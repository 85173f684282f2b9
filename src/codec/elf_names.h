/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of shared objects in the bytes of a program: what dlopen(3) may be given at run time. Such
 * a name is a run of printable characters that ends with a NUL and whose last component is
 * "NAME.so" or "NAME.so.VERSION". Formats ("%s.so") are no names.
 */
#pragma once

#include "base/span.h"

/* `name` points into the file, without the NUL; it may be a path. Return false to stop. */
typedef bool (*elf_name_visit)(void *context, struct span name);

/* In the order of the file; at most ELF_NAMES_MAX. */
void elf_names(struct span file, elf_name_visit visit, void *context);

/* "libz.so", "libz.so.1.3", not "so", ".so", "a.sofa". */
bool elf_is_library_name(struct span name);
