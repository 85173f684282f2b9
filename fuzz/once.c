/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

void
replay_input(const char *path, const uint8_t *data, size_t size)
{
	(void)path;
	(void)LLVMFuzzerTestOneInput(data, size);
}
