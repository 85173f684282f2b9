/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of each finding, from plans that were really made. */
#include "test.h"

#include "document.h"
#include "scene.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "codec/openvex.h"
#include "codec/predicates.h"

#include <stdlib.h>
#include <unistd.h>

enum { RUN = USE_LOOKUP | USE_READ, FINDINGS = 16 };

enum { APP, USED, GCC, IDLE, GONE, CONF, PACKAGES };

/*
 * app runs and needs libused; its app-admin, which was not even looked for, needs libidle. libgcc
 * is for the case that app cancels a thread. gone was never used; of conf only its configuration
 * was.
 */
struct vex_scene {
	struct scene scene;
	struct plan *plan;
	struct findings before;
	struct findings after;
	struct finding items[FINDINGS];
	struct inventory remaining;
	struct built built;
	struct shells shells;
	struct suite suite;
	struct profile run;
	struct evidence evidence;
	struct predicate_context context;
};

static const char *const names[PACKAGES] = {"app", "libused", "libgcc", "libidle", "gone", "conf"};

static void
make_image(struct scene *scene)
{
	static const struct scene_elf app = {.needed = {"libused.so.1"},
					     .import = "pthread_cancel"};
	static const struct scene_elf admin = {.needed = {"libidle.so.1"}};
	static const struct scene_elf library = {.soname = "libused.so.1"};
	static const struct scene_elf idle = {.soname = "libidle.so.1"};
	static const struct scene_elf gcc = {.soname = "libgcc_s.so.1"};
	static const struct scene_elf plain = {.soname = NULL};

	scene_link(scene, "/lib", "usr/lib");
	scene_elf(scene, "/usr/bin/app", &app);
	scene_elf(scene, "/usr/bin/app-admin", &admin);
	scene_elf(scene, "/usr/bin/cron", &plain);
	scene_elf(scene, "/usr/bin/gone", &plain);
	scene_elf(scene, "/usr/bin/conf", &plain);
	scene_elf(scene, "/usr/lib/libused.so.1", &library);
	scene_elf(scene, "/usr/lib/libidle.so.1", &idle);
	scene_elf(scene, "/usr/lib/libgcc_s.so.1", &gcc);
	scene_elf(scene, "/usr/lib/gconv/X.so", &plain);
	scene_file(scene, "/opt/other", 0755, "#!/usr/bin/app");
	scene_file(scene, "/etc/conf.conf", 0644, "key = value\n");
	scene_close(scene);
}

static void
make_packages(struct scene *scene)
{
	static const char *const files[PACKAGES][5] = {
		{"/usr/bin", "/usr/bin/app", "/usr/bin/app-admin", NULL},
		{"/lib", "/usr/lib/libused.so.1", NULL},
		{"/usr/lib/libgcc_s.so.1", NULL},
		{"/lib", "/usr/lib/libidle.so.1", "/usr/share/man/man3/idle.3.gz", NULL},
		{"/usr/bin/gone", NULL},
		{"/usr/bin/conf", "/etc/conf.conf", NULL},
	};

	for (size_t i = 0; i < PACKAGES; i++) {
		struct component *component = scene_package(scene, names[i], files[i]);

		component->purl = arena_printf(scene->arena,
					       "pkg:deb/debian/%s@1%%3A2.0-1%%2Bb1?arch=amd64&"
					       "distro=debian-12&upstream=%s-src",
					       names[i], names[i]);
		component->source =
			arena_printf(scene->arena, "%s-src", names[i == GCC ? USED : i]);
	}
	scene_use(scene, "/usr/bin/app", RUN);
	scene_use(scene, "/usr/lib/libused.so.1", RUN);
	scene_use(scene, "/etc/conf.conf", RUN);
}

/* CVE-2026-0000 is in all packages, CVE-2026-000N in package N alone. */
static void
make_findings(struct vex_scene *vex)
{
	for (uint32_t i = 0; i < PACKAGES; i++) {
		vex->items[2 * i] = (struct finding){.component = i,
						     .id = SPAN("CVE-2026-0000"),
						     .status = FINDING_FIXABLE,
						     .fixed_version = SPAN("1:2.1")};
		vex->items[2 * i + 1] = (struct finding){
			.component = i,
			.id = arena_printf(vex->scene.arena, "CVE-2026-000%u", (unsigned)i + 1),
			.status = FINDING_NO_DSA,
			.note = SPAN("Minor issue")};
	}
	vex->before =
		(struct findings){.items = vex->items, .count = 2 * PACKAGES, .matched = true};
	vex->after =
		(struct findings){.items = vex->items, .count = 2 * (GCC + 1), .matched = true};
}

static void
make_evidence(struct vex_scene *vex)
{
	vex->plan = scene_plan(&vex->scene);
	vex->remaining.components = vex->scene.components.items;
	vex->remaining.component_count = GCC + 1;
	assert_good(digest_parse(SPAN("sha256:00000000000000000000000000000000"
				      "00000000000000000000000000000009"),
				 &vex->built.manifest_digest, err));
	vex->suite = (struct suite){.started = true, .run = &vex->run};
	vex->evidence = (struct evidence){
		.tool = SPAN("mohs 0.1.0"),
		.created = 86400,
		.before = {vex->scene.fixture.image, &vex->scene.inventory, &vex->before},
		.after = {NULL, &vex->remaining, &vex->after},
		.profile = &vex->scene.profile,
		.plan = vex->plan,
		.built = &vex->built,
		.shells = &vex->shells,
		.suite = &vex->suite,
	};
	vex->context = (struct predicate_context){
		.evidence = &vex->evidence, .repository = SPAN("registry.example.com/shop/front")};
}

static int
setup(void **state)
{
	struct vex_scene *vex = calloc(1, sizeof(*vex));

	scene_open(&vex->scene);
	make_image(&vex->scene);
	make_packages(&vex->scene);
	make_findings(vex);
	vex->scene.profile.recorder = SPAN("lens");
	vex->scene.profile.phase_count = 0;
	vex->scene.profile.duration_ms = 45000;
	make_evidence(vex);
	*state = vex;
	return 0;
}

static int
teardown(void **state)
{
	struct vex_scene *vex = *state;

	plan_free(vex->plan);
	scene_free(&vex->scene);
	free(vex);
	return 0;
}

static void
plan_again(struct vex_scene *vex)
{
	plan_free(vex->plan);
	vex->plan = scene_plan(&vex->scene);
	vex->evidence.plan = vex->plan;
}

/* Packages stay whole: libidle with app-admin, and conf with its configuration. */
static void
keep_packages(struct vex_scene *vex)
{
	vex->scene.service.granularity = GRANULARITY_PACKAGE;
	plan_again(vex);
}

static json_t *
make(struct vex_scene *vex)
{
	json_t *json = NULL;

	assert_good(predicate_make(predicate_find(SPAN("openvex")), &vex->context, &json, err));
	return json;
}

/* The one statement on CVE-2026-000N. */
static const json_t *
statement_on(const json_t *json, unsigned package)
{
	const json_t *found = NULL;
	const json_t *statement;
	char name[32];
	size_t i;

	(void)snprintf(name, sizeof(name), "CVE-2026-000%u", package + 1);
	json_array_foreach(document_get(json, "statements"), i, statement)
	{
		if (strcmp(document_text(statement, "vulnerability.name"), name) != 0)
			continue;
		assert_null(found);
		found = statement;
	}
	assert_non_null(found);
	return found;
}

/* "status" or "status/justification" of what is said of a package. */
static void
assert_said(struct vex_scene *vex, unsigned package, const char *wanted)
{
	CLEANUP(json_cleanup) json_t *json = make(vex);
	const json_t *statement = statement_on(json, package);
	const char *reason = json_string_value(json_object_get(statement, "justification"));
	char text[128];

	(void)snprintf(text, sizeof(text), "%s%s%s", document_text(statement, "status"),
		       reason ? "/" : "", reason ? reason : "");
	assert_string_equal(text, wanted);
}

#define REMOVED	 "not_affected/component_not_present"
#define DATA	 "not_affected/vulnerable_code_not_present"
#define UNUSED	 "not_affected/vulnerable_code_not_in_execute_path"
#define AFFECTED "affected"

static void
statements_follow_the_plan(void **state)
{
	struct vex_scene *vex = *state;
	CLEANUP(json_cleanup) json_t *json = make(vex);

	assert_said(vex, APP, AFFECTED);
	assert_said(vex, USED, AFFECTED);
	assert_said(vex, IDLE, REMOVED);
	assert_said(vex, GONE, REMOVED);
	assert_said(vex, CONF, DATA);
	assert_string_equal(document_text(statement_on(json, APP), "action_statement"),
			    "No fixed version of app-src is known; the distribution plans no "
			    "update for it alone (Minor issue).");
	assert_string_equal(document_text(statement_on(json, APP), "status_notes"),
			    "app 1: files left in the image: 1 of 2, among them /usr/bin/app.");
	assert_string_equal(document_text(statement_on(json, GONE), "impact_statement"),
			    "gone 1: its 1 file is gone.");
	assert_string_equal(document_text(statement_on(json, CONF), "impact_statement"),
			    "conf 1: its code is gone; files left in the image: 1 of 2, all of "
			    "them data: /etc/conf.conf.");
}

static void
whole_packages_may_hold_code_that_never_ran(void **state)
{
	struct vex_scene *vex = *state;

	keep_packages(vex);
	CLEANUP(json_cleanup) json_t *json = make(vex);
	assert_said(vex, APP, AFFECTED);
	assert_said(vex, USED, AFFECTED);
	assert_said(vex, IDLE, UNUSED);
	assert_said(vex, GCC, AFFECTED);
	assert_said(vex, GONE, REMOVED);
	assert_said(vex, CONF, AFFECTED);
	assert_string_equal(document_text(statement_on(json, IDLE), "impact_statement"),
			    "libidle 1: files left in the image: 1 of 1, among them "
			    "/usr/lib/libidle.so.1; none was touched in the 0 phases (45 s) of a "
			    "complete profile, nor in the tests on the hardened image.");
}

/* What is needed by what ran, and was not loaded: for a case that did not come up. */
static void
what_is_kept_for_rare_cases_is_affected(void **state)
{
	struct vex_scene *vex = *state;

	assert_int_equal(scene_reason(&vex->scene, vex->plan, "/usr/lib/libgcc_s.so.1"),
			 REASON_NEEDED);
	assert_said(vex, GCC, AFFECTED);
	keep_packages(vex);
	assert_said(vex, IDLE, UNUSED);
	scene_use(&vex->scene, "/usr/bin/app-admin", USE_LOOKUP);
	plan_again(vex);
	assert_said(vex, IDLE, AFFECTED);
}

static void
what_is_loaded_by_name_may_be_used(void **state)
{
	struct vex_scene *vex = *state;
	struct component *idle = &vex->scene.components.items[IDLE];
	uint32_t entry = image_find(vex->scene.fixture.image, SPAN("/usr/lib/gconv/X.so"));

	vex->scene.components.items[APP].depends = SPAN("libidle");
	keep_packages(vex);
	assert_said(vex, IDLE, UNUSED);
	idle->files[idle->file_count++] =
		(struct component_file){.entry = entry, .listed = SPAN("/usr/lib/gconv/X.so")};
	vex->scene.inventory.owners[entry] = IDLE;
	plan_again(vex);
	assert_true(scene_keeps(&vex->scene, vex->plan, "/usr/lib/gconv/X.so"));
	assert_said(vex, IDLE, AFFECTED);
}

static void
one_statement_a_vulnerability_and_meaning(void **state)
{
	static const char *const statuses[] = {REMOVED, DATA, AFFECTED};
	struct vex_scene *vex = *state;
	CLEANUP(json_cleanup) json_t *json = make(vex);
	const json_t *statements = document_get(json, "statements");
	const json_t *last = json_array_get(statements, 2);

	assert_int_equal(json_array_size(statements), 3 + PACKAGES);
	for (size_t i = 0; i < 3; i++) {
		const json_t *one = json_array_get(statements, i);
		const char *status = document_text(one, "status");

		assert_string_equal(document_text(one, "vulnerability.name"), "CVE-2026-0000");
		assert_memory_equal(status, statuses[i], strlen(status));
		assert_int_equal(json_array_size(document_get(one, "products")), 1);
	}
	assert_int_equal(json_array_size(document_get(last, "products.0.subcomponents")), 3);
	assert_string_equal(document_text(last, "action_statement"),
			    "Update app-src to 1:2.1. Update libused-src to 1:2.1.");
}

/* As scanners name them: docs/openvex.md. */
static void
products_have_names_that_match(void **state)
{
#define HEX "0000000000000000000000000000000000000000000000000000000000000009"
	struct vex_scene *vex = *state;
	CLEANUP(json_cleanup) json_t *json = make(vex);
	const json_t *product = document_get(statement_on(json, GONE), "products.0");

	assert_string_equal(json_string_value(json_object_get(product, "@id")),
			    "pkg:oci/front@sha256%3A" HEX
			    "?repository_url=registry.example.com%2Fshop%2Ffront");
	assert_string_equal(document_text(product, "identifiers.purl"),
			    "pkg:oci/front@sha256%3A" HEX);
	assert_string_equal(document_text(product, "hashes.sha-256"), HEX);
	const json_t *part = document_get(product, "subcomponents.0");
	assert_true(span_equal(span_from(json_string_value(json_object_get(part, "@id"))),
			       vex->scene.components.items[GONE].purl));
	assert_string_equal(document_text(part, "identifiers.purl"),
			    "pkg:deb/debian/gone@2.0-1%2Bb1?arch=amd64&epoch=1");
	assert_string_equal(json_string_value(json_object_get(json, "@context")), OPENVEX_CONTEXT);
	assert_string_equal(document_text(json, "timestamp"), "1970-01-02T00:00:00Z");
	vex->context.repository = SPAN("");
	vex->scene.service.name = SPAN("Shop");
	vex->evidence.service = &vex->scene.service;
	CLEANUP(json_cleanup) json_t *local = make(vex);
	assert_string_equal(json_string_value(json_object_get(
				    document_get(statement_on(local, GONE), "products.0"), "@id")),
			    "pkg:oci/shop@sha256%3A" HEX);
	vex->scene.components.items[GONE].purl = SPAN("pkg:npm/%40a/b");
	CLEANUP(json_cleanup) json_t *bare = make(vex);
	assert_string_equal(document_text(statement_on(bare, GONE),
					  "products.0.subcomponents.0.identifiers.purl"),
			    "pkg:npm/%40a/b");
}

static void
what_nobody_knows_is_under_investigation(void **state)
{
	struct vex_scene *vex = *state;

	keep_packages(vex);
	for (size_t i = 0; i < vex->before.count; i++)
		vex->items[i].status = FINDING_UNDETERMINED;
	assert_said(vex, USED, "under_investigation");
	assert_said(vex, IDLE, "under_investigation");
	assert_said(vex, GONE, REMOVED);
}

static void
a_rescan_that_still_finds_it_is_believed(void **state)
{
	struct vex_scene *vex = *state;

	vex->remaining.component_count = PACKAGES;
	vex->after.count = 2 * PACKAGES;
	assert_said(vex, GONE, AFFECTED);
	assert_said(vex, CONF, AFFECTED);
	CLEANUP(json_cleanup) json_t *json = make(vex);
	assert_string_equal(
		document_text(statement_on(json, GONE), "status_notes"),
		"gone 1: files left in the image: 0 of 1; the rescan finds it all the same.");
}

/* Each of these alone takes the ground from under "never executed". */
static void
only_a_whole_profile_shows_what_was_not_used(void **state)
{
	struct vex_scene *vex = *state;
	struct profile *profile = &vex->scene.profile;
	struct digest image = profile->image;

	keep_packages(vex);
	profile->complete = false;
	assert_said(vex, IDLE, AFFECTED);
	profile->complete = true;
	profile->narrow = true;
	assert_said(vex, IDLE, AFFECTED);
	profile->narrow = false;
	profile->recorder = SPAN("seccomp");
	assert_said(vex, IDLE, AFFECTED);
	profile->recorder = SPAN("lens");
	profile->image.bytes[0] ^= 1;
	assert_said(vex, IDLE, AFFECTED);
	profile->image = image;
	vex->evidence.profile = NULL;
	assert_said(vex, IDLE, AFFECTED);
	vex->evidence.profile = profile;
	assert_said(vex, IDLE, UNUSED);
}

static void
a_shell_runs_anything(void **state)
{
	struct vex_scene *vex = *state;

	keep_packages(vex);
	vex->shells.shell_count = 1;
	assert_said(vex, IDLE, AFFECTED);
	vex->shells.shell_count = 0;
	vex->shells.gaps.count = 1;
	assert_said(vex, IDLE, AFFECTED);
	vex->evidence.shells = NULL;
	assert_said(vex, IDLE, AFFECTED);
}

static void
touched_in_a_test_is_used(void **state)
{
	struct vex_scene *vex = *state;
	struct profile_path path = {.path = SPAN("/usr/lib/libidle.so.1"), .use = USE_LOOKUP};

	keep_packages(vex);
	vex->run.paths = &path;
	vex->run.path_count = 1;
	assert_said(vex, IDLE, AFFECTED);
	path.path = SPAN("/usr/bin/cron");
	assert_said(vex, IDLE, AFFECTED); /* no package's, and as long as libidle.so.1 */
	path.path = SPAN("/opt/other");
	assert_said(vex, IDLE, UNUSED);
	path.path = SPAN("/lib"); /* a folder of many */
	assert_said(vex, IDLE, UNUSED);
}

static void
a_file_that_was_moved_may_be_anywhere(void **state)
{
	struct vex_scene *vex = *state;
	struct component_file *file = &vex->scene.components.items[IDLE].files[2];

	keep_packages(vex);
	assert_int_equal(file->entry, IMAGE_NONE);
	file->listed = SPAN("/usr/lib/libidle-extra.so.1");
	assert_said(vex, IDLE, AFFECTED);
	vex->scene.components.items[IDLE].file_count = 0;
	assert_said(vex, IDLE, AFFECTED);
}

static void
what_somebody_keeps_may_be_used(void **state)
{
	static const char *const patterns[] = {"/usr/lib/libidle*", "/usr/bin/cron"};
	struct vex_scene *vex = *state;

	keep_packages(vex);
	for (size_t i = 0; i < 2; i++) {
		struct span pattern = span_from(patterns[i]);

		vex->scene.service.keep = (struct span_list){&pattern, 1};
		plan_again(vex);
		assert_said(vex, IDLE, AFFECTED);
	}
	struct span data = SPAN("/opt/**");
	vex->scene.service.keep = (struct span_list){&data, 1};
	scene_use(&vex->scene, "/opt/other", RUN);
	plan_again(vex);
	assert_said(vex, IDLE, UNUSED);
}

static void
nothing_is_said_without_both_scans(void **state)
{
	struct vex_scene *vex = *state;
	const struct evidence whole = vex->evidence;

	vex->before.matched = false;
	assert_null(make(vex));
	vex->before.matched = true;
	vex->evidence.after.findings = NULL;
	assert_null(make(vex));
	vex->evidence = whole;
	vex->evidence.plan = NULL;
	assert_null(make(vex));
	vex->evidence = whole;
	vex->evidence.built = NULL;
	assert_null(make(vex));
	vex->evidence = whole;
	vex->before.count = 0;
	assert_null(make(vex));
	vex->before.count = 2 * PACKAGES;
	for (size_t i = 0; i < PACKAGES; i++)
		vex->scene.components.items[i].purl = SPAN("");
	assert_null(make(vex));
}

static void
the_same_evidence_is_the_same_document(void **state)
{
	struct vex_scene *vex = *state;
	CLEANUP(json_cleanup) json_t *one = make(vex);
	CLEANUP(json_cleanup) json_t *two = make(vex);
	struct span first;
	struct span second;

	assert_good(json_text(one, true, vex->scene.arena, &first, err));
	assert_good(json_text(two, true, vex->scene.arena, &second, err));
	assert_true(span_equal(first, second));
	vex->evidence.created++;
	CLEANUP(json_cleanup) json_t *later = make(vex);
	assert_string_not_equal(json_string_value(json_object_get(one, "@id")),
				json_string_value(json_object_get(later, "@id")));
}

static void
the_schema_agrees(void **state)
{
	struct vex_scene *vex = *state;
	CLEANUP(json_cleanup) json_t *json = make(vex);
	struct arena *arena = vex->scene.arena;
	struct span text;

	vex->items[2].status = FINDING_UNDETERMINED;
	assert_good(json_text(json, true, arena, &text, err));
	int status = document_validate(arena, "data/schema/openvex.json", text);
	if (status == DOCUMENT_NO_JUDGE) {
		print_message("python3-jsonschema is not installed\n");
		return; /* cmocka reports skip() as a failure in TAP */
	}
	assert_int_equal(status, 0);
	assert_int_equal(document_validate(arena, "data/schema/openvex.json", SPAN("{}")), 1);
}

/* As many packages as there may be of one source: sentences end somewhere. */
static void
statements_stay_short(void **state)
{
	enum { MANY = 1000 };
	struct vex_scene *vex = *state;
	struct arena *arena = vex->scene.arena;
	struct finding *findings = arena_array(arena, MANY, sizeof(*findings));
	struct component *components = arena_array(arena, MANY, sizeof(*components));

	vex->plan->components = arena_array(arena, MANY, sizeof(*vex->plan->components));
	vex->plan->component_count = MANY;
	for (uint32_t i = 0; i < MANY; i++) {
		findings[i] = (struct finding){.component = i, .id = SPAN("CVE-2026-0001")};
		components[i].name = arena_printf(arena, "part-%u", i);
		components[i].purl = arena_printf(arena, "pkg:deb/debian/part-%u@1", i);
		vex->plan->components[i].fate = FATE_REMOVED;
	}
	vex->scene.inventory.components = components;
	vex->scene.inventory.component_count = MANY;
	vex->before.items = findings;
	vex->before.count = MANY;
	vex->after.count = 0;
	CLEANUP(json_cleanup) json_t *json = make(vex);
	const char *said = document_text(statement_on(json, 0), "impact_statement");
	assert_true(span_ends_with(span_from(said), SPAN(" And 984 more.")));
	assert_in_range(strlen(said), 1, 1024);
	assert_int_equal(
		json_array_size(document_get(statement_on(json, 0), "products.0.subcomponents")),
		MANY);
}

static void
memory_may_be_short(void **state)
{
	struct vex_scene *vex = *state;

	document_starve(predicate_find(SPAN("openvex")), &vex->context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(statements_follow_the_plan, setup, teardown),
		cmocka_unit_test_setup_teardown(whole_packages_may_hold_code_that_never_ran, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_kept_for_rare_cases_is_affected, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_loaded_by_name_may_be_used, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_statement_a_vulnerability_and_meaning, setup,
						teardown),
		cmocka_unit_test_setup_teardown(products_have_names_that_match, setup, teardown),
		cmocka_unit_test_setup_teardown(what_nobody_knows_is_under_investigation, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_rescan_that_still_finds_it_is_believed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(only_a_whole_profile_shows_what_was_not_used, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_shell_runs_anything, setup, teardown),
		cmocka_unit_test_setup_teardown(touched_in_a_test_is_used, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_that_was_moved_may_be_anywhere, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_somebody_keeps_may_be_used, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_said_without_both_scans, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_same_evidence_is_the_same_document, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_schema_agrees, setup, teardown),
		cmocka_unit_test_setup_teardown(statements_stay_short, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_may_be_short, setup, teardown),
	};

	return cmocka_run_group_tests_name("openvex", tests, NULL, NULL);
}
