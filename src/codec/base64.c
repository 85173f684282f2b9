/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/base64.h"

/* and the padding */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
enum { PADDING = 64 };

/* One more than the value; 0: not in either alphabet. */
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a designator is not an expression */
#define V(letter, value) [letter] = (value) + 1
static const uint8_t values[256] = {
	V('A', 0),  V('B', 1),	V('C', 2),  V('D', 3),	V('E', 4),  V('F', 5),	V('G', 6),
	V('H', 7),  V('I', 8),	V('J', 9),  V('K', 10), V('L', 11), V('M', 12), V('N', 13),
	V('O', 14), V('P', 15), V('Q', 16), V('R', 17), V('S', 18), V('T', 19), V('U', 20),
	V('V', 21), V('W', 22), V('X', 23), V('Y', 24), V('Z', 25), V('a', 26), V('b', 27),
	V('c', 28), V('d', 29), V('e', 30), V('f', 31), V('g', 32), V('h', 33), V('i', 34),
	V('j', 35), V('k', 36), V('l', 37), V('m', 38), V('n', 39), V('o', 40), V('p', 41),
	V('q', 42), V('r', 43), V('s', 44), V('t', 45), V('u', 46), V('v', 47), V('w', 48),
	V('x', 49), V('y', 50), V('z', 51), V('0', 52), V('1', 53), V('2', 54), V('3', 55),
	V('4', 56), V('5', 57), V('6', 58), V('7', 59), V('8', 60), V('9', 61), V('+', 62),
	V('/', 63), V('-', 62), V('_', 63),
};
#undef V

/* Takes the padding off. */
static int
strip_padding(struct span *text, struct err *err)
{
	size_t padding = 0;

	while (padding < 2 && padding < text->n && text->p[text->n - 1 - padding] == '=')
		padding++;
	if (padding > 0 && text->n % 4 != 0)
		return err_set(err, ERR_INVALID, "base64 with the wrong padding");
	text->n -= padding;
	if (text->n % 4 == 1)
		return err_set(err, ERR_INVALID, "base64 that is cut short");
	return 0;
}

int
base64_decode(struct span text, struct arena *arena, struct span *ret, struct err *err)
{
	int r = strip_padding(&text, err);

	if (r < 0)
		return r;
	size_t size = text.n / 4 * 3 + (text.n % 4 ? text.n % 4 - 1 : 0);
	unsigned char *to = arena_alloc(arena, size + 1);
	if (!to)
		return err_memory(err);

	uint32_t bits = 0;
	unsigned held = 0;
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		unsigned value = values[(unsigned char)text.p[i]];

		if (value == 0)
			return err_set(err, ERR_INVALID, "byte %zu is not base64", i);
		bits = bits << 6 | (value - 1);
		held += 6;
		if (held >= 8) {
			held -= 8;
			to[n++] = (unsigned char)(bits >> held);
		}
	}
	if (bits & ((1U << held) - 1))
		return err_set(err, ERR_INVALID, "base64 with bits left over");
	*ret = (struct span){(char *)to, n};
	return 0;
}

int
base64_encode(struct span bytes, struct arena *arena, struct span *ret, struct err *err)
{
	if (bytes.n > SIZE_MAX / 2)
		return err_memory(err);
	size_t size = (bytes.n + 2) / 3 * 4;
	char *to = arena_alloc(arena, size + 1);
	const unsigned char *from = (const unsigned char *)bytes.p;

	if (!to)
		return err_memory(err);
	for (size_t i = 0, n = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i;
		uint32_t bits = (uint32_t)from[i] << 16;

		if (left > 1)
			bits |= (uint32_t)from[i + 1] << 8;
		if (left > 2)
			bits |= from[i + 2];
		to[n++] = alphabet[bits >> 18];
		to[n++] = alphabet[bits >> 12 & 63];
		to[n++] = alphabet[left > 1 ? bits >> 6 & 63 : PADDING];
		to[n++] = alphabet[left > 2 ? bits & 63 : PADDING];
	}
	*ret = (struct span){to, size};
	return 0;
}
