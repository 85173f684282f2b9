/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/feed_errata.h"
#include "codec/repomd.h"

typedef int reader(const struct feed_input *input, feed_errata_visitor *each, void *context,
		   struct feed_tally *tally, struct err *err);

static int
note(void *context, const struct feed_errata_record *record, struct err *err)
{
	return buf_printf(context, err, "%.*s|%.*s%s%.*s %.*s %.*s %s\n", SPAN_ARG(record->release),
			  SPAN_ARG(record->module), record->module.n ? "/" : "",
			  SPAN_ARG(record->package), SPAN_ARG(record->id), SPAN_ARG(record->fixed),
			  severity_name(record->severity));
}

static void
expect(reader *read, const char *document, const char *wanted, uint64_t skipped)
{
	CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(KIB * 16);
	struct span text = span_from(document);
	struct feed_input input = {feed_read_span, &text};
	struct feed_tally tally = {0};

	assert_good(read(&input, note, &seen, &tally, err));
	assert_span(buf_span(&seen), wanted);
	if (tally.skipped != skipped)
		fail_msg("%llu skipped: %s", (unsigned long long)tally.skipped, tally.first);
}

/* As a repository of Amazon Linux has it, and one with a module as createrepo_c writes it. */
static void
updates_name_their_packages(void **state)
{
	(void)state;
	expect(feed_updateinfo_read,
	       "<?xml version=\"1.0\" ?>\n"
	       "<updates><update author=\"a@example.com\" from=\"a@example.com\" "
	       "status=\"final\" type=\"security\" version=\"1.4\"><id>ALAS2023-2023-001</id>"
	       "<title>t</title><issued date=\"2023-02-17\" /><severity>important</severity>"
	       "<description>a &lt; b</description><references>"
	       "<reference href=\"https://example.com\" id=\"CVE-2022-0001\" title=\"\" "
	       "type=\"cve\" /><reference href=\"x\" id=\"CVE-2022-0002\" type=\"cve\" />"
	       "<reference href=\"y\" id=\"CVE-2022-0001\" type=\"cve\" />"
	       "<reference id=\"1\" type=\"bugzilla\" /></references>"
	       "<pkglist><collection short=\"amazon-linux-2023\"><name>n</name>"
	       "<package arch=\"x86_64\" epoch=\"0\" name=\"curl\" release=\"2.amzn2023\" "
	       "version=\"7.87.0\"><filename>f.rpm</filename></package>"
	       "<package arch=\"x86_64\" epoch=\"1\" name=\"libcurl\" release=\"2.amzn2023\" "
	       "version=\"7.87.0\"><filename>f.rpm</filename></package>"
	       "</collection></pkglist></update>"
	       "<update type=\"bugfix\"><id>ALAS-2</id><pkglist><collection>"
	       "<package name=\"a\" version=\"1\" release=\"1\"/></collection></pkglist></update>"
	       "<update type=\"security\"><id>X-3</id><severity>Moderate</severity><pkglist>"
	       "<collection><module name=\"nodejs\" stream=\"18\"/>"
	       "<package name=\"npm\" version=\"1\" release=\"1\"/></collection>"
	       "<collection><package name=\"zlib\" version=\"1\" release=\"1\"/></collection>"
	       "</pkglist></update></updates>",
	       "|curl CVE-2022-0001 7.87.0-2.amzn2023 high\n"
	       "|curl CVE-2022-0002 7.87.0-2.amzn2023 high\n"
	       "|libcurl CVE-2022-0001 1:7.87.0-2.amzn2023 high\n"
	       "|libcurl CVE-2022-0002 1:7.87.0-2.amzn2023 high\n"
	       "|nodejs:18/npm X-3 1-1 medium\n"
	       "|zlib X-3 1-1 medium\n",
	       0);
}

#define OVAL(criteria)                                                                             \
	"<oval_definitions xmlns=\"http://oval.mitre.org/XMLSchema/oval-definitions-5\" "          \
	"xmlns:red-def=\"x\"><generator/><definitions><definition id=\"oval:com.oracle.elsa:"      \
	"def:1\" version=\"501\" class=\"patch\"><metadata><title>t</title>"                       \
	"<affected family=\"unix\"><platform>Oracle Linux 9</platform></affected>"                 \
	"<reference source=\"elsa\" ref_id=\"ELSA-2024-0001\" ref_url=\"u\"/>"                     \
	"<reference source=\"CVE\" ref_id=\"CVE-2024-0001\" ref_url=\"u\"/>"                       \
	"<advisory><severity>IMPORTANT</severity><cve href=\"u\">CVE-2024-0002</cve></advisory>"   \
	"</metadata>" criteria "</definition></definitions><tests>"                                \
	"<red-def:rpminfo_test comment=\"a is earlier than 1\"/></tests></oval_definitions>"

static void
criteria_name_their_packages(void **state)
{
	(void)state;
	expect(feed_oval_read,
	       OVAL("<criteria operator=\"AND\">"
		    "<criterion test_ref=\"t1\" comment=\"Oracle Linux 9 is installed\"/>"
		    "<criteria operator=\"OR\"><criteria operator=\"AND\">"
		    "<criterion test_ref=\"t2\" comment=\"Oracle Linux arch is x86_64\"/>"
		    "<criteria operator=\"OR\"><criteria operator=\"AND\">"
		    "<criterion test_ref=\"t3\" comment=\"openssl-libs is earlier than "
		    "1:3.0.7-27.0.1.el9\"/>"
		    "<criterion test_ref=\"t4\" comment=\"openssl-libs is signed with the Oracle "
		    "Linux 9 key\"/></criteria>"
		    "<criteria operator=\"AND\"><criterion comment=\"glibc is earlier than "
		    "2:2.34-1.ksplice1.el9\"/></criteria>"
		    "<criteria operator=\"AND\"><criterion comment=\"gnutls is earlier than "
		    "10:3.7.6-1.el9_fips\"/></criteria>"
		    "</criteria></criteria></criteria></criteria>"),
	       "9|openssl-libs CVE-2024-0001 1:3.0.7-27.0.1.el9 high\n"
	       "9|openssl-libs CVE-2024-0002 1:3.0.7-27.0.1.el9 high\n",
	       0);
	expect(feed_oval_read,
	       OVAL("<criteria><criterion comment=\"Oracle Linux 8 is installed\"/><criteria>"
		    "<criterion comment=\"Module nodejs:18 is enabled\"/><criteria>"
		    "<criterion comment=\"npm is earlier than 0:1-1.module+el8\"/></criteria>"
		    "</criteria><criterion comment=\"zlib is earlier than 1-1\"/></criteria>"),
	       "8|nodejs:18/npm CVE-2024-0001 1-1.module+el8 high\n"
	       "8|nodejs:18/npm CVE-2024-0002 1-1.module+el8 high\n"
	       "8|zlib CVE-2024-0001 1-1 high\n"
	       "8|zlib CVE-2024-0002 1-1 high\n",
	       0);
}

static void
updates_that_make_no_sense_are_counted(void **state)
{
	(void)state;
	expect(feed_updateinfo_read,
	       "<updates><update type=\"security\"><pkglist><package name=\"a\" version=\"1\" "
	       "release=\"1\"/></pkglist></update>"
	       "<update type=\"security\"><id>A-1</id><pkglist><package name=\"a\" "
	       "version=\"1\"/><package version=\"1\" release=\"1\"/></pkglist></update></updates>",
	       "", 3);
	expect(feed_oval_read,
	       OVAL("<criteria><criterion comment=\" is earlier than 1\"/>"
		    "<criterion comment=\"a is earlier than \"/></criteria>"),
	       "", 2);
}

static void
hostile_documents_are_refused(void **state)
{
	static const struct {
		enum err_kind kind;
		const char *document;
	} cases[] = {
		{ERR_INVALID, ""},
		{ERR_INVALID, "{}"},
		{ERR_INVALID, "<rss/>"},
		{ERR_INVALID, "<updates><update>"},
		{ERR_INVALID, "<updates></updates><updates/>"},
		{ERR_INVALID, "<!DOCTYPE a [<!ENTITY b \"c\">]><updates/>"},
	};
	CLEANUP(buf_cleanup) struct buf deep = BUF_INIT(64 * KIB);
	struct feed_tally tally = {0};

	(void)state;
	assert_good(buf_append(&deep, SPAN("<updates>"), err));
	for (int i = 0; i < 100; i++)
		assert_good(buf_append(&deep, SPAN("<a>"), err));
	struct span text = buf_span(&deep);
	struct feed_input input = {feed_read_span, &text};
	assert_fails(ERR_LIMIT, feed_updateinfo_read(&input, note, NULL, &tally, err));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = span_from(cases[i].document);
		assert_fails(cases[i].kind, feed_updateinfo_read(&input, note, NULL, &tally, err));
		text = span_from(cases[i].document);
		assert_fails(ERR_INVALID, feed_oval_read(&input, note, NULL, &tally, err));
	}
}

#define INDEX(href)                                                                                \
	"<repomd xmlns=\"http://linux.duke.edu/metadata/repo\"><data type=\"primary\">"            \
	"<location href=\"repodata/p.xml.gz\"/></data><data type=\"updateinfo\">"                  \
	"<checksum type=\"sha256\">0</checksum><location href=\"" href "\"/></data></repomd>"

static void
a_repository_says_where_its_updates_are(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span href;

	(void)state;
	assert_good(repomd_find(SPAN(INDEX("repodata/a-updateinfo.xml.gz")), "updateinfo", arena,
				&href, err));
	assert_span(href, "repodata/a-updateinfo.xml.gz");
	assert_fails(ERR_NOT_FOUND, repomd_find(SPAN(INDEX("a")), "modules", arena, &href, err));
	assert_fails(ERR_INVALID, repomd_find(SPAN(INDEX("/a")), "updateinfo", arena, &href, err));
	assert_fails(ERR_INVALID,
		     repomd_find(SPAN(INDEX("../a")), "updateinfo", arena, &href, err));
	assert_fails(ERR_INVALID, repomd_find(SPAN(INDEX("a?b")), "updateinfo", arena, &href, err));
	assert_fails(ERR_INVALID, repomd_find(SPAN("<html/>"), "updateinfo", arena, &href, err));
	assert_fails(ERR_INVALID, repomd_find(SPAN("<repomd>"), "updateinfo", arena, &href, err));
	assert_fails(ERR_INVALID, repomd_find(SPAN("<!DOCTYPE a []><repomd/>"), "updateinfo", arena,
					      &href, err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(updates_name_their_packages),
		cmocka_unit_test(criteria_name_their_packages),
		cmocka_unit_test(updates_that_make_no_sense_are_counted),
		cmocka_unit_test(hostile_documents_are_refused),
		cmocka_unit_test(a_repository_says_where_its_updates_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
