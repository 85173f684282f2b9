/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/feed_osv.h"
#include "port/feed_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* One line a pair: what was told of it. */
static int
note_one(struct buf *context, const struct feed_osv_record *record, struct span id, struct err *err)
{
	int r = buf_printf(context, err, "%.*s%s%.*s%s%.*s %.*s %.*s", SPAN_ARG(record->suffix),
			   record->suffix.n ? "|" : "", SPAN_ARG(record->module),
			   record->module.n ? "/" : "", SPAN_ARG(record->package), SPAN_ARG(id),
			   SPAN_ARG(record->affected));

	if (r == 0 && record->score >= 0)
		r = buf_printf(context, err, " %.1f", record->score);
	if (r == 0 && record->severity != SEVERITY_UNKNOWN)
		r = buf_printf(context, err, " %s", severity_name(record->severity));
	return r < 0 ? r : buf_byte(context, '\n', err);
}

static int
note(void *context, const struct feed_osv_record *record, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < record->id_count; i++)
		r = note_one(context, record, record->ids[i], err);
	return r;
}

static struct feed_osv_rules
rules_of(const char *ecosystem)
{
	return (struct feed_osv_rules){.ecosystem = span_from(ecosystem),
				       .order = version_order_find(SPAN("dpkg"))};
}

static void
expect(const struct feed_osv_rules *rules, const char *text, const char *wanted, uint64_t skipped)
{
	CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(KIB * 16);
	CLEANUP(json_tape_cleanup) struct json_tape tape = {0};
	struct feed_tally tally = {0};

	assert_good(feed_osv_read(&tape, span_from(text), SPAN("X.json"), rules, note, &seen,
				  &tally, err));
	assert_span(buf_span(&seen), wanted);
	if (tally.skipped != skipped)
		fail_msg("%llu skipped: %s", (unsigned long long)tally.skipped, tally.first);
}

#define AFFECTED(ecosystem, name, rest)                                                            \
	"{\"package\":{\"ecosystem\":\"" ecosystem "\",\"name\":\"" name "\"}," rest "}"
#define RANGE(events) "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" events "]}]"
#define RECORD(id, beside, affected)                                                               \
	"{\"schema_version\":\"1.6.0\",\"id\":\"" id "\"," beside "\"affected\":[" affected "]}"

static void
events_become_intervals(void **state)
{
	static const struct {
		const char *events;
		const char *wanted;
	} cases[] = {
		{"{\"introduced\":\"0\"}", "[,)"},
		{"{\"introduced\":\"0\"},{\"fixed\":\"1.2\"}", "[,1.2)"},
		{"{\"fixed\":\"1.2\"},{\"introduced\":\"0\"}", "[,1.2)"},
		{"{\"introduced\":\"1\"},{\"last_affected\":\"1.9\"}", "[1,1.9]"},
		{"{\"introduced\":\"1\"},{\"last_affected\":\"1\"}", "=1"},
		{"{\"introduced\":\"2\"},{\"introduced\":\"1\"},{\"fixed\":\"3\"},{\"fixed\":\"1."
		 "5\"}",
		 "[1,1.5) [2,3)"},
		{"{\"introduced\":\"1\"},{\"introduced\":\"2\"},{\"fixed\":\"3\"}", "[1,3)"},
		{"{\"introduced\":\"1\"},{\"fixed\":\"2\"},{\"introduced\":\"2\"}", "[1,2) [2,)"},
		{"{\"introduced\":\"1\"},{\"limit\":\"2\"},{\"limit\":\"*\"}", "[1,2)"},
	};
	const struct feed_osv_rules rules = rules_of("PyPI");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[1024];
		char wanted[128];

		(void)snprintf(text, sizeof(text), RECORD("CVE-2024-0001", "", "%s%s%s"),
			       "{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"a\"},\"ranges\":[{"
			       "\"type\":\"SEMVER\",\"events\":[",
			       cases[i].events, "]}]}");
		(void)snprintf(wanted, sizeof(wanted), "a CVE-2024-0001 %s\n", cases[i].wanted);
		expect(&rules, text, wanted, 0);
	}
}

static void
listed_versions_count_where_no_range_has_them(void **state)
{
	const struct feed_osv_rules rules = rules_of("PyPI");

	(void)state;
	expect(&rules,
	       RECORD("CVE-2024-0001", "",
		      AFFECTED("PyPI", "a",
			       RANGE("{\"introduced\":\"1\"},{\"fixed\":\"2\"}") ",\"versions\":["
										 "\"1\",\"1.5\","
										 "\"2\",\"3\"]")),
	       "a CVE-2024-0001 [1,2) =2 =3\n", 0);
	expect(&rules,
	       RECORD("CVE-2024-0001", "",
		      AFFECTED("PyPI", "a",
			       "\"ranges\":[{\"type\":\"GIT\",\"repo\":\"r\",\"events\":[{"
			       "\"introduced\":\"0\"}]}],\"versions\":[\"1\"]")),
	       "a CVE-2024-0001 =1\n", 0);
	/* Neither: not silently without vulnerabilities. */
	expect(&rules,
	       RECORD("CVE-2024-0001", "",
		      AFFECTED("PyPI", "a",
			       "\"ranges\":[{\"type\":\"GIT\",\"events\":[{\"introduced\":\"0\"}]}"
			       "]")),
	       "", 1);
	/* How far GitHub has seen it. */
	expect(&rules,
	       RECORD("CVE-2024-0001", "",
		      AFFECTED("PyPI", "a",
			       RANGE("{\"introduced\":\"0\"}") ",\"database_specific\":{\"last_"
							       "known_"
							       "affected_version_range\":\"<= "
							       "1.4\"}")),
	       "a CVE-2024-0001 [,1.4]\n", 0);
}

#define ONE AFFECTED("PyPI", "a", RANGE("{\"introduced\":\"0\"}"))

static void
vulnerabilities_have_one_name(void **state)
{
	struct feed_osv_rules rules = rules_of("PyPI");

	(void)state;
	expect(&rules,
	       RECORD("PYSEC-1", "\"aliases\":[\"GHSA-xxxx\",\"CVE-2024-0001\",\"CVE-2024-0002\"],",
		      ONE),
	       "a CVE-2024-0001 [,)\na CVE-2024-0002 [,)\n", 0);
	expect(&rules, RECORD("PYSEC-1", "\"aliases\":[\"GHSA-xxxx\"],", ONE), "a GHSA-xxxx [,)\n",
	       0);
	expect(&rules, RECORD("GHSA-xxxx", "\"aliases\":[\"PYSEC-1\"],", ONE), "a GHSA-xxxx [,)\n",
	       0);
	expect(&rules, RECORD("MAL-2024-1", "\"aliases\":null,", ONE), "a MAL-2024-1 [,)\n", 0);
	expect(&rules, RECORD("UBUNTU-CVE-2024-0003", "", ONE), "a CVE-2024-0003 [,)\n", 0);
	expect(&rules, RECORD("GO-1", "\"related\":[\"CVE-2024-0001\"],", ONE), "a GO-1 [,)\n", 0);
	expect(&rules, RECORD("GO-1", "\"withdrawn\":\"2024-01-01T00:00:00Z\",", ONE), "", 0);
	rules.only = SPAN("UBUNTU-CVE-");
	expect(&rules, RECORD("USN-1-1", "", ONE), "", 0);
	rules.only = SPAN("");
	rules.errata = true;
	expect(&rules,
	       RECORD("ALSA-1",
		      "\"related\":[\"CVE-2024-0001\"],\"upstream\":[\"CVE-2024-0002\",\"CVE-2024-"
		      "0001\"],\"summary\":\"Important: a security update\",",
		      ONE),
	       "a CVE-2024-0002 [,) high\na CVE-2024-0001 [,) high\n", 0);
	expect(&rules, RECORD("ALBA-1", "\"aliases\":[],", ONE), "", 0);
	expect(&rules, RECORD("ALSA-1", "\"aliases\":[],", ONE), "a ALSA-1 [,)\n", 0);
}

static void
severities_are_read(void **state)
{
	const struct feed_osv_rules rules = rules_of("PyPI");

	(void)state;
	expect(&rules,
	       RECORD("CVE-2024-0001",
		      "\"severity\":[{\"type\":\"CVSS_V4\",\"score\":\"CVSS:4.0/AV:N\"},{\"type\":"
		      "\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}],",
		      ONE),
	       "a CVE-2024-0001 [,) 9.8 critical\n", 0);
	expect(&rules,
	       RECORD("CVE-2024-0001",
		      "\"severity\":[{\"type\":\"CVSS_V4\",\"score\":\"CVSS:4.0/"
		      "AV:N\"}],\"database_"
		      "specific\":{\"severity\":\"MODERATE\"},",
		      ONE),
	       "a CVE-2024-0001 [,) medium\n", 0);
	expect(&rules,
	       RECORD("CVE-2024-0001", "\"severity\":[{\"type\":\"Ubuntu\",\"score\":\"low\"}],",
		      ONE),
	       "a CVE-2024-0001 [,) low\n", 0);
}

static void
packages_of_others_are_not_this_feeds(void **state)
{
	const struct feed_osv_rules rules = rules_of("Ubuntu");

	(void)state;
	expect(&rules,
	       RECORD("UBUNTU-CVE-2024-0001", "",
		      AFFECTED("Ubuntu:22.04:LTS", "a", RANGE("{\"introduced\":\"0\"}")) "," AFFECTED(
			      "Ubuntu:Pro:18.04:LTS", "a",
			      RANGE("{\"introduced\":\"0\"},{\"fixed\":\"1\"}")) "," AFFECTED("Debi"
											      "an:"
											      "12",
											      "a",
											      RANGE("{\"introduced\":\"0\"}"))),
	       "22.04:LTS|a CVE-2024-0001 [,)\nPro:18.04:LTS|a CVE-2024-0001 [,1)\n", 0);
}

static void
modules_have_their_stream(void **state)
{
	struct feed_osv_rules rules = rules_of("AlmaLinux");

	(void)state;
	rules.modules = rules.errata = true;
#define MODULAR(summary)                                                                           \
	RECORD("ALSA-1", "\"aliases\":[\"CVE-2024-0001\"],\"summary\":\"" summary "\",",           \
	       AFFECTED("AlmaLinux:8", "npm",                                                      \
			RANGE("{\"introduced\":\"0\"},{\"fixed\":\"1:10.8.2-1.module+el8.10.0+"    \
			      "1\"}")) "," AFFECTED("AlmaLinux:8", "zlib",                         \
						    RANGE("{\"introduced\":\"0\"},{\"fixed\":\"1." \
							  "2-1.el8\"}")))
	expect(&rules, MODULAR("Important: nodejs:18 security, bug fix update"),
	       "8|nodejs:18/npm CVE-2024-0001 [,1:10.8.2-1.module+el8.10.0+1) high\n"
	       "8|zlib CVE-2024-0001 [,1.2-1.el8) high\n",
	       0);
	expect(&rules, MODULAR("Low: httpd:2.4/mod_http2 and b:1, update"),
	       "8|httpd:2.4/npm CVE-2024-0001 [,1:10.8.2-1.module+el8.10.0+1) low\n"
	       "8|b:1/npm CVE-2024-0001 [,1:10.8.2-1.module+el8.10.0+1) low\n"
	       "8|zlib CVE-2024-0001 [,1.2-1.el8) low\n",
	       0);
	expect(&rules, MODULAR("Moderate: npm security update"),
	       "8|zlib CVE-2024-0001 [,1.2-1.el8) medium\n", 1);
}

static void
binary_packages_have_their_own_versions(void **state)
{
	struct feed_osv_rules rules = rules_of("SUSE");

	(void)state;
	rules.binaries = rules.errata = true;
	expect(&rules,
	       RECORD("SUSE-SU-2024:1-1", "\"upstream\":[\"CVE-2024-0001\"],",
		      AFFECTED(
			      "SUSE:Linux Enterprise Server 15 SP5", "openssl",
			      RANGE("{\"introduced\":\"0\"},{\"fixed\":\"1.1-1\"}") ",\"ecosystem_"
										    "specific\":{"
										    "\"binaries\":"
										    "[{\"libssl1\":"
										    "\"1.1-2\","
										    "\"openssl\":"
										    "\"1.1-1\"}]"
										    "}")),
	       "Linux Enterprise Server 15 SP5|libssl1 CVE-2024-0001 [,1.1-2)\n"
	       "Linux Enterprise Server 15 SP5|openssl CVE-2024-0001 [,1.1-1)\n",
	       0);
	expect(&rules,
	       RECORD("SUSE-SU-2024:1-1", "\"upstream\":[\"CVE-2024-0001\"],",
		      AFFECTED("SUSE:x", "openssl", RANGE("{\"introduced\":\"0\"}"))),
	       "", 1);
}

static void
records_that_make_no_sense_are_counted(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{\"id\":1}",
		"{\"id\":\"\"}",
		"{\"id\":\"a b\"}",
		"{\"id\":\"A-1\",\"affected\":{}}",
		RECORD("A-1", "\"aliases\":\"CVE-2024-0001\",", ONE),
		RECORD("A-1", "", "{\"package\":{\"ecosystem\":\"PyPI\"}}"),
		RECORD("A-1", "", "{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"a\\n\"}}"),
		RECORD("A-1", "", AFFECTED("PyPI", "a", "\"ranges\":1")),
		RECORD("A-1", "", AFFECTED("PyPI", "a", "\"ranges\":[1]")),
		RECORD("A-1", "",
		       AFFECTED("PyPI", "a", "\"ranges\":[{\"type\":\"SOME\",\"events\":[]}]")),
		RECORD("A-1", "", AFFECTED("PyPI", "a", "\"versions\":[\"1, 2\"]")),
		RECORD("A-1", "", AFFECTED("PyPI", "a", "\"versions\":[1]")),
		RECORD("A-1", "", AFFECTED("PyPI", "a", RANGE("{}"))),
		RECORD("A-1", "", AFFECTED("PyPI", "a", RANGE("{\"introduced\":0}"))),
		RECORD("A-1", "",
		       AFFECTED("PyPI", "a", RANGE("{\"introduced\":\"0\",\"fixed\":\"1\"}"))),
		RECORD("A-1", "", AFFECTED("PyPI", "a", RANGE("{\"introduced\":\"[,)\"}"))),
		RECORD("A-1", "", AFFECTED("PyPI", "a", RANGE("{\"fixed\":\"1\"}"))),
	};
	const struct feed_osv_rules rules = rules_of("PyPI");

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect(&rules, bad[i], "", 1);
	expect(&rules, RECORD("A-1", "", "{\"ranges\":[]}"), "", 0);
}

/* An archive in memory with one file per name; "folder" is one, and "link" a link to another file.
 */
static int
archive_of(const char *const *names, const char *bytes, size_t n, bool zip)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	assert_true(fd >= 0);
	assert_int_equal(zip ? archive_write_set_format_zip(archive)
			     : archive_write_set_format_pax_restricted(archive),
			 ARCHIVE_OK);
	if (!zip)
		assert_int_equal(archive_write_add_filter_zstd(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_open_fd(archive, fd), ARCHIVE_OK);
	for (size_t i = 0; names[i]; i++) {
		archive_entry_clear(entry);
		archive_entry_set_pathname(entry, names[i]);
		bool folder = strcmp(names[i], "folder") == 0;
		bool link = strcmp(names[i], "link") == 0;

		archive_entry_set_filetype(entry, folder ? AE_IFDIR : link ? AE_IFLNK : AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		if (link)
			archive_entry_set_symlink(entry, names[0]);
		archive_entry_set_size(entry, folder || link ? 0 : (la_int64_t)n);
		assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
		if (folder || link)
			continue;
		assert_int_equal(archive_write_data(archive, bytes, n), (int)n);
	}
	archive_entry_free(entry);
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	(void)archive_write_free(archive);
	return fd;
}

static int
note_member(void *context, struct span name, struct span bytes, struct err *err)
{
	return buf_printf(context, err, "%.*s=%.*s\n", SPAN_ARG(name), SPAN_ARG(bytes));
}

static void
archives_are_read_by_member(void **state)
{
	static const char *const names[] = {"a.json", "folder", "../../etc/b.json",
					    "link",   "/c",	NULL};

	(void)state;
	for (int zip = 0; zip < 2; zip++) {
		CLEANUP(fd_cleanup) int fd = archive_of(names, "{}", 2, zip);
		CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(KIB);

		assert_good(feed_archive_each(fd, NULL, note_member, &seen, err));
		assert_span(buf_span(&seen), "a.json={}\n../../etc/b.json={}\n/c={}\n");
	}
}

static bool
is_not_b(void *context, struct span name)
{
	(void)context;
	return !span_equal(name, SPAN("b"));
}

static bool
is_none(void *context, struct span name)
{
	(void)context;
	(void)name;
	return false;
}

/* Where the content of a member of a zip of ours starts: nothing stands behind its local name. */
static off_t
content_at(int fd, char name)
{
	char file[4 * KIB];
	ssize_t n = pread(fd, file, sizeof(file), 0);
	const char local[] = {'P', 'K', 3, 4};

	for (ssize_t i = 0; i + 31 < n; i++) {
		if (memcmp(file + i, local, sizeof(local)) == 0 && file[i + 30] == name)
			return i + 31 + (unsigned char)file[i + 28];
	}
	fail_msg("no member %c", name);
	return 0;
}

/* A member that nobody wants is not inflated: that it is damaged does not matter then. */
static void
members_that_are_not_wanted_are_left_alone(void **state)
{
	static const char *const names[] = {"a", "b", "c", NULL};
	CLEANUP(fd_cleanup) int damaged = archive_of(names, "{\"x\":1}", 7, true);
	CLEANUP(free_cleanup) char *zeroes = calloc(1, 48 * MIB);

	(void)state;
	assert_int_equal(pwrite(damaged, "\xff\xff", 2, content_at(damaged, 'b')), 2);
	CLEANUP(buf_cleanup) struct buf all = BUF_INIT(KIB);
	assert_fails(ERR_INVALID, feed_archive_each(damaged, NULL, note_member, &all, err));
	for (int zip = 0; zip < 2; zip++) {
		CLEANUP(fd_cleanup) int good = archive_of(names, "{\"x\":1}", 7, false);
		CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(KIB);

		assert_good(
			feed_archive_each(zip ? damaged : good, is_not_b, note_member, &seen, err));
		assert_span(buf_span(&seen), "a={\"x\":1}\nc={\"x\":1}\n");
	}
	/* the limits are those of the whole archive */
	assert_non_null(zeroes);
	for (int zip = 0; zip < 2; zip++) {
		CLEANUP(fd_cleanup) int bomb = archive_of(names, zeroes, 48 * MIB, zip);

		assert_fails(ERR_LIMIT, feed_archive_each(bomb, is_none, note_member, NULL, err));
	}
}

static int
pass(void *context, struct span name, struct span bytes, struct err *err)
{
	(void)context;
	(void)name;
	(void)bytes;
	(void)err;
	return 0;
}

static void
hostile_archives_are_refused(void **state)
{
	static const char *const names[] = {"1", "2", "3", NULL};
	CLEANUP(free_cleanup) char *zeroes = calloc(1, FEED_MEMBER_MAX + 1);
	CLEANUP(fd_cleanup) int small = archive_of(names, "{}", 2, true);
	CLEANUP(fd_cleanup) int empty = memfd_create("empty", MFD_CLOEXEC);
	CLEANUP(fd_cleanup) int text = memfd_create("text", MFD_CLOEXEC);

	(void)state;
	assert_non_null(zeroes);
	CLEANUP(fd_cleanup) int bomb = archive_of(names, zeroes, 48 * MIB, true);
	CLEANUP(fd_cleanup) int wide = archive_of(names + 2, zeroes, FEED_MEMBER_MAX + 1, true);
	assert_fails(ERR_LIMIT, feed_archive_each(bomb, NULL, pass, NULL, err));
	assert_fails(ERR_LIMIT, feed_archive_each(wide, NULL, pass, NULL, err));
	assert_fails(ERR_INVALID, feed_archive_each(empty, NULL, pass, NULL, err));
	assert_int_equal(write(text, "{\"id\":\"A-1\"}", 12), 12);
	assert_fails(ERR_INVALID, feed_archive_each(text, NULL, pass, NULL, err));
	assert_int_equal(ftruncate(small, lseek(small, 0, SEEK_END) - 30), 0);
	assert_fails(ERR_INVALID, feed_archive_each(small, NULL, pass, NULL, err));
}

static int
refuse(void *context, struct span name, struct span bytes, struct err *err)
{
	(void)context;
	(void)name;
	(void)bytes;
	return err_set(err, ERR_MISMATCH, "no");
}

static void
an_error_of_the_visitor_ends_it(void **state)
{
	static const char *const names[] = {"1", NULL};
	CLEANUP(fd_cleanup) int fd = archive_of(names, "{}", 2, false);

	(void)state;
	assert_fails(ERR_MISMATCH, feed_archive_each(fd, NULL, refuse, NULL, err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_become_intervals),
		cmocka_unit_test(listed_versions_count_where_no_range_has_them),
		cmocka_unit_test(vulnerabilities_have_one_name),
		cmocka_unit_test(severities_are_read),
		cmocka_unit_test(packages_of_others_are_not_this_feeds),
		cmocka_unit_test(modules_have_their_stream),
		cmocka_unit_test(binary_packages_have_their_own_versions),
		cmocka_unit_test(records_that_make_no_sense_are_counted),
		cmocka_unit_test(archives_are_read_by_member),
		cmocka_unit_test(members_that_are_not_wanted_are_left_alone),
		cmocka_unit_test(hostile_archives_are_refused),
		cmocka_unit_test(an_error_of_the_visitor_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
