/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in bytes of either order, at any address. The caller has seen that the bytes are there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number that `n` bytes hold, at most 8. */
static inline uint64_t
bytes_number(const void *p, size_t n, bool big)
{
	const uint8_t *b = (const uint8_t *)p;
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | b[big ? i : n - 1 - i];
	return value;
}

static inline uint16_t
bytes_u16(const void *p, bool big)
{
	return (uint16_t)bytes_number(p, 2, big);
}

static inline uint32_t
bytes_u32(const void *p, bool big)
{
	return (uint32_t)bytes_number(p, 4, big);
}

static inline uint64_t
bytes_u64(const void *p, bool big)
{
	return bytes_number(p, 8, big);
}

/* The low `n` bytes of a number. */
static inline void
bytes_put(void *p, uint64_t value, size_t n, bool big)
{
	uint8_t *b = (uint8_t *)p;

	for (size_t i = 0; i < n; i++)
		b[big ? n - 1 - i : i] = (uint8_t)(value >> (8 * i));
}

static inline void
bytes_put_u16(void *p, uint64_t value, bool big)
{
	bytes_put(p, value, 2, big);
}

static inline void
bytes_put_u32(void *p, uint64_t value, bool big)
{
	bytes_put(p, value, 4, big);
}
