/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "document.h"
#include "hardened.h"

#include "base/cleanup.h"
#include "codec/predicates.h"

#include <stdlib.h>

#define SHA "sha256:0000000000000000000000000000000000000000000000000000000000000009"

/* A run that was gone through to its end, with a secret wherever one could be. */
struct scene {
	struct arena *arena;
	struct fixture fixture;
	struct plan *plan;
	struct service service;
	struct policy policy;
	struct inventory inventory;
	struct component components[2];
	struct findings before;
	struct findings after;
	struct finding items[4];
	struct gap gap;
	struct suite suite;
	struct suite_case cases[4];
	struct built built;
	struct span keep;
	struct evidence evidence;
	struct digest profile_file;
	struct predicate_context context;
};

static void
fill_findings(struct scene *scene)
{
	scene->components[0] = (struct component){
		.name = SPAN("login"),
		.version = SPAN("1:4.13"),
		.purl = SPAN("pkg:deb/debian/login@1%3A4.13?arch=amd64&distro=debian-12")};
	scene->components[1] = (struct component){.name = SPAN("passwd"), .version = SPAN("1")};
	scene->inventory.components = scene->components;
	scene->inventory.component_count = 2;
	scene->items[0] = (struct finding){.id = SPAN("CVE-2026-0001"),
					   .severity = SEVERITY_HIGH,
					   .severity_source = SPAN("nvd"),
					   .fixed_version = SPAN("1:4.14"),
					   .score = 7.5,
					   .exploited = true,
					   .epss = -1};
	scene->items[1] = (struct finding){.component = 1,
					   .id = SPAN("CVE-2026-0001"),
					   .status = FINDING_UNIMPORTANT,
					   .severity = SEVERITY_NEGLIGIBLE,
					   .score = 10,
					   .epss = -1};
	scene->items[2] = (struct finding){.id = SPAN("CVE-2026-0002"),
					   .status = FINDING_UNDETERMINED,
					   .score = -1,
					   .epss = -1};
	scene->gap = (struct gap){SPAN("passwd"), SPAN("its version cannot be compared")};
	scene->after = (struct findings){.items = scene->items,
					 .count = 3,
					 .findings = {.total = 2},
					 .distinct = {.total = 1},
					 .undetermined = 1,
					 .matched = true,
					 .gaps = {&scene->gap, 1},
					 .database = {SPAN(SHA), 86400, 9}};
	scene->before = scene->after;
}

static void
fill_tests(struct scene *scene)
{
	scene->cases[0] = (struct suite_case){SPAN("api"), SPAN("login"), CASE_PASSED, SPAN(""), 1};
	scene->cases[1] =
		(struct suite_case){SPAN("smoke"), SPAN("smoke"), CASE_PASSED, SPAN(""), 1};
	scene->cases[2] = (struct suite_case){SPAN("api"), SPAN("old"), CASE_SKIPPED, SPAN(""), 0};
	scene->cases[3] = (struct suite_case){SPAN("api"), SPAN("pay"), CASE_ERROR,
					      SPAN("token hunter2 refused"), 1};
	scene->suite =
		(struct suite){.cases = scene->cases, .count = 2, .passed = 2, .started = true};
}

static int
setup(void **state)
{
	static struct service_command load = {.name = SPAN_INIT("browse")};
	static struct span secret = SPAN_INIT("PASSWORD=hunter2");
	struct scene *scene = calloc(1, sizeof(*scene));

	scene->arena = arena_new(0);
	assert_good(hardened_make(&scene->fixture, &scene->plan, err));
	fill_findings(scene);
	fill_tests(scene);
	scene->keep = SPAN("/usr/share/zoneinfo/**");
	load.run = (struct span_list){&secret, 1};
	scene->service = (struct service){.name = SPAN("Shop"),
					  .team = SPAN("web"),
					  .environment = {&secret, 1},
					  .loads = &load,
					  .load_count = 1,
					  .keep = {&scene->keep, 1},
					  .compression = LAYER_ZSTD};
	assert_good(digest_parse(SPAN(SHA), &scene->built.manifest_digest, err));
	scene->policy.path = SPAN("/etc/policy.yaml");
	scene->policy.digest = scene->built.manifest_digest;
	scene->profile_file = scene->built.manifest_digest;
	scene->evidence = (struct evidence){
		.tool = SPAN("mohs 0.1.0"),
		.created = 2 * 86400,
		.service = &scene->service,
		.policy = &scene->policy,
		.before = {.image = scene->fixture.image, .findings = &scene->before},
		.after = {.inventory = &scene->inventory, .findings = &scene->after},
		.plan = scene->plan,
		.built = &scene->built,
		.suite = &scene->suite,
	};
	scene->context = (struct predicate_context){
		.evidence = &scene->evidence,
		.repository = SPAN("registry.example.com:5000/shop/frontend"),
		.started = 86400,
		.profile_file = &scene->profile_file,
	};
	*state = scene;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *scene = *state;

	plan_free(scene->plan);
	fixture_free(&scene->fixture);
	arena_free(scene->arena);
	free(scene);
	return 0;
}

/* NULL where the step was not done. */
static json_t *
make(struct scene *scene, const char *name)
{
	json_t *json = NULL;

	assert_good(predicate_make(predicate_find(span_from(name)), &scene->context, &json, err));
	return json;
}

static void
rows_are_found_by_name_and_type(void **state)
{
	(void)state;
	for (const struct predicate *row = predicates; row->name; row++) {
		assert_ptr_equal(predicate_find(span_from(row->name)), row);
		assert_ptr_equal(predicate_find(span_from(row->type)), row);
	}
	assert_null(predicate_find(SPAN("")));
	assert_null(predicate_find(SPAN("hardenin")));
}

static void
what_was_not_done_is_not_attested(void **state)
{
	struct scene *scene = *state;
	struct evidence nothing = {.tool = SPAN("mohs")};

	scene->context.evidence = &nothing;
	for (const struct predicate *row = predicates; row->name; row++)
		assert_null(make(scene, row->name));
	scene->context.evidence = NULL;
}

/* Twice the same bytes, and nothing in them that may be secret. */
static void
documents_are_the_same_again(void **state)
{
	struct scene *scene = *state;
	size_t made = 0;

	scene->suite.count = 4;
	scene->suite.failed = 1;
	for (const struct predicate *row = predicates; row->name; row++) {
		CLEANUP(json_cleanup) json_t *one = make(scene, row->name);
		CLEANUP(json_cleanup) json_t *two = make(scene, row->name);
		struct span first;
		struct span second;

		if (!one)
			continue;
		assert_good(json_text(one, true, scene->arena, &first, err));
		assert_good(json_text(two, true, scene->arena, &second, err));
		assert_true(span_equal(first, second));
		assert_false(span_contains(first, SPAN("hunter2")));
		made++;
	}
	assert_int_equal(made, 5);
}

static void
cosign_gets_the_scan(void **state)
{
	struct scene *scene = *state;
	CLEANUP(json_cleanup) json_t *json = make(scene, "vuln");

	assert_string_equal(document_text(json, "scanner.version"), "0.1.0");
	assert_string_equal(document_text(json, "scanner.db.version"), SHA);
	assert_string_equal(document_text(json, "metadata.scanFinishedOn"), "1970-01-03T00:00:00Z");
	assert_int_equal(json_array_size(document_get(json, "scanner.result.items")), 3);
	assert_string_equal(document_text(json, "scanner.result.items.0.package"), "login");
	assert_int_equal(json_integer_value(document_get(json, "scanner.result.undetermined")), 1);
	assert_string_equal(document_text(json, "scanner.result.gaps.0.subject"), "passwd");
	assert_int_equal(json_array_size(document_get(json, "scanner.result.gaps")), 1);
	assert_string_equal(
		json_string_value(json_object_get(document_get(json, "invocation"), "builder.id")),
		"");
}

static void
intoto_gets_one_result_a_vulnerability(void **state)
{
	struct scene *scene = *state;
	CLEANUP(json_cleanup) json_t *json = make(scene, "vulns");

	assert_string_equal(document_text(json, "scanner.db.lastUpdate"), "1970-01-02T00:00:00Z");
	assert_int_equal(json_array_size(document_get(json, "scanner.result")), 2);
	assert_string_equal(document_text(json, "scanner.result.0.id"), "CVE-2026-0001");
	assert_string_equal(document_text(json, "scanner.result.0.severity.0.method"), "nvd");
	assert_string_equal(document_text(json, "scanner.result.0.severity.0.score"), "high");
	assert_string_equal(document_text(json, "scanner.result.0.severity.1.score"), "7.5");
	assert_int_equal(json_array_size(document_get(json, "scanner.result.0.annotations")), 2);
	assert_string_equal(document_text(json, "scanner.result.0.annotations.1.status"),
			    "unimportant");
	assert_string_equal(document_text(json, "scanner.result.1.severity.0.score"), "unknown");
	assert_string_equal(document_text(json, "mohs_gaps.0.step"), "rescan");
}

/* An empty list would read as a clean image. */
static void
a_scan_that_matched_nothing_is_no_scan(void **state)
{
	struct scene *scene = *state;

	scene->after.matched = false;
	assert_null(make(scene, "vuln"));
	assert_null(make(scene, "vulns"));
}

static void
tests_are_told_by_name(void **state)
{
	struct scene *scene = *state;
	CLEANUP(json_cleanup) json_t *json = make(scene, "test-result");

	assert_string_equal(document_text(json, "result"), "PASSED");
	assert_string_equal(document_text(json, "passedTests.0"), "api/login");
	assert_string_equal(document_text(json, "passedTests.1"), "smoke");
	assert_string_equal(document_text(json, "configuration.0.digest.sha256"),
			    SHA + sizeof("sha256:") - 1);
	assert_string_equal(document_text(json, "configuration.0.uri"),
			    "pkg:oci/frontend@sha256%3A" /* and the digest */
			    "0000000000000000000000000000000000000000000000000000000000000009"
			    "?repository_url=registry.example.com%3A5000%2Fshop%2Ffrontend");
	assert_int_equal(json_array_size(document_get(json, "configuration")), 1);
}

static void
what_did_not_pass_is_not_passed(void **state)
{
	static const struct {
		uint32_t passed, failed, skipped;
		bool started;
		const char *result;
	} rows[] = {
		{2, 0, 1, true, "WARNED"}, {2, 1, 1, true, "FAILED"},  {0, 0, 1, true, "FAILED"},
		{2, 0, 0, true, "PASSED"}, {2, 0, 0, false, "FAILED"},
	};
	struct scene *scene = *state;

	scene->suite.count = 4;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scene->suite.passed = rows[i].passed;
		scene->suite.failed = rows[i].failed;
		scene->suite.skipped = rows[i].skipped;
		scene->suite.started = rows[i].started;
		CLEANUP(json_cleanup) json_t *json = make(scene, "test-result");
		assert_string_equal(document_text(json, "result"), rows[i].result);
		assert_int_equal(json_array_size(document_get(json, "passedTests")), 2);
		assert_string_equal(document_text(json, "failedTests.0"), "api/pay");
		assert_int_equal(json_array_size(json_object_get(json, "mohs_skippedTests")),
				 rows[i].skipped);
	}
	scene->suite.gaps = (struct gap_list){&scene->gap, 1};
	scene->suite.started = true;
	CLEANUP(json_cleanup) json_t *json = make(scene, "test-result");
	assert_string_equal(document_text(json, "result"), "FAILED");
	scene->suite = (struct suite){.started = true};
	assert_null(make(scene, "test-result"));
}

static void
provenance_names_what_went_in(void **state)
{
	static const char *const names[] = {"image", "profile", "policy", "advisories"};
	struct scene *scene = *state;
	CLEANUP(json_cleanup) json_t *json = make(scene, "provenance");
	const json_t *inputs = document_get(json, "buildDefinition.resolvedDependencies");
	char digest[DIGEST_TEXT];

	assert_int_equal(json_array_size(inputs), 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(document_text(json_array_get(inputs, i), "name"), names[i]);
	(void)digest_format(&scene->fixture.image->manifest_digest, digest);
	assert_string_equal(document_text(inputs, "0.digest.sha256"),
			    digest + sizeof("sha256:") - 1);
	const json_t *parameters = document_get(json, "buildDefinition.externalParameters");
	assert_string_equal(document_text(parameters, "granularity"), "file");
	assert_string_equal(document_text(parameters, "keep.0"), "/usr/share/zoneinfo/**");
	assert_string_equal(document_text(parameters, "compression"), "zstd");
	assert_string_equal(document_text(json, "runDetails.builder.version.mohs"), "0.1.0");
	assert_string_equal(document_text(json, "runDetails.metadata.startedOn"),
			    "1970-01-02T00:00:00Z");
	assert_string_equal(document_text(json, "runDetails.metadata.finishedOn"),
			    "1970-01-03T00:00:00Z");
}

static void
memory_may_be_short(void **state)
{
	struct scene *scene = *state;

	scene->suite.count = 4;
	scene->suite.skipped = 1;
	for (const struct predicate *row = predicates; row->name; row++)
		document_starve(row, &scene->context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_are_found_by_name_and_type, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_not_done_is_not_attested, setup, teardown),
		cmocka_unit_test_setup_teardown(documents_are_the_same_again, setup, teardown),
		cmocka_unit_test_setup_teardown(cosign_gets_the_scan, setup, teardown),
		cmocka_unit_test_setup_teardown(intoto_gets_one_result_a_vulnerability, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_scan_that_matched_nothing_is_no_scan, setup,
						teardown),
		cmocka_unit_test_setup_teardown(tests_are_told_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(what_did_not_pass_is_not_passed, setup, teardown),
		cmocka_unit_test_setup_teardown(provenance_names_what_went_in, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_may_be_short, setup, teardown),
	};

	return cmocka_run_group_tests_name("predicates", tests, NULL, NULL);
}
