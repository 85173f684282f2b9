/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"

#include <strings.h>

int
span_compare(struct span a, struct span b)
{
	size_t common = a.n < b.n ? a.n : b.n;
	int order = common ? memcmp(a.p, b.p, common) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

int
span_compare_items(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

bool
span_list_equal(struct span_list a, struct span_list b)
{
	bool same = a.count == b.count;

	for (size_t i = 0; same && i < a.count; i++)
		same = span_equal(a.items[i], b.items[i]);
	return same;
}

bool
span_starts_with(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_equal(span_slice(s, 0, prefix.n), prefix);
}

bool
span_ends_with(struct span s, struct span suffix)
{
	return s.n >= suffix.n && span_equal(span_slice(s, s.n - suffix.n, s.n), suffix);
}

bool
span_equal_nocase(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

size_t
span_find(struct span s, char byte)
{
	const char *at = s.n ? memchr(s.p, byte, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

size_t
span_find_last(struct span s, char byte)
{
	const char *at = s.n ? memrchr(s.p, byte, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

bool
span_contains(struct span s, struct span part)
{
	return part.n == 0 || (s.n >= part.n && memmem(s.p, s.n, part.p, part.n) != NULL);
}

struct span
span_base_name(struct span path)
{
	size_t slash = span_find_last(path, '/');

	return slash < path.n ? span_slice(path, slash + 1, path.n) : path;
}

bool
span_is_below(struct span path, struct span top)
{
	return span_starts_with(path, top) &&
	       (path.n == top.n || path.p[top.n] == '/' || span_equal(top, SPAN("/")));
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct span
span_trim(struct span s)
{
	while (s.n && is_blank(s.p[0]))
		s = span_slice(s, 1, s.n);
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct span
span_cut(struct span *rest, char separator)
{
	size_t at = span_find(*rest, separator);
	struct span part = span_slice(*rest, 0, at);

	*rest = at < rest->n ? span_slice(*rest, at + 1, rest->n) : (struct span){NULL, 0};
	return part;
}

bool
span_to_u64(struct span s, uint64_t *ret)
{
	uint64_t value = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10U, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
			return false;
	}
	*ret = value;
	return true;
}

uint64_t
span_hash(struct span s, uint64_t seed)
{
	uint64_t hash = 0xcbf29ce484222325U ^ seed;

	for (size_t i = 0; i < s.n; i++) {
		hash ^= (unsigned char)s.p[i];
		hash *= 0x100000001b3U;
	}
	return hash ^ (hash >> 32);
}
