/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/range_text/numbers.h"

#include "base/buf.h"
#include "base/limits.h"

#include <inttypes.h>

static bool
is_one_of(char c, const char *bytes)
{
	return c != '\0' && strchr(bytes, c);
}

static struct span
take_digits(struct span *rest)
{
	size_t n = 0;

	while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
		n++;
	struct span digits = span_slice(*rest, 0, n);
	*rest = span_slice(*rest, n, rest->n);
	return digits;
}

struct range_numbers
range_numbers_read(struct span version, const struct range_grammar *grammar)
{
	struct range_numbers numbers = {.is_whole = true};
	struct span rest = version;
	size_t mark = span_find(version, '!');

	if (mark < version.n) {
		numbers.epoch = span_slice(version, 0, mark + 1);
		rest = span_slice(version, mark + 1, version.n);
	} else if (rest.n > 0 && is_one_of(rest.p[0], "vV")) {
		rest = span_slice(rest, 1, rest.n);
	}
	while (numbers.count < RANGE_NUMBERS) {
		struct span part = rest;
		struct span digits;

		if (numbers.count > 0) {
			if (part.n == 0 || part.p[0] != '.')
				break;
			part = span_slice(part, 1, part.n);
		}
		if (part.n > 0 && is_one_of(part.p[0], grammar->wild)) {
			numbers.is_wild = true;
			rest = span_slice(part, 1, part.n);
			break;
		}
		digits = take_digits(&part);
		if (digits.n == 0)
			break;
		numbers.numbers[numbers.count++] = digits;
		rest = part;
	}
	/* "1.x.x" */
	while (numbers.is_wild && rest.n > 1 && rest.p[0] == '.' &&
	       is_one_of(rest.p[1], grammar->wild))
		rest = span_slice(rest, 2, rest.n);
	numbers.is_whole = rest.n == 0;
	return numbers;
}

int
range_numbers_write(const struct range_numbers *numbers, size_t count, uint64_t more,
		    const struct range_grammar *grammar, const char *suffix, struct arena *arena,
		    struct span *ret, struct err *err)
{
	struct buf text = BUF_INIT(FEED_VERSION_MAX);
	uint64_t last = 0;
	int r = buf_append(&text, numbers->epoch, err);

	for (size_t i = 0; r == 0 && i + 1 < count; i++)
		r = buf_printf(&text, err, "%.*s.", SPAN_ARG(numbers->numbers[i]));
	if (r == 0 && count > 0 && more == 0)
		r = buf_append(&text, numbers->numbers[count - 1], err);
	if (r == 0 && (count == 0 || more > 0)) {
		if (count > 0 &&
		    (!span_to_u64(numbers->numbers[count - 1], &last) || last > UINT64_MAX - more))
			r = err_set(err, ERR_INVALID, "a number is too big");
		else
			r = buf_printf(&text, err, "%" PRIu64, last + more);
	}
	for (size_t i = count ? count : 1; r == 0 && i < grammar->numbers; i++)
		r = buf_append(&text, SPAN(".0"), err);
	if (r == 0)
		r = buf_append(&text, span_from(suffix), err);
	if (r == 0) {
		struct span made = arena_copy(arena, buf_span(&text));

		if (made.p)
			*ret = made;
		else
			r = err_memory(err);
	}
	buf_cleanup(&text);
	return r;
}
