/* SPDX-License-Identifier: Apache-2.0 */
/* Which libraries become stubs, judged on ones made by the C compiler of this machine. */
#include "scene.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "codec/elf.h"

#include <stdlib.h>

enum { LOADED = USE_LOOKUP | USE_READ, RAN = USE_LOOKUP | USE_READ | USE_RUN };

/* lib NAME CODE [OPTION...]. Libraries that others need are made before them. */
static const char script[] =
	"cd \"$1\"\n"
	"lib() {\n"
	"	name=$1 code=$2; shift 2\n"
	"	echo \"$code\" | cc -x c - -x none -fPIC -shared -Wl,-soname,lib$name.so.1 "
	"-o lib$name.so.1 -L. \"$@\"\n"
	"	ln -s lib$name.so.1 lib$name.so\n"
	"}\n"
	"lib deep 'int deep(void) { return 1; }'\n"
	"lib idle 'int deep(void); int idle(void) { return deep(); }' -ldeep\n"
	"lib busy 'int busy(void) { return 2; }'\n"
	"lib table 'int table[4] = {1, 2}; int look(void) { return table[1]; }'\n"
	"lib inner 'int inner_table[4] = {1}; int inner(void) { return inner_table[0]; }'\n"
	"lib user 'extern int inner_table[]; int user(void) { return inner_table[0]; }' -linner\n"
	"lib early 'int at; __attribute__((constructor)) static void now(void) { at = 1; }'\n"
	"lib mixed '__asm__(\".text; .globl mixed; .type mixed, %object; .size mixed, 4; \"\n"
	"	\"mixed: .long 7\"); int blend(void) { return 1; }'\n"
	"echo 'extern int table[], mixed[]; int main(void) { return table[0] + mixed[0]; }' | cc "
	"-x c - -x none -o "
	"program "
	"-L. -Wl,--no-as-needed,-rpath-link,. -lidle -lbusy -ltable -luser -learly -lmixed\n";

static const char *const libraries[] = {"deep",	 "idle", "busy",  "table",
					"inner", "user", "early", "mixed"};

static char folder[] = "/tmp/mohs-stub-XXXXXX";

static int
run(const char *text)
{
	const char *const argv[] = {"sh", "-ec", text, "sh", folder, NULL};
	struct proc_options options = {.argv = argv, .input = -1, .output = -1, .error = -1};
	struct buf output = BUF_INIT(KIB);
	struct err err = ERR_INIT;
	int r = proc_run(&options, 60000, &output, &err);

	if (r < 0)
		print_error("%s: %.*s\n", err.text, SPAN_ARG(buf_span(&output)));
	buf_cleanup(&output);
	return r;
}

static int
make_all(void **state)
{
	(void)state;
	return mkdtemp(folder) ? run(script) : -1;
}

static int
remove_all(void **state)
{
	(void)state;
	return run("rm -rf \"$1\"");
}

static void
add_file(struct scene *scene, const char *from, const char *to)
{
	struct span path = arena_printf(scene->arena, "%s/%s", folder, from);
	struct span file;

	assert_good(file_load(path.p, GIB, scene->arena, &file, err));
	scene_entry(scene, &(struct fixture_entry){
				   .path = to, .mode = 0755, .content = file.p, .size = file.n});
}

static const char *
path_of(struct scene *scene, const char *library)
{
	return arena_printf(scene->arena, "/usr/lib/lib%s.so.1", library).p;
}

/* An image of the program and its libraries; all were loaded, of those named by `ran` code ran. */
static void
open_image(struct scene *scene, const char *const *ran)
{
	scene_open(scene);
	add_file(scene, "program", "/usr/bin/program");
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		add_file(scene, arena_printf(scene->arena, "lib%s.so", libraries[i]).p,
			 path_of(scene, libraries[i]));
	scene_close(scene);
	scene_use(scene, "/usr/bin/program", RAN);
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		uint8_t use = LOADED;

		for (size_t k = 0; ran[k]; k++) {
			if (strcmp(ran[k], libraries[i]) == 0)
				use = RAN;
		}
		scene_use(scene, path_of(scene, libraries[i]), use);
	}
	scene->profile.code_watched = true;
	scene->service.unused_libraries = LIBRARIES_STUB;
}

static const struct plan_entry *
entry_of(struct scene *scene, const struct plan *plan, const char *library)
{
	uint32_t entry = image_find(scene->fixture.image, span_from(path_of(scene, library)));

	assert_int_not_equal(entry, IMAGE_NONE);
	return &plan->entries[entry];
}

/* `expected`: names of those that are stubs, in the order of `libraries`, each with a blank; "+":
 * with data. */
static void
assert_stubs(struct scene *scene, const char *expected)
{
	struct plan *plan = scene_plan(scene);
	struct span found = SPAN("");
	size_t count = 0;

	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		const struct plan_entry *entry = entry_of(scene, plan, libraries[i]);

		assert_true(entry->keep);
		if (entry->content != CONTENT_STUB && entry->content != CONTENT_DATA)
			continue;
		count++;
		found = arena_printf(scene->arena, "%.*s%s%s ", SPAN_ARG(found), libraries[i],
				     entry->content == CONTENT_DATA ? "+" : "");
	}
	assert_span(found, expected);
	assert_int_equal(plan->stub_count, count);
	assert_int_equal(plan->rewrite_count, count);
	for (size_t i = 0; i < plan->stub_count; i++) {
		struct elf_info info;

		assert_int_equal(plan->rewrites[i].entry, plan->stubs[i].entry);
		assert_good(elf_read(plan->rewrites[i].content, scene->arena, &info, err));
		assert_true(span_equal(info.soname, plan->stubs[i].soname));
	}
	plan_free(plan);
}

static void
what_was_only_loaded_becomes_a_stub(void **state)
{
	static const char *const ran[] = {"busy", NULL};
	struct scene scene;

	(void)state;
	open_image(&scene, ran);
	/* `early` has a constructor of its own, `mixed` lends what lies among its code */
	assert_stubs(&scene, "deep idle table+ inner user ");
	scene_free(&scene);
}

/* Of two libraries the one that is loaded as it is takes data from the other. */
static void
data_is_lent_by_what_stays(void **state)
{
	static const char *const ran[] = {"busy", "user", NULL};
	struct scene scene;

	(void)state;
	open_image(&scene, ran);
	assert_stubs(&scene, "deep idle table+ inner+ ");
	scene_free(&scene);
}

static void
nothing_else_may_ask_for_it(void **state)
{
	static const char *const ran[] = {"busy", NULL};
	static struct profile_extended called[] = {
		{.path = SPAN_INIT("/usr/lib/libdeep.so.1"), .use = USE_READ | USE_RUN}};
	struct span declared = SPAN("/usr/lib/libidle.so.*");
	struct scene scene;

	(void)state;
	open_image(&scene, ran);
	scene.service.keep = (struct span_list){&declared, 1};
	assert_stubs(&scene, "deep table+ inner user ");
	scene.service.keep = (struct span_list){0};
	scene.profile.extended = called;
	scene.profile.extended_count = 1;
	assert_stubs(&scene, "idle table+ inner user ");
	scene_free(&scene);
}

/* Why it is no stub; `detail` is how that begins. */
static void
assert_whole(struct scene *scene, const struct plan *plan, const char *library, enum plan_whole why,
	     const char *detail)
{
	uint32_t entry = image_find(scene->fixture.image, span_from(path_of(scene, library)));
	const struct plan_library *found = plan_find_library(plan, entry);

	assert_non_null(found);
	assert_string_equal(plan_whole_name(found->why), plan_whole_name(why));
	if (*detail)
		assert_true(span_starts_with(found->detail, span_from(detail)));
	else
		assert_int_equal(found->detail.n, 0);
}

static void
what_stays_tells_why(void **state)
{
	static const char *const ran[] = {"busy", "early", "user", NULL};
	static struct profile_extended called[] = {
		{.path = SPAN_INIT("/usr/lib/libdeep.so.1"), .use = USE_READ | USE_RUN}};
	struct span declared = SPAN("/usr/lib/libidle.so.*");
	CLEANUP(plan_cleanup) struct plan *plan = NULL;
	struct scene scene;

	(void)state;
	open_image(&scene, ran);
	scene.service.keep = (struct span_list){&declared, 1};
	scene.profile.extended = called;
	scene.profile.extended_count = 1;
	plan = scene_plan(&scene);
	assert_whole(&scene, plan, "busy", WHOLE_RAN, "");
	assert_whole(&scene, plan, "early", WHOLE_RAN, "it has 2 constructors");
	assert_whole(&scene, plan, "deep", WHOLE_CALLED, "");
	assert_whole(&scene, plan, "idle", WHOLE_ASKED, "");
	assert_whole(&scene, plan, "mixed", WHOLE_LENDS,
		     "mixed, for /usr/bin/program: data that it lends lies among its code");
	assert_null(plan_find_library(plan, 0));
	scene_free(&scene);
}

static void
of_stubs_no_reason_is_told(void **state)
{
	static const char *const ran[] = {"busy", NULL};
	CLEANUP(plan_cleanup) struct plan *plan = NULL;
	CLEANUP(plan_cleanup) struct plan *unwatched = NULL;
	CLEANUP(plan_cleanup) struct plan *unasked = NULL;
	struct scene scene;

	(void)state;
	open_image(&scene, ran);
	plan = scene_plan(&scene);
	assert_int_equal(plan->stub_count, 5);
	assert_int_equal(plan->library_count, 3);
	assert_whole(&scene, plan, "early", WHOLE_IMPOSSIBLE, "it has 2 constructors");
	scene.profile.code_watched = false;
	unwatched = scene_plan(&scene);
	assert_int_equal(unwatched->library_count, 8);
	assert_whole(&scene, unwatched, "idle", WHOLE_UNWATCHED, "");
	scene.service.unused_libraries = LIBRARIES_KEEP;
	unasked = scene_plan(&scene);
	assert_int_equal(unasked->library_count, 0);
	scene_free(&scene);
}

static void
only_where_it_is_wanted_and_known(void **state)
{
	static const char *const ran[] = {"busy", NULL};
	CLEANUP(plan_cleanup) struct plan *plan = NULL;
	struct scene scene;

	(void)state;
	open_image(&scene, ran);
	scene.service.unused_libraries = LIBRARIES_KEEP;
	assert_stubs(&scene, "");
	scene.service.unused_libraries = LIBRARIES_STUB;
	scene.service.granularity = GRANULARITY_PACKAGE;
	assert_stubs(&scene, "");
	scene.service.granularity = GRANULARITY_FILE;
	scene.profile.code_watched = false;
	assert_stubs(&scene, "");
	plan = scene_plan(&scene);
	assert_true(scene_has_gap(plan, "profile", "which code ran"));
	scene_free(&scene);
}

static void
a_package_of_stubs_goes_off_the_record(void **state)
{
	static const char *const ran[] = {"busy", NULL};
	static const char *const idle[] = {"/usr/lib/libidle.so.1", "/usr/lib/libdeep.so.1", NULL};
	static const char *const both[] = {"/usr/lib/libuser.so.1", "/usr/lib/libbusy.so.1", NULL};
	static const char *const lender[] = {"/usr/lib/libtable.so.1", NULL};
	CLEANUP(plan_cleanup) struct plan *plan = NULL;
	struct scene scene;

	(void)state;
	open_image(&scene, ran);
	scene_package(&scene, "idle", idle);
	scene_package(&scene, "both", both);
	scene_package(&scene, "lender", lender);
	plan = scene_plan(&scene);
	assert_int_equal(plan->components[0].fate, FATE_REMOVED);
	assert_int_equal(plan->components[1].fate, FATE_KEPT);
	assert_int_equal(plan->components[1].files_kept, 1);
	assert_int_equal(plan->components[2].fate, FATE_DATA);
	assert_int_equal(plan->orphan_count, 1);
	assert_int_equal(plan->orphans[0].component, 2);
	scene_free(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_only_loaded_becomes_a_stub),
		cmocka_unit_test(data_is_lent_by_what_stays),
		cmocka_unit_test(nothing_else_may_ask_for_it),
		cmocka_unit_test(what_stays_tells_why),
		cmocka_unit_test(of_stubs_no_reason_is_told),
		cmocka_unit_test(only_where_it_is_wanted_and_known),
		cmocka_unit_test(a_package_of_stubs_goes_off_the_record),
	};

	return cmocka_run_group_tests(tests, make_all, remove_all);
}
