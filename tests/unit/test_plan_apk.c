/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of apk's packages: fates, the rewritten database, whole packages. */
#include "scene.h"
#include "test.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "stage/inventory.h"

#include <openssl/evp.h>

enum { RUN = USE_LOOKUP | USE_READ };

static struct scene_elf plain = {.soname = NULL};

#define FIELDS(name) "C:Q1" name "\nP:" name "\nV:1.0-r0\nA:x86_64\nT:about " name "\no:src\n"

#define APP_HEAD FIELDS("app") "D:so:libx.so.1 missing !other\np:cmd:app=1.0-r0\n"
#define LIB                                                                                        \
	FIELDS("libx")                                                                             \
	"p:so:libx.so.1=1\nF:usr\nF:usr/lib\nM:0:0:711\nR:libx.so.1\na:0:0:755\nZ:Q1x\n"
#define DATA   FIELDS("data") "F:usr\nF:usr/share\nR:table\n"
#define GONE   FIELDS("gone") "F:usr\nF:usr/bin\nR:gone\na:0:0:755\n"
#define META   FIELDS("meta") "D:app\n"
#define BROKEN "P:broken\nnonsense\n"

static void
open_alpine(struct scene *scene)
{
	scene_open(scene);
	scene_file(scene, "/etc/os-release", 0644, "ID=alpine\nVERSION_ID=3.24.0\n");
	scene_elf(scene, "/usr/bin/app", &(struct scene_elf){.needed = {"libx.so.1"}});
	scene_elf(scene, "/usr/lib/libx.so.1", &plain);
	scene_elf(scene, "/usr/bin/gone", &plain);
	scene_file(scene, "/usr/share/table", 0644, "1 2 3\n");
	scene_file(scene, "/usr/share/extra", 0644, "x");
	scene_file(scene, "/usr/share/licenses/src/COPYING", 0644, "free\n");
	scene_file(scene, "/usr/share/licenses/other/COPYING", 0644, "free\n");
	scene_link(scene, "/bin", "usr/bin");
	scene_file(scene, "/etc/apk/world", 0644, "app>0.5\ncmd:app@edge\ngone\nmeta\n!other\n");
	scene_file(scene, "/etc/apk/arch", 0644, "x86_64\n");
	scene_file(scene, "/etc/apk/repositories", 0644, "https://example.org/alpine/v3.24/main\n");
	scene_file(scene, "/lib/apk/db/lock", 0600, "");
	scene_file(scene, "/lib/apk/db/scripts.tar.gz", 0644, "x");
	scene_file(scene, "/lib/apk/db/triggers", 0644, "Q1gone /bin\nQ1app /usr/share/*\n");
	scene_file(scene, "/lib/apk/db/installed", 0644,
		   GONE "\n" APP_HEAD
			"F:bin\nR:app\na:0:0:755\nF:usr\nF:usr/share\nR:extra\n\n" BROKEN "\n" META
			"\n" DATA "\n" LIB);
	scene_close(scene);
}

/* Plans with the inventory that is read from the image itself. */
static struct plan *
plan_alpine(struct scene *scene, struct inventory **inventory)
{
	struct plan *plan = NULL;

	scene->profile.paths = scene->paths.items;
	scene->profile.path_count = scene->paths.count;
	assert_good(inventory_read(scene->fixture.image, scene->fixture.contents, inventory, err));
	assert_good(plan_make(scene->fixture.image, scene->fixture.contents, *inventory,
			      &scene->profile, &scene->service, false, &plan, err));
	return plan;
}

static struct span
rewritten(const struct scene *scene, const struct plan *plan, const char *path)
{
	uint32_t entry = image_find(scene->fixture.image, span_from(path));

	for (size_t i = 0; i < plan->rewrite_count; i++) {
		if (plan->rewrites[i].entry == entry)
			return plan->rewrites[i].content;
	}
	fail_msg("%s is not rewritten", path);
	return SPAN("");
}

static enum component_fate
fate_of(const struct inventory *inventory, const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < inventory->component_count; i++) {
		if (span_equal(inventory->components[i].name, span_from(name)))
			return plan->components[i].fate;
	}
	fail_msg("no package %s", name);
	return FATE_KEPT;
}

static void
database_says_what_is_left(void **state)
{
	static const char *const gone[] = {
		"/lib/apk/db/lock",	"/lib/apk/db/scripts.tar.gz",
		"/lib/apk/db/triggers", "/usr/share/extra",
		"/usr/bin/gone",	"/usr/share/licenses/other",
	};
	struct scene scene;
	struct inventory *inventory;

	(void)state;
	open_alpine(&scene);
	scene_use(&scene, "/usr/bin/app", RUN);
	scene_use(&scene, "/bin", USE_LOOKUP);
	scene_use(&scene, "/usr/share/table", RUN);
	struct plan *plan = plan_alpine(&scene, &inventory);

	assert_int_equal(fate_of(inventory, plan, "app"), FATE_KEPT);
	assert_int_equal(fate_of(inventory, plan, "libx"), FATE_KEPT);
	assert_int_equal(fate_of(inventory, plan, "data"), FATE_DATA);
	assert_int_equal(fate_of(inventory, plan, "gone"), FATE_REMOVED);
	assert_int_equal(fate_of(inventory, plan, "meta"), FATE_REMOVED);
	assert_span(rewritten(&scene, plan, "/lib/apk/db/installed"), APP_HEAD
		    "F:bin\nR:app\na:0:0:755\nF:usr\nF:usr/share\n\n" BROKEN "\n" LIB "\n");
	assert_span(rewritten(&scene, plan, "/etc/apk/world"), "app>0.5\ncmd:app@edge\n!other\n");
	assert_true(scene_keeps(&scene, plan, "/etc/apk/arch"));
	assert_true(scene_keeps(&scene, plan, "/etc/apk/repositories"));
	assert_int_equal(scene_reason(&scene, plan, "/usr/share/licenses/src/COPYING"),
			 REASON_LICENCE);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		if (scene_keeps(&scene, plan, gone[i]))
			fail_msg("%s is kept", gone[i]);
	}
	plan_free(plan);
	inventory_free(inventory);
	scene_free(&scene);
}

/* A list that something else keeps is cut all the same. */
static void
triggers_that_stay_are_of_what_stays(void **state)
{
	struct scene scene;
	struct inventory *inventory;

	(void)state;
	open_alpine(&scene);
	scene_use(&scene, "/usr/bin/app", RUN);
	scene_use(&scene, "/lib/apk/db/triggers", RUN);
	struct plan *plan = plan_alpine(&scene, &inventory);

	assert_span(rewritten(&scene, plan, "/lib/apk/db/triggers"), "Q1app /usr/share/*\n");
	plan_free(plan);
	inventory_free(inventory);
	scene_free(&scene);
}

static void
whole_packages_by_what_they_provide(void **state)
{
	struct scene scene;
	struct inventory *inventory;

	(void)state;
	open_alpine(&scene);
	scene.service.granularity = GRANULARITY_PACKAGE;
	scene_use(&scene, "/usr/bin/app", RUN);
	struct plan *plan = plan_alpine(&scene, &inventory);

	assert_int_equal(scene_reason(&scene, plan, "/usr/share/extra"), REASON_PACKAGE);
	assert_true(scene_keeps(&scene, plan, "/usr/lib/libx.so.1"));
	assert_false(scene_keeps(&scene, plan, "/usr/bin/gone"));
	plan_free(plan);
	inventory_free(inventory);
	scene_free(&scene);
}

static void
copies_are_found_by_both_digests(void **state)
{
	static const struct {
		const char *algorithm;
		enum file_digest digest_of;
	} cases[] = {
		{"SHA1", FILE_DIGEST_SHA1},
		{"SHA256", FILE_DIGEST_SHA256},
		{"SHA256", FILE_DIGEST_SHA1}, /* not what it is called */
	};
	static const char *const owned[] = {"/usr/bin/tool", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t digest[EVP_MAX_MD_SIZE];
		struct scene scene;

		scene_open(&scene);
		scene_elf(&scene, "/app", &(struct scene_elf){.soname = "app"});
		scene_elf(&scene, "/usr/bin/tool", &(struct scene_elf){.soname = "tool"});
		scene_elf(&scene, "/opt/mytool", &(struct scene_elf){.soname = "tool"});
		scene_close(&scene);
		struct component_file *file = scene_package(&scene, "tool", owned)->files;
		assert_int_equal(EVP_Q_digest(NULL, cases[i].algorithm, NULL,
					      scene.entries.items[1].content,
					      scene.entries.items[1].size, digest, NULL),
				 1);
		memcpy(file->digest, digest, sizeof(file->digest));
		file->digest_of = cases[i].digest_of;
		scene_use(&scene, "/app", RUN);
		scene_use(&scene, "/opt/mytool", RUN);

		struct plan *plan = scene_plan(&scene);
		assert_int_equal(plan->components[0].fate, i < 2 ? FATE_KEPT : FATE_REMOVED);
		plan_free(plan);
		scene_free(&scene);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(database_says_what_is_left),
		cmocka_unit_test(triggers_that_stay_are_of_what_stays),
		cmocka_unit_test(whole_packages_by_what_they_provide),
		cmocka_unit_test(copies_are_found_by_both_digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
