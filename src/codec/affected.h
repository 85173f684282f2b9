/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which versions an advisory means, as one line of text: intervals with a blank between them, in
 * any order.
 *
 *	[1.0,1.2)   from 1.0 up to, but without, 1.2: fixed there
 *	[1.0,1.2]   1.2 is the last that is known to be affected
 *	(1.0,)      all after 1.0; nothing after the comma: no end is known
 *	[,1.2)      nothing before it: from the beginning
 *	=1.1        this one alone
 */
#pragma once

#include "base/buf.h"
#include "codec/version_order.h"

struct affected {
	struct span from; /* empty: from the beginning */
	struct span to;	  /* empty: without end */
	bool without_from;
	bool with_to; /* true without a fix: `to` is the last one */
};

/* An interval of one version: from and to are the same, and both in it. */
static inline struct affected
affected_only(struct span version)
{
	return (struct affected){.from = version, .to = version, .with_to = true};
}

/*
 * Appends one interval. ERR_INVALID when a bound is no version at all: it holds a blank, a comma, a
 * bracket, '=' in front or a control character, or is longer than FEED_VERSION_MAX. ERR_LIMIT over
 * the buffer's own.
 */
int affected_put(const struct affected *affected, struct buf *buf, struct err *err);

/* Takes the first interval off `rest`. 1, 0 when none is left, ERR_INVALID for another text. */
int affected_next(struct span *rest, struct affected *ret, struct err *err);

/*
 * Whether `version` is in one of the intervals; *ret_fixed is then where they end: the next version
 * that lies in none of those that end with a fix, as intervals of several sources may overlap. It
 * is empty when none ends so. ERR_INVALID.
 */
int affected_judge(struct span text, const struct version_order *order, struct span version,
		   bool *ret_hit, struct span *ret_fixed, struct err *err);
