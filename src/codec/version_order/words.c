/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/version_order/words.h"

#include "codec/version_order/parts.h"

/* In their order. */
enum kind {
	KIND_BEFORE,
	KIND_END,
	KIND_NOTHING, /* a word that means nothing, before a number that does */
	KIND_AFTER,
	KIND_WORD,
	KIND_HYPHEN_NUMBER,
	KIND_NUMBER,
};

struct part {
	enum kind kind;
	bool hyphened;	   /* it begins a part of its own: what is nothing before it is left out */
	size_t place;	   /* KIND_BEFORE, KIND_AFTER: in the table */
	struct span value; /* the digits or the word */
};

struct walk {
	const struct word_table *table;
	struct span rest;
	bool hyphened;	  /* the next part is */
	const char *kept; /* where parts that are nothing were found to count up to, or NULL */
};

static bool
is_listed(const struct span *words, size_t count, struct span word, size_t *ret_place)
{
	for (size_t i = 0; i < count; i++) {
		if (!span_equal_nocase(words[i], word))
			continue;
		*ret_place = i;
		return true;
	}
	return false;
}

static struct span
replace(const struct span (*pairs)[2], size_t count, struct span word)
{
	for (size_t i = 0; i < count; i++) {
		if (span_equal_nocase(pairs[i][0], word))
			return pairs[i][1];
	}
	return word;
}

static void
name_word(const struct word_table *table, struct span word, bool numbered, struct part *part)
{
	if (numbered)
		word = replace(table->numbered, table->numbered_count, word);
	word = replace(table->aliases, table->alias_count, word);
	part->value = word;
	if (is_listed(table->nothing, table->nothing_count, word, &part->place))
		part->kind = KIND_NOTHING;
	else if (is_listed(table->before, table->before_count, word, &part->place))
		part->kind = KIND_BEFORE;
	else if (is_listed(table->after, table->after_count, word, &part->place))
		part->kind = KIND_AFTER;
	else
		part->kind = KIND_WORD;
}

static bool
is_separator(const struct word_table *table, char c)
{
	return c == '.' || (c != '\0' && strchr(table->hyphens, c));
}

/* The next part as it is written. Between two separators is a 0. */
static struct part
read_part(struct walk *walk)
{
	struct part part = {.kind = KIND_END, .hyphened = walk->hyphened};
	size_t n = 0;

	if (walk->rest.n == 0)
		return part;
	bool digits = ascii_is_digit(walk->rest.p[0]) || is_separator(walk->table, walk->rest.p[0]);
	while (n < walk->rest.n && !is_separator(walk->table, walk->rest.p[n]) &&
	       ascii_is_digit(walk->rest.p[n]) == digits)
		n++;
	bool separated = n < walk->rest.n && is_separator(walk->table, walk->rest.p[n]);
	part.value = span_slice(walk->rest, 0, n);
	if (digits) {
		part.kind = part.hyphened ? KIND_HYPHEN_NUMBER : KIND_NUMBER;
	} else {
		name_word(walk->table, part.value, n < walk->rest.n && !separated, &part);
		part.hyphened = true;
	}
	walk->hyphened = !separated || walk->rest.p[n] != '.';
	walk->rest = span_slice(walk->rest, n + separated, walk->rest.n);
	return part;
}

static bool
is_nothing(const struct part *part)
{
	return part->kind == KIND_NOTHING ||
	       (part->kind >= KIND_HYPHEN_NUMBER && part_is_zero(part->value));
}

/* Whether a part that counts follows without a hyphen; else *walk moves to what does follow. */
static bool
is_kept(struct walk *walk)
{
	struct walk ahead = *walk;

	if (walk->kept && walk->rest.p <= walk->kept)
		return true;
	for (;;) {
		struct walk before = ahead;
		struct part part = read_part(&ahead);

		if (part.kind == KIND_END || part.hyphened) {
			*walk = before;
			return false;
		}
		if (!is_nothing(&part)) {
			walk->kept = before.rest.p;
			return true;
		}
	}
}

static struct part
next(struct walk *walk)
{
	struct part part = read_part(walk);

	while (is_nothing(&part) && !is_kept(walk))
		part = read_part(walk);
	return part;
}

static int
compare_parts(const struct part *a, const struct part *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	switch (a->kind) {
	case KIND_BEFORE:
	case KIND_AFTER:
		return (a->place > b->place) - (a->place < b->place);
	case KIND_WORD:
		return part_compare_nocase(a->value, b->value);
	case KIND_HYPHEN_NUMBER:
	case KIND_NUMBER:
		return part_compare_numbers(a->value, b->value);
	case KIND_END:
	case KIND_NOTHING:
		break;
	}
	return 0;
}

int
words_compare(const struct word_table *table, struct span a, struct span b)
{
	struct walk left = {.table = table, .rest = a};
	struct walk right = {.table = table, .rest = b};

	for (;;) {
		struct part one = next(&left);
		struct part other = next(&right);
		int order = compare_parts(&one, &other);

		if (order != 0 || one.kind == KIND_END)
			return order;
	}
}
