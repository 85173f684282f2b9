/* SPDX-License-Identifier: Apache-2.0 */
/* A tree held against a libcyaml schema, and libcyaml's own load behind it. */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/yaml.h"

#include <stdio.h>

struct checking {
	struct span path;
	struct err *err;
};

static const char *
node_name(const struct yaml_node *node)
{
	return node->key.p ? node->key.p : "this entry";
}

static const char *
wanted_kind(enum cyaml_type type)
{
	switch (type) {
	case CYAML_MAPPING:
		return "a map (key: value)";
	case CYAML_SEQUENCE:
	case CYAML_SEQUENCE_FIXED:
		return "a list ([a, b]); one string is not split into words";
	default:
		return "a single value";
	}
}

static enum yaml_kind
kind_of(enum cyaml_type type)
{
	if (type == CYAML_MAPPING)
		return YAML_MAP;
	return type == CYAML_SEQUENCE || type == CYAML_SEQUENCE_FIXED ? YAML_LIST : YAML_SCALAR;
}

static bool
is_boolean(struct span text)
{
	return span_equal(text, SPAN("true")) || span_equal(text, SPAN("false"));
}

/* "a, b, c" of a map's keys or an enumeration's words, cut where it gets too long. */
static void
list_keys(const cyaml_schema_field_t *fields, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	for (; fields->key && n < size; fields++)
		n += (size_t)snprintf(text + n, size - n, "%s%s", n ? ", " : "", fields->key);
}

static void
list_words(const cyaml_schema_value_t *schema, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < schema->enumeration.count && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, "%s%s", n ? ", " : "",
				      schema->enumeration.strings[i].str);
}

static int
check_enumeration(const struct checking *checking, const struct yaml_node *node,
		  const cyaml_schema_value_t *schema)
{
	char allowed[120];

	for (uint32_t i = 0; i < schema->enumeration.count; i++) {
		if (span_equal(node->text, span_from(schema->enumeration.strings[i].str)))
			return 0;
	}
	list_words(schema, allowed, sizeof(allowed));
	return yaml_fail(checking->err, checking->path, node, "%s cannot be \"%.40s\"; allowed: %s",
			 node_name(node), node->text.p, allowed);
}

static int
check_scalar(const struct checking *checking, const struct yaml_node *node,
	     const cyaml_schema_value_t *schema)
{
	uint64_t number;

	if (schema->type == CYAML_ENUM)
		return check_enumeration(checking, node, schema);
	if (schema->type == CYAML_BOOL && !is_boolean(node->text))
		return yaml_fail(checking->err, checking->path, node,
				 "%s is neither true nor false", node_name(node));
	if (schema->type == CYAML_UINT &&
	    (!span_to_u64(node->text, &number) || number > UINT32_MAX))
		return yaml_fail(checking->err, checking->path, node,
				 "%s is not a whole number from 0 to %u", node_name(node),
				 UINT32_MAX);
	if (schema->type == CYAML_STRING && node->text.n < schema->string.min)
		return yaml_fail(checking->err, checking->path, node, "%s is empty",
				 node_name(node));
	return 0;
}

static const cyaml_schema_field_t *
find_field(const cyaml_schema_field_t *fields, struct span key)
{
	while (fields->key && !span_equal(span_from(fields->key), key))
		fields++;
	return fields->key ? fields : NULL;
}

static int check_node(const struct checking *checking, const struct yaml_node *node,
		      const cyaml_schema_value_t *schema);

static int
check_map(const struct checking *checking, const struct yaml_node *map,
	  const cyaml_schema_field_t *fields)
{
	char allowed[160];

	for (const struct yaml_node *node = map->first; node; node = node->next) {
		const cyaml_schema_field_t *field = find_field(fields, node->key);

		if (!field) {
			list_keys(fields, allowed, sizeof(allowed));
			return yaml_fail(checking->err, checking->path, node,
					 "unknown key \"%.40s\"; allowed: %s", node->key.p,
					 allowed);
		}
		int r = check_node(checking, node, &field->value);
		if (r < 0)
			return r;
	}
	for (; fields->key; fields++) {
		if (!((unsigned)fields->value.flags & CYAML_FLAG_OPTIONAL) &&
		    !yaml_get(map, fields->key))
			return yaml_fail(checking->err, checking->path, map, "\"%s\" is missing",
					 fields->key);
	}
	return 0;
}

/* Recursion is bounded by the schema, which is a constant of ours. */
static int
check_node(const struct checking *checking, const struct yaml_node *node,
	   const cyaml_schema_value_t *schema)
{
	if (schema->type == CYAML_IGNORE)
		return 0;
	if (node->kind != kind_of(schema->type))
		return yaml_fail(checking->err, checking->path, node, "%s wants %s",
				 node_name(node), wanted_kind(schema->type));
	if (node->kind == YAML_MAP)
		return check_map(checking, node, schema->mapping.fields);
	if (node->kind == YAML_SCALAR)
		return check_scalar(checking, node, schema);
	if (node->count < schema->sequence.min)
		return yaml_fail(checking->err, checking->path, node, "%s is an empty list",
				 node_name(node));
	for (const struct yaml_node *item = node->first; item; item = item->next) {
		int r = check_node(checking, item, schema->sequence.entry);
		if (r < 0)
			return r;
	}
	return 0;
}

static void keep_first(cyaml_log_t level, void *context, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/* The first line libcyaml logs names the fault. */
static void
keep_first(cyaml_log_t level, void *context, const char *format, va_list args)
{
	char *text = context;

	(void)level;
	if (text[0] == '\0')
		(void)vsnprintf(text, 120, format, args);
	text[strcspn(text, "\n")] = '\0';
}

static cyaml_config_t
configuration(char *log)
{
	return (cyaml_config_t){
		.log_fn = keep_first,
		.log_ctx = log,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
		.flags = CYAML_CFG_NO_ALIAS,
	};
}

int
yaml_load(struct span text, struct span path, const cyaml_schema_value_t *schema,
	  struct arena *arena, struct yaml_node **ret_tree, void **ret_value, struct err *err)
{
	struct checking checking = {.path = path, .err = err};
	char log[120] = "";
	cyaml_config_t config = configuration(log);
	struct yaml_node *tree;
	cyaml_data_t *value = NULL;

	int r = yaml_read(text, path, arena, &tree, err);
	if (r == 0)
		r = check_node(&checking, tree, schema);
	if (r < 0)
		return r;
	cyaml_err_t e =
		cyaml_load_data((const uint8_t *)text.p, text.n, &config, schema, &value, NULL);
	if (e == CYAML_ERR_OOM)
		return err_memory(err);
	if (e != CYAML_OK)
		return err_set(err, ERR_INVALID, "%.*s: %s: %s", SPAN_ARG(path), cyaml_strerror(e),
			       log);
	*ret_tree = tree;
	*ret_value = value;
	return 0;
}

void
yaml_release(const cyaml_schema_value_t *schema, void *value)
{
	char log[120] = "";
	cyaml_config_t config = configuration(log);

	(void)cyaml_free(&config, schema, value, 0);
}
