/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar (XCU 2.10): lists, pipes, subshells, simple commands and their redirections. */
#include "codec/command_line/reader.h"

#include "base/ascii.h"
#include "base/limits.h"

static int
refuse(struct line_reader *reader, const char *what)
{
	return err_set(reader->err, ERR_UNSUPPORTED, "%s", what);
}

static int
malformed(struct line_reader *reader)
{
	return err_set(reader->err, ERR_INVALID, "it is no complete command");
}

static void
skip_blanks(struct line_reader *reader)
{
	for (;;) {
		if (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
			reader->at++;
		else if (reader->end - reader->at >= 2 && reader->at[0] == '\\' &&
			 reader->at[1] == '\n')
			reader->at += 2;
		else
			return;
	}
}

static void
skip_comment(struct line_reader *reader)
{
	if (reader->at < reader->end && *reader->at == '#') {
		while (reader->at < reader->end && *reader->at != '\n')
			reader->at++;
	}
}

static bool
starts_with(const struct line_reader *reader, struct span text)
{
	return span_starts_with((struct span){reader->at, (size_t)(reader->end - reader->at)},
				text);
}

static bool
take(struct line_reader *reader, struct span text)
{
	if (!starts_with(reader, text))
		return false;
	reader->at += text.n;
	return true;
}

/* Blanks, comments and newlines. */
static void
skip_lines(struct line_reader *reader)
{
	do {
		skip_blanks(reader);
		skip_comment(reader);
	} while (take(reader, SPAN("\n")));
}

/* ---- simple commands ---- */

struct simple {
	VEC(struct line_word) words;
	VEC(struct line_assignment) set;
	VEC(struct line_redirect) redirects;
};

static bool
has_word_mark(const struct line_word *word)
{
	for (size_t i = 0; i < word->count; i++) {
		if (word->pieces[i].kind == LINE_PIECE_WORD)
			return true;
	}
	return false;
}

static bool
has_variable(const struct line_word *word)
{
	for (size_t i = 0; i < word->count; i++) {
		if (word->pieces[i].kind == LINE_PIECE_VARIABLE)
			return true;
	}
	return false;
}

static int
read_target(struct line_reader *reader, struct line_redirect *redirect, bool copies)
{
	struct line_word target = {0};

	skip_blanks(reader);
	if (line_at_end_of_word(reader))
		return malformed(reader);
	int r = line_word_read(reader, &target);
	if (r < 0)
		return r;
	struct span text = line_word_text(&target);
	if (has_word_mark(&target))
		return refuse(reader, "the name of a file that is redirected to differs");
	if (!copies) {
		redirect->file = target;
		return 0;
	}
	if (text.n != 1 || (*text.p != '-' && !ascii_is_digit(*text.p)))
		return refuse(reader, "a descriptor that is no digit");
	if (*text.p == '-')
		redirect->mode = LINE_CLOSE;
	else
		redirect->from = (uint32_t)(*text.p - '0');
	return 0;
}

static bool
at_redirect(const struct line_reader *reader)
{
	const char *at = reader->at;

	if (reader->end - at >= 2 && ascii_is_digit(*at) && (at[1] == '<' || at[1] == '>'))
		return true;
	return at < reader->end && (*at == '<' || *at == '>');
}

static int
read_redirect(struct line_reader *reader, struct line_redirect *ret)
{
	static const struct {
		struct span text;
		enum line_redirect_mode mode;
		uint32_t fd;
	} operators[] = {
		{SPAN_INIT("<>"), LINE_BOTH, 0},  {SPAN_INIT("<&"), LINE_COPY, 0},
		{SPAN_INIT(">&"), LINE_COPY, 1},  {SPAN_INIT(">>"), LINE_APPEND, 1},
		{SPAN_INIT(">|"), LINE_WRITE, 1}, {SPAN_INIT("<"), LINE_READ, 0},
		{SPAN_INIT(">"), LINE_WRITE, 1},
	};
	bool numbered = ascii_is_digit(*reader->at);
	uint32_t fd = numbered ? (uint32_t)(*reader->at++ - '0') : 0;

	if (starts_with(reader, SPAN("<<")))
		return refuse(reader, "a text in the line is its input (<<)");
	if (starts_with(reader, SPAN("<(")) || starts_with(reader, SPAN(">(")))
		return refuse(reader, "a command is put in the place of a file");
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (!take(reader, operators[i].text))
			continue;
		*ret = (struct line_redirect){.fd = numbered ? fd : operators[i].fd,
					      .mode = operators[i].mode};
		return read_target(reader, ret, ret->mode == LINE_COPY);
	}
	return malformed(reader);
}

static int
add_redirect(struct line_reader *reader, struct simple *simple)
{
	struct line_redirect redirect;
	int r = read_redirect(reader, &redirect);

	return r < 0 ? r : vec_push(&simple->redirects, &redirect, LINE_ITEMS_MAX, reader->err);
}

/* NAME= before the first word. */
static size_t
assignment_length(const struct line_reader *reader)
{
	struct span rest = {reader->at, (size_t)(reader->end - reader->at)};
	size_t n = line_name_length(rest);

	return n > 0 && n < rest.n && rest.p[n] == '=' ? n : 0;
}

static int
add_assignment(struct line_reader *reader, struct simple *simple, size_t name)
{
	struct line_assignment assignment = {.name = {reader->at, name}};
	struct line_word value = {0};
	int r = 0;

	reader->at += name + 1;
	if (starts_with(reader, SPAN("~")))
		return refuse(reader, "it has a home directory (~)");
	if (!line_at_end_of_word(reader))
		r = line_word_read(reader, &value);
	if (r < 0)
		return r;
	if (has_word_mark(&value))
		return refuse(reader, "the value of a variable differs");
	if (simple->set.count && has_variable(&value))
		return refuse(reader, "the value of a variable is made of others");
	for (size_t i = 0; i < value.count; i++)
		value.pieces[i].quoted = true; /* fields are not split here */
	assignment.value = value;
	assignment.name = arena_copy(reader->arena, assignment.name);
	return assignment.name.p ? vec_push(&simple->set, &assignment, LINE_ITEMS_MAX, reader->err)
				 : err_memory(reader->err);
}

static int
add_word(struct line_reader *reader, struct simple *simple)
{
	size_t name = simple->words.count == 0 ? assignment_length(reader) : 0;
	struct line_word word = {0};

	if (name > 0)
		return add_assignment(reader, simple, name);
	int r = line_word_read(reader, &word);
	if (r < 0)
		return r;
	return vec_push(&simple->words, &word, LINE_ITEMS_MAX, reader->err);
}

static int
keep_simple(struct line_reader *reader, const struct simple *simple, struct line_command *ret)
{
	*ret = (struct line_command){
		.kind = LINE_RUN,
		.words = vec_keep(&simple->words, reader->arena),
		.word_count = simple->words.count,
		.set = vec_keep(&simple->set, reader->arena),
		.set_count = simple->set.count,
		.redirects = vec_keep(&simple->redirects, reader->arena),
		.redirect_count = simple->redirects.count,
	};
	if (!ret->words || !ret->set || !ret->redirects)
		return err_memory(reader->err);
	return line_builtin_judge(reader, ret);
}

static int
read_simple(struct line_reader *reader, struct line_command *ret)
{
	struct simple simple = {0};
	bool any = false;
	int r = 0;

	for (;; any = true) {
		skip_blanks(reader);
		if (reader->at == reader->end || line_is_any(SPAN("\n;&|()"), *reader->at) ||
		    *reader->at == '#')
			break;
		r = at_redirect(reader) ? add_redirect(reader, &simple) : add_word(reader, &simple);
		if (r < 0)
			break;
	}
	if (r == 0 && !any)
		r = malformed(reader);
	if (r == 0 && starts_with(reader, SPAN("(")))
		r = refuse(reader, "it defines a function");
	if (r == 0)
		r = keep_simple(reader, &simple, ret);
	vec_free(&simple.words);
	vec_free(&simple.set);
	vec_free(&simple.redirects);
	return r;
}

/* ---- subshells, pipes, lists ---- */

static int read_sequence(struct line_reader *reader, struct line_sequence *ret);

static int
read_subshell(struct line_reader *reader, struct line_command *ret)
{
	struct simple simple = {0};
	struct line_sequence *list = arena_alloc(reader->arena, sizeof(*list));

	if (!list)
		return err_memory(reader->err);
	if (starts_with(reader, SPAN("(")))
		return refuse(reader, "it computes");
	if (++reader->depth > LINE_DEPTH_MAX)
		return refuse(reader, "subshells are nested too deep");
	int r = read_sequence(reader, list);
	reader->depth--;
	if (r == 0 && (list->count == 0 || !take(reader, SPAN(")"))))
		r = malformed(reader);
	while (r == 0) {
		skip_blanks(reader);
		if (!at_redirect(reader))
			break;
		r = add_redirect(reader, &simple);
	}
	if (r == 0) {
		*ret = (struct line_command){.kind = LINE_LIST,
					     .list = list,
					     .redirects =
						     vec_keep(&simple.redirects, reader->arena),
					     .redirect_count = simple.redirects.count};
		if (!ret->redirects)
			r = err_memory(reader->err);
	}
	vec_free(&simple.redirects);
	return r;
}

static int
read_pipeline(struct line_reader *reader, struct line_pipeline *pipeline)
{
	VEC(struct line_command) commands = {0};
	int r = 0;

	if (starts_with(reader, SPAN("! ")) || starts_with(reader, SPAN("!\t"))) {
		reader->at += 2;
		pipeline->negated = true;
	}
	do {
		struct line_command command = {0};

		skip_lines(reader);
		r = take(reader, SPAN("(")) ? read_subshell(reader, &command)
					    : read_simple(reader, &command);
		if (r == 0)
			r = vec_push(&commands, &command, LINE_ITEMS_MAX, reader->err);
		skip_blanks(reader);
		if (r == 0 && starts_with(reader, SPAN("|&")))
			r = refuse(reader, "a pipe not every shell has (|&)");
	} while (r == 0 && !starts_with(reader, SPAN("||")) && take(reader, SPAN("|")));
	if (r == 0) {
		pipeline->count = commands.count;
		pipeline->commands = vec_keep(&commands, reader->arena);
		if (!pipeline->commands)
			r = err_memory(reader->err);
	}
	vec_free(&commands);
	return r;
}

enum after { AFTER_MORE, AFTER_NEEDED, AFTER_END, AFTER_LINE };

/* What stands behind a pipeline, and when the next one runs. */
static int
read_separator(struct line_reader *reader, enum line_when *ret_when, enum after *ret)
{
	skip_blanks(reader);
	skip_comment(reader);
	*ret_when = LINE_ALWAYS;
	*ret = AFTER_MORE;
	if (reader->at == reader->end || *reader->at == ')') {
		*ret = AFTER_END;
	} else if (take(reader, SPAN("&&")) || starts_with(reader, SPAN("||"))) {
		*ret_when = take(reader, SPAN("||")) ? LINE_FAILED : LINE_OK;
		*ret = AFTER_NEEDED;
	} else if (take(reader, SPAN("\n"))) {
		*ret = AFTER_LINE;
	} else if (*reader->at == '&') {
		return refuse(reader, "it runs something beside (&)");
	} else if (!take(reader, SPAN(";")) || starts_with(reader, SPAN(";"))) {
		return malformed(reader);
	}
	return 0;
}

static int
read_sequence(struct line_reader *reader, struct line_sequence *ret)
{
	VEC(struct line_pipeline) items = {0};
	bool one_line = reader->input && reader->depth == 0;
	enum after after = AFTER_MORE;
	enum line_when when = LINE_ALWAYS;
	int r = 0;

	while (r == 0 && after != AFTER_END && !(after == AFTER_LINE && one_line)) {
		struct line_pipeline pipeline = {.when = when};

		if (one_line && after == AFTER_MORE) {
			skip_blanks(reader);
			skip_comment(reader);
			if (take(reader, SPAN("\n")))
				break;
		} else {
			skip_lines(reader);
		}
		if (reader->at == reader->end || *reader->at == ')') {
			if (after == AFTER_NEEDED ||
			    (reader->depth == 0 && reader->at < reader->end))
				r = malformed(reader);
			break;
		}
		r = read_pipeline(reader, &pipeline);
		if (r == 0)
			r = vec_push(&items, &pipeline, LINE_ITEMS_MAX, reader->err);
		if (r == 0)
			r = read_separator(reader, &when, &after);
	}
	if (r == 0) {
		ret->count = items.count;
		ret->items = vec_keep(&items, reader->arena);
		if (!ret->items)
			r = err_memory(reader->err);
	}
	vec_free(&items);
	return r;
}

int
command_line_read(struct span text, bool input, struct arena *arena, struct line_sequence *ret,
		  size_t *ret_used, struct err *err)
{
	struct line_reader reader = {
		.at = text.p, .end = text.p + text.n, .arena = arena, .err = err, .input = input};
	struct line_sequence sequence = {0};

	if (text.n > COMMAND_LINE_MAX)
		return err_set(err, ERR_LIMIT, "it has %zu bytes (at most %lu)", text.n,
			       COMMAND_LINE_MAX);
	int r = read_sequence(&reader, &sequence);
	if (r < 0)
		return r;
	if (!input && reader.at < reader.end)
		return malformed(&reader);
	*ret = sequence;
	*ret_used = (size_t)(reader.at - text.p);
	return 0;
}
