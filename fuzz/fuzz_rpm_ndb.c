/* SPDX-License-Identifier: Apache-2.0 */
#include "rpm_database.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_database(SPAN("Packages.db"), (struct span){(const char *)data, size}, SPAN(""));
	return 0;
}
