/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CVE -> {FixedVersion, Status, Severity, VulnerableVersions, PatchedVersions, UnaffectedVersions},
 * or {Entries: [the same with Arches]}, of Red Hat {Entries: [{FixedVersion, Status, Cves: [{ID,
 * Severity}], Affected: [place of a CPE]}]} (aquasecurity/trivy-db, pkg/types, pkg/vulnsrc).
 */
#include "stage/update/from_trivy.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"
#include "codec/range_text.h"

static void
skip(const struct trivy_advisory *context, struct span id, const char *what)
{
	struct err why = ERR_INIT;

	(void)err_set(&why, ERR_INVALID, "%s", what);
	feed_skip(&context->feed->tally, id, &why);
}

/* Trivy's statuses in their order (pkg/types/status.go). */
static const struct {
	struct span urgency;
	struct span reason;
	enum advisory_state state;
	bool no_dsa;
	bool needs_fix; /* says "fixed": it makes no sense without a version */
} statuses[] = {
	{SPAN_INIT(""), SPAN_INIT(""), ADVISORY_OPEN, false, false}, /* unknown */
	{SPAN_INIT(""), SPAN_INIT(""), ADVISORY_NOT_AFFECTED, false, false},
	{SPAN_INIT(""), SPAN_INIT(""), ADVISORY_OPEN, false, false}, /* affected */
	{SPAN_INIT(""), SPAN_INIT(""), ADVISORY_FIXED, false, true},
	{SPAN_INIT(""), SPAN_INIT(""), ADVISORY_UNDETERMINED, false, false},
	{SPAN_INIT(""), SPAN_INIT("ignored"), ADVISORY_OPEN, true, false},   /* will not fix */
	{SPAN_INIT(""), SPAN_INIT("postponed"), ADVISORY_OPEN, true, false}, /* fix deferred */
	{SPAN_INIT("end-of-life"), SPAN_INIT(""), ADVISORY_OPEN, false, false},
};

enum { STATUSES = sizeof(statuses) / sizeof(statuses[0]) };

/* State and fix; NULL, or what is wrong. */
static const char *
read_state(const json_t *value, struct advisory *advisory)
{
	const json_t *status = json_object_get(value, "Status");
	json_int_t number = json_integer_value(status);

	if (!feed_text(value, "FixedVersion", &advisory->fixed))
		return "FixedVersion is not a string";
	if (status && (!json_is_integer(status) || number < 0 || number >= STATUSES))
		return "a status that is not known";
	if (advisory->fixed.n > 0) {
		bool never = span_equal(advisory->fixed, SPAN("0"));

		advisory->state = never ? ADVISORY_NOT_AFFECTED : ADVISORY_FIXED;
		return NULL;
	}
	if (statuses[number].needs_fix)
		return "fixed, in no version";
	advisory->state = statuses[number].state;
	advisory->no_dsa = statuses[number].no_dsa;
	advisory->urgency = statuses[number].urgency;
	advisory->reason = statuses[number].reason;
	return NULL;
}

static enum severity
own_severity(const json_t *value)
{
	static const enum severity words[] = {SEVERITY_UNKNOWN, SEVERITY_LOW, SEVERITY_MEDIUM,
					      SEVERITY_HIGH, SEVERITY_CRITICAL};
	json_int_t number = json_integer_value(json_object_get(value, "Severity"));

	return number > 0 && number < (json_int_t)(sizeof(words) / sizeof(words[0]))
		       ? words[number]
		       : SEVERITY_UNKNOWN;
}

static void
rate(const struct trivy_advisory *context, const json_t *value, struct advisory *advisory)
{
	enum severity own = own_severity(value);

	ratings_find(context->ratings, advisory->id, context->source, advisory);
	if (own != SEVERITY_UNKNOWN)
		advisory->severity = own;
}

static struct advisory
blank(struct span id)
{
	return (struct advisory){.id = id,
				 .fixed = SPAN(""),
				 .urgency = SPAN(""),
				 .reason = SPAN(""),
				 .note = SPAN(""),
				 .release = SPAN(""),
				 .affected = SPAN(""),
				 .vector = SPAN(""),
				 .score = -1};
}

static int
add_entry(const struct trivy_advisory *context, struct span id, const json_t *value,
	  struct err *err)
{
	struct advisory advisory = blank(id);
	const char *fault = read_state(value, &advisory);

	if (fault) {
		skip(context, id, fault);
		return 0;
	}
	rate(context, value, &advisory);
	return join_add(context->join, context->release, &advisory, err);
}

/* ---- entries by architecture ---- */

/* Whether it is about the architecture that advisories are taken for, or about any. */
static bool
is_common(const json_t *entry)
{
	const json_t *list = json_object_get(entry, "Arches");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		struct span arch = name ? span_from(name) : SPAN("");

		if (span_equal(arch, SPAN("x86_64")) || span_equal(arch, SPAN("noarch")) ||
		    span_equal(arch, SPAN("src")))
			return true;
	}
	return json_array_size(list) == 0;
}

/* Oracle's builds for FIPS and ksplice have versions of their own, which are no fix of others. */
static bool
is_variant(const json_t *entry)
{
	const char *fixed = json_string_value(json_object_get(entry, "FixedVersion"));
	struct span version = fixed ? span_from(fixed) : SPAN("");

	return span_ends_with(version, SPAN("_fips")) || span_contains(version, SPAN(".ksplice"));
}

static int
add_entries(const struct trivy_advisory *context, struct span id, const json_t *list,
	    struct err *err)
{
	bool any = false;
	int r = 0;

	for (size_t i = 0; i < json_array_size(list); i++)
		any |= is_common(json_array_get(list, i));
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);

		if (!is_variant(entry) && (!any || is_common(entry)))
			r = add_entry(context, id, entry, err);
	}
	return r;
}

/* ---- Red Hat ---- */

static uint32_t
releases_of(const struct trivy_advisory *context, const json_t *entry)
{
	const json_t *list = json_object_get(entry, "Affected");
	uint32_t releases = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *place = json_array_get(list, i);
		json_int_t number = json_integer_value(place);

		if (json_is_integer(place) && number >= 0 &&
		    (uint64_t)number < context->release_count)
			releases |= context->releases[number];
	}
	return releases;
}

static int
add_to_releases(const struct trivy_advisory *context, uint32_t releases,
		const struct advisory *advisory, struct err *err)
{
	int r = 0;

	for (uint32_t n = TRIVY_REDHAT_FIRST; r == 0 && n <= TRIVY_REDHAT_LAST; n++) {
		struct span release;

		if (!(releases & 1U << n))
			continue;
		release = arena_printf(context->join->arena, "%u", n);
		r = release.p ? join_add(context->join, release, advisory, err) : err_memory(err);
	}
	return r;
}

/* `id`: of the CVE, or of the erratum whose CVEs are named inside. */
static int
add_redhat(const struct trivy_advisory *context, struct span id, const json_t *entry,
	   struct err *err)
{
	const json_t *cves = json_object_get(entry, "Cves");
	uint32_t releases = releases_of(context, entry);
	struct advisory advisory = blank(id);
	const char *fault = read_state(entry, &advisory);
	int r = 0;

	if (releases == 0)
		return 0;
	if (fault || json_array_size(cves) == 0) {
		skip(context, id, fault ? fault : "no CVE in it");
		return 0;
	}
	for (size_t i = 0; r == 0 && i < json_array_size(cves); i++) {
		const json_t *cve = json_array_get(cves, i);
		struct advisory one = advisory;

		if (!feed_is_cve(id) && (!feed_text(cve, "ID", &one.id) || one.id.n == 0)) {
			skip(context, id, "a CVE without an id");
			continue;
		}
		rate(context, cve, &one);
		r = add_to_releases(context, releases, &one, err);
	}
	return r;
}

/* ---- all ---- */

static int
parse(const struct trivy_advisory *context, struct span id, struct span value, json_t **ret,
      struct err *err)
{
	struct err problem = ERR_INIT;
	int r = json_parse(value, ret, &problem);

	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r == 0 && json_is_object(*ret))
		return 0;
	skip(context, id, r < 0 ? problem.text : "not an object");
	json_cleanup(ret);
	return 0;
}

int
trivy_advisory_add(const struct trivy_advisory *context, struct span id, struct span value,
		   struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	int r = parse(context, id, value, &json, err);

	if (r < 0 || !json)
		return r;
	const json_t *entries = json_object_get(json, "Entries");
	if (!context->releases)
		return json_array_size(entries) > 0 ? add_entries(context, id, entries, err)
						    : add_entry(context, id, json, err);
	for (size_t i = 0; r == 0 && i < json_array_size(entries); i++)
		r = add_redhat(context, id, json_array_get(entries, i), err);
	return r;
}

/* ---- ranges ---- */

/* A list of fixed versions is of single ones, which some ecosystems would take for a range. */
static bool
is_bare(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (strchr("<>=~^!*,|[]() ", text.p[i]))
			return false;
	}
	return text.n > 0;
}

/* Appends the intervals of all texts in a list. */
static int
read_ranges(const struct trivy_advisory *context, const json_t *list, struct buf *affected,
	    struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		struct span range = text ? span_trim(span_from(text)) : SPAN("");

		if (!text)
			return err_set(err, ERR_INVALID, "a range is not a string");
		if (is_bare(range)) {
			range = arena_printf(context->join->arena, "= %.*s", SPAN_ARG(range));
			if (!range.p)
				return err_memory(err);
		}
		r = range_text_read(range, context->of->ecosystem, affected, err);
	}
	return r;
}

/* All that is vulnerable, and neither patched nor never was affected. */
static int
read_affected(const struct trivy_advisory *context, const json_t *json, struct buf *left,
	      struct err *err)
{
	CLEANUP(buf_cleanup) struct buf affected = BUF_INIT(OTHERS_AFFECTED_MAX);
	CLEANUP(buf_cleanup) struct buf good = BUF_INIT(OTHERS_AFFECTED_MAX);
	const json_t *vulnerable = json_object_get(json, "VulnerableVersions");
	int r = json_array_size(vulnerable) == 0 ? buf_append(&affected, SPAN("[,)"), err)
						 : read_ranges(context, vulnerable, &affected, err);

	if (r == 0)
		r = read_ranges(context, json_object_get(json, "PatchedVersions"), &good, err);
	if (r == 0)
		r = read_ranges(context, json_object_get(json, "UnaffectedVersions"), &good, err);
	if (r < 0)
		return r;
	return good.n > 0 ? range_text_without(buf_span(&affected), buf_span(&good),
					       context->of->ecosystem, left, err)
			  : buf_append(left, buf_span(&affected), err);
}

int
trivy_range_add(const struct trivy_advisory *context, struct span id, struct span value,
		struct err *err)
{
	CLEANUP(buf_cleanup) struct buf left = BUF_INIT(OTHERS_AFFECTED_MAX);
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct advisory advisory = blank(id);
	struct err problem = ERR_INIT;
	int r = parse(context, id, value, &json, err);

	if (r < 0 || !json)
		return r;
	r = read_affected(context, json, &left, &problem);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0) {
		skip(context, id, problem.text);
		return 0;
	}
	if (left.n == 0)
		return 0;
	advisory.state = ADVISORY_RANGES;
	advisory.affected = buf_span(&left);
	rate(context, json, &advisory);
	return join_add(context->join, context->release, &advisory, err);
}
