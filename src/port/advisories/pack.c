/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/pack.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "port/advisories/rows.h"

static int
damaged(struct err *err)
{
	return err_set(err, ERR_INVALID,
		       "the advisory database is damaged (rows of a package); make it anew with "
		       "mohs db update");
}

int
pack_walk_start(struct pack_walk *walk, struct span pack, struct err *err)
{
	if (pack.n < PACK_HEAD || (unsigned char)pack.p[0] > PACK_CONTESTED)
		return damaged(err);
	walk->contested = pack.p[0] == PACK_CONTESTED;
	walk->rest = span_slice(pack, PACK_HEAD, pack.n);
	walk->contents.count = 0;
	return 0;
}

void
pack_walk_cleanup(struct pack_walk *walk)
{
	vec_free(&walk->contents);
}

int
pack_next(struct pack_walk *walk, struct pack_row *ret, struct err *err)
{
	size_t place;

	if (walk->rest.n == 0)
		return 0;
	if (!row_get_text(&walk->rest, &ret->id) || !row_get_number(&walk->rest, &place))
		return damaged(err);
	if (place > 0) {
		if (place > walk->contents.count)
			return damaged(err);
		ret->place = place - 1;
		ret->content = walk->contents.items[ret->place];
		return 1;
	}
	if (!row_get_text(&walk->rest, &ret->content))
		return damaged(err);
	ret->place = walk->contents.count;
	int r = vec_push(&walk->contents, &ret->content, ADVISORIES_MAX, err);
	return r < 0 ? r : 1;
}

/* The next row; its content where it stands there, and `place` as it is written. */
static bool
take_row(struct span *rest, struct span *ret_id, size_t *ret_place, struct span *ret_content)
{
	return row_get_text(rest, ret_id) && row_get_number(rest, ret_place) &&
	       (*ret_place > 0 || row_get_text(rest, ret_content));
}

/* The nth content of the rows, from 1. */
static int
find_content(struct span rest, size_t n, struct span *ret, struct err *err)
{
	struct span id;
	size_t place;

	while (rest.n > 0) {
		if (!take_row(&rest, &id, &place, ret))
			break;
		if (place == 0 && --n == 0)
			return 0;
	}
	return damaged(err);
}

int
pack_find(struct span pack, struct span id, struct span *ret, bool *ret_found, struct err *err)
{
	struct span rest = pack.n > 0 ? span_slice(pack, PACK_HEAD, pack.n) : pack;
	const struct span rows = rest;

	*ret_found = false;
	while (rest.n > 0) {
		struct span other;
		size_t place;

		if (!take_row(&rest, &other, &place, ret))
			return damaged(err);
		if (!span_equal(other, id))
			continue;
		*ret_found = true;
		return place > 0 ? find_content(rows, place, ret, err) : 0;
	}
	return 0;
}

int
pack_count(struct pack_walk *walk, uint64_t *ret, struct err *err)
{
	struct pack_row row;
	uint64_t count = 0;
	int r;

	while ((r = pack_next(walk, &row, err)) > 0)
		count++;
	if (r == 0)
		*ret += count;
	return r;
}

int
pack_start(struct pack_writer *writer, struct err *err)
{
	writer->packs++;
	writer->contents = 0;
	writer->bytes.n = 0;
	return buf_byte(&writer->bytes, '\0', err);
}

/* Of eight bytes at once; who aims at it makes a pack longer and nothing worse. */
static size_t
hash(struct span content)
{
	const uint64_t factor = 0x9e3779b97f4a7c15ULL;
	uint64_t value = content.n * factor;
	size_t at = 0;

	for (; content.n - at >= 8; at += 8) {
		uint64_t word;

		memcpy(&word, content.p + at, sizeof(word));
		value = ((value ^ word) * factor) ^ (value >> 32);
	}
	value = (value ^ bytes_number(content.p + at, content.n - at, false)) * factor;
	return (size_t)(value >> 32) % PACK_KNOWN;
}

int
pack_put(struct pack_writer *writer, struct span id, struct span content, struct err *err)
{
	struct pack_known *known = &writer->known[hash(content)];
	struct buf *bytes = &writer->bytes;
	int r = row_put_text(id, bytes, err);

	if (r < 0)
		return r;
	if (known->pack == writer->packs &&
	    span_equal((struct span){bytes->p + known->at, known->n}, content))
		return row_put_number(known->place + 1, bytes, err);
	r = row_put_number(0, bytes, err);
	if (r == 0)
		r = row_put_text(content, bytes, err);
	if (r == 0)
		*known = (struct pack_known){.pack = writer->packs,
					     .n = (uint32_t)content.n,
					     .at = bytes->n - content.n,
					     .place = writer->contents++};
	return r;
}

struct span
pack_end(struct pack_writer *writer, bool contested)
{
	if (writer->bytes.n == PACK_HEAD)
		return SPAN("");
	writer->bytes.p[0] = contested ? PACK_CONTESTED : 0;
	return buf_span(&writer->bytes);
}

int
pack_next_claim(struct span *rest, struct pack_claim *ret, struct err *err)
{
	size_t times;

	if (rest->n == 0)
		return 0;
	if (!row_get_text(rest, &ret->id) || !row_get_number(rest, &times) || times == 0 ||
	    !row_get_text(rest, &ret->content))
		return damaged(err);
	ret->times = times;
	return 1;
}

int
pack_put_claim(const struct pack_claim *claim, struct buf *buf, struct err *err)
{
	int r = row_put_text(claim->id, buf, err);

	if (r == 0)
		r = row_put_number((size_t)claim->times, buf, err);
	return r < 0 ? r : row_put_text(claim->content, buf, err);
}
