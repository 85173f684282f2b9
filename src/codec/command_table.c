/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/command_table.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"

const char *
table_word_name(enum table_word word)
{
	static const char *const names[TABLE_WORD_CLASSES] = {
		[TABLE_DIGITS] = "digits",
		[TABLE_ALPHANUMERIC] = "alphanumeric",
		[TABLE_NAME] = "name",
	};

	return (unsigned)word < TABLE_WORD_CLASSES ? names[word] : "unknown";
}

/* ---- texts ---- */

static json_t *
piece_make(const struct line_piece *piece)
{
	json_t *object = json_object();

	switch (piece->kind) {
	case LINE_PIECE_WORD:
		json_put(&object, "word", json_integer(piece->word));
		return object;
	case LINE_PIECE_HOST:
		json_put(&object, "host", json_true());
		return object;
	case LINE_PIECE_VARIABLE:
		json_put(&object, "variable", json_span(piece->text));
		json_put(&object, "quoted", json_boolean(piece->quoted));
		return object;
	default:
		json_decref(object);
		return json_span(piece->text);
	}
}

static json_t *
word_make(const struct line_word *word)
{
	if (word->count == 0)
		return json_string("");
	if (word->count == 1 && word->pieces[0].kind == LINE_PIECE_TEXT)
		return json_span(word->pieces[0].text);
	json_t *list = json_array();
	for (size_t i = 0; i < word->count; i++)
		json_add(&list, piece_make(&word->pieces[i]));
	return list;
}

/* Of a marked line: the next piece, cut off its front. */
static struct line_piece
next_piece(struct span *rest)
{
	struct line_piece piece = {.kind = LINE_PIECE_TEXT};
	size_t n = 0;

	if (*rest->p == LINE_HOST || *rest->p == LINE_WORD) {
		bool host = *rest->p == LINE_HOST;

		piece.kind = host ? LINE_PIECE_HOST : LINE_PIECE_WORD;
		n = host || rest->n < 2 ? 1 : 2;
		piece.word = n == 2 ? (uint32_t)(rest->p[1] - '0') : 0;
	} else {
		while (n < rest->n && rest->p[n] != LINE_HOST && rest->p[n] != LINE_WORD)
			n++;
		piece.text = span_slice(*rest, 0, n);
	}
	*rest = span_slice(*rest, n, rest->n);
	return piece;
}

static json_t *
line_make(struct span line)
{
	json_t *list = json_array();

	while (line.n > 0) {
		struct line_piece piece = next_piece(&line);

		json_add(&list, piece_make(&piece));
	}
	return list;
}

struct span
command_table_words(const struct table_line *line, struct arena *arena)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(COMMAND_LINE_MAX * 2);
	struct span rest = line->line;
	struct err err = ERR_INIT;
	int r = 0;

	while (r == 0 && rest.n > 0) {
		struct line_piece piece = next_piece(&rest);

		if (piece.kind == LINE_PIECE_TEXT)
			r = buf_append(&text, piece.text, &err);
		else
			r = buf_printf(&text, &err, "{%s}",
				       piece.kind == LINE_PIECE_HOST
					       ? "host"
					       : table_word_name(line->words[piece.word & 3]));
	}
	return r < 0 ? (struct span){NULL, 0} : arena_copy(arena, span_trim(buf_span(&text)));
}

/* ---- commands ---- */

static json_t *
redirects_make(const struct line_command *command)
{
	static const char *const modes[LINE_REDIRECT_MODES] = {
		[LINE_READ] = "read", [LINE_WRITE] = "write", [LINE_APPEND] = "append",
		[LINE_BOTH] = "both", [LINE_COPY] = "copy",   [LINE_CLOSE] = "close",
	};
	json_t *list = json_array();

	for (size_t i = 0; i < command->redirect_count; i++) {
		const struct line_redirect *redirect = &command->redirects[i];
		json_t *object = json_object();

		json_put(&object, "fd", json_integer(redirect->fd));
		json_put(&object, "mode", json_string(modes[redirect->mode]));
		if (redirect->mode == LINE_COPY)
			json_put(&object, "from", json_integer(redirect->from));
		else if (redirect->mode != LINE_CLOSE)
			json_put(&object, "file", word_make(&redirect->file));
		json_add(&list, object);
	}
	return list;
}

static void
put_program(json_t **object, const struct line_command *command)
{
	json_t *argv = json_array();
	json_t *set = json_array();

	for (size_t i = 0; i < command->word_count; i++)
		json_add(&argv, word_make(&command->words[i]));
	for (size_t i = 0; i < command->set_count; i++)
		json_add(&set, json_pack("{s:o, s:o}", "name", json_span(command->set[i].name),
					 "value", word_make(&command->set[i].value)));
	json_put(object, "argv", argv);
	if (command->set_count)
		json_put(object, "set", set);
	else
		json_decref(set);
	if (command->replaces)
		json_put(object, "replaces", json_true());
}

static json_t *sequence_make(const struct line_sequence *sequence);

static json_t *
command_make(const struct line_command *command)
{
	json_t *object = json_object();

	switch (command->kind) {
	case LINE_RUN:
		put_program(&object, command);
		break;
	case LINE_TEXT:
		json_put(&object, "write", word_make(&command->text));
		break;
	case LINE_CHANGE:
		json_put(&object, "change", word_make(&command->text));
		break;
	case LINE_STATUS:
		json_put(&object, "status", json_integer(command->status));
		if (command->ends)
			json_put(&object, "ends", json_true());
		break;
	case LINE_LIST:
		json_put(&object, "list", sequence_make(command->list));
		break;
	}
	if (command->redirect_count)
		json_put(&object, "redirects", redirects_make(command));
	return object;
}

static json_t *
sequence_make(const struct line_sequence *sequence)
{
	static const char *const whens[] = {"always", "ok", "failed"};
	json_t *list = json_array();

	for (size_t i = 0; i < sequence->count; i++) {
		const struct line_pipeline *pipeline = &sequence->items[i];
		json_t *object = json_object();
		json_t *pipe = json_array();

		for (size_t k = 0; k < pipeline->count; k++)
			json_add(&pipe, command_make(&pipeline->commands[k]));
		json_put(&object, "pipe", pipe);
		if (pipeline->when != LINE_ALWAYS)
			json_put(&object, "when", json_string(whens[pipeline->when]));
		if (pipeline->negated)
			json_put(&object, "negated", json_true());
		json_add(&list, object);
	}
	return list;
}

/* ---- the table ---- */

static json_t *
entry_make(const struct table_line *line)
{
	json_t *object = json_object();
	json_t *words = json_array();

	for (size_t i = 0; i < line->word_count; i++)
		json_add(&words, json_string(table_word_name(line->words[i])));
	json_put(&object, "line", line_make(line->line));
	json_put(&object, "words", words);
	json_put(&object, "run", sequence_make(&line->run));
	if (line->input)
		json_put(&object, "input", json_true());
	return object;
}

int
command_table_write(const struct table_line *lines, size_t count, const struct span_list *inputs,
		    size_t input_count, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *table = json_object();
	json_t *commands = json_array();
	json_t *rows = json_array();
	struct span text;

	for (size_t i = 0; i < count; i++)
		json_add(&commands, entry_make(&lines[i]));
	for (size_t i = 0; i < input_count; i++) {
		json_t *row = json_array();

		for (size_t k = 0; k < inputs[i].count; k++)
			json_add(&row, json_span(inputs[i].items[k]));
		json_add(&rows, row);
	}
	json_put(&table, "version", json_integer(1));
	json_put(&table, "commands", commands);
	json_put(&table, "inputs", rows);
	int r = json_text(table, false, arena, &text, err);
	if (r == 0 && text.n > COMMAND_TABLE_MAX)
		r = err_set(err, ERR_LIMIT, "a table of %zu bytes (at most %lu)", text.n,
			    COMMAND_TABLE_MAX);
	if (r == 0)
		*ret = text;
	return r;
}

int
command_table_count(struct span text, size_t *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *table = NULL;

	if (text.n > COMMAND_TABLE_MAX)
		return err_set(err, ERR_LIMIT, "a table of %zu bytes", text.n);
	int r = json_parse(text, &table, err);
	if (r < 0)
		return r;
	const json_t *commands = json_object_get(table, "commands");
	if (!json_is_array(commands))
		return err_set(err, ERR_INVALID, "no command table");
	*ret = json_array_size(commands);
	return 0;
}
