/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/table.h"

#include "launcher/reader.h"

struct parser {
	struct reader reader;
	size_t words; /* of the entry that is read */
	bool bound;   /* a variable or a word that is not in the line would be wrong */
};

static uint32_t
read_u32(struct parser *parser, const struct node *node, uint32_t most)
{
	if (node && node->type == TREE_NUMBER && node->number >= 0 && node->number <= most)
		return (uint32_t)node->number;
	(void)reader_fail(&parser->reader);
	return 0;
}

/* The index of a text in a list; `count` and bad when it is none of them. */
static size_t
read_choice(struct parser *parser, const struct node *node, const char *const *names, size_t count)
{
	struct text text = reader_text(&parser->reader, node);

	for (size_t i = 0; i < count; i++) {
		if (text_same(text, text_from(names[i])))
			return i;
	}
	(void)reader_fail(&parser->reader);
	return 0;
}

/* ---- texts ---- */

static struct piece
read_piece(struct parser *parser, const struct node *node)
{
	struct piece piece = {.kind = PIECE_TEXT};
	const struct node *word = tree_member(node, "word");
	const struct node *variable = tree_member(node, "variable");

	if (word) {
		piece.kind = PIECE_WORD;
		piece.word = read_u32(parser, word, TABLE_WORDS - 1);
		if (piece.word >= parser->words)
			(void)reader_fail(&parser->reader);
	} else if (variable) {
		piece.kind = PIECE_VARIABLE;
		piece.text = reader_text(&parser->reader, variable);
		piece.quoted = reader_flag(&parser->reader, tree_member(node, "quoted"));
		if (!parser->bound)
			(void)reader_fail(&parser->reader);
	} else if (node && node->type == TREE_OBJECT) {
		piece.kind = PIECE_HOST;
		if (!reader_flag(&parser->reader, tree_member(node, "host")))
			(void)reader_fail(&parser->reader);
	} else {
		piece.text = reader_text(&parser->reader, node);
	}
	return piece;
}

/* A string, or a list of pieces. */
static struct pieces
read_pieces(struct parser *parser, const struct node *node)
{
	struct pieces pieces = {.count = 1};
	const struct node *item = node;

	if (node && node->type == TREE_LIST)
		item = reader_items(&parser->reader, node, &pieces.count);
	pieces.items = reader_room(&parser->reader, pieces.count, sizeof(*pieces.items));
	for (size_t i = 0; i < pieces.count && !parser->reader.bad; i++) {
		pieces.items[i] = read_piece(parser, item);
		item = item ? item->next : NULL;
	}
	return pieces;
}

static struct pieces_list
read_pieces_list(struct parser *parser, const struct node *node)
{
	struct pieces_list list = {0};
	const struct node *item = reader_items(&parser->reader, node, &list.count);

	list.items = reader_room(&parser->reader, list.count, sizeof(*list.items));
	for (size_t i = 0; item && !parser->reader.bad; item = item->next)
		list.items[i++] = read_pieces(parser, item);
	return list;
}

/* ---- commands ---- */

static struct redirect
read_redirect(struct parser *parser, const struct node *node)
{
	static const char *const modes[REDIRECT_MODES] = {
		[REDIRECT_READ] = "read", [REDIRECT_WRITE] = "write", [REDIRECT_APPEND] = "append",
		[REDIRECT_BOTH] = "both", [REDIRECT_COPY] = "copy",   [REDIRECT_CLOSE] = "close",
	};
	struct redirect redirect = {
		.fd = read_u32(parser, tree_member(node, "fd"), 9),
		.mode = (enum redirect_mode)read_choice(parser, tree_member(node, "mode"), modes,
							REDIRECT_MODES),
	};

	if (redirect.mode == REDIRECT_COPY)
		redirect.from = read_u32(parser, tree_member(node, "from"), 9);
	else if (redirect.mode != REDIRECT_CLOSE)
		redirect.file = read_pieces(parser, tree_member(node, "file"));
	return redirect;
}

static void
read_redirects(struct parser *parser, const struct node *node, struct command *command)
{
	const struct node *item = reader_items(&parser->reader, node, &command->redirect_count);

	command->redirects =
		reader_room(&parser->reader, command->redirect_count, sizeof(*command->redirects));
	for (size_t i = 0; item && !parser->reader.bad; item = item->next)
		command->redirects[i++] = read_redirect(parser, item);
}

static void
read_assignments(struct parser *parser, const struct node *node, struct command *command)
{
	const struct node *item = reader_items(&parser->reader, node, &command->set_count);

	command->set = reader_room(&parser->reader, command->set_count, sizeof(*command->set));
	for (size_t i = 0; item && !parser->reader.bad; item = item->next) {
		command->set[i++] = (struct assignment){
			.name = reader_text(&parser->reader, tree_member(item, "name")),
			.value = read_pieces(parser, tree_member(item, "value")),
		};
	}
}

static const struct sequence *read_list(struct parser *parser, const struct node *node);

/* What it is, is told by the one member that only such a command has. */
static struct command
read_command(struct parser *parser, const struct node *node)
{
	struct command command = {0};
	const struct node *argv = tree_member(node, "argv");
	const struct node *text = tree_member(node, "write");
	const struct node *directory = tree_member(node, "change");
	const struct node *list = tree_member(node, "list");

	if (argv) {
		command.kind = COMMAND_RUN;
		command.argv = read_pieces_list(parser, argv);
		command.replaces = reader_flag(&parser->reader, tree_member(node, "replaces"));
		read_assignments(parser, tree_member(node, "set"), &command);
		if (command.argv.count == 0)
			(void)reader_fail(&parser->reader);
	} else if (text || directory) {
		command.kind = text ? COMMAND_WRITE : COMMAND_CHANGE;
		command.text = read_pieces(parser, text ? text : directory);
	} else if (list) {
		command.kind = COMMAND_LIST;
		command.list = read_list(parser, list);
	} else {
		command.kind = COMMAND_STATUS;
		command.status = read_u32(parser, tree_member(node, "status"), STATUS_LAST);
		command.ends = reader_flag(&parser->reader, tree_member(node, "ends"));
	}
	read_redirects(parser, tree_member(node, "redirects"), &command);
	return command;
}

static struct pipeline
read_pipeline(struct parser *parser, const struct node *node)
{
	static const char *const whens[] = {"always", "ok", "failed"};
	struct pipeline pipeline = {
		.negated = reader_flag(&parser->reader, tree_member(node, "negated")),
	};
	const struct node *when = tree_member(node, "when");
	const struct node *item =
		reader_items(&parser->reader, tree_member(node, "pipe"), &pipeline.count);

	if (when)
		pipeline.when = (enum pipeline_when)read_choice(parser, when, whens, 3);
	if (pipeline.count == 0)
		(void)reader_fail(&parser->reader);
	pipeline.commands =
		reader_room(&parser->reader, pipeline.count, sizeof(*pipeline.commands));
	for (size_t i = 0; item && !parser->reader.bad; item = item->next)
		pipeline.commands[i++] = read_command(parser, item);
	return pipeline;
}

static struct sequence
read_sequence(struct parser *parser, const struct node *node)
{
	struct sequence sequence = {0};
	const struct node *item = reader_items(&parser->reader, node, &sequence.count);

	sequence.items = reader_room(&parser->reader, sequence.count, sizeof(*sequence.items));
	for (size_t i = 0; item && !parser->reader.bad; item = item->next)
		sequence.items[i++] = read_pipeline(parser, item);
	return sequence;
}

static const struct sequence *
read_list(struct parser *parser, const struct node *node)
{
	struct sequence *sequence = reader_room(&parser->reader, 1, sizeof(*sequence));

	if (sequence)
		*sequence = read_sequence(parser, node);
	return sequence;
}

/* ---- entries ---- */

static struct entry
read_entry(struct parser *parser, const struct node *node)
{
	static const char *const classes[WORD_CLASSES] = {"digits", "alphanumeric", "name"};
	struct entry entry = {.input = reader_flag(&parser->reader, tree_member(node, "input"))};
	const struct node *item =
		reader_items(&parser->reader, tree_member(node, "words"), &entry.word_count);

	if (entry.word_count > TABLE_WORDS) {
		(void)reader_fail(&parser->reader);
		return entry;
	}
	for (size_t i = 0; item && !parser->reader.bad; item = item->next)
		entry.words[i++] =
			(enum word_class)read_choice(parser, item, classes, WORD_CLASSES);
	parser->words = entry.word_count;
	parser->bound = false;
	entry.line = read_pieces(parser, tree_member(node, "line"));
	parser->bound = true;
	entry.run = read_sequence(parser, tree_member(node, "run"));
	return entry;
}

static void
read_inputs(struct parser *parser, const struct node *node, struct table *table)
{
	const struct node *item = reader_items(&parser->reader, node, &table->input_count);

	table->inputs = reader_room(&parser->reader, table->input_count, sizeof(*table->inputs));
	for (size_t i = 0; item && !parser->reader.bad; item = item->next)
		table->inputs[i++] = reader_texts(&parser->reader, item);
}

bool
table_read(struct text document, struct region *region, struct table *ret)
{
	struct parser parser = {.reader = {.region = region}};
	const struct node *top = tree_read(document, region);
	const struct node *item =
		reader_items(&parser.reader, tree_member(top, "commands"), &ret->count);

	if (!top || read_u32(&parser, tree_member(top, "version"), 1) != TABLE_VERSION)
		return false;
	ret->entries = reader_room(&parser.reader, ret->count, sizeof(*ret->entries));
	for (size_t i = 0; item && !parser.reader.bad; item = item->next)
		ret->entries[i++] = read_entry(&parser, item);
	read_inputs(&parser, tree_member(top, "inputs"), ret);
	return !parser.reader.bad;
}

/* ---- lines ---- */

bool
word_has(enum word_class class, char byte)
{
	bool digit = byte >= '0' && byte <= '9';
	bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');

	if (class == WORD_DIGITS)
		return digit;
	return digit || letter ||
	       (class == WORD_NAME && (byte == '.' || byte == '_' || byte == '-'));
}

/* No option, and nothing that leads elsewhere. */
static bool
is_harmless(struct text value)
{
	for (size_t i = 1; i < value.n; i++) {
		if (value.p[i] == '.' && value.p[i - 1] == '.')
			return false;
	}
	return value.n > 0 && value.n <= TABLE_WORD_MAX && value.p[0] != '-' && value.p[0] != '.';
}

static enum match
match_text(struct text wanted, struct text text, size_t *at)
{
	for (size_t i = 0; i < wanted.n; i++, (*at)++) {
		if (*at == text.n)
			return MATCH_BEGINS;
		if (text.p[*at] != wanted.p[i])
			return MATCH_NONE;
	}
	return MATCH_ALL;
}

static enum match
match_word(enum word_class class, struct text *value, struct text text, size_t *at)
{
	size_t from = *at;

	if (value->p)
		return match_text(*value, text, at);
	while (*at < text.n && word_has(class, text.p[*at]))
		(*at)++;
	*value = (struct text){text.p + from, *at - from};
	if (*at == text.n)
		return MATCH_BEGINS;
	return is_harmless(*value) ? MATCH_ALL : MATCH_NONE;
}

/* Words are as long as can be: what stands behind one begins with no byte of its class. */
enum match
entry_match(const struct entry *entry, struct text text, struct values *values)
{
	enum match match = MATCH_ALL;
	size_t at = 0;

	for (size_t i = 0; i < TABLE_WORDS; i++)
		values->words[i] = (struct text){NULL, 0};
	for (size_t i = 0; match == MATCH_ALL && i < entry->line.count; i++) {
		const struct piece *piece = &entry->line.items[i];

		if (piece->kind == PIECE_WORD)
			match = match_word(entry->words[piece->word], &values->words[piece->word],
					   text, &at);
		else
			match = match_text(piece->kind == PIECE_HOST ? values->host : piece->text,
					   text, &at);
		/* a word at the very end of the line */
		if (match == MATCH_BEGINS && piece->kind == PIECE_WORD && !entry->input &&
		    i + 1 == entry->line.count && is_harmless(values->words[piece->word]))
			match = MATCH_ALL;
	}
	if (match == MATCH_ALL && at < text.n)
		match = MATCH_NONE;
	return match;
}
