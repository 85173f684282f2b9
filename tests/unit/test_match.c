/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "port/advisories_build.h"
#include "stage/match.h"

#include <stdlib.h>

static const struct {
	struct span source;
	struct advisory advisory;
} rows[] = {
	{SPAN_INIT("curl"),
	 {SPAN_INIT("CVE-2024-0001"), ADVISORY_FIXED, false, false, SPAN_INIT("7.88.1-10+deb12u6"),
	  SPAN_INIT("low"), SPAN_INIT(""), SPAN_INIT("")}},
	{SPAN_INIT("curl"),
	 {SPAN_INIT("CVE-2024-0002"), ADVISORY_NOT_AFFECTED, false, false, SPAN_INIT("0"),
	  SPAN_INIT(""), SPAN_INIT(""), SPAN_INIT("")}},
	{SPAN_INIT("curl"),
	 {SPAN_INIT("CVE-2024-0003"), ADVISORY_OPEN, true, false, SPAN_INIT(""),
	  SPAN_INIT("medium"), SPAN_INIT("postponed"), SPAN_INIT("Minor issue")}},
	{SPAN_INIT("curl"),
	 {SPAN_INIT("CVE-2024-0004"), ADVISORY_OPEN, true, true, SPAN_INIT(""),
	  SPAN_INIT("unimportant"), SPAN_INIT(""), SPAN_INIT("")}},
	{SPAN_INIT("curl"),
	 {SPAN_INIT("CVE-2024-0005"), ADVISORY_UNDETERMINED, false, false, SPAN_INIT(""),
	  SPAN_INIT("not yet assigned"), SPAN_INIT(""), SPAN_INIT("")}},
	{SPAN_INIT("curl"),
	 {SPAN_INIT("CVE-2024-0006"), ADVISORY_OPEN, false, false, SPAN_INIT(""),
	  SPAN_INIT("not yet assigned"), SPAN_INIT(""), SPAN_INIT("")}},
	{SPAN_INIT("zlib"),
	 {SPAN_INIT("CVE-2024-0001"), ADVISORY_OPEN, false, false, SPAN_INIT(""), SPAN_INIT(""),
	  SPAN_INIT(""), SPAN_INIT("")}},
};

struct world {
	struct arena *arena;
	struct span folder;
	struct advisories *advisories;
	struct component components[8];
	struct inventory inventory;
};

static void
make_database(struct world *world, const char *path)
{
	struct advisory_cve critical = {.score = 9.8,
					.vector = SPAN("CVSS:3.1/x"),
					.severity = SEVERITY_CRITICAL,
					.source = SPAN("nvd")};
	struct advisory_feed feed = {.name = SPAN("epss"), .problem = SPAN("never fetched")};
	struct advisories_builder *builder = NULL;
	const char *lost;

	assert_good(advisories_build(path, world->arena, &builder, &lost, err));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_good(advisories_build_advisory(builder, SPAN("debian"), SPAN("bookworm"),
						      rows[i].source, &rows[i].advisory, err));
	assert_good(advisories_build_score(builder, SPAN("CVE-2024-0001"), &critical, err));
	assert_good(advisories_build_score(builder, SPAN("CVE-2024-0004"), &critical, err));
	assert_good(advisories_build_exploited(builder, SPAN("CVE-2024-0001"), err));
	assert_good(advisories_build_epss(builder, SPAN("CVE-2024-0001"), 0.5, err));
	assert_good(advisories_build_feed(builder, &feed, err));
	assert_good(advisories_build_finish(builder, 7, err));
	advisories_builder_free(builder);
	assert_good(advisories_open(path, &world->advisories, err));
}

static void
add(struct world *world, const char *name, const char *source, const char *version)
{
	world->components[world->inventory.component_count++] = (struct component){
		.ecosystem = SPAN("dpkg"),
		.name = span_from(name),
		.version = span_from(version),
		.source = span_from(source),
		.source_version = span_from(version),
		.purl = span_from(name),
	};
}

static int
set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->arena = arena_new(0);
	assert_good(directory_temporary(world->arena, &world->folder, err));
	make_database(world, arena_printf(world->arena, "%s/db", world->folder.p).p);
	world->inventory.components = world->components;
	world->inventory.any_database = true;
	world->inventory.os.known = true;
	world->inventory.os.id = SPAN("debian");
	world->inventory.os.version_id = SPAN("12");
	*state = world;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *world = *state;

	advisories_free(world->advisories);
	assert_good(tree_remove(world->folder.p, err));
	arena_free(world->arena);
	free(world);
	return 0;
}

static void
each_state_has_its_status(void **state)
{
	static const struct {
		const char *id;
		const char *severity;
		const char *source;
		const char *status;
		const char *fixed;
		const char *note;
	} wanted[] = {
		{"CVE-2024-0001", "critical", "nvd", "fixable", "7.88.1-10+deb12u6", ""},
		{"CVE-2024-0003", "medium", "debian", "no-dsa", "", "postponed: Minor issue"},
		{"CVE-2024-0004", "negligible", "debian", "unimportant", "", ""},
		{"CVE-2024-0005", "unknown", "", "undetermined", "", ""},
		{"CVE-2024-0006", "unknown", "", "open", "", ""},
	};
	struct world *world = *state;
	CLEANUP(findings_cleanup) struct findings *findings = NULL;

	add(world, "libcurl4", "curl", "7.88.1-10+deb12u5");
	assert_good(match_run(&world->inventory, world->advisories, &findings, err));
	assert_true(findings->matched);
	assert_int_equal(findings->count, sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		assert_span(finding->id, wanted[i].id);
		assert_string_equal(severity_name(finding->severity), wanted[i].severity);
		assert_span(finding->severity_source, wanted[i].source);
		assert_string_equal(finding_status_name(finding->status), wanted[i].status);
		assert_span(finding->fixed_version, wanted[i].fixed);
		assert_span(finding->note, wanted[i].note);
	}
	assert_true(findings->items[0].exploited && findings->items[0].epss == 0.5);
	assert_true(findings->items[1].epss < 0 && findings->items[1].score < 0);
	assert_int_equal(findings->findings.total, 4);
	assert_int_equal(findings->findings.fixable, 1);
	assert_int_equal(findings->findings.exploited, 1);
	assert_int_equal(findings->undetermined, 1);
	assert_int_equal(findings->database.built, 7);
	assert_int_equal(findings->gaps.count, 1);
	assert_span(findings->gaps.items[0].subject, "epss");
}

/* Whether CVE-2024-0001, fixed in 7.88.1-10+deb12u6, is found in this version. */
static void
versions_have_their_boundary(void **state)
{
	static const struct {
		const char *version;
		bool affected;
	} cases[] = {
		{"7.88.1-10+deb12u5", true},
		{"7.88.1-10+deb12u6", false},
		{"7.88.1-10+deb12u10", false},
		{"7.88.1-10+deb12u6~bpo1", true},
		{"7.88.1-10", true},
		{"1:7.0-1", false},
		{"7.88.1-10+deb12u6+b1", false},
		{"7.9-1", true},
		{"7.88.1~rc1-11", true},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(findings_cleanup) struct findings *findings = NULL;
		bool affected = false;

		world->inventory.component_count = 0;
		add(world, "curl", "curl", cases[i].version);
		assert_good(match_run(&world->inventory, world->advisories, &findings, err));
		for (size_t j = 0; j < findings->count; j++)
			affected |= span_equal(findings->items[j].id, SPAN("CVE-2024-0001"));
		if (affected != cases[i].affected)
			fail_msg("%s", cases[i].version);
	}
}

static void
counts_are_of_findings_and_of_ids(void **state)
{
	struct world *world = *state;
	CLEANUP(findings_cleanup) struct findings *findings = NULL;

	add(world, "curl", "curl", "7.88.1-10");
	add(world, "libcurl4", "curl", "7.88.1-10");
	add(world, "zlib1g", "zlib", "1.2.13");
	assert_good(match_run(&world->inventory, world->advisories, &findings, err));
	assert_int_equal(findings->findings.total, 9);
	assert_int_equal(findings->findings.by_severity[SEVERITY_CRITICAL], 3);
	assert_int_equal(findings->findings.fixable, 2);
	assert_int_equal(findings->distinct.total, 4);
	assert_int_equal(findings->distinct.by_severity[SEVERITY_CRITICAL], 1);
	assert_int_equal(findings->distinct.fixable, 1);
	assert_int_equal(findings->distinct.exploited, 1);
	assert_int_equal(findings->undetermined, 2);
	for (size_t i = 1; i < findings->count; i++)
		assert_true(findings->items[i - 1].severity >= findings->items[i].severity);
}

static void
what_is_not_matched_is_said(void **state)
{
	struct world *world = *state;
	CLEANUP(findings_cleanup) struct findings *findings = NULL;

	add(world, "gone", "curl", "7.88.1-10");
	world->components[0].state = COMPONENT_CONFIG_FILES;
	add(world, "odd", "curl", "not a version");
	add(world, "wheel", "wheel", "1");
	world->components[2].ecosystem = SPAN("pypi");
	assert_good(match_run(&world->inventory, world->advisories, &findings, err));
	assert_true(findings->matched);
	assert_int_equal(findings->count, 0);
	assert_int_equal(findings->gaps.count, 3);
	assert_span(findings->gaps.items[0].subject, "pypi");
	assert_span(findings->gaps.items[2].subject, "odd");
	findings_free(TAKE(findings));
	world->components[1].version = SPAN(""); /* the inventory says so */
	world->components[1].source_version = SPAN("");
	assert_good(match_run(&world->inventory, world->advisories, &findings, err));
	assert_int_equal(findings->gaps.count, 2);
	findings_free(TAKE(findings));
	world->inventory.document.format = SPAN("SPDX-2.3"); /* a document does not */
	assert_good(match_run(&world->inventory, world->advisories, &findings, err));
	assert_int_equal(findings->gaps.count, 3);
}

static void
an_unknown_system_is_not_a_clean_one(void **state)
{
	static const struct {
		bool packages;
		bool known;
		struct span id;
		struct span version;
		struct span codename;
		bool matched;
	} cases[] = {
		{true, true, SPAN_INIT("debian"), SPAN_INIT("12"), SPAN_INIT(""), true},
		{true, true, SPAN_INIT("debian"), SPAN_INIT("12.4"), SPAN_INIT(""), true},
		{true, true, SPAN_INIT("debian"), SPAN_INIT(""), SPAN_INIT("bookworm"), true},
		{true, true, SPAN_INIT("debian"), SPAN_INIT("11"), SPAN_INIT(""), false},
		{true, true, SPAN_INIT("debian"), SPAN_INIT(""), SPAN_INIT(""), false},
		{true, true, SPAN_INIT("debian"), SPAN_INIT("12"), SPAN_INIT("sid"), false},
		{true, true, SPAN_INIT("ubuntu"), SPAN_INIT("12"), SPAN_INIT("bookworm"), false},
		{true, false, SPAN_INIT(""), SPAN_INIT(""), SPAN_INIT(""), false},
		{false, true, SPAN_INIT("debian"), SPAN_INIT("12"), SPAN_INIT(""), false},
	};
	struct world *world = *state;

	add(world, "curl", "curl", "7.88.1-10");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(findings_cleanup) struct findings *findings = NULL;

		world->inventory.any_database = cases[i].packages;
		world->inventory.os = (struct os_identity){.known = cases[i].known,
							   .id = cases[i].id,
							   .version_id = cases[i].version,
							   .codename = cases[i].codename};
		assert_good(match_run(&world->inventory, world->advisories, &findings, err));
		if (findings->matched != cases[i].matched)
			fail_msg("case %zu", i);
		assert_true(cases[i].matched == (findings->count > 0));
		assert_int_equal(findings->gaps.count, cases[i].matched ? 1 : 2);
	}
}

/* Finishes a database whose feeds all lack something, and asks it from here on. */
static void
use_database(struct world *world, struct advisories_builder *builder, const char *path,
	     const char *const *feeds, size_t count, int64_t fetched)
{
	for (size_t i = 0; i < count; i++) {
		struct advisory_feed feed = {
			.name = span_from(feeds[i]), .fetched = fetched, .problem = SPAN("lacks")};

		assert_good(advisories_build_feed(builder, &feed, err));
	}
	assert_good(advisories_build_finish(builder, 7, err));
	advisories_builder_free(builder);
	advisories_free(world->advisories);
	assert_good(advisories_open(path, &world->advisories, err));
}

/* musl's advisories in databases of apk's distributions; the second release has a later fix. */
static void
make_apk_database(struct world *world)
{
	static const struct {
		struct span distribution;
		struct span release;
		struct span fixed;
	} scopes[] = {
		{SPAN_INIT("alpine"), SPAN_INIT("v3.24"), SPAN_INIT("1.2.6-r2")},
		{SPAN_INIT("alpine"), SPAN_INIT("edge"), SPAN_INIT("1.2.7-r0")},
		{SPAN_INIT("chainguard"), SPAN_INIT("rolling"), SPAN_INIT("1.2.6-r4")},
		{SPAN_INIT("wolfi"), SPAN_INIT("rolling"), SPAN_INIT("1.2.6-r5")},
	};
	static const char *const feeds[] = {"alpine", "debian", "wolfi"};
	const char *path = arena_printf(world->arena, "%s/apk", world->folder.p).p;
	struct advisories_builder *builder = NULL;
	const char *lost;

	assert_good(advisories_build(path, world->arena, &builder, &lost, err));
	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		struct advisory advisory = {.id = SPAN("CVE-2026-0001"),
					    .state = ADVISORY_FIXED,
					    .fixed = scopes[i].fixed};

		assert_good(advisories_build_advisory(builder, scopes[i].distribution,
						      scopes[i].release, SPAN("musl"), &advisory,
						      err));
	}
	use_database(world, builder, path, feeds, sizeof(feeds) / sizeof(feeds[0]), 7);
}

static void
each_apk_distribution_has_its_release(void **state)
{
	static const struct {
		const char *id;
		const char *version;
		const char *pretty;
		const char *installed;
		const char *fixed; /* NULL: not affected; "": not matched */
	} cases[] = {
		{"alpine", "3.24.0", "Alpine Linux v3.24", "1.2.6-r1", "1.2.6-r2"},
		{"alpine", "3.24.10", "Alpine Linux v3.24", "1.2.6-r10", NULL},
		{"alpine", "3.24", "", "1.2.5_p1-r9", "1.2.6-r2"},
		{"alpine", "3.25.0_alpha20260925", "Alpine Linux edge", "1.2.6-r2", "1.2.7-r0"},
		{"alpine", "3.25_alpha20260925", "", "1.2.6-r2", "1.2.7-r0"},
		{"alpine", "", "Alpine Linux edge", "1.2.7-r0", NULL},
		{"alpine", "3.23.6", "Alpine Linux v3.23", "1.2.6-r1", ""},
		{"alpine", "3", "", "1.2.6-r1", ""},
		{"alpine", "", "", "1.2.6-r1", ""},
		{"wolfi", "20230201", "Wolfi", "1.2.6-r4", "1.2.6-r5"},
		{"chainguard", "20230214", "Chainguard", "1.2.6-r4", NULL},
		{"chainguard", "", "", "1.2.6-r3", "1.2.6-r4"},
	};
	struct world *world = *state;

	make_apk_database(world);
	add(world, "musl-utils", "musl", "");
	world->components[0].ecosystem = SPAN("apk");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(findings_cleanup) struct findings *findings = NULL;
		bool matched = !cases[i].fixed || cases[i].fixed[0];
		bool lacking = !span_equal(span_from(cases[i].id), SPAN("chainguard"));

		world->components[0].source_version = span_from(cases[i].installed);
		world->inventory.os =
			(struct os_identity){.known = true,
					     .id = span_from(cases[i].id),
					     .version_id = span_from(cases[i].version),
					     .pretty_name = span_from(cases[i].pretty)};
		assert_good(match_run(&world->inventory, world->advisories, &findings, err));
		if (findings->matched != matched ||
		    findings->count != (matched && cases[i].fixed ? 1 : 0) ||
		    (findings->count &&
		     !span_equal(findings->items[0].fixed_version, span_from(cases[i].fixed))))
			fail_msg("case %zu", i);
		/* What the feeds of other distributions lack is not lacking here. */
		assert_int_equal(findings->gaps.count, (size_t)lacking + !matched);
	}
}

/* Advisories of a language, and of binary packages of a module, beside those of the system. */
static void
make_mixed_database(struct world *world)
{
	static const struct {
		struct span distribution;
		struct span release;
		struct span package;
		struct advisory advisory;
	} mixed[] = {
		{SPAN_INIT("debian"),
		 SPAN_INIT("bookworm"),
		 SPAN_INIT("curl"),
		 {.id = SPAN_INIT("CVE-2026-0001"), .state = ADVISORY_OPEN}},
		{SPAN_INIT("pypi"),
		 SPAN_INIT("all"),
		 SPAN_INIT("flask"),
		 {.id = SPAN_INIT("CVE-2026-0002"),
		  .state = ADVISORY_RANGES,
		  .affected = SPAN_INIT("[1.0,1.2) [2.0,2.3]"),
		  .severity = SEVERITY_HIGH,
		  .vector = SPAN_INIT("CVSS:3.1/y"),
		  .score = 7.5}},
		{SPAN_INIT("golang"),
		 SPAN_INIT("all"),
		 SPAN_INIT("golang.org/x/net"),
		 {.id = SPAN_INIT("CVE-2026-0005"),
		  .state = ADVISORY_RANGES,
		  .affected = SPAN_INIT("[,0.17.0)")}},
		{SPAN_INIT("rocky"),
		 SPAN_INIT("9"),
		 SPAN_INIT("nodejs:18/npm"),
		 {.id = SPAN_INIT("CVE-2026-0003"),
		  .state = ADVISORY_FIXED,
		  .fixed = SPAN_INIT("1:9.0-1.el9")}},
		{SPAN_INIT("rocky"),
		 SPAN_INIT("9"),
		 SPAN_INIT("nodejs:18/src/nodejs"),
		 {.id = SPAN_INIT("CVE-2026-0003"),
		  .state = ADVISORY_FIXED,
		  .fixed = SPAN_INIT("2:1-1")}},
		{SPAN_INIT("rocky"),
		 SPAN_INIT("9"),
		 SPAN_INIT("nodejs:18/src/nodejs"),
		 {.id = SPAN_INIT("CVE-2026-0004"),
		  .state = ADVISORY_RANGES,
		  .affected = SPAN_INIT("[,1:18.2-1.el9)")}},
	};
	static const char *const feeds[] = {"almalinux", "debian", "npm", "pypi", "rocky"};
	const char *path = arena_printf(world->arena, "%s/mixed", world->folder.p).p;
	struct advisories_builder *builder = NULL;
	const char *lost;

	assert_good(advisories_build(path, world->arena, &builder, &lost, err));
	for (size_t i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++)
		assert_good(advisories_build_advisory(builder, mixed[i].distribution,
						      mixed[i].release, mixed[i].package,
						      &mixed[i].advisory, err));
	use_database(world, builder, path, feeds, sizeof(feeds) / sizeof(feeds[0]), 0);
}

/* Each ecosystem has its own advisories; feeds of others lack nothing here. */
static void
a_language_stands_beside_the_system(void **state)
{
	struct world *world = *state;
	CLEANUP(findings_cleanup) struct findings *findings = NULL;

	make_mixed_database(world);
	add(world, "libcurl4", "curl", "7.88.1-10");
	add(world, "gem", "gem", "1");
	world->components[1].ecosystem = SPAN("gem");
	assert_good(match_run(&world->inventory, world->advisories, &findings, err));
	assert_true(findings->matched);
	assert_int_equal(findings->count, 1);
	assert_int_equal(findings->gaps.count, 2);
	assert_span(findings->gaps.items[0].subject, "gem");
	assert_span(findings->gaps.items[1].subject, "debian");
}

/* What a feed that was never had would have matched is one gap, with the feed's own reason. */
static void
a_feed_that_is_lacking_is_said_once(void **state)
{
	struct world *world = *state;
	CLEANUP(findings_cleanup) struct findings *language = NULL;
	CLEANUP(findings_cleanup) struct findings *system = NULL;

	make_mixed_database(world);
	add(world, "npm", "npm", "1");
	world->components[0].ecosystem = SPAN("npm");
	assert_good(match_run(&world->inventory, world->advisories, &language, err));
	assert_int_equal(language->gaps.count, 1);
	assert_span(language->gaps.items[0].subject, "npm");
	assert_span(language->gaps.items[0].text, "lacks (components not matched: 1)");

	world->components[0].ecosystem = SPAN("rpm");
	world->inventory.os = (struct os_identity){
		.known = true, .id = SPAN("almalinux"), .version_id = SPAN("9.4")};
	assert_good(match_run(&world->inventory, world->advisories, &system, err));
	assert_false(system->matched);
	assert_int_equal(system->gaps.count, 1);
	assert_span(system->gaps.items[0].subject, "advisories");
	assert_span(system->gaps.items[0].text, "lacks (components not matched: 1)");
}

/* Advisories of rpm distributions name binary packages or the source, and a module's stream. */
static void
rpm_packages_are_found_by_either_name(void **state)
{
	struct world *world = *state;
	CLEANUP(findings_cleanup) struct findings *findings = NULL;

	make_mixed_database(world);
	world->inventory.os =
		(struct os_identity){.known = true, .id = SPAN("rocky"), .version_id = SPAN("9.4")};
	for (int i = 0; i < 2; i++) {
		add(world, "npm", "nodejs", "1:8.5-1.el9");
		world->components[i].ecosystem = SPAN("rpm");
		world->components[i].module = i == 0 ? SPAN("nodejs:18") : SPAN("nodejs:20");
		world->components[i].source_version = SPAN("1:18.1-1.el9");
	}
	assert_good(match_run(&world->inventory, world->advisories, &findings, err));
	assert_int_equal(findings->count, 2);
	assert_span(findings->items[0].id, "CVE-2026-0003");
	assert_span(findings->items[0].fixed_version, "1:9.0-1.el9");
	assert_span(findings->items[1].id, "CVE-2026-0004");
	assert_span(findings->items[1].fixed_version, "1:18.2-1.el9");
}

/* What the feed calls 0.17.0 is v0.17.0 beside v0.7.0. */
static void
a_fix_is_written_as_what_is_installed(void **state)
{
	static const char *const versions[][2] = {{"v0.7.0", "v0.17.0"},
						  {"0.7.0", "0.17.0"},
						  {"vendored", "0.17.0"},
						  {"v", "0.17.0"}};
	struct world *world = *state;

	make_mixed_database(world);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		CLEANUP(findings_cleanup) struct findings *findings = NULL;

		world->inventory.component_count = 0;
		add(world, "golang.org/x/net", "golang.org/x/net", versions[i][0]);
		world->components[0].ecosystem = SPAN("golang");
		world->components[0].source_version = SPAN("v0.7.0");
		assert_good(match_run(&world->inventory, world->advisories, &findings, err));
		assert_int_equal(findings->count, 1);
		assert_span(findings->items[0].fixed_version, versions[i][1]);
	}
}

/* An image without packages of a system is as matched as its languages are. */
static void
the_system_decides_where_it_has_packages(void **state)
{
	struct world *world = *state;
	CLEANUP(findings_cleanup) struct findings *languages = NULL;
	CLEANUP(findings_cleanup) struct findings *both = NULL;

	make_mixed_database(world);
	world->inventory.os = (struct os_identity){.known = false};
	add(world, "gem", "gem", "1");
	world->components[0].ecosystem = SPAN("gem");
	assert_good(match_run(&world->inventory, world->advisories, &languages, err));
	assert_false(languages->matched);
	add(world, "libcurl4", "curl", "7.88.1-10");
	assert_good(match_run(&world->inventory, world->advisories, &both, err));
	assert_false(both->matched);
	assert_int_equal(both->gaps.count, 2);
	assert_span(both->gaps.items[1].subject, "os-release");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* The same findings in the same order, texts included. */
static void
assert_same(const struct findings *a, const struct findings *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct finding *left = &a->items[i];
		const struct finding *right = &b->items[i];

		assert_int_equal(left->component, right->component);
		assert_int_equal(left->status, right->status);
		assert_int_equal(left->severity, right->severity);
		assert_true(span_equal(left->id, right->id));
		assert_true(span_equal(left->severity_source, right->severity_source));
		assert_true(span_equal(left->fixed_version, right->fixed_version));
		assert_true(span_equal(left->note, right->note));
		assert_true(span_equal(left->vector, right->vector));
		assert_true(left->score == right->score && left->epss == right->epss);
		assert_int_equal(left->exploited, right->exploited);
	}
	assert_int_equal(a->gaps.count, b->gaps.count);
	assert_memory_equal(&a->distinct, &b->distinct, sizeof(a->distinct));
}

static void
a_memory_changes_no_finding(void **state)
{
	static const char *const versions[] = {"7.88.1-10", "7.88.1-10+deb12u6", "9", "7.88.1-10",
					       "no version"};
	struct world *world = *state;
	struct match_memory *memory;
	size_t found = 0;

	assert_good(match_memory_new(world->advisories, &memory, err));
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct findings *once;
		struct findings *again;

		world->inventory.component_count = 0;
		add(world, "libcurl4", "curl", versions[i]);
		add(world, "curl", "curl", versions[i]);
		add(world, "unknown", "unknown", "1");
		assert_good(match_run(&world->inventory, world->advisories, &once, err));
		assert_good(match_again(memory, &world->inventory, &again, err));
		assert_same(once, again);
		found += once->count;
		findings_free(once);
		findings_free(again);
	}
	assert_true(found > 10);
	match_memory_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_state_has_its_status),
		TEST(a_memory_changes_no_finding),
		TEST(versions_have_their_boundary),
		TEST(counts_are_of_findings_and_of_ids),
		TEST(what_is_not_matched_is_said),
		TEST(an_unknown_system_is_not_a_clean_one),
		TEST(each_apk_distribution_has_its_release),
		TEST(a_language_stands_beside_the_system),
		TEST(a_feed_that_is_lacking_is_said_once),
		TEST(rpm_packages_are_found_by_either_name),
		TEST(a_fix_is_written_as_what_is_installed),
		TEST(the_system_decides_where_it_has_packages),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
