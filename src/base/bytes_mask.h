/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the next bytes are these: masks, the first byte in the lowest bit. By 16 bytes at once
 * where the processor has SSE2, which every x86-64 has; by eight elsewhere.
 */
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { MASK_BYTES = 64 };

#define MASK_ONES 0x0101010101010101ULL
#define MASK_TOPS 0x8080808080808080ULL

/* What a scanner of JSON looks for in MASK_BYTES bytes. */
struct json_masks {
	uint64_t quotes;
	uint64_t slashes;
	uint64_t opens;	 /* '{' and '[' */
	uint64_t closes; /* '}' and ']' */
};

static inline uint64_t
mask_word(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

/* The top bit of every byte of eight that is `byte`, and of no other. */
static inline uint64_t
mask_equal(uint64_t word, unsigned char byte)
{
	uint64_t other = word ^ (MASK_ONES * byte);

	return ~(((other & ~MASK_TOPS) + ~MASK_TOPS) | other) & MASK_TOPS;
}

/* Top bits of eight bytes to eight bits. */
static inline uint64_t
mask_gather(uint64_t tops)
{
	return (tops >> 7) * 0x0102040810204080ULL >> 56;
}

/* json_masks_of() for any processor. */
static inline struct json_masks
json_masks_by_words(const unsigned char p[MASK_BYTES])
{
	struct json_masks masks = {0, 0, 0, 0};

	for (size_t i = 0; i < MASK_BYTES; i += sizeof(uint64_t)) {
		uint64_t word = mask_word(p + i);
		uint64_t low = word | MASK_ONES * 0x20; /* '[' is '{', and ']' is '}' */

		masks.quotes |= mask_gather(mask_equal(word, '"')) << i;
		masks.slashes |= mask_gather(mask_equal(word, '\\')) << i;
		masks.opens |= mask_gather(mask_equal(low, '{')) << i;
		masks.closes |= mask_gather(mask_equal(low, '}')) << i;
	}
	return masks;
}

/*
 * A bit for each byte of eight that ends plain text in a string of JSON: '"', '\\', below 0x20,
 * from 0x80 on. Behind the lowest bit others may be set that should not.
 */
static inline uint64_t
json_odd_of_word(uint64_t word)
{
	uint64_t quote = word ^ (MASK_ONES * '"');
	uint64_t slash = word ^ (MASK_ONES * '\\');

	return ((word - MASK_ONES * 0x20) | (quote - MASK_ONES) | (slash - MASK_ONES) | word) &
	       MASK_TOPS;
}

#ifdef __SSE2__

static inline __m128i
mask_load(const unsigned char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline uint64_t
mask_same(__m128i bytes, char byte)
{
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte)));
}

static inline struct json_masks
json_masks_of(const unsigned char p[MASK_BYTES])
{
	struct json_masks masks = {0, 0, 0, 0};

	for (size_t i = 0; i < MASK_BYTES; i += sizeof(__m128i)) {
		__m128i bytes = mask_load(p + i);
		__m128i low = _mm_or_si128(bytes, _mm_set1_epi8(0x20));

		masks.quotes |= mask_same(bytes, '"') << i;
		masks.slashes |= mask_same(bytes, '\\') << i;
		masks.opens |= mask_same(low, '{') << i;
		masks.closes |= mask_same(low, '}') << i;
	}
	return masks;
}

/* Bytes that json_odd_bytes() looks at, and which of them are odd; all bits are right. */
enum { JSON_ODD_BYTES = sizeof(__m128i) };

static inline unsigned
json_odd_bytes(const unsigned char p[JSON_ODD_BYTES])
{
	__m128i bytes = mask_load(p);
	__m128i odd = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)); /* from 0x80 on: negative */

	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
	return (unsigned)_mm_movemask_epi8(odd);
}

static inline size_t
json_odd_first(unsigned odd)
{
	return (size_t)__builtin_ctz(odd);
}

#else

static inline struct json_masks
json_masks_of(const unsigned char p[MASK_BYTES])
{
	return json_masks_by_words(p);
}

enum { JSON_ODD_BYTES = sizeof(uint64_t) };

static inline uint64_t
json_odd_bytes(const unsigned char p[JSON_ODD_BYTES])
{
	return json_odd_of_word(mask_word(p));
}

static inline size_t
json_odd_first(uint64_t odd)
{
	return (size_t)__builtin_ctzll(odd) / 8;
}

#endif
