/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many stored bills of materials matched again: what is known of each now, and what changed since
 * the last time. docs/rescan.md
 */
#pragma once

#include "model/findings.h"

/* A finding by itself, as it is kept for the next time; undetermined ones are none. */
struct rescan_finding {
	enum severity severity;
	bool exploited;
	struct span id;
	struct span ecosystem;
	struct span name; /* of the component */
	struct span version;
	struct span fixed; /* empty: no fix is known */
};

struct rescan_change {
	bool gone; /* else new */
	struct rescan_finding finding;
};

struct rescan_bill {
	struct span path;    /* as it was found */
	struct span problem; /* why it could not be read, with its path; else empty */
	struct span name;    /* of what it is about, in its own words; may be empty */
	struct span digest;  /* "sha256:..." of its bytes */
	bool first;	     /* nothing was kept of it: nothing is new and nothing gone */
	bool other;	     /* the document is not the one of the last time */
	bool matched;	     /* false: no advisories answer for it, the counts mean nothing */
	size_t gaps;
	struct finding_counts counts;
	struct rescan_change *changes; /* new ones first, worst first */
	size_t fresh;
	size_t gone;
};

struct rescan {
	struct arena *arena;
	struct rescan_bill *bills; /* by path */
	size_t count;
	size_t unreadable;
	size_t others;	/* files below a folder that are no bills */
	size_t missing; /* bills of the last time that are no longer there */
	struct advisory_identity database;
	struct span last_database; /* digest of the last time's; empty: there was none */
};

void rescan_free(struct rescan *rescan);
void rescan_cleanup(struct rescan **rescan);
