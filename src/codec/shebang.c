/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/shebang.h"

#include "base/limits.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct span
cut_word(struct span *rest)
{
	size_t from = 0;

	while (from < rest->n && is_blank(rest->p[from]))
		from++;

	size_t to = from;
	while (to < rest->n && !is_blank(rest->p[to]))
		to++;

	struct span word = span_slice(*rest, from, to);
	*rest = span_slice(*rest, to, rest->n);
	return word;
}

/*
 * env(1) with one argument: `env prog`, or with -S the argument is split: options and
 * assignments, then the program.
 */
static struct span
find_program(struct span argument)
{
	while (argument.n) {
		struct span word = cut_word(&argument);

		if (span_equal(word, SPAN("-u")) || span_equal(word, SPAN("--unset")) ||
		    span_equal(word, SPAN("-C")) || span_equal(word, SPAN("--chdir"))) {
			(void)cut_word(&argument);
			continue;
		}
		if (span_starts_with(word, SPAN("--split-string=")))
			word = span_slice(word, sizeof("--split-string=") - 1, word.n);
		else if (span_starts_with(word, SPAN("-S")) && word.n > 2)
			word = span_slice(word, 2, word.n);
		if (word.n && word.p[0] != '-' && span_find(word, '=') == word.n)
			return word;
	}
	return (struct span){"", 0};
}

bool
shebang_read(struct span head, struct shebang *ret)
{
	if (!span_starts_with(head, SPAN("#!")))
		return false;

	struct span line = span_slice(head, 2, head.n < SHEBANG_MAX ? head.n : SHEBANG_MAX);
	line = span_slice(line, 0, span_find(line, '\n'));
	line = span_slice(line, 0, span_find(line, '\0'));

	struct span interpreter = cut_word(&line);
	if (interpreter.n == 0)
		return false;
	*ret = (struct shebang){interpreter, span_trim(line), {"", 0}};

	struct span name = span_base_name(interpreter);
	if (span_equal(name, SPAN("env")))
		ret->program = find_program(ret->argument);
	return true;
}
