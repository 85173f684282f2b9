/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/proc.h"

#include <sys/stat.h>
#include <unistd.h>

enum { RUN = USE_LOOKUP | USE_READ };

static const char *const no_files[] = {NULL};

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
		CLEANUP(buf_cleanup) struct buf ldd = BUF_INIT(COMMAND_OUTPUT_MAX);
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

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(real_program_gets_what_ldd_says),
};

int
main(void)
{
	(void)no_files;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
