/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/feeds.h"

#include "codec/feed_debian.h"
#include "codec/feed_epss.h"
#include "codec/feed_kev.h"
#include "codec/feed_nvd.h"
#include "codec/feed_secdb.h"
#include "stage/update/feeds_csaf.h"
#include "stage/update/feeds_errata.h"
#include "stage/update/feeds_osv.h"

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

	return advisories_build_advisory(import->builder, SPAN("debian"), record->release,
					 record->source, &advisory, err);
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

/* Alpine: a release and what it has; wolfi and chainguard have one that is always theirs. */
static int
add_secdb(void *context, const struct feed_secdb_record *record, struct err *err)
{
	struct feed_import *import = context;
	const char *release = import->document->release;
	bool never = span_equal(record->fixed, SPAN("0"));
	struct advisory advisory = {
		.id = record->id,
		.state = never ? ADVISORY_NOT_AFFECTED : ADVISORY_FIXED,
		.fixed = record->fixed,
		.urgency = SPAN(""),
		.reason = SPAN(""),
		.note = SPAN(""),
	};

	return advisories_build_advisory(import->builder, import->type->distribution,
					 release ? span_from(release) : SPAN("rolling"),
					 record->source, &advisory, err);
}

static int
import_secdb(struct feed_import *import, const struct feed_input *input, struct err *err)
{
	const char *release = import->document->release;

	return feed_secdb_read(input, release ? span_from(release) : SPAN(""), add_secdb, import,
			       &import->tally, err);
}

#define ALPINE_REPOSITORY(release, repository)                                                     \
	{                                                                                          \
		"https://secdb.alpinelinux.org/" release "/" repository ".json",                   \
			"alpine/" release "/" repository ".json", release                          \
	}
#define ALPINE_RELEASE(release)                                                                    \
	ALPINE_REPOSITORY(release, "main"), ALPINE_REPOSITORY(release, "community")

/*
 * The last five releases (two years' worth, https://alpinelinux.org/releases/) and the rolling one.
 * Packages of the repository testing are of no release.
 */
static const struct feed_document alpine_documents[] = {
	ALPINE_RELEASE("v3.20"), ALPINE_RELEASE("v3.21"), ALPINE_RELEASE("v3.22"),
	ALPINE_RELEASE("v3.23"), ALPINE_RELEASE("v3.24"), ALPINE_RELEASE("edge"),
};

/* Each release's core repository; its address changes with every build of it. */
static const struct feed_document amazon_documents[] = {
	{
		.address = "https://cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list",
		.path = "amazon/2/updateinfo.xml",
		.release = "2",
		.pointer = FEED_POINTER_REPOSITORY,
	},
	{
		.address = "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/"
			   "mirror.list",
		.path = "amazon/2023/updateinfo.xml",
		.release = "2023",
		.pointer = FEED_POINTER_REPOSITORY,
	},
};

static const struct feed_document chainguard_document = {
	"https://packages.cgr.dev/chainguard/security.json",
	"chainguard/security.json",
	NULL,
};

static const struct feed_document debian_document = {
	"https://security-tracker.debian.org/tracker/data/json",
	"debian/tracker.json",
	NULL,
};

static const struct feed_document epss_document = {
	"https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
	"epss/epss_scores-current.csv",
	NULL,
};

static const struct feed_document kev_document = {
	"https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
	"kev/known_exploited_vulnerabilities.json",
	NULL,
};

static const struct feed_document nvd_document = {
	"https://services.nvd.nist.gov/rest/json/cves/2.0",
	"nvd/cves.json",
	NULL,
};

/* All releases in one; updateinfo.xml would be one a repository, under changing names. */
static const struct feed_document oracle_document = {
	.address = "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2",
	.path = "oracle/com.oracle.elsa-all.xml.bz2",
	.packed = true,
};

/* archive_latest.txt holds "csaf_vex_2026-11-23.tar.zst". */
static const struct feed_document redhat_document = {
	.address = "https://security.access.redhat.com/data/csaf/v2/vex/archive_latest.txt",
	.path = "redhat/csaf_vex.tar.zst",
	.pointer = FEED_POINTER_NAME,
	.packed = true,
};

static const struct feed_document wolfi_document = {
	"https://packages.wolfi.dev/os/security.json",
	"wolfi/security.json",
	NULL,
};

#define OSV_ADDRESS "https://osv-vulnerabilities.storage.googleapis.com/"

/* `place`: the folder's name in an address. */
#define OSV_FEED(feed, ecosystem, place, what)                                                     \
	{                                                                                          \
		.name = "" feed,                                                                   \
		.documents =                                                                       \
			&(const struct feed_document){                                             \
				.address = OSV_ADDRESS place "/all.zip",                           \
				.path = "osv/" ecosystem "/all.zip",                               \
				.packed = true,                                                    \
			},                                                                         \
		.document_count = 1, .lacking = "nothing of " what " can be matched",              \
		.table = ADVISORIES_OF_DISTRIBUTION, .distribution = SPAN_INIT(feed),              \
		.by_record = true, .import_file = import_osv,                                      \
	}

/* By name. */
const struct feed_type feed_types[FEEDS] = {
	OSV_FEED("almalinux", "AlmaLinux", "AlmaLinux", "AlmaLinux"),
	{
		.name = "alpine",
		.documents = alpine_documents,
		.document_count = sizeof(alpine_documents) / sizeof(alpine_documents[0]),
		.lacking = "nothing of Alpine can be matched",
		.table = ADVISORIES_OF_DISTRIBUTION,
		.distribution = SPAN_INIT("alpine"),
		.by_record = true,
		.import = import_secdb,
	},
	{
		.name = "amazon",
		.documents = amazon_documents,
		.document_count = sizeof(amazon_documents) / sizeof(amazon_documents[0]),
		.lacking = "nothing of Amazon Linux can be matched",
		.table = ADVISORIES_OF_DISTRIBUTION,
		.distribution = SPAN_INIT("amazon"),
		.import = import_updateinfo,
	},
	OSV_FEED("azurelinux", "Azure Linux", "Azure%20Linux", "Azure Linux"),
	OSV_FEED("bitnami", "Bitnami", "Bitnami", "programs without a package"),
	OSV_FEED("cargo", "crates.io", "crates.io", "Rust"),
	{
		.name = "chainguard",
		.documents = &chainguard_document,
		.document_count = 1,
		.lacking = "nothing of Chainguard can be matched",
		.table = ADVISORIES_OF_DISTRIBUTION,
		.distribution = SPAN_INIT("chainguard"),
		.by_record = true,
		.import = import_secdb,
	},
	OSV_FEED("composer", "Packagist", "Packagist", "PHP"),
	{
		.name = "debian",
		.documents = &debian_document,
		.document_count = 1,
		.lacking = "nothing of Debian can be matched",
		.table = ADVISORIES_OF_DISTRIBUTION,
		.distribution = SPAN_INIT("debian"),
		.by_record = true,
		.import = import_debian,
	},
	{
		.name = "epss",
		.documents = &epss_document,
		.document_count = 1,
		.lacking = "no finding has an EPSS score",
		.table = ADVISORIES_EPSS,
		.import = import_epss,
	},
	OSV_FEED("gem", "RubyGems", "RubyGems", "Ruby"),
	OSV_FEED("golang", "Go", "Go", "Go"),
	{
		.name = "kev",
		.documents = &kev_document,
		.document_count = 1,
		.lacking = "no finding says whether it is exploited",
		.table = ADVISORIES_EXPLOITED,
		.by_record = true,
		.import = import_kev,
	},
	OSV_FEED("maven", "Maven", "Maven", "Java"),
	OSV_FEED("npm", "npm", "npm", "Node.js"),
	OSV_FEED("nuget", "NuGet", "NuGet", ".NET"),
	{
		.name = "nvd",
		.documents = &nvd_document,
		.document_count = 1,
		.lacking = "severities are those of the advisories alone",
		.table = ADVISORIES_SCORES,
		.paged = true,
		.by_record = true,
		.import = import_nvd,
	},
	OSV_FEED("opensuse", "openSUSE", "openSUSE", "openSUSE"),
	{
		.name = "oracle",
		.documents = &oracle_document,
		.document_count = 1,
		.lacking = "nothing of Oracle Linux can be matched",
		.table = ADVISORIES_OF_DISTRIBUTION,
		.distribution = SPAN_INIT("oracle"),
		.import = import_oval,
	},
	OSV_FEED("pypi", "PyPI", "PyPI", "Python"),
	{
		.name = "redhat",
		.documents = &redhat_document,
		.document_count = 1,
		.lacking = "nothing of Red Hat can be matched",
		.table = ADVISORIES_OF_DISTRIBUTION,
		.distribution = SPAN_INIT("redhat"),
		.by_record = true,
		.import_file = import_csaf,
	},
	OSV_FEED("rocky", "Rocky Linux", "Rocky%20Linux", "Rocky Linux"),
	OSV_FEED("suse", "SUSE", "SUSE", "SUSE"),
	OSV_FEED("ubuntu", "Ubuntu", "Ubuntu", "Ubuntu"),
	{
		.name = "wolfi",
		.documents = &wolfi_document,
		.document_count = 1,
		.lacking = "nothing of Wolfi can be matched",
		.table = ADVISORIES_OF_DISTRIBUTION,
		.distribution = SPAN_INIT("wolfi"),
		.by_record = true,
		.import = import_secdb,
	},
};

static const char one_skipped[] = "malformed record is not in: ";
static const char more_skipped[] = "malformed records are not in, the first: ";

struct span
feed_skipped_text(struct arena *arena, uint64_t skipped, struct span first)
{
	if (first.n == 0)
		return arena_printf(arena, "%llu malformed record%s not in",
				    (unsigned long long)skipped, skipped == 1 ? " is" : "s are");
	return arena_printf(arena, "%llu %s%.*s", (unsigned long long)skipped,
			    skipped == 1 ? one_skipped : more_skipped, SPAN_ARG(first));
}

struct span
feed_first_skipped(struct span problem)
{
	for (; problem.n > 0; problem = span_slice(problem, 1, problem.n)) {
		const char *told = span_starts_with(problem, span_from(one_skipped)) ? one_skipped
				   : span_starts_with(problem, span_from(more_skipped))
					   ? more_skipped
					   : NULL;

		if (told)
			return span_slice(problem, strlen(told), problem.n);
	}
	return SPAN("");
}
