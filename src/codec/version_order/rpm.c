/* SPDX-License-Identifier: Apache-2.0 */
/* [epoch:]version[-release] as rpm compares them: rpm-version(7). */
#include "codec/version_order/parts.h"
#include "codec/version_order/schemes.h"

/* In the order they have where one text goes on and another does so differently. */
enum piece {
	PIECE_TILDE,
	PIECE_END,
	PIECE_CARET,
	PIECE_LETTERS,
	PIECE_NUMBER,
};

struct evr {
	struct span epoch;
	struct span version;
	struct span release;
	bool released; /* there is one */
};

static struct evr
split(struct span text)
{
	struct evr evr = {.version = text};
	struct span rest = text;
	struct span epoch = part_take(&rest, ascii_is_digit);

	if (part_skip(&rest, ":")) {
		evr.epoch = epoch;
		evr.version = rest;
	}
	size_t dash = span_find_last(evr.version, '-');
	if (dash < evr.version.n) {
		evr.released = true;
		evr.release = span_slice(evr.version, dash + 1, evr.version.n);
		evr.version = span_slice(evr.version, 0, dash);
	}
	return evr;
}

/* Everything else parts pieces, and says nothing itself. */
static bool
is_between(char c)
{
	return !part_is_alnum(c) && c != '~' && c != '^';
}

static enum piece
next(struct span *rest, struct span *ret_value)
{
	*ret_value = (struct span){"", 0};
	(void)part_take(rest, is_between);
	if (rest->n == 0)
		return PIECE_END;
	if (part_skip(rest, "~"))
		return PIECE_TILDE;
	if (part_skip(rest, "^"))
		return PIECE_CARET;
	if (ascii_is_digit(rest->p[0])) {
		*ret_value = part_take(rest, ascii_is_digit);
		return PIECE_NUMBER;
	}
	*ret_value = part_take(rest, ascii_is_letter);
	return PIECE_LETTERS;
}

static int
compare_part(struct span a, struct span b)
{
	for (;;) {
		struct span left;
		struct span right;
		enum piece one = next(&a, &left);
		enum piece other = next(&b, &right);
		int order = 0;

		if (one != other)
			return one < other ? -1 : 1;
		if (one == PIECE_END)
			return 0;
		order = one == PIECE_NUMBER ? part_compare_numbers(left, right)
					    : span_compare(left, right);
		if (order != 0)
			return order;
	}
}

int
rpm_order_compare(struct span a, struct span b)
{
	struct evr left = split(a);
	struct evr right = split(b);
	int order = part_compare_numbers(left.epoch, right.epoch);

	if (order == 0)
		order = compare_part(left.version, right.version);
	if (order == 0)
		order = part_compare_ints(left.released, right.released);
	return order ? order : compare_part(left.release, right.release);
}

static bool
is_good(char c)
{
	return part_is_alnum(c) || (c != '\0' && strchr("._+~^%{}", c));
}

static bool
is_all_good(struct span s)
{
	(void)part_take(&s, is_good);
	return s.n == 0;
}

int
rpm_order_check(struct span text, struct err *err)
{
	struct evr evr = split(text);
	int r = part_check_text(text, err);

	if (r < 0)
		return r;
	if (evr.version.n == 0)
		return err_set(err, ERR_INVALID, "version: nothing stands before the release");
	if (evr.released && evr.release.n == 0)
		return err_set(err, ERR_INVALID, "version: the release is empty");
	if (!is_all_good(evr.version))
		return err_set(err, ERR_INVALID, "version: invalid character");
	if (!is_all_good(evr.release))
		return err_set(err, ERR_INVALID, "version: invalid character in the release");
	return 0;
}
