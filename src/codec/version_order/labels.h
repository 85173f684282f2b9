/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of the family of Semantic Versioning 2.0: numbers, then labels that make it a
 * pre-release, then what says nothing. Numbers that are missing are 0.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct labelled {
	struct span numbers; /* digits and dots */
	bool is_labelled;
	struct span labels; /* parted by dots; those of digits only are numbers */
	bool loose;	    /* they follow the numbers without a hyphen */
	bool splits;	    /* "rc2" is two labels */
	bool ignores_case;
	const char *wrong; /* why the text is no such version, or NULL */
};

/*
 * Reads numbers[(-|)labels][+metadata] whole. `most`: of numbers, 0: any. Where no hyphen stands
 * before the labels they begin with a letter.
 */
struct labelled labels_read(struct span text, size_t most, bool ignores_case);

/* Those that are wrong are older than those that are not, in the order of their bytes. */
int labels_compare(const struct labelled *a, struct span a_text, const struct labelled *b,
		   struct span b_text);
