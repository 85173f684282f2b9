/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The National Vulnerability Database, API 2.0
 * (https://csrc.nist.gov/schema/nvd/api/2.0/cve_api_json_2.0.schema): one page, or all in one.
 */
#pragma once

#include "codec/feed.h"
#include "model/findings.h"

struct feed_nvd_record {
	struct span id;
	double score; /* CVSS base score; < 0: none */
	enum severity severity;
	struct span vector; /* may be empty */
	bool primary;	    /* NVD's own metric, not one it passes on */
	struct span source; /* "nvd" (CVSS v3), "nvd-cvss4", "nvd-cvss2"; empty: nobody scored */
};

/*
 * One record per CVE with the best of its metrics: a score before a word alone, CVSS v3 before v4
 * before v2, of v3 the Primary before a Secondary, 3.1 before 3.0. A vector without a score is
 * scored (cvss.h). *ret_total: the document's totalResults, UINT64_MAX when it has none.
 * Strings live until `each` returns. What `each` returns other than 0 ends the reading.
 */
int feed_nvd_read(const struct feed_input *input,
		  int (*each)(void *context, const struct feed_nvd_record *record, struct err *err),
		  void *context, struct feed_tally *tally, uint64_t *ret_total, struct err *err);
