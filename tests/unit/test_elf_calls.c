/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/elf_calls.h"
#include "codec/elf_code.h"
#include "codec/elf_library.h"

#include "stubbed.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGES_MAX = 1024 };

/* What libcalls.so.1 imports of libc, in the order of calls.c. */
static const char *const imports[] = {"getuid", "getpid", "getppid", "getsid"};
enum { IMPORTS = sizeof(imports) / sizeof(imports[0]) };

struct scene {
	struct arena *arena;
	struct elf_library library;
	uint8_t pages[PAGES_MAX / 8];
	size_t page_count;
	bool seen[IMPORTS];
	int answer;
};

static struct scene
load(const char *name)
{
	struct scene scene = {.arena = arena_new(0)};

	assert_non_null(scene.arena);
	assert_good(elf_library_read(stubbed_load(scene.arena, name), scene.arena, &scene.library,
				     err));
	scene.page_count = scene.library.file.n / ELF_CODE_PAGE + 1;
	assert_true(scene.page_count < PAGES_MAX);
	return scene;
}

static void
touch(struct scene *scene, uint64_t address)
{
	struct span there = elf_library_at(&scene->library, address);
	size_t page = (size_t)(there.p - scene->library.file.p) / ELF_CODE_PAGE;

	assert_true(there.n > 0);
	scene->pages[page / 8] |= (uint8_t)(1U << page % 8);
}

static int
see(void *context, struct span name, struct err *err)
{
	struct scene *scene = context;

	for (size_t i = 0; i < IMPORTS; i++)
		scene->seen[i] |= span_equal(name, span_from(imports[i]));
	return scene->answer ? err_set(err, ERR_CANCELLED, "enough") : 0;
}

/* `expected`: a digit for each of `imports`. */
static void
assert_calls(struct scene *scene, const char *expected)
{
	char found[IMPORTS + 1] = {0};

	memset(scene->seen, 0, sizeof(scene->seen));
	assert_good(
		elf_calls(scene->library.file, scene->pages, scene->page_count, see, scene, err));
	for (size_t i = 0; i < IMPORTS; i++)
		found[i] = scene->seen[i] ? '1' : '0';
	assert_string_equal(found, expected);
}

static void
only_what_touched_code_names_was_called(void **state)
{
	struct scene scene = load("libcalls.so.1");
	uint64_t init = 0;

	(void)state;
	if (scene.library.machine != EM_X86_64) {
		arena_free(scene.arena);
		skip();
	}
	/* data that the loader fills in may be used by anybody */
	assert_calls(&scene, "1000");
	/* the linkage names all, and calls nothing by itself */
	assert_true(elf_library_value(&scene.library, DT_INIT, &init));
	touch(&scene, init);
	assert_calls(&scene, "1000");
	touch(&scene, stubbed_address(&scene.library, "calls_plainly"));
	assert_calls(&scene, "1100");
	touch(&scene, stubbed_address(&scene.library, "gives_address"));
	assert_calls(&scene, "1101");
	touch(&scene, stubbed_address(&scene.library, "calls_by_slot"));
	assert_calls(&scene, "1111");
	arena_free(scene.arena);
}

static void
pages_that_are_not_known_were_touched(void **state)
{
	struct scene scene = load("libcalls.so.1");

	(void)state;
	if (scene.library.machine != EM_X86_64) {
		arena_free(scene.arena);
		skip();
	}
	scene.page_count = 1;
	assert_calls(&scene, "1111");
	scene.answer = 1;
	assert_fails(ERR_CANCELLED, elf_calls(scene.library.file, scene.pages, scene.page_count,
					      see, &scene, err));
	arena_free(scene.arena);
}

static void
where_it_cannot_be_told_it_says_so(void **state)
{
	struct scene scene = load("libcalls.so.1");
	char *text = malloc(scene.library.file.n);
	struct span changed = {text, scene.library.file.n};

	(void)state;
	assert_non_null(text);
	memcpy(text, scene.library.file.p, changed.n);
	memset(text + offsetof(Elf64_Ehdr, e_shoff), 0, 8);
	memset(text + offsetof(Elf64_Ehdr, e_shnum), 0, 2);
	assert_fails(ERR_UNSUPPORTED,
		     elf_calls(changed, scene.pages, scene.page_count, see, &scene, err));
	text[offsetof(Elf64_Ehdr, e_machine)] = (char)EM_AARCH64;
	assert_fails(ERR_UNSUPPORTED,
		     elf_calls(changed, scene.pages, scene.page_count, see, &scene, err));
	assert_fails(ERR_INVALID,
		     elf_calls(SPAN("no ELF"), scene.pages, scene.page_count, see, &scene, err));
	free(text);
	arena_free(scene.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_touched_code_names_was_called),
		cmocka_unit_test(pages_that_are_not_known_were_touched),
		cmocka_unit_test(where_it_cannot_be_told_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
