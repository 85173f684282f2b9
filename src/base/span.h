/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text and bytes as pointer and length. A span never owns what it points at.
 * Spans made by an arena are NUL-terminated behind their last byte; no other
 * span may be assumed to be.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *p;
	size_t n;
};

struct span_list {
	struct span *items;
	size_t count;
};

#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})
#define SPAN_INIT(literal)                                                                         \
	{                                                                                          \
		"" literal, sizeof(literal) - 1                                                    \
	}
/* For printf: "%.*s", SPAN_ARG(s) */
#define SPAN_ARG(span) (int)(span).n, (span).p

static inline struct span
span_from(const char *text)
{
	return (struct span){text, text ? strlen(text) : 0};
}

static inline struct span
span_slice(struct span s, size_t from, size_t to)
{
	return (struct span){s.p + from, to - from};
}

static inline bool
span_equal(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Byte order, shorter first on a tie; <0, 0, >0. */
int span_compare(struct span a, struct span b);
int span_compare_items(const void *a, const void *b); /* likewise, for qsort() of spans */
bool span_starts_with(struct span s, struct span prefix);
bool span_ends_with(struct span s, struct span suffix);
bool span_equal_nocase(struct span a, struct span b);

/* The same texts in the same order. */
bool span_list_equal(struct span_list a, struct span_list b);

/* Index of the first (last) such byte, or s.n when there is none. */
size_t span_find(struct span s, char byte);
size_t span_find_last(struct span s, char byte);
bool span_contains(struct span s, struct span part);

/* What stands behind the last slash of a path; all of it where there is none. */
struct span span_base_name(struct span path);

/* Whether a path is `top` or below it, by the letter; `top` has no slash at its end, or is "/". */
bool span_is_below(struct span path, struct span top);

/* Without ASCII white space at both ends. */
struct span span_trim(struct span s);

/*
 * Cuts *rest at the first `separator`: returns what stands before it and moves
 * *rest behind it (to an empty span with p == NULL when there was none left).
 * Loop: `while (rest.p) { part = span_cut(&rest, ','); ... }`.
 */
struct span span_cut(struct span *rest, char separator);

/* Decimal, no sign, no blanks; false on anything else or overflow. */
bool span_to_u64(struct span s, uint64_t *ret);

/* FNV-1a; not for hostile-collision use beyond map.h, which seeds it. */
uint64_t span_hash(struct span s, uint64_t seed);
