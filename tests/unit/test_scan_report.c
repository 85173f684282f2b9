/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of a scan with names that mean something to every format. */
#include "test.h"

#include "group_arena.h"

#include "base/vec.h"
#include "codec/junit.h"
#include "codec/report.h"

#include <jansson.h>

/* "&#10;", a control character, no UTF-8, an end of line, U+FFFE. */
#define HOSTILE "a|<b>&\"'\x01\x1b[31m\xff\n::error::x%0A`](x)\xef\xbf\xbe"

struct scene {
	struct component components[2];
	struct finding items[3];
	struct inventory inventory;
	struct findings findings;
	struct gap gaps[1];
	struct aside asides[1];
	struct triage triage;
	struct evidence evidence;
	struct report report;
};

static void
set_up(struct scene *scene)
{
	*scene = (struct scene){0};
	scene->components[0] = (struct component){.name = SPAN(HOSTILE),
						  .version = SPAN("1.0"),
						  .purl = SPAN("pkg:deb/debian/a@1.0")};
	scene->components[1] = (struct component){.name = SPAN("plain"),
						  .version = SPAN("2:1.0"),
						  .purl = SPAN("pkg:deb/debian/plain@2%3A1.0")};
	scene->items[0] = (struct finding){.component = 0,
					   .id = SPAN("CVE-2026-0001"),
					   .status = FINDING_FIXABLE,
					   .severity = SEVERITY_CRITICAL,
					   .fixed_version = SPAN("1.1"),
					   .score = 9.8,
					   .epss = 0.5,
					   .exploited = true};
	scene->items[1] = (struct finding){.component = 1,
					   .id = SPAN("CVE-2026-0002"),
					   .status = FINDING_UNIMPORTANT,
					   .severity = SEVERITY_NEGLIGIBLE,
					   .score = 9.8,
					   .epss = -1};
	scene->items[2] = (struct finding){.component = 1,
					   .id = SPAN(HOSTILE),
					   .status = FINDING_OPEN,
					   .severity = SEVERITY_UNKNOWN,
					   .score = -1,
					   .epss = -1};
	scene->gaps[0] = (struct gap){SPAN(HOSTILE), SPAN("unread")};
	scene->asides[0] = (struct aside){.finding = scene->items[1],
					  .kind = ASIDE_IGNORED,
					  .reason = SPAN("because " HOSTILE),
					  .source = SPAN("ignore.yaml: line 2"),
					  .approved_by = SPAN("ann"),
					  .expires = 1};
	scene->inventory = (struct inventory){
		.document = {SPAN("sbom:" HOSTILE), SPAN("sha256:0"), SPAN("SPDX-2.3"), SPAN("")},
		.os = {.known = true, .id = SPAN("debian"), .version_id = SPAN("12")},
		.components = scene->components,
		.component_count = 2,
		.any_database = true,
	};
	scene->findings = (struct findings){
		.items = scene->items, .count = 3, .gaps = {scene->gaps, 1}, .matched = true};
	assert_good(findings_count(&scene->findings, err));
	scene->triage = (struct triage){.asides = scene->asides, .aside_count = 1};
	scene->triage.by_kind[ASIDE_IGNORED] = 1;
	scene->evidence = (struct evidence){
		.tool = SPAN("mohs 0.1.0"),
		.before = {NULL, &scene->inventory, &scene->findings},
		.triage = &scene->triage,
	};
	scene->report = (struct report){&scene->evidence, NULL, SEVERITY_UNKNOWN};
}

static struct span
written(const struct scene *scene, const char *format)
{
	struct span text = SPAN("");

	assert_good(report_find(span_from(format))->write(&scene->report, arena, &text, err));
	assert_true(text.n > 0 && text.p[text.n - 1] == '\n');
	return text;
}

/* What an XML parser of its own makes of it is what went in. */
static void
junit_escapes_everything(void **state)
{
	struct scene scene;
	junit_cases cases = {0};

	(void)state;
	set_up(&scene);
	struct span text = written(&scene, "junit");
	assert_good(junit_read(text, SPAN("s"), arena, &cases, err));
	assert_int_equal(cases.count, 4);
	assert_span(cases.items[0].name,
		    "a|<b>&\"'??[31m? ::error::x%0A`](x)??? 1.0.[critical] CVE-2026-0001");
	assert_int_equal(cases.items[0].state, CASE_FAILED);
	assert_int_equal(cases.items[3].state, CASE_SKIPPED);
	vec_free(&cases);

	scene.findings.matched = false;
	scene.findings.count = 0;
	scene.triage.aside_count = 0;
	assert_good(junit_read(written(&scene, "junit"), SPAN("s"), arena, &cases, err));
	assert_int_equal(cases.count, 1);
	assert_int_equal(cases.items[0].state, CASE_ERROR);
	scene.findings.matched = true;
	vec_free(&cases);
	cases = (junit_cases){0};
	assert_good(junit_read(written(&scene, "junit"), SPAN("s"), arena, &cases, err));
	assert_int_equal(cases.count, 1);
	assert_int_equal(cases.items[0].state, CASE_PASSED);
	vec_free(&cases);
}

/* Whoever reads one format alone knows what could not be told. */
static void
gaps_are_in_every_report(void **state)
{
	struct scene scene;
	struct gap unread = {SPAN("a database"), SPAN("not opened")};

	(void)state;
	set_up(&scene);
	scene.inventory.gaps = (struct gap_list){&unread, 1};
	struct span names = report_names(arena);
	assert_span(span_cut(&names, ','), "table");
	for (size_t count = 0; names.p || count < 6; count++) {
		const char *name = arena_copy(arena, span_trim(span_cut(&names, ','))).p;
		struct span text = written(&scene, name);

		if (!span_contains(text, SPAN("unread")) ||
		    !span_contains(text, SPAN("not opened")))
			fail_msg("%s:\n%.*s", name, SPAN_ARG(text));
	}
}

/* In every report that people read. */
static void
what_is_guessed_is_marked(void **state)
{
	static const struct {
		const char *format;
		const char *sure;
		const char *guessed;
	} cases[] = {
		{"markdown", "| plain | 2:1.0 |", "| plain | 2:1.0 (guessed) |"},
		{"github", "plain 2:1.0: ", "plain 2:1.0 (guessed): "},
		{"sarif", "plain 2:1.0: ", "plain 2:1.0 (guessed): "},
		{"junit", "plain 2:1.0: ", "plain 2:1.0 (guessed): "},
		{"gitlab", "plain 2:1.0: ", "plain 2:1.0 (guessed): "},
	};
	struct scene scene;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&scene);
		assert_true(
			span_contains(written(&scene, cases[i].format), span_from(cases[i].sure)));
		scene.components[1].guessed = true;
		assert_true(span_contains(written(&scene, cases[i].format),
					  span_from(cases[i].guessed)));
	}
}

/* One line is one command: nothing that was read can begin another. */
static void
annotations_are_one_line_each(void **state)
{
	struct scene scene;
	size_t lines = 0;

	(void)state;
	set_up(&scene);
	struct span rest = written(&scene, "github");
	while (rest.n) {
		struct span line = span_cut(&rest, '\n');

		assert_true(span_starts_with(line, SPAN("::")));
		for (size_t i = 0; i < line.n; i++)
			assert_true((unsigned char)line.p[i] >= 0x20);
		lines++;
		if (!rest.p)
			break;
	}
	assert_int_equal(lines, 5); /* the sum, three findings, a gap */
	assert_true(span_contains(written(&scene, "github"), SPAN("::error title=CVE-2026-0001 ")));
}

static void
markdown_shows_names_as_they_are(void **state)
{
	struct scene scene;

	(void)state;
	set_up(&scene);
	struct span text = written(&scene, "markdown");
	assert_false(span_contains(text, SPAN("<b>")));
	assert_false(span_contains(text, SPAN("a|")));
	assert_true(span_contains(text, SPAN("a&#124;&#60;b&#62;&#38;")));
	assert_true(span_contains(text, SPAN("| critical, exploited | [CVE")));
	assert_true(span_contains(text, SPAN("✔ 1.1 |")));
	assert_true(span_contains(text, SPAN("**1 not counted**: 1 ignored")));
}

static void
markdown_fits_a_comment(void **state)
{
	enum { MANY = 3000 };
	struct scene scene;
	struct finding *items = arena_array(arena, MANY, sizeof(*items));

	(void)state;
	set_up(&scene);
	for (size_t i = 0; i < MANY; i++)
		items[i] = scene.items[0];
	scene.findings = (struct findings){.items = items, .count = MANY, .matched = true};
	assert_good(findings_count(&scene.findings, err));
	struct span text = written(&scene, "markdown");
	assert_true(text.n < 65536);
	assert_true(span_contains(text, SPAN("more are counted and not listed here")));
	assert_true(span_contains(text, SPAN("**3000 findings**")));
}

static json_t *
parsed(const struct scene *scene, const char *format)
{
	struct span text = written(scene, format);
	json_t *json = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(json);
	return json;
}

static void
sarif_ranks_by_the_severity_given(void **state)
{
	struct scene scene;
	const char *first = NULL;
	const char *second = NULL;
	const char *third = NULL;

	(void)state;
	set_up(&scene);
	json_t *json = parsed(&scene, "sarif");
	assert_int_equal(json_unpack(json, "{s:[{s:{s:{s:[{s:{s:s}},{s:{s:s}},{s:{s?s}}]}}}]}",
				     "runs", "tool", "driver", "rules", "properties",
				     "security-severity", &first, "properties", "security-severity",
				     &second, "properties", "security-severity", &third),
			 0);
	assert_string_equal(first, "9.8");
	assert_string_equal(second, "0.0"); /* unimportant, whatever its score */
	assert_null(third);
	json_decref(json);
}

static void
severities_shorten_reports(void **state)
{
	struct scene scene;

	(void)state;
	set_up(&scene);
	scene.report.least = SEVERITY_HIGH;
	json_t *json = parsed(&scene, "gitlab");
	assert_int_equal(json_array_size(json_object_get(json, "vulnerabilities")), 1);
	json_decref(json);
}

/* Of a finding in a component of an ecosystem, on a system. */
static struct span
link_of(struct span system, struct span ecosystem, struct span id)
{
	struct component component = {.ecosystem = ecosystem};
	const struct inventory inventory = {
		.os = {.id = system}, .components = &component, .component_count = 1};
	const struct finding finding = {.id = id};

	return report_link(&inventory, &finding, arena);
}

static void
links_are_of_who_speaks(void **state)
{
	const struct span debian = SPAN("debian");

	(void)state;
	assert_span(link_of(debian, SPAN("dpkg"), SPAN("CVE-2026-0001")),
		    "https://security-tracker.debian.org/tracker/CVE-2026-0001");
	assert_span(link_of(debian, SPAN("dpkg"), SPAN("TEMP-0841856-B18BAF")),
		    "https://security-tracker.debian.org/tracker/TEMP-0841856-B18BAF");
	assert_span(link_of(SPAN("wolfi"), SPAN("apk"), SPAN("CVE-2026-0001")),
		    "https://nvd.nist.gov/vuln/detail/CVE-2026-0001");
	assert_span(link_of(debian, SPAN("npm"), SPAN("CVE-2026-0001")),
		    "https://nvd.nist.gov/vuln/detail/CVE-2026-0001");
	assert_span(link_of(debian, SPAN("npm"), SPAN("GHSA-35jh-r3h4-6jhm")),
		    "https://github.com/advisories/GHSA-35jh-r3h4-6jhm");
	assert_span(link_of(debian, SPAN("golang"), SPAN("GO-2026-0001")),
		    "https://osv.dev/vulnerability/GO-2026-0001");
}

static void
links_hold_no_hostile_names(void **state)
{
	(void)state;
	assert_span(link_of(SPAN("wolfi"), SPAN("apk"), SPAN("TEMP-1")), "");
	assert_span(link_of(SPAN("debian"), SPAN("dpkg"), SPAN("CVE-1)\x1b")), "");
	assert_span(link_of(SPAN("debian"), SPAN("dpkg"), SPAN("")), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(junit_escapes_everything),
		cmocka_unit_test(annotations_are_one_line_each),
		cmocka_unit_test(gaps_are_in_every_report),
		cmocka_unit_test(what_is_guessed_is_marked),
		cmocka_unit_test(markdown_shows_names_as_they_are),
		cmocka_unit_test(markdown_fits_a_comment),
		cmocka_unit_test(sarif_ranks_by_the_severity_given),
		cmocka_unit_test(severities_shorten_reports),
		cmocka_unit_test(links_are_of_who_speaks),
		cmocka_unit_test(links_hold_no_hostile_names),
	};

	return cmocka_run_group_tests_name("scan_report", tests, group_arena, group_arena_free);
}
