/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/text.h"

size_t
text_length(const char *p)
{
	size_t n = 0;

	while (p[n] != '\0')
		n++;
	return n;
}

struct text
text_from(const char *p)
{
	return (struct text){p, p ? text_length(p) : 0};
}

bool
text_same(struct text a, struct text b)
{
	return a.n == b.n && text_starts(a, b);
}

bool
text_starts(struct text a, struct text with)
{
	if (a.n < with.n)
		return false;
	for (size_t i = 0; i < with.n; i++) {
		if (a.p[i] != with.p[i])
			return false;
	}
	return true;
}

void
text_copy(char *to, const char *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = from[i];
}

void *
region_take(struct region *region, size_t count, size_t size)
{
	size_t at = (region->used + 15) & ~(size_t)15;
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || at > region->n || bytes > region->n - at)
		return NULL;
	region->used = at + bytes;
	for (size_t i = 0; i < bytes; i++)
		region->p[at + i] = 0;
	return region->p + at;
}

/* Bytes that could drive a terminal are shown as '?'. */
void
refusal_add(struct refusal *refusal, struct text text)
{
	for (size_t i = 0; i < text.n && refusal->n + 1 < sizeof(refusal->text); i++) {
		unsigned char byte = (unsigned char)text.p[i];

		refusal->text[refusal->n] = '?';
		if (byte >= ' ' && byte != 127)
			refusal->text[refusal->n] = text.p[i];
		refusal->n++;
	}
	refusal->text[refusal->n] = '\0';
}

bool
refuse(struct refusal *refusal, const char *a, struct text b, const char *c)
{
	refusal->n = 0;
	refusal_add(refusal, text_from(a));
	refusal_add(refusal, b);
	refusal_add(refusal, text_from(c));
	return false;
}

struct text
text_number(unsigned long number, char room[24])
{
	size_t at = 24;

	do
		room[--at] = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	return (struct text){room + at, 24 - at};
}

bool
refuse_number(struct refusal *refusal, const char *a, struct text b, const char *c, long number)
{
	char digits[24];

	(void)refuse(refusal, a, b, c);
	refusal_add(refusal,
		    text_number(number < 0 ? 0UL - (unsigned long)number : (unsigned long)number,
				digits));
	return false;
}
