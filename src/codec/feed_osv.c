/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_osv.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/affected.h"
#include "codec/cvss.h"
#include "codec/feed_osv_ranges.h"

struct reading {
	const struct feed_osv_rules *rules;
	int (*each)(void *context, const struct feed_osv_record *record, struct err *err);
	void *context;
	struct feed_tally *tally;
	struct json_view json;
	struct span id;
	struct span summary;
	VEC(struct span) ids;	       /* of the vulnerabilities */
	struct feed_osv_record common; /* severity of packages that say nothing of it themselves */
	struct buf text;	       /* affected versions of the package that is read */
	struct err problem; /* with what is read; there is no time to clear one for each package */
};

static void
reading_cleanup(struct reading *reading)
{
	vec_free(&reading->ids);
	buf_cleanup(&reading->text);
}

/* As much of a text as a message has room for. */
static struct span
shown(struct span text)
{
	return span_slice(text, 0, text.n < 60 ? text.n : 60);
}

/* Printable, without spaces. */
static bool
is_id(struct span id)
{
	if (id.n == 0 || id.n > FEED_OSV_ID_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		if ((unsigned char)id.p[i] <= ' ' || (unsigned char)id.p[i] >= 0x7f)
			return false;
	}
	return true;
}

/* The CVE that an id is, or ends in, as "UBUNTU-CVE-2024-1234" does; empty without one. */
static struct span
cve_of(struct span id)
{
	for (size_t i = 0; i + 4 <= id.n; i++) {
		struct span rest = span_slice(id, i, id.n);

		if ((i == 0 || id.p[i - 1] == '-') && feed_is_cve(rest))
			return rest;
	}
	return SPAN("");
}

static int
add_id(struct reading *reading, struct span id, struct err *err)
{
	for (size_t i = 0; i < reading->ids.count; i++) {
		if (span_equal(reading->ids.items[i], id))
			return 0;
	}
	return vec_push(&reading->ids, &id, FEED_ALIASES_MAX, err);
}

/* The CVEs among the strings of a member. */
static int
add_cves(struct reading *reading, struct span member, struct err *err)
{
	struct json_view list = json_view_get(reading->json, member);
	struct json_walk walk = json_walk_start(list);
	struct json_view item;
	struct span key;
	int r = 0;

	if (json_view_kind(list) > JSON_KIND_NULL && json_view_kind(list) != JSON_KIND_ARRAY)
		return err_set(err, ERR_INVALID, "%.*s is no list", SPAN_ARG(member));
	while (json_walk_next(&walk, &key, &item)) {
		struct span id = json_view_string(item);
		struct span cve = id.p ? cve_of(id) : SPAN("");

		r = cve.n > 0 ? add_id(reading, cve, err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

/* One name for the records of several databases that speak of the same. */
static struct span
own_id(const struct reading *reading)
{
	struct json_walk walk = json_walk_start(json_view_get(reading->json, SPAN("aliases")));
	struct json_view item;
	struct span key;

	if (span_starts_with(reading->id, SPAN("GHSA-")))
		return reading->id;
	while (json_walk_next(&walk, &key, &item)) {
		struct span id = json_view_string(item);

		if (id.p && span_starts_with(id, SPAN("GHSA-")) && is_id(id))
			return id;
	}
	return reading->id;
}

/* Updates that a distribution itself does not call ones of security. */
static bool
is_ordinary_update(struct span id)
{
	static const struct span prefixes[] = {
		SPAN_INIT("ALBA-"),    SPAN_INIT("ALEA-"),    SPAN_INIT("RLBA-"),
		SPAN_INIT("RLEA-"),    SPAN_INIT("SUSE-RU-"), SPAN_INIT("SUSE-FU-"),
		SPAN_INIT("SUSE-OU-"),
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (span_starts_with(id, prefixes[i]))
			return true;
	}
	return false;
}

/* None at all: the record is not about a vulnerability. */
static int
find_ids(struct reading *reading, struct err *err)
{
	struct span cve = cve_of(reading->id);
	int r = cve.n > 0 ? add_id(reading, cve, err) : 0;

	if (r == 0)
		r = add_cves(reading, SPAN("aliases"), err);
	if (r == 0 && reading->rules->errata)
		r = add_cves(reading, SPAN("upstream"), err);
	if (r == 0 && reading->rules->errata)
		r = add_cves(reading, SPAN("related"), err);
	if (r < 0 || reading->ids.count > 0)
		return r;
	if (reading->rules->errata && is_ordinary_update(reading->id))
		return 0;
	return add_id(reading, own_id(reading), err);
}

/* Words of GitHub, Red Hat and its kin, SUSE and Ubuntu. */
static enum severity
severity_of_word(struct span word)
{
	static const struct {
		struct span word;
		enum severity severity;
	} words[] = {
		{SPAN_INIT("moderate"), SEVERITY_MEDIUM},
		{SPAN_INIT("important"), SEVERITY_HIGH},
		{SPAN_INIT("none"), SEVERITY_NEGLIGIBLE},
	};
	enum severity severity = SEVERITY_UNKNOWN;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_equal_nocase(word, words[i].word))
			return words[i].severity;
	}
	(void)severity_parse(word, &severity);
	return severity;
}

/* What a list of severities says that the record does not have yet; v3 before v4. */
static void
read_severities(struct json_view list, struct feed_osv_record *record, struct err *ignored)
{
	struct json_walk walk = json_walk_start(list);
	struct json_view item;
	struct span key;

	while (json_walk_next(&walk, &key, &item)) {
		struct span score;

		if (!feed_string(item, SPAN("score"), &score) ||
		    !feed_is_text(score, FEED_VECTOR_MAX))
			continue;
		enum cvss_version version = cvss_version_of(score);
		bool third = version == CVSS_30 || version == CVSS_31;
		bool scored = third && record->score < 0 &&
			      cvss_base_score(score, &record->score, ignored) == 0;
		if (scored || (version == CVSS_40 && record->vector.n == 0))
			record->vector = score;
		else if (record->severity == SEVERITY_UNKNOWN)
			record->severity = severity_of_word(score);
	}
}

static void
read_severity(struct reading *reading, struct json_view affected, struct feed_osv_record *record)
{
	const struct json_view sources[] = {
		json_view_get(affected, SPAN("database_specific")),
		json_view_get(affected, SPAN("ecosystem_specific")),
		json_view_get(reading->json, SPAN("database_specific")),
	};
	struct span summary = reading->summary;
	struct span word;

	record->score = -1;
	record->vector = SPAN("");
	record->severity = SEVERITY_UNKNOWN;
	read_severities(json_view_get(affected, SPAN("severity")), record, &reading->problem);
	read_severities(json_view_get(reading->json, SPAN("severity")), record, &reading->problem);
	if (record->score >= 0) {
		record->severity = severity_of_score(record->score);
		return;
	}
	for (size_t i = 0; i < 3 && record->severity == SEVERITY_UNKNOWN; i++) {
		if (feed_string(sources[i], SPAN("severity"), &word))
			record->severity = severity_of_word(word);
	}
	if (record->severity == SEVERITY_UNKNOWN && reading->rules->errata && summary.n > 0)
		record->severity = severity_of_word(span_cut(&summary, ':'));
}

static bool
has_severity(struct json_view affected)
{
	return json_view_kind(json_view_get(affected, SPAN("severity"))) != JSON_KIND_ABSENT ||
	       json_view_kind(json_view_get(affected, SPAN("database_specific"))) !=
		       JSON_KIND_ABSENT ||
	       json_view_kind(json_view_get(affected, SPAN("ecosystem_specific"))) !=
		       JSON_KIND_ABSENT;
}

/* Every vulnerability of the record in one package. */
static int
tell(struct reading *reading, struct feed_osv_record *record, struct err *err)
{
	record->ids = reading->ids.items;
	record->id_count = reading->ids.count;
	reading->tally->records += record->id_count;
	return reading->each(reading->context, record, err);
}

/* "nodejs:18", "httpd:2.4/mod_http2", "perl:5.26,": a stream; empty when it is none. */
static struct span
stream_of(struct span word)
{
	struct span stream = span_slice(word, 0, span_find(word, '/'));

	while (stream.n > 0 && strchr(",.;", stream.p[stream.n - 1]))
		stream.n--;
	size_t colon = span_find(stream, ':');
	for (size_t i = 0; i < stream.n; i++) {
		unsigned char byte = (unsigned char)stream.p[i];

		if (byte <= ' ' || byte >= 0x7f || (byte == ':' && i != colon))
			return SPAN("");
	}
	return colon > 0 && colon + 1 < stream.n ? stream : SPAN("");
}

/*
 * A package of modules: once for each stream that the summary names ("Important: python38:3.8 and
 * python38-devel:3.8 security update"); a package is in one of the modules, and rows of the other
 * ask for nothing.
 */
static int
tell_streams(struct reading *reading, struct feed_osv_record *record, struct err *err)
{
	struct span rest = reading->summary;
	size_t count = 0;

	while (rest.p && rest.n > 0) {
		record->module = stream_of(span_cut(&rest, ' '));
		if (record->module.n == 0)
			continue;
		int r = tell(reading, record, err);
		if (r != 0)
			return r;
		count++;
	}
	if (count > 0)
		return 0;
	(void)err_set(&reading->problem, ERR_INVALID, "does not say which module stream %.*s is of",
		      SPAN_ARG(shown(record->package)));
	feed_skip(reading->tally, reading->id, &reading->problem);
	return 0;
}

/* One binary package with the version that fixes it; what makes no sense is counted. */
static int
tell_binary(struct reading *reading, struct span name, struct json_view version,
	    struct feed_osv_record *record, struct err *err)
{
	struct affected interval = {{"", 0}, {"", 0}, false, false};

	interval.to = json_view_string(version);
	record->package = name;
	reading->text.n = 0;
	if (!interval.to.p || name.n == 0 || !feed_is_text(name, FEED_PACKAGE_MAX) ||
	    reading->rules->order->check(interval.to, &reading->problem) < 0 ||
	    affected_put(&interval, &reading->text, &reading->problem) < 0) {
		(void)err_set(&reading->problem, ERR_INVALID, "malformed binary package");
		feed_skip(reading->tally, reading->id, &reading->problem);
		return 0;
	}
	record->affected = buf_span(&reading->text);
	return tell(reading, record, err);
}

/* [{"libopenssl1_1": "1.1.1d-150200.11.48.1"}] */
static int
tell_binaries(struct reading *reading, struct json_view affected, struct feed_osv_record *record,
	      struct err *err)
{
	struct json_view specific = json_view_get(affected, SPAN("ecosystem_specific"));
	struct json_walk lists = json_walk_start(json_view_get(specific, SPAN("binaries")));
	struct span source = record->package;
	struct json_view list;
	struct json_view version;
	struct span name;
	size_t count = 0;

	while (json_walk_next(&lists, &name, &list)) {
		struct json_walk packages = json_walk_start(list);

		while (json_walk_next(&packages, &name, &version)) {
			int r = tell_binary(reading, name, version, record, err);
			if (r != 0)
				return r;
			count++;
		}
	}
	if (count == 0) {
		(void)err_set(&reading->problem, ERR_INVALID, "names no binary packages of %.*s",
			      SPAN_ARG(shown(source)));
		feed_skip(reading->tally, reading->id, &reading->problem);
	}
	return 0;
}

static int
read_affected(struct reading *reading, struct json_view affected, struct err *err)
{
	struct json_view package = json_view_get(affected, SPAN("package"));
	struct feed_osv_record record = reading->common;
	struct span suffix;

	if (json_view_kind(affected) == JSON_KIND_OBJECT &&
	    json_view_kind(package) == JSON_KIND_ABSENT)
		return 0; /* of commits, without a package */
	if (json_view_kind(package) != JSON_KIND_OBJECT ||
	    !feed_string(package, SPAN("ecosystem"), &suffix) ||
	    !feed_string(package, SPAN("name"), &record.package) || record.package.n == 0 ||
	    !feed_is_text(record.package, FEED_PACKAGE_MAX)) {
		(void)err_set(&reading->problem, ERR_INVALID, "malformed package");
		feed_skip(reading->tally, reading->id, &reading->problem);
		return 0;
	}
	if (!span_equal(suffix.n ? span_cut(&suffix, ':') : suffix, reading->rules->ecosystem))
		return 0;
	record.suffix = suffix.p ? suffix : SPAN("");
	if (has_severity(affected))
		read_severity(reading, affected, &record);
	if (reading->rules->binaries)
		return tell_binaries(reading, affected, &record, err);
	reading->text.n = 0;
	int r = feed_osv_ranges(affected, reading->rules, &reading->text, &reading->problem);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0) {
		(void)err_wrap(&reading->problem, "%.*s", SPAN_ARG(shown(record.package)));
		feed_skip(reading->tally, reading->id, &reading->problem);
		return 0;
	}
	record.affected = buf_span(&reading->text);
	return reading->rules->modules && feed_osv_modular(affected)
		       ? tell_streams(reading, &record, err)
		       : tell(reading, &record, err);
}

static int
read_record(struct reading *reading, struct err *err)
{
	struct json_view list = json_view_get(reading->json, SPAN("affected"));
	struct json_walk walk = json_walk_start(list);
	struct json_view affected;
	struct span key;
	int r = find_ids(reading, &reading->problem);

	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r == 0 && json_view_kind(list) > JSON_KIND_NULL &&
	    json_view_kind(list) != JSON_KIND_ARRAY)
		r = err_set(&reading->problem, ERR_INVALID, "affected is no list");
	if (r < 0) {
		feed_skip(reading->tally, reading->id, &reading->problem);
		return 0;
	}
	if (reading->ids.count == 0)
		return 0;
	reading->common = (struct feed_osv_record){.module = {"", 0}};
	read_severity(reading, (struct json_view){0}, &reading->common);
	while (json_walk_next(&walk, &key, &affected)) {
		r = read_affected(reading, affected, err);
		if (r != 0)
			return r;
	}
	return 0;
}

int
feed_osv_read(struct json_tape *tape, struct span text, struct span name,
	      const struct feed_osv_rules *rules,
	      int (*each)(void *context, const struct feed_osv_record *record, struct err *err),
	      void *context, struct feed_tally *tally, struct err *err)
{
	CLEANUP(reading_cleanup)
	struct reading reading = {.rules = rules,
				  .each = each,
				  .context = context,
				  .tally = tally,
				  .text = {.max = FEED_AFFECTED_MAX}};
	int r = json_tape_read(tape, text, &reading.problem);

	if (r == -ERR_MEMORY)
		return err_memory(err);
	reading.json = json_tape_top(tape);
	if (r == 0 && (!feed_string(reading.json, SPAN("id"), &reading.id) || !is_id(reading.id)))
		r = err_set(&reading.problem, ERR_INVALID, "a record without an id");
	if (r < 0) {
		feed_skip(tally, name, &reading.problem);
		return 0;
	}
	if (json_view_kind(json_view_get(reading.json, SPAN("withdrawn"))) > JSON_KIND_NULL ||
	    (rules->only.n > 0 && !span_starts_with(reading.id, rules->only)))
		return 0;
	if (!feed_string(reading.json, SPAN("summary"), &reading.summary))
		reading.summary = SPAN("");
	return read_record(&reading, err);
}
