/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/ignore_yaml.h"

#include "codec/yaml_value.h"

/* What libcyaml fills. Names are the keys of the file. */
struct raw_entry {
	char *id;
	char *package;
	char *reason;
	char *approved_by;
	char *expires;
};

struct raw_file {
	struct raw_entry *ignore;
	uint32_t ignore_count;
};

#define TEXT_FIELD(key, flags)                                                                     \
	CYAML_FIELD_STRING_PTR(#key, flags, struct raw_entry, key, 1, CYAML_UNLIMITED)

static const cyaml_schema_field_t entry_fields[] = {
	TEXT_FIELD(id, 0),	TEXT_FIELD(package, CYAML_FLAG_OPTIONAL),
	TEXT_FIELD(reason, 0),	TEXT_FIELD(approved_by, 0),
	TEXT_FIELD(expires, 0), CYAML_FIELD_END,
};

static const cyaml_schema_value_t entry_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_entry, entry_fields),
};

static const cyaml_schema_field_t file_fields[] = {
	CYAML_FIELD_SEQUENCE("ignore", CYAML_FLAG_POINTER, struct raw_file, ignore, &entry_schema,
			     0, CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t file_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_file, file_fields),
};

/* Text that says something: not only blanks. */
static int
take_sentence(const struct yaml_source *source, const char *text, const struct yaml_node *entry,
	      const char *key, struct span *ret)
{
	if (text && span_trim(span_from(text)).n == 0)
		return yaml_fail(source->err, source->path, yaml_get(entry, key), "%s is empty",
				 key);
	return yaml_text(source, text, ret);
}

static int
take_entry(const struct yaml_source *source, const struct raw_entry *raw,
	   const struct yaml_node *node, struct ignore_entry *entry)
{
	*entry = (struct ignore_entry){.package = SPAN(""), .line = node->line};
	int r = take_sentence(source, raw->id, node, "id", &entry->id);

	if (r == 0)
		r = take_sentence(source, raw->package, node, "package", &entry->package);
	if (r == 0)
		r = take_sentence(source, raw->reason, node, "reason", &entry->reason);
	if (r == 0)
		r = take_sentence(source, raw->approved_by, node, "approved_by",
				  &entry->approved_by);
	if (r == 0)
		r = yaml_expiry(source, raw->expires, yaml_get(node, "expires"), &entry->expires);
	return r;
}

static int
take_file(const struct yaml_source *source, const struct raw_file *raw,
	  const struct yaml_node *list, struct ignore_file *file)
{
	file->path = arena_copy(source->arena, source->path);
	file->entries = arena_array(source->arena, raw->ignore_count ? raw->ignore_count : 1,
				    sizeof(*file->entries));
	if (!file->path.p || !file->entries)
		return err_memory(source->err);
	for (uint32_t i = 0; i < raw->ignore_count; i++) {
		int r = take_entry(source, &raw->ignore[i], yaml_at(list, i), &file->entries[i]);
		if (r < 0)
			return r;
	}
	file->count = raw->ignore_count;
	return 0;
}

int
ignore_parse(struct span text, struct span path, struct arena *arena, struct ignore_file *ret,
	     struct err *err)
{
	struct ignore_file file = {.count = 0};
	struct yaml_node *tree;
	void *raw;
	int r = yaml_load(text, path, &file_schema, arena, &tree, &raw, err);

	if (r < 0)
		return r;
	struct yaml_source source = yaml_source(path, arena, err);
	r = take_file(&source, raw, yaml_get(tree, "ignore"), &file);
	yaml_release(&file_schema, raw);
	if (r == 0)
		*ret = file;
	return r;
}
