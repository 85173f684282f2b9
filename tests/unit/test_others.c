/* SPDX-License-Identifier: Apache-2.0 */
/* Databases of others as the source of advisories: what becomes of what they say. */
#include "scratch.h"
#include "test.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/json.h"
#include "port/advisories.h"
#include "port/published.h"
#include "stage/update.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
write_file(struct scratch *place, const char *name, struct span content)
{
	const char *path = arena_printf(place->arena, "%s/%s", place->folder.p, name).p;

	assert_good(file_replace(path, content, 0600, err));
}

/* ---- a bbolt database from JSON ---- */

static void
put(struct buf *buf, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++, value >>= 8)
		assert_good(buf_byte(buf, (char)(value & 0xff), err));
}

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Objects are buckets as long as `buckets` says, then values. */
static void
put_leaf(struct buf *out, json_t *object, unsigned buckets, uint64_t number)
{
	CLEANUP(buf_cleanup) struct buf data = BUF_INIT(MIB);
	const char *keys[64];
	const char *key;
	json_t *value;
	size_t count = 0;

	json_object_foreach(object, key, value)
	{
		assert_true(count < 64);
		keys[count++] = key;
	}
	qsort(keys, count, sizeof(*keys), compare_keys);
	put(out, number, 8);
	put(out, 2, 2);
	put(out, count, 2);
	put(out, 0, 4);
	for (size_t i = 0; i < count; i++) {
		CLEANUP(buf_cleanup) struct buf one = BUF_INIT(MIB);
		bool flat = strcmp(keys[i], "vulnerability") == 0 ||
			    strcmp(keys[i], "data-source") == 0;

		value = json_object_get(object, keys[i]);
		if (buckets > 0) {
			put(&one, 0, 16);
			put_leaf(&one, value, flat ? 0 : buckets - 1, 0);
		} else {
			CLEANUP(free_cleanup) char *text = json_dumps(value, JSON_ENCODE_ANY);

			assert_good(buf_append(&one, span_from(text), err));
		}
		put(out, buckets > 0, 4);
		put(out, 16 * (count - i) + data.n, 4);
		put(out, strlen(keys[i]), 4);
		put(out, one.n, 4);
		assert_good(buf_append(&data, span_from(keys[i]), err));
		assert_good(buf_append(&data, buf_span(&one), err));
	}
	assert_good(buf_append(out, buf_span(&data), err));
}

enum { PAGE = 65536 };

static void
put_head(struct buf *out, uint64_t number, uint64_t pages)
{
	CLEANUP(buf_cleanup) struct buf head = BUF_INIT(KIB);
	uint64_t sum = 0xcbf29ce484222325;
	const uint64_t numbers[] = {3, 0, 2, pages, number};

	put(&head, 0xed0cdaed, 4);
	put(&head, 2, 4);
	put(&head, PAGE, 4);
	put(&head, 0, 4);
	for (size_t i = 0; i < 5; i++)
		put(&head, numbers[i], 8);
	for (size_t i = 0; i < head.n; i++)
		sum = (sum ^ (unsigned char)head.p[i]) * 0x100000001b3;
	put(out, number, 8);
	put(out, 4, 2);
	put(out, 0, 6);
	assert_good(buf_append(out, buf_span(&head), err));
	put(out, sum, 8);
	put(out, 0, PAGE * (size_t)(number + 1) - out->n);
}

#define METADATA "{\"Version\": 2, \"UpdatedAt\": \"2026-11-01T06:12:33.123Z\"}"

static void
write_trivy(struct scratch *place, const char *text)
{
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(8 * MIB);
	CLEANUP(json_cleanup) json_t *json = NULL;

	assert_good(json_parse(span_from(text), &json, err));
	put_head(&out, 0, 4);
	put_head(&out, 1, 4);
	put(&out, 0, PAGE);
	put_leaf(&out, json, 2, 3);
	assert_true(out.n <= 4 * PAGE);
	put(&out, 0, 4 * PAGE - out.n);
	write_file(place, "trivy.db", buf_span(&out));
	write_file(place, "metadata.json", SPAN(METADATA));
}

/* ---- what the database says then ---- */

static const char *const states[ADVISORY_STATES] = {
	[ADVISORY_OPEN] = "open",	   [ADVISORY_FIXED] = "fixed",
	[ADVISORY_NOT_AFFECTED] = "never", [ADVISORY_UNDETERMINED] = "undetermined",
	[ADVISORY_RANGES] = "ranges",
};

struct listing {
	struct arena *arena;
	struct span text;
};

/* "PACKAGE ID RELEASE STATE TEXT\n" */
static int
list(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	struct listing *listing = context;
	const char *severity =
		advisory->severity != SEVERITY_UNKNOWN ? severity_name(advisory->severity) : "";

	(void)err;
	listing->text =
		arena_printf(listing->arena, "%.*s%.*s %.*s %.*s %s %.*s%.*s%s%.*s%.*s%s%s\n",
			     SPAN_ARG(listing->text), SPAN_ARG(source), SPAN_ARG(advisory->id),
			     SPAN_ARG(advisory->release), states[advisory->state],
			     SPAN_ARG(advisory->fixed), SPAN_ARG(advisory->affected),
			     advisory->no_dsa ? "no-dsa " : "", SPAN_ARG(advisory->reason),
			     SPAN_ARG(advisory->urgency), severity[0] ? " " : "", severity);
	return 0;
}

static const char *
rows_of(struct scratch *place, const char *distribution)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	struct listing listing = {place->arena, SPAN("")};

	assert_good(advisories_open(place->path, &advisories, err));
	assert_good(
		advisories_all(advisories, span_from(distribution), SPAN(""), list, &listing, err));
	return listing.text.p;
}

static const struct update_feed *
find_feed(const struct update_report *report, const char *name)
{
	for (size_t i = 0; i < report->count; i++) {
		if (span_equal(report->feeds[i].feed.name, span_from(name)))
			return &report->feeds[i];
	}
	fail_msg("no feed %s", name);
	return NULL;
}

static int
update(struct scratch *place, const char *source, struct update_report **ret, struct err *err)
{
	struct update_options options = {
		.database = place->path,
		.source = arena_printf(place->arena, "%s%s", source, place->folder.p).p,
	};

	return update_run(&options, ret, err);
}

/* ---- Trivy ---- */

static void
trivys_systems_become_rows(void **state)
{
	struct scratch *place = *state;
	CLEANUP(update_report_cleanup) struct update_report *report = NULL;

	write_trivy(
		place,
		"{\"debian 12\": {\"bash\": {\"CVE-2026-1001\": {\"FixedVersion\": \"5.2-1\"},"
		"  \"CVE-2026-1002\": {\"Status\": 2, \"Severity\": 1},"
		"  \"CVE-2026-1003\": {\"Status\": 5}, \"CVE-2026-1004\": {\"Status\": 6},"
		"  \"CVE-2026-1005\": {\"Status\": 7}, \"CVE-2026-1006\": {\"Status\": 4},"
		"  \"CVE-2026-1007\": {\"Status\": 1}, \"CVE-2026-1008\": {},"
		"  \"CVE-2026-1009\": {\"Status\": 8}, \"CVE-2026-1010\": {\"Status\": 3},"
		"  \"CVE-2026-1011\": {\"FixedVersion\": \"no version\"},"
		"  \"CVE-2026-1012\": 1}},"
		" \"debian 99\": {\"bash\": {\"CVE-2026-1001\": {}}},"
		" \"alpine 3.20\": {\"a\": {\"CVE-2026-1001\": {\"FixedVersion\": \"0\"}}},"
		" \"alpine edge\": {\"a\": {\"CVE-2026-1001\": {\"FixedVersion\": \"1-r0\"}}},"
		" \"wolfi\": {\"a\": {\"CVE-2026-1001\": {\"FixedVersion\": \"1-r0\"}}},"
		" \"alma 9\": {\"nodejs:18::npm\": {\"CVE-2026-1001\":"
		"  {\"FixedVersion\": \"1-1\"}}},"
		" \"amazon linux 1\": {\"a\": {\"CVE-2026-1001\": {\"FixedVersion\": \"1-1\"}}},"
		" \"CBL-Mariner 2.0\": {\"a\": {\"CVE-2026-1001\": {\"FixedVersion\": \"1-1\"}}},"
		" \"ubuntu 16.04-ESM\": {\"a\": {\"CVE-2026-1001\": {}}},"
		" \"SUSE Linux Enterprise 15.4\": {\"a\": {\"SUSE-SU-2026:1-1\":"
		"  {\"FixedVersion\": \"1-1\"}}},"
		" \"SUSE Linux Enterprise Micro 5.3\": {\"a\": {}},"
		" \"Oracle Linux 8\": {\"a\": {\"CVE-2026-1001\": {\"FixedVersion\": \"9\","
		"  \"Entries\": [{\"FixedVersion\": \"1-1\", \"Arches\": [\"x86_64\"]},"
		"   {\"FixedVersion\": \"1-2\", \"Arches\": [\"x86_64\", \"aarch64\"]},"
		"   {\"FixedVersion\": \"2-1\", \"Arches\": [\"aarch64\"]},"
		"   {\"FixedVersion\": \"10:3-1_fips\", \"Arches\": [\"x86_64\"]},"
		"   {\"FixedVersion\": \"3-1.ksplice1.el8\", \"Arches\": [\"x86_64\"]}]}}},"
		" \"vulnerability\": {\"CVE-2026-1001\": {\"VendorSeverity\": {\"debian\": 3,"
		"   \"nvd\": 2}, \"CVSS\": {\"nvd\": {\"V3Score\": 9.8, \"V3Vector\": \"V\"}}},"
		"  \"CVE-2026-1002\": {\"VendorSeverity\": {\"nvd\": 2}}},"
		" \"data-source\": {\"debian 12\": {\"ID\": \"debian\"}}}");
	assert_good(update(place, "trivy-db:", &report, err));
	assert_string_equal(rows_of(place, "debian"),
			    "bash CVE-2026-1001 bookworm fixed 5.2-1 high\n"
			    "bash CVE-2026-1002 bookworm open  low\n"
			    "bash CVE-2026-1003 bookworm open no-dsa ignored\n"
			    "bash CVE-2026-1004 bookworm open no-dsa postponed\n"
			    "bash CVE-2026-1005 bookworm open end-of-life\n"
			    "bash CVE-2026-1006 bookworm undetermined \n"
			    "bash CVE-2026-1007 bookworm never \n"
			    "bash CVE-2026-1008 bookworm open \n");
	assert_string_equal(rows_of(place, "alpine"), "a CVE-2026-1001 edge fixed 1-r0\n"
						      "a CVE-2026-1001 v3.20 never 0\n");
	assert_string_equal(rows_of(place, "wolfi"), "a CVE-2026-1001 rolling fixed 1-r0\n");
	assert_string_equal(rows_of(place, "almalinux"),
			    "nodejs:18/npm CVE-2026-1001 9 fixed 1-1\n");
	assert_string_equal(rows_of(place, "amazon"), "a CVE-2026-1001 2018.03 fixed 1-1\n");
	assert_string_equal(rows_of(place, "azurelinux"), "src/a CVE-2026-1001 2.0 fixed 1-1\n");
	assert_string_equal(rows_of(place, "suse"), "a SUSE-SU-2026:1-1 15.4 fixed 1-1\n");
	assert_string_equal(rows_of(place, "oracle"), "a CVE-2026-1001 8 fixed 1-2\n");

	const struct advisory_feed *debian = &find_feed(report, "debian")->feed;
	assert_int_equal(debian->records, 8);
	assert_int_equal(debian->skipped, 4);
	assert_int_equal(debian->fetched, 1793513553);
	assert_true(span_starts_with(debian->address, SPAN("trivy-db:/")));
	assert_true(span_contains(debian->problem, SPAN("CVE-2026-1009: a status")));
	assert_int_equal(find_feed(report, "nvd")->feed.records, 2);
	assert_span(find_feed(report, "trivy-db")->feed.problem,
		    "3 parts of it are not read: SUSE Linux Enterprise Micro 5.3, debian 99, "
		    "ubuntu 16.04-ESM");
	assert_int_equal(find_feed(report, "kev")->outcome, UPDATE_ABSENT);
	assert_int_equal(report->failed, 0);
	assert_int_equal(report->identity.built, 1793513553);
}

static void
red_hats_products_become_releases(void **state)
{
	struct scratch *place = *state;
	CLEANUP(update_report_cleanup) struct update_report *report = NULL;

	write_trivy(
		place,
		"{\"Red Hat\": {\"nodejs:18::npm\": {\"RHSA-2026:1\": {\"Entries\": ["
		"   {\"FixedVersion\": \"1-2.el9\", \"Affected\": [3, 4], \"Cves\": ["
		"    {\"ID\": \"CVE-2026-1001\", \"Severity\": 4}, {\"ID\": \"CVE-2026-1002\"}]},"
		"   {\"FixedVersion\": \"1-1.el8\", \"Affected\": [2], \"Cves\": ["
		"    {\"ID\": \"CVE-2026-1001\"}]},"
		"   {\"FixedVersion\": \"7\", \"Affected\": [9], \"Cves\": ["
		"    {\"ID\": \"CVE-2026-1001\"}]}]},"
		"  \"RHSA-2026:2\": {\"Entries\": [{\"FixedVersion\": \"1-10.el9\","
		"   \"Affected\": [3], \"Cves\": [{\"ID\": \"CVE-2026-1001\"}]}]},"
		"  \"CVE-2026-1003\": {\"Entries\": [{\"Status\": 5, \"Affected\": [3],"
		"   \"Cves\": [{\"Severity\": 2}]}]}}},"
		" \"Red Hat CPE\": {\"repository\": {\"rhel-9-for-x86_64-baseos-rpms\": [3],"
		"  \"rhel-8-for-x86_64-appstream-rpms\": [2], \"other\": [9, -1, 4]}},"
		" \"vulnerability\": {}}");
	assert_good(update(place, "trivy-db:", &report, err));
	assert_string_equal(rows_of(place, "redhat"),
			    "nodejs:18/npm CVE-2026-1001 8 fixed 1-1.el8\n"
			    "nodejs:18/npm CVE-2026-1001 9 fixed 1-10.el9 critical\n"
			    "nodejs:18/npm CVE-2026-1002 9 fixed 1-2.el9\n"
			    "nodejs:18/npm CVE-2026-1003 9 open no-dsa ignored medium\n");
	assert_span(find_feed(report, "trivy-db")->feed.problem, "");
	assert_int_equal(find_feed(report, "nvd")->outcome, UPDATE_ABSENT);
}

static void
trivys_languages_become_ranges(void **state)
{
	struct scratch *place = *state;
	CLEANUP(update_report_cleanup) struct update_report *report = NULL;

	write_trivy(place,
		    "{\"pip::GitHub\": {\"zope.a_b\": {\"CVE-2026-1001\":"
		    "   {\"VulnerableVersions\": [\"<1.2\", \">=2, <=2.4\"],"
		    "    \"PatchedVersions\": [\"1.2\"]},"
		    "  \"CVE-2026-1002\": {\"VulnerableVersions\": [\"no range\"]},"
		    "  \"CVE-2026-1003\": {\"VulnerableVersions\": [\"\"]},"
		    "  \"CVE-2026-1004\": {\"VulnerableVersions\": [\"<1\"],"
		    "    \"UnaffectedVersions\": [\"<2\"]}}},"
		    " \"rubygems::GitHub\": {\"rails\": {\"CVE-2026-1001\":"
		    "   {\"VulnerableVersions\": [\"<3\"]}}},"
		    " \"rubygems::Ruby Advisory Database\": {\"rails\": {\"CVE-2026-1001\":"
		    "   {\"PatchedVersions\": [\"~> 5.2.4, >= 5.2.4.3\", \">= 6.0.3.1\"],"
		    "    \"UnaffectedVersions\": [\"< 4.0\"]}, \"CVE-2026-1002\": {}},"
		    "  \"rack\": {\"GHSA-aaaa\": {\"PatchedVersions\": [\"2.0\"]}}},"
		    " \"cargo::x\": {\"a\": {\"CVE-2026-1001\": {\"VulnerableVersions\":"
		    "   [\">=1.0, <2.0\"], \"PatchedVersions\": [\"1.5.0\"]}}},"
		    " \"hex::x\": {\"a\": {}},"
		    " \"vulnerability\": {\"CVE-2026-1001\": {\"VendorSeverity\": {\"ghsa\": 4}}},"
		    " \"data-source\": {\"pip::GitHub\": {\"ID\": \"ghsa\"}}}");
	assert_good(update(place, "trivy-db:", &report, err));
	assert_string_equal(rows_of(place, "pypi"),
			    "zope-a-b CVE-2026-1001 all ranges [,1.2) [2,2.4] critical\n"
			    "zope-a-b CVE-2026-1003 all ranges [,)\n");
	assert_int_equal(find_feed(report, "pypi")->feed.skipped, 1);
	assert_string_equal(rows_of(place, "gem"),
			    "rack GHSA-aaaa all ranges [,2.0) (2.0,)\n"
			    "rails CVE-2026-1001 all ranges [,3) [4.0,5.2.4.3) [5.3.A,6.0.3.1)\n"
			    "rails CVE-2026-1002 all ranges [,)\n");
	assert_string_equal(rows_of(place, "cargo"),
			    "a CVE-2026-1001 all ranges [1.0.0,1.5.0) (1.5.0,2.0.0)\n");
	assert_span(find_feed(report, "trivy-db")->feed.problem,
		    "1 parts of it are not read: hex::x");
}

static void
a_trivy_database_that_is_none_is_refused(void **state)
{
	struct scratch *place = *state;
	CLEANUP(update_report_cleanup) struct update_report *report = NULL;

	assert_fails(ERR_NOT_FOUND, update(place, "trivy-db:", &report, err));
	assert_fails(ERR_USAGE, update(place, "other-db:", &report, err));
	assert_fails(ERR_USAGE, update(place, "", &report, err));
	write_file(place, "trivy.db", SPAN("not a database"));
	assert_fails(ERR_NOT_FOUND, update(place, "trivy-db:", &report, err));
	write_file(place, "metadata.json", SPAN(METADATA));
	assert_fails(ERR_INVALID, update(place, "trivy-db:", &report, err));
	write_trivy(place, "{\"debian 12\": {}, \"vulnerability\": {}}");
	write_file(place, "metadata.json", SPAN("{\"Version\": 1}"));
	assert_fails(ERR_UNSUPPORTED, update(place, "trivy-db:", &report, err));
	write_file(place, "metadata.json", SPAN("{\"Version\": 2}"));
	assert_fails(ERR_INVALID, update(place, "trivy-db:", &report, err));
	write_trivy(place, "{\"debian 12\": {}}");
	assert_fails(ERR_INVALID, update(place, "trivy-db:", &report, err));
	assert_null(report);
	assert_int_equal(access(place->path, F_OK), -1);
}

/* ---- Grype ---- */

/* The tables that are read, as schema/grype/db/sql has them. */
static const char grype_tables[] =
	"CREATE TABLE affected_package_handles (id INTEGER PRIMARY KEY, vulnerability_id, "
	" operating_system_id, package_id, blob_id);"
	"CREATE TABLE unaffected_package_handles (id INTEGER PRIMARY KEY, vulnerability_id, "
	" operating_system_id, package_id, blob_id);"
	"CREATE TABLE blobs (id INTEGER PRIMARY KEY, value TEXT NOT NULL);"
	"CREATE TABLE db_metadata (build_timestamp, model, revision, addition);"
	"CREATE TABLE epss_handles (id INTEGER PRIMARY KEY, cve, epss, percentile);"
	"CREATE TABLE known_exploited_vulnerability_handles (id INTEGER PRIMARY KEY, cve, blob_id);"
	"CREATE TABLE operating_systems (id INTEGER PRIMARY KEY, name, release_id, major_version,"
	" minor_version, label_version, codename, channel);"
	"CREATE TABLE packages (id INTEGER PRIMARY KEY, ecosystem, name);"
	"CREATE TABLE vulnerability_handles (id INTEGER PRIMARY KEY, name, status, withdrawn_date,"
	" provider_id, blob_id);"
	"CREATE INDEX idx_affected_package_handles_package_id ON "
	"affected_package_handles(package_id);"
	"CREATE INDEX idx_unaffected_package_handles_package_id"
	" ON unaffected_package_handles(package_id);"
	"INSERT INTO db_metadata VALUES ('2026-11-01 06:12:33.5+00:00', 6, 1, 9);";

static const char grype_rows[] =
	"INSERT INTO operating_systems VALUES (1, 'debian', 'debian', '12', '', '', 'bookworm', "
	"''),"
	" (2, 'redhat', 'rhel', '9', '', '', '', ''), (3, 'redhat', 'rhel', '9', '2', '', '', ''),"
	" (4, 'redhat', 'rhel', '9', '', '', '', 'eus'),"
	" (5, 'alpine', 'alpine', '3', '20', '', '', ''), (6, 'arch', 'arch', '', '', 'rolling', "
	"'',"
	" '');"
	"INSERT INTO packages VALUES (1, 'deb', 'bash'), (2, 'rpm', 'npm'), (3, 'apk', 'a'),"
	" (4, 'python', 'Zope.A'), (5, 'hex', 'x'), (6, 'alpm', 'x');"
	"INSERT INTO blobs VALUES (1, "
	"'{\"severities\":[{\"scheme\":\"CHMLN\",\"value\":\"high\"}]}'),"
	" (2, '{\"severities\":[{\"scheme\":\"CHMLN\",\"value\":\"negligible\"}]}'),"
	" (3, '{\"severities\":[{\"scheme\":\"CVSS\",\"value\":{\"vector\":"
	"\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\",\"version\":\"3.1\"}}]}'),"
	" (10, '{\"ranges\":[{\"version\":{\"type\":\"dpkg\",\"constraint\":\"< 5.2-1\"},"
	"\"fix\":{\"version\":\"5.2-1\",\"state\":\"fixed\"}}]}'),"
	" (11, "
	"'{\"ranges\":[{\"version\":{\"type\":\"dpkg\"},\"fix\":{\"state\":\"wont-fix\"}}]}'),"
	" (12, '{\"ranges\":[{\"version\":{\"type\":\"rpm\",\"constraint\":\"< 1:2-3\"},"
	"\"fix\":{\"version\":\"1:2-3\",\"state\":\"fixed\"}}],"
	"\"qualifiers\":{\"rpm_modularity\":\"nodejs:18\"}}'),"
	" (13, '{\"cves\":[\"CVE-2026-1005\",\"CVE-2026-1006\"],\"ranges\":[{\"version\":"
	"{\"constraint\":\">=1.0,<1.4\"},\"fix\":{\"version\":\"1.4\",\"state\":\"fixed\"}},"
	"{\"version\":{\"constraint\":\"<=0.9\"},\"fix\":{\"state\":\"not-fixed\"}}]}'),"
	" (14, '{\"ranges\":[{\"version\":{\"constraint\":\"what?\"}}]}'),"
	" (15, '{\"ranges\":[{\"version\":{\"constraint\":\">= 5.4, < 5.4.9\"},"
	"\"fix\":{\"version\":\"5.4.9\",\"state\":\"fixed\"}}]}');"
	"INSERT INTO vulnerability_handles VALUES (1, 'CVE-2026-1001', 'active', NULL, 'debian', "
	"1),"
	" (2, 'CVE-2026-1002', 'active', NULL, 'debian', 2),"
	" (3, 'CVE-2026-1001', 'active', NULL, 'nvd', 3),"
	" (4, 'CVE-2026-1003', 'rejected', NULL, 'debian', 1),"
	" (5, 'GHSA-aaaa-bbbb-cccc', 'active', NULL, 'github', 1),"
	" (6, 'CVE-2026-1004', 'active', NULL, 'debian', NULL);"
	"INSERT INTO affected_package_handles VALUES (1, 1, 1, 1, 10), (2, 2, 1, 1, 11),"
	" (3, 4, 1, 1, 10), (4, 6, 1, 1, 14), (5, 1, 2, 2, 12), (6, 1, 3, 2, 10), (7, 1, 4, 2, 12),"
	" (8, 1, 5, 3, 15), (9, 5, NULL, 4, 13), (10, 5, NULL, 5, 13), (11, 1, 6, 6, 11);"
	"INSERT INTO unaffected_package_handles VALUES (1, 6, 1, 1, 11);"
	"INSERT INTO known_exploited_vulnerability_handles VALUES (1, 'CVE-2026-1001', 1);"
	"INSERT INTO epss_handles VALUES (1, 'CVE-2026-1001', 0.5, 0.9), (2, 'CVE-2026-1002', 7, "
	"1);";

static void
write_grype(struct scratch *place, const char *const *sql)
{
	const char *path = arena_printf(place->arena, "%s/vulnerability.db", place->folder.p).p;
	sqlite3 *sqlite = NULL;

	(void)remove(path);
	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	for (; *sql; sql++) {
		char *problem = NULL;

		if (sqlite3_exec(sqlite, *sql, NULL, NULL, &problem) != SQLITE_OK)
			fail_msg("%s", problem);
	}
	assert_int_equal(sqlite3_close(sqlite), SQLITE_OK);
}

static void
grypes_tables_become_rows(void **state)
{
	static const char *const sql[] = {"PRAGMA journal_mode = WAL", grype_tables, grype_rows,
					  NULL};
	struct scratch *place = *state;
	CLEANUP(update_report_cleanup) struct update_report *report = NULL;
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	struct advisory_cve cve;

	write_grype(place, sql);
	assert_good(update(place, "grype-db:", &report, err));
	assert_string_equal(rows_of(place, "debian"),
			    "bash CVE-2026-1001 bookworm fixed 5.2-1 high\n"
			    "bash CVE-2026-1002 bookworm open no-dsa ignored negligible\n"
			    "bash CVE-2026-1004 bookworm never \n");
	assert_string_equal(rows_of(place, "redhat"),
			    "nodejs:18/src/npm CVE-2026-1001 9 fixed 1:2-3 high\n");
	assert_string_equal(rows_of(place, "alpine"),
			    "a CVE-2026-1001 v3.20 ranges [5.4,5.4.9) high\n");
	assert_string_equal(rows_of(place, "pypi"),
			    "zope-a CVE-2026-1005 all ranges [1.0,1.4) [,0.9] high\n"
			    "zope-a CVE-2026-1006 all ranges [1.0,1.4) [,0.9] high\n");
	assert_int_equal(find_feed(report, "debian")->feed.skipped, 1);
	assert_int_equal(find_feed(report, "epss")->feed.skipped, 1);
	assert_int_equal(find_feed(report, "kev")->feed.records, 1);
	assert_span(find_feed(report, "grype-db")->feed.problem,
		    "4 parts of it are not read: arch rolling, hex, rhel 9.2, rhel 9 eus");
	assert_int_equal(report->identity.built, 1793513553);
	assert_good(advisories_open(place->path, &advisories, err));
	assert_good(advisories_cve(advisories, SPAN("CVE-2026-1001"), place->arena, &cve, err));
	assert_true(cve.exploited && cve.epss == 0.5 && cve.score == 9.8);
	assert_span(cve.source, "nvd");
}

static void
a_grype_database_that_is_none_is_refused(void **state)
{
	static const char *const faults[][2] = {
		{"CREATE VIEW v AS SELECT 1", "more than tables"},
		{"CREATE TRIGGER t AFTER INSERT ON blobs BEGIN SELECT 1; END", "more than tables"},
		{"UPDATE db_metadata SET model = 5", "version 5"},
		{"DELETE FROM db_metadata", "no version"},
		{"DROP TABLE blobs", "no such table"},
		{"DROP INDEX idx_affected_package_handles_package_id", "no such index"},
		{"UPDATE db_metadata SET build_timestamp = 'yesterday'", "the date"},
	};
	struct scratch *place = *state;
	CLEANUP(update_report_cleanup) struct update_report *report = NULL;

	assert_fails(ERR_NOT_FOUND, update(place, "grype-db:", &report, err));
	write_file(place, "vulnerability.db", SPAN("SQLite format 3"));
	assert_fails(ERR_INVALID, update(place, "grype-db:", &report, err));
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const char *const sql[] = {grype_tables, faults[i][0], NULL};
		struct err err = ERR_INIT;

		write_grype(place, sql);
		if (update(place, "grype-db:", &report, &err) >= 0 ||
		    !span_contains(span_from(err.text), span_from(faults[i][1])))
			fail_msg("%s: %s", faults[i][0], err.text);
	}
}

/* ---- archives ---- */

/* The header of a member of a tar that states to be so long; what follows is not there. */
static struct span
tar_header(struct scratch *place, uint64_t size)
{
	enum { BLOCK = 512, SIZE = 124, SUM = 148, TYPE = 156, MAGIC = 257 };
	char *header = arena_alloc(place->arena, BLOCK);
	unsigned sum = 0;

	assert_non_null(header);
	memcpy(header, "other", sizeof("other"));
	memcpy(header + 100, "0000644", 8);
	header[SIZE] = (char)0x80; /* not in octal digits */
	bytes_put(header + SIZE + 4, size, 8, true);
	memcpy(header + 136, "00000000000", 12);
	memset(header + SUM, ' ', 8);
	header[TYPE] = '0';
	memcpy(header + MAGIC, "ustar\00000", 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)header[i];
	(void)snprintf(header + SUM, 8, "%06o", sum);
	return (struct span){header, BLOCK};
}

/* What is passed over takes its time too. */
static void
archives_that_state_too_much_are_not_inflated(void **state)
{
	struct scratch *place = *state;
	const struct published_kind kind = {.file = "trivy.db"};
	const struct published_options options = {.folder = place->folder.p};
	struct published published;
	struct span path = arena_printf(place->arena, "%s/a.tar", place->folder.p);

	write_file(place, "a.tar", tar_header(place, PUBLISHED_DATABASE_MAX * 2));
	assert_fails(ERR_LIMIT,
		     published_open(path, &kind, &options, place->arena, &published, err));
	write_file(place, "a.tar", tar_header(place, 1000));
	assert_fails(ERR_INVALID,
		     published_open(path, &kind, &options, place->arena, &published, err));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_set_up, scratch_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(trivys_systems_become_rows),
		TEST(red_hats_products_become_releases),
		TEST(trivys_languages_become_ranges),
		TEST(a_trivy_database_that_is_none_is_refused),
		TEST(grypes_tables_become_rows),
		TEST(a_grype_database_that_is_none_is_refused),
		TEST(archives_that_state_too_much_are_not_inflated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
