/* SPDX-License-Identifier: Apache-2.0 */
/* NAME.deps.json of .NET: what it lists, and what is left of it when files go. */
#include "scene.h"
#include "test.h"

#include "codec/dotnet_deps.h"
#include "stage/inventory.h"

#include <elf.h>

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

/* A program with a mark in its data, and behind it the header and the document. */
static size_t
make_bundle(char *p, uint32_t version, uint64_t header_at)
{
	static const char head[] = "\177ELF\2\1\1";
	static const char mark[] =
		"\x8b\x12\x02\xb9\x6a\x61\x20\x38\x72\x7b\x93\x02\x14\xd7\xa0\x32"
		"\x13\xf5\xb9\xe6\xef\xae\x33\x18\xee\x3b\x2d\xce\x24\xb3\x6a\xae";
	Elf64_Ehdr header = {
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	const Elf64_Phdr segment = {
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W,
		.p_offset = 256,
		.p_vaddr = 256,
		.p_filesz = 64,
	};
	const uint64_t places[] = {8192, strlen(DEPS), 0, 0, 0};

	memcpy(header.e_ident, head, sizeof(head) - 1);
	memcpy(p, &header, sizeof(header));
	memcpy(p + sizeof(header), &segment, sizeof(segment));
	memcpy(p + 256, &header_at, sizeof(header_at));
	memcpy(p + 264, mark, sizeof(mark) - 1);
	memcpy(p + 4096, &version, sizeof(version));
	p[4096 + 12] = 2;
	memcpy(p + 4096 + 15, places, sizeof(places));
	memcpy(p + 8192, DEPS, strlen(DEPS));
	return 8192 + strlen(DEPS);
}

static void
applications_in_one_file(void **state)
{
	static char files[4][16384];
	const struct fixture_entry table[] = {
		{.path = "/app", .content = files[0], .size = make_bundle(files[0], 6, 4096)},
		{.path = "/beside", .content = files[1], .size = make_bundle(files[1], 6, 0)},
		{.path = "/old", .content = files[2], .size = make_bundle(files[2], 1, 4096)},
		{.path = "/lies", .content = files[3], .size = make_bundle(files[3], 6, 1 << 20)},
	};
	struct fixture fixture;
	struct inventory *inventory = NULL;
	size_t gaps = 0;

	(void)state;
	assert_good(fixture_make(table, 4, &fixture, err));
	assert_good(inventory_read(fixture.image, fixture.contents, &inventory, err));
	assert_int_equal(inventory->component_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_span(inventory->components[i].database, "/app");
		assert_int_equal(inventory->components[i].file_count, 1);
		assert_span(inventory->components[i].files[0].listed, "/app");
	}
	assert_span(inventory->components[3].purl, "pkg:nuget/Used.Lib@2.0.0");
	for (size_t i = 0; i < inventory->gaps.count; i++)
		gaps += span_contains(inventory->gaps.items[i].text, SPAN("bundle of .NET"));
	assert_int_equal(gaps, 2);
	inventory_free(inventory);
	fixture_free(&fixture);
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
		cmocka_unit_test(applications_in_one_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
