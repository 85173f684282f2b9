/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The security database of Alpine and of distributions that publish theirs in its form (Wolfi,
 * Chainguard), one document a repository:
 * {distroversion, reponame, packages: [{pkg: {name, secfixes: {version: ["ID ID", ...]}}}]}.
 * It names what is fixed and says nothing of what is open.
 */
#pragma once

#include "codec/feed.h"

struct feed_secdb_record {
	struct span source; /* the source package: apk's "origin" */
	struct span id;	    /* a CVE; texts without one (XSA-, GHSA- alone) are passed over */
	struct span fixed;  /* "0": never was affected. Of several versions the newest */
};

/*
 * Strings live until `each` returns. What `each` returns other than 0 ends the reading.
 * `release`: what distroversion has to be where the document states it; empty: anything.
 * ERR_INVALID when it is another.
 */
int feed_secdb_read(const struct feed_input *input, struct span release,
		    int (*each)(void *context, const struct feed_secdb_record *record,
				struct err *err),
		    void *context, struct feed_tally *tally, struct err *err);
