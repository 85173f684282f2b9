/* SPDX-License-Identifier: Apache-2.0 */
/* What the version orders share: runs of bytes, and numbers of any length. */
#pragma once

#include "base/ascii.h"
#include "base/err.h"
#include "base/span.h"

static inline bool
part_is_alnum(char c)
{
	return ascii_is_digit(c) || ascii_is_letter(c);
}

/* Cuts the longest run of such bytes off the front; empty when there is none. */
static inline struct span
part_take(struct span *rest, bool (*is)(char c))
{
	size_t n = 0;

	while (n < rest->n && is(rest->p[n]))
		n++;
	struct span run = span_slice(*rest, 0, n);
	*rest = span_slice(*rest, n, rest->n);
	return run;
}

/* Cuts one byte off the front when it is one of these. */
bool part_skip(struct span *rest, const char *bytes);

/* Cuts the text off the front, in any case of letters. */
bool part_skip_text(struct span *rest, struct span text);

/* Whether all bytes, and at least one, are digits. */
bool part_is_number(struct span s);

/* Of digits only: the number 0, written with any count of them. */
bool part_is_zero(struct span digits);

/* <0, 0, >0 of two runs of digits; an empty one is 0. */
int part_compare_numbers(struct span a, struct span b);

/* <0, 0, >0 of two lists of numbers, "1.20.3"; what is missing is 0. */
int part_compare_dotted(struct span a, struct span b);

/* As span_compare(), ASCII letters in lower case. */
int part_compare_nocase(struct span a, struct span b);

static inline int
part_compare_ints(int a, int b)
{
	return (a > b) - (a < b);
}

/* ERR_INVALID for an empty text and for bytes that no version has: blanks, controls, not ASCII. */
int part_check_text(struct span text, struct err *err);
