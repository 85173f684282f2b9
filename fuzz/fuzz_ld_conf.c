/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/ld_cache.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size};
	enum ld_conf_kind kind;
	struct span text;
	size_t count = 0;

	while (ld_conf_next(&rest, &kind, &text)) {
		if (text.n == 0 || text.p < (const char *)data ||
		    text.p + text.n > (const char *)data + size || ++count > size)
			abort();
	}
	return 0;
}
