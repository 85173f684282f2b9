/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/table.h"

struct reader {
	struct region *region;
	bool bad;
	size_t words; /* of the entry that is read */
	bool bound;   /* a variable or a word that is not in the line would be wrong */
};

static bool
fail(struct reader *reader)
{
	reader->bad = true;
	return false;
}

static void *
room(struct reader *reader, size_t count, size_t size)
{
	void *p = region_take(reader->region, count ? count : 1, size);

	if (!p)
		reader->bad = true;
	return p;
}

static struct text
read_text(struct reader *reader, const struct node *node)
{
	if (node && node->type == TREE_STRING)
		return node->text;
	(void)fail(reader);
	return (struct text){"", 0};
}

static bool
read_flag(struct reader *reader, const struct node *node)
{
	if (node && node->type != TREE_TRUE && node->type != TREE_FALSE)
		return fail(reader);
	return node && node->type == TREE_TRUE;
}

static uint32_t
read_u32(struct reader *reader, const struct node *node, uint32_t most)
{
	if (node && node->type == TREE_NUMBER && node->number >= 0 && node->number <= most)
		return (uint32_t)node->number;
	(void)fail(reader);
	return 0;
}

/* Items of a list; nothing is none. */
static const struct node *
items_of(struct reader *reader, const struct node *node, size_t *ret_count)
{
	*ret_count = 0;
	if (!node)
		return NULL;
	if (node->type != TREE_LIST) {
		(void)fail(reader);
		return NULL;
	}
	*ret_count = node->count;
	return node->first;
}

/* The index of a text in a list; `count` and bad when it is none of them. */
static size_t
read_choice(struct reader *reader, const struct node *node, const char *const *names, size_t count)
{
	struct text text = read_text(reader, node);

	for (size_t i = 0; i < count; i++) {
		if (text_same(text, text_from(names[i])))
			return i;
	}
	(void)fail(reader);
	return 0;
}

/* ---- texts ---- */

static struct piece
read_piece(struct reader *reader, const struct node *node)
{
	struct piece piece = {.kind = PIECE_TEXT};
	const struct node *word = tree_member(node, "word");
	const struct node *variable = tree_member(node, "variable");

	if (word) {
		piece.kind = PIECE_WORD;
		piece.word = read_u32(reader, word, TABLE_WORDS - 1);
		if (piece.word >= reader->words)
			(void)fail(reader);
	} else if (variable) {
		piece.kind = PIECE_VARIABLE;
		piece.text = read_text(reader, variable);
		piece.quoted = read_flag(reader, tree_member(node, "quoted"));
		if (!reader->bound)
			(void)fail(reader);
	} else if (node && node->type == TREE_OBJECT) {
		piece.kind = PIECE_HOST;
		if (!read_flag(reader, tree_member(node, "host")))
			(void)fail(reader);
	} else {
		piece.text = read_text(reader, node);
	}
	return piece;
}

/* A string, or a list of pieces. */
static struct pieces
read_pieces(struct reader *reader, const struct node *node)
{
	struct pieces pieces = {.count = 1};
	const struct node *item = node;

	if (node && node->type == TREE_LIST)
		item = items_of(reader, node, &pieces.count);
	pieces.items = room(reader, pieces.count, sizeof(*pieces.items));
	for (size_t i = 0; i < pieces.count && !reader->bad; i++) {
		pieces.items[i] = read_piece(reader, item);
		item = item ? item->next : NULL;
	}
	return pieces;
}

static struct pieces_list
read_pieces_list(struct reader *reader, const struct node *node)
{
	struct pieces_list list = {0};
	const struct node *item = items_of(reader, node, &list.count);

	list.items = room(reader, list.count, sizeof(*list.items));
	for (size_t i = 0; item && !reader->bad; item = item->next)
		list.items[i++] = read_pieces(reader, item);
	return list;
}

/* ---- commands ---- */

static struct redirect
read_redirect(struct reader *reader, const struct node *node)
{
	static const char *const modes[REDIRECT_MODES] = {
		[REDIRECT_READ] = "read", [REDIRECT_WRITE] = "write", [REDIRECT_APPEND] = "append",
		[REDIRECT_BOTH] = "both", [REDIRECT_COPY] = "copy",   [REDIRECT_CLOSE] = "close",
	};
	struct redirect redirect = {
		.fd = read_u32(reader, tree_member(node, "fd"), 9),
		.mode = (enum redirect_mode)read_choice(reader, tree_member(node, "mode"), modes,
							REDIRECT_MODES),
	};

	if (redirect.mode == REDIRECT_COPY)
		redirect.from = read_u32(reader, tree_member(node, "from"), 9);
	else if (redirect.mode != REDIRECT_CLOSE)
		redirect.file = read_pieces(reader, tree_member(node, "file"));
	return redirect;
}

static void
read_redirects(struct reader *reader, const struct node *node, struct command *command)
{
	const struct node *item = items_of(reader, node, &command->redirect_count);

	command->redirects = room(reader, command->redirect_count, sizeof(*command->redirects));
	for (size_t i = 0; item && !reader->bad; item = item->next)
		command->redirects[i++] = read_redirect(reader, item);
}

static void
read_assignments(struct reader *reader, const struct node *node, struct command *command)
{
	const struct node *item = items_of(reader, node, &command->set_count);

	command->set = room(reader, command->set_count, sizeof(*command->set));
	for (size_t i = 0; item && !reader->bad; item = item->next) {
		command->set[i++] = (struct assignment){
			.name = read_text(reader, tree_member(item, "name")),
			.value = read_pieces(reader, tree_member(item, "value")),
		};
	}
}

static const struct sequence *read_list(struct reader *reader, const struct node *node);

/* What it is, is told by the one member that only such a command has. */
static struct command
read_command(struct reader *reader, const struct node *node)
{
	struct command command = {0};
	const struct node *argv = tree_member(node, "argv");
	const struct node *text = tree_member(node, "write");
	const struct node *directory = tree_member(node, "change");
	const struct node *list = tree_member(node, "list");

	if (argv) {
		command.kind = COMMAND_RUN;
		command.argv = read_pieces_list(reader, argv);
		command.replaces = read_flag(reader, tree_member(node, "replaces"));
		read_assignments(reader, tree_member(node, "set"), &command);
		if (command.argv.count == 0)
			(void)fail(reader);
	} else if (text || directory) {
		command.kind = text ? COMMAND_WRITE : COMMAND_CHANGE;
		command.text = read_pieces(reader, text ? text : directory);
	} else if (list) {
		command.kind = COMMAND_LIST;
		command.list = read_list(reader, list);
	} else {
		command.kind = COMMAND_STATUS;
		command.status = read_u32(reader, tree_member(node, "status"), STATUS_LAST);
		command.ends = read_flag(reader, tree_member(node, "ends"));
	}
	read_redirects(reader, tree_member(node, "redirects"), &command);
	return command;
}

static struct pipeline
read_pipeline(struct reader *reader, const struct node *node)
{
	static const char *const whens[] = {"always", "ok", "failed"};
	struct pipeline pipeline = {
		.negated = read_flag(reader, tree_member(node, "negated")),
	};
	const struct node *when = tree_member(node, "when");
	const struct node *item = items_of(reader, tree_member(node, "pipe"), &pipeline.count);

	if (when)
		pipeline.when = (enum pipeline_when)read_choice(reader, when, whens, 3);
	if (pipeline.count == 0)
		(void)fail(reader);
	pipeline.commands = room(reader, pipeline.count, sizeof(*pipeline.commands));
	for (size_t i = 0; item && !reader->bad; item = item->next)
		pipeline.commands[i++] = read_command(reader, item);
	return pipeline;
}

static struct sequence
read_sequence(struct reader *reader, const struct node *node)
{
	struct sequence sequence = {0};
	const struct node *item = items_of(reader, node, &sequence.count);

	sequence.items = room(reader, sequence.count, sizeof(*sequence.items));
	for (size_t i = 0; item && !reader->bad; item = item->next)
		sequence.items[i++] = read_pipeline(reader, item);
	return sequence;
}

static const struct sequence *
read_list(struct reader *reader, const struct node *node)
{
	struct sequence *sequence = room(reader, 1, sizeof(*sequence));

	if (sequence)
		*sequence = read_sequence(reader, node);
	return sequence;
}

/* ---- entries ---- */

static struct entry
read_entry(struct reader *reader, const struct node *node)
{
	static const char *const classes[WORD_CLASSES] = {"digits", "alphanumeric", "name"};
	struct entry entry = {.input = read_flag(reader, tree_member(node, "input"))};
	const struct node *item = items_of(reader, tree_member(node, "words"), &entry.word_count);

	if (entry.word_count > TABLE_WORDS) {
		(void)fail(reader);
		return entry;
	}
	for (size_t i = 0; item && !reader->bad; item = item->next)
		entry.words[i++] =
			(enum word_class)read_choice(reader, item, classes, WORD_CLASSES);
	reader->words = entry.word_count;
	reader->bound = false;
	entry.line = read_pieces(reader, tree_member(node, "line"));
	reader->bound = true;
	entry.run = read_sequence(reader, tree_member(node, "run"));
	return entry;
}

static struct texts
read_texts(struct reader *reader, const struct node *node)
{
	struct texts texts = {0};
	const struct node *item = items_of(reader, node, &texts.count);

	texts.items = room(reader, texts.count, sizeof(*texts.items));
	for (size_t i = 0; item && !reader->bad; item = item->next)
		texts.items[i++] = read_text(reader, item);
	return texts;
}

static void
read_inputs(struct reader *reader, const struct node *node, struct table *table)
{
	const struct node *item = items_of(reader, node, &table->input_count);

	table->inputs = room(reader, table->input_count, sizeof(*table->inputs));
	for (size_t i = 0; item && !reader->bad; item = item->next)
		table->inputs[i++] = read_texts(reader, item);
}

bool
table_read(struct text document, struct region *region, struct table *ret)
{
	struct reader reader = {.region = region};
	const struct node *top = tree_read(document, region);
	const struct node *item = items_of(&reader, tree_member(top, "commands"), &ret->count);

	if (!top || read_u32(&reader, tree_member(top, "version"), 1) != TABLE_VERSION)
		return false;
	ret->entries = room(&reader, ret->count, sizeof(*ret->entries));
	for (size_t i = 0; item && !reader.bad; item = item->next)
		ret->entries[i++] = read_entry(&reader, item);
	read_inputs(&reader, tree_member(top, "inputs"), ret);
	return !reader.bad;
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
