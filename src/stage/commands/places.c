/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines that are the same but for names that were made up (a temporary file, a process): one line
 * with places. Strict: at least three values were seen, in arguments only, of one class of harmless
 * characters, and they look made up.
 */
#include "stage/commands/compiler.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cleanup.h"

#include <stdlib.h>

enum { VALUES_MIN = 3, WORDS_MAX = 64, VALUE_MAX = 255, PLACES_MAX = 4 };

/* Lines of the same shape, by their index. */
struct group {
	VEC(uint32_t) members;
};

struct words {
	struct span items[WORDS_MAX];
	size_t count;
};

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n';
}

/* Between blanks; too many are none. */
static void
split(struct span line, struct words *ret)
{
	size_t at = 0;

	ret->count = 0;
	while (at < line.n) {
		while (at < line.n && is_blank(line.p[at]))
			at++;
		size_t from = at;
		while (at < line.n && !is_blank(line.p[at]))
			at++;
		if (at == from)
			break;
		if (ret->count == WORDS_MAX) {
			ret->count = 0;
			return;
		}
		ret->items[ret->count++] = span_slice(line, from, at);
	}
}

/* A digit or a capital: it may have been made up. */
static bool
may_differ(struct span word)
{
	for (size_t i = 0; i < word.n; i++) {
		if (ascii_is_digit(word.p[i]) || (word.p[i] >= 'A' && word.p[i] <= 'Z'))
			return true;
	}
	return false;
}

/* The line with every word that may differ left out. */
static int
shape_of(const struct observed *observed, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf shape = BUF_INIT(SIZE_MAX / 2);
	struct span line = observed->table.line;
	struct words words;
	size_t at = 0;
	int r = buf_byte(&shape, observed->table.input ? 'i' : 'c', err);

	split(line, &words);
	for (size_t i = 0; r == 0 && i < words.count; i++) {
		size_t from = (size_t)(words.items[i].p - line.p);

		r = buf_append(&shape, span_slice(line, at, from), err);
		if (r == 0)
			r = may_differ(words.items[i]) ? buf_byte(&shape, '\0', err)
						       : buf_append(&shape, words.items[i], err);
		at = from + words.items[i].n;
	}
	if (r == 0)
		r = buf_append(&shape, span_slice(line, at, line.n), err);
	*ret = arena_copy(arena, buf_span(&shape));
	return r < 0 ? r : ret->p ? 0 : err_memory(err);
}

/* ---- one place ---- */

/* What differs between the values of one column. */
struct place {
	size_t prefix;
	size_t suffix;
	enum table_word class;
	uint32_t word; /* its number */
};

static bool
class_has(enum table_word class, char byte)
{
	if (ascii_is_digit(byte))
		return true;
	if (class != TABLE_DIGITS && ascii_is_letter(byte))
		return true;
	return class == TABLE_NAME && (byte == '.' || byte == '_' || byte == '-');
}

static bool
all_of(enum table_word class, struct span value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (!class_has(class, value.p[i]))
			return false;
	}
	return value.n > 0 && value.n <= VALUE_MAX && value.p[0] != '-' && value.p[0] != '.' &&
	       !span_contains(value, SPAN(".."));
}

static struct span
middle(struct span value, const struct place *place)
{
	return span_slice(value, place->prefix, value.n - place->suffix);
}

static void
find_ends(const struct span *values, size_t count, struct place *place)
{
	place->prefix = values[0].n;
	place->suffix = values[0].n;
	for (size_t i = 1; i < count; i++) {
		size_t n = 0;

		while (n < place->prefix && n < values[i].n && values[i].p[n] == values[0].p[n])
			n++;
		place->prefix = n;
	}
	for (size_t i = 0; i < count; i++) {
		size_t most = values[i].n - place->prefix;
		size_t n = 0;

		while (n < place->suffix && n < most &&
		       values[i].p[values[i].n - 1 - n] == values[0].p[values[0].n - 1 - n])
			n++;
		place->suffix = n;
	}
	/* 1201, 1203: the number, not its last digit */
	while (place->prefix > 0 && ascii_is_digit(values[0].p[place->prefix - 1]))
		place->prefix--;
	while (place->suffix > 0 && ascii_is_digit(values[0].p[values[0].n - place->suffix]))
		place->suffix--;
}

static size_t
count_distinct(const struct span *values, size_t count)
{
	size_t distinct = 0;

	for (size_t i = 0; i < count && distinct <= VALUES_MIN; i++) {
		size_t k = 0;

		while (k < i && !span_equal(values[k], values[i]))
			k++;
		distinct += k == i;
	}
	return distinct;
}

/* False: they do not look made up. */
static bool
judge(const struct span *values, size_t count, struct place *place)
{
	size_t digits = 0;

	if (count_distinct(values, count) < VALUES_MIN)
		return false;
	find_ends(values, count, place);
	for (place->class = TABLE_DIGITS; place->class < TABLE_WORD_CLASSES; place->class ++) {
		size_t good = 0;

		while (good < count && all_of(place->class, middle(values[good], place)))
			good++;
		if (good == count)
			break;
	}
	if (place->class == TABLE_WORD_CLASSES)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct span value = middle(values[i], place);
		bool digit = false;

		for (size_t k = 0; k < value.n; k++)
			digit = digit || ascii_is_digit(value.p[k]);
		digits += digit;
	}
	/* what stands behind must end it */
	bool ends = place->suffix == 0 ||
		    !class_has(place->class, values[0].p[values[0].n - place->suffix]);
	return ends && digits * 2 >= count;
}

/* ---- one group ---- */

struct pattern {
	struct words *rows; /* of each member */
	size_t row_count;
	struct place places[WORDS_MAX];
	bool differs[WORDS_MAX];
	struct span *column;
	struct table_line line;
	uint32_t first[PLACES_MAX]; /* column of each number */
};

static void
take_column(const struct pattern *pattern, size_t column)
{
	for (size_t row = 0; row < pattern->row_count; row++)
		pattern->column[row] = pattern->rows[row].items[column];
}

/* A column with the same values has the same number. */
static bool
number_place(struct pattern *pattern, size_t column)
{
	struct place *place = &pattern->places[column];

	for (uint32_t i = 0; i < pattern->line.word_count; i++) {
		const struct place *other = &pattern->places[pattern->first[i]];
		size_t row = 0;

		while (row < pattern->row_count && other->class == place->class &&
		       span_equal(middle(pattern->rows[row].items[column], place),
				  middle(pattern->rows[row].items[pattern->first[i]], other)))
			row++;
		if (row == pattern->row_count) {
			place->word = i;
			return true;
		}
	}
	if (pattern->line.word_count == PLACES_MAX)
		return false;
	place->word = (uint32_t)pattern->line.word_count;
	pattern->first[place->word] = (uint32_t)column;
	pattern->line.words[pattern->line.word_count++] = place->class;
	return true;
}

static bool
find_places(struct pattern *pattern)
{
	for (size_t column = 0; column < pattern->rows[0].count; column++) {
		take_column(pattern, column);
		pattern->differs[column] = count_distinct(pattern->column, pattern->row_count) > 1;
		if (pattern->differs[column] &&
		    (!judge(pattern->column, pattern->row_count, &pattern->places[column]) ||
		     !number_place(pattern, column)))
			return false;
	}
	return pattern->line.word_count > 0;
}

static int
write_line(struct pattern *pattern, struct span line, struct arena *arena, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(SIZE_MAX / 2);
	size_t at = 0;
	int r = 0;

	for (size_t column = 0; r == 0 && column < pattern->rows[0].count; column++) {
		struct span word = pattern->rows[0].items[column];
		const struct place *place = &pattern->places[column];
		size_t from = (size_t)(word.p - line.p);

		if (!pattern->differs[column])
			continue;
		r = buf_append(&text, span_slice(line, at, from + place->prefix), err);
		if (r == 0)
			r = buf_byte(&text, LINE_WORD, err);
		if (r == 0)
			r = buf_byte(&text, (char)('0' + place->word), err);
		at = from + word.n - place->suffix;
	}
	if (r == 0)
		r = buf_append(&text, span_slice(line, at, line.n), err);
	pattern->line.line = arena_copy(arena, buf_span(&text));
	return r < 0 ? r : pattern->line.line.p ? 0 : err_memory(err);
}

static int
merge_group(struct compiler *compiler, const struct group *group, struct pattern *pattern,
	    struct err *err)
{
	struct observed *first = &compiler->lines.items[group->members.items[0]];
	struct observed merged = {.from = first->from};
	struct err why = ERR_INIT;
	size_t used;

	if (pattern->rows[0].count == 0 || !find_places(pattern))
		return 0;
	pattern->line.input = first->table.input;
	int r = write_line(pattern, first->table.line, compiler->arena, err);
	if (r < 0)
		return r;
	r = command_line_read(pattern->line.line, pattern->line.input, compiler->arena,
			      &pattern->line.run, &used, &why);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0)
		return 0; /* they differ where that is not carried out: lines of their own */
	for (size_t i = 0; i < group->members.count; i++) {
		struct observed *member = &compiler->lines.items[group->members.items[i]];

		member->merged = true;
		merged.runs += member->runs;
	}
	merged.table = pattern->line;
	return vec_push(&compiler->lines, &merged, SIZE_MAX / sizeof(merged), err);
}

static int
judge_group(struct compiler *compiler, const struct group *group, struct err *err)
{
	size_t count = group->members.count;
	CLEANUP(arena_cleanup) struct arena *scratch = NULL;

	if (count < VALUES_MIN)
		return 0;
	scratch = arena_new(0);
	struct pattern *pattern = scratch ? arena_alloc(scratch, sizeof(*pattern)) : NULL;
	if (!pattern)
		return err_memory(err);
	pattern->rows = arena_array(scratch, count, sizeof(*pattern->rows));
	pattern->column = arena_array(scratch, count, sizeof(*pattern->column));
	pattern->row_count = count;
	if (!pattern->rows || !pattern->column)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		split(compiler->lines.items[group->members.items[i]].table.line, &pattern->rows[i]);
	return merge_group(compiler, group, pattern, err);
}

struct grouping {
	struct map *shapes; /* shape -> index + 1 */
	VEC(struct group) groups;
};

static int
put_in_group(struct grouping *grouping, struct span shape, uint32_t line, struct err *err)
{
	uint64_t index = 0;
	int r = 0;

	if (!map_get(grouping->shapes, shape, &index)) {
		r = vec_push(&grouping->groups, NULL, SIZE_MAX / sizeof(struct group), err);
		index = grouping->groups.count;
		if (r == 0)
			r = map_put(grouping->shapes, shape, index, err);
	}
	if (r < 0 || index == 0 || index > grouping->groups.count)
		return r;
	return vec_push(&grouping->groups.items[index - 1].members, &line, UINT32_MAX, err);
}

int
places_find(struct compiler *compiler, struct err *err)
{
	struct grouping grouping = {.shapes = map_new(0)};
	size_t count = compiler->lines.count;
	int r = grouping.shapes ? 0 : err_memory(err);

	for (uint32_t i = 0; r == 0 && i < count; i++) {
		struct span shape;

		r = shape_of(&compiler->lines.items[i], compiler->arena, &shape, err);
		if (r == 0)
			r = put_in_group(&grouping, shape, i, err);
	}
	for (size_t i = 0; r == 0 && i < grouping.groups.count; i++)
		r = judge_group(compiler, &grouping.groups.items[i], err);
	for (size_t i = 0; i < grouping.groups.count; i++)
		vec_free(&grouping.groups.items[i].members);
	vec_free(&grouping.groups);
	map_free(grouping.shapes);
	return r;
}
