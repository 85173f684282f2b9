/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/printable.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <stdlib.h>

/* Code points that must not reach a terminal. */
static const struct {
	uint32_t low;
	uint32_t high;
} refused[] = {
	{0x00, 0x1f},	  {0x7f, 0x9f},	    {0x061c, 0x061c}, {0x200e, 0x200f},
	{0x2028, 0x202e}, {0x2066, 0x2069}, {0xd800, 0xdfff}, {0x110000, UINT32_MAX},
};

/* RFC 3629: the least code point that a sequence of n bytes may state. */
static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

static size_t
sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	return first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

static bool
is_refused(uint32_t code)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (code >= refused[i].low && code <= refused[i].high)
			return true;
	}
	return false;
}

size_t
printable_next(struct span text, uint32_t *ret_shown, uint32_t *ret_code)
{
	unsigned char first = (unsigned char)text.p[0];
	size_t n = sequence_length(first);
	uint32_t code = n == 1 ? first : first & (0x7fU >> n);

	*ret_shown = '?';
	*ret_code = '?';
	if (n == 0 || n > text.n)
		return 1;
	for (size_t i = 1; i < n; i++) {
		unsigned char byte = (unsigned char)text.p[i];

		if ((byte & 0xc0) != 0x80)
			return 1;
		code = code << 6 | (byte & 0x3fU);
	}
	if (code < least[n])
		return 1;
	*ret_code = code;
	if (code == '\n' || code == '\t')
		*ret_shown = ' ';
	else if (!is_refused(code))
		*ret_shown = code;
	return n;
}

void
printable_put(FILE *to, struct span text)
{
	while (text.n > 0) {
		uint32_t shown;
		uint32_t code;
		size_t n = printable_next(text, &shown, &code);

		if (shown == '?' || shown == ' ')
			(void)fputc((int)shown, to);
		else
			(void)fwrite(text.p, 1, n, to);
		text = span_slice(text, n, text.n);
	}
}

void
printable_line(FILE *to, const char *format, ...)
{
	CLEANUP(free_cleanup) char *line = NULL;
	va_list args;

	va_start(args, format);
	int n = vasprintf(&line, format, args);
	va_end(args);
	if (n < 0) {
		line = NULL;
		(void)fputs("out of memory", to);
	} else {
		printable_put(to, (struct span){line, (size_t)n});
	}
	(void)fputc('\n', to);
}
