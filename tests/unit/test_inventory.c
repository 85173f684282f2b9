/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "found.h"
#include "stage/inventory.h"

#include <stdlib.h>

#define OS "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"

static const struct component *
find(const struct inventory *inventory, const char *name, const char *architecture)
{
	for (size_t i = 0; i < inventory->component_count; i++) {
		const struct component *component = &inventory->components[i];

		if (span_equal(component->name, span_from(name)) &&
		    (!architecture || span_equal(component->architecture, span_from(architecture))))
			return component;
	}
	fail_msg("no component %s", name);
	return NULL;
}

static const struct component_file *
find_file(const struct component *component, const char *listed)
{
	for (size_t i = 0; i < component->file_count; i++) {
		if (span_equal(component->files[i].listed, span_from(listed)))
			return &component->files[i];
	}
	fail_msg("%.*s has no %s", SPAN_ARG(component->name), listed);
	return NULL;
}

static void
check_files(const struct image *image, const struct component *component)
{
	const struct component_file *file = find_file(component, "/bin/ls");
	assert_span(image->entries[file->entry].path, "/usr/bin/ls");
	assert_int_equal(file->digest_of, FILE_DIGEST_MD5);
	assert_int_equal(file->digest[0], 0xd4);
	assert_int_equal(file->digest[15], 0x7e);
	file = find_file(component, "/bin2/dir.real");
	assert_span(image->entries[file->entry].path, "/usr/bin/dir.real");
	assert_int_equal(file->digest_of, FILE_DIGEST_NONE);
	file = find_file(component, "/bin/link");
	assert_span(image->entries[file->entry].path, "/usr/bin/link");
	assert_int_equal(find_file(component, "/.")->entry, 0);
	assert_span(image->entries[find_file(component, "/bin")->entry].path, "/bin");
	assert_int_equal(find_file(component, "/usr/share/doc/gone")->entry, IMAGE_NONE);
	assert_int_equal(find_file(component, "/bin/ls/below")->entry, IMAGE_NONE);
	file = find_file(component, "/etc/ls.conf");
	assert_true(file->conffile);
	assert_int_equal(file->digest_of, FILE_DIGEST_MD5);
	assert_int_equal(file->digest[0], 0x01);
}

static void
packages_and_files_are_found(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/usr/bin/ls", .content = "x", .mode = 0755},
		{.path = "/usr/bin/dir.real", .content = "x"},
		{.path = "/bin", .type = IMAGE_SYMLINK, .link = "usr/bin"},
		{.path = "/bin2", .type = IMAGE_SYMLINK, .link = "/bin"},
		{.path = "/usr/bin/link", .type = IMAGE_SYMLINK, .link = "nowhere"},
		{.path = "/etc/ls.conf", .content = "x"},
		{.path = "/etc/stray", .content = "x"},
		{.path = "/usr/lib/os-release", .content = OS},
		{.path = "/etc/os-release", .type = IMAGE_SYMLINK, .link = "../usr/lib/os-release"},
		{.path = "/var/lib/dpkg/status",
		 .content = "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\n"
			    "Multi-Arch: same\nSource: zlib (1:1.2.13.dfsg-1)\n"
			    "Version: 1:1.2.13.dfsg-1+b1\n\n"
			    "Package: coreutils\nEssential: yes\nStatus: install ok installed\n"
			    "Maintainer: M <m@example.org>\nSection: utils\nArchitecture: amd64\n"
			    "Version: 9.1-1~deb+1\nPre-Depends: libc6\nDepends: a | b,\n c\n"
			    "Provides: ls\nConffiles:\n"
			    " /etc/ls.conf 0123456789abcdef0123456789abcdef\n"
			    " /etc/gone.conf 0123456789abcdef0123456789abcdef obsolete\n"},
		{.path = "/var/lib/dpkg/info/coreutils.list",
		 .content = "/.\n/bin\n/bin/ls\n/bin2/dir.real\n/bin/link\n/usr\n/usr/bin\n"
			    "/usr/share/doc/gone\n/etc\n/etc/ls.conf\n/bin/ls/below\n"},
		{.path = "/var/lib/dpkg/info/coreutils.md5sums",
		 .content = "d41d8cd98f00b204e9800998ecf8427e  bin/ls\n"
			    "d41d8cd98f00b204e9800998ecf8427e  not/listed\n"},
		{.path = "/var/lib/dpkg/info/zlib1g:amd64.list", .content = "/.\n/usr\n"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_true(inventory->any_database);
	assert_int_equal(inventory->gaps.count, 0);
	assert_int_equal(inventory->component_count, 2);
	assert_int_equal(inventory->owner_count, fixture.image->entry_count);
	assert_span(inventory->os.id, "debian");

	const struct component *component = &inventory->components[0];
	assert_span(component->name, "coreutils");
	assert_span(component->ecosystem, "dpkg");
	assert_span(component->depends, "libc6, a | b,\n c");
	assert_span(component->provides, "ls");
	assert_span(component->maintainer, "M <m@example.org>");
	assert_span(component->section, "utils");
	assert_span(component->database, "/var/lib/dpkg/status");
	assert_span(component->purl,
		    "pkg:deb/debian/coreutils@9.1-1~deb%2B1?arch=amd64&distro=debian-12");
	assert_true(span_starts_with(component->record, SPAN("Package: coreutils\n")));
	assert_true(component->essential);
	assert_int_equal(component->state, COMPONENT_INSTALLED);
	assert_int_equal(component->file_count, 11);
	check_files(fixture.image, component);

	component = &inventory->components[1];
	assert_span(component->source, "zlib");
	assert_span(component->source_version, "1:1.2.13.dfsg-1");
	assert_false(component->essential);
	assert_span(component->purl,
		    "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1%2Bb1?arch=amd64&distro=debian-12"
		    "&upstream=zlib%401%3A1.2.13.dfsg-1");
	assert_int_equal(component->file_count, 2);
	assert_span(found_owner(&fixture, inventory, "/usr/bin/ls"), "coreutils");
	assert_span(found_owner(&fixture, inventory, "/usr/bin"), "coreutils");
	assert_span(found_owner(&fixture, inventory, "/etc/stray"), "-");
	found_drop(inventory, &fixture);
}

static void
states_say_whether_code_is_there(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/etc/os-release", .content = OS},
		{.path = "/etc/old.conf", .content = "x"},
		{.path = "/etc/shared", .content = "x"},
		{.path = "/var/lib/dpkg/status",
		 .content =
			 "Package: a-removed\nStatus: deinstall ok config-files\nVersion: 1\n\n"
			 "Package: b-gone\nStatus: unknown ok not-installed\n\n"
			 "Package: c-half\nStatus: install ok half-configured\nVersion: 1\n\n"
			 "Package: d-leaving\nStatus: deinstall ok installed\nVersion: 1\n\n"
			 "Package: e-none\nVersion: 1\n\n"
			 "Package: f-odd\nStatus: what ok ever\nVersion: 1\n\n"
			 "Package: g-pending\nStatus: install ok triggers-pending\nVersion: 1\n\n"
			 "Package: h-versionless\nStatus: install ok installed\n"},
		{.path = "/var/lib/dpkg/info/a-removed.list",
		 .content = "/etc/old.conf\n/etc/shared\n"},
		{.path = "/var/lib/dpkg/info/c-half.list", .content = "/etc/shared\n"},
		{.path = "/var/lib/dpkg/info/d-leaving.list", .content = "/.\n"},
		{.path = "/var/lib/dpkg/info/e-none.list", .content = "/.\n"},
		{.path = "/var/lib/dpkg/info/f-odd.list", .content = "/.\n"},
		{.path = "/var/lib/dpkg/info/h-versionless.list", .content = "/.\nrelative\n"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 7);
	assert_int_equal(find(inventory, "a-removed", NULL)->state, COMPONENT_CONFIG_FILES);
	assert_int_equal(find(inventory, "c-half", NULL)->state, COMPONENT_HALF);
	assert_int_equal(find(inventory, "d-leaving", NULL)->state, COMPONENT_INSTALLED);
	assert_int_equal(find(inventory, "e-none", NULL)->state, COMPONENT_INSTALLED);
	assert_int_equal(find(inventory, "f-odd", NULL)->state, COMPONENT_HALF);
	assert_int_equal(find(inventory, "g-pending", NULL)->state, COMPONENT_HALF);
	assert_true(found_gap(inventory, "e-none", "no Status"));
	assert_true(found_gap(inventory, "f-odd", "unknown Status"));
	assert_true(found_gap(inventory, "g-pending", "list of its files is not there"));
	assert_true(found_gap(inventory, "h-versionless", "no Version"));
	assert_true(found_gap(inventory, "h-versionless", "1 lines of its file lists"));
	assert_int_equal(inventory->gaps.count, 5);
	assert_span(found_owner(&fixture, inventory, "/etc/old.conf"), "a-removed");
	assert_span(found_owner(&fixture, inventory, "/etc/shared"), "c-half");
	found_drop(inventory, &fixture);
}

static void
several_architectures_have_lists_of_their_own(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/etc/os-release", .content = OS},
		{.path = "/usr/lib/x86_64/libz.so", .content = "x"},
		{.path = "/usr/lib/i386/libz.so", .content = "x"},
		{.path = "/var/lib/dpkg/status",
		 .content = "Package: z\nStatus: install ok installed\nArchitecture: i386\n"
			    "Version: 1\nMulti-Arch: same\n\n"
			    "Package: z\nStatus: install ok installed\nArchitecture: amd64\n"
			    "Version: 1\nMulti-Arch: same\n"},
		{.path = "/var/lib/dpkg/info/z:amd64.list", .content = "/usr/lib/x86_64/libz.so\n"},
		{.path = "/var/lib/dpkg/info/z:i386.list", .content = "/usr/lib/i386/libz.so\n"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 2);
	assert_int_equal(inventory->gaps.count, 0);
	assert_span(inventory->components[0].architecture, "amd64");
	assert_span(inventory->components[0].files[0].listed, "/usr/lib/x86_64/libz.so");
	assert_span(inventory->components[1].files[0].listed, "/usr/lib/i386/libz.so");
	uint32_t entry = image_find(fixture.image, SPAN("/usr/lib/i386/libz.so"));
	assert_int_equal(inventory->owners[entry], 1);
	found_drop(inventory, &fixture);
}

static void
distroless_records_are_read(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/usr/lib/os-release", .content = OS},
		{.path = "/usr/lib/libc.so.6", .content = "x"},
		{.path = "/etc/base.conf", .content = "x"},
		{.path = "/var/lib/dpkg/status.d/libc6",
		 .content =
			 "Package: libc6\nVersion: 2.36-9\nArchitecture: amd64\nSource: glibc\n"},
		{.path = "/var/lib/dpkg/status.d/libc6.md5sums",
		 .content = "d41d8cd98f00b204e9800998ecf8427e  usr/lib/libc.so.6\n"},
		{.path = "/var/lib/dpkg/status.d/base",
		 .content = "Package: base-files\nVersion: 12.4\nArchitecture: all\nConffiles:\n"
			    " /etc/base.conf d41d8cd98f00b204e9800998ecf8427e\n"},
		{.path = "/var/lib/dpkg/status.d/base.md5sums",
		 .content = "d41d8cd98f00b204e9800998ecf8427e  usr/absent\n"},
		{.path = "/var/lib/dpkg/status.d/libssl1.1",
		 .content = "Package: libssl1.1\nVersion: 1.1\n"},
		{.path = "/var/lib/dpkg/status.d/lost", .type = IMAGE_SYMLINK, .link = "nowhere"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 3);
	assert_span(found_owner(&fixture, inventory, "/usr/lib/libc.so.6"), "libc6");
	assert_span(found_owner(&fixture, inventory, "/etc/base.conf"), "base-files");
	const struct component *component = find(inventory, "base-files", NULL);
	assert_span(component->database, "/var/lib/dpkg/status.d/base");
	assert_int_equal(component->state, COMPONENT_INSTALLED);
	assert_int_equal(component->file_count, 2);
	assert_true(find_file(component, "/etc/base.conf")->conffile);
	assert_int_equal(find_file(component, "/usr/absent")->entry, IMAGE_NONE);
	assert_span(find(inventory, "libc6", NULL)->source, "glibc");
	assert_span(find(inventory, "libc6", NULL)->source_version, "2.36-9");
	assert_true(found_gap(inventory, "libssl1.1", "list of its files is not there"));
	assert_true(found_gap(inventory, "/var/lib/dpkg/status.d/lost", "link to nothing"));
	assert_int_equal(inventory->gaps.count, 2);
	found_drop(inventory, &fixture);
}

static void
databases_elsewhere_are_read(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/etc/os-release", .content = OS},
		{.path = "/data/dpkg/status",
		 .content = "Package: main\nStatus: install ok installed\nVersion: 1\n"},
		{.path = "/data/dpkg/info/main.list", .content = "/etc/os-release\n"},
		{.path = "/var/lib/dpkg", .type = IMAGE_SYMLINK, .link = "/data/dpkg"},
		{.path = "/srv/root/usr/bin/tool", .content = "x"},
		{.path = "/srv/root/bin", .type = IMAGE_SYMLINK, .link = "usr/bin"},
		{.path = "/srv/root/var/lib/dpkg/status",
		 .content = "Package: inner\nStatus: install ok installed\nVersion: 2\n"},
		{.path = "/srv/root/var/lib/dpkg/info/inner.list", .content = "/.\n/bin/tool\n"},
		{.path = "/opt/admin/status",
		 .content = "Package: aside\nStatus: install ok installed\nVersion: 3\n"},
		{.path = "/opt/admin/info/aside.list", .content = "/opt/file\n"},
		{.path = "/opt/file", .content = "x"},
		{.path = "/opt/service/status", .content = "Package: none\nVersion: 1\n"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 3);
	assert_int_equal(inventory->gaps.count, 0);
	assert_span(found_owner(&fixture, inventory, "/etc/os-release"), "main");
	assert_span(found_owner(&fixture, inventory, "/srv/root/usr/bin/tool"), "inner");
	assert_span(found_owner(&fixture, inventory, "/srv/root"), "inner");
	assert_span(found_owner(&fixture, inventory, "/opt/file"), "aside");
	assert_span(find(inventory, "inner", NULL)->files[1].listed, "/bin/tool");
	assert_span(find(inventory, "main", NULL)->database, "/data/dpkg/status");
	found_drop(inventory, &fixture);
}

static void
diversions_are_honoured(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/etc/os-release", .content = OS},
		{.path = "/usr/bin/sh", .content = "new"},
		{.path = "/usr/bin/sh.distrib", .content = "old"},
		{.path = "/usr/bin/local", .content = "mine"},
		{.path = "/usr/bin/local.orig", .content = "theirs"},
		{.path = "/var/lib/dpkg/diversions",
		 .content = "/usr/bin/sh\n/usr/bin/sh.distrib\nbash\n"
			    "/usr/bin/local\n/usr/bin/local.orig\n:\nbroken\nx\ny\n"},
		{.path = "/var/lib/dpkg/status",
		 .content = "Package: dash\nStatus: install ok installed\nVersion: 1\n\n"
			    "Package: bash\nStatus: install ok installed\nVersion: 1\n"},
		{.path = "/var/lib/dpkg/info/dash.list",
		 .content = "/usr/bin/sh\n/usr/bin/local\n"},
		{.path = "/var/lib/dpkg/info/bash.list", .content = "/usr/bin/sh\n"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_span(found_owner(&fixture, inventory, "/usr/bin/sh"), "bash");
	assert_span(found_owner(&fixture, inventory, "/usr/bin/sh.distrib"), "dash");
	assert_span(found_owner(&fixture, inventory, "/usr/bin/local"), "-");
	assert_span(found_owner(&fixture, inventory, "/usr/bin/local.orig"), "dash");
	assert_true(found_gap(inventory, "/var/lib/dpkg/diversions", "could not be understood"));
	assert_int_equal(inventory->gaps.count, 1);
	found_drop(inventory, &fixture);
}

static void
what_is_missing_is_a_gap(void **state)
{
	static const struct fixture_entry nothing[] = {{.path = "/x", .content = "x"}};
	static const struct fixture_entry no_status[] = {
		{.path = "/etc/os-release", .type = IMAGE_SYMLINK, .link = "nowhere"},
		{.path = "/usr/lib/os-release", .content = "ID=debian\nnonsense\n"},
		{.path = "/var/lib/dpkg/info/a.list", .content = "/.\n"},
		{.path = "/var/lib/pacman/local/x", .content = "x"},
	};
	static const struct fixture_entry unreadable[] = {
		{.path = "/etc/os-release", .type = IMAGE_DIRECTORY},
		{.path = "/usr/lib/os-release", .content = OS},
		{.path = "/var/lib/dpkg/status", .type = IMAGE_DIRECTORY},
		{.path = "/var/lib/dpkg/updates/0001", .content = "Package: x\n"},
	};
	static const struct fixture_entry malformed[] = {
		{.path = "/etc/os-release", .content = OS},
		{.path = "/var/lib/dpkg/info/a.list", .content = "/.\n"},
		{.path = "/var/lib/dpkg/status",
		 .content =
			 "Package: x\nnonsense\n\n"
			 "Package: a\nStatus: install ok installed\nVersion: 1\n\n"
			 "Package: ../../etc/passwd\nStatus: install ok installed\nVersion: 1\n"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(nothing, &fixture);

	(void)state;
	assert_false(inventory->any_database);
	assert_false(inventory->os.known);
	assert_true(found_gap(inventory, "packages", "no package database"));
	assert_true(found_gap(inventory, "os-release", "not known"));
	assert_int_equal(inventory->gaps.count, 2);
	found_drop(inventory, &fixture);

	inventory = READ(no_status, &fixture);
	assert_true(inventory->any_database);
	assert_true(inventory->os.known);
	assert_true(found_gap(inventory, "/usr/lib/os-release", "1 lines"));
	assert_true(found_gap(inventory, "/var/lib/dpkg", "no status"));
	assert_true(found_gap(inventory, "/var/lib/pacman/local", "pacman"));
	assert_int_equal(inventory->gaps.count, 3);
	found_drop(inventory, &fixture);

	inventory = READ(unreadable, &fixture);
	assert_true(inventory->any_database);
	assert_true(inventory->os.known);
	assert_true(found_gap(inventory, "/etc/os-release", "cannot be read"));
	assert_true(found_gap(inventory, "/var/lib/dpkg/status", "cannot be read"));
	assert_true(found_gap(inventory, "/var/lib/dpkg/updates", "not merged"));
	assert_int_equal(inventory->gaps.count, 3);
	found_drop(inventory, &fixture);

	inventory = READ(malformed, &fixture);
	assert_int_equal(inventory->component_count, 2);
	assert_true(found_gap(inventory, "/var/lib/dpkg/status", "lines 1 to 2 are malformed"));
	assert_true(found_gap(inventory, "../../etc/passwd", "list of its files is not there"));
	assert_int_equal(inventory->gaps.count, 2);
	found_drop(inventory, &fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_and_files_are_found),
		cmocka_unit_test(states_say_whether_code_is_there),
		cmocka_unit_test(several_architectures_have_lists_of_their_own),
		cmocka_unit_test(distroless_records_are_read),
		cmocka_unit_test(databases_elsewhere_are_read),
		cmocka_unit_test(diversions_are_honoured),
		cmocka_unit_test(what_is_missing_is_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
