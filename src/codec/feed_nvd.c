/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_nvd.h"

#include "base/limits.h"
#include "codec/cvss.h"
#include "codec/json.h"

struct reading {
	int (*each)(void *context, const struct feed_nvd_record *record, struct err *err);
	void *context;
	struct feed_tally *tally;
	uint64_t total;
};

/* Which metric is believed: the first of these that has a score. */
static const struct rank {
	const char *list;
	enum cvss_version version;
	bool primary;
	struct span source;
} ranks[] = {
	{"cvssMetricV31", CVSS_31, true, SPAN_INIT("nvd")},
	{"cvssMetricV30", CVSS_30, true, SPAN_INIT("nvd")},
	{"cvssMetricV31", CVSS_31, false, SPAN_INIT("nvd")},
	{"cvssMetricV30", CVSS_30, false, SPAN_INIT("nvd")},
	{"cvssMetricV40", CVSS_40, true, SPAN_INIT("nvd-cvss4")},
	{"cvssMetricV40", CVSS_40, false, SPAN_INIT("nvd-cvss4")},
	{"cvssMetricV2", CVSS_2, true, SPAN_INIT("nvd-cvss2")},
	{"cvssMetricV2", CVSS_2, false, SPAN_INIT("nvd-cvss2")},
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
read_vector(const json_t *data, const struct rank *rank, struct err *problem)
{
	struct span vector;
	bool good =
		feed_text(data, "vectorString", &vector) && feed_is_text(vector, FEED_VECTOR_MAX);

	if (good && vector.n == 0)
		return vector;
	if (!good || cvss_version_of(vector) != rank->version) {
		(void)err_set(problem, ERR_INVALID, "malformed vector in %s", rank->list);
		return (struct span){"", 0};
	}
	return vector;
}

/* baseScore, else computed; < 0 when there is neither. */
static double
read_score(const json_t *data, const struct rank *rank, struct span vector, struct err *problem)
{
	const json_t *given = json_object_get(data, "baseScore");
	double score = json_number_value(given);

	if (json_is_number(given) && score >= 0 && score <= 10)
		return score;
	if (given && !json_is_null(given))
		(void)err_set(problem, ERR_INVALID, "baseScore in %s is not in 0..10", rank->list);
	if (vector.n == 0 || rank->version == CVSS_40 ||
	    cvss_base_score(vector, &score, problem) < 0)
		return -1;
	return score;
}

static enum severity
read_word(const json_t *metric, const json_t *data)
{
	enum severity severity = SEVERITY_UNKNOWN;
	struct span word;

	if (feed_text(data, "baseSeverity", &word) && word.n == 0)
		(void)feed_text(metric, "baseSeverity", &word);
	if (span_equal_nocase(word, SPAN("none")))
		return SEVERITY_NEGLIGIBLE;
	(void)severity_parse(word, &severity);
	return severity;
}

static void
read_metric(const json_t *metric, const struct rank *rank, struct feed_nvd_record *record,
	    struct err *problem)
{
	const json_t *data = json_object_get(metric, "cvssData");

	if (!json_is_object(data)) {
		(void)err_set(problem, ERR_INVALID, "no cvssData in %s", rank->list);
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
read_metrics(const json_t *metrics, struct feed_nvd_record *record, struct err *problem)
{
	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
		const json_t *list = json_object_get(metrics, ranks[i].list);

		if (list && !json_is_array(list))
			(void)err_set(problem, ERR_INVALID, "%s is not a list", ranks[i].list);
		for (size_t j = 0; j < json_array_size(list); j++) {
			const json_t *metric = json_array_get(list, j);
			struct span type;

			if (!feed_text(metric, "type", &type))
				(void)err_set(problem, ERR_INVALID, "malformed type in %s",
					      ranks[i].list);
			else if (span_equal(type, SPAN("Primary")) == ranks[i].primary)
				read_metric(metric, &ranks[i], record, problem);
		}
	}
}

static int
read_cve(void *context, struct span key, const json_t *value, struct err *err)
{
	struct reading *reading = context;
	const json_t *cve = json_object_get(value, "cve");
	const json_t *metrics = json_object_get(cve, "metrics");
	struct feed_nvd_record record = {.score = -1, .vector = {"", 0}, .source = {"", 0}};
	struct err problem = ERR_INIT;

	(void)key;
	if (!feed_text(cve, "id", &record.id) || !feed_is_cve(record.id)) {
		(void)err_set(&problem, ERR_INVALID, "not a CVE id");
		feed_skip(reading->tally, record.id, &problem);
		return 0;
	}
	if (metrics && !json_is_object(metrics))
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
read_top(void *context, struct span key, const json_t *value, struct err *err)
{
	struct reading *reading = context;

	if (!span_equal(key, SPAN("totalResults")))
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return err_set(err, ERR_INVALID, "totalResults is not a number");
	reading->total = (uint64_t)json_integer_value(value);
	return 0;
}

int
feed_nvd_read(const struct feed_input *input,
	      int (*each)(void *context, const struct feed_nvd_record *record, struct err *err),
	      void *context, struct feed_tally *tally, uint64_t *ret_total, struct err *err)
{
	struct reading reading = {each, context, tally, UINT64_MAX};
	int r = json_each_beside(input->read, input->context, "vulnerabilities", read_cve, read_top,
				 &reading, err);

	if (r == 0)
		*ret_total = reading.total;
	return r;
}
