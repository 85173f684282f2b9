/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates of rpm distributions that are written in XML: each names the CVEs it fixes and the binary
 * packages that fix them.
 *
 *	updateinfo.xml of a repository (Amazon Linux; createrepo_c's form):
 *	  updates/update[type, id, severity, references/reference[type=cve, id],
 *	  pkglist/collection/[module] package[name, epoch, version, release]]
 *	OVAL patch definitions (Oracle Linux; OVAL 5.3 and later): definition[metadata[advisory],
 *	  criteria[criterion comment="NAME is earlier than EVR"]]. What a criterion tests is read
 *	  from its comment, which is generated from the test.
 */
#pragma once

#include "codec/feed.h"
#include "model/findings.h"

/* What one update says of one CVE in one package. */
struct feed_errata_record {
	struct span id; /* a CVE; of an update that names none its own id */
	enum severity severity;
	struct span release; /* "9" of "Oracle Linux 9 is installed"; empty in updateinfo.xml */
	struct span package;
	struct span module; /* "nodejs:18"; empty */
	struct span fixed;  /* "1:3.0.7-27.el9" */
};

typedef int feed_errata_visitor(void *context, const struct feed_errata_record *record,
				struct err *err);

/*
 * Strings live until `each` returns; what it returns other than 0 ends the reading. The same
 * package may come once for each architecture. Updates that are not of security are passed over,
 * and Oracle's rebuilds for Ksplice and FIPS, which are packages of their own. ERR_INVALID: not
 * such a document, cut, or with a document type; ERR_LIMIT.
 */
int feed_updateinfo_read(const struct feed_input *input, feed_errata_visitor *each, void *context,
			 struct feed_tally *tally, struct err *err);
int feed_oval_read(const struct feed_input *input, feed_errata_visitor *each, void *context,
		   struct feed_tally *tally, struct err *err);
