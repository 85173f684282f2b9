/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/rows.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "codec/feed.h"
#include "port/advisories/schema.h"

#include <endian.h>

enum { LENGTH_BYTES = 5, LENGTH_BITS = 7, LENGTH_MORE = 0x80, SIZE_BYTES = 4, REAL_BYTES = 8 };

/* ---- to bytes; there is room for all of them ---- */

static inline char *
put_byte(char *to, unsigned value)
{
	*to = (char)value;
	return to + 1;
}

static inline char *
put_real(char *to, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	bytes_put((unsigned char *)to, bits, REAL_BYTES, false);
	return to + REAL_BYTES;
}

static inline char *
put_length(char *to, size_t n)
{
	for (; n >= LENGTH_MORE; n >>= LENGTH_BITS)
		to = put_byte(to, LENGTH_MORE | (unsigned)(n & (LENGTH_MORE - 1)));
	return put_byte(to, (unsigned)n);
}

static inline char *
put_text(char *to, struct span text)
{
	to = put_length(to, text.n);
	return text.n > 0 ? mempcpy(to, text.p, text.n) : to;
}

/* Ends the buffer where it is filled up to. */
static inline void
end_at(struct buf *buf, char *to)
{
	*to = '\0';
	buf->n = (size_t)(to - buf->p);
}

/* What a content takes at most. */
static size_t
room_for(const struct advisory_row *row)
{
	enum { NUMBERS = 64 };
	const struct advisory *advisory = &row->advisory;

	return NUMBERS + advisory->fixed.n + advisory->urgency.n + advisory->reason.n +
	       advisory->note.n + advisory->affected.n + advisory->vector.n + row->cve.vector.n +
	       row->cve.source.n;
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
row_put_text(struct span text, struct buf *buf, struct err *err)
{
	int r = buf_reserve(buf, LENGTH_BYTES + text.n, err);

	if (r == 0)
		end_at(buf, put_text(buf->p + buf->n, text));
	return r;
}

int
row_put_number(size_t number, struct buf *buf, struct err *err)
{
	int r = buf_reserve(buf, LENGTH_BYTES, err);

	if (r == 0)
		end_at(buf, put_length(buf->p + buf->n, number));
	return r;
}

/* The length of the content is not known before it is written: a long one is moved behind it. */
static char *
put_content_text(char *to, const struct advisory_row *row)
{
	char *start = to + 1;
	size_t n = (size_t)(put_content(start, row) - start);
	char length[LENGTH_BYTES];
	size_t length_n = (size_t)(put_length(length, n) - length);

	if (length_n > 1)
		memmove(to + length_n, start, n);
	memcpy(to, length, length_n);
	return to + length_n + n;
}

int
row_put(const struct advisory_row *row, const struct span *ids, size_t count, struct buf *buf,
	struct err *err)
{
	size_t room =
		SIZE_BYTES + 1 + 4 * LENGTH_BYTES + row->release.n + row->source.n + room_for(row);

	for (size_t i = 0; i < count; i++)
		room += LENGTH_BYTES + ids[i].n;
	int r = buf_reserve(buf, room, err);
	if (r < 0)
		return r;
	char *start = buf->p + buf->n;
	char *to = put_byte(start + SIZE_BYTES, row->table);
	if (row->table == ADVISORIES_OF_DISTRIBUTION) {
		to = put_text(to, row->release);
		to = put_text(to, row->source);
	}
	to = put_content_text(to, row);
	for (size_t i = 0; i < count; i++)
		to = put_text(to, ids[i]);
	bytes_put((unsigned char *)start, (uint64_t)(to - start - SIZE_BYTES), SIZE_BYTES, false);
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
	static const unsigned char zeroes[REAL_BYTES];
	const unsigned char *p = (const unsigned char *)parser->rest.p;

	if (parser->bad || parser->rest.n < n) {
		parser->bad = true;
		return zeroes;
	}
	parser->rest.p += n;
	parser->rest.n -= n;
	return p;
}

static double
get_real(struct parser *parser)
{
	uint64_t bits;
	double value;

	memcpy(&bits, get(parser, REAL_BYTES), sizeof(bits));
	bits = le64toh(bits);
	memcpy(&value, &bits, sizeof(value));
	parser->bad |= !(value >= -1 && value <= 10); /* no score or probability is beyond */
	return value;
}

bool
row_get_number(struct span *rest, size_t *ret)
{
	size_t n = 0;

	for (unsigned i = 0; i < LENGTH_BYTES && rest->n > 0; i++) {
		unsigned char byte = (unsigned char)*rest->p++;

		rest->n--;
		n |= (size_t)(byte & (LENGTH_MORE - 1)) << (i * LENGTH_BITS);
		if (byte < LENGTH_MORE) {
			*ret = n;
			return true;
		}
	}
	return false;
}

/* Nearly all are short. */
static inline bool
get_length(struct span *rest, size_t *ret)
{
	if (rest->n == 0 || (unsigned char)*rest->p >= LENGTH_MORE)
		return row_get_number(rest, ret);
	*ret = (unsigned char)*rest->p++;
	rest->n--;
	return true;
}

static inline bool
take_text(struct span *rest, struct span *ret)
{
	size_t n;

	if (!get_length(rest, &n) || n > rest->n)
		return false;
	*ret = (struct span){rest->p, n};
	rest->p += n;
	rest->n -= n;
	return true;
}

bool
row_get_text(struct span *rest, struct span *ret)
{
	return take_text(rest, ret);
}

/* The digest parts texts by control bytes. Most are empty. */
static inline struct span
get_text(struct parser *parser, size_t max)
{
	struct span text = SPAN("");

	if (parser->bad || !take_text(&parser->rest, &text) ||
	    (text.n > 0 && !feed_is_text(text, max))) {
		parser->bad = true;
		return SPAN("");
	}
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

static int
malformed(struct err *err)
{
	return err_set(err, ERR_INVALID, "malformed row of advisories");
}

int
row_get_content(struct span content, struct advisory_row *row, struct err *err)
{
	struct parser parser = {.rest = content};

	get_content(&parser, row);
	return parser.bad || parser.rest.n > 0 ? malformed(err) : 0;
}

bool
row_next_id(struct span *ids, struct span *ret)
{
	return ids->n > 0 && row_get_text(ids, ret);
}

static bool
are_ids(struct span ids)
{
	struct parser parser = {.rest = ids, .bad = ids.n == 0};

	while (!parser.bad && parser.rest.n > 0)
		parser.bad = get_text(&parser, FEED_NAME_MAX).n == 0;
	return !parser.bad;
}

int
row_next(struct span *rest, struct advisory_row *ret, struct err *err)
{
	struct advisory_row row = {0};

	if (rest->n == 0)
		return 0;
	size_t n =
		rest->n < SIZE_BYTES ? SIZE_MAX : (size_t)bytes_number(rest->p, SIZE_BYTES, false);
	if (n > ADVISORY_ROW_MAX || n > rest->n - SIZE_BYTES)
		return malformed(err);
	struct parser parser = {.rest = {rest->p + SIZE_BYTES, n}};
	unsigned kind = *get(&parser, 1);
	if (kind > ADVISORIES_EXPLOITED)
		return malformed(err);
	row.table = (enum advisories_table)kind;
	if (row.table == ADVISORIES_OF_DISTRIBUTION) {
		row.release = get_text(&parser, FEED_NAME_MAX);
		row.source = get_text(&parser, ADVISORY_TEXT_MAX);
	}
	if (parser.bad || !row_get_text(&parser.rest, &row.content) ||
	    row_get_content(row.content, &row, err) < 0 || !are_ids(parser.rest))
		return malformed(err);
	row.ids = parser.rest;
	*rest = span_slice(*rest, SIZE_BYTES + n, rest->n);
	*ret = row;
	return 1;
}
