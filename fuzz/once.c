/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

void
replay_input(replay_target *target, const char *path, const uint8_t *data, size_t size)
{
	(void)path;
	(void)target(data, size);
}
