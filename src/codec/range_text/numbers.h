/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of a version that is part of a range. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "codec/range_text/grammar.h"

enum { RANGE_NUMBERS = 8 };

struct range_numbers {
	struct span epoch; /* with its '!'; empty: none */
	struct span numbers[RANGE_NUMBERS];
	size_t count;
	bool is_wild;  /* "1.2.*": what follows is any number */
	bool is_whole; /* nothing follows them */
};

/* Numbers past RANGE_NUMBERS are not told apart from what follows numbers. */
struct range_numbers range_numbers_read(struct span version, const struct range_grammar *grammar);

/*
 * The first `count` of them, the last one higher by `more`, then `suffix` behind as many zeroes as
 * the grammar's versions need. Made in `arena`; ERR_INVALID when a number is too big.
 */
int range_numbers_write(const struct range_numbers *numbers, size_t count, uint64_t more,
			const struct range_grammar *grammar, const char *suffix,
			struct arena *arena, struct span *ret, struct err *err);
