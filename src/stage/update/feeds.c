/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/feeds.h"

#include "codec/feed_debian.h"
#include "codec/feed_epss.h"
#include "codec/feed_kev.h"
#include "codec/feed_nvd.h"

static enum advisory_state
debian_state(const struct feed_debian_record *record)
{
	static const enum advisory_state states[] = {
		[FEED_DEBIAN_OPEN] = ADVISORY_OPEN,
		[FEED_DEBIAN_RESOLVED] = ADVISORY_FIXED,
		[FEED_DEBIAN_UNDETERMINED] = ADVISORY_UNDETERMINED,
	};

	if (record->status == FEED_DEBIAN_RESOLVED && span_equal(record->fixed_version, SPAN("0")))
		return ADVISORY_NOT_AFFECTED;
	return states[record->status];
}

static int
add_debian(void *context, const struct feed_debian_record *record, struct err *err)
{
	struct feed_import *import = context;
	struct advisory advisory = {
		.id = record->id,
		.state = debian_state(record),
		.no_dsa = record->no_dsa,
		.unimportant = span_equal(record->urgency, SPAN("unimportant")),
		.fixed = record->fixed_version,
		.urgency = span_equal(record->urgency, SPAN("not yet assigned")) ? SPAN("")
										 : record->urgency,
		.reason = record->reason,
		.note = record->note,
	};
	struct err twice = ERR_INIT;
	bool new = false;
	int r = advisories_build_advisory(import->builder, SPAN("debian"), record->release,
					  record->source, &advisory, &new, err);

	if (r == 0 && !new) {
		(void)err_set(&twice, ERR_INVALID, "there twice for %.*s",
			      SPAN_ARG(record->source));
		feed_skip(&import->tally, record->id, &twice);
	}
	return r;
}

static int
import_debian(struct feed_import *import, const struct feed_input *input, struct err *err)
{
	return feed_debian_read(input, add_debian, import, &import->tally, err);
}

static int
add_nvd(void *context, const struct feed_nvd_record *record, struct err *err)
{
	struct feed_import *import = context;
	struct advisory_cve cve = {
		.score = record->score,
		.severity = record->severity,
		.vector = record->vector,
		.source = record->source,
		.primary = record->primary,
	};

	return advisories_build_score(import->builder, record->id, &cve, err);
}

static int
import_nvd(struct feed_import *import, const struct feed_input *input, struct err *err)
{
	return feed_nvd_read(input, add_nvd, import, &import->tally, &import->total, err);
}

static int
add_kev(void *context, struct span id, struct err *err)
{
	return advisories_build_exploited(((struct feed_import *)context)->builder, id, err);
}

static int
import_kev(struct feed_import *import, const struct feed_input *input, struct err *err)
{
	return feed_kev_read(input, add_kev, import, &import->tally, err);
}

static int
add_epss(void *context, const struct feed_epss_record *record, struct err *err)
{
	struct feed_import *import = context;

	return advisories_build_epss(import->builder, record->id, record->probability, err);
}

static int
import_epss(struct feed_import *import, const struct feed_input *input, struct err *err)
{
	return feed_epss_read(input, add_epss, import, &import->tally, err);
}

const struct feed_type feed_types[FEEDS] = {
	{
		.name = "debian",
		.address = "https://security-tracker.debian.org/tracker/data/json",
		.path = "debian/tracker.json",
		.lacking = "nothing of Debian can be matched",
		.table = ADVISORIES_OF_DISTRIBUTION,
		.distribution = SPAN_INIT("debian"),
		.import = import_debian,
	},
	{
		.name = "epss",
		.address = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
		.path = "epss/epss_scores-current.csv",
		.lacking = "no finding has an EPSS score",
		.table = ADVISORIES_EPSS,
		.import = import_epss,
	},
	{
		.name = "kev",
		.address = "https://www.cisa.gov/sites/default/files/feeds/"
			   "known_exploited_vulnerabilities.json",
		.path = "kev/known_exploited_vulnerabilities.json",
		.lacking = "no finding says whether it is exploited",
		.table = ADVISORIES_EXPLOITED,
		.import = import_kev,
	},
	{
		.name = "nvd",
		.address = "https://services.nvd.nist.gov/rest/json/cves/2.0",
		.path = "nvd/cves.json",
		.lacking = "severities are the distribution's alone",
		.table = ADVISORIES_SCORES,
		.paged = true,
		.import = import_nvd,
	},
};
