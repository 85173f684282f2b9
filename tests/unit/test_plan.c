/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/proc.h"

#include <sys/stat.h>
#include <unistd.h>

enum { RUN = USE_LOOKUP | USE_READ };

/* A program of this machine with everything ldd says it loads, as an image. */
static void
open_real(struct scene *scene, const char *program, struct buf *ldd)
{
	const char *const argv[] = {"ldd", program, NULL};
	struct proc_options options = {.argv = argv, .input = -1, .output = -1, .error = -1};
	struct span rest;

	scene_open(scene);
	scene_host(scene, program);
	assert_good(proc_run(&options, 20000, ldd, err));
	rest = buf_span(ldd);
	while (rest.p) {
		struct span line = span_cut(&rest, '\n');
		size_t slash = span_find(line, '/');
		size_t end = slash + span_find(span_slice(line, slash, line.n), ' ');
		struct span path = arena_copy(scene->arena, span_slice(line, slash, end));

		if (path.n)
			scene_host(scene, path.p);
	}
}

/* Every path ldd names resolves to a kept file. */
static void
judge_by_ldd(const struct scene *scene, const struct plan *plan, const struct buf *ldd)
{
	struct span rest = buf_span(ldd);
	size_t count = 0;

	while (rest.p) {
		struct span line = span_cut(&rest, '\n');
		size_t slash = span_find(line, '/');
		size_t end = slash + span_find(span_slice(line, slash, line.n), ' ');
		struct span path = span_slice(line, slash, end);

		if (path.n == 0)
			continue;
		uint32_t entry = image_resolve(scene->fixture.image, path, true, NULL, NULL);
		assert_int_not_equal(entry, IMAGE_NONE);
		if (!plan->entries[entry].keep)
			fail_msg("%.*s is not kept", SPAN_ARG(path));
		count++;
	}
	assert_true(count >= 2);
}

/* What must hold of any plan. */
static void
check_closed(const struct scene *scene, const struct plan *plan)
{
	const struct image *image = scene->fixture.image;

	for (uint32_t i = 0; i < image->entry_count; i++) {
		const struct image_entry *entry = &image->entries[i];

		if (!plan->entries[i].keep) {
			assert_true(plan->entries[i].reason == REASON_NONE ||
				    plan->entries[i].reason == REASON_DROPPED);
			continue;
		}
		assert_true(plan->entries[i].reason > REASON_DROPPED);
		if (!plan->entries[entry->parent].keep)
			fail_msg("parent of %.*s is gone", SPAN_ARG(entry->path));

		uint32_t at = i;
		for (int hops = 0; plan->entries[at].via != IMAGE_NONE; hops++) {
			assert_true(hops < 1000);
			at = plan->entries[at].via;
			assert_true(plan->entries[at].keep);
		}
	}
}

/* Planning again from what was kept keeps nothing more. */
static void
check_stable(struct scene *scene, const struct plan *plan)
{
	const struct image *image = scene->fixture.image;
	struct plan *again;

	scene->paths.count = 0;
	for (uint32_t i = 0; i < image->entry_count; i++) {
		if (plan->entries[i].keep)
			scene_use(scene, image->entries[i].path.p, RUN | USE_READLINK);
	}
	again = scene_plan(scene);
	for (uint32_t i = 0; i < image->entry_count; i++) {
		if (plan->entries[i].keep != again->entries[i].keep)
			fail_msg("%.*s differs", SPAN_ARG(image->entries[i].path));
	}
	plan_free(again);
}

static void
real_program_gets_what_ldd_says(void **state)
{
	static const char *const programs[] = {"/bin/ls", "/usr/bin/curl", "/usr/bin/openssl",
					       "/bin/bash"};

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		CLEANUP(buf_cleanup) struct buf ldd = BUF_INIT(MIB);
		struct scene scene;

		if (access(programs[i], X_OK) != 0)
			continue;
		for (int with_cache = 0; with_cache < 2; with_cache++) {
			ldd.n = 0;
			open_real(&scene, programs[i], &ldd);
			if (with_cache)
				scene_host(&scene, "/etc/ld.so.cache");
			scene_file(&scene, "/usr/lib/x86_64-linux-gnu/libunused.so.1", 0644, "x");
			scene_close(&scene);
			scene_use(&scene, programs[i], RUN);

			struct plan *plan = scene_plan(&scene);
			judge_by_ldd(&scene, plan, &ldd);
			check_closed(&scene, plan);
			assert_false(scene_keeps(&scene, plan,
						 "/usr/lib/x86_64-linux-gnu/libunused.so.1"));
			if (with_cache)
				assert_int_equal(scene_reason(&scene, plan, "/etc/ld.so.cache"),
						 REASON_LOADER);
			assert_int_equal(plan->gaps.count, 0);
			check_stable(&scene, plan);
			plan_free(plan);
			scene_free(&scene);
		}
	}
}

static void
open_small(struct scene *scene)
{
	scene_open(scene);
	scene_elf(scene, "/usr/bin/app", &(struct scene_elf){.soname = NULL});
	scene_link(scene, "/bin", "usr/bin");
	scene_file(scene, "/usr/lib/os-release", 0644, "ID=x\n");
	scene_link(scene, "/etc/os-release", "../usr/lib/os-release");
	scene_file(scene, "/etc/passwd", 0644, "root:x:0:0::/:\n");
	scene_entry(scene, &(struct fixture_entry){
				   .path = "/tmp", .type = IMAGE_DIRECTORY, .mode = 01777});
	scene_file(scene, "/opt/unused", 0644, "x");
}

static void
standard_paths_stay(void **state)
{
	struct scene scene;

	(void)state;
	open_small(&scene);
	scene_close(&scene);
	scene_use(&scene, "/bin/app", RUN);

	struct plan *plan = scene_plan(&scene);
	assert_int_equal(scene_reason(&scene, plan, "/usr/bin/app"), REASON_USED);
	assert_int_equal(scene_reason(&scene, plan, "/bin"), REASON_USED);
	assert_true(scene_keeps(&scene, plan, "/tmp"));
	assert_true(scene_keeps(&scene, plan, "/etc/passwd"));
	assert_int_equal(scene_reason(&scene, plan, "/usr/lib/os-release"), REASON_METADATA);
	assert_true(scene_keeps(&scene, plan, "/etc/os-release"));
	assert_int_equal(scene_reason(&scene, plan, "/opt/unused"), REASON_NONE);
	assert_false(scene_keeps(&scene, plan, "/opt"));
	check_closed(&scene, plan);
	check_stable(&scene, plan);
	plan_free(plan);
	scene_free(&scene);
}

static void
followed_links_have_their_target(void **state)
{
	struct scene scene;

	(void)state;
	open_small(&scene);
	scene_link(&scene, "/data/a", "b");
	scene_link(&scene, "/data/b", "/srv/c");
	scene_file(&scene, "/srv/c", 0644, "c");
	scene_link(&scene, "/data/seen", "/srv/d");
	scene_file(&scene, "/srv/d", 0644, "d");
	scene_link(&scene, "/data/loop", "loop");
	scene_close(&scene);
	scene_use(&scene, "/usr/bin/app", RUN);
	scene_use(&scene, "/data/a", USE_LOOKUP | USE_READLINK);
	scene_use(&scene, "/data/seen", USE_LOOKUP);
	scene_use(&scene, "/data/loop", USE_LOOKUP | USE_READLINK);

	struct plan *plan = scene_plan(&scene);
	assert_int_equal(scene_reason(&scene, plan, "/data/b"), REASON_LINK);
	assert_int_equal(scene_reason(&scene, plan, "/srv/c"), REASON_TARGET);
	assert_true(scene_keeps(&scene, plan, "/data/seen"));
	assert_false(scene_keeps(&scene, plan, "/srv/d"));
	assert_true(scene_keeps(&scene, plan, "/data/loop"));
	check_closed(&scene, plan);
	plan_free(plan);
	scene_free(&scene);
}

static void
keep_and_drop(void **state)
{
	struct span keep[] = {SPAN("/opt/**"), SPAN("/bin/tool"), SPAN("/nothing/*")};
	struct span drop[] = {SPAN("/opt/cache"), SPAN("/etc"), SPAN("/srv/used")};
	struct scene scene;

	(void)state;
	open_small(&scene);
	scene_file(&scene, "/opt/cache/x", 0644, "x");
	scene_file(&scene, "/opt/lib/y", 0644, "y");
	scene_elf(&scene, "/usr/bin/tool", &(struct scene_elf){.needed = {"liba.so"}});
	scene_elf(&scene, "/usr/lib/liba.so", &(struct scene_elf){.soname = NULL});
	scene_file(&scene, "/etc/secret", 0600, "s");
	scene_file(&scene, "/srv/used", 0644, "u");
	scene_close(&scene);
	scene.service.keep = (struct span_list){keep, 3};
	scene.service.drop = (struct span_list){drop, 3};
	scene_use(&scene, "/usr/bin/app", RUN);
	scene_use(&scene, "/srv/used", RUN);

	struct plan *plan = scene_plan(&scene);
	assert_int_equal(scene_reason(&scene, plan, "/opt/lib/y"), REASON_DECLARED);
	assert_int_equal(scene_reason(&scene, plan, "/usr/bin/tool"), REASON_DECLARED);
	assert_int_equal(scene_reason(&scene, plan, "/usr/lib/liba.so"), REASON_NEEDED);
	assert_int_equal(scene_reason(&scene, plan, "/opt/cache/x"), REASON_DROPPED);
	assert_int_equal(scene_reason(&scene, plan, "/etc/secret"), REASON_DROPPED);
	assert_int_equal(scene_reason(&scene, plan, "/srv/used"), REASON_DROPPED);
	assert_true(scene_has_gap(plan, "/srv/used", "although it was used"));
	assert_true(scene_has_gap(plan, "/nothing/*", "names nothing"));

	/* The release must stay readable whatever is dropped. */
	assert_true(scene_keeps(&scene, plan, "/etc/os-release"));
	assert_true(scene_has_gap(plan, "/etc/os-release", "stays although"));
	check_closed(&scene, plan);
	plan_free(plan);

	keep[0] = SPAN("/opt/[a");
	assert_fails(ERR_INVALID, scene_try(&scene, false, &plan, err));
	keep[0] = SPAN("/opt");
	drop[0] = SPAN("relative");
	assert_fails(ERR_INVALID, scene_try(&scene, false, &plan, err));
	scene_free(&scene);
}

static void
config_names_stay(void **state)
{
	struct span entrypoint[] = {SPAN("start")};
	struct span command[] = {SPAN("/usr/bin/serve"), SPAN("-f")};
	struct span volumes[] = {SPAN("/var/data")};
	struct span environment[] = {SPAN("PATH=/usr/sbin:/usr/bin"), SPAN("TZ=Europe/Rome")};
	struct span health[] = {SPAN("CMD"), SPAN("probe")};
	struct scene scene;

	(void)state;
	open_small(&scene);
	scene_elf(&scene, "/usr/sbin/start", &(struct scene_elf){.soname = NULL});
	scene_elf(&scene, "/usr/bin/serve", &(struct scene_elf){.soname = NULL});
	scene_elf(&scene, "/usr/bin/probe", &(struct scene_elf){.soname = NULL});
	scene_file(&scene, "/var/data/seed", 0644, "x");
	scene_file(&scene, "/work/readme", 0644, "x");
	scene_file(&scene, "/usr/share/zoneinfo/Europe/Rome", 0644, "TZif2");
	scene_file(&scene, "/usr/share/zoneinfo/Europe/Paris", 0644, "TZif2");
	scene_close(&scene);

	struct image_config *config = &scene.fixture.image->config;
	config->entrypoint = (struct span_list){entrypoint, 1};
	config->command = (struct span_list){command, 2};
	config->volumes = (struct span_list){volumes, 1};
	config->environment = (struct span_list){environment, 2};
	config->working_directory = SPAN("/work");
	config->health = (struct image_health){.set = true, .test = {health, 2}};
	scene_use(&scene, "/usr/bin/app", RUN);

	struct plan *plan = scene_plan(&scene);
	assert_int_equal(scene_reason(&scene, plan, "/usr/sbin/start"), REASON_CONFIG);
	assert_int_equal(scene_reason(&scene, plan, "/usr/bin/serve"), REASON_CONFIG);
	assert_int_equal(scene_reason(&scene, plan, "/usr/bin/probe"), REASON_CONFIG);
	assert_int_equal(scene_reason(&scene, plan, "/var/data"), REASON_CONFIG);
	assert_int_equal(scene_reason(&scene, plan, "/work"), REASON_CONFIG);
	assert_false(scene_keeps(&scene, plan, "/work/readme"));
	assert_int_equal(scene_reason(&scene, plan, "/usr/share/zoneinfo/Europe/Rome"),
			 REASON_DATA);
	assert_false(scene_keeps(&scene, plan, "/usr/share/zoneinfo/Europe/Paris"));
	plan_free(plan);

	health[0] = SPAN("CMD-SHELL");
	plan = scene_plan(&scene);
	assert_false(scene_keeps(&scene, plan, "/usr/bin/probe"));
	assert_true(scene_has_gap(plan, "health check", "shell"));
	plan_free(plan);
	scene_free(&scene);
}

static void
certificates_need_a_library_and_a_look(void **state)
{
	struct profile_missing missing = {.path = SPAN("/usr/lib/ssl/cert.pem")};
	struct scene scene;

	(void)state;
	open_small(&scene);
	scene_elf(&scene, "/usr/lib/libssl.so.3", &(struct scene_elf){.soname = NULL});
	scene_file(&scene, "/usr/share/ca-certificates/x/A.crt", 0644, "A");
	scene_link(&scene, "/etc/ssl/certs/A.pem", "/usr/share/ca-certificates/x/A.crt");
	scene_close(&scene);
	scene_use(&scene, "/usr/bin/app", RUN);
	scene.profile.missing = &missing;

	for (int library = 0; library < 2; library++) {
		for (int look = 0; look < 2; look++) {
			scene.profile.missing_count = (size_t)look;
			struct plan *plan = scene_plan(&scene);
			assert_int_equal(scene_keeps(&scene, plan, "/etc/ssl/certs/A.pem"),
					 library && look);
			assert_int_equal(
				scene_keeps(&scene, plan, "/usr/share/ca-certificates/x/A.crt"),
				library && look);
			plan_free(plan);
		}
		scene_use(&scene, "/usr/lib/libssl.so.3", RUN);
	}
	scene_free(&scene);
}

static void
folders_that_were_written_in_stay(void **state)
{
	struct span written[] = {SPAN("/var/lib/app/new/file")};
	struct scene scene;

	(void)state;
	open_small(&scene);
	scene_file(&scene, "/var/lib/app/old", 0644, "x");
	scene_file(&scene, "/var/log/app/old", 0644, "x");
	scene_close(&scene);
	scene.profile.written = (struct span_list){written, 1};
	scene_use(&scene, "/usr/bin/app", RUN);
	scene_use(&scene, "/var/log/app/new", USE_LOOKUP);

	struct plan *plan = scene_plan(&scene);
	assert_int_equal(scene_reason(&scene, plan, "/var/lib/app"), REASON_USED);
	assert_int_equal(scene_reason(&scene, plan, "/var/log/app"), REASON_USED);
	assert_false(scene_keeps(&scene, plan, "/var/log/app/old"));
	assert_int_equal(plan->gaps.count, 0);
	plan_free(plan);
	scene_free(&scene);
}

static void
wrong_inputs_are_refused(void **state)
{
	struct span drop[] = {SPAN("/usr/bin/app")};
	struct span command[] = {SPAN("/usr/bin/app")};
	struct plan *plan = NULL;
	struct scene scene;

	(void)state;
	open_small(&scene);
	scene_elf(&scene, "/usr/bin/other", &(struct scene_elf){.soname = NULL});
	scene_close(&scene);
	assert_fails(ERR_INVALID, scene_try(&scene, false, &plan, err)); /* nothing would be left */
	scene_use(&scene, "/usr/bin/app", RUN);
	scene_use(&scene, "/usr/bin/other", RUN);

	scene.profile.complete = false;
	assert_fails(ERR_INVALID, scene_try(&scene, false, &plan, err));
	assert_good(scene_try(&scene, true, &plan, err));
	assert_true(scene_has_gap(plan, "profile", "not complete"));
	plan_free(plan);

	scene.profile.complete = true;
	scene.profile.image.bytes[0] ^= 1;
	assert_fails(ERR_MISMATCH, scene_try(&scene, false, &plan, err));
	assert_good(scene_try(&scene, true, &plan, err));
	assert_true(scene_has_gap(plan, "profile", "another image"));
	plan_free(plan);
	scene.profile.image.bytes[0] ^= 1;

	scene.fixture.image->config.command = (struct span_list){command, 1};
	scene.service.drop = (struct span_list){drop, 1};
	assert_fails(ERR_INVALID, scene_try(&scene, false, &plan, err));
	scene_free(&scene);
}

/* Every start reads the machine's own zone: that alone brings in no other. */
static void
zones_stay_only_when_chosen(void **state)
{
	static const char *const asked[] = {NULL, "/usr/share/zoneinfo/Europe/Paris"};
	struct scene scene;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		open_small(&scene);
		scene_file(&scene, "/usr/share/zoneinfo/Etc/UTC", 0644, "TZif2");
		scene_file(&scene, "/usr/share/zoneinfo/Europe/Paris", 0644, "TZif2");
		scene_file(&scene, "/usr/share/zoneinfo/Europe/Rome", 0644, "TZif2");
		scene_link(&scene, "/etc/localtime", "/usr/share/zoneinfo/Etc/UTC");
		scene_close(&scene);
		scene_use(&scene, "/etc/localtime", USE_LOOKUP | USE_READLINK);
		scene_use(&scene, "/usr/bin/app", RUN);
		scene_use(&scene, "/usr/share/zoneinfo", USE_LOOKUP);
		scene_use(&scene, "/usr/share/zoneinfo/Etc/UTC", RUN);
		if (asked[i])
			scene_use(&scene, asked[i], RUN);

		struct plan *plan = scene_plan(&scene);
		assert_true(scene_keeps(&scene, plan, "/usr/share/zoneinfo/Etc/UTC"));
		assert_int_equal(scene_keeps(&scene, plan, "/usr/share/zoneinfo/Europe/Rome"),
				 asked[i] != NULL);
		plan_free(plan);
		scene_free(&scene);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(real_program_gets_what_ldd_says),
	cmocka_unit_test(standard_paths_stay),
	cmocka_unit_test(followed_links_have_their_target),
	cmocka_unit_test(keep_and_drop),
	cmocka_unit_test(config_names_stay),
	cmocka_unit_test(certificates_need_a_library_and_a_look),
	cmocka_unit_test(folders_that_were_written_in_stay),
	cmocka_unit_test(wrong_inputs_are_refused),
	cmocka_unit_test(zones_stay_only_when_chosen),
};

int
main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
