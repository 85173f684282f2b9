/* SPDX-License-Identifier: Apache-2.0 */
/* Debian version numbers and their order: deb-version(7), as dpkg compares them. */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct deb_version {
	struct span epoch;    /* digits; empty when not stated, which is 0 */
	struct span upstream; /* never empty after deb_version_parse() */
	struct span revision; /* behind the last '-'; empty when there is none, which is like "0" */
};

/*
 * [epoch:]upstream[-revision]; blanks around are ignored. ERR_INVALID says what is wrong: an epoch
 * that is no number up to INT_MAX, an empty part, a byte that may not stand there. As for dpkg, an
 * upstream part that does not start with a digit is good.
 */
int deb_version_parse(struct span text, struct deb_version *ret, struct err *err);

/*
 * <0, 0, >0. A total preorder over all texts: malformed ones are split the same way as far as they
 * go (an epoch that is no number belongs to the upstream part). "1" and "1-0" are equal.
 */
int deb_version_compare(struct span a, struct span b);
