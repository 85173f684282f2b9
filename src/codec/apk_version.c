/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/apk_version.h"

#include "base/ascii.h"

/* In the order they have where one version goes on and another does so differently. */
enum part {
	PART_BEFORE, /* _alpha, _beta, _pre, _rc */
	PART_INVALID,
	PART_END,
	PART_REVISION, /* -r1 */
	PART_HASH,     /* ~a1b2c3 */
	PART_COUNT,    /* the number behind a suffix */
	PART_AFTER,    /* _cvs, _svn, _git, _hg, _p */
	PART_LETTER,
	PART_NUMBER, /* .1 */
	PART_FIRST,
};

/* A version that is read part by part. */
struct walk {
	struct span rest;
	enum part part;
	struct span value; /* of the part */
	size_t suffix;	   /* of PART_BEFORE and PART_AFTER: place in the table */
};

static const struct {
	struct span name;
	enum part part;
} suffixes[] = {
	{SPAN_INIT("alpha"), PART_BEFORE}, {SPAN_INIT("beta"), PART_BEFORE},
	{SPAN_INIT("pre"), PART_BEFORE},   {SPAN_INIT("rc"), PART_BEFORE},
	{SPAN_INIT("cvs"), PART_AFTER},	   {SPAN_INIT("svn"), PART_AFTER},
	{SPAN_INIT("git"), PART_AFTER},	   {SPAN_INIT("hg"), PART_AFTER},
	{SPAN_INIT("p"), PART_AFTER},
};

static bool
is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_hex(char c)
{
	return ascii_is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Cuts the longest run of such bytes off; the part is invalid without any. */
static void
take(struct walk *walk, enum part part, bool (*is)(char c))
{
	size_t n = 0;

	while (n < walk->rest.n && is(walk->rest.p[n]))
		n++;
	walk->value = span_slice(walk->rest, 0, n);
	walk->rest = span_slice(walk->rest, n, walk->rest.n);
	walk->part = n > 0 ? part : PART_INVALID;
}

static void
take_suffix(struct walk *walk)
{
	take(walk, PART_INVALID, is_small);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (!span_equal(walk->value, suffixes[i].name))
			continue;
		walk->part = suffixes[i].part;
		walk->suffix = i;
		return;
	}
}

static void
skip(struct walk *walk, size_t n)
{
	walk->rest = span_slice(walk->rest, n, walk->rest.n);
}

static void
start(struct walk *walk, struct span text)
{
	walk->rest = text;
	walk->suffix = 0;
	take(walk, PART_FIRST, ascii_is_digit);
}

/* The next part; each kind may stand only behind those that the grammar has before it. */
static void
next(struct walk *walk)
{
	char byte = '\0';
	bool suffixed = walk->part == PART_BEFORE || walk->part == PART_AFTER;
	bool numeric = walk->part >= PART_NUMBER;

	if (walk->rest.n > 0)
		byte = walk->rest.p[0];
	if (walk->rest.n == 0) {
		walk->part = PART_END;
	} else if (byte == '.' && numeric) {
		skip(walk, 1);
		take(walk, PART_NUMBER, ascii_is_digit);
	} else if (is_small(byte) && numeric) {
		walk->value = span_slice(walk->rest, 0, 1);
		walk->part = PART_LETTER;
		skip(walk, 1);
	} else if (ascii_is_digit(byte) && suffixed) {
		take(walk, PART_COUNT, ascii_is_digit);
	} else if (byte == '_' && (suffixed || walk->part >= PART_COUNT)) {
		skip(walk, 1);
		take_suffix(walk);
	} else if (byte == '~' && (suffixed || walk->part >= PART_COUNT)) {
		skip(walk, 1);
		take(walk, PART_HASH, is_hex);
	} else if (span_starts_with(walk->rest, SPAN("-r")) && walk->part != PART_REVISION) {
		skip(walk, 2);
		take(walk, PART_REVISION, ascii_is_digit);
	} else {
		walk->part = PART_INVALID;
	}
}

static bool
is_over(const struct walk *walk)
{
	return walk->part == PART_END || walk->part == PART_INVALID;
}

static int
compare_sizes(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

/* Numbers of any length. */
static int
compare_numbers(struct span a, struct span b)
{
	while (a.n > 0 && a.p[0] == '0')
		a = span_slice(a, 1, a.n);
	while (b.n > 0 && b.p[0] == '0')
		b = span_slice(b, 1, b.n);
	return a.n == b.n ? span_compare(a, b) : compare_sizes(a.n, b.n);
}

/* Two parts of one kind. */
static int
compare_parts(const struct walk *a, const struct walk *b)
{
	switch (a->part) {
	case PART_BEFORE:
	case PART_AFTER:
		return compare_sizes(a->suffix, b->suffix);
	case PART_NUMBER:
		/* With a leading zero they are like the digits of a fraction. */
		if (a->value.p[0] == '0' || b->value.p[0] == '0')
			return span_compare(a->value, b->value);
		return compare_numbers(a->value, b->value);
	case PART_FIRST:
	case PART_COUNT:
	case PART_REVISION:
		return compare_numbers(a->value, b->value);
	case PART_HASH:
	case PART_LETTER:
		return span_compare(a->value, b->value);
	case PART_END:
	case PART_INVALID:
		break;
	}
	return 0;
}

int
apk_version_compare(struct span a, struct span b)
{
	struct walk left;
	struct walk right;
	int order = 0;

	start(&left, a);
	start(&right, b);
	while (left.part == right.part) {
		order = compare_parts(&left, &right);
		if (order != 0 || is_over(&left))
			return order;
		next(&left);
		next(&right);
	}
	return left.part < right.part ? -1 : 1;
}

int
apk_version_check(struct span text, struct err *err)
{
	struct walk walk;

	if (text.n == 0)
		return err_set(err, ERR_INVALID, "the version is empty");
	for (start(&walk, text); !is_over(&walk);)
		next(&walk);
	if (walk.part == PART_END)
		return 0;
	return err_set(err, ERR_INVALID, "version: nothing like apk's from its byte %zu on",
		       text.n - walk.rest.n + 1);
}
