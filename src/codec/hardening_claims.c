/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/hardening_claims.h"

#include "base/clock.h"
#include "base/limits.h"

#include <stddef.h>
#include <string.h>

struct raw_claims {
	struct span tool;
	struct span created;
	struct span service;
	json_t *image;
	json_t *vulnerabilities;
	json_t *profile;
	json_t *tests;
	json_t *shells;
	json_t *gaps;
};

static const struct json_field claims_fields[] = {
	{"tool", JSON_FIELD_SPAN, offsetof(struct raw_claims, tool), true},
	{"created", JSON_FIELD_SPAN, offsetof(struct raw_claims, created), true},
	{"service", JSON_FIELD_SPAN, offsetof(struct raw_claims, service), false},
	{"image", JSON_FIELD_RAW, offsetof(struct raw_claims, image), true},
	{"vulnerabilities", JSON_FIELD_RAW, offsetof(struct raw_claims, vulnerabilities), true},
	{"profile", JSON_FIELD_RAW, offsetof(struct raw_claims, profile), false},
	{"tests", JSON_FIELD_RAW, offsetof(struct raw_claims, tests), false},
	{"shells", JSON_FIELD_RAW, offsetof(struct raw_claims, shells), false},
	{"gaps", JSON_FIELD_RAW, offsetof(struct raw_claims, gaps), true},
	{0},
};

struct reading {
	const struct raw_claims *raw;
	struct arena *arena;
	struct err *err;
};

static int
read_time(struct span text, const char *what, int64_t *ret, struct err *err)
{
	int r = clock_parse(text, ret, err);

	return r < 0 ? err_wrap(err, "%s", what) : 0;
}

/* A list of at most CLAIMS_MAX; none where the member is not there. */
static int
list_size(const json_t *list, const char *what, size_t *ret, struct err *err)
{
	if (list && !json_is_null(list) && !json_is_array(list))
		return err_set(err, ERR_INVALID, "%s is no list", what);
	if (json_array_size(list) > CLAIMS_MAX)
		return err_set(err, ERR_LIMIT, "%s has %zu items (at most %d)", what,
			       json_array_size(list), CLAIMS_MAX);
	*ret = json_array_size(list);
	return 0;
}

/* The gaps that a step met, as the record of that step has them. */
static int
read_gaps(const struct reading *reading, const char *step, struct gap_list *ret)
{
	struct gap_list gaps = {0};
	size_t count;
	int r = list_size(reading->raw->gaps, "gaps", &count, reading->err);

	if (r < 0)
		return r;
	gaps.items = arena_array(reading->arena, count + 1, sizeof(*gaps.items));
	if (!gaps.items)
		return err_memory(reading->err);
	for (size_t i = 0; i < count; i++) {
		static const struct json_field fields[] = {
			{"subject", JSON_FIELD_SPAN, offsetof(struct gap, subject), true},
			{"text", JSON_FIELD_SPAN, offsetof(struct gap, text), true},
			{0},
		};
		const json_t *one = json_array_get(reading->raw->gaps, i);
		const char *of = json_string_value(json_object_get(one, "step"));

		if (!of)
			return err_set(reading->err, ERR_INVALID, "a gap without a step");
		if (strcmp(of, step) != 0)
			continue;
		r = json_read(one, fields, &gaps.items[gaps.count], reading->arena, reading->err);
		if (r < 0)
			return err_wrap(reading->err, "gap %zu", i);
		gaps.count++;
	}
	*ret = gaps;
	return 0;
}

/* ---- images ---- */

static int
read_image(const struct reading *reading, const char *side, struct digest *ret, bool *ret_has)
{
	const json_t *json = json_object_get(reading->raw->image, side);
	const char *text = json_string_value(json_object_get(json, "digest"));

	*ret_has = text != NULL;
	return text ? digest_parse(span_from(text), ret, reading->err) : 0;
}

/* ---- vulnerabilities ---- */

struct raw_scan {
	bool matched;
	json_t *findings;
	json_t *distinct;
	uint32_t undetermined;
	json_t *database;
};

static const struct json_field scan_fields[] = {
	{"matched", JSON_FIELD_BOOL, offsetof(struct raw_scan, matched), true},
	{"findings", JSON_FIELD_RAW, offsetof(struct raw_scan, findings), true},
	{"distinct", JSON_FIELD_RAW, offsetof(struct raw_scan, distinct), true},
	{"undetermined", JSON_FIELD_U32, offsetof(struct raw_scan, undetermined), true},
	{"database", JSON_FIELD_RAW, offsetof(struct raw_scan, database), true},
	{0},
};

#define SEVERITY_FIELD(name, severity)                                                             \
	{                                                                                          \
		name, JSON_FIELD_U32,                                                              \
			offsetof(struct finding_counts, by_severity) +                             \
				(severity) * sizeof(uint32_t),                                     \
			true                                                                       \
	}

static const struct json_field counts_fields[] = {
	SEVERITY_FIELD("unknown", SEVERITY_UNKNOWN),
	SEVERITY_FIELD("negligible", SEVERITY_NEGLIGIBLE),
	SEVERITY_FIELD("low", SEVERITY_LOW),
	SEVERITY_FIELD("medium", SEVERITY_MEDIUM),
	SEVERITY_FIELD("high", SEVERITY_HIGH),
	SEVERITY_FIELD("critical", SEVERITY_CRITICAL),
	{"total", JSON_FIELD_U32, offsetof(struct finding_counts, total), true},
	{"fixable", JSON_FIELD_U32, offsetof(struct finding_counts, fixable), true},
	{"exploited", JSON_FIELD_U32, offsetof(struct finding_counts, exploited), true},
	{0},
};

struct raw_database {
	struct span digest;
	struct span built;
	uint64_t advisories;
};

static const struct json_field database_fields[] = {
	{"digest", JSON_FIELD_SPAN, offsetof(struct raw_database, digest), true},
	{"built", JSON_FIELD_SPAN, offsetof(struct raw_database, built), true},
	{"advisories", JSON_FIELD_U64, offsetof(struct raw_database, advisories), true},
	{0},
};

/* A sum that its parts do not make is no count. */
static int
read_counts(const struct reading *reading, const json_t *json, struct finding_counts *ret)
{
	uint64_t sum = 0;
	int r = json_read(json, counts_fields, ret, reading->arena, reading->err);

	if (r < 0)
		return r;
	for (enum severity i = 0; i < SEVERITIES; i++)
		sum += ret->by_severity[i];
	return sum == ret->total
		       ? 0
		       : err_set(reading->err, ERR_INVALID, "%u findings in all, %llu by severity",
				 ret->total, (unsigned long long)sum);
}

static int
read_scan(const struct reading *reading, const char *side, const char *step,
	  const struct findings **ret)
{
	const json_t *json = json_object_get(reading->raw->vulnerabilities, side);
	struct findings *findings = arena_alloc(reading->arena, sizeof(*findings));
	struct raw_scan raw = {0};
	struct raw_database database = {0};

	if (!findings)
		return err_memory(reading->err);
	if (!json || json_is_null(json))
		return 0;
	int r = json_read(json, scan_fields, &raw, reading->arena, reading->err);
	if (r == 0)
		r = read_counts(reading, raw.findings, &findings->findings);
	if (r == 0)
		r = read_counts(reading, raw.distinct, &findings->distinct);
	if (r == 0)
		r = json_read(raw.database, database_fields, &database, reading->arena,
			      reading->err);
	if (r == 0)
		r = read_time(database.built, "the database's date", &findings->database.built,
			      reading->err);
	if (r == 0)
		r = read_gaps(reading, step, &findings->gaps);
	if (r < 0)
		return err_wrap(reading->err, "vulnerabilities %s", side);
	findings->matched = raw.matched;
	findings->undetermined = raw.undetermined;
	findings->database.digest = database.digest;
	findings->database.advisories = database.advisories;
	*ret = findings;
	return 0;
}

/* ---- profile ---- */

struct raw_profile {
	struct span started;
	uint64_t duration_ms;
	bool complete;
	bool narrow;
	uint64_t paths;
	uint64_t last_new_path_ms;
	json_t *phases;
};

static const struct json_field profile_fields[] = {
	{"started", JSON_FIELD_SPAN, offsetof(struct raw_profile, started), true},
	{"duration_ms", JSON_FIELD_U64, offsetof(struct raw_profile, duration_ms), true},
	{"complete", JSON_FIELD_BOOL, offsetof(struct raw_profile, complete), true},
	{"narrow", JSON_FIELD_BOOL, offsetof(struct raw_profile, narrow), true},
	{"paths", JSON_FIELD_U64, offsetof(struct raw_profile, paths), true},
	{"last_new_path_ms", JSON_FIELD_U64, offsetof(struct raw_profile, last_new_path_ms), true},
	{"phases", JSON_FIELD_RAW, offsetof(struct raw_profile, phases), true},
	{0},
};

struct raw_phase {
	struct span kind;
	struct span name;
	uint64_t duration_ms;
	int64_t status;
	bool passed;
};

static const struct json_field phase_fields[] = {
	{"kind", JSON_FIELD_SPAN, offsetof(struct raw_phase, kind), true},
	{"name", JSON_FIELD_SPAN, offsetof(struct raw_phase, name), true},
	{"duration_ms", JSON_FIELD_U64, offsetof(struct raw_phase, duration_ms), true},
	{"status", JSON_FIELD_I64, offsetof(struct raw_phase, status), true},
	{"passed", JSON_FIELD_BOOL, offsetof(struct raw_phase, passed), true},
	{0},
};

static int
read_phase(const struct reading *reading, const json_t *json, struct profile_phase *ret)
{
	struct raw_phase raw = {0};
	int r = json_read(json, phase_fields, &raw, reading->arena, reading->err);

	if (r < 0)
		return r;
	for (enum profile_phase_kind kind = 0; kind < PHASE_KINDS; kind++) {
		if (!span_equal(raw.kind, span_from(profile_phase_name(kind))))
			continue;
		*ret = (struct profile_phase){.kind = kind,
					      .name = raw.name,
					      .command = SPAN_INIT(""),
					      .duration_ms = raw.duration_ms,
					      .status = (int)raw.status,
					      .passed = raw.passed};
		return 0;
	}
	return err_set(reading->err, ERR_INVALID, "no kind of phase is called \"%.40s\"",
		       raw.kind.p);
}

static int
read_phases(const struct reading *reading, const json_t *list, struct profile *profile)
{
	size_t count;
	int r = list_size(list, "phases", &count, reading->err);

	if (r < 0)
		return r;
	profile->phases = arena_array(reading->arena, count + 1, sizeof(*profile->phases));
	if (!profile->phases)
		return err_memory(reading->err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = read_phase(reading, json_array_get(list, i), &profile->phases[i]);
	profile->phase_count = count;
	return r;
}

static int
read_profile(const struct reading *reading, const struct profile **ret)
{
	struct profile *profile = arena_alloc(reading->arena, sizeof(*profile));
	struct raw_profile raw = {0};

	if (!profile)
		return err_memory(reading->err);
	if (!reading->raw->profile)
		return 0;
	int r = json_read(reading->raw->profile, profile_fields, &raw, reading->arena,
			  reading->err);
	if (r == 0)
		r = read_time(raw.started, "the start", &profile->started, reading->err);
	if (r == 0)
		r = read_phases(reading, raw.phases, profile);
	if (r == 0)
		r = read_gaps(reading, "profile", &profile->gaps);
	if (r < 0)
		return err_wrap(reading->err, "profile");
	profile->duration_ms = raw.duration_ms;
	profile->complete = raw.complete;
	profile->narrow = raw.narrow;
	profile->path_count = (size_t)raw.paths;
	profile->last_new_path_ms = raw.last_new_path_ms;
	*ret = profile;
	return 0;
}

/* ---- tests, shells ---- */

static const struct json_field suite_fields[] = {
	{"started", JSON_FIELD_BOOL, offsetof(struct suite, started), true},
	{"passed", JSON_FIELD_U32, offsetof(struct suite, passed), true},
	{"failed", JSON_FIELD_U32, offsetof(struct suite, failed), true},
	{"skipped", JSON_FIELD_U32, offsetof(struct suite, skipped), true},
	{0},
};

struct raw_run {
	struct span image;
	struct span recorder;
};

static const struct json_field run_fields[] = {
	{"image", JSON_FIELD_SPAN, offsetof(struct raw_run, image), false},
	{"recorder", JSON_FIELD_SPAN, offsetof(struct raw_run, recorder), false},
	{0},
};

/* Which image the tests ran on, and what was in the way. */
static int
read_run(const struct reading *reading, struct suite *suite)
{
	struct raw_run raw = {.image = SPAN_INIT(""), .recorder = SPAN_INIT("")};
	struct profile *run = arena_alloc(reading->arena, sizeof(*run));
	int r = json_read(reading->raw->tests, run_fields, &raw, reading->arena, reading->err);

	if (!run)
		return err_memory(reading->err);
	if (r < 0 || raw.image.n == 0)
		return r;
	run->recorder = raw.recorder;
	suite->run = run;
	return digest_parse(raw.image, &run->image, reading->err);
}

static int
read_suite(const struct reading *reading, const struct suite **ret)
{
	struct suite *suite = arena_alloc(reading->arena, sizeof(*suite));

	if (!suite)
		return err_memory(reading->err);
	if (!reading->raw->tests)
		return 0;
	suite->start_error = SPAN("the attestation does not say why");
	int r = json_read(reading->raw->tests, suite_fields, suite, reading->arena, reading->err);
	if (r == 0)
		r = read_run(reading, suite);
	if (r == 0)
		r = read_gaps(reading, "tests", &suite->gaps);
	if (r < 0)
		return err_wrap(reading->err, "tests");
	*ret = suite;
	return 0;
}

struct raw_shell {
	struct span path;
	struct span kind;
	struct span what;
};

static const struct json_field shell_fields[] = {
	{"path", JSON_FIELD_SPAN, offsetof(struct raw_shell, path), false},
	{"kind", JSON_FIELD_SPAN, offsetof(struct raw_shell, kind), true},
	{"what", JSON_FIELD_SPAN, offsetof(struct raw_shell, what), true},
	{0},
};

/* Anything that is called neither an interpreter nor a table of commands counts as a shell. */
static int
read_shell(const struct reading *reading, const json_t *json, struct shells *shells)
{
	struct raw_shell raw = {.path = SPAN_INIT("?")};
	struct shell *shell = &shells->items[shells->count];
	int r = json_read(json, shell_fields, &raw, reading->arena, reading->err);

	if (r < 0)
		return r;
	enum shell_kind kind = span_equal(raw.kind, SPAN("interpreter")) ? SHELL_INTERPRETER
			       : span_equal(raw.kind, SPAN("commands"))	 ? SHELL_COMMANDS
									 : SHELL_SHELL;
	*shell = (struct shell){.entry = IMAGE_NONE,
				.kind = kind,
				.what = arena_printf(reading->arena, "%.*s is %.*s",
						     SPAN_ARG(raw.path), SPAN_ARG(raw.what))};
	if (!shell->what.p)
		return err_memory(reading->err);
	shells->count++;
	shells->shell_count += shell_counts(kind);
	return 0;
}

static int
read_shells(const struct reading *reading, const struct shells **ret)
{
	struct shells *shells = arena_alloc(reading->arena, sizeof(*shells));
	const json_t *items = json_object_get(reading->raw->shells, "items");
	size_t count;

	if (!shells)
		return err_memory(reading->err);
	if (!reading->raw->shells)
		return 0;
	if (!items)
		return err_set(reading->err, ERR_INVALID, "shells: member \"items\" is missing");
	int r = list_size(items, "shells", &count, reading->err);
	if (r < 0)
		return r;
	shells->items = arena_array(reading->arena, count + 1, sizeof(*shells->items));
	if (!shells->items)
		return err_memory(reading->err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = read_shell(reading, json_array_get(items, i), shells);
	if (r == 0)
		r = read_gaps(reading, "shells", &shells->gaps);
	if (r < 0)
		return err_wrap(reading->err, "shells");
	*ret = shells;
	return 0;
}

int
hardening_claims_read(const json_t *predicate, struct arena *arena, struct hardening_claims *ret,
		      struct err *err)
{
	struct raw_claims raw = {.service = SPAN_INIT("")};
	const struct reading reading = {&raw, arena, err};
	struct hardening_claims claims = {0};
	int r = json_read(predicate, claims_fields, &raw, arena, err);

	if (r == 0)
		r = read_time(raw.created, "created", &claims.created, err);
	if (r == 0)
		r = read_image(&reading, "before", &claims.before, &claims.has_before);
	if (r == 0)
		r = read_image(&reading, "after", &claims.after, &claims.has_after);
	if (r == 0)
		r = read_scan(&reading, "before", "scan", &claims.findings_before);
	if (r == 0)
		r = read_scan(&reading, "after", "rescan", &claims.findings_after);
	if (r == 0)
		r = read_profile(&reading, &claims.profile);
	if (r == 0)
		r = read_suite(&reading, &claims.suite);
	if (r == 0)
		r = read_shells(&reading, &claims.shells);
	if (r < 0)
		return err_wrap(err, "hardening attestation");
	claims.tool = raw.tool;
	claims.service = raw.service;
	*ret = claims;
	return 0;
}
