/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Defined by alloc_failures.c alone. */
extern const char fuzz_allocations_fail __attribute__((weak));

/*
 * Whether this run lets allocations fail, so that any reading may end in an error. It need not be
 * ERR_MEMORY: jansson calls the text malformed when it cannot store a part of it.
 */
static inline bool
starved(void)
{
	return &fuzz_allocations_fail != NULL;
}
