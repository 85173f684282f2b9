/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/package_key.h"

#include "base/ascii.h"

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

/* At most as long as the name. https://peps.python.org/pep-0503/#normalized-names where dashes
 * count. */
static size_t
fold(struct span name, bool dashes, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (dashes && is_dash(c)) {
			if (i > 0 && is_dash(name.p[i - 1]))
				continue;
			c = '-';
		}
		to[n++] = ascii_lower(c);
	}
	return n;
}

/* Whether names are folded, and how. */
static bool
is_folded(struct span ecosystem, bool *ret_dashes)
{
	for (size_t i = 0; i < sizeof(folded) / sizeof(folded[0]); i++) {
		*ret_dashes = folded[i].dashes;
		if (span_equal(folded[i].ecosystem, ecosystem))
			return true;
	}
	return false;
}

struct span
package_key(struct span ecosystem, struct span name, struct arena *arena)
{
	bool dashes;

	if (!is_folded(ecosystem, &dashes))
		return name;
	char *p = arena_alloc(arena, name.n + 1);
	return (struct span){p, p ? fold(name, dashes, p) : 0};
}

int
package_key_put(struct span ecosystem, struct span name, struct buf *buf, struct err *err)
{
	bool dashes;

	if (!is_folded(ecosystem, &dashes))
		return buf_append(buf, name, err);
	int r = buf_reserve(buf, name.n, err);
	if (r == 0) {
		buf->n += fold(name, dashes, buf->p + buf->n);
		buf->p[buf->n] = '\0';
	}
	return r;
}
