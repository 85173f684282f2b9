/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries as the dynamic loader would find them; scripts; the codecs behind it. */
#include "scene.h"
#include "test.h"

#include "base/fd.h"
#include "base/limits.h"
#include "codec/ld_cache.h"
#include "codec/shebang.h"

#include <elf.h>

enum { RUN = USE_LOOKUP | USE_READ };

#define LOADER "/lib64/ld-linux-x86-64.so.2"

/* /app/prog needs liba.so; what is where is up to the case. */
struct search_case {
	const char *name;
	struct scene_elf program;
	const char *environment; /* "LD_LIBRARY_PATH=..." */
	const char *conf;	 /* /etc/ld.so.conf */
	const char *musl;	 /* /etc/ld-musl-x86_64.path */
	const char *places[3];	 /* where a liba.so is */
	const char *wanted;	 /* which is taken; NULL: none, a gap */
};

static const struct search_case searches[] = {
	{.name = "default",
	 .places = {"/usr/lib/liba.so", "/opt/liba.so"},
	 .wanted = "/usr/lib/liba.so"},
	{.name = "multiarch first",
	 .places = {"/usr/lib/liba.so", "/usr/lib/x86_64-linux-gnu/liba.so"},
	 .wanted = "/usr/lib/x86_64-linux-gnu/liba.so"},
	{.name = "runpath",
	 .program = {.runpath = "/none:/opt/lib"},
	 .places = {"/usr/lib/liba.so", "/opt/lib/liba.so"},
	 .wanted = "/opt/lib/liba.so"},
	{.name = "origin",
	 .program = {.runpath = "$ORIGIN/../lib"},
	 .places = {"/usr/lib/liba.so", "/lib/liba.so", "/app/lib/liba.so"},
	 .wanted = "/lib/liba.so"},
	{.name = "origin in braces, lib",
	 .program = {.rpath = "${ORIGIN}/$LIB/${PLATFORM}"},
	 .places = {"/usr/lib/liba.so", "/app/lib64/x86_64/liba.so"},
	 .wanted = "/app/lib64/x86_64/liba.so"},
	{.name = "environment before runpath",
	 .program = {.runpath = "/opt/lib"},
	 .environment = "LD_LIBRARY_PATH=/env",
	 .places = {"/env/liba.so", "/opt/lib/liba.so"},
	 .wanted = "/env/liba.so"},
	{.name = "rpath before environment",
	 .program = {.rpath = "/opt/lib"},
	 .environment = "LD_LIBRARY_PATH=/env",
	 .places = {"/env/liba.so", "/opt/lib/liba.so"},
	 .wanted = "/opt/lib/liba.so"},
	{.name = "rpath without effect beside runpath",
	 .program = {.rpath = "/opt/lib", .runpath = "/none"},
	 .places = {"/opt/lib/liba.so"}},
	{.name = "ld.so.conf with include",
	 .conf = "include /etc/ld.so.conf.d/*.conf\n",
	 .places = {"/opt/conf/liba.so"},
	 .wanted = "/opt/conf/liba.so"},
	{.name = "musl",
	 .musl = "/m1:/m2\n/m3\n",
	 .places = {"/m3/liba.so"},
	 .wanted = "/m3/liba.so"},
	{.name = "hwcaps only",
	 .places = {"/usr/lib/glibc-hwcaps/x86-64-v3/liba.so"},
	 .wanted = "/usr/lib/glibc-hwcaps/x86-64-v3/liba.so"},
	{.name = "nowhere", .places = {"/opt/liba.so"}},
};

static void
check_search(const struct search_case *search)
{
	struct scene_elf program = search->program;
	struct scene scene;
	struct span environment = span_from(search->environment);

	program.needed[0] = "liba.so";
	scene_open(&scene);
	scene_elf(&scene, "/app/prog", &program);
	if (search->conf) {
		scene_file(&scene, "/etc/ld.so.conf", 0644, search->conf);
		scene_file(&scene, "/etc/ld.so.conf.d/x.conf", 0644, "# comment\n/opt/conf # x\n");
		scene_file(&scene, "/etc/ld.so.conf.d/x.off", 0644, "/opt\n");
	}
	if (search->musl)
		scene_file(&scene, "/etc/ld-musl-x86_64.path", 0644, search->musl);
	for (size_t i = 0; i < 3 && search->places[i]; i++)
		scene_elf(&scene, search->places[i], &(struct scene_elf){.soname = "liba.so"});
	scene_close(&scene);
	scene.fixture.image->config.environment =
		(struct span_list){&environment, search->environment ? 1 : 0};
	scene_use(&scene, "/app/prog", RUN);

	struct plan *plan = scene_plan(&scene);
	for (size_t i = 0; i < 3 && search->places[i]; i++) {
		bool wanted = search->wanted && strcmp(search->wanted, search->places[i]) == 0;

		if (scene_keeps(&scene, plan, search->places[i]) != wanted)
			fail_msg("%s: %s", search->name, search->places[i]);
	}
	if (scene_has_gap(plan, "/app/prog", "liba.so") != !search->wanted)
		fail_msg("%s: gap", search->name);
	plan_free(plan);
	scene_free(&scene);
}

static void
libraries_are_found_in_the_loaders_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++)
		check_search(&searches[i]);
}

static void
another_machines_library_is_passed_over(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/app/prog",
		  &(struct scene_elf){.needed = {"liba.so"}, .runpath = "/arm:/lib"});
	scene_elf(&scene, "/arm/liba.so", &(struct scene_elf){.machine = EM_AARCH64});
	scene_elf(&scene, "/lib/liba.so", &(struct scene_elf){.soname = NULL});
	scene_close(&scene);
	scene_use(&scene, "/app/prog", RUN);

	struct plan *plan = scene_plan(&scene);
	assert_false(scene_keeps(&scene, plan, "/arm/liba.so"));
	assert_int_equal(scene_reason(&scene, plan, "/lib/liba.so"), REASON_NEEDED);
	plan_free(plan);
	scene_free(&scene);
}

/* libb.so has no path of its own: the program's DT_RPATH is inherited, DT_RUNPATH is not. */
static void
rpath_is_inherited_runpath_is_not(void **state)
{
	(void)state;
	for (int inherits = 0; inherits < 2; inherits++) {
		struct scene_elf program = {.needed = {"liba.so"}};
		struct scene scene;

		*(inherits ? &program.rpath : &program.runpath) = "/opt";
		scene_open(&scene);
		scene_elf(&scene, "/app/prog", &program);
		scene_elf(&scene, "/opt/liba.so", &(struct scene_elf){.needed = {"libb.so"}});
		scene_elf(&scene, "/opt/libb.so", &(struct scene_elf){.soname = NULL});
		scene_close(&scene);
		scene_use(&scene, "/app/prog", RUN);

		struct plan *plan = scene_plan(&scene);
		assert_true(scene_keeps(&scene, plan, "/opt/liba.so"));
		assert_int_equal(scene_keeps(&scene, plan, "/opt/libb.so"), inherits);
		assert_int_equal(scene_has_gap(plan, "liba.so", "libb.so"), !inherits);
		plan_free(plan);
		scene_free(&scene);
	}
}

static void
what_the_c_library_loads_by_name_is_kept(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/app/prog",
		  &(struct scene_elf){.import = "pthread_exit", .interpreter = LOADER});
	scene_elf(&scene, "/app/id", &(struct scene_elf){.import = "getpwnam"});
	scene_elf(&scene, LOADER, &(struct scene_elf){.soname = NULL});
	scene_elf(&scene, "/lib/libgcc_s.so.1", &(struct scene_elf){.soname = NULL});
	scene_elf(&scene, "/lib/libnss_ldap.so.2", &(struct scene_elf){.needed = {"libldap.so"}});
	scene_elf(&scene, "/lib/libnss_nis.so.2", &(struct scene_elf){.soname = NULL});
	scene_elf(&scene, "/lib/libldap.so", &(struct scene_elf){.soname = NULL});
	scene_elf(&scene, "/lib/libpre.so", &(struct scene_elf){.soname = NULL});
	scene_file(&scene, "/etc/ld.so.preload", 0644, "libpre.so\n");
	scene_file(&scene, "/etc/nsswitch.conf", 0644,
		   "# x\npasswd: files [NOTFOUND=return] ldap # nis\nnetgroup: nis\n");
	scene_close(&scene);
	scene_use(&scene, "/app/prog", RUN);

	struct plan *plan = scene_plan(&scene);
	assert_int_equal(scene_reason(&scene, plan, LOADER), REASON_INTERPRETER);
	assert_int_equal(scene_reason(&scene, plan, "/lib/libgcc_s.so.1"), REASON_NEEDED);
	assert_int_equal(scene_reason(&scene, plan, "/lib/libpre.so"), REASON_NEEDED);
	assert_int_equal(scene_reason(&scene, plan, "/etc/ld.so.preload"), REASON_LOADER);
	assert_false(scene_keeps(&scene, plan, "/lib/libnss_ldap.so.2"));
	plan_free(plan);

	scene_use(&scene, "/app/id", RUN);
	plan = scene_plan(&scene);
	assert_int_equal(scene_reason(&scene, plan, "/lib/libnss_ldap.so.2"), REASON_NSS);
	assert_int_equal(scene_reason(&scene, plan, "/lib/libldap.so"), REASON_NEEDED);
	assert_false(scene_keeps(&scene, plan, "/lib/libnss_nis.so.2"));
	plan_free(plan);
	scene_free(&scene);
}

static void
damaged_elf_is_a_gap(void **state)
{
	struct fixture_entry damaged = {
		.path = "/app/bad", .mode = 0755, .content = "\177ELF\2\1\1", .size = 7};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/app/prog", &(struct scene_elf){.soname = NULL});
	scene_entry(&scene, &damaged);
	scene_close(&scene);
	scene_use(&scene, "/app/prog", RUN);
	scene_use(&scene, "/app/bad", RUN);

	struct plan *plan = scene_plan(&scene);
	assert_true(scene_keeps(&scene, plan, "/app/bad"));
	assert_true(scene_has_gap(plan, "/app/bad", "what it loads is not known"));
	plan_free(plan);
	scene_free(&scene);
}

static void
cache_of_this_machine_is_read(void **state)
{
	struct arena *arena = arena_new(0);
	struct ld_cache_entry *entries;
	struct span file;
	struct err problem = ERR_INIT;
	size_t count = 0;
	bool libc = false;

	(void)state;
	if (file_load("/etc/ld.so.cache", LD_CACHE_MAX, arena, &file, &problem) < 0) {
		arena_free(arena);
		skip();
	}
	assert_good(ld_cache_read(file, arena, &entries, &count, err));
	for (size_t i = 0; i < count; i++)
		libc |= span_equal(entries[i].name, SPAN("libc.so.6")) &&
			span_ends_with(entries[i].path, SPAN("/libc.so.6"));
	assert_true(libc);

	/* Every cut of it is refused or gives no more than was there. */
	for (size_t n = 0; n < 4096 && n < file.n; n++) {
		struct ld_cache_entry *cut;
		size_t cut_count = 0;

		if (ld_cache_read(span_slice(file, 0, n), arena, &cut, &cut_count, &problem) == 0)
			assert_true(cut_count <= count);
	}
	assert_fails(ERR_INVALID, ld_cache_read(SPAN("ld.so-1.7.0\0\377\377\377\377"), arena,
						&entries, &count, err));
	arena_free(arena);
}

static void
shebang_lines(void **state)
{
	static const struct {
		const char *head;
		bool good;
		const char *interpreter;
		const char *program;
	} cases[] = {
		{"#!/bin/sh\nx", true, "/bin/sh", ""},
		{"#! /bin/sh -e\n", true, "/bin/sh", ""},
		{"#!/usr/bin/env python3\n", true, "/usr/bin/env", "python3"},
		{"#!/usr/bin/env -S A=b -i perl -w\n", true, "/usr/bin/env", "perl"},
		{"#!/usr/bin/env -u X node\n", true, "/usr/bin/env", "node"},
		{"#!/usr/bin/env -Sruby -w\n", true, "/usr/bin/env", "ruby"},
		{"#!", false, "", ""},
		{"#!  \n/bin/sh", false, "", ""},
		{"", false, "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct shebang shebang;

		assert_int_equal(shebang_read(span_from(cases[i].head), &shebang), cases[i].good);
		if (!cases[i].good)
			continue;
		assert_span(shebang.interpreter, cases[i].interpreter);
		assert_span(shebang.program, cases[i].program);
	}
}

static void
scripts_bring_their_interpreters(void **state)
{
	struct span environment = SPAN("PATH=/none:/opt/bin");
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_file(&scene, "/app/run", 0755, "#!/usr/bin/env prog\n");
	scene_file(&scene, "/app/lib.sh", 0644, "#!/bin/sh\n");
	scene_file(&scene, "/app/seen.sh", 0755, "#!/bin/ksh\n");
	scene_file(&scene, "/app/lost.sh", 0755, "#!/bin/lost\n");
	scene_file(&scene, "/opt/bin/prog", 0755, "#!/bin/loader\n");
	scene_elf(&scene, "/usr/bin/env", &(struct scene_elf){.soname = NULL});
	scene_elf(&scene, "/usr/bin/loader", &(struct scene_elf){.soname = NULL});
	scene_elf(&scene, "/usr/bin/sh", &(struct scene_elf){.soname = NULL});
	scene_elf(&scene, "/usr/bin/ksh", &(struct scene_elf){.soname = NULL});
	scene_link(&scene, "/bin", "usr/bin");
	scene_close(&scene);
	scene.fixture.image->config.environment = (struct span_list){&environment, 1};
	scene_use(&scene, "/app/run", RUN);
	scene_use(&scene, "/app/lib.sh", RUN);
	scene_use(&scene, "/app/seen.sh", USE_LOOKUP);
	scene_use(&scene, "/app/lost.sh", RUN);

	struct plan *plan = scene_plan(&scene);
	assert_int_equal(scene_reason(&scene, plan, "/usr/bin/env"), REASON_INTERPRETER);
	assert_int_equal(scene_reason(&scene, plan, "/opt/bin/prog"), REASON_INTERPRETER);
	assert_int_equal(scene_reason(&scene, plan, "/usr/bin/loader"), REASON_INTERPRETER);
	assert_true(scene_keeps(&scene, plan, "/app/seen.sh"));
	assert_false(scene_keeps(&scene, plan, "/usr/bin/sh"));
	assert_false(scene_keeps(&scene, plan, "/usr/bin/ksh"));
	assert_true(scene_has_gap(plan, "/app/lost.sh", "/bin/lost"));
	assert_false(scene_has_gap(plan, "/opt/bin/prog", "was removed"));
	plan_free(plan);

	struct span drop = SPAN("/usr/bin/loader");
	scene.service.drop = (struct span_list){&drop, 1};
	plan = scene_plan(&scene);
	assert_true(scene_has_gap(plan, "/opt/bin/prog", "/usr/bin/loader was removed"));
	plan_free(plan);
	scene_free(&scene);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(libraries_are_found_in_the_loaders_order),
	cmocka_unit_test(another_machines_library_is_passed_over),
	cmocka_unit_test(rpath_is_inherited_runpath_is_not),
	cmocka_unit_test(what_the_c_library_loads_by_name_is_kept),
	cmocka_unit_test(damaged_elf_is_a_gap),
	cmocka_unit_test(cache_of_this_machine_is_read),
	cmocka_unit_test(shebang_lines),
	cmocka_unit_test(scripts_bring_their_interpreters),
};

int
main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
