/* SPDX-License-Identifier: Apache-2.0 */
/* What a shell does itself: the few that come to a text, a status or a directory. */
#include "codec/command_line/reader.h"

typedef VEC(struct line_piece) line_pieces;

static int
refuse(struct line_reader *reader, struct span name, const char *what)
{
	return err_set(reader->err, ERR_UNSUPPORTED, "%.*s %s", SPAN_ARG(name), what);
}

static int
keep_text(struct line_reader *reader, line_pieces *pieces, int r, struct line_command *command)
{
	if (r == 0) {
		command->kind = LINE_TEXT;
		command->text.count = pieces->count;
		command->text.pieces = vec_keep(pieces, reader->arena);
		if (!command->text.pieces)
			r = err_memory(reader->err);
	}
	vec_free(pieces);
	return r;
}

static int
push_text(struct line_reader *reader, line_pieces *pieces, struct span text)
{
	const struct line_piece piece = {.kind = LINE_PIECE_TEXT, .text = text};

	return text.n ? vec_push(pieces, &piece, LINE_ITEMS_MAX, reader->err) : 0;
}

static int
push_word(struct line_reader *reader, line_pieces *pieces, const struct line_word *word)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < word->count; i++)
		r = vec_push(pieces, &word->pieces[i], LINE_ITEMS_MAX, reader->err);
	return r;
}

/* Shells do not agree on backslashes, and a value may have one. */
static bool
has_backslash(const struct line_word *word)
{
	for (size_t i = 0; i < word->count; i++) {
		const struct line_piece *piece = &word->pieces[i];

		if ((piece->kind == LINE_PIECE_VARIABLE && piece->quoted) ||
		    (piece->kind == LINE_PIECE_TEXT &&
		     span_find(piece->text, '\\') < piece->text.n))
			return true;
	}
	return false;
}

static bool
may_be_option(const struct line_word *word)
{
	return word->count > 0 && (word->pieces[0].kind != LINE_PIECE_TEXT ||
				   span_starts_with(word->pieces[0].text, SPAN("-")));
}

static int
judge_echo(struct line_reader *reader, struct line_command *command)
{
	line_pieces pieces = {0};
	size_t from = 1;
	bool newline = true;
	int r = 0;

	if (command->word_count > 1 && span_equal(line_word_text(&command->words[1]), SPAN("-n"))) {
		newline = false;
		from = 2;
	}
	if (from < command->word_count && may_be_option(&command->words[from]))
		return refuse(reader, SPAN("echo"), "with what may be an option");
	for (size_t i = from; r == 0 && i < command->word_count; i++) {
		if (has_backslash(&command->words[i]))
			return keep_text(reader, &pieces,
					 refuse(reader, SPAN("echo"), "with a backslash"), command);
		if (i > from)
			r = push_text(reader, &pieces, SPAN(" "));
		if (r == 0)
			r = push_word(reader, &pieces, &command->words[i]);
	}
	if (r == 0 && newline)
		r = push_text(reader, &pieces, SPAN("\n"));
	return keep_text(reader, &pieces, r, command);
}

/* One conversion or escape of a format; *at stands on its first byte. */
static int
take_format(struct line_reader *reader, struct line_command *command, struct span format,
	    size_t *at, size_t *argument, line_pieces *pieces)
{
	static const struct {
		struct span from;
		struct span to;
	} known[] = {
		{SPAN_INIT("%%"), SPAN_INIT("%")},   {SPAN_INIT("\\n"), SPAN_INIT("\n")},
		{SPAN_INIT("\\t"), SPAN_INIT("\t")}, {SPAN_INIT("\\\\"), SPAN_INIT("\\")},
		{SPAN_INIT("\\r"), SPAN_INIT("\r")},
	};
	struct span rest = span_slice(format, *at, format.n);

	*at += 2;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (span_starts_with(rest, known[i].from))
			return push_text(reader, pieces, known[i].to);
	}
	if (!span_starts_with(rest, SPAN("%s")))
		return refuse(reader, SPAN("printf"), "with more than %s");
	if (*argument == command->word_count)
		return 0;
	return push_word(reader, pieces, &command->words[(*argument)++]);
}

static int
judge_printf(struct line_reader *reader, struct line_command *command)
{
	struct span format = command->word_count > 1 ? line_word_text(&command->words[1])
						     : (struct span){NULL, 0};
	line_pieces pieces = {0};
	size_t argument = 2;
	size_t at = 0;
	int r = 0;

	if (!format.p || span_starts_with(format, SPAN("-")))
		return refuse(reader, SPAN("printf"), "with a format that is not plain");
	while (r == 0 && at < format.n) {
		size_t from = at;

		while (at < format.n && format.p[at] != '%' && format.p[at] != '\\')
			at++;
		r = push_text(reader, &pieces, span_slice(format, from, at));
		if (r == 0 && at < format.n)
			r = take_format(reader, command, format, &at, &argument, &pieces);
	}
	if (r == 0 && argument < command->word_count)
		r = refuse(reader, SPAN("printf"), "with more arguments than its format has");
	return keep_text(reader, &pieces, r, command);
}

static int
judge_cd(struct line_reader *reader, struct line_command *command)
{
	struct span path = command->word_count == 2 ? line_word_text(&command->words[1])
						    : (struct span){NULL, 0};

	if (!path.p || !span_starts_with(path, SPAN("/")) || span_contains(path, SPAN("/.")) ||
	    span_contains(path, SPAN("//")) || (path.n > 1 && span_ends_with(path, SPAN("/"))))
		return refuse(reader, SPAN("cd"), "to what is no plain absolute path");
	if (command->redirect_count)
		return refuse(reader, SPAN("cd"), "with a redirection");
	command->kind = LINE_CHANGE;
	command->text = command->words[1];
	return 0;
}

static int
judge_exit(struct line_reader *reader, struct line_command *command)
{
	uint64_t status = LINE_STATUS_LAST;

	if (command->word_count > 2 ||
	    (command->word_count == 2 &&
	     (!span_to_u64(line_word_text(&command->words[1]), &status) || status > 255)))
		return refuse(reader, SPAN("exit"), "with what is no status");
	if (command->redirect_count)
		return refuse(reader, SPAN("exit"), "with a redirection");
	command->kind = LINE_STATUS;
	command->status = (uint32_t)status;
	command->ends = true;
	return 0;
}

static int
judge_exec(struct line_reader *reader, struct line_command *command)
{
	if (command->word_count < 2)
		return refuse(reader, SPAN("exec"), "without a program");
	command->words++;
	command->word_count--;
	struct span name = line_word_text(&command->words[0]);
	if (!name.n || span_starts_with(name, SPAN("-")))
		return refuse(reader, SPAN("exec"), "with what is no program");
	command->replaces = true;
	return 0;
}

static int
judge_true(struct line_reader *reader, struct line_command *command)
{
	(void)reader;
	command->kind = LINE_STATUS;
	command->status = 0;
	return 0;
}

static int
judge_false(struct line_reader *reader, struct line_command *command)
{
	(void)reader;
	command->kind = LINE_STATUS;
	command->status = 1;
	return 0;
}

/* Without `judge` it is refused. */
static const struct {
	struct span name;
	int (*judge)(struct line_reader *reader, struct line_command *command);
} builtins[] = {
	{SPAN_INIT("echo"), judge_echo}, {SPAN_INIT("printf"), judge_printf},
	{SPAN_INIT("cd"), judge_cd},	 {SPAN_INIT("exit"), judge_exit},
	{SPAN_INIT("exec"), judge_exec}, {SPAN_INIT("true"), judge_true},
	{SPAN_INIT(":"), judge_true},	 {SPAN_INIT("false"), judge_false},
	{SPAN_INIT("."), NULL},		 {SPAN_INIT("["), NULL},
	{SPAN_INIT("[["), NULL},	 {SPAN_INIT("alias"), NULL},
	{SPAN_INIT("bg"), NULL},	 {SPAN_INIT("bind"), NULL},
	{SPAN_INIT("break"), NULL},	 {SPAN_INIT("builtin"), NULL},
	{SPAN_INIT("caller"), NULL},	 {SPAN_INIT("case"), NULL},
	{SPAN_INIT("command"), NULL},	 {SPAN_INIT("compgen"), NULL},
	{SPAN_INIT("complete"), NULL},	 {SPAN_INIT("continue"), NULL},
	{SPAN_INIT("coproc"), NULL},	 {SPAN_INIT("declare"), NULL},
	{SPAN_INIT("dirs"), NULL},	 {SPAN_INIT("disown"), NULL},
	{SPAN_INIT("do"), NULL},	 {SPAN_INIT("done"), NULL},
	{SPAN_INIT("elif"), NULL},	 {SPAN_INIT("else"), NULL},
	{SPAN_INIT("enable"), NULL},	 {SPAN_INIT("esac"), NULL},
	{SPAN_INIT("eval"), NULL},	 {SPAN_INIT("export"), NULL},
	{SPAN_INIT("fc"), NULL},	 {SPAN_INIT("fg"), NULL},
	{SPAN_INIT("fi"), NULL},	 {SPAN_INIT("for"), NULL},
	{SPAN_INIT("function"), NULL},	 {SPAN_INIT("getopts"), NULL},
	{SPAN_INIT("hash"), NULL},	 {SPAN_INIT("help"), NULL},
	{SPAN_INIT("history"), NULL},	 {SPAN_INIT("if"), NULL},
	{SPAN_INIT("jobs"), NULL},	 {SPAN_INIT("kill"), NULL},
	{SPAN_INIT("let"), NULL},	 {SPAN_INIT("local"), NULL},
	{SPAN_INIT("logout"), NULL},	 {SPAN_INIT("mapfile"), NULL},
	{SPAN_INIT("popd"), NULL},	 {SPAN_INIT("pushd"), NULL},
	{SPAN_INIT("pwd"), NULL},	 {SPAN_INIT("read"), NULL},
	{SPAN_INIT("readarray"), NULL},	 {SPAN_INIT("readonly"), NULL},
	{SPAN_INIT("return"), NULL},	 {SPAN_INIT("select"), NULL},
	{SPAN_INIT("set"), NULL},	 {SPAN_INIT("shift"), NULL},
	{SPAN_INIT("shopt"), NULL},	 {SPAN_INIT("source"), NULL},
	{SPAN_INIT("suspend"), NULL},	 {SPAN_INIT("test"), NULL},
	{SPAN_INIT("then"), NULL},	 {SPAN_INIT("time"), NULL},
	{SPAN_INIT("times"), NULL},	 {SPAN_INIT("trap"), NULL},
	{SPAN_INIT("type"), NULL},	 {SPAN_INIT("typeset"), NULL},
	{SPAN_INIT("ulimit"), NULL},	 {SPAN_INIT("umask"), NULL},
	{SPAN_INIT("unalias"), NULL},	 {SPAN_INIT("unset"), NULL},
	{SPAN_INIT("until"), NULL},	 {SPAN_INIT("wait"), NULL},
	{SPAN_INIT("while"), NULL},
};

int
line_builtin_judge(struct line_reader *reader, struct line_command *command)
{
	if (command->word_count == 0)
		return err_set(reader->err, ERR_UNSUPPORTED,
			       command->set_count ? "it sets a variable of the shell"
						  : "a redirection without a command");
	struct span name = line_word_text(&command->words[0]);
	if (!name.n)
		return err_set(reader->err, ERR_UNSUPPORTED,
			       "the name of the program is put together");
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		if (!span_equal(name, builtins[i].name))
			continue;
		if (!builtins[i].judge)
			return refuse(reader, name, "is the shell's own");
		if (command->set_count)
			return refuse(reader, name, "with variables set for it");
		return builtins[i].judge(reader, command);
	}
	if (span_find(name, '=') < name.n)
		return refuse(reader, name, "is an assignment not every shell has");
	return 0;
}
