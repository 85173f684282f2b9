/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of apk's databases: components, files, owners, purls, gaps. */
#include "test.h"

#include "found.h"
#include "stage/inventory.h"

#define OS                                                                                         \
	"NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.23.6\nPRETTY_NAME=\"Alpine Linux "         \
	"v3.23\"\n"

static void
everything_of_a_package(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/etc/os-release", .content = OS},
		{.path = "/etc/motd", .content = ""},
		{.path = "/lib/libcurl.so.4", .content = ""},
		{.path = "/lib/link", .type = IMAGE_SYMLINK, .link = "libcurl.so.4"},
		{.path = "/lib/apk/db/installed",
		 .content = "C:Q1VFqm8pEgmviZMrdh2eQiwneFlsw=\nP:libcurl\nV:8.22.0-r0\nA:x86_64\n"
			    "L:curl\no:curl\nm:A <a@b>\nD:so:libc.musl-x86_64.so.1 !x\n"
			    "p:so:libcurl.so.4=4.8.0\nF:lib\nR:libcurl.so.4\na:0:0:755\n"
			    "Z:Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=\nR:gone\nR:link\nF:\nF:etc\nR:motd\n"
			    "Z:broken\n\n"
			    "P:meta\nV:1.0_rc1~0f-r0\nA:noarch\no:meta\nD:libcurl\n\n"
			    "P:new\nV:2-r0\nf:S\nF:\nR:a+b\n"
			    "Z:Q1aaaaaaaaaaaaaaaaaaaaaaaaaaa=\n\n"
			    "P:half\nf:f\nF:etc\n\n"},
		{.path = "/a+b", .content = ""},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_true(inventory->any_database);
	assert_int_equal(inventory->component_count, 4);
	const struct component *half = &inventory->components[0];
	const struct component *curl = &inventory->components[1];
	const struct component *meta = &inventory->components[2];
	const struct component *new = &inventory->components[3];

	assert_span(curl->ecosystem, "apk");
	assert_span(curl->name, "libcurl");
	assert_span(curl->source, "curl");
	assert_span(curl->source_version, "8.22.0-r0");
	assert_span(curl->architecture, "x86_64");
	assert_span(curl->licence, "curl");
	assert_span(curl->maintainer, "A <a@b>");
	assert_span(curl->depends, "so:libc.musl-x86_64.so.1 !x");
	assert_span(curl->provides, "so:libcurl.so.4=4.8.0");
	assert_span(curl->database, "/lib/apk/db/installed");
	assert_span(curl->purl, "pkg:apk/alpine/libcurl@8.22.0-r0?arch=x86_64&distro=alpine-3.23.6"
				"&upstream=curl");
	assert_int_equal(curl->state, COMPONENT_INSTALLED);
	assert_false(curl->no_files);
	assert_int_equal(curl->file_count, 7);
	assert_span(curl->files[1].listed, "/lib/libcurl.so.4");
	assert_int_equal(curl->files[1].digest_of, FILE_DIGEST_SHA1);
	assert_int_equal(curl->files[1].digest[0], 0xda);
	assert_int_equal(curl->files[2].entry, IMAGE_NONE);
	assert_int_equal(curl->files[2].digest_of, FILE_DIGEST_NONE);
	assert_span(curl->files[4].listed, "/");
	assert_int_equal(curl->files[4].entry, 0);
	assert_span(curl->files[6].listed, "/etc/motd");

	assert_true(meta->no_files);
	assert_int_equal(meta->file_count, 0);
	assert_span(meta->purl,
		    "pkg:apk/alpine/meta@1.0_rc1~0f-r0?arch=noarch&distro=alpine-3.23.6");
	assert_int_equal(new->files[1].digest_of, FILE_DIGEST_SHA256);
	assert_int_equal(half->state, COMPONENT_HALF);

	assert_span(found_owner(&fixture, inventory, "/lib/libcurl.so.4"), "libcurl");
	assert_span(found_owner(&fixture, inventory, "/lib/link"), "libcurl");
	assert_span(found_owner(&fixture, inventory, "/a+b"), "new");
	assert_span(found_owner(&fixture, inventory, "/etc/os-release"), "-");

	assert_int_equal(inventory->gaps.count, 2);
	assert_span(inventory->gaps.items[0].subject, "libcurl");
	assert_span(inventory->gaps.items[0].text,
		    "1 checksums of its files could not be understood");
	assert_span(inventory->gaps.items[1].text,
		    "no version in /lib/apk/db/installed: it cannot be matched");
	found_drop(inventory, &fixture);
}

static void
every_place_is_found_once(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/usr/lib/os-release", .content = "ID=wolfi\nVERSION_ID=20230201\n"},
		{.path = "/lib", .type = IMAGE_SYMLINK, .link = "usr/lib"},
		{.path = "/usr/lib/apk/db/installed", .content = "P:a\nV:1\nF:lib\nR:x\n\n"},
		{.path = "/usr/lib/x", .content = ""},
		{.path = "/srv/root/lib/apk/db/installed", .content = "P:b\nV:1\nF:bin\nR:y\n\n"},
		{.path = "/srv/root/bin/y", .content = ""},
		{.path = "/bin/y", .content = ""},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 2);
	assert_span(inventory->components[0].purl, "pkg:apk/wolfi/a@1?distro=wolfi-20230201");
	assert_span(found_owner(&fixture, inventory, "/usr/lib/x"), "a");
	assert_span(found_owner(&fixture, inventory, "/srv/root/bin/y"), "b");
	assert_span(found_owner(&fixture, inventory, "/bin/y"), "-");
	assert_int_equal(inventory->gaps.count, 0);
	found_drop(inventory, &fixture);
}

static void
what_cannot_be_read_is_a_gap(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/etc/os-release", .content = OS},
		{.path = "/lib/apk/db/installed", .content = "P:a\nV:1\n\nV:2\n\nP:b\nV:1\n\n"},
		{.path = "/usr/lib/apk/db/installed", .type = IMAGE_DIRECTORY},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 2);
	assert_int_equal(inventory->gaps.count, 2);
	assert_span(inventory->gaps.items[0].text,
		    "lines 4 to 4 are malformed (line 4: no name): a package recorded there is not "
		    "in the inventory");
	assert_span(inventory->gaps.items[1].subject, "/usr/lib/apk/db/installed");
	found_drop(inventory, &fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_of_a_package),
		cmocka_unit_test(every_place_is_found_once),
		cmocka_unit_test(what_cannot_be_read_is_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
