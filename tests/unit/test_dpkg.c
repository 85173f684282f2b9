/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/dpkg_files.h"
#include "codec/dpkg_status.h"

#include <stdlib.h>

static const char usual[] = "Package: base-files\n"
			    "essential: yes\n"
			    "Status: install ok installed\n"
			    "Maintainer: Santiago Vila <sanvila@debian.org>\n"
			    "Section: admin\n"
			    "Architecture: amd64\n"
			    "Version: 12.4+deb12u5\n"
			    "Provides: base\n"
			    "Pre-Depends: awk\n"
			    "Depends: libc6 (>= 2.36),\n"
			    " libcrypt1\n"
			    "Conffiles:\n"
			    " /etc/issue 9999900000999990000099999000009a\n"
			    " /etc/a file 0123456789abcdef0123456789abcdef obsolete\n"
			    " /etc/new newconffile\n"
			    " obsolete\n"
			    "Description: files\n"
			    " more\n"
			    " .\n"
			    "X-Unknown: Package: nonsense\n"
			    "\n"
			    "\n"
			    "Package: libc6\n"
			    "Status: install ok half-configured\n"
			    "Source: glibc (2.36-9)\n"
			    "Version: 2.36-9+b1\n"
			    "Multi-Arch: same\n"
			    "Architecture: amd64";

static void
stanzas_are_read(void **state)
{
	struct arena *arena = arena_new(0);
	struct dpkg_status status;

	(void)state;
	assert_good(dpkg_status_read(span_from(usual), arena, &status, err));
	assert_int_equal(status.package_count, 2);
	assert_int_equal(status.fault_count, 0);

	const struct dpkg_package *package = &status.packages[0];
	assert_span(package->package, "base-files");
	assert_span(package->essential, "yes");
	assert_span(package->status, "install ok installed");
	assert_int_equal(package->state, DPKG_INSTALLED);
	assert_span(package->maintainer, "Santiago Vila <sanvila@debian.org>");
	assert_span(package->section, "admin");
	assert_span(package->version, "12.4+deb12u5");
	assert_span(package->provides, "base");
	assert_span(package->pre_depends, "awk");
	assert_span(package->depends, "libc6 (>= 2.36),\n libcrypt1");
	assert_span(package->source, "base-files");
	assert_span(package->source_version, "12.4+deb12u5");
	assert_int_equal(package->first_line, 1);
	assert_int_equal(package->last_line, 20);
	assert_true(span_starts_with(package->record, SPAN("Package: base-files\nessential")));
	assert_true(span_ends_with(package->record, SPAN("X-Unknown: Package: nonsense\n")));

	package = &status.packages[1];
	assert_int_equal(package->state, DPKG_HALF_CONFIGURED);
	assert_span(package->source, "glibc");
	assert_span(package->source_version, "2.36-9");
	assert_span(package->multi_arch, "same");
	assert_int_equal(package->first_line, 23);
	assert_true(span_ends_with(package->record, SPAN("Architecture: amd64")));
	assert_null(package->section.p);
	arena_free(arena);
}

static void
conffiles_are_read(void **state)
{
	struct arena *arena = arena_new(0);
	struct dpkg_status status;
	struct dpkg_conffile conffile;

	(void)state;
	assert_good(dpkg_status_read(span_from(usual), arena, &status, err));
	struct span rest = status.packages[0].conffiles;
	assert_true(dpkg_conffile_next(&rest, &conffile));
	assert_span(conffile.path, "/etc/issue");
	assert_span(conffile.md5, "9999900000999990000099999000009a");
	assert_false(conffile.obsolete);
	assert_true(dpkg_conffile_next(&rest, &conffile));
	assert_span(conffile.path, "/etc/a file");
	assert_true(conffile.obsolete);
	assert_true(dpkg_conffile_next(&rest, &conffile));
	assert_span(conffile.path, "/etc/new");
	assert_false(dpkg_conffile_next(&rest, &conffile));
	assert_false(dpkg_conffile_next(&rest, &conffile));
	arena_free(arena);
}

static void
carriage_returns_do_no_harm(void **state)
{
	static const char text[] = "PACKAGE: a\r\nversion: 1\r\nDepends: b,\r\n c\r\n"
				   "Conffiles:\r\n /etc/a 0123456789abcdef0123456789abcdef\r\n"
				   "\r\nPackage: b\r\n";
	struct arena *arena = arena_new(0);
	struct dpkg_status status;
	struct dpkg_conffile conffile;

	(void)state;
	assert_good(dpkg_status_read(span_from(text), arena, &status, err));
	assert_int_equal(status.package_count, 2);
	assert_int_equal(status.fault_count, 0);
	assert_span(status.packages[0].package, "a");
	assert_span(status.packages[0].version, "1");
	assert_int_equal(status.packages[0].state, DPKG_STATE_ABSENT);
	struct span rest = status.packages[0].conffiles;
	assert_true(dpkg_conffile_next(&rest, &conffile));
	assert_span(conffile.path, "/etc/a");
	assert_span(conffile.md5, "0123456789abcdef0123456789abcdef");
	assert_span(status.packages[1].package, "b");
	arena_free(arena);
}

static void
states_are_told_apart(void **state)
{
	static const struct {
		const char *words;
		enum dpkg_state state;
	} cases[] = {
		{"install ok installed", DPKG_INSTALLED},
		{"deinstall ok config-files", DPKG_CONFIG_FILES},
		{"unknown ok not-installed", DPKG_NOT_INSTALLED},
		{"install reinstreq half-installed", DPKG_HALF_INSTALLED},
		{"install ok unpacked", DPKG_UNPACKED},
		{"install ok triggers-pending", DPKG_TRIGGERS_PENDING},
		{"install ok triggers-awaited", DPKG_TRIGGERS_AWAITED},
		{"install ok Installed?", DPKG_STATE_UNKNOWN},
		{"", DPKG_STATE_UNKNOWN},
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dpkg_status status;
		struct span text = arena_printf(arena, "Package: x\nStatus: %s\n", cases[i].words);

		assert_good(dpkg_status_read(text, arena, &status, err));
		assert_int_equal(status.package_count, 1);
		assert_int_equal(status.packages[0].state, cases[i].state);
	}
	arena_free(arena);
}

static void
malformed_stanzas_are_named_and_passed_over(void **state)
{
	static const char text[] = "Package: good\n\n"		      /* 1 */
				   " no field before\nPackage: a\n\n" /* 3 */
				   "Package: b\nno colon\n\n"	      /* 6 */
				   "Package: c\npackage: d\n\n"	      /* 9 */
				   "Version: 1\n\n"		      /* 12 */
				   "Package: \n\n"		      /* 14 */
				   "Package: e\n: x\n\n"	      /* 16 */
				   "Package: f\nA B: x\n\n"	      /* 19 */
				   "Package: last\n";		      /* 22 */
	static const struct {
		uint32_t first;
		uint32_t last;
		const char *text;
	} faults[] = {
		{3, 4, "line 3: a continuation line without a field"},
		{6, 7, "line 7: no field name"},
		{9, 10, "line 10: a field that stands twice"},
		{12, 12, "line 12: no Package field"},
		{14, 14, "line 14: no Package field"},
		{16, 17, "line 17: no field name"},
		{19, 20, "line 20: no field name"},
	};
	struct arena *arena = arena_new(0);
	struct dpkg_status status;

	(void)state;
	assert_good(dpkg_status_read(span_from(text), arena, &status, err));
	assert_int_equal(status.package_count, 2);
	assert_span(status.packages[0].package, "good");
	assert_span(status.packages[1].package, "last");
	assert_int_equal(status.packages[1].first_line, 22);
	assert_int_equal(status.fault_count, sizeof(faults) / sizeof(faults[0]));
	for (size_t i = 0; i < status.fault_count; i++) {
		assert_int_equal(status.faults[i].first_line, faults[i].first);
		assert_int_equal(status.faults[i].last_line, faults[i].last);
		assert_span(status.faults[i].text, faults[i].text);
	}
	assert_good(dpkg_status_read((struct span){"Package: a\0b\n", 13}, arena, &status, err));
	assert_int_equal(status.package_count, 0);
	assert_span(status.faults[0].text, "line 1: a NUL byte");
	assert_good(dpkg_status_read(SPAN(""), arena, &status, err));
	assert_int_equal(status.package_count + status.fault_count, 0);
	arena_free(arena);
}

static void
limits_hold(void **state)
{
	struct arena *arena = arena_new(0);
	struct buf many = BUF_INIT(PACKAGE_DATABASE_MAX + 2);
	struct dpkg_status status = {.package_count = 7};

	(void)state;
	for (size_t i = 0; i <= PACKAGES_MAX; i++)
		assert_good(buf_append(&many, SPAN("Package: x\n\n"), err));
	assert_fails(ERR_LIMIT, dpkg_status_read(buf_span(&many), arena, &status, err));
	many.n -= 12;
	assert_good(dpkg_status_read(buf_span(&many), arena, &status, err));
	assert_int_equal(status.package_count, PACKAGES_MAX);
	assert_fails(ERR_LIMIT, dpkg_status_read((struct span){many.p, PACKAGE_DATABASE_MAX + 1},
						 arena, &status, err));
	buf_cleanup(&many);
	arena_free(arena);
}

static void
sources_are_split(void **state)
{
	static const struct {
		const char *field;
		const char *name;
		const char *version;
	} cases[] = {
		{"Source: foo", "foo", "1-1+b1"},    {"Source: foo (1-1)", "foo", "1-1"},
		{"Source: foo(1-1)", "foo", "1-1"},  {"Source: foo ( 1-1 ) x", "foo", "1-1"},
		{"Source: foo ()", "foo", "1-1+b1"}, {"Source: (1-1)", "x", "1-1"},
		{"Source:", "x", "1-1+b1"},	     {"Source: foo (1", "foo", "1"},
		{"Other: y", "x", "1-1+b1"},
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dpkg_status status;
		struct span text =
			arena_printf(arena, "Package: x\n%s\nVersion: 1-1+b1\n", cases[i].field);

		assert_good(dpkg_status_read(text, arena, &status, err));
		assert_int_equal(status.package_count, 1);
		assert_span(status.packages[0].source, cases[i].name);
		assert_span(status.packages[0].source_version, cases[i].version);
	}
	arena_free(arena);
}

static void
file_lists_are_read(void **state)
{
	struct span rest = SPAN("/.\n/usr/a b \r\n\nrelative\n/end");
	struct dpkg_file file;
	size_t faults = 0;

	(void)state;
	assert_true(dpkg_list_next(&rest, &file, &faults));
	assert_span(file.path, "/.");
	assert_true(dpkg_list_next(&rest, &file, &faults));
	assert_span(file.path, "/usr/a b ");
	assert_int_equal(faults, 0);
	assert_true(dpkg_list_next(&rest, &file, &faults));
	assert_span(file.path, "/end");
	assert_int_equal(faults, 1);
	assert_false(dpkg_list_next(&rest, &file, &faults));
	rest = (struct span){"/a\0b\n", 5};
	assert_false(dpkg_list_next(&rest, &file, &faults));
	assert_int_equal(faults, 2);
}

static void
sums_are_read(void **state)
{
	static const uint8_t empty[16] = {0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04,
					  0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42, 0x7e};
	struct span rest = SPAN("d41d8cd98f00b204e9800998ecf8427e  usr/bin/x\n"
				"D41D8CD98F00B204E9800998ECF8427E *./usr/y z\r\n"
				"d41d8cd98f00b204e9800998ecf8427g  usr/bad\n"
				"d41d8cd98f00b204e9800998ecf8427e  \n"
				"d41d8cd98f00b204e9800998ecf8427e  /\n"
				"short  x\n");
	struct dpkg_file file;
	size_t faults = 0;

	(void)state;
	assert_true(dpkg_md5sums_next(&rest, &file, &faults));
	assert_span(file.path, "usr/bin/x");
	assert_memory_equal(file.digest, empty, 16);
	assert_true(dpkg_md5sums_next(&rest, &file, &faults));
	assert_span(file.path, "usr/y z");
	assert_memory_equal(file.digest, empty, 16);
	assert_int_equal(faults, 0);
	assert_false(dpkg_md5sums_next(&rest, &file, &faults));
	assert_int_equal(faults, 4);
}

static void
diversions_are_read(void **state)
{
	struct span rest = SPAN("/bin/sh\n/bin/sh.distrib\ndash\n/a\n/b\n:\nx\n/y\nz\n/lonely\n");
	struct dpkg_diversion diversion;
	size_t faults = 0;

	(void)state;
	assert_true(dpkg_diversion_next(&rest, &diversion, &faults));
	assert_span(diversion.from, "/bin/sh");
	assert_span(diversion.to, "/bin/sh.distrib");
	assert_span(diversion.package, "dash");
	assert_true(dpkg_diversion_next(&rest, &diversion, &faults));
	assert_span(diversion.package, "");
	assert_int_equal(faults, 0);
	assert_false(dpkg_diversion_next(&rest, &diversion, &faults));
	assert_int_equal(faults, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stanzas_are_read),
		cmocka_unit_test(conffiles_are_read),
		cmocka_unit_test(carriage_returns_do_no_harm),
		cmocka_unit_test(states_are_told_apart),
		cmocka_unit_test(malformed_stanzas_are_named_and_passed_over),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(sources_are_split),
		cmocka_unit_test(file_lists_are_read),
		cmocka_unit_test(sums_are_read),
		cmocka_unit_test(diversions_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
