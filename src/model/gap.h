/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Something that could not be read or decided. Never the same as an empty list:
 * each record that can have gaps carries them, and each output shows them.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct gap {
	struct span subject; /* what it is about: a path, a feed, a package */
	struct span text;    /* what could not be done, why, and what follows */
};

struct gap_list {
	struct gap *items;
	size_t count;
};

enum { GAP_TEXT_MAX = 1023 };

/* Both texts in `arena`, that of the gap cut at GAP_TEXT_MAX bytes. ERR_MEMORY. */
int gap_print(struct gap *ret, struct arena *arena, struct span subject, struct err *err,
	      const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));
