/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that say what they are made of: Go, Rust, and well-known ones by their own words. */
#include "test.h"

#include "found.h"

#include "base/arena.h"
#include "codec/cargo_audit.h"
#include "codec/go_build.h"
#include "codec/known_program.h"
#include "stage/inventory.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum { ROOM = 64 * 1024, ADDRESS = 0x10000 };

/* ---- ELF files ---- */

/* x86-64 with one section of this name. */
static struct span
with_section(struct arena *arena, const char *name, struct span bytes)
{
	char *p = arena_alloc(arena, ROOM);
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 3,
		.e_shstrndx = 2,
		.e_shoff = 128,
	};
	Elf64_Shdr sections[3] = {{0}};
	size_t names = 512;
	size_t content = 1024;

	assert_non_null(p);
	memcpy(p + names + 1, name, strlen(name));
	memcpy(p + content, bytes.p, bytes.n);
	sections[1] = (Elf64_Shdr){
		.sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = content, .sh_size = bytes.n};
	sections[2] = (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = names, .sh_size = 256};
	memcpy(p, &header, sizeof(header));
	memcpy(p + 128, sections, sizeof(sections));
	return (struct span){p, ROOM};
}

static void
put(char *p, uint64_t value, size_t bytes, bool big)
{
	for (size_t i = 0; i < bytes; i++)
		p[big ? bytes - 1 - i : i] = (char)(value >> (8 * i));
}

/* With one writable segment and no sections, of either size and order. */
static struct span
with_segment(struct arena *arena, bool wide, bool big, struct span bytes)
{
	char *p = arena_alloc(arena, ROOM);
	size_t content = 256;
	size_t word = wide ? 8 : 4;
	size_t header = wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	/* offset, address and size in the program header */
	const size_t wide_at[] = {8, 16, 32};
	const size_t narrow_at[] = {4, 8, 16};
	const size_t *at = wide ? wide_at : narrow_at;
	char *segment = p + header;

	assert_non_null(p);
	memcpy(p, ELFMAG, SELFMAG);
	p[EI_CLASS] = wide ? ELFCLASS64 : ELFCLASS32;
	p[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
	p[EI_VERSION] = EV_CURRENT;
	put(p + 16, ET_EXEC, 2, big);
	put(p + 18, wide ? EM_X86_64 : EM_MIPS, 2, big);
	put(p + 20, EV_CURRENT, 4, big);
	put(p + 24 + word, header, word, big);
	put(p + 24 + 3 * word + 4, header, 2, big);
	put(p + 24 + 3 * word + 6, wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), 2, big);
	put(p + 24 + 3 * word + 8, 1, 2, big);
	put(segment, PT_LOAD, 4, big);
	put(segment + (wide ? 4 : 24), PF_R | PF_W, 4, big);
	put(segment + at[0], content, word, big);
	put(segment + at[1], ADDRESS, word, big);
	put(segment + at[2], bytes.n, word, big);
	memcpy(p + content, bytes.p, bytes.n);
	return (struct span){p, ROOM};
}

/* ---- Go ---- */

#define MARK "0123456789abcdef"
#define LINES                                                                                      \
	"path\texample.com/app/cmd\n"                                                              \
	"mod\texample.com/app\tv1.0.1\th1:a=\n"                                                    \
	"dep\tgithub.com/Up/per\tv1.2.3\th1:b=\n"                                                  \
	"dep\tgolang.org/x/net\tv0.1.0\n=>\texample.com/fork\tv0.2.0\th1:c=\n"                     \
	"dep\tgopkg.in/c.v1\tv1.0.0\n=>\t./c\t(devel)\t\n"                                         \
	"build\t-compiler=gc\n"
#define MAGIC "\xff Go buildinf:"

/* Both strings behind the header, with their lengths. */
static struct span
inline_info(struct arena *arena, const char *go, const char *lines)
{
	char *p = arena_alloc(arena, 8192);
	size_t n = strlen(go);
	size_t text = strlen(lines) + 2 * strlen(MARK);

	assert_non_null(p);
	memcpy(p, MAGIC "\x08\x02", 16);
	p[32] = (char)n;
	memcpy(p + 33, go, n);
	p[33 + n] = (char)(0x80 | (text & 0x7f));
	p[34 + n] = (char)(text >> 7);
	(void)snprintf(p + 35 + n, 8000, MARK "%s" MARK, lines);
	return (struct span){p, 35 + n + text};
}

/* Addresses of two string headers, as before Go 1.18. */
static struct span
pointer_info(struct arena *arena, bool wide, bool big, const char *go)
{
	char *p = arena_alloc(arena, 8192);
	size_t word = wide ? 8 : 4;
	const char *text = MARK LINES MARK;

	assert_non_null(p);
	memcpy(p, MAGIC, 14);
	p[14] = (char)word;
	p[15] = big;
	put(p + 16, ADDRESS + 64, word, big);
	put(p + 16 + word, ADDRESS + 96, word, big);
	put(p + 64, ADDRESS + 128, word, big);
	put(p + 64 + word, strlen(go), word, big);
	put(p + 96, ADDRESS + 256, word, big);
	put(p + 96 + word, strlen(text), word, big);
	memcpy(p + 128, go, strlen(go));
	memcpy(p + 256, text, strlen(text));
	return (struct span){p, 256 + strlen(text)};
}

static void
check_build(struct arena *arena, struct span file, const char *go)
{
	struct go_build build;

	assert_good(go_build_read(file, arena, &build, err));
	assert_span(build.go, go);
	assert_span(build.main_path, "example.com/app/cmd");
	assert_span(build.main.path, "example.com/app");
	assert_span(build.main.version, "v1.0.1");
	assert_int_equal(build.module_count, 3);
	assert_span(build.modules[0].path, "github.com/Up/per");
	assert_int_equal(build.modules[0].instead.n, 0);
	assert_span(build.modules[1].instead, "example.com/fork");
	assert_span(build.modules[1].instead_version, "v0.2.0");
	assert_span(build.modules[2].instead, "./c");
	assert_span(build.modules[2].instead_version, "(devel)");
}

static void
build_information_of_every_form(void **state)
{
	struct arena *arena = arena_new(0);
	struct span info = inline_info(arena, "go1.22.3", LINES);
	struct go_build build;

	(void)state;
	check_build(arena, with_section(arena, ".go.buildinfo", info), "go1.22.3");
	check_build(arena, with_segment(arena, true, false, info), "go1.22.3");
	check_build(arena, with_segment(arena, false, true, info), "go1.22.3");
	for (unsigned i = 0; i < 4; i++) {
		bool wide = i & 1;
		bool big = i & 2;

		check_build(
			arena,
			with_segment(arena, wide, big, pointer_info(arena, wide, big, "go1.17")),
			"go1.17");
	}
	assert_fails(ERR_NOT_FOUND,
		     go_build_read(with_section(arena, ".text", SPAN("x")), arena, &build, err));
	assert_fails(ERR_INVALID, go_build_read(SPAN("#!/bin/sh\n"), arena, &build, err));

	/* lengths and addresses that lead out of the file */
	char *p = arena_alloc(arena, 64);
	memcpy(p, MAGIC "\x08\x02", 16);
	memset(p + 32, 0x7f, 8);
	assert_fails(ERR_INVALID,
		     go_build_read(with_segment(arena, true, false, (struct span){p, 64}), arena,
				   &build, err));
	p[15] = 0;
	memset(p + 16, 0x7f, 16);
	assert_fails(ERR_INVALID,
		     go_build_read(with_segment(arena, true, false, (struct span){p, 64}), arena,
				   &build, err));
	arena_free(arena);
}

static void
versions_of_the_toolchain(void **state)
{
	static const struct {
		const char *go;
		const char *wanted;
	} table[] = {
		{"go1.22.3", "1.22.3"},
		{"go1.21", "1.21.0"},
		{"go1.21rc2", "1.21.0-rc.2"},
		{"go1.18beta1", "1.18.0-beta.1"},
		{"go1.20.5 X:boringcrypto", "1.20.5"},
		{"go1.21.5-1.el9", "1.21.5"},
		{"devel go1.23-abcdef", ""},
		{"go", ""},
		{"go1.", ""},
		{"", ""},
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_span(go_version(span_from(table[i].go), arena), table[i].wanted);
	arena_free(arena);
}

static void
versions_that_were_given_to_print(void **state)
{
	static const struct {
		const char *flags;
		const char *wanted;
	} table[] = {
		{"-s -w -X main.version=1.4.2", "1.4.2"},
		{"-X 'a/b.Version=v2.0.0-rc1' -X 'main.date=Mon Jan 1'\"", "v2.0.0-rc1"},
		{"-X=main.appVersion=1.0.0", "1.0.0"},
		{"-X main.version=1.0.0 -X b.Version=1.0.0", "1.0.0"},
		{"-X main.version=1.0.0 -X b.Version=2.0.0", ""},
		{"-X main.version=1.0 -X main.commit=1.2.3", ""},
		{"main.version=1.0.0 -X", ""},
		{"-X version=1.0.0", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_span(go_flags_version(span_from(table[i].flags)), table[i].wanted);
}

/* ---- inventories ---- */

static void
modules_of_a_go_program(void **state)
{
	struct arena *arena = arena_new(0);
	struct span program =
		with_section(arena, ".go.buildinfo", inline_info(arena, "go1.22.3", LINES));
	struct span given =
		with_section(arena, ".go.buildinfo",
			     inline_info(arena, "go1.26.1",
					 "path\tcmd/go\nmod\texample.com/x\t(devel)\t\n"
					 "build\t-ldflags=\"-X main.version=1.4.2\"\n"));
	const struct fixture_entry table[] = {
		{.path = "/app", .mode = 0755, .content = program.p, .size = program.n},
		{.path = "/same", .hardlink = "/app"},
		{.path = "/go", .mode = 0755, .content = given.p, .size = given.n},
		{.path = "/usr/bin/owned", .content = program.p, .size = program.n},
		{.path = "/var/lib/dpkg/status",
		 .content = "Package: a\nStatus: install ok installed\nVersion: 1\n"
			    "Architecture: all\n"},
		{.path = "/var/lib/dpkg/info/a.list", .content = "/usr/bin/owned\n"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);
	/* by name: the package of dpkg is the first ecosystem */
	static const char *const wanted[][4] = {
		{"example.com/app", "v1.0.1", "/app", ""},
		{"example.com/fork", "v0.2.0", "/app", ""},
		{"example.com/x", "v1.4.2", "/go", "guessed"},
		{"github.com/Up/per", "v1.2.3", "/app", ""},
		{"gopkg.in/c.v1", "", "/app", ""},
		{"stdlib", "1.22.3", "/app", ""},
		{"stdlib", "1.26.1", "/go", ""},
		{"toolchain", "1.26.1", "/go", ""},
	};
	size_t count = sizeof(wanted) / sizeof(wanted[0]);

	(void)state;
	assert_int_equal(inventory->component_count, 1 + count);
	for (size_t i = 0; i < count; i++) {
		const struct component *component = &inventory->components[1 + i];

		assert_span(component->ecosystem, "golang");
		assert_span(component->name, wanted[i][0]);
		assert_span(component->source, wanted[i][0]);
		assert_span(component->version, wanted[i][1]);
		assert_span(component->source_version, wanted[i][1]);
		assert_span(component->database, wanted[i][2]);
		assert_int_equal(component->guessed, wanted[i][3][0] != '\0');
		assert_int_equal(component->file_count, 1);
		assert_int_equal(component->files[0].entry,
				 image_find(fixture.image, component->database));
	}
	assert_span(inventory->components[4].purl, "pkg:golang/github.com/Up/per@v1.2.3");
	assert_span(inventory->components[6].purl, "pkg:golang/stdlib@1.22.3");
	assert_true(
		found_gap(inventory, "/app", "1 of its Go modules has no version (gopkg.in/c.v1)"));
	assert_false(found_gap(inventory, "/go", ""));
	found_drop(inventory, &fixture);
	arena_free(arena);
}

static struct span
crates(struct arena *arena, const char *json)
{
	uLongf n = 4096;
	char *packed = arena_alloc(arena, n);

	assert_int_equal(compress((Bytef *)packed, &n, (const Bytef *)json, strlen(json)), Z_OK);
	return with_section(arena, ".dep-v0", (struct span){packed, n});
}

static void
crates_of_a_rust_program(void **state)
{
	struct arena *arena = arena_new(0);
	struct span program = crates(
		arena,
		"{\"packages\":["
		"{\"name\":\"demo\",\"version\":\"0.1.0\",\"source\":\"local\",\"root\":true},"
		"{\"name\":\"cc\",\"version\":\"1.0.1\",\"source\":\"crates.io\",\"kind\":"
		"\"build\"},"
		"{\"name\":\"time\",\"version\":\"0.3.20\",\"source\":\"crates.io\",\"new\":1}]}");
	struct span broken = crates(arena, "{\"packages\":[{\"name\":\"demo\"}]}");
	const struct fixture_entry table[] = {
		{.path = "/bin/demo", .mode = 0755, .content = program.p, .size = program.n},
		{.path = "/lib/broken.node", .content = broken.p, .size = broken.n},
	};
	struct cargo_audit audit;
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 2);
	assert_span(inventory->components[0].purl, "pkg:cargo/demo@0.1.0");
	assert_span(inventory->components[1].purl, "pkg:cargo/time@0.3.20");
	assert_span(inventory->components[1].database, "/bin/demo");
	assert_true(inventory->any_database);
	assert_true(found_gap(inventory, "/lib/broken.node", "crate 0: "));
	assert_true(found_gap(inventory, "packages", "what else the image is made of"));

	assert_good(cargo_audit_read(program, arena, &audit, err));
	assert_true(audit.packages[0].root);
	assert_span(audit.packages[0].source, "local");
	assert_fails(ERR_NOT_FOUND,
		     cargo_audit_read(with_section(arena, ".text", SPAN("x")), arena, &audit, err));
	assert_fails(ERR_INVALID, cargo_audit_read(with_section(arena, ".dep-v0", SPAN("x")), arena,
						   &audit, err));
	found_drop(inventory, &fixture);
	arena_free(arena);
}

/* ---- well-known programs ---- */

static void
versions_by_their_own_words(void **state)
{
	static const struct {
		const char *path;
		struct span bytes;
		const char *name;
		const char *version; /* empty: none, or several */
	} table[] = {
		{"/usr/bin/node", SPAN_INIT("x node.js/v20.20.2\0"), "node", "20.20.2"},
		{"/opt/sbin/nginx", SPAN_INIT("nginx version: nginx/1.22.1\0nginx/1.22.1"), "nginx",
		 "1.22.1"},
		{"nginx", SPAN_INIT("nginx version: nginx/1.1.1 nginx version: nginx/1.1.2"),
		 "nginx", ""},
		{"redis-server",
		 SPAN_INIT("A7.0.151790282056000000000\0"
			   "6.2.0\0"),
		 "redis", "7.0.15"},
		{"redis-server",
		 SPAN_INIT("7.2.4buildkitsandbox-1705330000000000000\0"
			   "5.1.5-2022\0"),
		 "redis", "7.2.4"},
		{"postgres", SPAN_INIT("(PostgreSQL) 17beta1\n"), "postgresql", "17beta1"},
		{"httpd", SPAN_INIT("Apache/2.4 Apache/2.4.57 (Unix)"), "apache", "2.4.57"},
		{"mariadbd",
		 SPAN_INIT("\0"
			   "10.11.6-MariaDB\0"
			   "10.1.1-MariaDB-log"),
		 "mariadb", "10.11.6"},
		{"haproxy", SPAN_INIT(" version 2.6.12-1+deb12u4, released 2026/10/17\0"),
		 "haproxy", "2.6.12"},
		{"haproxy", SPAN_INIT(" version 3.0-dev3, released 2026"), "haproxy", "3.0-dev3"},
		{"libcrypto.so.1.1", SPAN_INIT("OpenSSL 1.1.1w  11 Sep 2023"), "openssl", "1.1.1w"},
		{"libcrypto.so.3", SPAN_INIT("OpenSSL 3.0.22 25 Aug 2026"), "openssl", "3.0.22"},
		{"libruby.so.3.1", SPAN_INIT("ruby 3.1.2p20 (2022-04-12) ruby 1.8)"), "ruby",
		 "3.1.2"},
		{"perl5.36.0", SPAN_INIT("\0v5.36.0\0v6.1\0"), "perl", "5.36.0"},
		{"libpython3.12.so.1.0",
		 SPAN_INIT("/versions/3.12.1\0"
			   "2.6.1\0"
			   "3.1.2\0"),
		 "python", "3.12.1"},
		{"python3.13",
		 SPAN_INIT("\0"
			   "3.13.0rc1\0"),
		 "python", "3.13.0rc1"},
		{"libjvm.so", SPAN_INIT("(1.8.0_392-b08) for linux JRE (1.8.0_392-b08)"), "java",
		 "1.8.0_392"},
		{"php-fpm", SPAN_INIT("X-Powered-By: PHP/8.2.36\0"), "php", "8.2.36"},
		{"memcached", SPAN_INIT("memcached and libevent memcached 1.6.18\0"), "memcached",
		 "1.6.18"},
		{"busybox", SPAN_INIT("BusyBox v1.35.0 (Debian)"), "busybox", "1.35.0"},
		{"/usr/bin/nodes", SPAN_INIT("node.js/v1.2.3"), "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct known_rule *rule = known_rule_find(span_from(table[i].path));
		struct span version = SPAN("");
		struct known_scan scan;

		assert_int_equal(rule == NULL, table[i].name[0] == '\0');
		if (!rule)
			continue;
		assert_span(rule->name, table[i].name);
		known_scan_start(rule, span_from(table[i].path), &scan);
		known_scan_feed(&scan, table[i].bytes, true);
		(void)known_scan_version(&scan, &version);
		assert_span(version, table[i].version);
	}
}

/* Wherever a piece ends, the version is the whole one. */
static void
pieces_cut_no_version(void **state)
{
	char text[2048];
	const struct known_rule *rule = known_rule_find(SPAN("nginx"));

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text + 1000, SPAN("nginx version: nginx/1.22.19").p, 28);
	for (size_t end = 950; end < 1600; end++) {
		struct known_scan scan;
		struct span version = SPAN("");

		known_scan_start(rule, SPAN("nginx"), &scan);
		known_scan_feed(&scan, (struct span){text, end}, false);
		known_scan_feed(&scan,
				(struct span){text + end - KNOWN_OVERLAP,
					      sizeof(text) - end + KNOWN_OVERLAP},
				true);
		assert_true(known_scan_version(&scan, &version));
		assert_span(version, "1.22.19");
	}
}

static void
known_programs_are_guesses(void **state)
{
	struct arena *arena = arena_new(0);
	struct span nginx = with_section(arena, ".rodata", SPAN("nginx version: nginx/1.22.1\n"));
	struct span silent = with_section(arena, ".rodata", SPAN("nothing"));
	const struct fixture_entry table[] = {
		{.path = "/opt/nginx", .mode = 0755, .content = nginx.p, .size = nginx.n},
		{.path = "/opt/haproxy", .mode = 0755, .content = silent.p, .size = silent.n},
		{.path = "/opt/python3.12", .mode = 0755, .content = silent.p, .size = silent.n},
		{.path = "/opt/scripts/nginx",
		 .mode = 0755,
		 .content = "nginx version: nginx/1.0.0"},
		{.path = "/opt/damaged", .content = nginx.p, .size = 4096},
	};
	char *damaged = arena_alloc(arena, 8192);
	struct fixture fixture;

	(void)state;
	memcpy(damaged, nginx.p, 8192);
	damaged[EI_CLASS] = 7;
	struct fixture_entry entries[5];
	memcpy(entries, table, sizeof(table));
	entries[4] =
		(struct fixture_entry){.path = "/opt/damaged", .content = damaged, .size = 8192};
	struct inventory *inventory = READ(entries, &fixture);

	assert_int_equal(inventory->component_count, 1);
	assert_true(inventory->components[0].guessed);
	assert_span(inventory->components[0].ecosystem, "generic");
	assert_span(inventory->components[0].purl, "pkg:generic/nginx@1.22.1");
	assert_true(found_gap(inventory, "/opt/haproxy", "says no version"));
	assert_false(found_gap(inventory, "/opt/python3.12", ""));
	assert_true(found_gap(inventory, "/opt/damaged", "what it is made of is not known"));
	found_drop(inventory, &fixture);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(build_information_of_every_form),
		cmocka_unit_test(versions_of_the_toolchain),
		cmocka_unit_test(versions_that_were_given_to_print),
		cmocka_unit_test(modules_of_a_go_program),
		cmocka_unit_test(crates_of_a_rust_program),
		cmocka_unit_test(versions_by_their_own_words),
		cmocka_unit_test(pieces_cut_no_version),
		cmocka_unit_test(known_programs_are_guesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
