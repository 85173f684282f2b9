/* SPDX-License-Identifier: Apache-2.0 */
/* rpm's headers, its three kinds of databases, manifests. */
#include "rpm_blob.h"
#include "test.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/relation.h"
#include "codec/rpm_manifest.h"

#include <sqlite3.h>
#include <stdlib.h>

static void
everything_of_a_header(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	static const char *const provides[] = {"app", "lib.so.1()(64bit)"};
	static const char *const names[] = {"app", "app.conf", "log"};
	static const char *const folders[] = {"/usr/bin/", "/etc/", "/var/"};
	static const char *const digests[] = {"aa", "", "bb"};
	static const uint32_t places[] = {0, 1, 2};
	static const uint32_t flags[] = {0, RPM_FILE_CONFIG, RPM_FILE_GHOST};
	static const uint32_t modes[] = {0100755, 0100644, 0100600};
	static const uint32_t epoch = 3;
	struct rpm_package package;
	struct rpm_blob blob;

	(void)state;
	rpm_blob_open(&blob, arena);
	rpm_blob_text(&blob, 1000, "app");
	rpm_blob_text(&blob, 1001, "1.0");
	rpm_blob_text(&blob, 1002, "2");
	rpm_blob_numbers(&blob, 1003, RPM_INT32, &epoch, 1);
	rpm_blob_text(&blob, 1011, "Vendor");
	rpm_blob_text(&blob, 1044, "src-x-1.1-2.src.rpm");
	rpm_blob_text(&blob, 5096, "m:1:2:3");
	rpm_blob_texts(&blob, 1047, provides, 2);
	rpm_blob_texts(&blob, 1117, names, 3);
	rpm_blob_texts(&blob, 1118, folders, 3);
	rpm_blob_texts(&blob, 1035, digests, 3);
	rpm_blob_numbers(&blob, 1116, RPM_INT32, places, 3);
	rpm_blob_numbers(&blob, 1037, RPM_INT32, flags, 3);
	rpm_blob_numbers(&blob, 1030, RPM_INT16, modes, 3);
	rpm_blob_text(&blob, 1000, "added"); /* what was added when it was built counts */
	assert_good(rpm_package_read(rpm_blob_close(&blob), arena, &package, err));
	assert_span(package.name, "added");
	assert_int_equal(package.epoch, 3);
	assert_span(package.vendor, "Vendor");
	assert_int_equal(package.provides.count, 2);
	assert_int_equal(package.requires.count, 0);
	assert_int_equal(package.digest_algorithm, RPM_DIGEST_MD5);
	assert_span(rpm_module_stream(package.module), "m:1");
	assert_span(rpm_module_stream(SPAN("m")), "");
	assert_span(rpm_module_stream(SPAN(":1")), "");

	struct rpm_file_cursor cursor = RPM_FILE_CURSOR(&package);
	struct rpm_file file;
	assert_true(rpm_file_next(&package, &cursor, &file));
	assert_span(file.folder, "/usr/bin/");
	assert_span(file.digest, "aa");
	assert_true(rpm_file_next(&package, &cursor, &file));
	assert_span(file.name, "app.conf");
	assert_span(file.digest, "");
	assert_int_equal(file.flags, RPM_FILE_CONFIG);
	assert_true(rpm_file_next(&package, &cursor, &file));
	assert_int_equal(file.mode, 0100600);
	assert_int_equal(file.state, RPM_STATE_NORMAL);
	assert_false(rpm_file_next(&package, &cursor, &file));
}

static void
old_headers_have_whole_paths(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	static const char *const names[] = {"/usr/bin/app", "/etc/app.conf"};
	struct rpm_package package;
	struct rpm_blob blob;
	struct rpm_file file;

	(void)state;
	rpm_blob_open(&blob, arena);
	rpm_blob_text(&blob, 1000, "old");
	rpm_blob_texts(&blob, 1027, names, 2);
	assert_good(rpm_package_read(rpm_blob_close(&blob), arena, &package, err));
	struct rpm_file_cursor cursor = RPM_FILE_CURSOR(&package);
	assert_true(rpm_file_next(&package, &cursor, &file));
	assert_span(file.folder, "");
	assert_span(file.name, "/usr/bin/app");
}

static void
headers_that_contradict_themselves(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	static const char *const names[] = {"a", "b"};
	static const char *const folders[] = {"/"};
	static const uint32_t places[] = {0, 1};
	struct rpm_package package;

	(void)state;
	struct span good = rpm_blob_package(arena, "a", (const char *const[]){"/x", NULL});
	assert_good(rpm_package_read(good, arena, &package, err));
	for (size_t n = 0; n < good.n; n++)
		assert_fails(ERR_INVALID,
			     rpm_package_read(span_slice(good, 0, n), arena, &package, err));

	struct rpm_blob blob;
	rpm_blob_open(&blob, arena); /* no name */
	assert_fails(ERR_INVALID, rpm_package_read(rpm_blob_close(&blob), arena, &package, err));

	rpm_blob_open(&blob, arena); /* a folder that there is not */
	rpm_blob_text(&blob, 1000, "a");
	rpm_blob_texts(&blob, 1117, names, 2);
	rpm_blob_texts(&blob, 1118, folders, 1);
	rpm_blob_numbers(&blob, 1116, RPM_INT32, places, 2);
	assert_fails(ERR_INVALID, rpm_package_read(rpm_blob_close(&blob), arena, &package, err));

	rpm_blob_open(&blob, arena); /* fewer folders than files */
	rpm_blob_text(&blob, 1000, "a");
	rpm_blob_texts(&blob, 1117, names, 2);
	rpm_blob_texts(&blob, 1118, folders, 1);
	rpm_blob_numbers(&blob, 1116, RPM_INT32, places, 1);
	assert_fails(ERR_INVALID, rpm_package_read(rpm_blob_close(&blob), arena, &package, err));

	rpm_blob_open(&blob, arena); /* a name that is a number */
	rpm_blob_numbers(&blob, 1000, RPM_INT32, places, 1);
	assert_fails(ERR_INVALID, rpm_package_read(rpm_blob_close(&blob), arena, &package, err));

	char many[8] = {0x7f, 0, 0, 0};
	assert_fails(ERR_LIMIT, rpm_package_read((struct span){many, 8}, arena, &package, err));
}

/* All but the states is as it was, whether there were any or not. */
static void
states_of_files(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	static const char *const names[] = {"/a", "/b"};
	static const uint8_t gone[] = {RPM_STATE_NORMAL, RPM_STATE_NOT_INSTALLED};
	struct rpm_package package;
	struct rpm_package again;
	struct rpm_blob blob;
	struct span with;

	(void)state;
	struct span before = rpm_blob_package(arena, "p", (const char *const[]){"/a", "/b", NULL});
	assert_good(rpm_package_read(before, arena, &package, err));
	assert_good(rpm_package_with_states(&package, gone, arena, &with, err));
	assert_int_equal(with.n, before.n);
	size_t differences = 0;
	for (size_t i = 0; i < with.n; i++)
		differences += with.p[i] != before.p[i];
	assert_int_equal(differences, 1);

	rpm_blob_open(&blob, arena);
	rpm_blob_text(&blob, 1000, "old");
	rpm_blob_texts(&blob, 1027, names, 2);
	assert_good(rpm_package_read(rpm_blob_close(&blob), arena, &package, err));
	assert_good(rpm_package_with_states(&package, gone, arena, &with, err));
	assert_good(rpm_package_read(with, arena, &again, err));
	assert_span(again.name, "old");
	assert_int_equal(again.states.count, 2);
	assert_int_equal(rpm_value_number(&again.states, 0), RPM_STATE_NORMAL);
	assert_int_equal(rpm_value_number(&again.states, 1), RPM_STATE_NOT_INSTALLED);

	rpm_blob_open(&blob, arena); /* the states would be written over the names */
	rpm_blob_text(&blob, 1000, "old");
	rpm_blob_entry(&blob, 1027, RPM_STRINGS, 2, "", 0);
	rpm_blob_entry(&blob, 1029, RPM_CHAR, 2, "a\0b", 4);
	assert_good(rpm_package_read(rpm_blob_close(&blob), arena, &package, err));
	assert_fails(ERR_INVALID, rpm_package_with_states(&package, gone, arena, &with, err));
}

static void
names_of_source_packages(void **state)
{
	struct span name, version, release;

	(void)state;
	assert_true(
		rpm_source_parse(SPAN("gcc-c++-1.0~rc1-2.el9.src.rpm"), &name, &version, &release));
	assert_span(name, "gcc-c++");
	assert_span(version, "1.0~rc1");
	assert_span(release, "2.el9");
	assert_true(rpm_source_parse(SPAN("a-1-2.nosrc.rpm"), &name, &version, &release));
	assert_false(rpm_source_parse(SPAN("a-1-2.rpm"), &name, &version, &release));
	assert_false(rpm_source_parse(SPAN("a-1.src.rpm"), &name, &version, &release));
	assert_false(rpm_source_parse(SPAN("-1-2.src.rpm"), &name, &version, &release));
	assert_false(rpm_source_parse(SPAN("(none)"), &name, &version, &release));
	assert_false(rpm_source_parse(SPAN(""), &name, &version, &release));
}

static void
relations(void **state)
{
	struct span rest = SPAN("libc.so.6(GLIBC_2.34)(64bit)\n(a if b)\n/bin/sh");
	static const char *const wanted[] = {"libc.so.6(GLIBC_2.34)(64bit)", "", "/bin/sh"};
	struct span clause;
	struct span name;
	size_t n = 0;

	(void)state;
	while (relation_clause_next(SPAN("rpm"), &rest, &clause)) {
		while (relation_name_next(SPAN("rpm"), &clause, &name))
			assert_span(name, wanted[n++]);
	}
	assert_int_equal(n, 3);
}

static void
places_of_databases(void **state)
{
	struct span root;

	(void)state;
	assert_true(rpm_is_database(SPAN("/var/lib/rpm/Packages"), &root));
	assert_span(root, "");
	assert_true(rpm_is_database(SPAN("/srv/x/usr/lib/sysimage/rpm/rpmdb.sqlite"), &root));
	assert_span(root, "/srv/x");
	assert_false(rpm_is_database(SPAN("/var/lib/rpm/Name"), &root));
	assert_false(rpm_is_database(SPAN("/srv/Packages"), &root));
	assert_false(rpm_is_database(SPAN("Packages"), &root));
}

static void
manifests(void **state)
{
	struct span text =
		SPAN("a-b\t1.0-2.cm2\t1\t2\tMicrosoft\t(none)\t7\tx86_64\t0\ta-1.0-2.cm2.src.rpm\n"
		     "\nshort\t1-2\nb\t1\t1\t2\tV\t1\t7\tnoarch\t1\tb-1-1.src.rpm\n"
		     "c\t1-1\t1\t2\tV\t1\t7\tnoarch\t-1\tb-1-1.src.rpm\n"
		     "d\t1-1\t1\t2\tV\t4\t7\tnoarch\t4\tb-1-1.src.rpm");
	struct rpm_manifest_line line;
	size_t faults = 0;

	(void)state;
	assert_true(rpm_manifest_next(&text, &line, &faults));
	assert_span(line.name, "a-b");
	assert_span(line.release, "2.cm2");
	assert_true(rpm_manifest_next(&text, &line, &faults));
	assert_span(line.name, "d");
	assert_span(line.epoch, "4");
	assert_false(rpm_manifest_next(&text, &line, &faults));
	assert_int_equal(faults, 3);
}

/* ---- databases ---- */

static void
what_is_damaged_is_a_fault(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	const struct rpm_record records[] = {{1, SPAN("one")}, {5, SPAN("five")}, {6, SPAN("six")}};
	const struct rpm_backend *ndb = rpm_backend_find(SPAN("Packages.db"));
	struct span file = rpm_blob_database(arena, records, 3);
	struct rpm_database database;

	(void)state;
	assert_good(ndb->read(file, SPAN(""), arena, &database, err));
	assert_int_equal(database.record_count, 3);
	assert_int_equal(database.fault_count, 0);
	assert_int_equal(database.records[1].number, 5);
	assert_span(database.records[1].header, "five");

	char *at = memmem((char *)(uintptr_t)file.p, file.n, "five", 4);
	assert_non_null(at);
	*at = 'h';
	assert_good(ndb->read(file, SPAN(""), arena, &database, err));
	assert_int_equal(database.record_count, 2);
	assert_int_equal(database.fault_count, 1);
	assert_int_equal(database.faults[0].number, 5);
	assert_good(ndb->read(span_slice(file, 0, file.n - 16), SPAN(""), arena, &database, err));
	assert_int_equal(database.record_count, 1);
	assert_int_equal(database.fault_count, 2);
	assert_fails(ERR_INVALID, ndb->read(SPAN("RpmP"), SPAN(""), arena, &database, err));
}

/* What SQLite itself makes of these statements. */
static struct span
sqlite_file(struct arena *arena, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_int64 n = 0;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	unsigned char *bytes = sqlite3_serialize(db, "main", &n, 0);
	assert_non_null(bytes);
	struct span file = arena_copy(arena, (struct span){(char *)bytes, (size_t)n});
	sqlite3_free(bytes);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return file;
}

#define PACKAGES                                                                                   \
	"CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL);"

/* Many rows, some of them on many pages: 1 to 700, of n * n bytes. */
static void
a_tree_of_pages(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	const struct rpm_backend *sqlite = rpm_backend_find(SPAN("rpmdb.sqlite"));
	struct span file = sqlite_file(
		arena, "PRAGMA page_size = 512;" PACKAGES
		       "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 700)"
		       "INSERT INTO Packages SELECT i, zeroblob(i * 7) FROM n;");
	struct rpm_database database;

	(void)state;
	assert_good(sqlite->read(file, SPAN(""), arena, &database, err));
	assert_int_equal(database.record_count, 700);
	assert_int_equal(database.fault_count, 0);
	for (uint32_t i = 0; i < 700; i++) {
		assert_int_equal(database.records[i].number, i + 1);
		assert_int_equal(database.records[i].header.n, 7 * (i + 1));
	}
	/* Without its last pages some are not whole. */
	assert_good(sqlite->read(span_slice(file, 0, file.n / 2), SPAN(""), arena, &database, err));
	assert_true(database.fault_count > 0);
	assert_true(database.record_count < 700);
}

static void
expect_answer(struct span file, const char *sql, const char *wanted)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_deserialize(db, "main", (unsigned char *)(uintptr_t)file.p,
					     (sqlite3_int64)file.n, (sqlite3_int64)file.n,
					     SQLITE_DESERIALIZE_READONLY),
			 SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(statement, 0), wanted);
	(void)sqlite3_finalize(statement);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Rows of indexes go with their packages; what is no index of packages is not taken over. */
static void
a_cut_sqlite_file(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(4 * MIB);
	const struct rpm_backend *sqlite = rpm_backend_find(SPAN("rpmdb.sqlite"));
	struct span file = sqlite_file(
		arena,
		"PRAGMA page_size = 1024; PRAGMA user_version = 7;" PACKAGES
		"CREATE TABLE 'Name' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT "
		"NULL); CREATE INDEX 'Name_key_idx' ON 'Name'(key ASC);"
		"CREATE TABLE 'Sigmd5' (key 'BLOB' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER);"
		"CREATE TABLE \"x'y\" (key, hnum, idx); INSERT INTO \"x'y\" VALUES ('secret', 1, "
		"1);"
		"INSERT INTO Packages VALUES (1, x'01'), (2, x'02'), (9, x'09');"
		"DELETE FROM Packages WHERE hnum = 9;"
		"INSERT INTO Name VALUES ('first', 1, 0), ('gone', 2, 0);"
		"INSERT INTO Sigmd5 VALUES (x'0aff', 1, -3), (x'0b', 2, 0);");
	const struct rpm_record one = {1, SPAN("\x01")};

	(void)state;
	assert_good(sqlite->cut(file, SPAN(""), &one, 1, &out, err));
	struct span cut = buf_span(&out);
	expect_answer(cut, "PRAGMA integrity_check", "ok");
	assert_memory_equal(cut.p + 16, file.p + 16, 2); /* the size of pages */
	expect_answer(cut, "PRAGMA user_version", "7");
	expect_answer(cut, "SELECT group_concat(hnum || hex(blob)) FROM Packages", "101");
	expect_answer(cut, "SELECT group_concat(key || hnum || idx) FROM Name", "first10");
	expect_answer(cut, "SELECT group_concat(hex(key) || idx) FROM Sigmd5", "0AFF-3");
	expect_answer(cut, "SELECT seq FROM sqlite_sequence", "9");
	expect_answer(cut, "SELECT count(*) FROM sqlite_master WHERE name LIKE 'x%'", "0");
	expect_answer(cut, "SELECT sql FROM sqlite_master WHERE name = 'Name_key_idx'",
		      "CREATE INDEX 'Name_key_idx' ON 'Name'(key ASC)");
	assert_false(span_contains(cut, SPAN("gone")));
	assert_false(span_contains(cut, SPAN("secret")));
}

/* Points many rows of a leaf at the one that holds the text. */
static void
repeat_row(struct span file, const char *text)
{
	enum { PAGE = 4096, ROWS = 500, POINTERS = 8 };
	const char *found = memmem(file.p, file.n, text, strlen(text));

	assert_non_null(found);
	char *page = (char *)(uintptr_t)file.p + (size_t)(found - file.p) / PAGE * PAGE;
	bytes_put_u16(page + 3, ROWS, true);
	for (size_t i = 1; i < ROWS; i++)
		memcpy(page + POINTERS + 2 * i, page + POINTERS, 2);
}

/* Of such a file no more may come than is in it. */
static void
rows_that_overlap(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(4 * MIB);
	const struct rpm_backend *sqlite = rpm_backend_find(SPAN("rpmdb.sqlite"));
	const char *sql =
		"PRAGMA page_size = 4096;" PACKAGES "CREATE TABLE 'Name' (key, hnum, idx);"
		"INSERT INTO Packages VALUES (1, CAST('package' || hex(zeroblob(1000)) AS BLOB));"
		"INSERT INTO Name VALUES ('index' || hex(zeroblob(1000)), 1, 0);";
	const struct rpm_record one = {1, SPAN("\x01")};
	struct rpm_database database;
	struct span file = sqlite_file(arena, sql);

	(void)state;
	assert_good(sqlite->cut(file, SPAN(""), &one, 1, &out, err));
	out.n = 0;
	repeat_row(file, "index0000");
	assert_fails(ERR_INVALID, sqlite->cut(file, SPAN(""), &one, 1, &out, err));
	file = sqlite_file(arena, sql);
	repeat_row(file, "package");
	assert_fails(ERR_INVALID, sqlite->read(file, SPAN(""), arena, &database, err));
}

static void
files_that_are_none(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct rpm_database database;

	(void)state;
	for (size_t i = 0; i < rpm_backend_count; i++) {
		assert_fails(ERR_INVALID,
			     rpm_backends[i].read(SPAN(""), SPAN(""), arena, &database, err));
		char *zeroes = arena_alloc(arena, 8192);
		assert_fails(ERR_INVALID, rpm_backends[i].read((struct span){zeroes, 8192},
							       SPAN(""), arena, &database, err));
	}
	struct span other = sqlite_file(arena, "CREATE TABLE other (a); ");
	assert_fails(ERR_INVALID, rpm_backend_find(SPAN("rpmdb.sqlite"))
					  ->read(other, SPAN(""), arena, &database, err));
	assert_null(rpm_backend_find(SPAN("Name")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_of_a_header),
		cmocka_unit_test(old_headers_have_whole_paths),
		cmocka_unit_test(headers_that_contradict_themselves),
		cmocka_unit_test(states_of_files),
		cmocka_unit_test(names_of_source_packages),
		cmocka_unit_test(relations),
		cmocka_unit_test(places_of_databases),
		cmocka_unit_test(manifests),
		cmocka_unit_test(what_is_damaged_is_a_fault),
		cmocka_unit_test(a_tree_of_pages),
		cmocka_unit_test(a_cut_sqlite_file),
		cmocka_unit_test(rows_that_overlap),
		cmocka_unit_test(files_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
