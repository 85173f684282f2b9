/* SPDX-License-Identifier: Apache-2.0 */
/* The database as a mirror: the feeds in their own formats, reduced to what was asked for. */
#include "stage/update/export.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "codec/json.h"
#include "port/feed_pack.h"
#include "stage/update.h"
#include "stage/update/feeds.h"

#include <stdlib.h>

struct exporting {
	struct arena *arena;
	struct advisories *advisories;
	const char *folder;
	struct buf text; /* of the feed that is being written */
	struct map *known;
	VEC(struct span) ids; /* CVEs that the advisories name */
	struct span source;   /* the source package that is being gathered */
	json_t *gathered;     /* its {id: {releases}} */
	size_t sources;
};

static int
append_json(struct exporting *exporting, const json_t *json, struct err *err)
{
	CLEANUP(free_cleanup)
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	return text ? buf_append(&exporting->text, span_from(text), err) : err_memory(err);
}

/* Writes what was gathered of one source package. */
static int
end_source(struct exporting *exporting, struct err *err)
{
	CLEANUP(json_cleanup) json_t *name = NULL;
	CLEANUP(json_cleanup) json_t *gathered = TAKE(exporting->gathered);

	if (!gathered)
		return 0;
	name = json_span(exporting->source);
	if (!name)
		return err_memory(err);
	int r = buf_append(&exporting->text, exporting->sources++ ? SPAN(",\n") : SPAN("{\n"), err);
	if (r == 0)
		r = append_json(exporting, name, err);
	if (r == 0)
		r = buf_byte(&exporting->text, ':', err);
	return r < 0 ? r : append_json(exporting, gathered, err);
}

/* An id of the advisories is remembered once. */
static int
remember(struct exporting *exporting, struct span id, struct err *err)
{
	uint64_t place;

	if (map_get(exporting->known, id, &place))
		return 0;
	struct span copy = arena_copy(exporting->arena, id);
	if (!copy.p)
		return err_memory(err);
	int r = map_put(exporting->known, copy, exporting->ids.count, err);
	return r < 0 ? r : vec_push(&exporting->ids, &copy, ADVISORIES_MAX, err);
}

static json_t *
release_json(const struct advisory *advisory)
{
	static const char *const states[] = {
		[ADVISORY_OPEN] = "open",
		[ADVISORY_FIXED] = "resolved",
		[ADVISORY_NOT_AFFECTED] = "resolved",
		[ADVISORY_UNDETERMINED] = "undetermined",
	};
	bool fixed = advisory->state == ADVISORY_FIXED || advisory->state == ADVISORY_NOT_AFFECTED;
	bool ended = span_equal(advisory->urgency, SPAN("end-of-life"));
	bool reasoned = advisory->no_dsa && (!ended || advisory->note.n || advisory->reason.n);
	json_t *json = json_pack(
		"{s:s, s:o, s:{}}", "status", states[advisory->state], "urgency",
		json_span(advisory->urgency.n ? advisory->urgency : SPAN("not yet assigned")),
		"repositories");

	if (fixed)
		(void)json_object_set_new(
			json, "fixed_version",
			json_span(advisory->state == ADVISORY_FIXED ? advisory->fixed : SPAN("0")));
	if (reasoned) {
		(void)json_object_set_new(json, "nodsa", json_span(advisory->note));
		(void)json_object_set_new(json, "nodsa_reason", json_span(advisory->reason));
	}
	return json;
}

static int
add_advisory(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	struct exporting *exporting = context;
	int r = 0;

	if (!exporting->gathered || !span_equal(source, exporting->source)) {
		r = end_source(exporting, err);
		if (r < 0)
			return r;
		exporting->source = arena_copy(exporting->arena, source);
		exporting->gathered = json_object();
	}
	if (!exporting->gathered || !exporting->source.p)
		return err_memory(err);

	json_t *json = release_json(advisory);
	json_t *entry = json_object_getn(exporting->gathered, advisory->id.p, advisory->id.n);
	if (!entry) {
		entry = json_pack("{s:{}}", "releases");
		if (json_object_setn_new(exporting->gathered, advisory->id.p, advisory->id.n,
					 entry) < 0)
			entry = NULL;
	}
	json_t *releases = json_object_get(entry, "releases");
	if (json_object_setn_new(releases, advisory->release.p, advisory->release.n, json) < 0)
		return err_memory(err);
	return remember(exporting, advisory->id, err);
}

static int
write_debian(struct exporting *exporting, const char *release, struct err *err)
{
	int r = advisories_all(exporting->advisories, SPAN("debian"),
			       release ? span_from(release) : SPAN(""), add_advisory, exporting,
			       err);

	if (r == 0)
		r = end_source(exporting, err);
	if (r == 0 && exporting->sources == 0)
		return err_set(err, ERR_NOT_FOUND, "the database has no advisories for debian %s",
			       release ? release : "(any release)");
	return r < 0 ? r : buf_append(&exporting->text, SPAN("\n}\n"), err);
}

static int
compare_spans(const void *left, const void *right)
{
	return span_compare(*(const struct span *)left, *(const struct span *)right);
}

/* One line per CVE that `line` has something to say of; *ret_count lines in all. */
static int
write_lines(struct exporting *exporting, export_line *line, size_t *ret_count, struct err *err)
{
	size_t count = 0;

	for (size_t i = 0; i < exporting->ids.count; i++) {
		struct span id = exporting->ids.items[i];
		struct advisory_cve cve;
		bool wrote = false;
		int r = advisories_cve(exporting->advisories, id, exporting->arena, &cve, err);

		if (r == 0)
			r = line(&exporting->text, id, &cve, count == 0, &wrote, err);
		if (r < 0)
			return r;
		count += wrote;
	}
	*ret_count = count;
	return 0;
}

static int
write_file(struct exporting *exporting, const char *path, enum feed_packing packing,
	   struct err *err)
{
	static const char *const suffixes[] = {
		[FEED_PLAIN] = "", [FEED_GZIP] = ".gz", [FEED_ZSTD] = ".zst"};
	CLEANUP(buf_cleanup) struct buf packed = BUF_INIT(FEED_DOCUMENT_MAX);
	struct span folder = {path, span_find_last(span_from(path), '/')};
	struct span full = arena_printf(exporting->arena, "%s/%s%s", exporting->folder, path,
					suffixes[packing]);
	struct span parent =
		arena_printf(exporting->arena, "%s/%.*s", exporting->folder, SPAN_ARG(folder));
	int r = full.p && parent.p ? directory_make(parent.p, 0755, err) : err_memory(err);

	if (r == 0)
		r = feed_pack(buf_span(&exporting->text), packing, &packed, err);
	if (r == 0)
		r = file_replace(full.p, buf_span(&packed), 0644, err);
	exporting->text.n = 0;
	return r;
}

/* Closes the list and the document behind it. */
static int
end_list(struct exporting *exporting, const struct export_type *type, size_t count, struct err *err)
{
	int r = buf_append(&exporting->text, SPAN("\n]"), err);

	for (size_t i = 0; r == 0 && i < EXPORT_COUNTS && type->counts[i]; i++)
		r = buf_printf(&exporting->text, err, ",\"%s\":%zu", type->counts[i], count);
	return r < 0 ? r : buf_append(&exporting->text, SPAN("}\n"), err);
}

static int
export_one(struct exporting *exporting, const struct export_type *type, const char *release,
	   struct err *err)
{
	size_t count = 0;
	int r = type->line ? buf_append(&exporting->text, type->head, err)
			   : write_debian(exporting, release, err);

	if (r == 0 && type->line)
		r = write_lines(exporting, type->line, &count, err);
	if (r == 0 && type->counts[0])
		r = end_list(exporting, type, count, err);
	if (!type->line && exporting->ids.count > 0)
		qsort(exporting->ids.items, exporting->ids.count, sizeof(struct span),
		      compare_spans);
	return r < 0 ? r : write_file(exporting, type->path, type->packing, err);
}

static int
add_date(json_t *dates, const struct advisory_feed *feed, struct err *err)
{
	char date[CLOCK_TEXT];
	json_t *text = json_string(clock_format(feed->fetched, date));

	return json_object_setn_new(dates, feed->name.p, feed->name.n, text) < 0 ? err_memory(err)
										 : 0;
}

/* Feeds that the database has; what it lacks is left out, so that it is not taken for empty. */
static int
export_feeds(struct exporting *exporting, const char *release, struct err *err)
{
	CLEANUP(json_cleanup) json_t *dates = json_object();
	struct advisory_feed *feeds;
	struct span text;
	size_t count;
	int r = advisories_feeds(exporting->advisories, exporting->arena, &feeds, &count, err);

	if (r == 0 && !dates)
		r = err_memory(err);
	for (const struct export_type *type = export_types; r == 0 && type->name; type++) {
		for (size_t i = 0; r == 0 && i < count; i++) {
			if (feeds[i].fetched <= 0 ||
			    !span_equal(feeds[i].name, span_from(type->name)))
				continue;
			r = export_one(exporting, type, release, err);
			if (r == 0)
				r = add_date(dates, &feeds[i], err);
		}
	}
	if (r == 0)
		r = json_text(dates, true, exporting->arena, &text, err);
	if (r != 0)
		return r;
	struct span path = arena_printf(exporting->arena, "%s/feeds.json", exporting->folder);
	return path.p ? file_replace(path.p, text, 0644, err) : err_memory(err);
}

int
update_export(const char *database, const char *folder, const char *release, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	int r = advisories_open(database, &advisories, err);

	if (r < 0)
		return r;
	struct exporting exporting = {.arena = arena,
				      .advisories = advisories,
				      .folder = folder,
				      .text = {.max = FEED_DOCUMENT_MAX},
				      .known = map_new(0)};
	r = arena && exporting.known ? export_feeds(&exporting, release, err) : err_memory(err);
	buf_cleanup(&exporting.text);
	json_decref(exporting.gathered);
	vec_free(&exporting.ids);
	map_free(exporting.known);
	return r < 0 ? err_wrap(err, "export") : 0;
}
