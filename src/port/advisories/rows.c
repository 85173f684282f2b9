/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/rows.h"

#include "base/limits.h"
#include "codec/feed.h"
#include "port/advisories/schema.h"

/* ---- to bytes; there is room for all of them ---- */

static void
put(struct buf *buf, const void *p, size_t n)
{
	if (n > 0)
		memcpy(buf->p + buf->n, p, n);
	buf->n += n;
	buf->p[buf->n] = '\0';
}

static void
put_byte(struct buf *buf, unsigned value)
{
	const char byte = (char)value;

	put(buf, &byte, 1);
}

static void
put_u32(struct buf *buf, uint32_t value)
{
	const unsigned char bytes[4] = {(unsigned char)value, (unsigned char)(value >> 8),
					(unsigned char)(value >> 16), (unsigned char)(value >> 24)};

	put(buf, bytes, sizeof(bytes));
}

static void
put_real(struct buf *buf, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	put_u32(buf, (uint32_t)bits);
	put_u32(buf, (uint32_t)(bits >> 32));
}

static void
put_text(struct buf *buf, struct span text)
{
	put_u32(buf, (uint32_t)text.n);
	put(buf, text.p, text.n);
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

static void
put_content(struct buf *buf, const struct advisory_row *row)
{
	const struct advisory *advisory = &row->advisory;
	const struct advisory_cve *cve = &row->cve;

	switch (row->table) {
	case ADVISORIES_OF_DISTRIBUTION:
		put_byte(buf, advisory->state);
		put_byte(buf, (advisory->no_dsa ? SCHEMA_NO_DSA : 0) |
				      (advisory->unimportant ? SCHEMA_UNIMPORTANT : 0));
		put_byte(buf, advisory->severity);
		put_real(buf, advisory->vector.n > 0 ? advisory->score : 0);
		put_text(buf, advisory->fixed);
		put_text(buf, advisory->urgency);
		put_text(buf, advisory->reason);
		put_text(buf, advisory->note);
		put_text(buf, advisory->affected);
		put_text(buf, advisory->vector);
		break;
	case ADVISORIES_SCORES:
		put_byte(buf, cve->severity);
		put_byte(buf, cve->primary);
		put_real(buf, cve->score);
		put_text(buf, cve->vector);
		put_text(buf, cve->source);
		break;
	case ADVISORIES_EPSS:
		put_real(buf, cve->epss);
		break;
	case ADVISORIES_EXPLOITED:
		break;
	}
}

int
row_put_content(const struct advisory_row *row, struct buf *buf, struct err *err)
{
	int r = buf_reserve(buf, room_for(row), err);

	if (r == 0)
		put_content(buf, row);
	return r;
}

int
row_put(const struct advisory_row *row, struct buf *buf, struct err *err)
{
	size_t start = buf->n;
	int r = buf_reserve(buf, room_for(row), err);

	if (r < 0)
		return r;
	put_u32(buf, 0);
	put_byte(buf, row->table);
	if (row->table == ADVISORIES_OF_DISTRIBUTION) {
		put_text(buf, row->release);
		put_text(buf, row->source);
	}
	put_text(buf, row->advisory.id);
	put_content(buf, row);
	uint32_t n = (uint32_t)(buf->n - start - 4);
	for (size_t i = 0; i < 4; i++)
		buf->p[start + i] = (char)(n >> (8 * i));
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
