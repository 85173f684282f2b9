/* SPDX-License-Identifier: Apache-2.0 */
/* How an ecosystem writes ranges. One row in grammar.c each. */
#pragma once

#include "base/span.h"

enum range_operator {
	RANGE_EQUAL,
	RANGE_NOT_EQUAL,
	RANGE_LESS,
	RANGE_LESS_EQUAL,
	RANGE_GREATER,
	RANGE_GREATER_EQUAL,
	RANGE_CARET,	   /* up to the next change of the first number that is not 0 */
	RANGE_SECOND,	   /* up to the next second number: ~1.2.3 of npm */
	RANGE_BEFORE_LAST, /* of the number before the last: ~> 1.2.3 of gem */
	RANGE_NONE,	   /* no such operator here */
};

struct range_grammar {
	struct span ecosystem;
	struct span order;		 /* codec/version_order.h */
	enum range_operator bare;	 /* of a version without an operator */
	enum range_operator caret;	 /* ^ */
	enum range_operator tilde;	 /* ~ */
	enum range_operator pessimistic; /* ~> */
	enum range_operator compatible;	 /* ~= */
	const char *wild;		 /* bytes that stand for any number */
	const char *lowest;		 /* behind a number: what is older than its pre-releases */
	const char *wild_from;		 /* likewise, where "1.2.*" begins */
	size_t numbers;	 /* a version has so many; fewer are a range; 0: any is whole */
	bool hyphens;	 /* "1.0 - 1.9" */
	bool brackets;	 /* "[1.0,2.0)" */
	bool single_bar; /* "|" is "||" */
};

/* NULL when there is none. */
const struct range_grammar *range_grammar_find(struct span ecosystem);
