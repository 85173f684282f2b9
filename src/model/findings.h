/* SPDX-License-Identifier: Apache-2.0 */
/* Inventory x advisories: which known vulnerabilities apply, how bad, and what is known of a fix.
 */
#pragma once

#include "base/err.h"
#include "model/inventory.h"

enum severity {
	SEVERITY_UNKNOWN, /* nobody says */
	SEVERITY_NEGLIGIBLE,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
	SEVERITIES,
};

const char *severity_name(enum severity severity);	   /* "critical" */
bool severity_parse(struct span text, enum severity *ret); /* any case */

/* CVSS v3 and v4 base score to severity (CVSS 3.1, section 5); 0 is negligible. */
enum severity severity_of_score(double score);

enum finding_status {
	FINDING_FIXABLE,      /* fixed in fixed_version, which is newer than what is installed */
	FINDING_OPEN,	      /* affected, no fix yet */
	FINDING_NO_DSA,	      /* affected; the distribution defers or declines a fix */
	FINDING_UNIMPORTANT,  /* affected; the distribution calls it unimportant: negligible */
	FINDING_UNDETERMINED, /* nobody knows yet: shown apart, not counted */
	FINDING_STATUSES,
};

const char *finding_status_name(enum finding_status status); /* "no-dsa" */

struct finding {
	uint32_t component; /* in inventory.components */
	struct span id;	    /* "CVE-2024-1234", "TEMP-..." */
	enum finding_status status;
	enum severity severity;
	struct span severity_source; /* "debian", "nvd", "nvd-cvss4", "" when unknown */
	struct span fixed_version;   /* of the source package; empty when none */
	struct span note;	     /* the distribution's reason (nodsa_reason); may be empty */
	struct span vector;	     /* CVSS vector; may be empty */
	double score;		     /* CVSS base score; < 0: none */
	double epss;		     /* probability in [0,1]; < 0: not scored */
	bool exploited;		     /* in CISA KEV */
};

/* One way to count: as findings (component x CVE), or as distinct CVE ids. */
struct finding_counts {
	uint32_t by_severity[SEVERITIES];
	uint32_t total;
	uint32_t fixable;
	uint32_t exploited;
};

/* Which advisory database answered. */
struct advisory_identity {
	struct span digest; /* "sha256:..." over its content, the same on every machine */
	int64_t built;	    /* seconds since 1970: date of the oldest feed of advisories; 0: none */
	uint64_t advisories;
};

struct findings {
	struct arena *arena;
	struct finding *items; /* by severity (worst first), component, id */
	size_t count;	       /* undetermined ones included */
	struct finding_counts findings;
	struct finding_counts distinct; /* a CVE counts once, at its worst severity */
	uint32_t undetermined;		/* findings that are in neither count */
	struct advisory_identity database;
	struct gap_list gaps; /* e.g. no advisories for this release */
	bool matched;	      /* false: nothing could be matched, the counts mean nothing */
};

/* Puts the items in their order and fills the counts, which are zero before. ERR_MEMORY. */
int findings_count(struct findings *findings, struct err *err);

void findings_free(struct findings *findings);
void findings_cleanup(struct findings **findings);
