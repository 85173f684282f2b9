/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/tree.h"

struct parser {
	const char *at;
	const char *end;
	struct region *region;
	uint32_t nodes;
};

static void
skip_blanks(struct parser *parser)
{
	while (parser->at < parser->end && (*parser->at == ' ' || *parser->at == '\n' ||
					    *parser->at == '\t' || *parser->at == '\r'))
		parser->at++;
}

/* Takes the byte when it is next. */
static bool
take(struct parser *parser, char byte)
{
	skip_blanks(parser);
	if (parser->at == parser->end || *parser->at != byte)
		return false;
	parser->at++;
	return true;
}

static struct node *
new_node(struct parser *parser)
{
	if (++parser->nodes > LAUNCHER_NODES_MAX)
		return NULL;
	return region_take(parser->region, 1, sizeof(struct node));
}

static int
hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* Four digits; -1 when they are not there. */
static long
hex_four(struct parser *parser)
{
	long value = 0;

	if (parser->end - parser->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(*parser->at++);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static size_t
put_utf8(char *to, long code)
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n; i-- > 1; code >>= 6)
		to[i] = (char)(0x80 | (code & 0x3f));
	to[0] = (char)(leads[n] | code);
	return n;
}

/* After `\u`: a character, or two halves of one; 0 bytes is a mistake. */
static size_t
take_unicode(struct parser *parser, char *to)
{
	long code = hex_four(parser);

	if (code >= 0xd800 && code < 0xdc00) {
		if (parser->end - parser->at < 2 || parser->at[0] != '\\' || parser->at[1] != 'u')
			return 0;
		parser->at += 2;
		long low = hex_four(parser);
		if (low < 0xdc00 || low > 0xdfff)
			return 0;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	} else if (code >= 0xdc00 && code <= 0xdfff) {
		return 0;
	}
	return code > 0 ? put_utf8(to, code) : 0;
}

static size_t
take_escape(struct parser *parser, char *to)
{
	char byte = *parser->at++;

	switch (byte) {
	case '"':
	case '\\':
	case '/':
		*to = byte;
		return 1;
	case 'b':
		*to = '\b';
		return 1;
	case 'f':
		*to = '\f';
		return 1;
	case 'n':
		*to = '\n';
		return 1;
	case 'r':
		*to = '\r';
		return 1;
	case 't':
		*to = '\t';
		return 1;
	case 'u':
		return take_unicode(parser, to);
	default:
		return 0;
	}
}

/* Behind the opening quote. A string is never longer than it was written. */
static bool
take_string(struct parser *parser, struct text *ret)
{
	const char *close = parser->at;

	while (close < parser->end && *close != '"')
		close += *close == '\\' && parser->end - close > 1 ? 2 : 1;
	if (close >= parser->end)
		return false;
	char *to = region_take(parser->region, (size_t)(close - parser->at) + 1, 1);
	size_t n = 0;
	if (!to)
		return false;
	while (parser->at < close) {
		char byte = *parser->at++;
		size_t got = 1;

		if ((unsigned char)byte < ' ')
			return false;
		if (byte == '\\')
			got = take_escape(parser, to + n);
		else
			to[n] = byte;
		if (got == 0)
			return false;
		n += got;
	}
	if (parser->at != close)
		return false;
	parser->at++;
	*ret = (struct text){to, n};
	return true;
}

static bool
take_number(struct parser *parser, int64_t *ret)
{
	bool negative = *parser->at == '-';
	const char *first = parser->at + negative;
	const char *at = first;
	int64_t value = 0;

	while (at < parser->end && *at >= '0' && *at <= '9') {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *at - '0', &value))
			return false;
		at++;
	}
	if (at == first || (*first == '0' && at - first > 1) ||
	    (at < parser->end && (*at == '.' || *at == 'e' || *at == 'E')))
		return false;
	parser->at = at;
	*ret = negative ? -value : value;
	return true;
}

static bool
take_word(struct parser *parser, const char *word)
{
	struct text left = {parser->at, (size_t)(parser->end - parser->at)};
	struct text wanted = text_from(word);

	if (!text_starts(left, wanted))
		return false;
	parser->at += wanted.n;
	return true;
}

static bool
take_scalar(struct parser *parser, struct node *node)
{
	static const char null[] = "null";

	switch (*parser->at) {
	case '"':
		parser->at++;
		node->type = TREE_STRING;
		return take_string(parser, &node->text);
	case 't':
		node->type = TREE_TRUE;
		return take_word(parser, "true");
	case 'f':
		node->type = TREE_FALSE;
		return take_word(parser, "false");
	case 'n':
		node->type = TREE_NONE;
		return take_word(parser, null);
	default:
		node->type = TREE_NUMBER;
		return take_number(parser, &node->number);
	}
}

static bool
is_new_name(const struct node *object, struct text name)
{
	for (const struct node *node = object->first; node; node = node->next) {
		if (text_same(node->name, name))
			return false;
	}
	return object->count < LAUNCHER_MEMBERS_MAX;
}

static bool take_value(struct parser *parser, struct node *node, int depth);

static bool
take_item(struct parser *parser, struct node *parent, struct node **last, int depth)
{
	struct node *node = new_node(parser);

	if (!node)
		return false;
	if (parent->type == TREE_OBJECT &&
	    (!take(parser, '"') || !take_string(parser, &node->name) || !take(parser, ':') ||
	     !is_new_name(parent, node->name)))
		return false;
	if (!take_value(parser, node, depth))
		return false;
	if (*last)
		(*last)->next = node;
	else
		parent->first = node;
	*last = node;
	parent->count++;
	return true;
}

/* Behind the opening bracket. */
static bool
take_items(struct parser *parser, struct node *parent, char close, int depth)
{
	struct node *last = NULL;

	if (take(parser, close))
		return true;
	do {
		if (!take_item(parser, parent, &last, depth))
			return false;
	} while (take(parser, ','));
	return take(parser, close);
}

static bool
take_value(struct parser *parser, struct node *node, int depth)
{
	if (depth > LAUNCHER_DEPTH_MAX)
		return false;
	if (take(parser, '{')) {
		node->type = TREE_OBJECT;
		return take_items(parser, node, '}', depth + 1);
	}
	if (take(parser, '[')) {
		node->type = TREE_LIST;
		return take_items(parser, node, ']', depth + 1);
	}
	return parser->at < parser->end && take_scalar(parser, node);
}

const struct node *
tree_read(struct text document, struct region *region)
{
	struct parser parser = {document.p, document.p + document.n, region, 0};
	struct node *top = document.n <= LAUNCHER_PLAN_MAX ? new_node(&parser) : NULL;

	if (!top || !take_value(&parser, top, 0))
		return NULL;
	skip_blanks(&parser);
	return parser.at == parser.end ? top : NULL;
}

const struct node *
tree_member(const struct node *object, const char *name)
{
	if (!object || object->type != TREE_OBJECT)
		return NULL;
	for (const struct node *node = object->first; node; node = node->next) {
		if (text_same(node->name, text_from(name)))
			return node->type == TREE_NONE ? NULL : node;
	}
	return NULL;
}
