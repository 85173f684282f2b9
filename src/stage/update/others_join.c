/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/others.h"

#include "base/limits.h"

int
join_start(struct join *join, const struct distribution *of, struct err *err)
{
	const struct version_order *order = of ? version_order_find(of->order) : NULL;

	if (!order)
		return err_set(err, ERR_UNSUPPORTED, "no order of versions for %.*s",
			       SPAN_ARG(of ? of->name : SPAN("a distribution")));
	*join = (struct join){.arena = arena_new(0), .order = order, .places = map_new(0)};
	if (join->arena && join->places)
		return 0;
	join_cleanup(join);
	return err_memory(err);
}

void
join_cleanup(struct join *join)
{
	vec_free(&join->rows);
	map_free(join->places);
	arena_free(join->arena);
	*join = (struct join){.arena = NULL};
}

static unsigned
weight(enum advisory_state state)
{
	static const unsigned weights[ADVISORY_STATES] = {
		[ADVISORY_OPEN] = 4,	     [ADVISORY_RANGES] = 3,	  [ADVISORY_FIXED] = 2,
		[ADVISORY_UNDETERMINED] = 1, [ADVISORY_NOT_AFFECTED] = 0,
	};

	return weights[state];
}

static int
keep_texts(struct join *join, struct advisory *advisory, struct err *err)
{
	struct span *const texts[] = {&advisory->id,	 &advisory->fixed,   &advisory->urgency,
				      &advisory->reason, &advisory->note,    &advisory->release,
				      &advisory->vector, &advisory->affected};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i] = arena_copy(join->arena, texts[i]->p ? *texts[i] : SPAN(""));
		if (!texts[i]->p)
			return err_memory(err);
	}
	return 0;
}

static int
unite(struct join *join, struct advisory *into, const struct advisory *from, struct err *err)
{
	struct advisory row = *from;
	bool over = weight(from->state) > weight(into->state);

	if (from->state == into->state && from->state == ADVISORY_FIXED)
		over = join->order->compare(from->fixed, into->fixed) > 0;
	if (from->state == into->state && from->state == ADVISORY_RANGES &&
	    !span_equal(from->affected, into->affected)) {
		row.affected = arena_printf(join->arena, "%.*s %.*s", SPAN_ARG(into->affected),
					    SPAN_ARG(from->affected));
		if (!row.affected.p)
			return err_memory(err);
		over = true;
	}
	if (!over)
		return 0;
	if (into->severity != SEVERITY_UNKNOWN) { /* the first judgement stays */
		row.severity = into->severity;
		row.vector = into->vector;
		row.score = into->score;
	}
	int r = keep_texts(join, &row, err);
	if (r == 0)
		*into = row;
	return r;
}

int
join_add(struct join *join, struct span release, const struct advisory *advisory, struct err *err)
{
	struct span key = arena_printf(join->arena, "%.*s\x1f%.*s", SPAN_ARG(release),
				       SPAN_ARG(advisory->id));
	uint64_t place;

	if (!key.p)
		return err_memory(err);
	if (map_get(join->places, key, &place))
		return unite(join, &join->rows.items[place].advisory, advisory, err);
	struct joined row = {arena_copy(join->arena, release), *advisory};
	if (!row.release.p)
		return err_memory(err);
	int r = keep_texts(join, &row.advisory, err);
	place = join->rows.count;
	if (r == 0)
		r = vec_push(&join->rows, &row, ADVISORIES_MAX, err);
	return r < 0 ? r : map_put(join->places, key, place, err);
}

static bool
is_id(struct span id)
{
	return id.n > 0 && feed_is_text(id, OTHERS_ID_MAX) && span_find(id, ' ') == id.n;
}

/* What cannot be kept; NULL when all can. */
static const char *
find_fault(const struct join *join, const struct advisory *advisory, struct span key,
	   struct err *why)
{
	if (!is_id(advisory->id))
		return "not an id";
	if (key.n == 0 || !feed_is_text(key, OTHERS_KEY_MAX))
		return "not a package's name";
	if (!feed_is_text(advisory->vector, FEED_VECTOR_MAX))
		return "not a vector";
	if (advisory->affected.n > OTHERS_AFFECTED_MAX)
		return "too many ranges";
	if (advisory->state != ADVISORY_FIXED)
		return NULL;
	if (!feed_is_text(advisory->fixed, FEED_VERSION_MAX) ||
	    join->order->check(advisory->fixed, why) < 0)
		return "not a version";
	return NULL;
}

int
join_write(const struct join *join, struct others *others, struct others_feed *feed,
	   struct span key, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < join->rows.count; i++) {
		const struct joined *row = &join->rows.items[i];
		struct err why = ERR_INIT;
		const char *fault = find_fault(join, &row->advisory, key, &why);

		if (fault) {
			(void)err_set(&why, ERR_INVALID, "%s", fault);
			feed_skip(&feed->tally, row->advisory.id, &why);
			continue;
		}
		r = advisories_build_advisory(others->builder, feed->name, row->release, key,
					      &row->advisory, err);
	}
	return r;
}
