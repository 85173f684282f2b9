/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/arena.h"
#include "base/fd.h"
#include "base/limits.h"
#include "fixture.h"
#include "stage/shells.h"

#include <stdlib.h>
#include <unistd.h>

struct world {
	struct arena *arena;
	struct fixture fixture;
	struct shells *shells;
};

static struct span
load(struct world *world, const char *path)
{
	struct span content = {NULL, 0};

	if (!world->arena)
		world->arena = arena_new(0);
	if (access(path, R_OK) < 0) {
		print_message("%s is not there\n", path);
		skip();
	}
	assert_good(file_load(path, ELF_FILE_MAX, world->arena, &content, err));
	return content;
}

/* A program of this machine in the image, under a name of the test's. */
static struct fixture_entry
program(struct world *world, const char *from, const char *path)
{
	struct span content = load(world, from);

	return (struct fixture_entry){
		.path = path, .content = content.p, .size = content.n, .mode = 0755};
}

static void
look(struct world *world, const struct fixture_entry *table, size_t count)
{
	assert_good(fixture_make(table, count, &world->fixture, err));
	assert_good(
		shells_find(world->fixture.image, world->fixture.contents, &world->shells, err));
}

static void
leave(struct world *world)
{
	shells_free(world->shells);
	fixture_free(&world->fixture);
	arena_free(world->arena);
}

static void
check(const struct world *world, size_t index, const char *path, enum shell_kind kind,
      enum shell_proof proof, const char *what)
{
	assert_true(index < world->shells->count);
	const struct shell *shell = &world->shells->items[index];
	assert_span(world->fixture.image->entries[shell->entry].path, path);
	assert_int_equal(shell->kind, kind);
	assert_int_equal(shell->proof, proof);
	assert_span(shell->what, what);
}

static void
renamed_shells_are_found_by_content(void **state)
{
	struct world world = {0};
	struct fixture_entry table[] = {
		program(&world, "/bin/dash", "/opt/a-tool"),
		program(&world, "/bin/bash", "/opt/b-tool"),
		program(&world, "/bin/bash", "/opt/c-not-executable"),
		program(&world, "/bin/true", "/opt/d-harmless"),
		{.path = "/opt/e-text", .content = "GNU bash, version\n", .mode = 0755},
	};

	(void)state;
	table[2].mode = 0644;
	look(&world, table, sizeof(table) / sizeof(table[0]));
	assert_int_equal(world.shells->count, 3);
	assert_int_equal(world.shells->shell_count, 3);
	assert_int_equal(world.shells->gaps.count, 0);
	check(&world, 0, "/opt/a-tool", SHELL_SHELL, SHELL_BY_CONTENT, "dash");
	check(&world, 1, "/opt/b-tool", SHELL_SHELL, SHELL_BY_CONTENT, "bash");
	check(&world, 2, "/opt/c-not-executable", SHELL_SHELL, SHELL_BY_CONTENT, "bash");
	leave(&world);
}

static void
links_lead_to_shells(void **state)
{
	struct world world = {0};
	struct fixture_entry table[] = {
		program(&world, "/bin/dash", "/usr/bin/dash"),
		{.path = "/bin", .type = IMAGE_SYMLINK, .link = "usr/bin"},
		{.path = "/usr/bin/sh", .type = IMAGE_SYMLINK, .link = "/etc/alternatives/x"},
		{.path = "/etc/alternatives/x", .type = IMAGE_SYMLINK, .link = "/bin/dash"},
		{.path = "/opt/hard", .hardlink = "/usr/bin/dash"},
		{.path = "/usr/bin/ksh", .type = IMAGE_SYMLINK, .link = "nowhere"},
		{.path = "/usr/bin/zsh", .type = IMAGE_SYMLINK, .link = "/etc"},
		{.path = "/etc/bash", .content = "not a program", .mode = 0755},
		{.path = "/usr/bin/fish", .content = "#!/bin/x\n", .mode = 0644},
	};

	(void)state;
	look(&world, table, sizeof(table) / sizeof(table[0]));
	assert_int_equal(world.shells->count, 4);
	check(&world, 0, "/etc/alternatives/x", SHELL_SHELL, SHELL_BY_LINK, "dash");
	check(&world, 1, "/opt/hard", SHELL_SHELL, SHELL_BY_LINK, "dash");
	check(&world, 2, "/usr/bin/dash", SHELL_SHELL, SHELL_BY_NAME, "dash");
	check(&world, 3, "/usr/bin/sh", SHELL_SHELL, SHELL_BY_NAME, "dash");
	leave(&world);
}

static void
names_count_for_programs(void **state)
{
	static const char script[] = "#!/opt/runtime\nprompt\n";
	struct world world = {0};
	struct fixture_entry table[] = {
		program(&world, "/bin/true", "/a/pwsh"),
		program(&world, "/bin/true", "/b/copy-of-pwsh"),
		program(&world, "/bin/true", "/b/nu"),
		{.path = "/c/xonsh", .content = script, .mode = 0755},
		{.path = "/d/copy-of-xonsh", .content = script, .mode = 0755},
		{.path = "/e/rc", .content = "#!/bin/run\n", .mode = 0755},
		{.path = "/f/irb3.1", .content = script, .mode = 0755},
		{.path = "/g/ksh", .type = IMAGE_SYMLINK, .link = "/b/copy-of-pwsh"},
		{.path = "/h/other", .type = IMAGE_SYMLINK, .link = "/a/pwsh"},
		{.path = "/i/hard", .hardlink = "/a/pwsh"},
	};

	(void)state;
	look(&world, table, sizeof(table) / sizeof(table[0]));
	check(&world, 0, "/a/pwsh", SHELL_SHELL, SHELL_BY_NAME, "pwsh");
	check(&world, 1, "/b/copy-of-pwsh", SHELL_SHELL, SHELL_BY_CONTENT, "pwsh");
	check(&world, 2, "/b/nu", SHELL_SHELL, SHELL_BY_NAME, "nu");
	check(&world, 3, "/c/xonsh", SHELL_SHELL, SHELL_BY_NAME, "xonsh");
	check(&world, 4, "/d/copy-of-xonsh", SHELL_SHELL, SHELL_BY_CONTENT, "xonsh");
	check(&world, 5, "/f/irb3.1", SHELL_INTERPRETER, SHELL_BY_NAME, "irb");
	check(&world, 6, "/g/ksh", SHELL_SHELL, SHELL_BY_NAME, "ksh");
	check(&world, 7, "/h/other", SHELL_SHELL, SHELL_BY_LINK, "pwsh");
	check(&world, 8, "/i/hard", SHELL_SHELL, SHELL_BY_LINK, "pwsh");
	assert_int_equal(world.shells->count, 9);
	assert_int_equal(world.shells->shell_count, 8);
	leave(&world);
}

static void
busybox_holds_a_shell(void **state)
{
	struct world world = {0};
	struct fixture_entry table[] = {
		program(&world, "/bin/busybox", "/opt/tool"),
		{.path = "/opt/ls", .type = IMAGE_SYMLINK, .link = "tool"},
		{.path = "/opt/sh", .type = IMAGE_SYMLINK, .link = "tool"},
		{.path = "/opt/zcat", .hardlink = "/opt/tool"},
	};

	(void)state;
	look(&world, table, sizeof(table) / sizeof(table[0]));
	check(&world, 0, "/opt/sh", SHELL_MULTICALL, SHELL_BY_NAME, "busybox");
	check(&world, 1, "/opt/tool", SHELL_MULTICALL, SHELL_BY_CONTENT, "busybox");
	assert_int_equal(world.shells->count, 2);
	assert_int_equal(world.shells->shell_count, 2);
	leave(&world);
}

static void
interpreters_are_listed_apart(void **state)
{
	struct world world = {0};
	struct fixture_entry table[] = {program(&world, "/usr/bin/perl", "/opt/tool")};

	(void)state;
	look(&world, table, 1);
	assert_int_equal(world.shells->count, 1);
	assert_int_equal(world.shells->shell_count, 0);
	check(&world, 0, "/opt/tool", SHELL_INTERPRETER, SHELL_BY_CONTENT, "perl");
	leave(&world);
}

/* An ELF file whose text is given; enough for the header to be read. */
static struct fixture_entry
forged(struct world *world, const char *path, struct span text)
{
	struct span base = load(world, "/bin/true");
	char *content = arena_alloc(world->arena, base.n + text.n + 1);

	assert_non_null(content);
	memcpy(content, base.p, base.n);
	memcpy(content + base.n, text.p, text.n);
	return (struct fixture_entry){
		.path = path, .content = content, .size = base.n + text.n, .mode = 0755};
}

static void
quoting_a_shell_makes_none(void **state)
{
	struct world world = {0};
	struct fixture_entry table[] = {
		forged(&world, "/a/magic", SPAN("\0GNU bash, version\0zsh: \0BusyBox v\0")),
		forged(&world, "/b/completion",
		       SPAN("\0alias\0bg\0cd\0command\0eval\0exec\0export\0fg\0getopts\0jobs\0read"
			    "\0"
			    "readonly\0return\0set\0shift\0trap\0ulimit\0umask\0unalias\0unset\0")),
		forged(&world, "/c/toybox", SPAN("Toybox %s multicall binary")),
		forged(&world, "/d/unknown",
		       SPAN("\0alias\0bg\0cd\0command\0eval\0exec\0export\0fg\0getopts\0jobs\0read"
			    "\0"
			    "readonly\0return\0shift\0trap\0no such job\0job control\0"
			    "parameter not set\0bad substitution\0")),
	};

	(void)state;
	look(&world, table, sizeof(table) / sizeof(table[0]));
	assert_int_equal(world.shells->count, 1);
	check(&world, 0, "/d/unknown", SHELL_SHELL, SHELL_BY_CONTENT, "a POSIX shell");
	leave(&world);
}

static bool
has_gap(const struct world *world, const char *subject, const char *part)
{
	for (size_t i = 0; i < world->shells->gaps.count; i++) {
		if (span_equal(world->shells->gaps.items[i].subject, span_from(subject)) &&
		    span_contains(world->shells->gaps.items[i].text, span_from(part)))
			return true;
	}
	return false;
}

static void
what_cannot_be_judged_is_a_gap(void **state)
{
	static const char header[] = "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\76\0\1\0\0\0\377\377";
	struct world world = {0};
	struct fixture_entry table[] = {
		{.path = "/a/broken", .content = header, .size = sizeof(header), .mode = 0755},
		{.path = "/a/data", .content = header, .size = sizeof(header), .mode = 0644},
		forged(&world, "/b/packed",
		       SPAN("UPX!\0$Info: This file is packed with the UPX executable packer")),
		program(&world, "/bin/dash", "/c/bash"),
	};

	(void)state;
	assert_good(fixture_make(table, sizeof(table) / sizeof(table[0]), &world.fixture, err));
	/* The last file's bytes are not all there: as a damaged cache would have it. */
	for (size_t i = 0; i < world.fixture.image->entry_count; i++) {
		struct image_entry *entry = &world.fixture.image->entries[i];

		if (span_equal(entry->path, SPAN("/c/bash")))
			entry->offset += 1000000000;
	}
	assert_good(shells_find(world.fixture.image, world.fixture.contents, &world.shells, err));
	assert_true(has_gap(&world, "/a/broken", "malformed"));
	assert_true(has_gap(&world, "/b/packed", "packed"));
	assert_true(has_gap(&world, "/c/bash", "cannot be read"));
	assert_int_equal(world.shells->gaps.count, 3);
	assert_int_equal(world.shells->count, 1);
	check(&world, 0, "/c/bash", SHELL_SHELL, SHELL_BY_NAME, "bash");
	leave(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renamed_shells_are_found_by_content),
		cmocka_unit_test(links_lead_to_shells),
		cmocka_unit_test(names_count_for_programs),
		cmocka_unit_test(busybox_holds_a_shell),
		cmocka_unit_test(interpreters_are_listed_apart),
		cmocka_unit_test(quoting_a_shell_makes_none),
		cmocka_unit_test(what_cannot_be_judged_is_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
