/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/range_text.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/range_text/grammar.h"
#include "codec/range_text/intervals.h"
#include "codec/range_text/numbers.h"

struct reading {
	const struct range_grammar *grammar;
	struct arena *arena;
	struct span rest;
	struct intervals all;	  /* of the alternatives that are read */
	struct intervals current; /* of the one that is being read */
};

/* A version in a range, and what its numbers say. */
struct operand {
	struct span text;
	struct range_numbers numbers;
	bool is_partial; /* it stands for all versions that begin so */
};

static const struct {
	struct span text;
	enum range_operator kind; /* RANGE_NONE: the grammar says it */
} operators[] = {
	/* Longer ones first. */
	{SPAN_INIT("==="), RANGE_EQUAL},     {SPAN_INIT(">="), RANGE_GREATER_EQUAL},
	{SPAN_INIT("<="), RANGE_LESS_EQUAL}, {SPAN_INIT("=="), RANGE_EQUAL},
	{SPAN_INIT("!="), RANGE_NOT_EQUAL},  {SPAN_INIT("<>"), RANGE_NOT_EQUAL},
	{SPAN_INIT("~>"), RANGE_NONE},	     {SPAN_INIT("~="), RANGE_NONE},
	{SPAN_INIT(">"), RANGE_GREATER},     {SPAN_INIT("<"), RANGE_LESS},
	{SPAN_INIT("="), RANGE_EQUAL},	     {SPAN_INIT("^"), RANGE_NONE},
	{SPAN_INIT("~"), RANGE_NONE},
};

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void
skip(struct span *rest, const char *bytes)
{
	while (rest->n > 0 &&
	       (is_blank(rest->p[0]) || (rest->p[0] != '\0' && strchr(bytes, rest->p[0]))))
		*rest = span_slice(*rest, 1, rest->n);
}

static int
refuse(struct span rest, struct err *err)
{
	return err_set(err, ERR_INVALID, "not a range of versions from \"%.*s\" on",
		       SPAN_ARG(span_slice(rest, 0, rest.n < 40 ? rest.n : 40)));
}

static enum range_operator
take_operator(struct reading *reading)
{
	const struct range_grammar *grammar = reading->grammar;

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		struct span text = operators[i].text;

		if (!span_starts_with(reading->rest, text))
			continue;
		reading->rest = span_slice(reading->rest, text.n, reading->rest.n);
		if (operators[i].kind != RANGE_NONE)
			return operators[i].kind;
		if (text.p[0] == '^')
			return grammar->caret;
		if (text.n == 1)
			return grammar->tilde;
		return text.p[1] == '>' ? grammar->pessimistic : grammar->compatible;
	}
	return grammar->bare;
}

static int
take_operand(struct reading *reading, struct operand *ret, struct err *err)
{
	const struct range_grammar *grammar = reading->grammar;
	struct operand operand = {0};
	size_t n = 0;

	skip(&reading->rest, "");
	while (n < reading->rest.n && !is_blank(reading->rest.p[n]) &&
	       (reading->rest.p[n] == '\0' || !strchr(",|<>()[]", reading->rest.p[n])))
		n++;
	operand.text = span_slice(reading->rest, 0, n);
	operand.numbers = range_numbers_read(operand.text, grammar);
	operand.is_partial = operand.numbers.is_wild ||
			     (operand.numbers.is_whole && operand.numbers.count < grammar->numbers);
	if (n == 0 || (operand.numbers.is_wild && !operand.numbers.is_whole))
		return refuse(reading->rest, err);
	if (!operand.numbers.is_wild && reading->all.order->check(operand.text, err) < 0)
		return err_wrap(err, "\"%.*s\"",
				SPAN_ARG(span_slice(operand.text, 0, n < 40 ? n : 40)));
	reading->rest = span_slice(reading->rest, n, reading->rest.n);
	*ret = operand;
	return 0;
}

/* What the version is, or begins with. */
static int
from_operand(struct reading *reading, const struct operand *operand, struct affected *interval,
	     struct err *err)
{
	if (!operand->is_partial) {
		interval->from = operand->text;
		return 0;
	}
	if (operand->numbers.count == 0)
		return 0;
	return range_numbers_write(&operand->numbers, operand->numbers.count, 0, reading->grammar,
				   operand->numbers.is_wild ? reading->grammar->wild_from : "",
				   reading->arena, &interval->from, err);
}

/* Up to where the number at `place` changes. */
static int
to_change(struct reading *reading, const struct operand *operand, size_t place,
	  struct affected *interval, struct err *err)
{
	return range_numbers_write(&operand->numbers, place + 1, 1, reading->grammar,
				   reading->grammar->lowest, reading->arena, &interval->to, err);
}

/* The versions that an operand without an operator means. */
static int
meant(struct reading *reading, const struct operand *operand, struct affected *ret, struct err *err)
{
	struct affected interval = interval_all();
	int r = from_operand(reading, operand, &interval, err);

	if (r == 0 && !operand->is_partial)
		interval = affected_only(operand->text);
	else if (r == 0 && operand->numbers.count > 0)
		r = to_change(reading, operand, operand->numbers.count - 1, &interval, err);
	if (r == 0)
		*ret = interval;
	return r;
}

static bool
is_zero(struct span digits)
{
	uint64_t value = 1;

	return span_to_u64(digits, &value) && value == 0;
}

/* Which number must not change. */
static size_t
held_place(enum range_operator way, const struct range_numbers *numbers)
{
	size_t last = numbers->count - 1;
	size_t place = 0;

	if (way == RANGE_SECOND)
		return last > 0;
	if (way == RANGE_BEFORE_LAST)
		return last > 0 ? last - 1 : 0;
	while (place < last && is_zero(numbers->numbers[place]))
		place++;
	return place;
}

/* `<`, `<=`, `>` and `>=`: against the first or behind the last of what the operand means. */
static void
compare_with(enum range_operator way, const struct affected *operand, struct affected *ret)
{
	struct affected interval = interval_all();

	switch (way) {
	case RANGE_LESS:
		interval.to = operand->from;
		break;
	case RANGE_LESS_EQUAL:
		interval.to = operand->to;
		interval.with_to = operand->with_to;
		break;
	case RANGE_GREATER:
		interval.from = operand->to;
		interval.without_from = operand->with_to;
		break;
	default:
		interval.from = operand->from;
		break;
	}
	*ret = interval;
}

static int
apply(struct reading *reading, enum range_operator way, const struct operand *operand,
      struct err *err)
{
	struct affected interval = interval_all();
	struct affected alone;
	int r = meant(reading, operand, &alone, err);

	if (r < 0)
		return r;
	switch (way) {
	case RANGE_EQUAL:
		return intervals_meet(&reading->current, &alone, err);
	case RANGE_NOT_EQUAL:
		return intervals_leave(&reading->current, &alone, err);
	case RANGE_LESS:
	case RANGE_LESS_EQUAL:
	case RANGE_GREATER:
	case RANGE_GREATER_EQUAL:
		/* "> *" and "< *" are nothing. */
		if (alone.from.n == 0 && (way == RANGE_LESS || way == RANGE_GREATER))
			return intervals_leave(&reading->current, &interval, err);
		compare_with(way, &alone, &interval);
		return intervals_meet(&reading->current, &interval, err);
	case RANGE_CARET:
	case RANGE_SECOND:
	case RANGE_BEFORE_LAST:
		interval.from = alone.from;
		if (operand->numbers.count > 0)
			r = to_change(reading, operand, held_place(way, &operand->numbers),
				      &interval, err);
		return r < 0 ? r : intervals_meet(&reading->current, &interval, err);
	case RANGE_NONE:
		break;
	}
	return refuse(operand->text, err);
}

/* " - 1.9" behind a version that had no operator. */
static bool
take_hyphen(struct reading *reading)
{
	struct span ahead = reading->rest;

	skip(&ahead, "");
	if (!reading->grammar->hyphens || ahead.n < 2 || ahead.p[0] != '-' ||
	    !is_blank(ahead.p[1]) || ahead.p == reading->rest.p)
		return false;
	reading->rest = span_slice(ahead, 1, ahead.n);
	return true;
}

static int
read_term(struct reading *reading, struct err *err)
{
	size_t before = reading->rest.n;
	enum range_operator way = take_operator(reading);
	bool bare = reading->rest.n == before;
	struct operand operand;
	int r = way == RANGE_NONE ? refuse(reading->rest, err)
				  : take_operand(reading, &operand, err);

	if (r < 0)
		return r;
	if (!bare || !take_hyphen(reading))
		return apply(reading, way, &operand, err);
	r = apply(reading, RANGE_GREATER_EQUAL, &operand, err);
	if (r == 0)
		r = take_operand(reading, &operand, err);
	return r < 0 ? r : apply(reading, RANGE_LESS_EQUAL, &operand, err);
}

static int
check_bound(const struct reading *reading, struct span version, struct err *err)
{
	if (version.n > 0 && reading->all.order->check(version, err) < 0)
		return err_wrap(err, "\"%.*s\"",
				SPAN_ARG(span_slice(version, 0, version.n < 40 ? version.n : 40)));
	return 0;
}

/* "[1.0,2.0)", "(,1.0]", "[1.0]" */
static int
read_bracket(struct reading *reading, struct err *err)
{
	struct span rest = reading->rest;
	struct affected interval = interval_all();
	size_t n = 1;

	while (n < rest.n && rest.p[n] != ')' && rest.p[n] != ']')
		n++;
	if (n == rest.n)
		return refuse(rest, err);
	struct span inner = span_slice(rest, 1, n);
	bool from = rest.p[0] == '[';
	bool to = rest.p[n] == ']';
	size_t comma = span_find(inner, ',');
	interval.from = span_trim(span_slice(inner, 0, comma));
	if (comma < inner.n) {
		interval.to = span_trim(span_slice(inner, comma + 1, inner.n));
		interval.without_from = !from && interval.from.n > 0;
		interval.with_to = to && interval.to.n > 0;
	} else if (!from || !to || interval.from.n == 0) {
		return refuse(rest, err);
	} else {
		interval = affected_only(interval.from);
	}
	int r = check_bound(reading, interval.from, err);
	if (r == 0)
		r = check_bound(reading, interval.to, err);
	if (r == 0)
		r = intervals_add(&reading->all, &interval, err);
	reading->rest = span_slice(rest, n + 1, rest.n);
	return r;
}

/* Up to "||" or the end. */
static int
read_alternative(struct reading *reading, struct err *err)
{
	struct affected all = interval_all();
	bool bracketed = false;
	bool compared = false;
	int r = intervals_add(&reading->current, &all, err);

	for (skip(&reading->rest, ","); r == 0 && reading->rest.n > 0 && reading->rest.p[0] != '|';
	     skip(&reading->rest, ",")) {
		bool bracket = reading->grammar->brackets &&
			       (reading->rest.p[0] == '[' || reading->rest.p[0] == '(');

		bracketed |= bracket;
		compared |= !bracket;
		if (bracketed && compared)
			r = refuse(reading->rest, err);
		else
			r = bracket ? read_bracket(reading, err) : read_term(reading, err);
	}
	for (size_t i = 0; r == 0 && !bracketed && i < reading->current.items.count; i++)
		r = intervals_add(&reading->all, &reading->current.items.items[i], err);
	reading->current.items.count = 0;
	return r;
}

static int
read_all(struct reading *reading, struct err *err)
{
	int r = read_alternative(reading, err);

	while (r == 0 && reading->rest.n > 0) {
		size_t bars = span_starts_with(reading->rest, SPAN("||")) ? 2 : 1;

		if (bars < 2 && !reading->grammar->single_bar)
			return refuse(reading->rest, err);
		reading->rest = span_slice(reading->rest, bars, reading->rest.n);
		r = read_alternative(reading, err);
	}
	return r;
}

static int
find_grammar(struct span ecosystem, const struct range_grammar **ret_grammar,
	     const struct version_order **ret_order, struct err *err)
{
	*ret_grammar = range_grammar_find(ecosystem);
	*ret_order = *ret_grammar ? version_order_find((*ret_grammar)->order) : NULL;
	if (!*ret_order)
		return err_set(err, ERR_NOT_FOUND, "no order of versions for \"%.*s\"",
			       SPAN_ARG(ecosystem));
	return 0;
}

int
range_text_read(struct span text, struct span ecosystem, struct buf *affected, struct err *err)
{
	struct reading reading = {.rest = text};
	const struct version_order *order;
	int r = find_grammar(ecosystem, &reading.grammar, &order, err);

	if (r < 0)
		return r;
	if (text.n > RANGE_TEXT_MAX)
		return err_set(err, ERR_LIMIT,
			       "a range of versions of %zu bytes (RANGE_TEXT_MAX is %lu)", text.n,
			       RANGE_TEXT_MAX);
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	if (!arena)
		return err_memory(err);
	reading.arena = arena;
	reading.all.order = order;
	reading.current.order = order;
	r = read_all(&reading, err);
	if (r == 0)
		r = intervals_write(&reading.all, affected, err);
	intervals_cleanup(&reading.all);
	intervals_cleanup(&reading.current);
	return r;
}

int
range_text_without(struct span affected, struct span good, struct span ecosystem, struct buf *left,
		   struct err *err)
{
	struct intervals set = {0};
	const struct range_grammar *grammar;
	struct affected interval;
	int r = find_grammar(ecosystem, &grammar, &set.order, err);

	if (r < 0)
		return r;
	while ((r = affected_next(&affected, &interval, err)) > 0) {
		r = intervals_add(&set, &interval, err);
		if (r < 0)
			break;
	}
	while (r == 0 && (r = affected_next(&good, &interval, err)) > 0)
		r = intervals_leave(&set, &interval, err);
	if (r == 0)
		r = intervals_write(&set, left, err);
	intervals_cleanup(&set);
	return r;
}
