/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/affected.h"

#include "base/limits.h"

static inline bool
parts_text(unsigned char byte)
{
	return byte <= ' ' || byte == 0x7f || byte == ',' || byte == '[' || byte == ']' ||
	       byte == '(' || byte == ')';
}

static bool
is_bound(struct span version)
{
	if (version.n > FEED_VERSION_MAX || (version.n > 0 && version.p[0] == '='))
		return false;
	for (size_t i = 0; i < version.n; i++) {
		if (parts_text((unsigned char)version.p[i]))
			return false;
	}
	return true;
}

static bool
is_one(const struct affected *affected)
{
	return affected->from.n > 0 && affected->with_to && !affected->without_from &&
	       span_equal(affected->from, affected->to);
}

/* As much of a text as an error has room for. */
static struct span
shown(struct span text)
{
	return span_slice(text, 0, text.n < 60 ? text.n : 60);
}

static char *
put(char *to, struct span text)
{
	return text.n > 0 ? mempcpy(to, text.p, text.n) : to;
}

int
affected_put(const struct affected *affected, struct buf *buf, struct err *err)
{
	bool one = is_one(affected);
	size_t n = affected->from.n + (one ? 1 : affected->to.n + 3) + (buf->n > 0);

	if (!is_bound(affected->from) || !is_bound(affected->to))
		return err_set(err, ERR_INVALID, "\"%.*s\" to \"%.*s\" are no versions",
			       SPAN_ARG(shown(affected->from)), SPAN_ARG(shown(affected->to)));
	int r = buf_reserve(buf, n, err);
	if (r < 0)
		return r;
	char *to = buf->p + buf->n;
	if (buf->n > 0)
		*to++ = ' ';
	*to++ = (char)(one ? '=' : affected->without_from ? '(' : '[');
	to = put(to, affected->from);
	if (!one) {
		*to++ = ',';
		to = put(to, affected->to);
		*to++ = affected->with_to ? ']' : ')';
	}
	*to = '\0';
	buf->n += n;
	return 0;
}

static int
refuse(struct span text, struct err *err)
{
	return err_set(err, ERR_INVALID, "not a range of versions: \"%.*s\"",
		       SPAN_ARG(shown(text)));
}

int
affected_next(struct span *rest, struct affected *ret, struct err *err)
{
	struct affected affected = {{"", 0}, {"", 0}, false, false};

	if (!rest->p || rest->n == 0)
		return 0;
	struct span text = span_cut(rest, ' ');
	if (text.n < 2)
		return refuse(text, err);
	char first = text.p[0];
	char last = text.p[text.n - 1];
	struct span inner = span_slice(text, 1, first == '=' ? text.n : text.n - 1);
	if (first == '=') {
		affected = affected_only(inner);
	} else {
		size_t comma = span_find(inner, ',');

		if ((first != '[' && first != '(') || (last != ')' && last != ']') ||
		    comma == inner.n)
			return refuse(text, err);
		affected.from = span_slice(inner, 0, comma);
		affected.to = span_slice(inner, comma + 1, inner.n);
		affected.without_from = first == '(';
		affected.with_to = last == ']';
	}
	if (!is_bound(affected.from) || !is_bound(affected.to))
		return refuse(text, err);
	*ret = affected;
	return 1;
}

static bool
is_in(const struct affected *affected, const struct version_order *order, struct span version)
{
	if (affected->from.n > 0) {
		int from = order->compare(version, affected->from);

		if (from < 0 || (from == 0 && affected->without_from))
			return false;
	}
	if (affected->to.n > 0) {
		int to = order->compare(version, affected->to);

		return to < 0 || (to == 0 && affected->with_to);
	}
	return true;
}

/*
 * Looks through the intervals that `version` is in: *ret_end is the last version in which one of
 * them is fixed, empty without any. 1 when there are such intervals, 0, or ERR_INVALID.
 */
static int
find_end(struct span text, const struct version_order *order, struct span version,
	 struct span *ret_end, struct err *err)
{
	struct affected affected;
	struct span end = {"", 0};
	int hit = 0;
	int r;

	while ((r = affected_next(&text, &affected, err)) > 0) {
		if (!is_in(&affected, order, version))
			continue;
		hit = 1;
		if (!affected.with_to && affected.to.n > 0 &&
		    (end.n == 0 || order->compare(affected.to, end) > 0))
			end = affected.to;
	}
	*ret_end = end;
	return r < 0 ? r : hit;
}

int
affected_judge(struct span text, const struct version_order *order, struct span version,
	       bool *ret_hit, struct span *ret_fixed, struct err *err)
{
	struct span fixed = {"", 0};
	struct span end;
	int r = find_end(text, order, version, &end, err);
	bool hit = r > 0;

	/* Where one interval ends another one may go on; each round ends later than the last. */
	while (r > 0 && end.n > 0) {
		fixed = end;
		r = find_end(text, order, fixed, &end, err);
		if (r > 0 && end.n > 0 && order->compare(end, fixed) <= 0)
			break;
	}
	if (r < 0)
		return r;
	*ret_hit = hit;
	*ret_fixed = fixed;
	return 0;
}
