/* SPDX-License-Identifier: Apache-2.0 */
#include "sbom_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_sbom_document((struct span){(const char *)data, size}, SPAN("SPDX"));
	return 0;
}
