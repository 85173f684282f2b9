/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/package_key.h"

static const struct {
	struct span ecosystem;
	bool dashes; /* one '-' for each run of '-', '_' and '.' */
} folded[] = {
	{SPAN_INIT("composer"), false},
	{SPAN_INIT("generic"), false},
	{SPAN_INIT("nuget"), false},
	{SPAN_INIT("pypi"), true},
};

static bool
is_dash(char c)
{
	return c == '-' || c == '_' || c == '.';
}

/* https://peps.python.org/pep-0503/#normalized-names where dashes count. */
static struct span
fold(struct span name, bool dashes, struct arena *arena)
{
	char *p = arena_alloc(arena, name.n + 1);
	size_t n = 0;

	if (!p)
		return (struct span){NULL, 0};
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (dashes && is_dash(c)) {
			if (i > 0 && is_dash(name.p[i - 1]))
				continue;
			c = '-';
		}
		p[n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	return (struct span){p, n};
}

struct span
package_key(struct span ecosystem, struct span name, struct arena *arena)
{
	for (size_t i = 0; i < sizeof(folded) / sizeof(folded[0]); i++) {
		if (span_equal(folded[i].ecosystem, ecosystem))
			return fold(name, folded[i].dashes, arena);
	}
	return name;
}
