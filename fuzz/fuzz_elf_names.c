/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/elf_names.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name lies inside the file, ends with a NUL and is one. */
static bool
see(void *context, struct span name)
{
	const struct span *file = context;

	if (name.p < file->p || name.p + name.n >= file->p + file->n || name.p[name.n] != '\0' ||
	    !elf_is_library_name(name))
		abort();
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span file = {(const char *)data, size};

	elf_names(file, see, &file);
	return 0;
}
