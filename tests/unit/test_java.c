/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of Java, made by libarchive: the zip reader, what is in them, and what they are. */
#include "test.h"

#include "found.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/jar.h"
#include "codec/zip.h"
#include "stage/inventory.h"

#include <archive.h>
#include <archive_entry.h>

struct member {
	const char *name;
	struct span content;
};

/* Ended by a member without name. `stored`: as they are, else deflated. */
static struct span
make_zip(struct arena *arena, const struct member *members, bool stored)
{
	size_t room = 1 << 20;
	char *p = arena_alloc(arena, room);
	struct archive *archive = archive_write_new();
	size_t n = 0;

	assert_non_null(p);
	assert_int_equal(archive_write_set_format_zip(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_set_options(archive, stored ? "zip:compression=store"
								   : "zip:compression=deflate"),
			 ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(archive, p, room, &n), ARCHIVE_OK);
	for (; members->name; members++) {
		struct archive_entry *entry = archive_entry_new();

		archive_entry_set_pathname(entry, members->name);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_size(entry, (int64_t)members->content.n);
		assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
		assert_int_equal(
			archive_write_data(archive, members->content.p, members->content.n),
			(int)members->content.n);
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	return (struct span){p, n};
}

#define ZIP(arena, stored, ...) make_zip(arena, (const struct member[]){__VA_ARGS__, {0}}, stored)
#define POM(group, artifact, version)                                                              \
	{                                                                                          \
		"META-INF/maven/" group "/" artifact "/pom.properties",                            \
			SPAN("#x\r\nversion=" version "\r\ngroupId=" group                         \
			     "\r\nartifactId=" artifact)                                           \
	}

static struct span
join(struct arena *arena, struct span a, struct span b)
{
	char *p = arena_alloc(arena, a.n + b.n);

	memcpy(p, a.p, a.n);
	memcpy(p + a.n, b.p, b.n);
	return (struct span){p, a.n + b.n};
}

/* ---- zip ---- */

static void
check_members(struct span file, const struct member *wanted)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(MIB);
	struct zip zip;
	struct zip_member member;
	struct span content;
	struct err why = ERR_INIT;
	size_t at = 0;

	assert_good(zip_open(file, &zip, err));
	for (; wanted->name; wanted++) {
		assert_int_equal(zip_next(&zip, &at, &member, &why), 1);
		assert_span(member.name, wanted->name);
		assert_good(zip_read(&zip, &member, &buf, &content, err));
		assert_true(span_equal(content, wanted->content));
	}
	assert_int_equal(zip_next(&zip, &at, &member, &why), 0);
}

static void
members_are_what_was_put_in(void **state)
{
	struct arena *arena = arena_new(0);
	char *many = arena_alloc(arena, 300000);
	const struct member members[] = {
		{"a", SPAN("")},
		{"b/c", SPAN("text")},
		{"d", {many, 300000}},
		{0},
	};
	const struct span script = SPAN("#!/bin/sh\nexec java -jar \"$0\" PK\3\4\n");

	(void)state;
	for (size_t i = 0; i < 300000; i++)
		many[i] = (char)(i * i >> 8);
	for (unsigned stored = 0; stored < 2; stored++) {
		struct span file = make_zip(arena, members, stored);

		assert_true(zip_is(file));
		check_members(file, members);
		check_members(join(arena, script, file), members);
	}
	arena_free(arena);
}

static void
damaged_archives_are_refused(void **state)
{
	struct arena *arena = arena_new(0);
	struct span file = ZIP(arena, false, {"a", SPAN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")});
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(16);
	struct zip zip;
	struct zip_member member;
	struct span content;
	size_t at = 0;

	(void)state;
	assert_fails(ERR_INVALID, zip_open(SPAN(""), &zip, err));
	assert_fails(ERR_INVALID, zip_open(span_slice(file, 0, file.n - 20), &zip, err));
	assert_good(zip_open(file, &zip, err));
	assert_good(zip_next(&zip, &at, &member, err));
	assert_fails(ERR_LIMIT, zip_read(&zip, &member, &buf, &content, err));
	buf.max = 1024;
	assert_good(zip_read(&zip, &member, &buf, &content, err));
	struct zip_member other = member;
	other.crc ^= 1;
	assert_fails(ERR_INVALID, zip_read(&zip, &other, &buf, &content, err));
	other = member;
	other.size++;
	assert_fails(ERR_INVALID, zip_read(&zip, &other, &buf, &content, err));
	other = member;
	other.offset = UINT64_MAX;
	assert_fails(ERR_INVALID, zip_read(&zip, &other, &buf, &content, err));
	other = member;
	other.packed = UINT64_MAX;
	assert_fails(ERR_INVALID, zip_read(&zip, &other, &buf, &content, err));
	other = member;
	other.method = 12;
	assert_fails(ERR_UNSUPPORTED, zip_read(&zip, &other, &buf, &content, err));
	other = member;
	other.flags |= 1;
	assert_fails(ERR_UNSUPPORTED, zip_read(&zip, &other, &buf, &content, err));
	/* every byte changed in turn: no more than that */
	char *copy = arena_alloc(arena, file.n);
	for (size_t i = 0; i < file.n; i++) {
		struct err err = ERR_INIT;

		memcpy(copy, file.p, file.n);
		copy[i] ^= 0x55;
		at = 0;
		if (zip_open((struct span){copy, file.n}, &zip, &err) == 0 &&
		    zip_next(&zip, &at, &member, &err) > 0)
			(void)zip_read(&zip, &member, &buf, &content, &err);
	}
	arena_free(arena);
}

/* ---- what a file may be ---- */

static void
guesses_of_manifest_and_name(void **state)
{
	static const struct {
		const char *path;
		const char *manifest;
		const char *wanted[3];
	} table[] = {
		{"/a/commons-lang3-3.14.0.jar",
		 "Bundle-SymbolicName: org.apache.commons.la\r\n ng3;x:=y\r\n",
		 {"org.apache.commons", "commons-lang3", "3.14.0"}},
		{"slf4j.jar",
		 "Bundle-SymbolicName: slf4j.api\nImplementation-Title: slf4j-api\n"
		 "Implementation-Version: 2.0.9\n",
		 {"slf4j", "slf4j-api", "2.0.9"}},
		{"x-4.1.100.Final-linux-x86_64.jar",
		 "Implementation-Version: 4.1.100.Final\nImplementation-Vendor-Id: io.netty\n",
		 {"io.netty", "x", "4.1.100.Final"}},
		{"a-1.10.jar", "Implementation-Version: 1.1\n", {"", "a", "1.10"}},
		{"spring-webmvc-5.3.20.jar",
		 "Implementation-Title: spring-webmvc\n",
		 {"org.springframework", "spring-webmvc", "5.3.20"}},
		{"tomcat-embed-core-9.0.70.jar",
		 "Bundle-SymbolicName: org.apache.tomcat-embed-core\n",
		 {"org.apache.tomcat.embed", "tomcat-embed-core", "9.0.70"}},
		{"app.war", "Implementation-Title: My Great App\n", {"", "app", ""}},
		{"app.jar", "X: y\n\nName: z\nImplementation-Version: 9\n", {"", "app", ""}},
		{".jar", "", {"", ".jar", ""}},
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct jar_manifest manifest;
		struct jar_identity guess;

		assert_good(jar_read_manifest(span_from(table[i].manifest), arena, &manifest, err));
		assert_good(jar_guess(&manifest, span_from(table[i].path), arena, &guess, err));
		assert_span(guess.group, table[i].wanted[0]);
		assert_span(guess.artifact, table[i].wanted[1]);
		assert_span(guess.version, table[i].wanted[2]);
	}
	arena_free(arena);
}

/* ---- images ---- */

static const struct component *
find(const struct inventory *inventory, const char *name, const char *database)
{
	for (size_t i = 0; i < inventory->component_count; i++) {
		if (span_equal(inventory->components[i].name, span_from(name)) &&
		    span_equal(inventory->components[i].database, span_from(database)))
			return &inventory->components[i];
	}
	fail_msg("no %s in %s", name, database);
	return NULL;
}

static void
artefacts_in_archives_in_archives(void **state)
{
	struct arena *arena = arena_new(0);
	struct span lib = ZIP(arena, false, POM("org.a", "lib", "1.0"), {"a.class", SPAN("x")});
	struct span shaded = ZIP(arena, false, POM("org.a", "lib", "1.1"), POM("org.b", "all", "2"),
				 {"META-INF/maven/again/all/pom.properties",
				  SPAN("version=2\ngroupId=org.b\nartifactId=all")},
				 {"META-INF/MANIFEST.MF", SPAN("Implementation-Version: 2\n")});
	struct span war = ZIP(arena, false, {"WEB-INF/lib/lib.jar", lib},
			      {"WEB-INF/lib/all-2.jar", shaded}, {"index.html", SPAN("hi")});
	struct span fat =
		join(arena, SPAN("#!/bin/sh\nexec java -jar \"$0\"\n"),
		     ZIP(arena, true, {"BOOT-INF/lib/lib.jar", lib}, {"x/shop.war", war}));
	const struct fixture_entry table[] = {
		{.path = "/app.jar", .content = fat.p, .size = fat.n},
		{.path = "/usr/share/java/lib.jar", .content = lib.p, .size = lib.n},
		{.path = "/var/lib/dpkg/status",
		 .content = "Package: a\nStatus: install ok installed\nVersion: 1\n"
			    "Architecture: all\n"},
		{.path = "/var/lib/dpkg/info/a.list", .content = "/usr/share/java/lib.jar\n"},
	};
	struct fixture fixture;
	struct inventory *inventory = NULL;

	(void)state;
	assert_good(fixture_make(table, 4, &fixture, err));
	assert_good(inventory_read(fixture.image, fixture.contents, &inventory, err));
	assert_int_equal(inventory->component_count, 1 + 4);
	const struct component *first =
		find(inventory, "org.a:lib", "/app.jar!/BOOT-INF/lib/lib.jar");
	assert_span(first->ecosystem, "maven");
	assert_span(first->purl, "pkg:maven/org.a/lib@1.0");
	assert_span(first->source, "org.a:lib");
	assert_false(first->guessed);
	assert_int_equal(first->file_count, 1);
	assert_span(first->files[0].listed, "/app.jar");
	find(inventory, "org.a:lib", "/app.jar!/x/shop.war!/WEB-INF/lib/lib.jar");
	const struct component *inside =
		find(inventory, "org.a:lib", "/app.jar!/x/shop.war!/WEB-INF/lib/all-2.jar");
	assert_span(inside->version, "1.1");
	find(inventory, "org.b:all", "/app.jar!/x/shop.war!/WEB-INF/lib/all-2.jar");
	inventory_free(inventory);
	fixture_free(&fixture);
	arena_free(arena);
}

static void
what_no_record_says(void **state)
{
	struct arena *arena = arena_new(0);
	struct span plain = ZIP(arena, false, {"a.class", SPAN("x")});
	struct span unresolved = ZIP(arena, false, POM("org.a", "b", "${v}"));
	struct span deep = plain;
	struct span broken = ZIP(arena, false, {"x.jar", SPAN("no zip")}, {"y.jar", plain});

	(void)state;
	for (size_t i = 0; i < JAR_DEPTH_MAX + 1; i++)
		deep = ZIP(arena, true, {"deep-1.jar", deep});
	const struct fixture_entry table[] = {
		{.path = "/lib/spring-core-5.3.20.jar", .content = plain.p, .size = plain.n},
		{.path = "/lib/mine-1.0.jar", .content = plain.p, .size = plain.n},
		{.path = "/lib/app.jar", .content = plain.p, .size = plain.n},
		{.path = "/lib/unresolved.jar", .content = unresolved.p, .size = unresolved.n},
		{.path = "/lib/text.jar", .content = "this is no archive"},
		{.path = "/lib/broken.war", .content = broken.p, .size = broken.n},
		{.path = "/lib/deep.ear", .content = deep.p, .size = deep.n},
	};
	struct fixture fixture;
	struct inventory *inventory = NULL;
	char sha1[] = "sha1:";

	assert_good(fixture_make(table, sizeof(table) / sizeof(table[0]), &fixture, err));
	assert_good(inventory_read(fixture.image, fixture.contents, &inventory, err));
	const struct component *spring =
		find(inventory, "org.springframework:spring-core", "/lib/spring-core-5.3.20.jar");
	assert_true(spring->guessed);
	assert_true(span_starts_with(
		spring->purl,
		SPAN("pkg:maven/org.springframework/spring-core@5.3.20?checksum=sha1%3A")));
	assert_true(find(inventory, "mine", "/lib/mine-1.0.jar")->guessed);
	assert_true(found_gap(inventory, "/lib/app.jar", sha1));
	assert_int_equal(find(inventory, "org.a:b", "/lib/unresolved.jar")->version.n, 0);
	assert_true(found_gap(inventory, "/lib/unresolved.jar", "org.a:b has no version"));
	assert_true(found_gap(inventory, "/lib/text.jar", "no end record"));
	assert_true(found_gap(inventory, "/lib/broken.war!/x.jar", "no end record"));
	assert_true(found_gap(inventory, "/lib/broken.war!/y.jar", sha1));
	bool found = false;
	for (size_t i = 0; i < inventory->gaps.count; i++)
		found |= span_contains(inventory->gaps.items[i].text, SPAN("JAR_DEPTH_MAX"));
	assert_true(found);
	inventory_free(inventory);
	fixture_free(&fixture);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_what_was_put_in),
		cmocka_unit_test(damaged_archives_are_refused),
		cmocka_unit_test(guesses_of_manifest_and_name),
		cmocka_unit_test(artefacts_in_archives_in_archives),
		cmocka_unit_test(what_no_record_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
