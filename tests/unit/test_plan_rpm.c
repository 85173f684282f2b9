/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of rpm's packages: fates, the database that is written anew, whole packages. */
#include "rpm_blob.h"
#include "scene.h"
#include "test.h"

#include "base/cleanup.h"
#include "stage/inventory.h"

enum { RUN = USE_LOOKUP | USE_READ };

static struct scene_elf plain = {.soname = NULL};

struct rpm_scene {
	struct scene scene;
	struct arena *arena;
	struct inventory *inventory;
};

static const char database_path[] = "/usr/lib/sysimage/rpm/Packages.db";

enum damage { NO_DAMAGE, A_HEADER, A_BLOCK };

/* A header that is none, or bytes that do not match their checksum. */
static void
open_scene(struct rpm_scene *all, enum damage damage)
{
	struct arena *arena = arena_new(0);
	struct scene *scene = &all->scene;
	const struct rpm_record records[] = {
		{1, rpm_blob_package(arena, "gone", (const char *const[]){"/usr/bin/gone", NULL})},
		{2, rpm_blob_package(arena, "app",
				     (const char *const[]){"/usr/bin/app", "/usr/share/extra",
							   "/usr/share/never", NULL})},
		{4, rpm_blob_package(arena, "libx",
				     (const char *const[]){"/usr/lib64/libx.so.1", NULL})},
		{5, rpm_blob_package(arena, "gpg-pubkey", (const char *const[]){NULL})},
		{6, rpm_blob_package(arena, "data", (const char *const[]){"/srv/data", NULL})},
		{9, SPAN("damaged")},
	};
	struct span file = rpm_blob_database(arena, records, damage == A_HEADER ? 6 : 5);

	if (damage == A_BLOCK)
		*(char *)memmem((void *)(uintptr_t)file.p, file.n, "libx", 4) = 'L';

	struct fixture_entry database = {.path = database_path, .content = file.p, .size = file.n};

	all->arena = arena;
	scene_open(scene);
	scene_file(scene, "/etc/os-release", 0644, "ID=rocky\nVERSION_ID=9.4\n");
	scene_file(scene, "/etc/rocky-release", 0644, "Rocky Linux release 9.4\n");
	scene_elf(scene, "/usr/bin/app", &(struct scene_elf){.needed = {"libx.so.1"}});
	scene_elf(scene, "/usr/lib64/libx.so.1", &plain);
	scene_elf(scene, "/usr/bin/gone", &plain);
	scene_file(scene, "/usr/share/extra", 0644, "x");
	scene_file(scene, "/srv/data", 0644, "x");
	scene_file(scene, "/root/buildinfo/content_manifests/a.json", 0644, "{}");
	scene_file(scene, "/usr/lib/sysimage/rpm/Index.db", 0644, "RpmX gone");
	scene_entry(scene, &database);
	scene_link(scene, "/var/lib/rpm", "../../usr/lib/sysimage/rpm");
	scene_close(scene);
	scene_use(scene, "/usr/bin/app", RUN);
	scene_use(scene, "/srv/data", RUN);
}

static struct plan *
make_plan(struct rpm_scene *all)
{
	struct scene *scene = &all->scene;
	struct plan *plan = NULL;

	scene->profile.paths = scene->paths.items;
	scene->profile.path_count = scene->paths.count;
	assert_good(inventory_read(scene->fixture.image, scene->fixture.contents, &all->inventory,
				   err));
	assert_good(plan_make(scene->fixture.image, scene->fixture.contents, all->inventory,
			      &scene->profile, &scene->service, false, &plan, err));
	return plan;
}

static void
close_scene(struct rpm_scene *all, struct plan *plan)
{
	plan_free(plan);
	inventory_free(all->inventory);
	scene_free(&all->scene);
	arena_free(all->arena);
}

static struct span
rewritten(const struct rpm_scene *all, const struct plan *plan, const char *path)
{
	uint32_t entry = image_find(all->scene.fixture.image, span_from(path));

	for (size_t i = 0; i < plan->rewrite_count; i++) {
		if (plan->rewrites[i].entry == entry)
			return plan->rewrites[i].content;
	}
	return (struct span){NULL, 0};
}

static void
database_says_what_is_left(void **state)
{
	struct rpm_database database;
	struct rpm_package package;
	struct rpm_scene all;

	(void)state;
	open_scene(&all, NO_DAMAGE);
	struct plan *plan = make_plan(&all);
	struct span file = rewritten(&all, plan, database_path);

	assert_non_null(file.p);
	assert_good(rpm_backend_find(SPAN("Packages.db"))
			    ->read(file, SPAN(""), all.arena, &database, err));
	assert_int_equal(database.record_count, 3);
	assert_int_equal(database.records[0].number, 2);
	assert_int_equal(database.records[1].number, 4);
	assert_int_equal(database.records[2].number, 5); /* a key is no package */
	assert_good(rpm_package_read(database.records[0].header, all.arena, &package, err));
	assert_span(package.name, "app");
	assert_int_equal(rpm_value_number(&package.states, 0), RPM_STATE_NORMAL);
	assert_int_equal(rpm_value_number(&package.states, 1), RPM_STATE_NOT_INSTALLED);
	assert_int_equal(rpm_value_number(&package.states, 2), RPM_STATE_NOT_INSTALLED);

	assert_false(span_contains(file, SPAN("gone")));
	assert_true(scene_keeps(&all.scene, plan, "/var/lib/rpm"));
	assert_true(scene_keeps(&all.scene, plan, "/etc/rocky-release"));
	assert_true(scene_keeps(&all.scene, plan, "/root/buildinfo/content_manifests/a.json"));
	assert_false(scene_keeps(&all.scene, plan, "/usr/lib/sysimage/rpm/Index.db"));
	assert_int_equal(plan->orphan_count, 1); /* /srv/data */
	close_scene(&all, plan);
}

static void
what_cannot_be_read_stays_on_record(void **state)
{
	struct rpm_database database;
	struct rpm_scene all;

	(void)state;
	open_scene(&all, A_HEADER);
	struct plan *plan = make_plan(&all);
	struct span file = rewritten(&all, plan, database_path);

	assert_non_null(file.p);
	assert_good(rpm_backend_find(SPAN("Packages.db"))
			    ->read(file, SPAN(""), all.arena, &database, err));
	assert_int_equal(database.record_count, 4);
	assert_span(database.records[3].header, "damaged");
	assert_true(scene_has_gap(plan, database_path, "package 9 is malformed and stays"));
	close_scene(&all, plan);
}

static void
a_damaged_file_stays_whole(void **state)
{
	struct rpm_scene all;

	(void)state;
	open_scene(&all, A_BLOCK);
	struct plan *plan = make_plan(&all);

	assert_null(rewritten(&all, plan, database_path).p);
	assert_true(scene_keeps(&all.scene, plan, database_path));
	assert_true(scene_has_gap(plan, database_path, "stays as it is: its bytes do not match"));
	close_scene(&all, plan);
}

static void
whole_packages(void **state)
{
	struct rpm_scene all;

	(void)state;
	open_scene(&all, NO_DAMAGE);
	all.scene.service.granularity = GRANULARITY_PACKAGE;
	struct plan *plan = make_plan(&all);

	assert_int_equal(scene_reason(&all.scene, plan, "/usr/share/extra"), REASON_PACKAGE);
	assert_false(scene_keeps(&all.scene, plan, "/usr/bin/gone"));
	close_scene(&all, plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(database_says_what_is_left),
		cmocka_unit_test(what_cannot_be_read_stays_on_record),
		cmocka_unit_test(a_damaged_file_stays_whole),
		cmocka_unit_test(whole_packages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
