/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_secdb.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "codec/apk_version.h"

struct reading {
	int (*each)(void *context, const struct feed_secdb_record *record, struct err *err);
	void *context;
	struct feed_tally *tally;
	struct span release;
	bool other; /* the document is of another release */
};

/* What one package's secfixes say, each CVE once. */
struct fixes {
	VEC(struct feed_secdb_record) items;
	struct map *places; /* id -> place in items */
};

static void
fixes_cleanup(struct fixes *fixes)
{
	vec_free(&fixes->items);
	map_free(fixes->places);
}

/* As abuild accepts names of packages. */
static bool
is_name(struct span text)
{
	if (text.n == 0 || text.n > FEED_NAME_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char byte = text.p[i];

		if (!(byte >= '0' && byte <= '9') && !(byte >= 'a' && byte <= 'z') &&
		    !(byte >= 'A' && byte <= 'Z') && (byte == '\0' || !strchr(".+-_", byte)))
			return false;
	}
	return true;
}

/* A later version that names the CVE again is the one that fixed it. */
static int
add_fix(struct fixes *fixes, const struct feed_secdb_record *record, struct err *err)
{
	uint64_t place;

	if (fixes->items.items && map_get(fixes->places, record->id, &place)) {
		struct feed_secdb_record *known = &fixes->items.items[place];

		if (apk_version_compare(known->fixed, record->fixed) < 0)
			known->fixed = record->fixed;
		return 0;
	}
	int r = map_put(fixes->places, record->id, fixes->items.count, err);
	return r < 0 ? r : vec_push(&fixes->items, record, ADVISORIES_MAX, err);
}

/* "CVE-2020-1 XSA-300": every CVE in it. */
static int
read_text(struct fixes *fixes, struct feed_secdb_record *record, struct span text, struct err *err)
{
	int r = 0;

	while (r == 0 && text.p) {
		struct span word = span_cut(&text, ' ');

		if (!feed_is_cve(word))
			continue;
		record->id = word;
		r = add_fix(fixes, record, err);
	}
	return r;
}

static int
read_version(struct reading *reading, struct fixes *fixes, struct feed_secdb_record *record,
	     struct json_view texts, struct err *err)
{
	struct err problem = ERR_INIT;
	struct json_walk walk = json_walk_start(texts);
	struct json_view text;
	struct span none;
	int r = 0;

	if (record->fixed.n > FEED_VERSION_MAX || apk_version_check(record->fixed, &problem) < 0 ||
	    json_view_kind(texts) != JSON_KIND_ARRAY) {
		(void)err_set(&problem, ERR_INVALID, "not a version with a list of what it fixed");
		feed_skip(reading->tally, record->source, &problem);
		return 0;
	}
	while (json_walk_next(&walk, &none, &text)) {
		struct span span = json_view_string(text);

		if (!span.p) {
			(void)err_set(&problem, ERR_INVALID, "an id that is no text");
			feed_skip(reading->tally, record->source, &problem);
			continue;
		}
		r = read_text(fixes, record, span, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
hand_on(struct reading *reading, const struct fixes *fixes, struct err *err)
{
	for (size_t i = 0; i < fixes->items.count; i++) {
		int r = reading->each(reading->context, &fixes->items.items[i], err);

		if (r != 0)
			return r;
		reading->tally->records++;
	}
	return 0;
}

static int
read_package(void *context, struct span key, struct json_view value, struct err *err)
{
	struct reading *reading = context;
	struct json_view package = json_view_get(value, SPAN("pkg"));
	struct json_view secfixes = json_view_get(package, SPAN("secfixes"));
	struct json_walk walk = json_walk_start(secfixes);
	struct json_view texts;
	struct feed_secdb_record record = {0};
	struct err problem = ERR_INIT;
	int r = 0;

	(void)key;
	if (!feed_string(package, SPAN("name"), &record.source) || !is_name(record.source) ||
	    json_view_kind(secfixes) != JSON_KIND_OBJECT) {
		(void)err_set(&problem, ERR_INVALID, "not a package with secfixes");
		feed_skip(reading->tally, record.source, &problem);
		return 0;
	}
	CLEANUP(fixes_cleanup) struct fixes fixes = {.places = map_new(0)};
	if (!fixes.places)
		return err_memory(err);
	while (r == 0 && json_walk_next(&walk, &record.fixed, &texts))
		r = read_version(reading, &fixes, &record, texts, err);
	return r < 0 ? r : hand_on(reading, &fixes, err);
}

static int
read_beside(void *context, struct span key, struct json_view value, struct err *err)
{
	struct reading *reading = context;
	struct span said = json_view_string(value);

	(void)err;
	if (reading->release.n > 0 && span_equal(key, SPAN("distroversion")))
		reading->other |= !span_equal(said, reading->release);
	return 0;
}

int
feed_secdb_read(const struct feed_input *input, struct span release,
		int (*each)(void *context, const struct feed_secdb_record *record, struct err *err),
		void *context, struct feed_tally *tally, struct err *err)
{
	struct reading reading = {
		.each = each, .context = context, .tally = tally, .release = release};
	int r = feed_each(input, "packages", read_package, read_beside, &reading, tally, err);

	if (r == 0 && reading.other)
		return err_set(err, ERR_INVALID, "it is not of release %.*s", SPAN_ARG(release));
	return r;
}
