/* SPDX-License-Identifier: Apache-2.0 */
/* Time: milliseconds on a steady clock, and RFC 3339 UTC for what is written down. */
#pragma once

#include "base/err.h"
#include "base/span.h"

enum { CLOCK_TEXT = 21 }; /* "2026-11-23T04:00:00Z" + NUL */

/* Steady, from an unspecified start. */
uint64_t clock_ms(void);

/* Seconds since 1970; $SOURCE_DATE_EPOCH when it is set (reproducible-builds.org). */
int64_t clock_now(void);

const char *clock_format(int64_t seconds, char text[CLOCK_TEXT]);

/* RFC 3339 with `Z` or an offset, fraction ignored; also a plain date. */
int clock_parse(struct span text, int64_t *ret, struct err *err);

/* "30s", "5m", "12h", "5d", "250ms", and sums of them ("1h30m"), to milliseconds. ERR_INVALID. */
int duration_parse(struct span text, uint64_t *ret_ms, struct err *err);

/* "850 ms", "12.3 s", "4 min 10 s", "3 days": for people. */
const char *duration_format(uint64_t ms, char text[32]);
