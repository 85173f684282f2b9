/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record of the OSV schema (https://ossf.github.io/osv-schema/), as OSV's exports and several
 * distributions publish them: {id, aliases, upstream, related, withdrawn, severity, affected:
 * [{package, ranges, versions, severity, ecosystem_specific}]}.
 */
#pragma once

#include "codec/feed.h"
#include "codec/version_order.h"
#include "model/findings.h"

/* What a feed's records are taken for. */
struct feed_osv_rules {
	struct span ecosystem; /* "PyPI", "AlmaLinux": packages of others are not this feed's */
	const struct version_order *order;
	bool errata;   /* updates of a distribution: `related` and `upstream` name what they fix */
	bool modules;  /* versions with ".module" are of the stream that the summary names */
	bool binaries; /* ecosystem_specific.binaries has the packages; the name is the source's */
	struct span only; /* records whose id starts otherwise say nothing new; empty: all count */
};

/* What one record says of one vulnerability in one package. */
struct feed_osv_record {
	struct span suffix;  /* of the ecosystem, behind its first ':': "22.04:LTS"; may be empty */
	struct span package; /* as written */
	struct span module;  /* "nodejs:18"; empty */
	const struct span
		*ids;	      /* of the vulnerabilities: CVEs, else a GHSA, else the record's own */
	size_t id_count;      /* 1 and more */
	struct span affected; /* codec/affected.h; never empty */
	struct span vector;   /* CVSS v3, else v4; may be empty */
	double score;	      /* < 0: none */
	enum severity severity;
};

/*
 * Reads it with `tape`, whose memory serves the next one. Hands on each pair of vulnerability and
 * package; strings live until `each` returns, and what it returns other than 0 ends the reading. A
 * withdrawn record has none. What makes no sense, names no versions, or a package of a module whose
 * stream is not told, is counted in `tally` and named after the record, or after `name` when it has
 * no id.
 */
int feed_osv_read(struct json_tape *tape, struct span text, struct span name,
		  const struct feed_osv_rules *rules,
		  int (*each)(void *context, const struct feed_osv_record *record, struct err *err),
		  void *context, struct feed_tally *tally, struct err *err);
