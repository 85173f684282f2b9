/* SPDX-License-Identifier: Apache-2.0 */
#include "port/advisories/said.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <stdlib.h>

void
said_cleanup(struct said *said)
{
	vec_free(&said->claims);
	buf_cleanup(&said->text);
	buf_cleanup(&said->versions);
}

/* The intervals of all, each once and in the order of their bytes. */
static int
join_versions(struct said *said, const struct advisory_row *rows, struct err *err)
{
	struct buf *text = &said->versions;
	VEC(struct span) parts = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < said->claims.count; i++) {
		struct span rest = rows[i].advisory.affected;

		while (r == 0 && rest.p && rest.n > 0) {
			struct span part = span_cut(&rest, ' ');

			r = vec_push(&parts, &part, FEED_RECORDS_MAX, err);
		}
	}
	if (r == 0 && parts.count > 0)
		qsort(parts.items, parts.count, sizeof(*parts.items), span_compare_items);
	text->n = 0;
	for (size_t i = 0; r == 0 && i < parts.count; i++) {
		if (i > 0 && span_equal(parts.items[i], parts.items[i - 1]))
			continue;
		r = text->n > 0 ? buf_byte(text, ' ', err) : 0;
		if (r == 0)
			r = buf_append(text, parts.items[i], err);
	}
	vec_free(&parts);
	return r;
}

static bool
is_worse(const struct advisory *a, const struct advisory *b)
{
	if (a->severity != b->severity)
		return a->severity > b->severity;
	if (a->score > b->score || a->score < b->score)
		return a->score > b->score;
	return span_compare(a->vector, b->vector) < 0;
}

/* Ranges of versions are joined, with the worst severity. */
static int
join_ranges(struct said *said, struct advisory_row *rows, struct err *err)
{
	struct advisory_row *row = &rows[0];
	const struct advisory *worst = &rows[0].advisory;

	for (size_t i = 1; i < said->claims.count; i++) {
		if (is_worse(&rows[i].advisory, worst))
			worst = &rows[i].advisory;
	}
	row->advisory.severity = worst->severity;
	row->advisory.score = worst->score;
	row->advisory.vector = worst->vector;
	int r = join_versions(said, rows, err);
	row->advisory.affected = buf_span(&said->versions);
	said->text.n = 0;
	return r < 0 ? r : row_put_content(row, &said->text, err);
}

int
said_content(struct said *said, enum advisories_table table, struct span *ret, struct err *err)
{
	size_t count = said->claims.count;
	struct span first = said->claims.items[0].content;
	int r = 0;

	*ret = first;
	if (table != ADVISORIES_OF_DISTRIBUTION || first.n == 0 || first.p[0] != ADVISORY_RANGES ||
	    (count == 1 && said->claims.items[0].times == 1))
		return 0;
	CLEANUP(free_cleanup) struct advisory_row *rows = calloc(count, sizeof(*rows));
	if (!rows)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		rows[i].table = table;
		r = row_get_content(said->claims.items[i].content, &rows[i], err);
	}
	if (r == 0)
		r = join_ranges(said, rows, err);
	if (r == 0)
		*ret = buf_span(&said->text);
	return r;
}

/* Where a content is among those of the list, or belongs. */
static size_t
find_claim(const struct said *said, struct span content, bool *ret_there)
{
	size_t low = 0;
	size_t high = said->claims.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (span_compare(said->claims.items[middle].content, content) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_there =
		low < said->claims.count && span_equal(said->claims.items[low].content, content);
	return low;
}

int
said_add(struct said *said, struct span content, struct err *err)
{
	const struct said_claim claim = {content, 1};
	bool there;
	size_t at = find_claim(said, content, &there);

	if (there) {
		said->claims.items[at].times++;
		return 0;
	}
	int r = vec_push(&said->claims, &claim, FEED_RECORDS_MAX, err);
	if (r < 0)
		return r;
	struct said_claim *items = said->claims.items;
	memmove(&items[at + 1], &items[at], (said->claims.count - 1 - at) * sizeof(*items));
	items[at] = claim;
	return 0;
}

bool
said_remove(struct said *said, struct span content)
{
	bool there;
	size_t at = find_claim(said, content, &there);
	struct said_claim *items = said->claims.items;

	if (!there)
		return false;
	if (--items[at].times > 0)
		return true;
	said->claims.count--;
	memmove(&items[at], &items[at + 1], (said->claims.count - at) * sizeof(*items));
	return true;
}
