/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"

#include <stdio.h>

void
feed_skip(struct feed_tally *tally, struct span subject, const struct err *problem)
{
	if (tally->skipped == 0)
		(void)snprintf(tally->first, sizeof(tally->first), "%.*s: %.100s",
			       subject.n > 40 ? 40 : (int)subject.n, subject.n ? subject.p : "",
			       problem->text);
	tally->skipped++;
}

static size_t
digits_at(struct span s, size_t from)
{
	size_t n = 0;

	while (from + n < s.n && s.p[from + n] >= '0' && s.p[from + n] <= '9')
		n++;
	return n;
}

/* https://www.cve.org/Resources/General/CVE-ID-Syntax: four digits of year, four and more. */
bool
feed_is_cve(struct span id)
{
	enum { YEAR = 4, YEAR_DIGITS = 4, NUMBER = 9, NUMBER_DIGITS = 4 };

	return id.n <= FEED_ID_MAX && span_starts_with(id, SPAN("CVE-")) &&
	       digits_at(id, YEAR) == YEAR_DIGITS && id.n > NUMBER && id.p[NUMBER - 1] == '-' &&
	       digits_at(id, NUMBER) >= NUMBER_DIGITS && NUMBER + digits_at(id, NUMBER) == id.n;
}

static bool
is_temporary(struct span id)
{
	if (id.n > FEED_ID_MAX || !span_starts_with(id, SPAN("TEMP-")) || id.n == SPAN("TEMP-").n)
		return false;
	for (size_t i = SPAN("TEMP-").n; i < id.n; i++) {
		char byte = id.p[i];

		if (!(byte >= '0' && byte <= '9') && !(byte >= 'A' && byte <= 'F') && byte != '-')
			return false;
	}
	return true;
}

bool
feed_is_id(struct span id)
{
	return feed_is_cve(id) || is_temporary(id);
}

/* Whether any of eight bytes is below 0x20 or 0x7f; those from 0x80 on are not. */
static inline bool
has_control(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101ULL;
	uint64_t deleted = word ^ (ones * 0x7f);

	return (((word - ones * 0x20) & ~word) | ((deleted - ones) & ~deleted)) & (ones << 7);
}

/* Up to eight bytes, each at least once, with blanks where there are fewer. */
static inline uint64_t
few_bytes(const char *p, size_t n)
{
	uint64_t word = 0x2020202020202020ULL;
	uint32_t half;

	if (n >= sizeof(half)) {
		memcpy(&half, p, sizeof(half));
		word = half;
		memcpy(&half, p + n - sizeof(half), sizeof(half));
		return word | (uint64_t)half << 32;
	}
	if (n > 0) {
		const char bytes[] = {p[0], p[n / 2], p[n - 1]};

		memcpy(&word, bytes, sizeof(bytes));
	}
	return word;
}

bool
feed_is_text(struct span text, size_t max)
{
	enum { WORD = sizeof(uint64_t) };
	uint64_t word;

	if (text.n > max)
		return false;
	if (text.n <= WORD)
		return !has_control(few_bytes(text.p, text.n));
	for (size_t i = 0; i < text.n - WORD; i += WORD) {
		memcpy(&word, text.p + i, sizeof(word));
		if (has_control(word))
			return false;
	}
	memcpy(&word, text.p + text.n - WORD, sizeof(word));
	return !has_control(word);
}

bool
feed_text(const json_t *object, const char *name, struct span *ret)
{
	const json_t *value = json_object_get(object, name);

	*ret = (struct span){"", 0};
	if (!value || json_is_null(value))
		return true;
	if (!json_is_string(value))
		return false;
	*ret = json_string_span(value);
	return true;
}

bool
feed_string(struct json_view object, struct span name, struct span *ret)
{
	struct json_view value = json_view_get(object, name);
	enum json_kind kind = json_view_kind(value);

	*ret = (struct span){"", 0};
	if (kind == JSON_KIND_ABSENT || kind == JSON_KIND_NULL)
		return true;
	if (kind != JSON_KIND_STRING)
		return false;
	*ret = json_view_string(value);
	return true;
}

bool
feed_is_ours(const struct feed_choice *choice)
{
	return !choice || !choice->is_ours || choice->is_ours(choice->context);
}

int
feed_choose(const struct feed_choice *choice, struct span key, struct span text, bool *ret_wanted,
	    struct err *err)
{
	*ret_wanted = true;
	return choice ? choice->choose(choice->context, key, text, ret_wanted, err) : 0;
}

struct each {
	feed_visitor *each;
	feed_visitor *beside;
	void *context;
	const struct feed_choice *choice;
	struct json_tape tape;
};

static void
each_cleanup(struct each *each)
{
	json_tape_cleanup(&each->tape);
}

static int
read_member(void *context, const struct json_member *member, struct err *err)
{
	struct each *each = context;
	feed_visitor *tell = member->beside ? each->beside : each->each;
	bool wanted = true;
	int r = 0;

	if (!member->beside)
		r = feed_choose(each->choice, member->key, member->text, &wanted, err);
	if (r != 0 || !wanted)
		return r;
	r = json_tape_read(&each->tape, member->text, err);
	if (r == -ERR_INVALID)
		return err_wrap(err, "not valid JSON in the member that ends at byte %llu",
				(unsigned long long)member->end);
	return r < 0 ? r : tell(each->context, member->key, json_tape_top(&each->tape), err);
}

int
feed_each(const struct feed_input *input, const char *path, feed_visitor *each,
	  feed_visitor *beside, void *context, const struct feed_tally *tally, struct err *err)
{
	CLEANUP(each_cleanup)
	struct each all = {each, beside, context, tally->choice, {0}};

	return json_each(input->read, input->context, path, beside, read_member, &all, err);
}

int
feed_read_span(void *context, void *p, size_t n, size_t *ret_n, struct err *err)
{
	struct span *rest = context;
	size_t part = rest->n < n ? rest->n : n;

	(void)err;
	*ret_n = part;
	if (part == 0)
		return 0;
	memcpy(p, rest->p, part);
	*rest = span_slice(*rest, part, rest->n);
	return 0;
}
