/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/relation.h"

struct syntax {
	struct span ecosystem;
	char clauses; /* what parts them */
	char names;
	const char *ends; /* what ends a name */
};

#define NAMES ' ', '\0', " \t\n" /* and nothing else: readers of languages leave but these */

/* The last one is for whatever has no row. */
static const struct syntax syntaxes[] = {
	{SPAN_INIT("apk"), ' ', '\0', " \t\n=<>~"},
	{SPAN_INIT("composer"), NAMES},
	{SPAN_INIT("gem"), NAMES},
	{SPAN_INIT("npm"), NAMES},
	{SPAN_INIT("pypi"), NAMES},
	{SPAN_INIT("rpm"), '\n', '\0', ""},
	{SPAN_INIT("dpkg"), ',', '|', " \t\n(:[<"},
};

static const struct syntax *
syntax_of(struct span ecosystem)
{
	size_t last = sizeof(syntaxes) / sizeof(syntaxes[0]) - 1;

	for (size_t i = 0; i < last; i++) {
		if (span_equal(ecosystem, syntaxes[i].ecosystem))
			return &syntaxes[i];
	}
	return &syntaxes[last];
}

bool
relation_clause_next(struct span ecosystem, struct span *rest, struct span *ret)
{
	if (!rest->p)
		return false;
	*ret = span_cut(rest, syntax_of(ecosystem)->clauses);
	return true;
}

bool
relation_name_next(struct span ecosystem, struct span *clause, struct span *ret)
{
	const struct syntax *syntax = syntax_of(ecosystem);
	size_t n = 0;

	if (!clause->p)
		return false;
	struct span name = span_trim(span_cut(clause, syntax->names));
	while (n < name.n && name.p[n] != '\0' && !strchr(syntax->ends, name.p[n]))
		n++;
	*ret = n > 0 && (name.p[0] == '!' || name.p[0] == '(') ? SPAN("") : span_slice(name, 0, n);
	return true;
}
