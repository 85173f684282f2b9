/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/rows.h"

#include "base/limits.h"
#include "codec/feed.h"
#include "port/advisories/schema.h"

#include <endian.h>

/* ---- to bytes; there is room for all of them ---- */

static inline char *
put_byte(char *to, unsigned value)
{
	*to = (char)value;
	return to + 1;
}

static inline char *
put_u32(char *to, uint32_t value)
{
	value = htole32(value);
	memcpy(to, &value, sizeof(value));
	return to + sizeof(value);
}

static inline char *
put_real(char *to, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	to = put_u32(to, (uint32_t)bits);
	return put_u32(to, (uint32_t)(bits >> 32));
}

static inline char *
put_text(char *to, struct span text)
{
	to = put_u32(to, (uint32_t)text.n);
	return text.n > 0 ? mempcpy(to, text.p, text.n) : to;
}

/* Ends the buffer where it is filled up to. */
static inline void
end_at(struct buf *buf, char *to)
{
	*to = '\0';
	buf->n = (size_t)(to - buf->p);
}

/* What a row takes at most. */
static size_t
room_for(const struct advisory_row *row)
{
	enum { NUMBERS = 64 };
	const struct advisory *advisory = &row->advisory;

	return NUMBERS + row->release.n + row->source.n + advisory->id.n + advisory->fixed.n +
	       advisory->urgency.n + advisory->reason.n + advisory->note.n + advisory->affected.n +
	       advisory->vector.n + row->cve.vector.n + row->cve.source.n;
}

static char *
put_content(char *to, const struct advisory_row *row)
{
	const struct advisory *advisory = &row->advisory;
	const struct advisory_cve *cve = &row->cve;

	switch (row->table) {
	case ADVISORIES_OF_DISTRIBUTION:
		to = put_byte(to, advisory->state);
		to = put_byte(to, (advisory->no_dsa ? SCHEMA_NO_DSA : 0) |
					  (advisory->unimportant ? SCHEMA_UNIMPORTANT : 0));
		to = put_byte(to, advisory->severity);
		to = put_real(to, advisory->vector.n > 0 ? advisory->score : 0);
		to = put_text(to, advisory->fixed);
		to = put_text(to, advisory->urgency);
		to = put_text(to, advisory->reason);
		to = put_text(to, advisory->note);
		to = put_text(to, advisory->affected);
		to = put_text(to, advisory->vector);
		break;
	case ADVISORIES_SCORES:
		to = put_byte(to, cve->severity);
		to = put_byte(to, cve->primary);
		to = put_real(to, cve->score);
		to = put_text(to, cve->vector);
		to = put_text(to, cve->source);
		break;
	case ADVISORIES_EPSS:
		to = put_real(to, cve->epss);
		break;
	case ADVISORIES_EXPLOITED:
		break;
	}
	return to;
}

int
row_put_content(const struct advisory_row *row, struct buf *buf, struct err *err)
{
	int r = buf_reserve(buf, room_for(row), err);

	if (r == 0)
		end_at(buf, put_content(buf->p + buf->n, row));
	return r;
}

int
row_put(const struct advisory_row *row, struct buf *buf, struct err *err)
{
	int r = buf_reserve(buf, room_for(row), err);

	if (r < 0)
		return r;
	char *start = buf->p + buf->n;
	char *to = put_byte(start + 4, row->table);
	if (row->table == ADVISORIES_OF_DISTRIBUTION) {
		to = put_text(to, row->release);
		to = put_text(to, row->source);
	}
	to = put_text(to, row->advisory.id);
	to = put_content(to, row);
	(void)put_u32(start, (uint32_t)(to - start - 4));
	end_at(buf, to);
	return 0;
}

/* ---- from bytes; what is not there is zero, and `bad` says so ---- */

struct parser {
	struct span rest;
	bool bad;
};

static const unsigned char *
get(struct parser *parser, size_t n)
{
	static const unsigned char zeroes[8];
	const unsigned char *p = (const unsigned char *)parser->rest.p;

	if (parser->bad || parser->rest.n < n) {
		parser->bad = true;
		return zeroes;
	}
	parser->rest = span_slice(parser->rest, n, parser->rest.n);
	return p;
}

static uint32_t
get_u32(struct parser *parser)
{
	const unsigned char *p = get(parser, 4);

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static double
get_real(struct parser *parser)
{
	uint64_t bits = get_u32(parser);
	double value;

	bits |= (uint64_t)get_u32(parser) << 32;
	memcpy(&value, &bits, sizeof(value));
	parser->bad |= !(value >= -1 && value <= 10); /* no score or probability is beyond */
	return value;
}

/* The digest parts texts by control bytes. */
static struct span
get_text(struct parser *parser, size_t max)
{
	size_t n = get_u32(parser);

	if (parser->bad || n > parser->rest.n || n > max)
		parser->bad = true;
	struct span text = {parser->rest.p, parser->bad ? 0 : n};
	parser->bad |= !feed_is_text(text, max);
	if (parser->bad)
		return SPAN("");
	parser->rest = span_slice(parser->rest, n, parser->rest.n);
	return text;
}

static void
get_advisory(struct parser *parser, struct advisory *advisory)
{
	const unsigned char *bytes = get(parser, 3);

	parser->bad |= bytes[0] >= ADVISORY_STATES || bytes[2] >= SEVERITIES;
	advisory->state = (enum advisory_state)bytes[0];
	advisory->no_dsa = bytes[1] & SCHEMA_NO_DSA;
	advisory->unimportant = bytes[1] & SCHEMA_UNIMPORTANT;
	advisory->severity = (enum severity)bytes[2];
	advisory->score = get_real(parser);
	advisory->fixed = get_text(parser, ADVISORY_TEXT_MAX);
	advisory->urgency = get_text(parser, ADVISORY_TEXT_MAX);
	advisory->reason = get_text(parser, ADVISORY_TEXT_MAX);
	advisory->note = get_text(parser, ADVISORY_TEXT_MAX);
	advisory->affected = get_text(parser, ADVISORY_ROW_MAX);
	advisory->vector = get_text(parser, ADVISORY_TEXT_MAX);
}

static void
get_content(struct parser *parser, struct advisory_row *row)
{
	struct advisory_cve *cve = &row->cve;
	const unsigned char *bytes;

	switch (row->table) {
	case ADVISORIES_OF_DISTRIBUTION:
		get_advisory(parser, &row->advisory);
		break;
	case ADVISORIES_SCORES:
		bytes = get(parser, 2);
		parser->bad |= bytes[0] >= SEVERITIES;
		cve->severity = (enum severity)bytes[0];
		cve->primary = bytes[1] != 0;
		cve->score = get_real(parser);
		cve->vector = get_text(parser, ADVISORY_TEXT_MAX);
		cve->source = get_text(parser, ADVISORY_TEXT_MAX);
		parser->bad |= cve->source.n == 0;
		break;
	case ADVISORIES_EPSS:
		cve->epss = get_real(parser);
		break;
	case ADVISORIES_EXPLOITED:
		break;
	}
}

int
row_get_content(struct span content, struct advisory_row *row, struct err *err)
{
	struct parser parser = {.rest = content};

	get_content(&parser, row);
	return parser.bad || parser.rest.n > 0
		       ? err_set(err, ERR_INVALID, "malformed row of advisories")
		       : 0;
}

int
row_next(struct span *rest, struct advisory_row *ret, struct err *err)
{
	struct advisory_row row = {0};
	struct parser outer = {.rest = *rest};

	if (rest->n == 0)
		return 0;
	size_t n = get_u32(&outer);
	struct parser parser = {.rest = {outer.rest.p, n},
				.bad = outer.bad || n > outer.rest.n || n > ADVISORY_ROW_MAX};
	unsigned kind = *get(&parser, 1);
	parser.bad |= kind > ADVISORIES_EXPLOITED;
	row.table = (enum advisories_table)kind;
	if (row.table == ADVISORIES_OF_DISTRIBUTION) {
		row.release = get_text(&parser, FEED_NAME_MAX);
		row.source = get_text(&parser, ADVISORY_TEXT_MAX);
	}
	row.advisory.id = get_text(&parser, FEED_NAME_MAX);
	row.content = parser.rest;
	if (!parser.bad)
		get_content(&parser, &row);
	if (parser.bad || parser.rest.n > 0 || row.advisory.id.n == 0)
		return err_set(err, ERR_INVALID, "malformed row of advisories");
	*rest = span_slice(outer.rest, n, outer.rest.n);
	*ret = row;
	return 1;
}
