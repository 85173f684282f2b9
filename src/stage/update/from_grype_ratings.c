/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/from_grype.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/cvss.h"
#include "codec/json.h"

struct grype_ratings {
	struct others *others; /* while they are read */
	struct arena *arena;
	VEC(struct grype_rating) list; /* by id */
};

void
grype_ratings_free(struct grype_ratings *ratings)
{
	if (!ratings)
		return;
	vec_free(&ratings->list);
	free(ratings);
}

void
grype_ratings_cleanup(struct grype_ratings **ratings)
{
	grype_ratings_free(*ratings);
	*ratings = NULL;
}

/* The word that comes first, and the first vector that can be scored. */
static int
read_severities(struct grype_ratings *ratings, const json_t *list, struct grype_rating *rating,
		struct err *err)
{
	rating->score = -1;
	rating->vector = SPAN("");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *value = json_object_get(json_array_get(list, i), "value");
		struct err ignored = ERR_INIT;
		struct span vector;
		double score;

		if (json_is_string(value) && rating->severity == SEVERITY_UNKNOWN)
			(void)severity_parse(span_from(json_string_value(value)),
					     &rating->severity);
		if (rating->score >= 0 || !feed_text(value, "vector", &vector) || vector.n == 0 ||
		    !feed_is_text(vector, FEED_VECTOR_MAX) ||
		    cvss_base_score(vector, &score, &ignored) < 0)
			continue;
		rating->score = score;
		rating->vector = arena_copy(ratings->arena, vector);
		if (!rating->vector.p)
			return err_memory(err);
	}
	if (rating->severity == SEVERITY_UNKNOWN && rating->score >= 0)
		rating->severity = severity_of_score(rating->score);
	return 0;
}

static int
add_score(struct grype_ratings *ratings, struct span id, const struct grype_rating *rating,
	  struct err *err)
{
	bool second = rating->vector.n > 0 && cvss_version_of(rating->vector) == CVSS_2;
	struct advisory_cve cve = {
		.score = rating->score,
		.vector = rating->vector,
		.severity = rating->score >= 0 && !second ? severity_of_score(rating->score)
							  : rating->severity,
		.source = second ? SPAN("nvd-cvss2") : SPAN("nvd"),
		.primary = true,
	};
	struct others_feed *feed;

	if (cve.severity == SEVERITY_UNKNOWN || !feed_is_cve(id))
		return 0;
	int r = others_feed(ratings->others, SPAN("nvd"), ADVISORIES_SCORES, &feed, err);
	if (r == 0)
		r = advisories_build_score(ratings->others->builder, id, &cve, err);
	feed->tally.records += r == 0;
	return r;
}

static int
read_vulnerability(void *context, const struct grype_vulnerability *one, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct grype_ratings *ratings = context;
	struct grype_rating rating = {.id = one->id, .withdrawn = one->withdrawn};
	struct err problem = ERR_INIT;
	int r = one->blob.n > 0 ? json_parse(one->blob, &json, &problem) : 0;

	if (r == -ERR_MEMORY)
		return err_memory(err);
	r = read_severities(ratings, json_object_get(json, "severities"), &rating, err);
	if (r == 0 && !one->withdrawn && span_equal(one->provider, SPAN("nvd")))
		r = add_score(ratings, one->name, &rating, err);
	return r < 0 ? r : vec_push(&ratings->list, &rating, ADVISORIES_MAX, err);
}

const struct grype_rating *
grype_ratings_find(const struct grype_ratings *ratings, int64_t id)
{
	size_t from = 0;
	size_t to = ratings->list.count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (ratings->list.items[middle].id == id)
			return &ratings->list.items[middle];
		if (ratings->list.items[middle].id < id)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

int
grype_ratings_read(struct others *others, struct grype_rows *rows, struct arena *arena,
		   struct grype_ratings **ret, struct err *err)
{
	CLEANUP(grype_ratings_cleanup) struct grype_ratings *ratings = calloc(1, sizeof(*ratings));

	if (!ratings)
		return err_memory(err);
	ratings->others = others;
	ratings->arena = arena;
	int r = grype_rows_vulnerabilities(rows, read_vulnerability, ratings, err);
	if (r < 0)
		return r;
	*ret = TAKE(ratings);
	return 0;
}
