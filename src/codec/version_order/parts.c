/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/version_order/parts.h"

bool
part_skip(struct span *rest, const char *bytes)
{
	if (rest->n == 0 || rest->p[0] == '\0' || !strchr(bytes, rest->p[0]))
		return false;
	*rest = span_slice(*rest, 1, rest->n);
	return true;
}

bool
part_skip_text(struct span *rest, struct span text)
{
	if (rest->n < text.n || !span_equal_nocase(span_slice(*rest, 0, text.n), text))
		return false;
	*rest = span_slice(*rest, text.n, rest->n);
	return true;
}

bool
part_is_number(struct span s)
{
	struct span rest = s;

	(void)part_take(&rest, ascii_is_digit);
	return s.n > 0 && rest.n == 0;
}

static struct span
without_zeroes(struct span digits)
{
	size_t n = 0;

	while (n < digits.n && digits.p[n] == '0')
		n++;
	return span_slice(digits, n, digits.n);
}

bool
part_is_zero(struct span digits)
{
	return without_zeroes(digits).n == 0;
}

int
part_compare_numbers(struct span a, struct span b)
{
	struct span left = without_zeroes(a);
	struct span right = without_zeroes(b);

	if (left.n != right.n)
		return left.n < right.n ? -1 : 1;
	return span_compare(left, right);
}

int
part_compare_dotted(struct span a, struct span b)
{
	while (a.p || b.p) {
		struct span left = a.p ? span_cut(&a, '.') : SPAN("");
		struct span right = b.p ? span_cut(&b, '.') : SPAN("");
		int order = part_compare_numbers(left, right);

		if (order != 0)
			return order;
	}
	return 0;
}

int
part_compare_nocase(struct span a, struct span b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		int order = (unsigned char)ascii_lower(a.p[i]) - (unsigned char)ascii_lower(b.p[i]);

		if (order != 0)
			return order;
	}
	return (a.n > b.n) - (a.n < b.n);
}

int
part_check_text(struct span text, struct err *err)
{
	if (text.n == 0)
		return err_set(err, ERR_INVALID, "the version is empty");
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return err_set(err, ERR_INVALID,
				       "version: its byte %zu is nothing a version has", i + 1);
	}
	return 0;
}
