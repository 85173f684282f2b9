/* SPDX-License-Identifier: Apache-2.0 */
/* https://ossf.github.io/osv-schema/#affectedranges-field and "Evaluation" */
#include "codec/feed_osv_ranges.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/affected.h"

/* What an event does, in the order of events at one version: an end before a start. */
enum deed {
	FIXED,
	LIMIT,
	INTRODUCED,
	LAST_AFFECTED,
	DEEDS,
};

static const struct span deed_names[DEEDS] = {
	[FIXED] = SPAN_INIT("fixed"),
	[LIMIT] = SPAN_INIT("limit"),
	[INTRODUCED] = SPAN_INIT("introduced"),
	[LAST_AFFECTED] = SPAN_INIT("last_affected"),
};

/* A version, and the number it stands for where the order has one for it. */
struct bound {
	struct span version;
	bool is_number;
	uint64_t number;
};

struct event {
	struct bound at; /* empty: before all versions */
	enum deed deed;
};

struct interval {
	struct bound from;
	struct bound to;
	bool with_to;
};

struct ranges {
	const struct feed_osv_rules *rules;
	VEC(struct event) events; /* of the range that is read */
	VEC(struct interval) intervals;
};

static void
ranges_cleanup(struct ranges *ranges)
{
	vec_free(&ranges->events);
	vec_free(&ranges->intervals);
}

static struct bound
bound_of(const struct ranges *ranges, struct span version)
{
	struct bound bound = {.version = version};

	bound.is_number =
		ranges->rules->order->numeric && version_order_number(version, &bound.number);
	return bound;
}

static int
compare_bounds(const struct ranges *ranges, const struct bound *a, const struct bound *b)
{
	if (a->is_number && b->is_number)
		return (a->number > b->number) - (a->number < b->number);
	if (a->version.n == 0 || b->version.n == 0)
		return (a->version.n > 0) - (b->version.n > 0);
	return ranges->rules->order->compare(a->version, b->version);
}

/* In the order of versions; few, and as a rule in order already. */
static int
add_event(struct ranges *ranges, const struct event *event, struct err *err)
{
	int r = vec_push(&ranges->events, event, FEED_EVENTS_MAX, err);

	if (r < 0)
		return r;
	struct event *items = ranges->events.items;
	for (size_t i = ranges->events.count - 1; i > 0; i--) {
		int order = compare_bounds(ranges, &items[i - 1].at, &event->at);

		if (order < 0 || (order == 0 && items[i - 1].deed <= event->deed))
			break;
		items[i] = items[i - 1];
		items[i - 1] = *event;
	}
	return 0;
}

static enum deed
find_deed(struct span name)
{
	enum deed deed = 0;

	while (deed < DEEDS && !span_equal(deed_names[deed], name))
		deed++;
	return deed;
}

static int
read_event(struct ranges *ranges, struct json_view json, struct err *err)
{
	struct event event = {.deed = DEEDS, .at.version = SPAN("")};
	struct span version = {"", 0};
	bool is_object = json_view_kind(json) == JSON_KIND_OBJECT;
	struct json_walk walk = json_walk_start(json);
	struct json_view value;
	struct span name;

	while (is_object && json_walk_next(&walk, &name, &value)) {
		enum deed deed = find_deed(name);

		if (deed == DEEDS)
			continue;
		version = json_view_string(value);
		if (!version.p || event.deed != DEEDS)
			return err_set(err, ERR_INVALID, "malformed event");
		event.deed = deed;
	}
	if (event.deed == DEEDS)
		return err_set(err, ERR_INVALID, "event of an unknown kind");
	if (event.deed == LIMIT && span_equal(version, SPAN("*")))
		return 0;
	if (event.deed != INTRODUCED || !span_equal(version, SPAN("0"))) {
		event.at = bound_of(ranges, version);
		if (!feed_is_text(version, FEED_VERSION_MAX))
			return err_set(err, ERR_INVALID, "malformed version");
		if (!event.at.is_number && ranges->rules->order->check(version, err) < 0)
			return -ERR_INVALID;
	}
	return add_event(ranges, &event, err);
}

static int
add_interval(struct ranges *ranges, const struct interval *interval, struct err *err)
{
	return vec_push(&ranges->intervals, interval, FEED_EVENTS_MAX, err);
}

/* "<= 1.2.3" or "< 2.0.0": how far GitHub has seen it, when no event ends a range. */
static void
read_last_known(struct json_view affected, const struct ranges *ranges, struct interval *interval)
{
	struct json_view specific = json_view_get(affected, SPAN("database_specific"));
	struct err problem = ERR_INIT;
	struct span text;

	if (!feed_string(specific, SPAN("last_known_affected_version_range"), &text) ||
	    !span_starts_with(text, SPAN("<")))
		return;
	bool closed = span_starts_with(text, SPAN("<="));
	struct span version = span_trim(span_slice(text, closed ? 2 : 1, text.n));
	if (version.n == 0 || !feed_is_text(version, FEED_VERSION_MAX) ||
	    ranges->rules->order->check(version, &problem) < 0)
		return;
	interval->to = bound_of(ranges, version);
	interval->with_to = closed;
}

/* Walks the events from the oldest version on. */
static int
end_range(struct ranges *ranges, struct json_view affected, struct err *err)
{
	const struct bound none = {.version = SPAN("")};
	struct interval interval = {none, none, false};
	bool within = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ranges->events.count; i++) {
		const struct event *event = &ranges->events.items[i];

		if (event->deed == INTRODUCED) {
			if (!within)
				interval.from = event->at;
			within = true;
		} else if (within) {
			interval.to = event->at;
			interval.with_to = event->deed == LAST_AFFECTED;
			r = add_interval(ranges, &interval, err);
			within = false;
		}
	}
	if (r == 0 && within) {
		interval.to = none;
		interval.with_to = false;
		read_last_known(affected, ranges, &interval);
		r = add_interval(ranges, &interval, err);
	}
	ranges->events.count = 0;
	return r;
}

static int
read_range(struct ranges *ranges, struct json_view affected, struct json_view range,
	   struct err *err)
{
	struct json_view events = json_view_get(range, SPAN("events"));
	struct json_walk walk = json_walk_start(events);
	struct json_view event;
	struct span type;
	struct span key;
	int r = 0;

	if (!feed_string(range, SPAN("type"), &type) || json_view_kind(events) != JSON_KIND_ARRAY)
		return err_set(err, ERR_INVALID, "malformed range");
	if (span_equal(type, SPAN("GIT")))
		return 0;
	if (!span_equal(type, SPAN("SEMVER")) && !span_equal(type, SPAN("ECOSYSTEM")))
		return err_set(err, ERR_INVALID, "range of an unknown type");
	while (json_walk_next(&walk, &key, &event)) {
		r = read_event(ranges, event, err);
		if (r < 0)
			return r;
	}
	return end_range(ranges, affected, err);
}

static int
put_intervals(const struct ranges *ranges, struct buf *text, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ranges->intervals.count; i++) {
		const struct interval *interval = &ranges->intervals.items[i];
		const struct affected affected = {.from = interval->from.version,
						  .to = interval->to.version,
						  .with_to = interval->with_to};

		r = affected_put(&affected, text, err);
	}
	return r;
}

static bool
is_covered(const struct ranges *ranges, const struct bound *version)
{
	for (size_t i = 0; i < ranges->intervals.count; i++) {
		const struct interval *interval = &ranges->intervals.items[i];

		if (interval->from.version.n > 0 &&
		    compare_bounds(ranges, version, &interval->from) < 0)
			continue;
		if (interval->to.version.n == 0)
			return true;
		int order = compare_bounds(ranges, version, &interval->to);
		if (order < 0 || (order == 0 && interval->with_to))
			return true;
	}
	return false;
}

static int
put_versions(const struct ranges *ranges, struct json_view versions, struct buf *text,
	     struct err *err)
{
	struct json_walk walk = json_walk_start(versions);
	struct json_view version;
	struct err problem = ERR_INIT;
	struct span key;
	int r = 0;

	while (json_walk_next(&walk, &key, &version)) {
		struct span one = json_view_string(version);

		if (!one.p || one.n == 0 || one.n > FEED_VERSION_MAX)
			return err_set(err, ERR_INVALID, "malformed version");
		struct bound bound = bound_of(ranges, one);
		if (is_covered(ranges, &bound) ||
		    (!bound.is_number && ranges->rules->order->check(one, &problem) < 0))
			continue; /* what is no version is not matched when it is installed */
		struct affected interval = affected_only(one);
		r = affected_put(&interval, text, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool
is_list(struct json_view view)
{
	enum json_kind kind = json_view_kind(view);

	return kind == JSON_KIND_ABSENT || kind == JSON_KIND_NULL || kind == JSON_KIND_ARRAY;
}

int
feed_osv_ranges(struct json_view affected, const struct feed_osv_rules *rules, struct buf *text,
		struct err *err)
{
	CLEANUP(ranges_cleanup) struct ranges ranges = {.rules = rules};
	struct json_view list = json_view_get(affected, SPAN("ranges"));
	struct json_view versions = json_view_get(affected, SPAN("versions"));
	struct json_walk walk = json_walk_start(list);
	struct json_view range;
	struct span key;
	size_t before = text->n;
	int r = 0;

	if (!is_list(list) || !is_list(versions))
		return err_set(err, ERR_INVALID, "ranges or versions that are no list");
	while (json_walk_next(&walk, &key, &range)) {
		r = read_range(&ranges, affected, range, err);
		if (r < 0)
			return r;
	}
	r = put_intervals(&ranges, text, err);
	if (r == 0 && json_view_count(versions) > 0)
		r = put_versions(&ranges, versions, text, err);
	if (r < 0)
		return r;
	return text->n > before ? 0 : err_set(err, ERR_INVALID, "names no versions");
}

bool
feed_osv_modular(struct json_view affected)
{
	struct json_walk ranges = json_walk_start(json_view_get(affected, SPAN("ranges")));
	struct json_view range;
	struct json_view event;
	struct span fixed;
	struct span key;

	while (json_walk_next(&ranges, &key, &range)) {
		struct json_walk events = json_walk_start(json_view_get(range, SPAN("events")));

		while (json_walk_next(&events, &key, &event)) {
			if (feed_string(event, SPAN("fixed"), &fixed) &&
			    span_contains(fixed, SPAN(".module")))
				return true;
		}
	}
	return false;
}
