/* SPDX-License-Identifier: Apache-2.0 */
/* Words: quoting (XCU 2.2) and what would be expanded in them (2.6). */
#include "codec/command_line/reader.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"

struct word_reader {
	struct line_reader *line;
	struct buf text; /* since the last piece */
	VEC(struct line_piece) pieces;
	bool quoted;
};

static int
refuse(struct word_reader *word, const char *what)
{
	return err_set(word->line->err, ERR_UNSUPPORTED, "%s", what);
}

static bool
is_end(char byte)
{
	return line_is_any(SPAN(" \t\n;&|()<>"), byte);
}

bool
line_at_end_of_word(const struct line_reader *reader)
{
	return reader->at == reader->end || is_end(*reader->at);
}

size_t
line_name_length(struct span text)
{
	size_t n = 0;

	while (n < text.n && (text.p[n] == '_' || ascii_is_letter(text.p[n]) ||
			      (n > 0 && ascii_is_digit(text.p[n]))))
		n++;
	return n;
}

struct span
line_word_text(const struct line_word *word)
{
	if (word->count == 0)
		return SPAN("");
	if (word->count > 1 || word->pieces[0].kind != LINE_PIECE_TEXT)
		return (struct span){NULL, 0};
	return word->pieces[0].text;
}

/* ---- pieces ---- */

static int
push_text(struct word_reader *word)
{
	struct line_piece piece = {.kind = LINE_PIECE_TEXT};

	if (word->text.n == 0)
		return 0;
	piece.text = arena_copy(word->line->arena, buf_span(&word->text));
	word->text.n = 0;
	return piece.text.p ? vec_push(&word->pieces, &piece, LINE_ITEMS_MAX, word->line->err)
			    : err_memory(word->line->err);
}

static int
push_piece(struct word_reader *word, const struct line_piece *piece)
{
	int r = push_text(word);

	return r < 0 ? r : vec_push(&word->pieces, piece, LINE_ITEMS_MAX, word->line->err);
}

/* Variables that are the shell's own, whatever the environment has. */
static bool
is_shells_own(struct span name)
{
	static const struct span own[] = {
		SPAN_INIT("IFS"),      SPAN_INIT("OPTIND"),   SPAN_INIT("OPTARG"),
		SPAN_INIT("PPID"),     SPAN_INIT("PS1"),      SPAN_INIT("PS2"),
		SPAN_INIT("PS4"),      SPAN_INIT("LINENO"),   SPAN_INIT("RANDOM"),
		SPAN_INIT("SECONDS"),  SPAN_INIT("UID"),      SPAN_INIT("EUID"),
		SPAN_INIT("HOSTNAME"), SPAN_INIT("SHLVL"),    SPAN_INIT("SHELLOPTS"),
		SPAN_INIT("GROUPS"),   SPAN_INIT("DIRSTACK"), SPAN_INIT("HOSTTYPE"),
		SPAN_INIT("MACHTYPE"), SPAN_INIT("OSTYPE"),   SPAN_INIT("SRANDOM"),
		SPAN_INIT("OLDPWD"),   SPAN_INIT("_"),
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (span_equal(name, own[i]))
			return true;
	}
	return span_starts_with(name, SPAN("BASH")) || span_starts_with(name, SPAN("EPOCH"));
}

/* Behind '$': a variable and no more, or a '$' that means itself. */
static int
take_dollar(struct word_reader *word, bool quoted)
{
	struct line_reader *line = word->line;
	bool braces = line->at < line->end && *line->at == '{';
	struct span rest = {line->at + braces, (size_t)(line->end - line->at) - braces};
	size_t n = line_name_length(rest);
	struct line_piece piece = {
		.kind = LINE_PIECE_VARIABLE, .text = span_slice(rest, 0, n), .quoted = quoted};

	if (n == 0 && !braces && (rest.n == 0 || is_end(*rest.p) || (quoted && *rest.p == '"'))) {
		if (rest.n && *rest.p == '(')
			return refuse(word, "the output of a command is put into it");
		return buf_byte(&word->text, '$', line->err);
	}
	if (n == 0)
		return refuse(word, "it expands more than a plain variable");
	if (braces && (n == rest.n || rest.p[n] != '}'))
		return refuse(word, "it expands more than a plain variable");
	if (is_shells_own(piece.text))
		return err_set(line->err, ERR_UNSUPPORTED, "%.*s is the shell's own variable",
			       SPAN_ARG(piece.text));
	line->at = rest.p + n + braces;
	return push_piece(word, &piece);
}

static int
take_mark(struct word_reader *word, char mark)
{
	struct line_reader *line = word->line;
	struct line_piece piece = {.kind = mark == LINE_HOST ? LINE_PIECE_HOST : LINE_PIECE_WORD};

	if (mark == LINE_WORD) {
		if (line->at == line->end || *line->at < '0' || *line->at >= '0' + LINE_WORDS)
			return err_set(line->err, ERR_INVALID, "a place without its number");
		piece.word = (uint32_t)(*line->at++ - '0');
	}
	return push_piece(word, &piece);
}

/* Behind '"', to the one that closes. */
static int
take_double(struct word_reader *word)
{
	struct line_reader *line = word->line;
	int r = 0;

	word->quoted = true;
	while (r == 0 && line->at < line->end && *line->at != '"') {
		char byte = *line->at++;

		if (byte == '`')
			return refuse(word, "the output of a command is put into it");
		if (byte == '$') {
			r = take_dollar(word, true);
			continue;
		}
		if (byte == LINE_WORD || byte == LINE_HOST) {
			r = take_mark(word, byte);
			continue;
		}
		if (byte == '\\' && line->at < line->end &&
		    line_is_any(SPAN("$`\"\\\n"), *line->at)) {
			byte = *line->at++;
			if (byte == '\n')
				continue;
		}
		r = buf_byte(&word->text, byte, line->err);
	}
	if (r == 0 && line->at == line->end)
		return err_set(line->err, ERR_INVALID, "a quote that is not closed");
	line->at += r == 0;
	return r;
}

static int
take_single(struct word_reader *word)
{
	struct line_reader *line = word->line;
	int r = 0;

	word->quoted = true;
	while (r == 0 && line->at < line->end && *line->at != '\'') {
		char byte = *line->at++;

		r = byte == LINE_WORD || byte == LINE_HOST ? take_mark(word, byte)
							   : buf_byte(&word->text, byte, line->err);
	}
	if (r == 0 && line->at == line->end)
		return err_set(line->err, ERR_INVALID, "a quote that is not closed");
	line->at += r == 0;
	return r;
}

static int
take_escape(struct word_reader *word)
{
	struct line_reader *line = word->line;

	if (line->at == line->end)
		return refuse(word, "it ends in a backslash");
	char byte = *line->at++;
	if (byte == '\n')
		return 0;
	word->quoted = true;
	return byte == LINE_WORD || byte == LINE_HOST ? take_mark(word, byte)
						      : buf_byte(&word->text, byte, line->err);
}

/* A byte outside of quotes. */
static int
take_plain(struct word_reader *word, char byte)
{
	struct span before = buf_span(&word->text);
	bool first = before.n == 0 && word->pieces.count == 0 && !word->quoted;

	if (line_is_any(SPAN("*?["), byte))
		return refuse(word, "it has a pattern of file names");
	if (byte == '~' &&
	    (first || span_ends_with(before, SPAN("=")) || span_ends_with(before, SPAN(":"))))
		return refuse(word, "it has a home directory (~)");
	return buf_byte(&word->text, byte, word->line->err);
}

static int
take_one(struct word_reader *word)
{
	struct line_reader *line = word->line;
	char byte = *line->at++;

	switch (byte) {
	case '\\':
		return take_escape(word);
	case '\'':
		return take_single(word);
	case '"':
		return take_double(word);
	case '`':
		return refuse(word, "the output of a command is put into it");
	case '$':
		if (line->at < line->end && (*line->at == '\'' || *line->at == '"'))
			return refuse(word, "a kind of quoting that not every shell has");
		return take_dollar(word, false);
	case LINE_WORD:
	case LINE_HOST:
		return take_mark(word, byte);
	case '{':
	case '}':
		/* find's {} is itself; other braces are lists in some shells */
		if (byte == '{' && line->end - line->at >= 1 && *line->at == '}' &&
		    word->text.n == 0 && word->pieces.count == 0) {
			line->at++;
			return line_at_end_of_word(line)
				       ? buf_append(&word->text, SPAN("{}"), line->err)
				       : refuse(word, "it has braces");
		}
		return refuse(word, "it has braces");
	default:
		return take_plain(word, byte);
	}
}

int
line_word_read(struct line_reader *reader, struct line_word *ret)
{
	struct word_reader word = {.line = reader, .text = BUF_INIT(COMMAND_LINE_MAX)};
	int r = 0;

	while (r == 0 && !line_at_end_of_word(reader))
		r = take_one(&word);
	if (r == 0)
		r = push_text(&word);
	if (r == 0) {
		ret->count = word.pieces.count;
		ret->pieces = vec_keep(&word.pieces, reader->arena);
		if (!ret->pieces)
			r = err_memory(reader->err);
	}
	vec_free(&word.pieces);
	buf_cleanup(&word.text);
	return r;
}
