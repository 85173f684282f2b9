/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of rpm's databases: components, files, owners, gaps. */
#include "found.h"
#include "rpm_blob.h"
#include "test.h"

#include "base/cleanup.h"
#include "stage/inventory.h"

#define OS "ID=\"rhel\"\nVERSION_ID=\"9.4\"\nPRETTY_NAME=\"Red Hat Enterprise Linux 9.4\"\n"

static struct span
rich_package(struct arena *arena)
{
	static const char *const names[] = {"app", "app.conf", "log", "run", "left-out", "broken"};
	static const char *const folders[] = {"/bin/", "/etc/", "/var/"};
	static const char *const digests[] = {
		"00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF",
		"",
		"",
		"",
		"",
		"00",
	};
	static const char *const requires[] = {"rpmlib(X)", "/bin/sh", "libx.so(64bit)",
					       "rpmlib(Y)"};
	static const uint32_t places[] = {0, 1, 2, 2, 2, 2};
	static const uint32_t flags[] = {0, RPM_FILE_CONFIG, RPM_FILE_GHOST, RPM_FILE_GHOST, 0, 0};
	static const uint32_t states[] = {0, 0, 0, 0, RPM_STATE_NOT_INSTALLED, 0};
	static const uint32_t epoch = 1;
	static const uint32_t algorithm = RPM_DIGEST_SHA256;
	struct rpm_blob blob;

	rpm_blob_open(&blob, arena);
	rpm_blob_text(&blob, 1000, "app");
	rpm_blob_text(&blob, 1001, "1.0~rc1");
	rpm_blob_text(&blob, 1002, "2.el9");
	rpm_blob_numbers(&blob, 1003, RPM_INT32, &epoch, 1);
	rpm_blob_text(&blob, 1011, "Red Hat, Inc.");
	rpm_blob_text(&blob, 1022, "x86_64");
	rpm_blob_text(&blob, 1044, "source-1.0~rc1-2.el9.src.rpm");
	rpm_blob_text(&blob, 5096, "nodejs:18:8060:ad");
	rpm_blob_numbers(&blob, 5011, RPM_INT32, &algorithm, 1);
	rpm_blob_texts(&blob, 1049, requires, 4);
	rpm_blob_texts(&blob, 1117, names, 6);
	rpm_blob_texts(&blob, 1118, folders, 3);
	rpm_blob_texts(&blob, 1035, digests, 6);
	rpm_blob_numbers(&blob, 1116, RPM_INT32, places, 6);
	rpm_blob_numbers(&blob, 1037, RPM_INT32, flags, 6);
	rpm_blob_numbers(&blob, 1029, RPM_CHAR, states, 6);
	return rpm_blob_close(&blob);
}

static void
everything_of_a_package(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	const struct rpm_record records[] = {
		{3, rich_package(arena)},
		{4, rpm_blob_package(arena, "gpg-pubkey", (const char *const[]){NULL})},
		{5, SPAN("damaged")},
		{6, rpm_blob_package(arena, "shell", (const char *const[]){"/bin/sh", NULL})},
		{7, rpm_blob_package(arena, "meta", (const char *const[]){NULL})},
	};
	struct span file = rpm_blob_database(arena, records, 5);
	const struct fixture_entry table[] = {
		{.path = "/etc/os-release", .content = OS},
		{.path = "/bin", .type = IMAGE_SYMLINK, .link = "usr/bin"},
		{.path = "/usr/bin/app", .content = "x"},
		{.path = "/usr/bin/sh", .content = "x"},
		{.path = "/etc/app.conf", .content = "x"},
		{.path = "/var/run", .content = "x"},
		{.path = "/var/broken", .content = "x"},
		{.path = "/var/lib/rpm",
		 .type = IMAGE_SYMLINK,
		 .link = "../../usr/lib/sysimage/rpm"},
		{.path = "/usr/lib/sysimage/rpm/Packages.db", .content = file.p, .size = file.n},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_true(inventory->any_database);
	assert_int_equal(inventory->component_count, 3);
	const struct component *app = &inventory->components[0];
	assert_span(app->ecosystem, "rpm");
	assert_span(app->name, "app");
	assert_span(app->version, "1:1.0~rc1-2.el9");
	assert_span(app->source, "source");
	assert_span(app->source_version, "1:1.0~rc1-2.el9");
	assert_span(app->architecture, "x86_64");
	assert_span(app->maintainer, "Red Hat, Inc.");
	assert_span(app->module, "nodejs:18");
	assert_span(app->depends, "/bin/sh\nlibx.so(64bit)");
	assert_span(app->database, "/usr/lib/sysimage/rpm/Packages.db");
	assert_span(
		app->purl,
		"pkg:rpm/rhel/app@1.0~rc1-2.el9?arch=x86_64&distro=rhel-9.4&epoch=1"
		"&modularitylabel=nodejs%3A18%3A8060%3Aad&upstream=source-1.0~rc1-2.el9.src.rpm");
	/* Without the ghost that is not there, and what was left out. */
	assert_int_equal(app->file_count, 4);
	assert_span(app->files[0].listed, "/bin/app");
	assert_int_equal(app->files[0].digest_of, FILE_DIGEST_SHA256);
	assert_int_equal(app->files[0].digest[1], 0x11);
	assert_int_equal(app->files[0].digest[19], 0x33);
	assert_true(app->files[1].conffile);
	assert_span(app->files[2].listed, "/var/run");

	assert_span(inventory->components[1].name, "meta");
	assert_true(inventory->components[1].no_files);
	assert_span(inventory->components[1].version, "1.0-2.el9");
	assert_span(inventory->components[2].provides, "/bin/sh"); /* asked for by app */
	assert_span(found_owner(&fixture, inventory, "/usr/bin/app"), "app");
	assert_span(found_owner(&fixture, inventory, "/usr/bin/sh"), "shell");

	assert_int_equal(inventory->gaps.count, 2);
	assert_span(inventory->gaps.items[0].text,
		    "1 checksums of its files could not be understood");
	assert_span(inventory->gaps.items[1].text,
		    "package 5 is malformed (a header of 7 bytes): it is not in the inventory");
	inventory_free(inventory);
	fixture_free(&fixture);
}

static void
every_place_is_found(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	const struct rpm_record one = {
		1, rpm_blob_package(arena, "one", (const char *const[]){"/a", NULL})};
	const struct rpm_record two = {
		1, rpm_blob_package(arena, "two", (const char *const[]){"/a", NULL})};
	struct span first = rpm_blob_database(arena, &one, 1);
	struct span second = rpm_blob_database(arena, &two, 1);
	const struct fixture_entry table[] = {
		{.path = "/etc/os-release", .content = OS},
		{.path = "/a", .content = ""},
		{.path = "/srv/root/a", .content = ""},
		{.path = "/var/lib/rpm/Packages.db", .content = first.p, .size = first.n},
		{.path = "/srv/root/usr/share/rpm/Packages.db",
		 .content = second.p,
		 .size = second.n},
		{.path = "/srv/other/Packages.db", .content = "is none"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 2);
	assert_span(found_owner(&fixture, inventory, "/a"), "one");
	assert_span(found_owner(&fixture, inventory, "/srv/root/a"), "two");
	assert_int_equal(inventory->gaps.count, 0);
	inventory_free(inventory);
	fixture_free(&fixture);
}

static void
what_cannot_be_read_is_a_gap(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/etc/os-release", .content = OS},
		{.path = "/var/lib/rpm/rpmdb.sqlite", .content = "no database"},
		{.path = "/var/lib/rpm/Packages", .type = IMAGE_DIRECTORY},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_true(inventory->any_database);
	assert_int_equal(inventory->component_count, 0);
	assert_int_equal(inventory->gaps.count, 3);
	assert_span(inventory->gaps.items[0].subject, "/var/lib/rpm/rpmdb.sqlite");
	assert_span(inventory->gaps.items[0].text,
		    "packages of rpm are recorded here, which cannot "
		    "be read: no SQLite file");
	assert_span(inventory->gaps.items[1].subject, "/var/lib/rpm/Packages");
	assert_span(inventory->gaps.items[1].text,
		    "lies beside another database of rpm: packages may be counted twice");
	assert_span(inventory->gaps.items[2].subject, "/var/lib/rpm/Packages");
	inventory_free(inventory);
	fixture_free(&fixture);
}

static void
images_without_rpm(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/etc/os-release", .content = "ID=azurelinux\nVERSION_ID=3.0\n"},
		{.path = "/var/lib/rpmmanifest/container-manifest-2",
		 .content =
			 "glibc\t2.38-8.azl3\t1\t2\tMicrosoft Corporation\t(none)\t7\tx86_64\t0\t"
			 "glibc-2.38-8.azl3.src.rpm\nnonsense\n"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 1);
	assert_span(inventory->components[0].purl,
		    "pkg:rpm/azurelinux/glibc@2.38-8.azl3?arch=x86_64&distro=azurelinux-3.0"
		    "&upstream=glibc-2.38-8.azl3.src.rpm");
	assert_span(inventory->components[0].source, "glibc");
	assert_int_equal(inventory->components[0].file_count, 0);
	assert_false(inventory->components[0].no_files);
	assert_int_equal(inventory->gaps.count, 2);
	inventory_free(inventory);
	fixture_free(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_of_a_package),
		cmocka_unit_test(every_place_is_found),
		cmocka_unit_test(what_cannot_be_read_is_a_gap),
		cmocka_unit_test(images_without_rpm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
