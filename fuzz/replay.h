/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain drivers of the fuzz targets. replay.c walks the corpus folders of the target named; what is
 * done with an input is once.c's (the target once) or alloc_failures.c's (with each allocation
 * failing in turn).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef int replay_target(const uint8_t *data, size_t size);

/* Ends the process when it finds a fault. */
void replay_input(replay_target *target, const char *path, const uint8_t *data, size_t size);
