/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/script.h"

#include "base/ascii.h"
#include "base/limits.h"

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

static bool
is_word(char c)
{
	return is_letter(c) || ascii_is_digit(c) || c == '_';
}

/* What shells set by themselves; a value from outside does not count. */
static const struct span own_names[] = {
	SPAN_INIT("BASH_SOURCE"), SPAN_INIT("EOF"),    SPAN_INIT("EUID"),   SPAN_INIT("FUNCNAME"),
	SPAN_INIT("IFS"),	  SPAN_INIT("LINENO"), SPAN_INIT("OLDPWD"), SPAN_INIT("OPTARG"),
	SPAN_INIT("OPTIND"),	  SPAN_INIT("PPID"),   SPAN_INIT("PWD"),    SPAN_INIT("RANDOM"),
	SPAN_INIT("SECONDS"),	  SPAN_INIT("SHLVL"),  SPAN_INIT("UID"),    SPAN_INIT("_"),
};

static bool
is_own(struct span name)
{
	for (size_t i = 0; i < sizeof(own_names) / sizeof(own_names[0]); i++) {
		if (span_equal(name, own_names[i]))
			return true;
	}
	return false;
}

static int
add(struct script_found *found, enum script_word kind, struct span word, struct arena *arena,
    struct err *err)
{
	struct span_list *list = &found->words[kind];
	size_t at = 0;

	while (at < list->count && span_compare(list->items[at], word) < 0)
		at++;
	if (at < list->count && span_equal(list->items[at], word))
		return 0;
	if (list->count == START_VARIABLES_MAX)
		return err_set(err, ERR_LIMIT, "the start script names more than %d variables",
			       START_VARIABLES_MAX);
	if (!list->items)
		list->items = arena_array(arena, START_VARIABLES_MAX, sizeof(*list->items));
	struct span copy = arena_copy(arena, word);
	if (!list->items || !copy.p)
		return err_memory(err);
	memmove(list->items + at + 1, list->items + at, (list->count - at) * sizeof(*list->items));
	list->items[at] = copy;
	list->count++;
	return 0;
}

static size_t
word_end(struct span line, size_t at)
{
	while (at < line.n && is_word(line.p[at]))
		at++;
	return at;
}

static bool
is_expansion(struct span line, size_t at)
{
	return at < line.n && (line.p[at] == '$' || line.p[at] == '{' || line.p[at] == '@' ||
			       line.p[at] == '*' || line.p[at] == '.');
}

/* Where a name begins behind `$`, `${`, `${!`, `${#`; line.n when there is none. */
static size_t
expanded_name(struct span line, size_t at)
{
	size_t i = at + 1;

	if (i < line.n && line.p[i] == '{')
		i++;
	if (i < line.n && line.p[i - 1] == '{' && (line.p[i] == '!' || line.p[i] == '#'))
		i++;
	return i < line.n && (is_letter(line.p[i]) || line.p[i] == '_') ? i : line.n;
}

/* One word of letters, digits and `_` that begins at `at`. */
static int
take_name(struct script_found *found, struct span line, size_t at, bool expanded,
	  struct arena *arena, struct err *err)
{
	struct span word = span_slice(line, at, word_end(line, at));
	bool capitals = false;
	bool small = false;

	for (size_t i = 0; i < word.n; i++) {
		capitals |= is_upper(word.p[i]);
		small |= word.p[i] >= 'a' && word.p[i] <= 'z';
	}
	if (ascii_is_digit(word.p[0]) || is_own(word) || (!expanded && (small || !capitals)))
		return 0;
	if (!expanded && word.p[0] == '_' && at > 0 && line.p[at - 1] == '}')
		return add(found, SCRIPT_SUFFIX, word, arena, err);
	if (word.n > 1 && word.p[word.n - 1] == '_' && capitals) {
		int r = add(found, SCRIPT_PREFIX, word, arena, err);
		if (r < 0 || is_expansion(line, at + word.n))
			return r;
	}
	return expanded || word.n > 1 ? add(found, SCRIPT_NAME, word, arena, err) : 0;
}

static int
take_names(struct script_found *found, struct span line, enum script_kind kind, struct arena *arena,
	   struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < line.n;) {
		if (line.p[i] == '$') {
			size_t name = expanded_name(line, i);

			if (name < line.n)
				r = take_name(found, line, name, true, arena, err);
			i = name < line.n ? word_end(line, name) : i + 1;
		} else if (is_word(line.p[i])) {
			if (kind == SCRIPT_CODE)
				r = take_name(found, line, i, false, arena, err);
			i = word_end(line, i);
		} else {
			i++;
		}
	}
	return r;
}

static void
look_for_whole(struct script_found *found, struct span line)
{
	static const struct span words[] = {
		SPAN_INIT("env"),     SPAN_INIT("printenv"), SPAN_INIT("compgen"),
		SPAN_INIT("ENVIRON"), SPAN_INIT("environ"),  SPAN_INIT("export -p"),
		SPAN_INIT("declare"), SPAN_INIT("envsubst"),
	};

	for (size_t i = 0; i < line.n; i++) {
		struct span rest = span_slice(line, i, line.n);

		if (i > 0 && is_word(line.p[i - 1]))
			continue;
		for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
			size_t n = words[k].n;

			found->whole |= span_starts_with(rest, words[k]) &&
					(n == rest.n || !is_word(rest.p[n]));
		}
	}
}

static bool
is_argument(char c)
{
	return is_word(c) || c == '-' || c == '?' || c == '.';
}

/* `-x`, `--long`, at the beginning of a word. */
static int
take_options(struct script_found *found, struct span line, struct arena *arena, struct err *err)
{
	static const char before[] = " \t'\"|(";
	int r = 0;

	for (size_t i = 0; r == 0 && i + 1 < line.n; i++) {
		size_t end = i;

		if (line.p[i] != '-' ||
		    (i > 0 && !memchr(before, line.p[i - 1], sizeof(before) - 1)))
			continue;
		while (end < line.n && is_argument(line.p[end]))
			end++;
		if (end - i > 1)
			r = add(found, SCRIPT_ARGUMENT, span_slice(line, i, end), arena, err);
		i = end;
	}
	return r;
}

/* `start|stop)` at the beginning of a line. */
static int
take_cases(struct script_found *found, struct span line, struct arena *arena, struct err *err)
{
	size_t close = span_find(line, ')');
	struct span pattern = span_trim(span_slice(line, 0, close));
	int r = 0;

	if (close == line.n || pattern.n == 0)
		return 0;
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		if (!is_argument(c) && c != '|' && c != '\'' && c != '"' && c != '*' && c != ' ')
			return 0;
	}
	while (r == 0 && pattern.p) {
		struct span word = span_trim(span_cut(&pattern, '|'));

		while (word.n && (*word.p == '\'' || *word.p == '"'))
			word = span_slice(word, 1, word.n);
		while (word.n && !is_argument(word.p[word.n - 1]))
			word.n--;
		if (word.n && span_find(word, '*') == word.n)
			r = add(found, SCRIPT_ARGUMENT, word, arena, err);
	}
	return r;
}

int
script_scan(struct span text, enum script_kind kind, struct arena *arena,
	    struct script_found *found, struct err *err)
{
	int r = text.n > SCRIPT_MAX ? err_set(err, ERR_LIMIT, "a script of %zu bytes (at most %lu)",
					      text.n, SCRIPT_MAX)
				    : 0;

	while (r == 0 && text.p) {
		struct span line = span_trim(span_cut(&text, '\n'));

		if (line.n == 0 || line.p[0] == '#')
			continue;
		r = take_names(found, line, kind, arena, err);
		if (kind == SCRIPT_DATA)
			continue;
		look_for_whole(found, line);
		if (r == 0)
			r = take_options(found, line, arena, err);
		if (r == 0)
			r = take_cases(found, line, arena, err);
	}
	return r;
}

static bool
names(struct span line, struct span name)
{
	for (size_t i = 0; i + name.n <= line.n; i++) {
		if (memcmp(line.p + i, name.p, name.n) == 0 &&
		    (i == 0 || !is_word(line.p[i - 1])) &&
		    (i + name.n == line.n || !is_word(line.p[i + name.n])))
			return true;
	}
	return false;
}

static bool
assigns(struct span line, struct span name)
{
	static const struct span words[] = {SPAN_INIT("for "), SPAN_INIT("read "),
					    SPAN_INIT("local ")};

	for (size_t i = 0; i + name.n <= line.n; i++) {
		struct span after = span_slice(line, i + name.n, line.n);

		if (memcmp(line.p + i, name.p, name.n) == 0 &&
		    (i == 0 || !is_word(line.p[i - 1])) && (i == 0 || line.p[i - 1] != '$') &&
		    span_starts_with(after, SPAN("=")))
			return true;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_contains(line, words[i]) && names(line, name))
			return true;
	}
	return false;
}

bool
script_assigns(struct span text, struct span name)
{
	while (text.p) {
		if (assigns(span_trim(span_cut(&text, '\n')), name))
			return true;
	}
	return false;
}

static size_t
add_value(struct span word, struct span *values, size_t count, size_t most)
{
	for (size_t i = 0; i < count; i++) {
		if (span_equal(values[i], word))
			return count;
	}
	if (count < most)
		values[count++] = word;
	return count;
}

size_t
script_values(struct span text, struct span name, struct span *values, size_t most)
{
	size_t count = 0;

	while (text.p && count < most) {
		struct span line = span_trim(span_cut(&text, '\n'));

		if (line.n == 0 || line.p[0] == '#' || !names(line, name))
			continue;
		for (size_t i = 0; i < line.n && count < most;) {
			size_t end = i;

			while (end < line.n && is_argument(line.p[end]))
				end++;
			struct span word = span_slice(line, i, end);
			if (word.n > 0 && !span_equal(word, name))
				count = add_value(word, values, count, most);
			i = end > i ? end : i + 1;
		}
	}
	return count;
}
