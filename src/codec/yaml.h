/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML through libcyaml's schema tables, with the position of every value kept. libyaml's events
 * are read once into a bounded tree (lines, limits, no aliases, no duplicate keys); the tree is
 * held against the schema, so that an error says file, line and what is allowed; then libcyaml
 * loads the typed value by the same schema. docs/policy.md
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <cyaml/cyaml.h>

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	unsigned line;	  /* from 1 */
	bool plain;	  /* a scalar without quotes */
	struct span key;  /* in a map; else .p is NULL */
	struct span text; /* of a scalar */
	struct yaml_node *first;
	struct yaml_node *next;
	size_t count; /* of children */
};

/*
 * Reads one document. `path` is for the error text. ERR_LIMIT: YAML_DOCUMENT_MAX, YAML_DEPTH_MAX,
 * YAML_NODES_MAX; ERR_INVALID: anything else, among it anchors, aliases, tags and NUL bytes.
 */
int yaml_read(struct span text, struct span path, struct arena *arena, struct yaml_node **ret,
	      struct err *err);

/*
 * The typed value (freed with yaml_release) and the tree (in `arena`) of one document that matches
 * the schema. ERR_INVALID names the line.
 */
int yaml_load(struct span text, struct span path, const cyaml_schema_value_t *schema,
	      struct arena *arena, struct yaml_node **ret_tree, void **ret_value, struct err *err);
void yaml_release(const cyaml_schema_value_t *schema, void *value);

/* Child by key, by position; NULL when there is none (also below NULL). */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
const struct yaml_node *yaml_at(const struct yaml_node *list, size_t index);

/* ERR_INVALID: "PATH: line N: ..."; `node` NULL: without a line. */
int yaml_fail(struct err *err, struct span path, const struct yaml_node *node, const char *format,
	      ...) __attribute__((format(printf, 4, 5)));
