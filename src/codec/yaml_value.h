/* SPDX-License-Identifier: Apache-2.0 */
/* Values that mohs.yaml and policy.yaml share: durations, percentages, dates, names, paths. */
#pragma once

#include "codec/yaml.h"

/* One file being turned into a record. */
struct yaml_source {
	struct span path;
	struct span folder; /* of path; empty: the working directory */
	struct arena *arena;
	struct err *err;
};

/* What libcyaml fills for a list of strings. */
struct yaml_strings {
	char **items;
	uint32_t items_count;
};

extern const cyaml_schema_value_t yaml_string_schema; /* one entry of such a list */
extern const cyaml_schema_value_t yaml_word_schema;   /* the same, not empty */

struct yaml_source yaml_source(struct span path, struct arena *arena, struct err *err);

/*
 * All: `text` NULL (the key is absent) leaves *ret as it is; `at` is where the line is taken from.
 * ERR_INVALID or ERR_MEMORY.
 */
int yaml_text(const struct yaml_source *source, const char *text, struct span *ret);
int yaml_duration(const struct yaml_source *source, const char *text, const struct yaml_node *at,
		  uint64_t *ret_ms);
/* "70%", "0.5%" -> 0.7, 0.005 */
int yaml_percent(const struct yaml_source *source, const char *text, const struct yaml_node *at,
		 double *ret);
/* RFC 3339, or a plain date: then the first second after that day, UTC. */
int yaml_expiry(const struct yaml_source *source, const char *text, const struct yaml_node *at,
		int64_t *ret);
/* Letters, digits, `.`, `_`, `-`; begins with a letter or digit; at most 100: fit for a file name.
 */
int yaml_name(const struct yaml_source *source, const char *text, const struct yaml_node *at,
	      struct span *ret);
/* A path, relative ones taken from the file's folder. */
int yaml_path(const struct yaml_source *source, const char *text, struct span *ret);
/* A key: a path, or a PKCS #11 URI as it is. */
int yaml_key(const struct yaml_source *source, const char *text, struct span *ret);
/* An image reference or output: the path in "oci:", "docker-archive:" and such likewise. */
int yaml_reference(const struct yaml_source *source, const char *text, struct span *ret);
int yaml_list(const struct yaml_source *source, const struct yaml_strings *list,
	      struct span_list *ret);
/* A list of globs, each checked. */
int yaml_globs(const struct yaml_source *source, const struct yaml_strings *list,
	       const struct yaml_node *at, struct span_list *ret);
/* {NAME: value} -> "NAME=value", in the file's order. */
int yaml_environment(const struct yaml_source *source, const struct yaml_node *map,
		     struct span_list *ret);
