/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/vex_document.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is read has a vulnerability to speak of, and a status. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct err err = ERR_INIT;
	struct vex_document document;

	if (arena && vex_document_read((struct span){(const char *)data, size}, arena, &document,
				       &err) == 0) {
		for (size_t i = 0; i < document.count; i++) {
			if (document.statements[i].names.count == 0 ||
			    document.statements[i].status >= OPENVEX_STATUSES)
				abort();
		}
	}
	arena_free(arena);
	return 0;
}
