/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t
clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

int64_t
clock_now(void)
{
	const char *fixed = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds;

	if (fixed && span_to_u64(span_from(fixed), &seconds))
		return (int64_t)seconds;
	return (int64_t)time(NULL);
}

const char *
clock_format(int64_t seconds, char text[CLOCK_TEXT])
{
	time_t when = (time_t)seconds;
	struct tm tm = {0};

	if (!gmtime_r(&when, &tm) || strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		memcpy(text, "0000-00-00T00:00:00Z", CLOCK_TEXT);
	return text;
}

/* Takes `width` digits off the front. */
static bool
take_number(struct span *s, size_t width, int *ret)
{
	uint64_t value;

	if (s->n < width || !span_to_u64(span_slice(*s, 0, width), &value))
		return false;
	*s = span_slice(*s, width, s->n);
	*ret = (int)value;
	return true;
}

static bool
take_byte(struct span *s, char byte)
{
	if (s->n == 0 || s->p[0] != byte)
		return false;
	*s = span_slice(*s, 1, s->n);
	return true;
}

static bool
take_time(struct span *s, struct tm *tm)
{
	if (!take_number(s, 2, &tm->tm_hour) || !take_byte(s, ':') ||
	    !take_number(s, 2, &tm->tm_min) || !take_byte(s, ':') ||
	    !take_number(s, 2, &tm->tm_sec))
		return false;
	if (take_byte(s, '.')) {
		while (s->n && s->p[0] >= '0' && s->p[0] <= '9')
			*s = span_slice(*s, 1, s->n);
	}
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 61;
}

/* "Z", "+hh:mm" or "-hh:mm", in seconds east of UTC. */
static bool
take_zone(struct span *s, int *ret_east)
{
	int hours;
	int minutes;

	if (take_byte(s, 'Z') || take_byte(s, 'z')) {
		*ret_east = 0;
		return true;
	}
	int sign = take_byte(s, '+') ? 1 : take_byte(s, '-') ? -1 : 0;
	if (sign == 0 || !take_number(s, 2, &hours) || !take_byte(s, ':') ||
	    !take_number(s, 2, &minutes))
		return false;
	*ret_east = sign * (hours * 3600 + minutes * 60);
	return true;
}

int
clock_parse(struct span text, int64_t *ret, struct err *err)
{
	struct span s = text;
	struct tm tm = {0};
	int east = 0;
	bool good = take_number(&s, 4, &tm.tm_year) && take_byte(&s, '-') &&
		    take_number(&s, 2, &tm.tm_mon) && take_byte(&s, '-') &&
		    take_number(&s, 2, &tm.tm_mday) && tm.tm_mon >= 1 && tm.tm_mon <= 12 &&
		    tm.tm_mday >= 1 && tm.tm_mday <= 31;

	if (good && s.n > 0)
		good = (take_byte(&s, 'T') || take_byte(&s, 't') || take_byte(&s, ' ')) &&
		       take_time(&s, &tm) && take_zone(&s, &east) && s.n == 0;
	if (!good)
		return err_set(err, ERR_INVALID, "not a date or RFC 3339 time: \"%.*s\"",
			       text.n > 60 ? 60 : (int)text.n, text.n ? text.p : "");
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*ret = (int64_t)timegm(&tm) - east;
	return 0;
}

static const struct {
	struct span unit;
	uint64_t ms;
} units[] = {
	{SPAN_INIT("ms"), 1},	   {SPAN_INIT("s"), 1000},     {SPAN_INIT("m"), 60000},
	{SPAN_INIT("h"), 3600000}, {SPAN_INIT("d"), 86400000},
};

static size_t
digits_at(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

/* Takes one "12h" off the front and adds it. */
static bool
take_duration(struct span *s, uint64_t *total)
{
	size_t digits = digits_at(*s);
	uint64_t value;
	uint64_t part;

	if (!span_to_u64(span_slice(*s, 0, digits), &value))
		return false;
	*s = span_slice(*s, digits, s->n);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!span_starts_with(*s, units[i].unit))
			continue;
		*s = span_slice(*s, units[i].unit.n, s->n);
		return !__builtin_mul_overflow(value, units[i].ms, &part) &&
		       !__builtin_add_overflow(*total, part, total);
	}
	return false;
}

int
duration_parse(struct span text, uint64_t *ret_ms, struct err *err)
{
	struct span s = text;
	uint64_t total = 0;
	bool good = s.n > 0;

	while (good && s.n > 0)
		good = take_duration(&s, &total);
	if (!good)
		return err_set(err, ERR_INVALID,
			       "not a duration: \"%.*s\" (write 30s, 5m, 12h, 5d)",
			       text.n > 60 ? 60 : (int)text.n, text.n ? text.p : "");
	*ret_ms = total;
	return 0;
}

const char *
duration_format(uint64_t ms, char text[32])
{
	if (ms < 1000)
		(void)snprintf(text, 32, "%u ms", (unsigned)ms);
	else if (ms < 120000)
		(void)snprintf(text, 32, "%.1f s", (double)ms / 1000);
	else if (ms < 7200000)
		(void)snprintf(text, 32, "%u min %u s", (unsigned)(ms / 60000),
			       (unsigned)(ms / 1000 % 60));
	else if (ms < 172800000)
		(void)snprintf(text, 32, "%.1f hours", (double)ms / 3600000);
	else
		(void)snprintf(text, 32, "%.0f days", (double)ms / 86400000);
	return text;
}
