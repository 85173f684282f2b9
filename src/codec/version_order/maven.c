/* SPDX-License-Identifier: Apache-2.0 */
/* https://maven.apache.org/pom.html, "Version Order Specification". */
#include "codec/version_order/parts.h"
#include "codec/version_order/schemes.h"
#include "codec/version_order/words.h"

static const struct span before[] = {
	SPAN_INIT("alpha"), SPAN_INIT("beta"),	   SPAN_INIT("milestone"),
	SPAN_INIT("rc"),    SPAN_INIT("snapshot"),
};

static const struct span after[] = {SPAN_INIT("sp")};

static const struct span nothing[] = {
	SPAN_INIT("final"),
	SPAN_INIT("ga"),
	SPAN_INIT("release"),
};

static const struct span numbered[][2] = {
	{SPAN_INIT("a"), SPAN_INIT("alpha")},
	{SPAN_INIT("b"), SPAN_INIT("beta")},
	{SPAN_INIT("m"), SPAN_INIT("milestone")},
};

static const struct span aliases[][2] = {{SPAN_INIT("cr"), SPAN_INIT("rc")}};

static const struct word_table words = {
	.before = before,
	.before_count = sizeof(before) / sizeof(before[0]),
	.after = after,
	.after_count = sizeof(after) / sizeof(after[0]),
	.nothing = nothing,
	.nothing_count = sizeof(nothing) / sizeof(nothing[0]),
	.numbered = numbered,
	.numbered_count = sizeof(numbered) / sizeof(numbered[0]),
	.aliases = aliases,
	.alias_count = sizeof(aliases) / sizeof(aliases[0]),
	.hyphens = "-",
};

int
maven_order_compare(struct span a, struct span b)
{
	return words_compare(&words, a, b);
}

int
maven_order_check(struct span text, struct err *err)
{
	int r = part_check_text(text, err);

	if (r == 0 && span_contains(text, SPAN("${")))
		r = err_set(err, ERR_INVALID, "version: a property that nobody replaced");
	return r;
}
