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
#include "stage/update/fetch.h"

#include <stdlib.h>

int
export_json(struct exporting *exporting, const json_t *json, struct err *err)
{
	CLEANUP(free_cleanup)
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	return text ? buf_append(&exporting->text, span_from(text), err) : err_memory(err);
}

int
export_releases(struct exporting *exporting, const struct export_type *type, struct span release,
		struct advisory_release **ret, size_t *ret_count, struct err *err)
{
	struct advisory_release *releases;
	size_t count = 0;
	size_t kept = 0;
	int r = advisories_releases(exporting->advisories, exporting->arena, &releases, &count,
				    err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		if (span_equal(releases[i].distribution, span_from(type->name)) &&
		    (release.n == 0 || span_equal(releases[i].release, release)))
			releases[kept++] = releases[i];
	}
	*ret = releases;
	*ret_count = kept;
	return 0;
}

int
export_remember(struct exporting *exporting, struct span id, struct err *err)
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

int
export_file(struct exporting *exporting, const char *path, enum feed_packing packing,
	    struct err *err)
{
	static const char *const suffixes[] = {[FEED_PLAIN] = "",
					       [FEED_GZIP] = ".gz",
					       [FEED_ZSTD] = ".zst",
					       [FEED_BZIP2] = ".bz2"};
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

/* What the feeds of scores say of the ids that the advisories name. */
static int
export_scores(struct exporting *exporting, const struct export_type *type, struct err *err)
{
	size_t count = 0;
	int r = buf_append(&exporting->text, type->head, err);

	if (exporting->ids.count > 0)
		qsort(exporting->ids.items, exporting->ids.count, sizeof(struct span),
		      span_compare_items);
	if (r == 0)
		r = write_lines(exporting, type->line, &count, err);
	if (r == 0 && type->counts[0])
		r = end_list(exporting, type, count, err);
	return r < 0 ? r : export_file(exporting, type->path, type->packing, err);
}

static int
add_date(json_t *dates, const struct advisory_feed *feed, struct err *err)
{
	char date[CLOCK_TEXT];
	struct span lack = span_from(update_partial);
	json_t *text = json_string(clock_format(feed->fetched, date));

	bool partial = span_starts_with(feed->problem, lack);

	/* What the database lacks is lacking in the export. */
	if (partial || feed->skipped > 0)
		text = json_pack("{s:o, s:o}", "date", text, "partial",
				 json_span(span_slice(feed->problem, partial ? lack.n : 0,
						      feed->problem.n)));
	return json_object_setn_new(dates, feed->name.p, feed->name.n, text) < 0 ? err_memory(err)
										 : 0;
}

/* A feed that the database has; what it lacks is left out, so that it is not taken for empty. */
static const struct advisory_feed *
find_feed(const struct advisory_feed *feeds, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (feeds[i].fetched > 0 && span_equal(feeds[i].name, span_from(name)))
			return &feeds[i];
	}
	return NULL;
}

/* Distributions come first in the table: they say which ids there are. */
static int
export_types_of(struct exporting *exporting, const struct advisory_feed *feeds, size_t count,
		struct span release, json_t *dates, struct err *err)
{
	size_t distributions = 0;
	int r = 0;

	for (const struct export_type *type = export_types; r == 0 && type->name; type++) {
		const struct advisory_feed *feed = find_feed(feeds, count, type->name);
		bool wrote = true;

		if (!type->write && distributions == 0)
			return err_set(err, ERR_NOT_FOUND, "the database has no advisories for %s",
				       release.n ? release.p : "any release");
		if (!feed)
			continue;
		r = type->write ? type->write(exporting, type, release, &wrote, err)
				: export_scores(exporting, type, err);
		distributions += type->write && wrote;
		if (r == 0 && wrote)
			r = add_date(dates, feed, err);
	}
	return r;
}

static int
export_feeds(struct exporting *exporting, struct span release, struct err *err)
{
	CLEANUP(json_cleanup) json_t *dates = json_object();
	struct advisory_feed *feeds;
	struct span text;
	size_t count;
	int r = advisories_feeds(exporting->advisories, exporting->arena, &feeds, &count, err);

	if (r == 0 && !dates)
		r = err_memory(err);
	if (r == 0)
		r = export_types_of(exporting, feeds, count, release, dates, err);
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
	r = arena && exporting.known
		    ? export_feeds(&exporting, release ? span_from(release) : SPAN(""), err)
		    : err_memory(err);
	buf_cleanup(&exporting.text);
	vec_free(&exporting.ids);
	map_free(exporting.known);
	return r < 0 ? err_wrap(err, "export") : 0;
}
