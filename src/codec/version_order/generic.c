/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/version_order/parts.h"
#include "codec/version_order/schemes.h"
#include "codec/version_order/words.h"

static const struct span before[] = {
	SPAN_INIT("dev"),	SPAN_INIT("snapshot"), SPAN_INIT("alpha"), SPAN_INIT("beta"),
	SPAN_INIT("milestone"), SPAN_INIT("pre"),      SPAN_INIT("rc"),
};

static const struct span nothing[] = {
	SPAN_INIT("final"),
	SPAN_INIT("ga"),
	SPAN_INIT("release"),
	SPAN_INIT("stable"),
};

static const struct span numbered[][2] = {
	{SPAN_INIT("a"), SPAN_INIT("alpha")},
	{SPAN_INIT("b"), SPAN_INIT("beta")},
	{SPAN_INIT("m"), SPAN_INIT("milestone")},
};

static const struct span aliases[][2] = {
	{SPAN_INIT("preview"), SPAN_INIT("pre")},
	{SPAN_INIT("cr"), SPAN_INIT("rc")},
};

static const struct word_table words = {
	.before = before,
	.before_count = sizeof(before) / sizeof(before[0]),
	.nothing = nothing,
	.nothing_count = sizeof(nothing) / sizeof(nothing[0]),
	.numbered = numbered,
	.numbered_count = sizeof(numbered) / sizeof(numbered[0]),
	.aliases = aliases,
	.alias_count = sizeof(aliases) / sizeof(aliases[0]),
	.hyphens = "-_+~",
};

/* "v1.2" */
static struct span
bare(struct span text)
{
	if (text.n > 1 && (text.p[0] == 'v' || text.p[0] == 'V') && ascii_is_digit(text.p[1]))
		return span_slice(text, 1, text.n);
	return text;
}

int
generic_order_compare(struct span a, struct span b)
{
	return words_compare(&words, bare(a), bare(b));
}

int
generic_order_check(struct span text, struct err *err)
{
	int r = part_check_text(text, err);

	if (r == 0 && !ascii_is_digit(bare(text).p[0]))
		r = err_set(err, ERR_INVALID, "version: does not start with a number");
	return r;
}
