/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_nvd.h"

#include "base/limits.h"
#include "codec/cvss.h"

struct reading {
	int (*each)(void *context, const struct feed_nvd_record *record, struct err *err);
	void *context;
	struct feed_tally *tally;
	uint64_t total;
};

/* Which metric is believed: the first of these that has a score. */
static const struct rank {
	struct span list;
	enum cvss_version version;
	bool primary;
	struct span source;
} ranks[] = {
	{SPAN_INIT("cvssMetricV31"), CVSS_31, true, SPAN_INIT("nvd")},
	{SPAN_INIT("cvssMetricV30"), CVSS_30, true, SPAN_INIT("nvd")},
	{SPAN_INIT("cvssMetricV31"), CVSS_31, false, SPAN_INIT("nvd")},
	{SPAN_INIT("cvssMetricV30"), CVSS_30, false, SPAN_INIT("nvd")},
	{SPAN_INIT("cvssMetricV40"), CVSS_40, true, SPAN_INIT("nvd-cvss4")},
	{SPAN_INIT("cvssMetricV40"), CVSS_40, false, SPAN_INIT("nvd-cvss4")},
	{SPAN_INIT("cvssMetricV2"), CVSS_2, true, SPAN_INIT("nvd-cvss2")},
	{SPAN_INIT("cvssMetricV2"), CVSS_2, false, SPAN_INIT("nvd-cvss2")},
};

/* NVD's words for v2 scores (https://nvd.nist.gov/vuln-metrics/cvss): there is no critical. */
static enum severity
severity_of_v2(double score)
{
	if (score >= 7.0)
		return SEVERITY_HIGH;
	return score >= 4.0 ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

/* The vector when it is one of the list's version; else empty, and *problem says so. */
static struct span
read_vector(struct json_view data, const struct rank *rank, struct err *problem)
{
	struct span vector;
	bool good = feed_string(data, SPAN("vectorString"), &vector) &&
		    feed_is_text(vector, FEED_VECTOR_MAX);

	if (good && vector.n == 0)
		return vector;
	if (!good || cvss_version_of(vector) != rank->version) {
		(void)err_set(problem, ERR_INVALID, "malformed vector in %s", rank->list.p);
		return (struct span){"", 0};
	}
	return vector;
}

/* baseScore, else computed; < 0 when there is neither. */
static double
read_score(struct json_view data, const struct rank *rank, struct span vector, struct err *problem)
{
	struct json_view given = json_view_get(data, SPAN("baseScore"));
	enum json_kind kind = json_view_kind(given);
	double score;

	if (json_view_number(given, &score) && score >= 0 && score <= 10)
		return score;
	if (kind != JSON_KIND_ABSENT && kind != JSON_KIND_NULL)
		(void)err_set(problem, ERR_INVALID, "baseScore in %s is not in 0..10",
			      rank->list.p);
	if (vector.n == 0 || rank->version == CVSS_40 ||
	    cvss_base_score(vector, &score, problem) < 0)
		return -1;
	return score;
}

static enum severity
read_word(struct json_view metric, struct json_view data)
{
	enum severity severity = SEVERITY_UNKNOWN;
	struct span word;

	if (feed_string(data, SPAN("baseSeverity"), &word) && word.n == 0)
		(void)feed_string(metric, SPAN("baseSeverity"), &word);
	if (span_equal_nocase(word, SPAN("none")))
		return SEVERITY_NEGLIGIBLE;
	(void)severity_parse(word, &severity);
	return severity;
}

static void
read_metric(struct json_view metric, const struct rank *rank, struct feed_nvd_record *record,
	    struct err *problem)
{
	struct json_view data = json_view_get(metric, SPAN("cvssData"));

	if (json_view_kind(data) != JSON_KIND_OBJECT) {
		(void)err_set(problem, ERR_INVALID, "no cvssData in %s", rank->list.p);
		return;
	}
	struct span vector = read_vector(data, rank, problem);
	double score = read_score(data, rank, vector, problem);
	enum severity word = read_word(metric, data);
	bool better = record->score < 0 &&
		      (score >= 0 || (record->severity == SEVERITY_UNKNOWN &&
				      (word != SEVERITY_UNKNOWN || record->vector.n == 0)));

	if (!better || (score < 0 && word == SEVERITY_UNKNOWN && vector.n == 0))
		return;
	if (score >= 0)
		word = rank->version == CVSS_2 ? severity_of_v2(score) : severity_of_score(score);
	record->score = score;
	record->severity = word;
	record->vector = vector;
	record->source = rank->source;
	record->primary = rank->primary;
}

static void
read_metrics(struct json_view metrics, struct feed_nvd_record *record, struct err *problem)
{
	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
		struct json_view list = json_view_get(metrics, ranks[i].list);
		struct json_walk walk = json_walk_start(list);
		struct json_view metric;
		struct span none;
		struct span type;

		if (json_view_kind(list) != JSON_KIND_ABSENT &&
		    json_view_kind(list) != JSON_KIND_ARRAY) {
			(void)err_set(problem, ERR_INVALID, "%s is not a list", ranks[i].list.p);
			continue;
		}
		while (json_walk_next(&walk, &none, &metric)) {
			if (!feed_string(metric, SPAN("type"), &type))
				(void)err_set(problem, ERR_INVALID, "malformed type in %s",
					      ranks[i].list.p);
			else if (span_equal(type, SPAN("Primary")) == ranks[i].primary)
				read_metric(metric, &ranks[i], record, problem);
		}
	}
}

static int
read_cve(void *context, struct span key, struct json_view value, struct err *err)
{
	struct reading *reading = context;
	struct json_view cve = json_view_get(value, SPAN("cve"));
	struct json_view metrics = json_view_get(cve, SPAN("metrics"));
	enum json_kind kind = json_view_kind(metrics);
	struct feed_nvd_record record = {.score = -1, .vector = {"", 0}, .source = {"", 0}};
	struct err problem = ERR_INIT;

	(void)key;
	if (!feed_string(cve, SPAN("id"), &record.id) || !feed_is_cve(record.id)) {
		(void)err_set(&problem, ERR_INVALID, "not a CVE id");
		feed_skip(reading->tally, record.id, &problem);
		return 0;
	}
	if (kind != JSON_KIND_ABSENT && kind != JSON_KIND_OBJECT)
		(void)err_set(&problem, ERR_INVALID, "metrics is not an object");
	read_metrics(metrics, &record, &problem);
	if (problem.kind != ERR_NONE)
		feed_skip(reading->tally, record.id, &problem);
	int r = reading->each(reading->context, &record, err);
	if (r == 0)
		reading->tally->records++;
	return r;
}

static int
read_top(void *context, struct span key, struct json_view value, struct err *err)
{
	struct reading *reading = context;
	int64_t total;

	if (!span_equal(key, SPAN("totalResults")))
		return 0;
	if (!json_view_integer(value, &total) || total < 0)
		return err_set(err, ERR_INVALID, "totalResults is not a number");
	reading->total = (uint64_t)total;
	return 0;
}

int
feed_nvd_read(const struct feed_input *input,
	      int (*each)(void *context, const struct feed_nvd_record *record, struct err *err),
	      void *context, struct feed_tally *tally, uint64_t *ret_total, struct err *err)
{
	struct reading reading = {each, context, tally, UINT64_MAX};
	int r = feed_each(input, "vulnerabilities", read_cve, read_top, &reading, tally, err);

	if (r == 0)
		*ret_total = reading.total;
	return r;
}
