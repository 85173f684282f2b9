/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/version_order/labels.h"

#include "codec/version_order/parts.h"

static bool
is_label(char c)
{
	return part_is_alnum(c) || c == '-';
}

/* What is wrong with them, or NULL. */
static const char *
check_labels(struct span labels)
{
	do {
		if (part_take(&labels, is_label).n == 0)
			return labels.n == 0 || labels.p[0] == '.' ? "a label is empty"
								   : "invalid character in a label";
	} while (part_skip(&labels, "."));
	return labels.n > 0 ? "invalid character in a label" : NULL;
}

struct labelled
labels_read(struct span text, size_t most, bool ignores_case)
{
	struct labelled version = {.ignores_case = ignores_case};
	struct span rest = text;
	size_t count = 0;

	do {
		if (part_take(&rest, ascii_is_digit).n == 0)
			version.wrong =
				count ? "a number is missing" : "does not start with a number";
		count++;
	} while (!version.wrong && part_skip(&rest, "."));
	if (most > 0 && count > most)
		version.wrong = "too many numbers";
	version.numbers = span_slice(text, 0, text.n - rest.n);
	version.loose = rest.n > 0 && ascii_is_letter(rest.p[0]);
	if (version.loose || part_skip(&rest, "-")) {
		version.is_labelled = true;
		version.labels = span_slice(rest, 0, span_find(rest, '+'));
		rest = span_slice(rest, version.labels.n, rest.n);
		if (!version.wrong)
			version.wrong = check_labels(version.labels);
	}
	if (rest.n > 0 && rest.p[0] != '+' && !version.wrong)
		version.wrong = "invalid character";
	return version;
}

/* The next label. */
static struct span
take_label(const struct labelled *version, struct span *rest)
{
	struct span label;

	if (!version->splits) {
		label = part_take(rest, is_label);
	} else {
		label = part_take(rest, ascii_is_letter);
		if (label.n == 0)
			label = part_take(rest, ascii_is_digit);
		if (label.n == 0)
			label = part_take(rest, is_label);
	}
	(void)part_skip(rest, ".");
	return label;
}

/* Numbers are older than words, fewer labels than more. */
static int
compare_labels(const struct labelled *a, const struct labelled *b)
{
	struct span left_rest = a->labels;
	struct span right_rest = b->labels;
	int order = 0;

	while (order == 0 && left_rest.n > 0 && right_rest.n > 0) {
		struct span left = take_label(a, &left_rest);
		struct span right = take_label(b, &right_rest);
		bool number = part_is_number(left);

		order = part_compare_ints(part_is_number(right), number);
		if (order == 0 && number)
			order = part_compare_numbers(left, right);
		else if (order == 0)
			order = a->ignores_case ? part_compare_nocase(left, right)
						: span_compare(left, right);
	}
	return order ? order : part_compare_ints(left_rest.n > 0, right_rest.n > 0);
}

int
labels_compare(const struct labelled *a, struct span a_text, const struct labelled *b,
	       struct span b_text)
{
	if (a->wrong || b->wrong)
		return a->wrong && b->wrong ? span_compare(a_text, b_text) : a->wrong ? -1 : 1;
	int order = part_compare_dotted(a->numbers, b->numbers);

	if (order == 0)
		order = part_compare_ints(b->is_labelled, a->is_labelled);
	return order ? order : compare_labels(a, b);
}
