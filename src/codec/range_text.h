/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of versions in an ecosystem's own notation -> intervals of codec/affected.h.
 * docs/versions.md
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/*
 * `ecosystem`: the word of a component ("npm", "pypi", "dpkg"). Appends to *affected, with a blank
 * before it where something stands there; nothing for a range that no version is in. An empty text
 * and "*" are all versions.
 *
 *	>= 1.0, < 2.0 || = 3	all; a blank will do for the comma, and "|" for "||" in composer
 *	!= 1.5			all
 *	^1.2  ~1.2  1.x  1.0 - 1.9	npm, cargo, composer; a bare version is "^" in cargo
 *	~= 1.4.2  == 1.5.*	pypi
 *	~> 1.2			gem
 *	[1.0,2.0),[3.0]		maven, nuget
 *
 * ERR_INVALID for another text and for a version that is none of its scheme, ERR_NOT_FOUND for an
 * ecosystem without an order, ERR_LIMIT.
 */
int range_text_read(struct span text, struct span ecosystem, struct buf *affected, struct err *err);

/* Appends to *left what is in the intervals `affected` and not in those of `good`. */
int range_text_without(struct span affected, struct span good, struct span ecosystem,
		       struct buf *left, struct err *err);
