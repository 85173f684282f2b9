/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain drivers of the fuzz targets. replay.c walks the corpus folders named; what is done with an
 * input is once.c's (the target once) or alloc_failures.c's (with each allocation failing in turn).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process when it finds a fault. */
void replay_input(const char *path, const uint8_t *data, size_t size);
