/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/range_text/intervals.h"

#include "base/limits.h"

void
intervals_cleanup(struct intervals *set)
{
	vec_free(&set->items);
}

static bool
is_empty(const struct version_order *order, const struct affected *interval)
{
	if (interval->from.n == 0 || interval->to.n == 0)
		return false;
	int way = order->compare(interval->from, interval->to);

	return way > 0 || (way == 0 && (interval->without_from || !interval->with_to));
}

int
intervals_add(struct intervals *set, const struct affected *interval, struct err *err)
{
	if (is_empty(set->order, interval))
		return 0;
	return vec_push(&set->items, interval, RANGE_INTERVALS_MAX, err);
}

static struct affected
common(const struct version_order *order, const struct affected *a, const struct affected *b)
{
	struct affected both = *a;
	int from = 0;
	int to = 0;

	if (a->from.n > 0 && b->from.n > 0)
		from = order->compare(a->from, b->from);
	else
		from = (a->from.n > 0) - (b->from.n > 0);
	if (a->to.n > 0 && b->to.n > 0)
		to = order->compare(a->to, b->to);
	else
		to = (b->to.n > 0) - (a->to.n > 0);
	if (from < 0) {
		both.from = b->from;
		both.without_from = b->without_from;
	} else if (from == 0) {
		both.without_from |= b->without_from;
	}
	if (to > 0) {
		both.to = b->to;
		both.with_to = b->with_to;
	} else if (to == 0) {
		both.with_to &= b->with_to;
	}
	return both;
}

int
intervals_meet(struct intervals *set, const struct affected *interval, struct err *err)
{
	struct intervals rest = {.order = set->order};
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->items.count; i++) {
		struct affected both = common(set->order, &set->items.items[i], interval);

		r = intervals_add(&rest, &both, err);
	}
	intervals_cleanup(set);
	*set = rest;
	return r;
}

int
intervals_leave(struct intervals *set, const struct affected *interval, struct err *err)
{
	struct intervals rest = {.order = set->order};
	struct affected before = interval_all();
	struct affected behind = interval_all();
	int r = 0;

	before.to = interval->from;
	before.with_to = interval->without_from;
	behind.from = interval->to;
	behind.without_from = interval->with_to;
	for (size_t i = 0; r == 0 && i < set->items.count; i++) {
		struct affected left = common(set->order, &set->items.items[i], &before);
		struct affected right = common(set->order, &set->items.items[i], &behind);

		if (interval->from.n > 0)
			r = intervals_add(&rest, &left, err);
		if (r == 0 && interval->to.n > 0)
			r = intervals_add(&rest, &right, err);
	}
	intervals_cleanup(set);
	*set = rest;
	return r;
}

int
intervals_write(const struct intervals *set, struct buf *affected, struct err *err)
{
	size_t before = affected->n;
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->items.count; i++)
		r = affected_put(&set->items.items[i], affected, err);
	if (r < 0 && affected->n > before) {
		affected->n = before;
		affected->p[before] = '\0';
	}
	return r;
}
