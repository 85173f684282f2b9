/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vulnerability -> CVE -> {VendorSeverity: {source: 0..4}, CVSS: {source: {V3Vector, V3Score,
 * V40Vector, V40Score, V2Vector, V2Score}}} (aquasecurity/trivy-db, pkg/types).
 */
#include "stage/update/from_trivy.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"

struct rating {
	struct span source;
	enum severity severity;
	double score; /* < 0: none */
	struct span vector;
};

struct rated {
	const struct rating *items;
	size_t count;
};

struct ratings {
	struct arena *arena;
	struct map *places;  /* id -> place in rated */
	struct map *sources; /* name -> place in names: each is kept once */
	VEC(struct span) names;
	VEC(struct rated) rated;
};

static void
ratings_free(struct ratings *ratings)
{
	if (!ratings)
		return;
	map_free(ratings->places);
	map_free(ratings->sources);
	vec_free(&ratings->names);
	vec_free(&ratings->rated);
	arena_free(ratings->arena);
	free(ratings);
}

void
ratings_cleanup(struct ratings **ratings)
{
	ratings_free(*ratings);
	*ratings = NULL;
}

static const enum severity severities[] = {
	SEVERITY_UNKNOWN, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL,
};

static enum severity
read_severity(const json_t *value)
{
	json_int_t number = json_integer_value(value);

	return number > 0 && number < (json_int_t)(sizeof(severities) / sizeof(severities[0]))
		       ? severities[number]
		       : SEVERITY_UNKNOWN;
}

/* CVSS v2 has no critical (NVD, "Vulnerability Metrics"). */
static enum severity
severity_of_v2(double score)
{
	return score >= 7 ? SEVERITY_HIGH : score >= 4 ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

static const struct {
	const char *score;
	const char *vector;
	struct span source; /* as feed_nvd.h names it */
} scales[] = {
	{"V3Score", "V3Vector", SPAN_INIT("nvd")},
	{"V40Score", "V40Vector", SPAN_INIT("nvd-cvss4")},
	{"V2Score", "V2Vector", SPAN_INIT("nvd-cvss2")},
};

enum { SCALES = sizeof(scales) / sizeof(scales[0]), SCALE_2 = 2 };

/* The best score; SCALES when there is none. */
static size_t
read_score(const json_t *cvss, double *ret_score, struct span *ret_vector)
{
	for (size_t i = 0; i < SCALES; i++) {
		double score = json_number_value(json_object_get(cvss, scales[i].score));
		struct span vector;

		if (!(score > 0 && score <= 10))
			continue;
		if (!feed_text(cvss, scales[i].vector, &vector) ||
		    !feed_is_text(vector, FEED_VECTOR_MAX))
			vector = SPAN("");
		*ret_score = score;
		*ret_vector = vector;
		return i;
	}
	return SCALES;
}

static int
add_score(struct others *others, struct span id, const json_t *value, bool *ret_scored,
	  struct err *err)
{
	struct advisory_cve cve = {.score = -1, .vector = {"", 0}, .primary = true};
	const json_t *said = json_object_get(json_object_get(value, "CVSS"), "nvd");
	struct others_feed *feed;
	size_t scale = read_score(said, &cve.score, &cve.vector);

	cve.source = scale < SCALES ? scales[scale].source : SPAN("nvd");
	if (scale < SCALES)
		cve.severity =
			scale == SCALE_2 ? severity_of_v2(cve.score) : severity_of_score(cve.score);
	else
		cve.severity = read_severity(
			json_object_get(json_object_get(value, "VendorSeverity"), "nvd"));
	*ret_scored = scale < SCALES;
	if (cve.severity == SEVERITY_UNKNOWN)
		return 0;
	int r = others_feed(others, SPAN("nvd"), ADVISORIES_SCORES, &feed, err);
	if (r == 0)
		r = advisories_build_score(others->builder, id, &cve, err);
	feed->tally.records += r == 0;
	return r;
}

static int
keep_name(struct ratings *ratings, struct span name, struct span *ret, struct err *err)
{
	uint64_t place;

	if (map_get(ratings->sources, name, &place) && place < ratings->names.count) {
		*ret = ratings->names.items[place];
		return 0;
	}
	struct span copy = arena_copy(ratings->arena, name);
	if (!copy.p)
		return err_memory(err);
	place = ratings->names.count;
	int r = vec_push(&ratings->names, &copy, OTHERS_SOURCES_MAX, err);
	if (r == 0)
		r = map_put(ratings->sources, copy, place, err);
	*ret = copy;
	return r;
}

/* What each source but NVD says, as long as it is not needed it costs little. */
static int
remember(struct ratings *ratings, struct span id, json_t *value, bool scored, struct err *err)
{
	json_t *words = json_object_get(value, "VendorSeverity");
	const json_t *scores = json_object_get(value, "CVSS");
	size_t count = json_object_size(words);
	struct rated rated = {NULL, 0};
	struct rating *items;
	const char *source;
	json_t *word;

	if (count == 0 || count > OTHERS_SOURCES_MAX)
		return 0;
	items = arena_array(ratings->arena, count, sizeof(*items));
	struct span key = arena_copy(ratings->arena, id);
	if (!items || !key.p)
		return err_memory(err);
	json_object_foreach(words, source, word)
	{
		struct rating *item = &items[rated.count++];
		int r = keep_name(ratings, span_from(source), &item->source, err);

		item->severity = read_severity(word);
		item->score = -1;
		item->vector = SPAN("");
		if (r == 0 && !scored &&
		    read_score(json_object_get(scores, source), &item->score, &item->vector) <
			    SCALES) {
			item->vector = arena_copy(ratings->arena, item->vector);
			r = item->vector.p ? 0 : err_memory(err);
		}
		if (r < 0)
			return r;
	}
	rated.items = items;
	uint64_t place = ratings->rated.count;
	int r = vec_push(&ratings->rated, &rated, ADVISORIES_MAX, err);
	return r < 0 ? r : map_put(ratings->places, key, place, err);
}

static int
read_item(struct others *others, struct ratings *ratings, const struct bbolt_item *item,
	  struct err *err)
{
	CLEANUP(json_cleanup) json_t *value = NULL;
	struct err problem = ERR_INIT;
	struct others_feed *feed;
	bool scored = false;
	int r = 0;

	if (item->is_bucket || item->key.n > OTHERS_ID_MAX ||
	    !feed_is_text(item->key, OTHERS_ID_MAX))
		(void)err_set(&problem, ERR_INVALID, "not an id");
	else
		r = json_parse(item->value, &value, &problem);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (problem.kind != ERR_NONE) {
		r = others_feed(others, SPAN("nvd"), ADVISORIES_SCORES, &feed, err);
		if (r == 0)
			feed_skip(&feed->tally, item->key, &problem);
		return r;
	}
	r = add_score(others, item->key, value, &scored, err);
	return r < 0 ? r : remember(ratings, item->key, value, scored, err);
}

int
ratings_read(struct others *others, struct bbolt *bolt, struct ratings **ret, struct err *err)
{
	CLEANUP(ratings_cleanup) struct ratings *ratings = calloc(1, sizeof(*ratings));
	struct bbolt_cursor cursor = {.depth = 0};
	struct bbolt_item item;

	if (!ratings)
		return err_memory(err);
	ratings->arena = arena_new(OTHERS_RATINGS_MAX);
	ratings->places = map_new(0);
	ratings->sources = map_new(0);
	if (!ratings->arena || !ratings->places || !ratings->sources)
		return err_memory(err);
	int r = bbolt_find(bolt, &bolt->root, SPAN("vulnerability"), &item, err);
	if (r == 0 || (r > 0 && !item.is_bucket))
		return err_set(err, ERR_INVALID, "no bucket \"vulnerability\" in it");
	if (r > 0)
		r = bbolt_start(bolt, &item.bucket, &cursor, err);
	while (r >= 0 && (r = bbolt_next(&cursor, &item, err)) > 0)
		r = read_item(others, ratings, &item, err);
	if (r < 0)
		return r;
	*ret = TAKE(ratings);
	return 0;
}

void
ratings_find(const struct ratings *ratings, struct span id, struct span source,
	     struct advisory *advisory)
{
	uint64_t place;

	if (source.n == 0 || !map_get(ratings->places, id, &place))
		return;
	const struct rated *rated = &ratings->rated.items[place];
	for (size_t i = 0; i < rated->count; i++) {
		const struct rating *rating = &rated->items[i];

		if (!span_equal(rating->source, source))
			continue;
		advisory->severity = rating->severity;
		advisory->vector = rating->vector;
		advisory->score = rating->score;
	}
}
