/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "codec/deb_copyright.h"
#include "codec/spdx_licence.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
see(void *context, struct span reference, struct span name, struct err *err)
{
	(void)context;
	(void)err;
	if (name.n > COPYRIGHT_NAME_MAX || !span_starts_with(reference, SPAN("LicenseRef-")))
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct span_list list = {0};
	struct err err = ERR_INIT;
	struct span text;

	if (arena &&
	    deb_copyright_read((struct span){(const char *)data, size}, arena, &list, &err) == 0) {
		for (size_t i = 0; i < list.count; i++) {
			if (i > 0 && span_compare(list.items[i - 1], list.items[i]) >= 0)
				abort();
			if (spdx_licence_expression(list.items[i], arena, see, NULL, &text, &err) ==
				    0 &&
			    text.n == 0)
				abort();
		}
	}
	arena_free(arena);
	return 0;
}
