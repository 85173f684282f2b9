/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of Red Hat's VEX documents (CSAF 2.0, profile csaf_vex; the particulars in Red Hat's
 * "Security Data Guidelines"), which says of one CVE how each package of each product stands to
 * it: product_tree names them, vulnerabilities[].product_status sorts them.
 */
#pragma once

#include "codec/feed.h"
#include "model/findings.h"

enum feed_csaf_state {
	FEED_CSAF_FIXED,
	FEED_CSAF_AFFECTED,
	FEED_CSAF_UNDER_INVESTIGATION,
};

struct feed_csaf_record {
	struct span cve;
	struct span release; /* of Red Hat Enterprise Linux: "9" */
	struct span package;
	struct span module; /* "nodejs:18"; empty */
	bool source;	    /* `package` is a source package: what is not fixed is told of those */
	enum feed_csaf_state state;
	struct span fixed;   /* "1:3.0.7-6.el9_2"; empty unless fixed */
	bool no_fix_planned; /* or deferred */
	struct span reason;  /* "Will not fix", "Affected"; may be empty */
	enum severity severity;
	struct span vector; /* CVSS v3; may be empty */
	double score;	    /* < 0: none */
};

/*
 * Hands on what is said of the releases' main streams, in no order and the same package perhaps
 * more than once; those of prolonged support (EUS, AUS, TUS, E4S), layered products and containers
 * are passed over, as is what is not affected. Strings live until `each` returns. `tape` and `name`
 * as of feed_osv_read().
 */
int feed_csaf_read(struct json_tape *tape, struct span text, struct span name,
		   int (*each)(void *context, const struct feed_csaf_record *record,
			       struct err *err),
		   void *context, struct feed_tally *tally, struct err *err);
