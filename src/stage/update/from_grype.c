/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grype's database, version 6. A handle is {ranges: [{version: {constraint}, fix: {version,
 * state}}], cves, qualifiers: {rpm_modularity, architecture, rootio}}, a vulnerability {severities:
 * [{scheme, value}]} (anchore/grype, grype/db/v6/blobs.go).
 */
#include "stage/update/from_grype.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/distribution.h"
#include "codec/json.h"
#include "codec/package_key.h"
#include "codec/range_text.h"

struct grype {
	struct others *others;
	struct grype_rows *rows;
	struct arena *arena; /* of names and ratings */
	struct grype_ratings *ratings;
	struct map *left; /* names of what is not read */

	/* of the package that is read now */
	const struct grype_package *package;
	struct join join;
	struct others_feed *feed; /* NULL: none yet */
	struct span key;
	const struct distribution *of;
};

static void
grype_cleanup(struct grype *grype)
{
	join_cleanup(&grype->join);
	grype_ratings_free(grype->ratings);
	map_free(grype->left);
	arena_free(grype->arena);
}

/* Names a part that is not read, once. */
static int
leave(struct grype *grype, struct span name, struct err *err)
{
	uint64_t ignored;

	if (map_get(grype->left, name, &ignored))
		return 0;
	struct span copy = arena_copy(grype->arena, name);
	int r = copy.p ? map_put(grype->left, copy, 0, err) : err_memory(err);
	return r < 0 ? r : others_leave(grype->others, copy, err);
}

static void
skip(struct grype *grype, struct span id, const char *what)
{
	struct err why = ERR_INIT;

	(void)err_set(&why, ERR_INVALID, "%s", what);
	feed_skip(&grype->feed->tally, id, &why);
}

/* ---- systems and languages ---- */

static const struct system {
	struct span id; /* of os-release */
	bool by_source; /* of rpm: names source packages */
} systems[] = {
	{SPAN_INIT("alpine"), false},	 {SPAN_INIT("amzn"), false},
	{SPAN_INIT("azurelinux"), true}, {SPAN_INIT("chainguard"), false},
	{SPAN_INIT("debian"), false},	 {SPAN_INIT("mariner"), true},
	{SPAN_INIT("ol"), false},	 {SPAN_INIT("rhel"), true},
	{SPAN_INIT("sles"), false},	 {SPAN_INIT("ubuntu"), false},
	{SPAN_INIT("wolfi"), false},
};

static const struct language {
	struct span name; /* Grype's */
	struct span feed;
} languages[] = {
	{SPAN_INIT("bitnami"), SPAN_INIT("bitnami")},
	{SPAN_INIT("dotnet"), SPAN_INIT("nuget")},
	{SPAN_INIT("gem"), SPAN_INIT("gem")},
	{SPAN_INIT("go-module"), SPAN_INIT("golang")},
	{SPAN_INIT("java-archive"), SPAN_INIT("maven")},
	{SPAN_INIT("npm"), SPAN_INIT("npm")},
	{SPAN_INIT("php-composer"), SPAN_INIT("composer")},
	{SPAN_INIT("python"), SPAN_INIT("pypi")},
	{SPAN_INIT("rust-crate"), SPAN_INIT("cargo")},
};

static const struct system *
find_system(struct span id)
{
	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		if (span_equal(systems[i].id, id))
			return &systems[i];
	}
	return NULL;
}

static const struct distribution *
find_language(struct span name)
{
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		if (span_equal(languages[i].name, name))
			return distribution_find(languages[i].feed);
	}
	return NULL;
}

/* Empty: not one that can be matched, as that of a channel beside the release. */
static struct span
release_of(const struct distribution *distribution, const struct grype_handle *handle,
	   struct arena *arena)
{
	struct span version = handle->major;

	if (handle->channel.n > 0)
		return SPAN("");
	if (distribution->releases == RELEASE_BRANCH && span_equal(handle->label, SPAN("edge"))) {
		version = handle->label;
	} else if (handle->major.n > 0 && handle->minor.n > 0) {
		version = arena_printf(arena, "%.*s.%.*s", SPAN_ARG(handle->major),
				       SPAN_ARG(handle->minor));
		if (!version.p)
			return version;
	}
	return distribution_release_named(distribution, version, arena);
}

/* ---- one package ---- */

/* Rows so far go to the database. */
static int
flush(struct grype *grype, struct err *err)
{
	int r = grype->feed ? join_write(&grype->join, grype->others, grype->feed, grype->key, err)
			    : 0;

	join_cleanup(&grype->join);
	grype->feed = NULL;
	return r;
}

/* The rows that follow are of this feed and key. */
static int
begin(struct grype *grype, const struct distribution *of, struct span key, struct err *err)
{
	if (grype->feed && grype->of == of && span_equal(grype->key, key))
		return 0;
	int r = flush(grype, err);
	if (r == 0)
		r = join_start(&grype->join, of, err);
	if (r == 0)
		r = others_feed(grype->others, of->name, ADVISORIES_OF_DISTRIBUTION, &grype->feed,
				err);
	if (r < 0)
		return r;
	grype->of = of;
	grype->key = arena_copy(grype->join.arena, key);
	return grype->key.p ? 0 : err_memory(err);
}

/* Intervals of all ranges; *ret_fixed: the version of a fix that is all there is to say. */
static int
read_ranges(struct grype *grype, const json_t *list, struct buf *affected, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		struct span constraint;

		if (!feed_text(json_object_get(json_array_get(list, i), "version"), "constraint",
			       &constraint))
			return err_set(err, ERR_INVALID, "a constraint is not a string");
		r = range_text_read(constraint, grype->of->ecosystem, affected, err);
	}
	return r;
}

/* The only range, "< FIXED"; empty when it is another. */
static struct span
single_fix(const json_t *list)
{
	const json_t *range = json_array_get(list, 0);
	struct span constraint;
	struct span fixed;

	if (json_array_size(list) != 1 ||
	    !feed_text(json_object_get(range, "fix"), "version", &fixed) ||
	    !feed_text(json_object_get(range, "version"), "constraint", &constraint) ||
	    !span_starts_with(constraint, SPAN("<")) || fixed.n == 0)
		return SPAN("");
	constraint = span_trim(span_slice(constraint, 1, constraint.n));
	return span_equal(constraint, fixed) ? fixed : SPAN("");
}

/* The states of fixes that say no more than that there is none. */
static void
read_fix_state(const json_t *list, struct advisory *advisory)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct span state;

		if (!feed_text(json_object_get(json_array_get(list, i), "fix"), "state", &state) ||
		    !span_equal(state, SPAN("wont-fix")))
			continue;
		advisory->no_dsa = true;
		advisory->reason = SPAN("ignored");
	}
}

static int
read_state(struct grype *grype, const struct grype_handle *handle, const json_t *json,
	   struct buf *affected, struct advisory *advisory, struct err *err)
{
	const json_t *ranges = json_object_get(json, "ranges");

	if (handle->unaffected) {
		advisory->state = ADVISORY_NOT_AFFECTED;
		return 0;
	}
	read_fix_state(ranges, advisory);
	advisory->fixed = single_fix(ranges);
	advisory->state = ADVISORY_FIXED;
	if (handle->system > 0 && advisory->fixed.n > 0)
		return 0;
	advisory->fixed = SPAN("");
	int r = json_array_size(ranges) == 0 ? buf_append(affected, SPAN("[,)"), err)
					     : read_ranges(grype, ranges, affected, err);
	if (r < 0)
		return r;
	if (affected->n == 0)
		return err_set(err, ERR_INVALID, "no version is in its ranges");
	bool all = span_equal(buf_span(affected), SPAN("[,)"));
	advisory->state = all ? ADVISORY_OPEN : ADVISORY_RANGES;
	if (!all)
		advisory->affected = buf_span(affected);
	return 0;
}

/* One row for each CVE that it names, else one by its own name. */
static int
add_rows(struct grype *grype, const struct grype_handle *handle, const json_t *json,
	 struct span release, struct advisory *advisory, struct err *err)
{
	const json_t *cves = json_object_get(json, "cves");
	bool any = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(cves); i++) {
		const char *cve = json_string_value(json_array_get(cves, i));

		if (!cve || !feed_is_cve(span_from(cve)))
			continue;
		any = true;
		advisory->id = span_from(cve);
		r = join_add(&grype->join, release, advisory, err);
	}
	if (r < 0 || any)
		return r;
	advisory->id = handle->vulnerability_name;
	return join_add(&grype->join, release, advisory, err);
}

static int
add_advisory(struct grype *grype, const struct grype_handle *handle, const json_t *json,
	     struct span release, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf affected = BUF_INIT(OTHERS_AFFECTED_MAX);
	const struct grype_rating *rating =
		grype_ratings_find(grype->ratings, handle->vulnerability);
	struct advisory advisory = {.id = handle->vulnerability_name, .score = -1};
	struct err problem = ERR_INIT;

	if (rating && rating->withdrawn)
		return 0;
	if (rating) {
		advisory.severity = rating->severity;
		advisory.vector = rating->vector;
		advisory.score = rating->score;
	}
	int r = read_state(grype, handle, json, &affected, &advisory, &problem);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0) {
		skip(grype, handle->vulnerability_name, problem.text);
		return 0;
	}
	/* Debian's unimportant ones; nothing else of Debian's is negligible. */
	advisory.unimportant = advisory.state != ADVISORY_FIXED &&
			       advisory.severity == SEVERITY_NEGLIGIBLE && grype->feed &&
			       span_equal(grype->feed->name, SPAN("debian"));
	return add_rows(grype, handle, json, release, &advisory, err);
}

/* Whether it is about packages of other architectures only, or of a rebuilder. */
static bool
is_elsewhere(const json_t *qualifiers)
{
	static const struct span known[] = {SPAN_INIT(""), SPAN_INIT("src"), SPAN_INIT("x86_64"),
					    SPAN_INIT("noarch"),
					    SPAN_INIT("binary-no-arch-specified")};
	struct span architecture;

	if (json_is_true(json_object_get(qualifiers, "rootio")) ||
	    !feed_text(qualifiers, "architecture", &architecture))
		return true;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (span_equal(architecture, known[i]))
			return false;
	}
	return true;
}

static int
begin_system(struct grype *grype, const struct distribution *of, bool by_source,
	     const json_t *qualifiers, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf key = BUF_INIT(OTHERS_KEY_MAX * 2UL);
	struct span module;
	int r = 0;

	if (!feed_text(qualifiers, "rpm_modularity", &module))
		module = SPAN("");
	if (module.n > 0)
		r = buf_printf(&key, err, "%.*s/", SPAN_ARG(module));
	if (r == 0 && by_source)
		r = buf_append(&key, SPAN("src/"), err);
	if (r == 0)
		r = buf_append(&key, grype->package->name, err);
	return r < 0 ? r : begin(grype, of, buf_span(&key), err);
}

static int
leave_system(struct grype *grype, const struct grype_handle *handle, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf name = BUF_INIT(OTHERS_KEY_MAX);
	struct span version = handle->major.n > 0 ? handle->major : handle->label;
	int r = buf_printf(&name, err, "%.80s %.*s%s%.*s%s%.*s", handle->system_id.p,
			   SPAN_ARG(version), handle->minor.n > 0 ? "." : "",
			   SPAN_ARG(handle->minor), handle->channel.n > 0 ? " " : "",
			   SPAN_ARG(handle->channel));

	return r < 0 ? r : leave(grype, buf_span(&name), err);
}

static int
add_of_system(struct grype *grype, const struct grype_handle *handle, const json_t *json,
	      struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	const struct system *system = find_system(handle->system_id);
	const struct distribution *of = system ? distribution_of_system(system->id) : NULL;
	const json_t *qualifiers = json_object_get(json, "qualifiers");

	if (!arena)
		return err_memory(err);
	struct span release = of ? release_of(of, handle, arena) : SPAN("");
	if (!release.p)
		return err_memory(err);
	if (release.n == 0)
		return leave_system(grype, handle, err);
	if (is_elsewhere(qualifiers))
		return 0;
	int r = begin_system(grype, of, system->by_source, qualifiers, err);
	return r < 0 ? r : add_advisory(grype, handle, json, release, err);
}

static int
add_of_language(struct grype *grype, const struct grype_handle *handle, const json_t *json,
		struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	const struct distribution *of = find_language(grype->package->ecosystem);

	if (!arena)
		return err_memory(err);
	if (!of)
		return leave(grype, grype->package->ecosystem, err);
	if (is_elsewhere(json_object_get(json, "qualifiers")))
		return 0;
	struct span key = package_key(of->ecosystem, grype->package->name, arena);
	if (!key.p)
		return err_memory(err);
	int r = begin(grype, of, key, err);
	return r < 0 ? r : add_advisory(grype, handle, json, SPAN("all"), err);
}

static int
read_handle(void *context, const struct grype_handle *handle, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct grype *grype = context;
	struct err problem = ERR_INIT;

	if (handle->blob.n > 0 && json_parse(handle->blob, &json, &problem) == -ERR_MEMORY)
		return err_memory(err);
	if (problem.kind != ERR_NONE) /* counted among what is not read */
		return leave(grype, handle->vulnerability_name, err);
	return handle->system > 0 ? add_of_system(grype, handle, json, err)
				  : add_of_language(grype, handle, json, err);
}

static int
read_package(void *context, const struct grype_package *package, struct err *err)
{
	struct grype *grype = context;

	grype->package = package;
	int r = grype_rows_handles(grype->rows, package->id, read_handle, grype, err);
	return r < 0 ? r : flush(grype, err);
}

/* ---- all ---- */

static int
read_mark(void *context, struct span cve, double probability, struct err *err)
{
	struct grype *grype = context;
	bool scored = probability >= 0;
	struct others_feed *feed;
	struct err why = ERR_INIT;
	int r = scored ? others_feed(grype->others, SPAN("epss"), ADVISORIES_EPSS, &feed, err)
		       : others_feed(grype->others, SPAN("kev"), ADVISORIES_EXPLOITED, &feed, err);

	if (r < 0)
		return r;
	if (!feed_is_cve(cve) || probability > 1) {
		(void)err_set(&why, ERR_INVALID, "not a CVE, or not a probability");
		feed_skip(&feed->tally, cve, &why);
		return 0;
	}
	r = scored ? advisories_build_epss(grype->others->builder, cve, probability, err)
		   : advisories_build_exploited(grype->others->builder, cve, err);
	feed->tally.records += r == 0;
	return r;
}

/* "2026-06-29 04:12:33.5+00:00": as RFC 3339, but for the blank. */
static int
read_date(struct grype *grype, struct err *err)
{
	char text[64] = {0};
	struct span built;
	int r = grype_rows_built(grype->rows, &built, err);

	if (r < 0)
		return r;
	if (built.n >= sizeof(text))
		return err_set(err, ERR_INVALID, "the date it was built is none");
	memcpy(text, built.p, built.n);
	char *blank = strchr(text, ' ');
	if (blank)
		*blank = 'T';
	r = clock_parse(span_from(text), &grype->others->date, err);
	return r < 0 ? err_wrap(err, "the date it was built") : 0;
}

static int
read_grype(struct others *others, const struct published *published, struct err *err)
{
	CLEANUP(grype_rows_cleanup) struct grype_rows *rows = NULL;
	CLEANUP(grype_cleanup)
	struct grype grype = {
		.others = others, .arena = arena_new(OTHERS_RATINGS_MAX), .left = map_new(0)};
	int r = grype.arena && grype.left ? 0 : err_memory(err);

	if (r == 0)
		r = grype_rows_open(published->bytes, published->size, &rows, err);
	if (r < 0)
		return r;
	grype.rows = rows;
	r = read_date(&grype, err);
	progress_step(others->progress, 0, 0, "scores");
	if (r == 0)
		r = grype_ratings_read(others, rows, grype.arena, &grype.ratings, err);
	if (r == 0)
		r = grype_rows_marks(rows, read_mark, &grype, err);
	progress_step(others->progress, 0, 0, "advisories");
	return r < 0 ? r : grype_rows_packages(rows, read_package, &grype, err);
}

const struct others_type others_grype = {
	.name = "grype-db",
	.kind = {.file = "vulnerability.db", .about = NULL, .media_type = NULL},
	.read = read_grype,
};
