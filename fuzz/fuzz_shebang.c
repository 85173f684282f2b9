/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/shebang.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* So that every byte is read. */
static volatile uint64_t sink;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shebang shebang;

	if (!shebang_read((struct span){(const char *)data, size}, &shebang))
		return 0;
	if (shebang.interpreter.n == 0 || shebang.interpreter.n + shebang.argument.n > size)
		abort();
	sink = span_hash(shebang.program, 1) + span_hash(shebang.argument, 1);
	return 0;
}
