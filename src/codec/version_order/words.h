/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of numbers and words in any mixture: Maven's order, and the one for programs without a
 * scheme, which differ in their words.
 *
 * Numbers stand behind '.', or behind a hyphen or where letters turn into digits, which makes them
 * count less: "1-1" < "1.0.1". Numbers that are 0 and words that mean nothing are left out before a
 * word, a hyphen and the end. The parts are compared from the left: words before the release, the
 * end, words behind it, numbers behind a hyphen, numbers behind a dot.
 */
#pragma once

#include "base/span.h"

struct word_table {
	const struct span *before; /* in their order; older than the release */
	size_t before_count;
	const struct span *after; /* newer than it, and older than any word that is not listed */
	size_t after_count;
	const struct span *nothing; /* mean the release itself */
	size_t nothing_count;
	/* Pairs: one word that is read as another when a digit follows at once, or anywhere. */
	const struct span (*numbered)[2];
	size_t numbered_count;
	const struct span (*aliases)[2];
	size_t alias_count;
	const char *hyphens; /* bytes that count as '-' */
};

int words_compare(const struct word_table *table, struct span a, struct span b);
