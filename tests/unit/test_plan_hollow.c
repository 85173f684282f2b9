/* SPDX-License-Identifier: Apache-2.0 */
/* Programs and libraries that were looked up and never read: the name stays, the code goes. */
#include "scene.h"
#include "test.h"

enum { RUN = USE_LOOKUP | USE_READ };

static const struct scene_elf plain = {.soname = NULL};

static const struct plan_entry *
entry_of(const struct scene *scene, const struct plan *plan, const char *path)
{
	uint32_t entry = image_find(scene->fixture.image, span_from(path));

	assert_int_not_equal(entry, IMAGE_NONE);
	return &plan->entries[entry];
}

/* The content written in the place of a file's; .p NULL: its own. */
static struct span
content_of(const struct scene *scene, const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->rewrite_count; i++) {
		if (plan->rewrites[i].entry == image_find(scene->fixture.image, span_from(path)))
			return plan->rewrites[i].content;
	}
	return (struct span){NULL, 0};
}

static void
only_code_is_taken_out(void **state)
{
	static const struct {
		const char *path;
		uint32_t mode;
		const char *content;
		bool hollow;
	} cases[] = {
		{"/p/tool", 0755, "\177ELF, or so it says", true},
		{"/p/lib.so.1", 0644, "\177ELF", true},
		{"/p/script", 0755, "#!/bin/sh\n", true},
		{"/p/plain", 0755, "echo no shebang\n", true},
		{"/p/script.txt", 0644, "#!/bin/sh\n", false}, /* nothing runs it */
		{"/p/mod.py", 0755, "#!/usr/bin/python3\n", false},
		{"/p/old.jar", 0644, "PK\003\004", false},
		{"/p/app.conf", 0644, "key = value\n", false},
		{"/p/empty", 0755, "", false},
	};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/app", &plain);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		scene_file(&scene, cases[i].path, cases[i].mode, cases[i].content);
	scene_close(&scene);
	scene_use(&scene, "/app", RUN);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		scene_use(&scene, cases[i].path, USE_LOOKUP);

	struct plan *plan = scene_plan(&scene);
	uint32_t hollow = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span content = content_of(&scene, plan, cases[i].path);

		if ((entry_of(&scene, plan, cases[i].path)->content == CONTENT_HOLLOW) !=
		    cases[i].hollow)
			fail_msg("%s", cases[i].path);
		assert_true(entry_of(&scene, plan, cases[i].path)->keep);
		assert_int_equal(content.n, cases[i].hollow ? strlen(cases[i].content) : 0);
		for (size_t k = 0; k < content.n; k++)
			assert_int_equal(content.p[k], 0);
		hollow += cases[i].hollow;
	}
	assert_int_equal(plan->hollow, hollow);
	assert_int_equal(entry_of(&scene, plan, "/app")->content, CONTENT_WHOLE);
	plan_free(plan);
	scene_free(&scene);
}

/* Whatever asks for the content has it, the order of the rules aside. */
static void
whoever_needs_the_content_has_it(void **state)
{
	static const char *const looked_up[] = {"/bin/interpreter", "/lib/libneeded.so",
						"/bin/declared", "/bin/linked", "/bin/started"};
	struct span declared = SPAN("/bin/declared");
	struct span entrypoint = SPAN("/bin/started");
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/app", &(struct scene_elf){.needed = {"libneeded.so"}});
	scene_elf(&scene, "/lib/libneeded.so", &(struct scene_elf){.soname = "libneeded.so"});
	scene_file(&scene, "/run", 0755, "#!/bin/interpreter\n");
	scene_elf(&scene, "/bin/interpreter", &plain);
	scene_elf(&scene, "/bin/declared", &plain);
	scene_elf(&scene, "/bin/linked", &plain);
	scene_elf(&scene, "/bin/started", &plain);
	scene_elf(&scene, "/bin/only", &plain);
	scene_entry(&scene,
		    &(struct fixture_entry){.path = "/bin/other", .hardlink = "/bin/linked"});
	scene_close(&scene);
	scene.service.keep = (struct span_list){&declared, 1};
	scene.fixture.image->config.entrypoint = (struct span_list){&entrypoint, 1};
	for (size_t i = 0; i < sizeof(looked_up) / sizeof(looked_up[0]); i++)
		scene_use(&scene, looked_up[i], USE_LOOKUP);
	scene_use(&scene, "/bin/only", USE_LOOKUP);
	scene_use(&scene, "/app", RUN);
	scene_use(&scene, "/run", RUN);

	struct plan *plan = scene_plan(&scene);
	for (size_t i = 0; i < sizeof(looked_up) / sizeof(looked_up[0]); i++) {
		if (!entry_of(&scene, plan, looked_up[i])->keep ||
		    entry_of(&scene, plan, looked_up[i])->content != CONTENT_WHOLE)
			fail_msg("%s", looked_up[i]);
	}
	assert_int_equal(entry_of(&scene, plan, "/bin/only")->content, CONTENT_HOLLOW);
	assert_int_equal(plan->hollow, 1);
	plan_free(plan);
	scene_free(&scene);
}

static void
its_package_goes_with_the_code(void **state)
{
	static const char *const gone[] = {"/bin/tool", NULL};
	static const char *const partly[] = {"/bin/used", "/bin/named", NULL};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/bin/tool", &plain);
	scene_elf(&scene, "/bin/used", &plain);
	scene_elf(&scene, "/bin/named", &plain);
	scene_close(&scene);
	scene_package(&scene, "gone", gone);
	scene_package(&scene, "partly", partly);
	scene_use(&scene, "/bin/tool", USE_LOOKUP);
	scene_use(&scene, "/bin/named", USE_LOOKUP);
	scene_use(&scene, "/bin/used", RUN);

	struct plan *plan = scene_plan(&scene);
	assert_int_equal(plan->components[0].fate, FATE_REMOVED);
	assert_int_equal(plan->components[1].fate, FATE_KEPT);
	assert_int_equal(plan->components[1].files_kept, 1);
	assert_int_equal(plan->orphan_count, 0);
	plan_free(plan);
	scene_free(&scene);
}

static void
whole_packages_have_no_hollow_files(void **state)
{
	static const char *const files[] = {"/bin/used", "/bin/named", NULL};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/bin/used", &plain);
	scene_elf(&scene, "/bin/named", &plain);
	scene_close(&scene);
	scene_package(&scene, "p", files);
	scene.service.granularity = GRANULARITY_PACKAGE;
	scene_use(&scene, "/bin/named", USE_LOOKUP);
	scene_use(&scene, "/bin/used", RUN);

	struct plan *plan = scene_plan(&scene);
	assert_int_equal(plan->hollow, 0);
	assert_int_equal(plan->components[0].files_kept, 2);
	plan_free(plan);
	scene_free(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_code_is_taken_out),
		cmocka_unit_test(whoever_needs_the_content_has_it),
		cmocka_unit_test(its_package_goes_with_the_code),
		cmocka_unit_test(whole_packages_have_no_hollow_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
