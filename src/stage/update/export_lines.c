/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/export.h"

#include "base/cleanup.h"
#include "codec/json.h"

#include <stdio.h>

static int
kev_line(struct buf *text, struct span id, const struct advisory_cve *cve, bool first,
	 bool *ret_wrote, struct err *err)
{
	*ret_wrote = cve->exploited;
	if (!cve->exploited)
		return 0;
	return buf_printf(text, err, "%s{\"cveID\":\"%.*s\"}", first ? "" : ",\n", SPAN_ARG(id));
}

/* Decimal without an exponent, whatever the locale; EPSS has at most nine places. */
static int
epss_line(struct buf *text, struct span id, const struct advisory_cve *cve, bool first,
	  bool *ret_wrote, struct err *err)
{
	enum { PLACES = 1000000000 };

	(void)first;
	*ret_wrote = cve->epss >= 0;
	if (cve->epss < 0)
		return 0;
	unsigned long long scaled = (unsigned long long)(cve->epss * PLACES + 0.5);
	int r = buf_printf(text, err, "%.*s,%llu.%09llu", SPAN_ARG(id), scaled / PLACES,
			   scaled % PLACES);
	while (r == 0 && text->p[text->n - 1] == '0' && text->p[text->n - 2] != '.')
		text->n--;
	return r < 0 ? r : buf_byte(text, '\n', err);
}

static const struct metric {
	struct span source;
	struct span prefix; /* of the vector; empty: whatever is left */
	const char *list;
	const char *version;
} metrics[] = {
	{SPAN_INIT("nvd"), SPAN_INIT("CVSS:3.0"), "cvssMetricV30", "3.0"},
	{SPAN_INIT("nvd"), SPAN_INIT(""), "cvssMetricV31", "3.1"},
	{SPAN_INIT("nvd-cvss4"), SPAN_INIT(""), "cvssMetricV40", "4.0"},
	{SPAN_INIT("nvd-cvss2"), SPAN_INIT(""), "cvssMetricV2", "2.0"},
};

static const struct metric *
find_metric(const struct advisory_cve *cve)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		if (span_equal(cve->source, metrics[i].source) &&
		    span_starts_with(cve->vector, metrics[i].prefix))
			return &metrics[i];
	}
	return NULL;
}

static json_t *
metric_json(const struct advisory_cve *cve, const struct metric *metric)
{
	static const char *const words[SEVERITIES] = {
		[SEVERITY_NEGLIGIBLE] = "NONE",	  [SEVERITY_LOW] = "LOW",
		[SEVERITY_MEDIUM] = "MEDIUM",	  [SEVERITY_HIGH] = "HIGH",
		[SEVERITY_CRITICAL] = "CRITICAL",
	};
	json_t *data = json_pack("{s:s}", "version", metric->version);

	if (cve->vector.n > 0)
		(void)json_object_set_new(data, "vectorString", json_span(cve->vector));
	if (cve->score >= 0)
		(void)json_object_set_new(data, "baseScore", json_real(cve->score));
	if (words[cve->severity])
		(void)json_object_set_new(data, "baseSeverity", json_string(words[cve->severity]));
	return json_pack("{s:[{s:s, s:o}]}", metric->list, "type",
			 cve->primary ? "Primary" : "Secondary", "cvssData", data);
}

static int
nvd_line(struct buf *text, struct span id, const struct advisory_cve *cve, bool first,
	 bool *ret_wrote, struct err *err)
{
	const struct metric *metric = find_metric(cve);
	CLEANUP(json_cleanup) json_t *json = NULL;
	CLEANUP(free_cleanup) char *dumped = NULL;

	*ret_wrote = metric != NULL;
	if (!metric)
		return 0;
	json = json_pack("{s:{s:o, s:o}}", "cve", "id", json_span(id), "metrics",
			 metric_json(cve, metric));
	dumped = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(3));
	if (!dumped)
		return err_memory(err);
	return buf_printf(text, err, "%s%s", first ? "" : ",\n", dumped);
}

#define OSV_EXPORT(feed, ecosystem)                                                                \
	{                                                                                          \
		.name = "" feed, .path = "osv/" ecosystem "/all.zip", .write = export_osv          \
	}

const struct export_type export_types[] = {
	OSV_EXPORT("almalinux", "AlmaLinux"),
	{.name = "alpine", .path = "alpine", .write = export_secdb},
	{.name = "amazon", .path = "amazon", .packing = FEED_GZIP, .write = export_updateinfo},
	OSV_EXPORT("azurelinux", "Azure Linux"),
	OSV_EXPORT("bitnami", "Bitnami"),
	OSV_EXPORT("cargo", "crates.io"),
	{.name = "chainguard", .path = "chainguard/security.json", .write = export_secdb},
	OSV_EXPORT("composer", "Packagist"),
	{
		.name = "debian",
		.path = "debian/tracker.json",
		.packing = FEED_ZSTD,
		.write = export_debian,
	},
	OSV_EXPORT("gem", "RubyGems"),
	OSV_EXPORT("golang", "Go"),
	OSV_EXPORT("maven", "Maven"),
	OSV_EXPORT("npm", "npm"),
	OSV_EXPORT("nuget", "NuGet"),
	OSV_EXPORT("opensuse", "openSUSE"),
	{
		.name = "oracle",
		.path = "oracle/com.oracle.elsa-all.xml",
		.packing = FEED_BZIP2,
		.write = export_oval,
	},
	OSV_EXPORT("pypi", "PyPI"),
	{.name = "redhat", .path = "redhat/csaf_vex.tar.zst", .write = export_csaf},
	OSV_EXPORT("rocky", "Rocky Linux"),
	OSV_EXPORT("suse", "SUSE"),
	OSV_EXPORT("ubuntu", "Ubuntu"),
	{.name = "wolfi", .path = "wolfi/security.json", .write = export_secdb},
	{
		.name = "epss",
		.path = "epss/epss_scores-current.csv",
		.packing = FEED_GZIP,
		.head = SPAN_INIT("cve,epss\n"),
		.line = epss_line,
	},
	{
		.name = "kev",
		.path = "kev/known_exploited_vulnerabilities.json",
		.packing = FEED_PLAIN,
		.head = SPAN_INIT("{\"title\":\"Known exploited vulnerabilities, reduced\","
				  "\"vulnerabilities\":[\n"),
		.line = kev_line,
		.counts = {"count"},
	},
	{
		.name = "nvd",
		.path = "nvd/cves.json",
		.packing = FEED_ZSTD,
		.head = SPAN_INIT("{\"format\":\"NVD_CVE\",\"version\":\"2.0\",\"startIndex\":0,"
				  "\"vulnerabilities\":[\n"),
		.line = nvd_line,
		.counts = {"resultsPerPage", "totalResults"},
	},
	{NULL},
};
