/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/elf_code.h"
#include "codec/elf_crt.h"

#include "stubbed.h"

enum { PAGES_MAX = 1024 };

struct scene {
	struct arena *arena;
	struct elf_library library;
	uint8_t pages[PAGES_MAX / 8];
	size_t page_count;
};

static struct scene
load(const char *name)
{
	struct scene scene = {.arena = arena_new(0)};

	assert_non_null(scene.arena);
	assert_good(elf_library_read(stubbed_load(scene.arena, name), scene.arena, &scene.library,
				     err));
	scene.page_count = (scene.library.file.n + ELF_CODE_PAGE - 1) / ELF_CODE_PAGE;
	assert_true(scene.page_count < PAGES_MAX);
	return scene;
}

static size_t
page_of(const struct scene *scene, uint64_t address)
{
	struct span there = elf_library_at(&scene->library, address);

	assert_true(there.n > 0);
	return (size_t)(there.p - scene->library.file.p) / ELF_CODE_PAGE;
}

static void
touch(struct scene *scene, uint64_t address)
{
	size_t page = page_of(scene, address);

	scene->pages[page / 8] |= (uint8_t)(1U << page % 8);
}

static void
untouch(struct scene *scene, uint64_t address)
{
	size_t page = page_of(scene, address);

	scene->pages[page / 8] &= (uint8_t) ~(1U << page % 8);
}

/* What the loader reads, and the start files' functions that it calls. */
static void
touch_as_loaded(struct scene *scene)
{
	struct elf_crt crt = {0};

	for (size_t i = 0; i < scene->library.load_count; i++) {
		const struct elf_load *load = &scene->library.loads[i];
		for (uint64_t at = 0; !load->executable && at < load->size; at += ELF_CODE_PAGE)
			touch(scene, load->address + at);
	}
	assert_good(elf_crt_read(&scene->library, &crt, err));
	assert_true(crt.count >= 2);
	for (size_t i = 0; i < crt.count; i++)
		touch(scene, crt.ranges[i].address);
}

static bool
ran(const struct scene *scene)
{
	bool answer = false;

	assert_good(elf_code_ran(scene->library.file, scene->pages, scene->page_count, NULL, NULL,
				 &answer, err));
	return answer;
}

static void
loaded_is_not_run(void **state)
{
	struct scene scene = load("libhelped.so.1");

	(void)state;
	assert_false(ran(&scene));
	touch_as_loaded(&scene);
	assert_false(ran(&scene));
	arena_free(scene.arena);
}

static void
any_function_is_seen(void **state)
{
	static const char *const functions[] = {"helped_plain", "helped_age", "helped_weak",
						"helped_chosen", "helped_untyped"};

	(void)state;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		struct scene scene = load("libhelped.so.1");
		touch_as_loaded(&scene);
		touch(&scene, stubbed_address(&scene.library, functions[i]));
		assert_true(ran(&scene));
		arena_free(scene.arena);
	}
}

/* Its only function shares a page with the start files'. */
static void
a_shared_page_is_run_unless_nobody_looked(void **state)
{
	struct scene scene = load("libsmall.so.1");

	(void)state;
	touch_as_loaded(&scene);
	assert_int_equal(page_of(&scene, stubbed_address(&scene.library, "small_answer")),
			 page_of(&scene, scene.library.loads[1].address));
	assert_true(ran(&scene));
	untouch(&scene, scene.library.symbols);
	assert_false(ran(&scene));
	arena_free(scene.arena);
}

static bool
is_name(void *context, struct span name)
{
	return span_equal(name, span_from(context));
}

static void
functions_that_nobody_imports_cannot_run(void **state)
{
	static const struct {
		char import[16];
		bool ran;
	} cases[] = {{"small_answer", true}, {"small_question", false}};
	struct scene scene = load("libsmall.so.1");

	(void)state;
	touch_as_loaded(&scene);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char import[16];
		bool answer = !cases[i].ran;
		memcpy(import, cases[i].import, sizeof(import));
		assert_good(elf_code_ran(scene.library.file, scene.pages, scene.page_count, is_name,
					 import, &answer, err));
		assert_int_equal(answer, cases[i].ran);
	}
	arena_free(scene.arena);
}

static void
constructors_count_as_run(void **state)
{
	struct scene scene = load("libbegun.so.1");
	uint64_t init = 0;

	(void)state;
	assert_true(elf_library_value(&scene.library, DT_INIT, &init));
	touch(&scene, init);
	assert_true(ran(&scene));
	arena_free(scene.arena);
}

static void
destructors_do_not(void **state)
{
	struct scene scene = load("libended.so.1");
	struct elf_crt crt = {0};

	(void)state;
	assert_good(elf_crt_read(&scene.library, &crt, err));
	assert_true(crt.destructors);
	touch_as_loaded(&scene);
	touch(&scene, stubbed_address(&scene.library, "small_answer"));
	assert_true(ran(&scene));
	untouch(&scene, scene.library.symbols);
	assert_false(ran(&scene));
	arena_free(scene.arena);
}

static void
what_is_not_understood_counts_as_run(void **state)
{
	struct scene scene = load("libhelped.so.1");
	static const uint8_t none[8] = {0};
	struct span file = scene.library.file;
	bool answer = false;

	(void)state;
	assert_good(elf_code_ran(file, none, 1, NULL, NULL, &answer, err));
	assert_true(answer);
	answer = false;
	assert_good(elf_code_ran(span_slice(file, 0, 64), none, 1, NULL, NULL, &answer, err));
	assert_true(answer);
	answer = false;
	assert_good(elf_code_ran(SPAN("no ELF"), none, 1, NULL, NULL, &answer, err));
	assert_true(answer);
	arena_free(scene.arena);
}

static void
what_always_counts_as_run_tells_why(void **state)
{
	struct scene scene = load("libbegun.so.1");
	struct scene plain = load("libhelped.so.1");
	struct err why = ERR_INIT;

	(void)state;
	assert_good(elf_code_tells(plain.library.file, err));
	assert_int_equal(elf_code_tells(scene.library.file, &why), -ERR_UNSUPPORTED);
	assert_string_equal(why.text, "it has 2 constructors");
	assert_fails(ERR_INVALID, elf_code_tells(SPAN("no ELF"), err));
	arena_free(scene.arena);
	arena_free(plain.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loaded_is_not_run),
		cmocka_unit_test(any_function_is_seen),
		cmocka_unit_test(a_shared_page_is_run_unless_nobody_looked),
		cmocka_unit_test(functions_that_nobody_imports_cannot_run),
		cmocka_unit_test(constructors_count_as_run),
		cmocka_unit_test(destructors_do_not),
		cmocka_unit_test(what_is_not_understood_counts_as_run),
		cmocka_unit_test(what_always_counts_as_run_tells_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
