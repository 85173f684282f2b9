/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <stdio.h>
#include <yaml.h>

int
yaml_fail(struct err *err, struct span path, const struct yaml_node *node, const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!node)
		return err_set(err, ERR_INVALID, "%.*s: %s", SPAN_ARG(path), text);
	return err_set(err, ERR_INVALID, "%.*s: line %u: %s", SPAN_ARG(path), node->line, text);
}

const struct yaml_node *
yaml_get(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *node = map && map->kind == YAML_MAP ? map->first : NULL;

	while (node && !span_equal(node->key, span_from(key)))
		node = node->next;
	return node;
}

const struct yaml_node *
yaml_at(const struct yaml_node *list, size_t index)
{
	const struct yaml_node *node = list ? list->first : NULL;

	while (node && index-- > 0)
		node = node->next;
	return node;
}

/* A document under construction: the open collections, the key that waits for its value. */
struct reading {
	struct span path;
	struct arena *arena;
	struct yaml_node *root;
	struct yaml_node *open[YAML_DEPTH_MAX];
	struct yaml_node *last[YAML_DEPTH_MAX]; /* youngest child of each */
	size_t depth;
	size_t nodes;
	struct span key;
};

static int
fail_at(const struct reading *reading, const yaml_event_t *event, enum err_kind kind,
	const char *text, struct err *err)
{
	return err_set(err, kind, "%.*s: line %zu: %s", SPAN_ARG(reading->path),
		       event->start_mark.line + 1, text);
}

static int
take_key(struct reading *reading, const yaml_event_t *event, struct span text, struct err *err)
{
	const struct yaml_node *node = reading->open[reading->depth - 1]->first;

	for (; node; node = node->next) {
		if (span_equal(node->key, text))
			return err_set(err, ERR_INVALID, "%.*s: line %zu: \"%.*s\" is there twice",
				       SPAN_ARG(reading->path), event->start_mark.line + 1,
				       SPAN_ARG(text));
	}
	reading->key = arena_copy(reading->arena, text);
	return reading->key.p ? 0 : err_memory(err);
}

/* Hangs a node below the innermost open collection, or makes it the root. */
static int
add_node(struct reading *reading, const yaml_event_t *event, enum yaml_kind kind,
	 struct yaml_node **ret, struct err *err)
{
	struct yaml_node *parent = reading->depth ? reading->open[reading->depth - 1] : NULL;

	if (parent && parent->kind == YAML_MAP && !reading->key.p)
		return fail_at(reading, event, ERR_INVALID, "a key must be plain text", err);
	if (++reading->nodes > YAML_NODES_MAX)
		return fail_at(reading, event, ERR_LIMIT, "too many values", err);
	struct yaml_node *node = arena_alloc(reading->arena, sizeof(*node));
	if (!node)
		return err_memory(err);
	node->kind = kind;
	node->line = (unsigned)event->start_mark.line + 1;
	node->key = reading->key;
	reading->key = (struct span){NULL, 0};
	if (!parent) {
		reading->root = node;
	} else if (reading->last[reading->depth - 1]) {
		reading->last[reading->depth - 1]->next = node;
	} else {
		parent->first = node;
	}
	if (parent) {
		reading->last[reading->depth - 1] = node;
		parent->count++;
	}
	*ret = node;
	return 0;
}

static int
take_scalar(struct reading *reading, const yaml_event_t *event, struct err *err)
{
	struct span text = {(const char *)event->data.scalar.value, event->data.scalar.length};
	const struct yaml_node *parent = reading->depth ? reading->open[reading->depth - 1] : NULL;
	struct yaml_node *node;

	if (event->data.scalar.anchor || event->data.scalar.tag)
		return fail_at(reading, event, ERR_INVALID, "anchors and tags are not allowed",
			       err);
	if (memchr(text.p, '\0', text.n))
		return fail_at(reading, event, ERR_INVALID, "a NUL byte in a value", err);
	if (parent && parent->kind == YAML_MAP && !reading->key.p)
		return take_key(reading, event, text, err);
	int r = add_node(reading, event, YAML_SCALAR, &node, err);
	if (r < 0)
		return r;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_copy(reading->arena, text);
	return node->text.p ? 0 : err_memory(err);
}

static int
take_start(struct reading *reading, const yaml_event_t *event, enum yaml_kind kind, bool decorated,
	   struct err *err)
{
	struct yaml_node *node;

	if (decorated)
		return fail_at(reading, event, ERR_INVALID, "anchors and tags are not allowed",
			       err);
	if (reading->depth == YAML_DEPTH_MAX)
		return fail_at(reading, event, ERR_LIMIT, "nested too deep", err);
	int r = add_node(reading, event, kind, &node, err);
	if (r < 0)
		return r;
	reading->last[reading->depth] = NULL;
	reading->open[reading->depth++] = node;
	return 0;
}

static int
take_event(struct reading *reading, const yaml_event_t *event, struct err *err)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return fail_at(reading, event, ERR_INVALID, "aliases are not allowed", err);
	case YAML_DOCUMENT_START_EVENT:
		return reading->root ? fail_at(reading, event, ERR_INVALID,
					       "a second document in the file", err)
				     : 0;
	case YAML_SCALAR_EVENT:
		return take_scalar(reading, event, err);
	case YAML_MAPPING_START_EVENT:
		return take_start(reading, event, YAML_MAP,
				  event->data.mapping_start.anchor || event->data.mapping_start.tag,
				  err);
	case YAML_SEQUENCE_START_EVENT:
		return take_start(
			reading, event, YAML_LIST,
			event->data.sequence_start.anchor || event->data.sequence_start.tag, err);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		reading->depth--;
		return 0;
	default:
		return 0;
	}
}

static int
take_all(struct reading *reading, yaml_parser_t *parser, struct err *err)
{
	for (bool end = false; !end;) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event)) {
			const char *problem = parser->problem ? parser->problem : "unreadable";

			return err_set(err, ERR_INVALID, "%.*s: line %zu: not valid YAML: %.120s",
				       SPAN_ARG(reading->path), parser->problem_mark.line + 1,
				       problem);
		}
		end = event.type == YAML_STREAM_END_EVENT;
		int r = take_event(reading, &event, err);
		yaml_event_delete(&event);
		if (r < 0)
			return r;
	}
	return 0;
}

int
yaml_read(struct span text, struct span path, struct arena *arena, struct yaml_node **ret,
	  struct err *err)
{
	struct reading reading = {.path = path, .arena = arena};
	yaml_parser_t parser;

	if (text.n > YAML_DOCUMENT_MAX)
		return err_set(err, ERR_LIMIT, "%.*s: %zu bytes (at most %lu)", SPAN_ARG(path),
			       text.n, YAML_DOCUMENT_MAX);
	if (!yaml_parser_initialize(&parser))
		return err_memory(err);
	yaml_parser_set_input_string(&parser, (const unsigned char *)(text.p ? text.p : ""),
				     text.n);
	int r = take_all(&reading, &parser, err);
	yaml_parser_delete(&parser);
	if (r < 0)
		return r;
	if (!reading.root)
		return err_set(err, ERR_INVALID, "%.*s: the file is empty", SPAN_ARG(path));
	*ret = reading.root;
	return 0;
}
