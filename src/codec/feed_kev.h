/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CISA's catalogue of known exploited vulnerabilities
 * (https://www.cisa.gov/known-exploited-vulnerabilities-catalog, JSON): {vulnerabilities:
 * [{cveID}]}.
 */
#pragma once

#include "codec/feed.h"

/* The id lives until `each` returns. What `each` returns other than 0 ends the reading. */
int feed_kev_read(const struct feed_input *input,
		  int (*each)(void *context, struct span id, struct err *err), void *context,
		  struct feed_tally *tally, struct err *err);
