/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FIRST's exploit prediction scores (https://www.first.org/epss/data_stats, CSV): an optional
 * comment line "#model_version:...,score_date:...", the header "cve,epss,percentile", one line a
 * CVE.
 */
#pragma once

#include "codec/feed.h"

struct feed_epss_record {
	struct span id;
	double probability; /* in [0,1] */
};

/* The id lives until `each` returns. What `each` returns other than 0 ends the reading. */
int feed_epss_read(const struct feed_input *input,
		   int (*each)(void *context, const struct feed_epss_record *record,
			       struct err *err),
		   void *context, struct feed_tally *tally, struct err *err);
