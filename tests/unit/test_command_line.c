/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: which are carried out without a shell, and why others are not. */
#include "test.h"

#include "base/arena.h"
#include "base/limits.h"
#include "codec/command_line.h"

#include <stdlib.h>
#include <string.h>

static struct line_sequence
read_line(const char *text, struct arena *arena)
{
	struct line_sequence sequence = {0};
	size_t used = 0;

	assert_good(command_line_read(span_from(text), false, arena, &sequence, &used, err));
	assert_int_equal(used, strlen(text));
	return sequence;
}

static const struct line_command *
only_command(const char *text, struct arena *arena)
{
	struct line_sequence sequence = read_line(text, arena);

	assert_int_equal(sequence.count, 1);
	assert_int_equal(sequence.items[0].count, 1);
	return sequence.items[0].commands;
}

static void
check_word(const struct line_word *word, const char *text)
{
	if (!*text) {
		assert_int_equal(word->count, 0);
		return;
	}
	assert_int_equal(word->count, 1);
	assert_int_equal(word->pieces[0].kind, LINE_PIECE_TEXT);
	assert_span(word->pieces[0].text, text);
}

/* ---- what is carried out ---- */

static void
quoting_is_taken_off(void **state)
{
	static const struct {
		const char *line;
		const char *words[6];
	} cases[] = {
		{"df -kP /data", {"df", "-kP", "/data"}},
		{"  df\t-k \\\n -P ", {"df", "-k", "-P"}},
		{"a 'b  c' \"d  e\" f\\ g", {"a", "b  c", "d  e", "f g"}},
		{"a ''\"\" b\"\"c", {"a", "", "bc"}},
		{"a 'x'\\''y' \"\\$HOME \\\"q\\\" \\x\"", {"a", "x'y", "$HOME \"q\" \\x"}},
		{"a '$(x)`y`*?[' # comment", {"a", "$(x)`y`*?["}},
		{"find . -exec cat {} \\;", {"find", ".", "-exec", "cat", "{}", ";"}},
		{"a b#c \\# %x=y@z", {"a", "b#c", "#", "%x=y@z"}},
		{"a 5$ \"6$\"", {"a", "5$", "6$"}},
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct line_command *command = only_command(cases[i].line, arena);
		size_t count = 0;

		while (count < 6 && cases[i].words[count])
			count++;
		assert_int_equal(command->word_count, count);
		for (size_t k = 0; k < count; k++)
			check_word(&command->words[k], cases[i].words[k]);
	}
	arena_free(arena);
}

static void
variables_are_plain(void **state)
{
	struct arena *arena = arena_new(0);
	const struct line_command *command =
		only_command("A=\"$B\" C= cat $HOME/\"${x}y\" '$z'", arena);

	(void)state;
	assert_int_equal(command->set_count, 2);
	assert_span(command->set[0].name, "A");
	assert_span(command->set[0].value.pieces[0].text, "B");
	assert_int_equal(command->set[1].value.count, 0);
	assert_int_equal(command->words[1].count, 4);
	assert_int_equal(command->words[1].pieces[0].kind, LINE_PIECE_VARIABLE);
	assert_false(command->words[1].pieces[0].quoted);
	assert_true(command->words[1].pieces[2].quoted);
	check_word(&command->words[2], "$z");
	arena_free(arena);
}

static void
lists_and_redirections(void **state)
{
	struct arena *arena = arena_new(0);
	struct line_sequence sequence = read_line(
		"a 2>&1 >>b <c | d 3<>e 4>&- && ! f; (g || h) </dev/null\n i >| j", arena);

	(void)state;
	assert_int_equal(sequence.count, 4);
	const struct line_command *a = &sequence.items[0].commands[0];
	assert_int_equal(sequence.items[0].count, 2);
	assert_int_equal(a->redirect_count, 3);
	assert_int_equal(a->redirects[0].mode, LINE_COPY);
	assert_int_equal(a->redirects[0].fd, 2);
	assert_int_equal(a->redirects[0].from, 1);
	assert_int_equal(a->redirects[1].mode, LINE_APPEND);
	assert_int_equal(a->redirects[2].fd, 0);
	assert_int_equal(sequence.items[0].commands[1].redirects[0].mode, LINE_BOTH);
	assert_int_equal(sequence.items[0].commands[1].redirects[1].mode, LINE_CLOSE);
	assert_int_equal(sequence.items[1].when, LINE_OK);
	assert_true(sequence.items[1].negated);
	assert_int_equal(sequence.items[2].when, LINE_ALWAYS);
	assert_int_equal(sequence.items[2].commands[0].kind, LINE_LIST);
	assert_int_equal(sequence.items[2].commands[0].list->items[1].when, LINE_FAILED);
	assert_int_equal(sequence.items[3].commands[0].redirects[0].mode, LINE_WRITE);
	arena_free(arena);
}

static void
builtins_come_to_texts(void **state)
{
	static const struct {
		const char *line;
		const char *text;
	} cases[] = {
		{"echo", "\n"},
		{"echo a  'b  c'", "a b  c\n"},
		{"echo -n a", "a"},
		{"echo a -n", "a -n\n"},
		{"printf '%s-%s\\n' x", "x-\n"},
		{"printf '100%%\\t\\\\'", "100%\t\\"},
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct line_command *command = only_command(cases[i].line, arena);
		char text[64] = "";

		assert_int_equal(command->kind, LINE_TEXT);
		for (size_t k = 0; k < command->text.count; k++)
			(void)strncat(text, command->text.pieces[k].text.p,
				      command->text.pieces[k].text.n);
		assert_string_equal(text, cases[i].text);
	}
	assert_int_equal(only_command("exit 3", arena)->status, 3);
	assert_int_equal(only_command("exit", arena)->status, LINE_STATUS_LAST);
	assert_int_equal(only_command("false", arena)->status, 1);
	assert_true(only_command("exec /bin/a b", arena)->replaces);
	assert_int_equal(only_command("cd /srv/data", arena)->kind, LINE_CHANGE);
	arena_free(arena);
}

/* ---- what is not ---- */

static const struct {
	const char *line;
	const char *why;
} refused[] = {
	{"echo `id`", "output of a command"},
	{"echo \"`id`\"", "output of a command"},
	{"a $(id)", "output of a command"},
	{"a \"$(id)\"", "output of a command"},
	{"a $((1+1))", "output of a command"},
	{"a ${b:-c}", "more than a plain variable"},
	{"a $1", "more than a plain variable"},
	{"a \"$@\"", "more than a plain variable"},
	{"a $$", "more than a plain variable"},
	{"a $?", "more than a plain variable"},
	{"a $IFS", "shell's own variable"},
	{"a $BASH_VERSION", "shell's own variable"},
	{"a $'b'", "quoting that not every"},
	{"a *.txt", "pattern of file names"},
	{"a b?", "pattern of file names"},
	{"a [x]", "pattern of file names"},
	{"[ -e x ]", "pattern of file names"},
	{"a ~/b", "home directory"},
	{"A=~ b", "home directory"},
	{"a b:~", "home directory"},
	{"a {b,c}", "braces"},
	{"{ a; }", "braces"},
	{"a &", "beside"},
	{"a & b", "beside"},
	{"a <<E\nb\nE\n", "text in the line"},
	{"a <<<b", "text in the line"},
	{"a <(b)", "in the place of a file"},
	{"a |& b", "not every shell"},
	{"a >&b", "no digit"},
	{"a() { b; }", "function"},
	{"((1))", "computes"},
	{"A=1", "variable of the shell"},
	{"A=1; b $A", "variable of the shell"},
	{">a", "redirection without a command"},
	{"$A b", "put together"},
	{"\"\" a", "put together"},
	{"if true; then a; fi", "if is the shell's own"},
	{"while a; do b; done", "while is the shell's own"},
	{"test -e x", "test is the shell's own"},
	{"export A=1", "export is the shell's own"},
	{". ./a", ". is the shell's own"},
	{"eval a", "eval is the shell's own"},
	{"kill 1", "kill is the shell's own"},
	{"ulimit -n 5", "ulimit is the shell's own"},
	{"echo 'a\\nb'", "backslash"},
	{"echo x \"$A\"", "backslash"},
	{"echo -e a", "option"},
	{"echo $A", "option"},
	{"printf %d 1", "more than %s"},
	{"printf %s a b", "more arguments"},
	{"printf \"$A\"", "not plain"},
	{"cd ..", "no plain absolute path"},
	{"cd /a/../b", "no plain absolute path"},
	{"cd", "no plain absolute path"},
	{"exit x", "no status"},
	{"exec", "without a program"},
	{"exec -a b c", "no program"},
	{"A=1 echo b", "with variables set"},
	{"A=1 B=$A c", "made of others"},
	{"A+=1 b", "assignment"},
	{"((((a))))", "computes"},
	{"(( ( a", "computes"},
	{"( ( ( ( a ) ) ) )", "nested too deep"},
};

static void
the_rest_is_refused(void **state)
{
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct line_sequence sequence;
		struct err err = ERR_INIT;
		size_t used;
		int r = command_line_read(span_from(refused[i].line), false, arena, &sequence,
					  &used, &err);

		if (r != -ERR_UNSUPPORTED || !strstr(err.text, refused[i].why))
			fail_msg("%s: %d \"%s\", not \"%s\"", refused[i].line, r, err.text,
				 refused[i].why);
	}
	arena_free(arena);
}

static void
what_is_no_line_is_said_so(void **state)
{
	static const char *const cases[] = {
		"a 'b", "a \"b", "a | ", "a &&", "&& a", "| a",	     ";",
		"a;;b", "(a",	 "a)",	 "()",	 "a > ", "a ||\n\n", "! ",
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line_sequence sequence;
		struct err err = ERR_INIT;
		size_t used;

		if (command_line_read(span_from(cases[i]), false, arena, &sequence, &used, &err) !=
		    -ERR_INVALID)
			fail_msg("%s: \"%s\"", cases[i], err.text);
	}
	char *big = calloc(1, COMMAND_LINE_MAX + 2);
	struct line_sequence sequence;
	size_t used;
	assert_non_null(big);
	memset(big, 'a', COMMAND_LINE_MAX + 1);
	assert_fails(ERR_LIMIT, command_line_read((struct span){big, COMMAND_LINE_MAX + 1}, false,
						  arena, &sequence, &used, err));
	free(big);
	arena_free(arena);
}

/* ---- places, and input ---- */

static void
places_stand_in_arguments(void **state)
{
	struct arena *arena = arena_new(0);
	const struct line_command *command = only_command("wc -c /tmp/\xff"
							  "0.txt '\xff"
							  "1' a\xfe"
							  "b >\xfe",
							  arena);
	static const char *const cases[] = {"a\xff"
					    "0 b",
					    "A=\xff"
					    "0 b",
					    "a >\xff"
					    "0",
					    "\xfe"};

	(void)state;
	assert_int_equal(command->words[2].pieces[1].kind, LINE_PIECE_WORD);
	assert_int_equal(command->words[3].pieces[0].word, 1);
	assert_int_equal(command->words[4].pieces[1].kind, LINE_PIECE_HOST);
	for (size_t i = 0; i < 4; i++) {
		struct line_sequence sequence;
		size_t used;

		assert_fails(ERR_UNSUPPORTED, command_line_read(span_from(cases[i]), false, arena,
								&sequence, &used, err));
	}
	arena_free(arena);
}

static void
input_is_one_command_at_a_time(void **state)
{
	static const char *const commands[] = {
		"(df -kP /\n) </dev/null; echo \"\r\"\n",
		"\n",
		"# note\n",
		"a; b;\n",
		"a &&\n\n b\n",
		"a \\\n b\n",
		"last",
	};
	static const size_t counts[] = {2, 0, 0, 2, 2, 1, 1};
	struct arena *arena = arena_new(0);
	char all[256] = "";

	(void)state;
	for (size_t i = 0; i < 7; i++)
		(void)strcat(all, commands[i]);
	struct span rest = span_from(all);
	for (size_t i = 0; i < 7; i++) {
		struct line_sequence sequence;
		size_t used = 0;

		assert_good(command_line_read(rest, true, arena, &sequence, &used, err));
		assert_int_equal(used, strlen(commands[i]));
		assert_int_equal(sequence.count, counts[i]);
		rest = span_slice(rest, used, rest.n);
	}
	assert_int_equal(rest.n, 0);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quoting_is_taken_off),
		cmocka_unit_test(variables_are_plain),
		cmocka_unit_test(lists_and_redirections),
		cmocka_unit_test(builtins_come_to_texts),
		cmocka_unit_test(the_rest_is_refused),
		cmocka_unit_test(what_is_no_line_is_said_so),
		cmocka_unit_test(places_stand_in_arguments),
		cmocka_unit_test(input_is_one_command_at_a_time),
	};

	return cmocka_run_group_tests_name("command_line", tests, NULL, NULL);
}
