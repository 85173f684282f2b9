/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/feed_csaf.h"

#include <fcntl.h>
#include <stdio.h>

static int
note(void *context, const struct feed_csaf_record *record, struct err *err)
{
	static const char *const states[] = {
		[FEED_CSAF_FIXED] = "fixed",
		[FEED_CSAF_AFFECTED] = "affected",
		[FEED_CSAF_UNDER_INVESTIGATION] = "unknown",
	};

	return buf_printf(context, err, "%.*s %.*s %.*s%s%s%.*s %s %.*s %.1f %s%s%.*s\n",
			  SPAN_ARG(record->cve), SPAN_ARG(record->release),
			  SPAN_ARG(record->module), record->module.n ? "/" : "",
			  record->source ? "src/" : "", SPAN_ARG(record->package),
			  states[record->state], SPAN_ARG(record->fixed), record->score,
			  severity_name(record->severity),
			  record->no_fix_planned ? " never: " : " ", SPAN_ARG(record->reason));
}

static void
expect(struct span text, const char *wanted, uint64_t skipped)
{
	CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(KIB * 16);
	CLEANUP(json_tape_cleanup) struct json_tape tape = {0};
	struct feed_tally tally = {0};

	assert_good(feed_csaf_read(&tape, text, SPAN("cve.json"), note, &seen, &tally, err));
	assert_span(buf_span(&seen), wanted);
	if (tally.skipped != skipped)
		fail_msg("%llu skipped: %s", (unsigned long long)tally.skipped, tally.first);
}

/* tests/unit/data/redhat_vex.json has the official shape; its content is made up. */
static void
packages_of_main_streams_are_told(void **state)
{
	CLEANUP(fd_cleanup) int fd = open("tests/unit/data/redhat_vex.json", O_RDONLY | O_CLOEXEC);
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(MIB);

	(void)state;
	assert_true(fd >= 0);
	assert_good(fd_read_all(fd, &text, err));
	expect(buf_span(&text),
	       "CVE-2024-0001 9 openssl-libs fixed 1:3.0.7-27.el9 7.5 medium \n"
	       "CVE-2024-0001 9 openssl-libs fixed 1:3.0.7-28.el9_4 7.5 medium \n"
	       "CVE-2024-0001 8 nodejs:18/npm fixed "
	       "1:10.7.0-1.18.20.4.1.module+el8.10.0+22217+06ba6a51 7.5 medium \n"
	       "CVE-2024-0001 10 src/openssl affected  7.5 low Affected\n"
	       "CVE-2024-0001 8 src/openssl affected  7.5 medium never: Will not fix\n"
	       "CVE-2024-0001 8 src/mingw-openssl affected  7.5 medium never: Fix deferred\n"
	       "CVE-2024-0001 8 nodejs:20/src/nodejs affected  7.5 medium Affected\n"
	       "CVE-2024-0001 9 src/edk2 unknown  7.5 medium \n",
	       0);
}

#define DOCUMENT(branches, relationships, vulnerabilities)                                         \
	"{\"document\":{\"category\":\"csaf_vex\"},\"product_tree\":{\"branches\":[" branches      \
	"],\"relationships\":[" relationships "]},\"vulnerabilities\":[" vulnerabilities "]}"
#define PRODUCT(id, kind, text)                                                                    \
	"{\"product\":{\"product_id\":\"" id "\",\"product_identification_helper\":{\"" kind       \
	"\":\"" text "\"}}}"
#define RELATION(id, part, within)                                                                 \
	"{\"full_product_name\":{\"product_id\":\"" id "\"},\"product_reference\":\"" part         \
	"\",\"relates_to_product_reference\":\"" within "\"}"
#define NINE	  PRODUCT("r", "cpe", "cpe:/o:redhat:enterprise_linux:9")
#define FIXED(id) "{\"cve\":\"CVE-2024-0001\",\"product_status\":{\"fixed\":[" id "]}}"

static void
documents_that_make_no_sense_are_counted(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{\"document\":{\"category\":\"csaf_security_advisory\"}}",
		DOCUMENT("{\"product\":{}}", "", ""),
		DOCUMENT(PRODUCT("c", "purl", "rpm/c"), "", ""),
		DOCUMENT("", "{}", ""),
		DOCUMENT("", "", "{}"),
		DOCUMENT("", "", "{\"cve\":\"CVE-1\"}"),
		DOCUMENT("", "", FIXED("\"r:c\"")),
		DOCUMENT("", "", FIXED("1")),
		DOCUMENT(NINE "," PRODUCT("c", "purl", "pkg:rpm/redhat/c?arch=x86_64"),
			 RELATION("r:c", "c", "r"), FIXED("\"r:c\"")),
		DOCUMENT(NINE "," PRODUCT("c", "purl", "pkg:rpm/redhat/c%0A@1-1"),
			 RELATION("r:c", "c", "r"), FIXED("\"r:c\"")),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect(span_from(bad[i]), "", 1);
}

static void
products_that_relate_to_themselves_end(void **state)
{
	(void)state;
	expect(SPAN(DOCUMENT(NINE "," PRODUCT("c", "purl", "pkg:rpm/redhat/c@1-1?rpmmod=m:1:2:3"),
			     RELATION("a", "c", "b") "," RELATION("b", "c", "a") "," RELATION(
				     "c", "c", "c") "," RELATION("r:c", "c", "r"),
			     FIXED("\"r:c\",\"c\""))),
	       "CVE-2024-0001 9 m:1/c fixed 1-1 -1.0 unknown \n", 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_of_main_streams_are_told),
		cmocka_unit_test(documents_that_make_no_sense_are_counted),
		cmocka_unit_test(products_that_relate_to_themselves_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
