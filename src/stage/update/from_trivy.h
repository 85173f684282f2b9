/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of from_trivy.c: what Trivy's database says of CVEs, and how its advisories are written.
 */
#pragma once

#include "codec/bbolt.h"
#include "stage/update/others.h"

/* ---- from_trivy_ratings.c: the bucket "vulnerability" ---- */

struct ratings;

/* Reads them all; what NVD says becomes rows of scores, what others say is remembered. */
int ratings_read(struct others *others, struct bbolt *bolt, struct ratings **ret, struct err *err);
void ratings_cleanup(struct ratings **ratings);

/* Severity and, where NVD has no score, vector and score that `source` ("ghsa") gives a CVE. */
void ratings_find(const struct ratings *ratings, struct span id, struct span source,
		  struct advisory *advisory);

/* ---- from_trivy_advisory.c ---- */

struct trivy_advisory {
	struct others_feed *feed; /* for what makes no sense */
	struct join *join;
	const struct ratings *ratings;
	struct span source; /* whose advisories they are: "ghsa" */
	const struct distribution *of;
	struct span release;
	const uint32_t
		*releases; /* of Red Hat: place of a CPE -> releases, a bit each; else NULL */
	size_t release_count;
};

/* Names of the releases that the bits of `releases` are. */
enum { TRIVY_REDHAT_FIRST = 6, TRIVY_REDHAT_LAST = 10 };

/* One advisory of a package; what makes no sense is skipped and counted. */
int trivy_advisory_add(const struct trivy_advisory *context, struct span id, struct span value,
		       struct err *err);

/* The same of a language, whose versions are ranges. */
int trivy_range_add(const struct trivy_advisory *context, struct span id, struct span value,
		    struct err *err);
