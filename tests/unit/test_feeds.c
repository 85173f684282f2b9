/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "codec/cvss.h"
#include "codec/feed_debian.h"
#include "codec/feed_epss.h"
#include "codec/feed_kev.h"
#include "codec/feed_nvd.h"
#include "codec/feed_secdb.h"

#include <math.h>

#define INPUT(text) (&(struct feed_input){feed_read_span, (text)})

static void
vectors_have_their_score(void **state)
{
	/* Examples of the v3.1 and v2 documents, and corners of the formulas. */
	static const struct {
		struct span vector;
		double score;
	} cases[] = {
		{SPAN_INIT("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), 9.8},
		{SPAN_INIT("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"), 10.0},
		{SPAN_INIT("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"), 6.1},
		{SPAN_INIT("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N"), 6.4},
		{SPAN_INIT("CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:L"), 1.8},
		{SPAN_INIT("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:C/C:N/I:N/A:N"), 0.0},
		{SPAN_INIT("CVSS:3.1/A:H/I:H/C:H/S:U/UI:N/PR:N/AC:L/AV:N"), 9.8},
		{SPAN_INIT("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O"), 9.8},
		{SPAN_INIT("AV:N/AC:L/Au:N/C:N/I:N/A:C"), 7.8},
		{SPAN_INIT("AV:N/AC:L/Au:N/C:C/I:C/A:C"), 10.0},
		{SPAN_INIT("(AV:L/AC:H/Au:N/C:C/I:C/A:C)"), 6.2},
		{SPAN_INIT("AV:N/AC:L/Au:N/C:N/I:N/A:N"), 0.0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double score = -1;

		assert_good(cvss_base_score(cases[i].vector, &score, err));
		if (fabs(score - cases[i].score) > 1e-9)
			fail_msg("%s: %.2f", cases[i].vector.p, score);
	}
}

static void
bad_vectors_are_refused(void **state)
{
	static const struct span cases[] = {
		SPAN_INIT("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H"),
		SPAN_INIT("CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
		SPAN_INIT("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
		SPAN_INIT("CVSS:3.1/AV:NN/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
		SPAN_INIT("CVSS:3.1/AV:/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
		SPAN_INIT("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/ZZ:H"),
		SPAN_INIT("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/"),
		SPAN_INIT("CVSS:3.1/"),
		SPAN_INIT("AV:N"),
		SPAN_INIT("("),
		SPAN_INIT(")"),
	};
	double score = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_fails(ERR_INVALID, cvss_base_score(cases[i], &score, err));
	assert_fails(ERR_UNSUPPORTED,
		     cvss_base_score(SPAN("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N"), &score, err));
	assert_fails(ERR_UNSUPPORTED, cvss_base_score(SPAN("CVSS:9.9/AV:N"), &score, err));
	assert_fails(ERR_UNSUPPORTED, cvss_base_score(SPAN(""), &score, err));
	assert_true(score == 5);
}

static void
ids_are_strict(void **state)
{
	(void)state;
	assert_true(feed_is_cve(SPAN("CVE-2024-1234")));
	assert_true(feed_is_cve(SPAN("CVE-1999-0000001")));
	assert_false(feed_is_cve(SPAN("CVE-2024-123")));
	assert_false(feed_is_cve(SPAN("CVE-2024-12345x")));
	assert_false(feed_is_cve(SPAN("CVE-24-12345")));
	assert_false(feed_is_cve(SPAN("cve-2024-12345")));
	assert_false(feed_is_cve(SPAN("CVE-2024")));
	assert_false(feed_is_cve(SPAN("CVE-2024-00000000000000000000000000")));
	assert_true(feed_is_id(SPAN("TEMP-0841856-B18BAF")));
	assert_false(feed_is_id(SPAN("TEMP-")));
	assert_false(feed_is_id(SPAN("TEMP-1'")));
}

static int
note_secdb(void *context, const struct feed_secdb_record *record, struct err *err)
{
	return buf_printf(context, err, "%.*s %.*s %.*s\n", SPAN_ARG(record->source),
			  SPAN_ARG(record->id), SPAN_ARG(record->fixed));
}

/* Wherever a control byte stands, whatever stands beside it. */
static void
texts_have_no_control_bytes(void **state)
{
	static const char odd[] = {'\0', '\n', 0x1f, 0x7f};
	char text[24];

	(void)state;
	for (size_t n = 0; n <= sizeof(text); n++) {
		for (size_t at = 0; at < n; at++) {
			for (size_t i = 0; i < sizeof(odd); i++) {
				memset(text, i % 2 ? (char)0xff : ' ', n);
				assert_true(feed_is_text((struct span){text, n}, n));
				assert_false(feed_is_text((struct span){text, n}, n - 1));
				text[at] = odd[i];
				assert_false(feed_is_text((struct span){text, n}, n));
			}
		}
	}
}

static void
secdb_records_are_read(void **state)
{
	/* Alpine's and Wolfi's members; ids as they are written there. */
	const struct span whole =
		SPAN("{\"apkurl\":\"{{urlprefix}}/{{distroversion}}/x.apk\",\"archs\":[\"x86_64\"],"
		     "\"distroversion\":\"v3.24\",\"packages\":["
		     "{\"pkg\":{\"name\":\"xen\",\"secfixes\":{"
		     "\"4.9.0-r1\":[\"CVE-2017-12855 XSA-230\",\"CVE-2017-0001 CVE-2017-0002\"],"
		     "\"0\":[\"CVE-2022-0001\",\"XSA-999\"],"
		     "\"4.10.0-r0\":[\"CVE-2017-0001\",\"CVE-2022-0001 (+ regression fix)\"],"
		     "\"4.9.0_rc1-r0\":[\"CVE-2017-0002\"]}}},"
		     "{\"pkg\":{\"name\":\"GraphicsMagick\",\"secfixes\":{\"1.3\":[]}}}],"
		     "\"reponame\":\"main\",\"urlprefix\":\"https://example.org\"}");
	struct span text = whole;
	CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
	struct feed_tally tally = {0};

	(void)state;
	assert_good(feed_secdb_read(INPUT(&text), SPAN("v3.24"), note_secdb, &seen, &tally, err));
	assert_span(buf_span(&seen), "xen CVE-2017-12855 4.9.0-r1\n"
				     "xen CVE-2017-0001 4.10.0-r0\n"
				     "xen CVE-2017-0002 4.9.0-r1\n"
				     "xen CVE-2022-0001 4.10.0-r0\n");
	assert_int_equal(tally.records, 4);
	assert_int_equal(tally.skipped, 0);
	text = whole;
	assert_good(feed_secdb_read(INPUT(&text), SPAN(""), note_secdb, &seen, &tally, err));
	text = whole;
	assert_fails(ERR_INVALID,
		     feed_secdb_read(INPUT(&text), SPAN("edge"), note_secdb, &seen, &tally, err));
}

static void
secdb_records_that_make_no_sense_are_counted(void **state)
{
	static const char *const bad[] = {
		"1",
		"{}",
		"{\"pkg\":{\"name\":1,\"secfixes\":{}}}",
		"{\"pkg\":{\"name\":\"a b\",\"secfixes\":{}}}",
		"{\"pkg\":{\"name\":\"a\"}}",
		"{\"pkg\":{\"name\":\"a\",\"secfixes\":{\"6.6.2p1-r0\":[\"CVE-2020-0001\"]}}}",
		"{\"pkg\":{\"name\":\"a\",\"secfixes\":{\"1\":\"CVE-2020-0001\"}}}",
		"{\"pkg\":{\"name\":\"a\",\"secfixes\":{\"1\":[1]}}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char document[300];
		int n = snprintf(document, sizeof(document),
				 "{\"packages\":[%s,{\"pkg\":{\"name\":\"b\",\"secfixes\":{\"1\":["
				 "\"CVE-2020-0002\"]}}}]}",
				 bad[i]);
		struct span text = {document, (size_t)n};
		CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
		struct feed_tally tally = {0};

		assert_good(
			feed_secdb_read(INPUT(&text), SPAN(""), note_secdb, &seen, &tally, err));
		assert_span(buf_span(&seen), "b CVE-2020-0002 1\n");
		if (tally.skipped != 1)
			fail_msg("%s", bad[i]);
	}
	struct span none = SPAN("{\"distroversion\":\"v3.24\"}");
	struct feed_tally tally = {0};
	assert_fails(ERR_INVALID,
		     feed_secdb_read(INPUT(&none), SPAN(""), note_secdb, NULL, &tally, err));
}

static int
note_debian(void *context, const struct feed_debian_record *record, struct err *err)
{
	return buf_printf(context, err, "%.*s %.*s %.*s %d [%.*s] [%.*s]%s [%.*s] [%.*s]\n",
			  SPAN_ARG(record->source), SPAN_ARG(record->id), SPAN_ARG(record->release),
			  record->status, SPAN_ARG(record->fixed_version),
			  SPAN_ARG(record->urgency), record->no_dsa ? " no-dsa" : "",
			  SPAN_ARG(record->reason), SPAN_ARG(record->note));
}

static void
debian_records_are_read(void **state)
{
	struct span text = SPAN(
		"{\"nginx\":{\"CVE-2024-1234\":{\"description\":\"x\",\"releases\":{"
		"\"bookworm\":{\"fixed_version\":\"1.22.1-9+deb12u1\",\"repositories\":{},"
		"\"status\":\"resolved\",\"urgency\":\"medium**\"},"
		"\"sid\":{\"status\":\"resolved\",\"fixed_version\":\"0\",\"urgency\":\"low\"}}},"
		"\"TEMP-0000000-ABCDEF\":{\"releases\":{\"bookworm\":{\"status\":\"open\","
		"\"urgency\":\"unimportant\",\"nodsa\":\"Minor issue\",\"nodsa_reason\":\"\"}}}},"
		"\"zlib\":{\"CVE-2023-45853\":{\"releases\":{\"bookworm\":{\"status\":\"open\","
		"\"urgency\":\"end-of-life\"},\"trixie\":{\"status\":\"undetermined\","
		"\"urgency\":\"not yet assigned\"}}}}}");
	CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
	struct feed_tally tally = {0};

	(void)state;
	assert_good(feed_debian_read(INPUT(&text), note_debian, &seen, &tally, err));
	assert_span(
		buf_span(&seen),
		"nginx CVE-2024-1234 bookworm 1 [1.22.1-9+deb12u1] [medium] [] []\n"
		"nginx CVE-2024-1234 sid 1 [0] [low] [] []\n"
		"nginx TEMP-0000000-ABCDEF bookworm 0 [] [unimportant] no-dsa [] [Minor issue]\n"
		"zlib CVE-2023-45853 bookworm 0 [] [end-of-life] no-dsa [] []\n"
		"zlib CVE-2023-45853 trixie 2 [] [not yet assigned] [] []\n");
	assert_int_equal(tally.records, 5);
	assert_int_equal(tally.skipped, 0);
}

static void
debian_records_that_make_no_sense_are_counted(void **state)
{
	static const struct {
		struct span text;
		uint64_t skipped;
	} cases[] = {
		{SPAN_INIT("{\"a\":1}"), 1},
		{SPAN_INIT("{\"A b\":{}}"), 1},
		{SPAN_INIT("{\"a\":{\"GHSA-1\":{\"releases\":{}}}}"), 1},
		{SPAN_INIT("{\"a\":{\"CVE-2024-0001\":{}}}"), 1},
		{SPAN_INIT("{\"a\":{\"CVE-2024-0001\":{\"releases\":{\"b\":1}}}}"), 1},
		{SPAN_INIT("{\"a\":{\"CVE-2024-0001\":{\"releases\":{\"b\":{\"status\":\"x\"}}}}}"),
		 1},
		{SPAN_INIT("{\"a\":{\"CVE-2024-0001\":{\"releases\":{\"b\":{\"status\":"
			   "\"resolved\"}}}}}"),
		 1},
		{SPAN_INIT("{\"a\":{\"CVE-2024-0001\":{\"releases\":{\"b\":{\"status\":"
			   "\"resolved\",\"fixed_version\":\"1;rm\"}}}}}"),
		 1},
		{SPAN_INIT("{\"a\":{\"CVE-2024-0001\":{\"releases\":{\"b\":{\"status\":"
			   "\"open\",\"urgency\":\"a\\u0000b\"}}}}}"),
		 1},
		{SPAN_INIT("{\"a\":{\"CVE-2024-0001\":{\"releases\":{\"B B\":{\"status\":"
			   "\"open\"}}}}}"),
		 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
		struct span text = cases[i].text;
		struct feed_tally tally = {0};

		assert_good(feed_debian_read(INPUT(&text), note_debian, &seen, &tally, err));
		if (tally.skipped != cases[i].skipped || tally.records != 0 || !tally.first[0])
			fail_msg("%s: %s", cases[i].text.p, tally.first);
	}
	assert_fails(ERR_INVALID, feed_debian_read(INPUT(&SPAN("[")), note_debian, NULL,
						   &(struct feed_tally){0}, err));
}

static int
note_id(void *context, struct span id, struct err *err)
{
	return buf_printf(context, err, "%.*s\n", SPAN_ARG(id));
}

static void
kev_is_read(void **state)
{
	CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
	struct feed_tally tally = {0};
	struct span text =
		SPAN("{\"title\":\"x\",\"vulnerabilities\":[{\"cveID\":\"CVE-2002-0367\","
		     "\"vendorProject\":\"x\"},{\"cveID\":7},{},3]}");

	(void)state;
	assert_good(feed_kev_read(INPUT(&text), note_id, &seen, &tally, err));
	assert_span(buf_span(&seen), "CVE-2002-0367\n");
	assert_int_equal(tally.records, 1);
	assert_int_equal(tally.skipped, 3);
	assert_fails(ERR_INVALID,
		     feed_kev_read(INPUT(&SPAN("{\"title\":\"x\"}")), note_id, &seen, &tally, err));
}

static int
note_epss(void *context, const struct feed_epss_record *record, struct err *err)
{
	return buf_printf(context, err, "%.*s %.6f\n", SPAN_ARG(record->id), record->probability);
}

static void
epss_is_read(void **state)
{
	CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
	struct feed_tally tally = {0};
	struct span text = SPAN("#model_version:v2025.03.14,score_date:2026-08-22\n"
				"cve,epss,percentile\nCVE-2002-0367,0.04919,0.91446\r\n"
				"CVE-2002-0368,1.5,0.1\nCVE-2002-0369,nan,0.1\nCVE-2002-0370\n"
				"x,0.5,0.5\n\nCVE-2002-0371,9.3e-04,0.1\nCVE-2002-0372,-0.1,1\n"
				"CVE-2002-0373,1.00000,1");

	(void)state;
	assert_good(feed_epss_read(INPUT(&text), note_epss, &seen, &tally, err));
	assert_span(buf_span(&seen), "CVE-2002-0367 0.049190\nCVE-2002-0371 0.000930\n"
				     "CVE-2002-0373 1.000000\n");
	assert_int_equal(tally.records, 3);
	assert_int_equal(tally.skipped, 5);
	assert_fails(ERR_INVALID,
		     feed_epss_read(INPUT(&SPAN("<html>")), note_epss, &seen, &tally, err));
	assert_fails(ERR_INVALID, feed_epss_read(INPUT(&SPAN("")), note_epss, &seen, &tally, err));
}

static int
note_nvd(void *context, const struct feed_nvd_record *record, struct err *err)
{
	return buf_printf(context, err, "%.1f %s %.*s [%.*s]", record->score,
			  severity_name(record->severity), SPAN_ARG(record->source),
			  SPAN_ARG(record->vector));
}

#define NVD(metrics)                                                                               \
	SPAN_INIT("{\"totalResults\":1,\"vulnerabilities\":[{\"cve\":{\"id\":\"CVE-2024-0001\","   \
		  "\"metrics\":{" metrics "}}}]}")
#define V31		   "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
#define V30		   "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"
#define V40		   "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
#define METRIC(type, data) "{\"type\":\"" type "\",\"cvssData\":{" data "}}"

static void
nvd_prefers_the_best_metric(void **state)
{
	static const struct {
		struct span text;
		const char *seen;
		uint64_t skipped;
	} cases[] = {
		{NVD(""), "-1.0 unknown  []", 0},
		{NVD("\"cvssMetricV31\":[" METRIC("Secondary", "\"baseScore\":5") "," METRIC(
			 "Primary", "\"baseScore\":7.5,\"vectorString\":\"" V31 "\"") "]"),
		 "7.5 high nvd [" V31 "]", 0},
		{NVD("\"cvssMetricV31\":[" METRIC(
			 "Secondary",
			 "\"baseScore\":5") "],"
					    "\"cvssMetricV30\":[" METRIC(
						    "Primary", "\"vectorString\":\"" V30 "\"") "]"),
		 "6.1 medium nvd [" V30 "]", 0},
		{NVD("\"cvssMetricV40\":[" METRIC("Secondary", "\"vectorString\":\"" V40 "\"") "]"),
		 "-1.0 unknown nvd-cvss4 [" V40 "]", 0},
		{NVD("\"cvssMetricV40\":[" METRIC("Primary", "\"baseScore\":9.3") "]"),
		 "9.3 critical nvd-cvss4 []", 0},
		{NVD("\"cvssMetricV40\":[" METRIC(
			 "Primary",
			 "\"baseScore\":9.3") "],\"cvssMetricV31\":[" METRIC("Secondary",
									     "\"baseSeverity\":"
									     "\"LOW\"") "]"),
		 "9.3 critical nvd-cvss4 []", 0},
		{NVD("\"cvssMetricV31\":[" METRIC("Secondary", "\"baseSeverity\":\"HIGH\"") "]"),
		 "-1.0 high nvd []", 0},
		{NVD("\"cvssMetricV31\":[" METRIC("Primary", "\"baseScore\":0.0,"
							     "\"baseSeverity\":\"NONE\"") "]"),
		 "0.0 negligible nvd []", 0},
		{NVD("\"cvssMetricV2\":[" METRIC("Primary", "\"vectorString\":"
							    "\"AV:N/AC:L/Au:N/C:C/I:C/A:C\"") "]"),
		 "10.0 high nvd-cvss2 [AV:N/AC:L/Au:N/C:C/I:C/A:C]", 0},
		{NVD("\"cvssMetricV31\":[" METRIC("Primary", "\"baseScore\":11") "]"),
		 "-1.0 unknown  []", 1},
		{NVD("\"cvssMetricV31\":[" METRIC("Primary", "\"vectorString\":\"" V30 "\"") "]"),
		 "-1.0 unknown  []", 1},
		{NVD("\"cvssMetricV31\":[3]"), "-1.0 unknown  []", 1},
		{NVD("\"cvssMetricV31\":{}"), "-1.0 unknown  []", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
		struct span text = cases[i].text;
		struct feed_tally tally = {0};
		uint64_t total = 0;

		assert_good(feed_nvd_read(INPUT(&text), note_nvd, &seen, &tally, &total, err));
		assert_span(buf_span(&seen), cases[i].seen);
		assert_int_equal(tally.skipped, cases[i].skipped);
		assert_int_equal(total, 1);
	}
}

static void
nvd_documents_may_lie(void **state)
{
	CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
	struct feed_tally tally = {0};
	struct span odd = SPAN("{\"vulnerabilities\":[{\"cve\":{\"id\":\"x\"}},{},[]]}");
	uint64_t total = 0;

	(void)state;
	assert_good(feed_nvd_read(INPUT(&odd), note_nvd, &seen, &tally, &total, err));
	assert_int_equal(tally.skipped, 3);
	assert_true(total == UINT64_MAX);
	assert_fails(ERR_INVALID, feed_nvd_read(INPUT(&SPAN("{\"message\":\"quota\"}")), note_nvd,
						&seen, &tally, &total, err));
	assert_fails(ERR_INVALID, feed_nvd_read(INPUT(&SPAN("{\"totalResults\":\"x\","
							    "\"vulnerabilities\":[]}")),
						note_nvd, &seen, &tally, &total, err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_have_their_score),
		cmocka_unit_test(bad_vectors_are_refused),
		cmocka_unit_test(ids_are_strict),
		cmocka_unit_test(texts_have_no_control_bytes),
		cmocka_unit_test(secdb_records_are_read),
		cmocka_unit_test(secdb_records_that_make_no_sense_are_counted),
		cmocka_unit_test(debian_records_are_read),
		cmocka_unit_test(debian_records_that_make_no_sense_are_counted),
		cmocka_unit_test(kev_is_read),
		cmocka_unit_test(epss_is_read),
		cmocka_unit_test(nvd_prefers_the_best_metric),
		cmocka_unit_test(nvd_documents_may_lie),
	};

	return cmocka_run_group_tests_name("feeds", tests, NULL, NULL);
}
