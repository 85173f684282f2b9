/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/range_text/grammar.h"

#define NO_SHORTHANDS                                                                              \
	.caret = RANGE_NONE, .tilde = RANGE_NONE, .pessimistic = RANGE_NONE,                       \
	.compatible = RANGE_NONE, .wild = "", .lowest = "", .wild_from = ""

#define PLAIN(word, order_name)                                                                    \
	{                                                                                          \
		.ecosystem = SPAN_INIT(word), .order = SPAN_INIT(order_name), NO_SHORTHANDS        \
	}

#define BRACKETS(word)                                                                             \
	{                                                                                          \
		.ecosystem = SPAN_INIT(word), .order = SPAN_INIT(word), .brackets = true,          \
		NO_SHORTHANDS                                                                      \
	}

static const struct range_grammar grammars[] = {
	PLAIN("apk", "apk"),
	{
		.ecosystem = SPAN_INIT("cargo"),
		.order = SPAN_INIT("semver"),
		.bare = RANGE_CARET,
		.caret = RANGE_CARET,
		.tilde = RANGE_SECOND,
		.pessimistic = RANGE_NONE,
		.compatible = RANGE_NONE,
		.wild = "*xX",
		.lowest = "-0",
		.wild_from = "",
		.numbers = 3,
	},
	{
		.ecosystem = SPAN_INIT("composer"),
		.order = SPAN_INIT("composer"),
		.caret = RANGE_CARET,
		.tilde = RANGE_BEFORE_LAST,
		.pessimistic = RANGE_NONE,
		.compatible = RANGE_NONE,
		.wild = "*xX",
		.lowest = "-dev",
		.wild_from = "-dev",
		.hyphens = true,
		.single_bar = true,
	},
	PLAIN("dpkg", "dpkg"),
	{
		.ecosystem = SPAN_INIT("gem"),
		.order = SPAN_INIT("gem"),
		.caret = RANGE_NONE,
		.tilde = RANGE_NONE,
		.pessimistic = RANGE_BEFORE_LAST,
		.compatible = RANGE_NONE,
		.wild = "",
		.lowest = ".A",
		.wild_from = "",
	},
	PLAIN("generic", "generic"),
	PLAIN("golang", "golang"),
	BRACKETS("maven"),
	{
		.ecosystem = SPAN_INIT("npm"),
		.order = SPAN_INIT("semver"),
		.caret = RANGE_CARET,
		.tilde = RANGE_SECOND,
		.pessimistic = RANGE_SECOND,
		.compatible = RANGE_NONE,
		.wild = "*xX",
		.lowest = "-0",
		.wild_from = "",
		.numbers = 3,
		.hyphens = true,
	},
	BRACKETS("nuget"),
	{
		.ecosystem = SPAN_INIT("pypi"),
		.order = SPAN_INIT("pypi"),
		.caret = RANGE_NONE,
		.tilde = RANGE_NONE,
		.pessimistic = RANGE_NONE,
		.compatible = RANGE_BEFORE_LAST,
		.wild = "*",
		.lowest = ".dev0",
		.wild_from = ".dev0",
	},
	PLAIN("rpm", "rpm"),
};

const struct range_grammar *
range_grammar_find(struct span ecosystem)
{
	for (size_t i = 0; i < sizeof(grammars) / sizeof(grammars[0]); i++) {
		if (span_equal(grammars[i].ecosystem, ecosystem))
			return &grammars[i];
	}
	return NULL;
}
