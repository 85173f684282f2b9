/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Something that could not be read or decided. Never the same as an empty list:
 * each record that can have gaps carries them, and each output shows them.
 */
#pragma once

#include "base/span.h"

struct gap {
	struct span subject; /* what it is about: a path, a feed, a package */
	struct span text;    /* what could not be done, why, and what follows */
};

struct gap_list {
	struct gap *items;
	size_t count;
};
