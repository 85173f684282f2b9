/* SPDX-License-Identifier: Apache-2.0 */
/* Versions as Gem::Version of RubyGems has them. */
#include "codec/version_order/parts.h"
#include "codec/version_order/schemes.h"

/*
 * Runs of digits and of letters; a hyphen reads as ".pre.". The end is like a 0, and a word is
 * older than any number. Zeroes before the first word count for nothing.
 */
struct walk {
	struct span rest;
	size_t zeroes; /* that are still to be told before `rest` */
	bool lettered; /* a word was there */
};

static const struct span pre = SPAN_INIT("pre");

static bool
is_between(char c)
{
	return !part_is_alnum(c) && c != '-';
}

/* An empty part is a 0 or the end. */
static struct span
take(struct span *rest)
{
	(void)part_take(rest, is_between);
	if (part_skip(rest, "-"))
		return pre;
	if (rest->n > 0 && ascii_is_digit(rest->p[0])) {
		struct span digits = part_take(rest, ascii_is_digit);

		return part_is_zero(digits) ? span_slice(digits, 0, 0) : digits;
	}
	return part_take(rest, ascii_is_letter);
}

static bool
is_over(struct span rest)
{
	(void)part_take(&rest, is_between);
	return rest.n == 0;
}

static struct span
next(struct walk *walk)
{
	struct span ahead = walk->rest;
	struct span part = {"", 0};
	size_t zeroes = 0;

	if (walk->zeroes > 0) {
		walk->zeroes--;
		return part;
	}
	if (walk->lettered)
		return take(&walk->rest);
	while (part.n == 0 && !is_over(ahead)) {
		part = take(&ahead);
		zeroes += part.n == 0;
	}
	if (part.n > 0 && ascii_is_digit(part.p[0]) && zeroes > 0) {
		/* Told one by one: the number after them comes again. */
		walk->zeroes = zeroes - 1;
		walk->rest.n = (size_t)(walk->rest.p + walk->rest.n - part.p);
		walk->rest.p = part.p;
		return span_slice(part, 0, 0);
	}
	walk->rest = ahead;
	walk->lettered = part.n > 0 && !ascii_is_digit(part.p[0]);
	return part;
}

static bool
is_told(const struct walk *walk)
{
	return walk->zeroes == 0 && is_over(walk->rest);
}

static bool
is_word(struct span part)
{
	return part.n > 0 && ascii_is_letter(part.p[0]);
}

int
gem_order_compare(struct span a, struct span b)
{
	struct walk left = {.rest = a};
	struct walk right = {.rest = b};

	while (!is_told(&left) || !is_told(&right)) {
		struct span one = next(&left);
		struct span other = next(&right);
		int order = part_compare_ints(is_word(other), is_word(one));

		if (order == 0 && is_word(one))
			order = span_compare(one, other);
		else if (order == 0)
			order = part_compare_numbers(one, other);
		if (order != 0)
			return order;
	}
	return 0;
}

static bool
is_hyphenable(char c)
{
	return part_is_alnum(c) || c == '-';
}

/* [0-9]+(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)? */
int
gem_order_check(struct span text, struct err *err)
{
	struct span rest = text;
	bool empty = false;
	int r = part_check_text(text, err);

	if (r < 0)
		return r;
	if (part_take(&rest, ascii_is_digit).n == 0)
		return err_set(err, ERR_INVALID, "version: does not start with a number");
	while (!empty && part_skip(&rest, "."))
		empty = part_take(&rest, part_is_alnum).n == 0;
	if (!empty && part_skip(&rest, "-")) {
		do {
			empty = part_take(&rest, is_hyphenable).n == 0;
		} while (!empty && part_skip(&rest, "."));
	}
	if (empty)
		return err_set(err, ERR_INVALID, "version: a part is empty");
	if (rest.n > 0)
		return err_set(err, ERR_INVALID,
			       "version: nothing like a gem's from its byte %zu on",
			       text.n - rest.n + 1);
	return 0;
}
