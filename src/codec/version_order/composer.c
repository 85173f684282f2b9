/* SPDX-License-Identifier: Apache-2.0 */
/* Versions as Composer normalises them, in the order of PHP's version_compare(). */
#include "codec/version_order/parts.h"
#include "codec/version_order/schemes.h"

enum stability {
	STABILITY_DEV,
	STABILITY_ALPHA,
	STABILITY_BETA,
	STABILITY_RC,
	STABILITY_STABLE,
	STABILITY_PATCH,
};

enum { NUMBERS = 4 };

struct composer {
	struct span numbers; /* with '.', '-' or ':' between them */
	bool is_wild;	     /* "1.x-dev": the numbers that are left are as high as can be */
	enum stability stability;
	struct span counts; /* numbers behind the stability's word */
	bool is_dev;	    /* on the way to that */
	const char *wrong;
};

static const struct {
	struct span word;
	enum stability stability;
} words[] = {
	{SPAN_INIT("stable"), STABILITY_STABLE}, {SPAN_INIT("alpha"), STABILITY_ALPHA},
	{SPAN_INIT("beta"), STABILITY_BETA},	 {SPAN_INIT("rc"), STABILITY_RC},
	{SPAN_INIT("patch"), STABILITY_PATCH},	 {SPAN_INIT("pl"), STABILITY_PATCH},
	{SPAN_INIT("a"), STABILITY_ALPHA},	 {SPAN_INIT("b"), STABILITY_BETA},
	{SPAN_INIT("p"), STABILITY_PATCH},
};

static const struct span branches[] = {
	SPAN_INIT("dev-"),
	SPAN_INIT("master"),
	SPAN_INIT("trunk"),
	SPAN_INIT("default"),
};

/* Behind a version, a stability that is asked for. */
static const struct span wishes[] = {
	SPAN_INIT("@stable"), SPAN_INIT("@RC"),	 SPAN_INIT("@beta"),
	SPAN_INIT("@alpha"),  SPAN_INIT("@dev"),
};

/* Numbers with one of these bytes between them, at most so many. */
static struct span
take_numbers(struct span *rest, const char *between, size_t most)
{
	const char *from = rest->p;
	struct span ahead = *rest;

	for (size_t i = 0; i < most && part_take(&ahead, ascii_is_digit).n > 0; i++) {
		*rest = ahead;
		if (!part_skip(&ahead, between))
			break;
	}
	return (struct span){from, (size_t)(rest->p - from)};
}

/* What stands before an alias, a stability that is asked for and metadata. */
static struct span
bare(struct span text)
{
	struct span rest = span_trim(text);
	const char *alias = rest.n ? memmem(rest.p, rest.n, " as ", 4) : NULL;

	if (alias)
		rest = span_trim(span_slice(rest, 0, (size_t)(alias - rest.p)));
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		size_t most = rest.n - wishes[i].n;

		if (rest.n > wishes[i].n &&
		    span_equal_nocase(span_slice(rest, most, rest.n), wishes[i])) {
			rest = span_slice(rest, 0, most);
			break;
		}
	}
	rest = span_slice(rest, 0, span_find(rest, '+'));
	(void)part_skip(&rest, "vV");
	return rest;
}

static void
read_stability(struct span *rest, struct composer *version)
{
	struct span ahead = *rest;
	bool named = false;

	(void)part_skip(&ahead, "._-");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!part_skip_text(&ahead, words[i].word))
			continue;
		named = true;
		version->stability = words[i].stability;
		*rest = ahead;
		(void)part_skip(&ahead, ".-");
		version->counts = take_numbers(&ahead, ".-", SIZE_MAX);
		if (version->counts.n > 0)
			*rest = ahead;
		if (version->stability == STABILITY_STABLE)
			version->counts.n = 0;
		break;
	}
	ahead = *rest;
	(void)part_skip(&ahead, named ? ".-" : "._-");
	if (!part_skip_text(&ahead, SPAN("dev")))
		return;
	if (!named)
		version->stability = STABILITY_DEV;
	/* "1.0-stable-dev" is 1.0. */
	version->is_dev = version->stability != STABILITY_STABLE;
	*rest = ahead;
}

/* The next of them; a separator is one byte. */
static struct span
next_number(struct span *rest)
{
	struct span number = part_take(rest, ascii_is_digit);

	(void)part_skip(rest, ".-:");
	return number;
}

static size_t
count_numbers(struct span numbers)
{
	size_t count = 0;

	while (numbers.n > 0) {
		(void)next_number(&numbers);
		count++;
	}
	return count;
}

/* ".x", ".*" */
static bool
is_wild(struct span rest)
{
	return rest.n > 1 && rest.p[0] == '.' && rest.p[1] != '\0' && strchr("xX*", rest.p[1]);
}

static struct composer
read(struct span text)
{
	struct composer version = {.stability = STABILITY_STABLE};
	struct span rest = bare(text);
	struct span first = rest;
	bool is_date = part_take(&first, ascii_is_digit).n > 5;

	for (size_t i = 0; i < sizeof(branches) / sizeof(branches[0]); i++) {
		if (part_skip_text(&rest, branches[i]))
			version.wrong = "a branch, which has no place in the order";
	}
	version.numbers = take_numbers(&rest, is_date ? ".-:" : ".", is_date ? SIZE_MAX : NUMBERS);
	if (version.numbers.n == 0 && !version.wrong)
		version.wrong = "does not start with a number";
	size_t places = count_numbers(version.numbers);
	while (places < NUMBERS && is_wild(rest)) {
		version.is_wild = true;
		rest = span_slice(rest, 2, rest.n);
		places++;
	}
	read_stability(&rest, &version);
	if ((rest.n > 0 || (version.is_wild && version.stability != STABILITY_DEV)) &&
	    !version.wrong)
		version.wrong = "nothing like Composer's";
	return version;
}

static int
compare_numbers(const struct composer *a, const struct composer *b)
{
	static const struct span highest = SPAN_INIT("9999999");
	struct span left_rest = a->numbers;
	struct span right_rest = b->numbers;

	for (size_t i = 0; i < NUMBERS || left_rest.n > 0 || right_rest.n > 0; i++) {
		struct span left = a->is_wild && left_rest.n == 0 && i < NUMBERS
					   ? highest
					   : next_number(&left_rest);
		struct span right = b->is_wild && right_rest.n == 0 && i < NUMBERS
					    ? highest
					    : next_number(&right_rest);
		int order = part_compare_numbers(left, right);

		if (order != 0)
			return order;
	}
	return 0;
}

/* Fewer are older. */
static int
compare_counts(struct span a, struct span b)
{
	while (a.n > 0 && b.n > 0) {
		int order = part_compare_numbers(next_number(&a), next_number(&b));

		if (order != 0)
			return order;
	}
	return part_compare_ints(a.n > 0, b.n > 0);
}

int
composer_order_compare(struct span a, struct span b)
{
	struct composer left = read(a);
	struct composer right = read(b);

	if (left.wrong || right.wrong)
		return left.wrong && right.wrong ? span_compare(a, b) : left.wrong ? -1 : 1;
	int order = compare_numbers(&left, &right);

	if (order == 0)
		order = part_compare_ints((int)left.stability, (int)right.stability);
	if (order == 0)
		order = compare_counts(left.counts, right.counts);
	return order ? order : part_compare_ints(right.is_dev, left.is_dev);
}

int
composer_order_check(struct span text, struct err *err)
{
	struct composer version = read(text);

	if (span_trim(text).n == 0)
		return err_set(err, ERR_INVALID, "the version is empty");
	return version.wrong ? err_set(err, ERR_INVALID, "version: %s", version.wrong) : 0;
}
