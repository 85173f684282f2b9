/* SPDX-License-Identifier: Apache-2.0 */
/* Advisories in OSV's format: one record for each vulnerability (and stream of a module). */
#include "stage/update/export.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/affected.h"
#include "codec/json.h"
#include "port/feed_bundle.h"
#include "stage/update/feeds_osv.h"

#include <stdlib.h>

struct row {
	struct span id;
	struct span module; /* of the package's key */
	struct span package;
	struct advisory advisory;
};

struct exported {
	struct exporting *exporting;
	const struct osv_feed *feed;
	VEC(struct row) rows;
	struct feed_bundle *bundle;
};

static int
compare_rows(const void *left, const void *right)
{
	const struct row *a = left;
	const struct row *b = right;
	int order = span_compare(a->id, b->id);

	if (order == 0)
		order = span_compare(a->module, b->module);
	if (order == 0)
		order = span_compare(a->package, b->package);
	return order ? order : span_compare(a->advisory.release, b->advisory.release);
}

/* "nodejs:18/src/nodejs" is a stream and a package; names of npm and Go have '/' of their own. */
static void
split_key(const struct osv_feed *feed, struct span key, struct row *row)
{
	size_t slash = span_find(key, '/');

	row->module = SPAN("");
	if (feed->rules.modules && span_find(key, ':') < slash && slash < key.n) {
		row->module = span_slice(key, 0, slash);
		key = span_slice(key, slash + 1, key.n);
	}
	row->package = feed->by_source && span_starts_with(key, SPAN("src/"))
			       ? span_slice(key, SPAN("src/").n, key.n)
			       : key;
}

static int
add_row(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	struct exported *exported = context;
	struct arena *arena = exported->exporting->arena;
	struct row row = {.advisory = *advisory};
	struct span *const texts[] = {&row.advisory.id, &row.advisory.release,
				      &row.advisory.affected, &row.advisory.vector};
	struct span key = arena_copy(arena, source);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i] = arena_copy(arena, *texts[i]);
		if (!texts[i]->p)
			return err_memory(err);
	}
	if (!key.p)
		return err_memory(err);
	row.id = row.advisory.id;
	split_key(exported->feed, key, &row);
	int r = vec_push(&exported->rows, &row, ADVISORIES_MAX, err);
	return r < 0 ? r : export_remember(exported->exporting, row.id, err);
}

/* An interval is a range of its own, so that it comes back as it is. */
static json_t *
range_json(const struct affected *interval)
{
	json_t *events = json_array();

	json_add(&events, json_pack("{s:o}", "introduced",
				    json_span(interval->from.n > 0 ? interval->from : SPAN("0"))));
	if (interval->to.n > 0)
		json_add(&events, json_pack("{s:o}", interval->with_to ? "last_affected" : "fixed",
					    json_span(interval->to)));
	return json_pack("{s:s, s:o}", "type", "ECOSYSTEM", "events", events);
}

static void
put_severity(json_t **json, const struct advisory *advisory)
{
	bool fourth = span_starts_with(advisory->vector, SPAN("CVSS:4"));

	if (advisory->vector.n > 0)
		json_put(json, "severity",
			 json_pack("[{s:s, s:o}]", "type", fourth ? "CVSS_V4" : "CVSS_V3", "score",
				   json_span(advisory->vector)));
	if (advisory->severity != SEVERITY_UNKNOWN)
		json_put(json, "database_specific",
			 json_pack("{s:s}", "severity", severity_name(advisory->severity)));
}

/* "0" as a version, which in an event would be the beginning of all. */
static bool
is_zero(const struct affected *interval)
{
	return span_equal(interval->from, SPAN("0"));
}

static int
affected_json(const struct exported *exported, const struct row *row, json_t **ret, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf ecosystem = BUF_INIT(KIB);
	const struct osv_feed *feed = exported->feed;
	struct span rest = row->advisory.affected;
	json_t *ranges = json_array();
	json_t *versions = json_array();
	json_t *binaries = json_array();
	struct affected interval;
	int r = osv_feed_ecosystem(feed, row->advisory.release, &ecosystem, err);

	while (r == 0 && (r = affected_next(&rest, &interval, err)) > 0) {
		r = 0;
		json_add(&binaries, json_pack("{s%:o}", row->package.p, row->package.n,
					      json_span(interval.to)));
		if (is_zero(&interval))
			json_add(&versions, json_span(interval.from));
		else
			json_add(&ranges, range_json(&interval));
	}
	json_t *json = json_pack("{s:{s:o, s:o}, s:o, s:o}", "package", "ecosystem",
				 json_span(buf_span(&ecosystem)), "name", json_span(row->package),
				 "ranges", ranges, "versions", versions);
	if (feed->rules.binaries)
		json_put(&json, "ecosystem_specific", json_pack("{s:o}", "binaries", binaries));
	else
		json_decref(binaries);
	put_severity(&json, &row->advisory);
	if (r < 0) {
		json_decref(json);
		return r;
	}
	*ret = json;
	return 0;
}

/* The rows from `row` on that are of its vulnerability and module. */
static int
write_record(struct exported *exported, const struct row *row, size_t count, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct arena *arena = exported->exporting->arena;
	const char *prefix = exported->feed->rules.only.n > 0 ? exported->feed->rules.only.p : "";
	struct span cve = span_starts_with(row->id, SPAN("CVE-"))
				  ? span_slice(row->id, SPAN("CVE-").n, row->id.n)
				  : row->id;
	struct span id = arena_printf(arena, "%s%.*s", prefix, SPAN_ARG(prefix[0] ? cve : row->id));
	struct span name = arena_printf(arena, "%.*s%s%.*s.json", SPAN_ARG(id),
					row->module.n > 0 ? "." : "", SPAN_ARG(row->module));
	json_t *list = json_array();
	struct span text = SPAN("");
	int r = id.p && name.p ? 0 : err_memory(err);

	for (size_t i = 0; r == 0 && i < count; i++) {
		json_t *affected = NULL;

		r = affected_json(exported, &row[i], &affected, err);
		if (r == 0)
			json_add(&list, affected);
	}
	json = json_pack("{s:s, s:o, s:o}", "schema_version", "1.6.0", "id", json_span(id),
			 "affected", list);
	if (row->module.n > 0 && json) {
		struct span summary = arena_printf(arena, "Update: %.*s", SPAN_ARG(row->module));

		json_put(&json, "summary", json_span(summary));
	}
	if (r == 0)
		r = json_text(json, false, arena, &text, err);
	return r < 0 ? r : feed_bundle_add(exported->bundle, name.p, text, err);
}

static int
write_bundle(struct exported *exported, struct err *err)
{
	struct buf *out = &exported->exporting->text;
	size_t count = exported->rows.count;
	const struct row *rows = exported->rows.items;
	int r = feed_bundle_new(FEED_BUNDLE_ZIP, out, &exported->bundle, err);

	if (count > 0)
		qsort(exported->rows.items, count, sizeof(*rows), compare_rows);
	for (size_t i = 0, n; r == 0 && i < count; i += n) {
		for (n = 1; i + n < count && span_equal(rows[i].id, rows[i + n].id) &&
			    span_equal(rows[i].module, rows[i + n].module);)
			n++;
		r = write_record(exported, &rows[i], n, err);
	}
	if (r == 0)
		r = feed_bundle_finish(exported->bundle, err);
	feed_bundle_cleanup(&exported->bundle);
	return r;
}

int
export_osv(struct exporting *exporting, const struct export_type *type, struct span release,
	   bool *ret_wrote, struct err *err)
{
	struct exported exported = {.exporting = exporting, .feed = osv_feed_find(type->name)};
	int r = advisories_all(exporting->advisories, span_from(type->name), release, add_row,
			       &exported, err);

	*ret_wrote = exported.rows.count > 0;
	if (r == 0 && *ret_wrote)
		r = write_bundle(&exported, err);
	vec_free(&exported.rows);
	if (r < 0 || !*ret_wrote)
		return r;
	return export_file(exporting, type->path, FEED_PLAIN, err);
}
