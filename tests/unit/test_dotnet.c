/* SPDX-License-Identifier: Apache-2.0 */
/* NAME.deps.json of .NET: what it lists, and what is left of it when files go. */
#include "scene.h"
#include "test.h"

#include "codec/dotnet_deps.h"
#include "stage/inventory.h"

#define DEPS                                                                                       \
	"{\"runtimeTarget\":{\"name\":\"net/linux-x64\"},\"targets\":{\"net\":{},"                 \
	"\"net/linux-x64\":{"                                                                      \
	"\"App/1.0.0\":{\"dependencies\":{\"Used.Lib\":\"2.0.0\",\"Unused\":\"3.0.0\"},"           \
	"\"runtime\":{\"App.dll\":{}}},"                                                           \
	"\"Used.Lib/2.0.0\":{\"dependencies\":{\"Unused\":\"3.0.0\"},"                             \
	"\"runtime\":{\"lib/net8.0/Used.dll\":{},\"lib/net8.0/Part.dll\":{}},"                     \
	"\"resources\":{\"lib/net8.0/de/Used.resources.dll\":{\"locale\":\"de\"}}},"               \
	"\"Unused/3.0.0\":{\"runtime\":{\"lib/net8.0/Unused.dll\":{}},"                            \
	"\"runtimeTargets\":{\"runtimes/unix/lib/U.dll\":{\"rid\":\"unix\"}}},"                    \
	"\"Elsewhere/4.0.0\":{\"runtime\":{\"lib/Elsewhere.dll\":{}}},"                            \
	"\"Build/5.0.0\":{\"compile\":{\"lib/Build.dll\":{}}},"                                    \
	"\"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.11\":"                          \
	"{\"native\":{\"libcoreclr.so\":{}}}}},"                                                   \
	"\"libraries\":{\"App/1.0.0\":{\"type\":\"project\"},"                                     \
	"\"Used.Lib/2.0.0\":{\"type\":\"package\"},\"Unused/3.0.0\":{\"type\":\"package\"},"       \
	"\"Elsewhere/4.0.0\":{\"type\":\"package\"},\"Build/5.0.0\":{\"type\":\"package\"},"       \
	"\"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.11\":"                          \
	"{\"type\":\"runtimepack\"}}}"

enum { RUN = USE_LOOKUP | USE_READ };

static void
open_application(struct scene *scene, bool owned)
{
	static const char *const assemblies[] = {
		"/app/App.dll",	   "/app/Used.dll",
		"/app/Part.dll",   "/app/de/Used.resources.dll",
		"/app/Unused.dll", "/app/runtimes/unix/lib/U.dll",
	};

	scene_open(scene);
	scene_elf(scene, "/app/App", &(struct scene_elf){.soname = NULL});
	scene_elf(scene, "/app/libcoreclr.so", &(struct scene_elf){.soname = NULL});
	for (size_t i = 0; i < sizeof(assemblies) / sizeof(assemblies[0]); i++)
		scene_file(scene, assemblies[i], 0644, "MZ");
	scene_file(scene, "/app/App.deps.json", 0644, DEPS);
	scene_file(scene, "/app/broken.deps.json", 0644, "{\"targets\":{}}");
	if (owned) {
		scene_file(scene, "/var/lib/dpkg/status", 0644,
			   "Package: app\nStatus: install ok installed\nVersion: 1\n"
			   "Architecture: all\n");
		scene_file(scene, "/var/lib/dpkg/info/app.list", 0644, "/app/App.deps.json\n");
	}
	scene_close(scene);
}

static struct inventory *
read_inventory(struct scene *scene)
{
	struct inventory *inventory = NULL;

	assert_good(inventory_read(scene->fixture.image, scene->fixture.contents, &inventory, err));
	return inventory;
}

static void
packages_and_their_files(void **state)
{
	static const char *const wanted[][3] = {
		{"Elsewhere", "4.0.0", "elsewhere"},
		{"Microsoft.NETCore.App.Runtime.linux-x64", "8.0.11",
		 "microsoft.netcore.app.runtime.linux-x64"},
		{"Unused", "3.0.0", "unused"},
		{"Used.Lib", "2.0.0", "used.lib"},
	};
	struct scene scene;
	bool gap = false;

	(void)state;
	open_application(&scene, false);
	struct inventory *inventory = read_inventory(&scene);
	assert_int_equal(inventory->component_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_span(inventory->components[i].ecosystem, "nuget");
		assert_span(inventory->components[i].name, wanted[i][0]);
		assert_span(inventory->components[i].version, wanted[i][1]);
		assert_span(inventory->components[i].source, wanted[i][2]);
		assert_span(inventory->components[i].database, "/app/App.deps.json");
	}
	const struct component *used = &inventory->components[3];
	assert_span(used->purl, "pkg:nuget/Used.Lib@2.0.0");
	assert_int_equal(used->file_count, 3);
	for (size_t i = 0; i < used->file_count; i++)
		assert_int_not_equal(used->files[i].entry, IMAGE_NONE);
	assert_int_equal(inventory->components[0].files[0].entry, IMAGE_NONE);
	for (size_t i = 0; i < inventory->gaps.count; i++)
		gap |= span_equal(inventory->gaps.items[i].subject, SPAN("/app/broken.deps.json"));
	assert_true(gap);
	inventory_free(inventory);
	scene_free(&scene);

	open_application(&scene, true);
	inventory = read_inventory(&scene);
	assert_int_equal(inventory->component_count, 1);
	inventory_free(inventory);
	scene_free(&scene);
}

static bool
lists(const struct dotnet_deps *deps, const char *name, const char *file)
{
	for (size_t i = 0; i < deps->count; i++) {
		const struct dotnet_library *library = &deps->libraries[i];

		if (!span_equal(library->name, span_from(name)))
			continue;
		for (size_t k = 0; file && k < library->files.count; k++) {
			if (span_equal(library->files.items[k], span_from(file)))
				return true;
		}
		return !file;
	}
	return false;
}

static void
document_lists_what_is_left(void **state)
{
	struct scene scene;
	struct plan *plan = NULL;
	struct dotnet_deps deps;

	(void)state;
	open_application(&scene, false);
	struct inventory *inventory = read_inventory(&scene);
	scene_use(&scene, "/app/App", RUN);
	scene_use(&scene, "/app/App.dll", RUN);
	scene_use(&scene, "/app/Used.dll", RUN);
	scene_use(&scene, "/app/libcoreclr.so", RUN);
	scene_use(&scene, "/app/App.deps.json", RUN);
	scene.profile.paths = scene.paths.items;
	scene.profile.path_count = scene.paths.count;
	assert_good(plan_make(scene.fixture.image, scene.fixture.contents, inventory,
			      &scene.profile, &scene.service, false, &plan, err));
	assert_int_equal(plan->components[1].fate, FATE_KEPT);
	assert_int_equal(plan->components[2].fate, FATE_REMOVED);
	assert_int_equal(plan->components[3].fate, FATE_KEPT);
	assert_int_equal(plan->rewrite_count, 1);
	assert_span(scene.fixture.image->entries[plan->rewrites[0].entry].path,
		    "/app/App.deps.json");

	struct span text = plan->rewrites[0].content;
	assert_good(dotnet_deps_read(text, scene.arena, &deps, err));
	assert_span(deps.target, "net/linux-x64");
	assert_true(lists(&deps, "App", "App.dll"));
	assert_true(lists(&deps, "Used.Lib", "Used.dll"));
	assert_false(lists(&deps, "Used.Lib", "Part.dll"));
	assert_false(lists(&deps, "Used.Lib", "de/Used.resources.dll"));
	assert_true(lists(&deps, "Elsewhere", "Elsewhere.dll"));
	assert_true(lists(&deps, "Build", NULL));
	assert_false(lists(&deps, "Unused", NULL));
	assert_false(span_contains(text, SPAN("Unused")));
	plan_free(plan);
	inventory_free(inventory);
	scene_free(&scene);
}

/* An archive, as a program, is one file: it stays with all its components or goes with them. */
static void
one_file_stays_whole_or_goes(void **state)
{
	struct scene scene;
	struct plan *plan = NULL;

	(void)state;
	open_application(&scene, false);
	struct inventory *inventory = read_inventory(&scene);
	scene_use(&scene, "/app/App", RUN);
	scene.profile.paths = scene.paths.items;
	scene.profile.path_count = scene.paths.count;
	/* two components of one file, and one of another */
	uint32_t kept = image_find(scene.fixture.image, SPAN("/app/App"));
	uint32_t gone = image_find(scene.fixture.image, SPAN("/app/libcoreclr.so"));
	for (size_t i = 0; i < 3; i++) {
		struct component_file *file = &inventory->components[i].files[0];

		file->entry = i < 2 ? kept : gone;
		file->listed = i < 2 ? SPAN("/app/App") : SPAN("/app/libcoreclr.so");
		inventory->components[i].ecosystem = SPAN("golang");
		inventory->components[i].database = file->listed;
		inventory->components[i].file_count = 1;
	}
	assert_good(plan_make(scene.fixture.image, scene.fixture.contents, inventory,
			      &scene.profile, &scene.service, false, &plan, err));
	assert_int_equal(plan->components[0].fate, FATE_KEPT);
	assert_int_equal(plan->components[1].fate, FATE_KEPT);
	assert_int_equal(plan->components[2].fate, FATE_REMOVED);
	assert_int_equal(plan->rewrite_count, 0);
	for (size_t i = 0; i < plan->gaps.count; i++)
		assert_false(span_contains(plan->gaps.items[i].text, SPAN("not cut")));
	plan_free(plan);
	inventory_free(inventory);
	scene_free(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_and_their_files),
		cmocka_unit_test(document_lists_what_is_left),
		cmocka_unit_test(one_file_stays_whole_or_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
