/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml_value.h"

#include "base/clock.h"
#include "codec/glob.h"

const cyaml_schema_value_t yaml_string_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

const cyaml_schema_value_t yaml_word_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, CYAML_UNLIMITED),
};

struct yaml_source
yaml_source(struct span path, struct arena *arena, struct err *err)
{
	size_t slash = span_find_last(path, '/');
	struct span folder = slash == path.n ? SPAN("") : span_slice(path, 0, slash ? slash : 1);

	return (struct yaml_source){path, folder, arena, err};
}

int
yaml_text(const struct yaml_source *source, const char *text, struct span *ret)
{
	if (!text)
		return 0;
	struct span copy = arena_copy(source->arena, span_from(text));
	if (!copy.p)
		return err_memory(source->err);
	*ret = copy;
	return 0;
}

int
yaml_duration(const struct yaml_source *source, const char *text, const struct yaml_node *at,
	      uint64_t *ret_ms)
{
	struct err why = ERR_INIT;

	if (!text || duration_parse(span_from(text), ret_ms, &why) == 0)
		return 0;
	return yaml_fail(source->err, source->path, at, "%s", why.text);
}

/* Digits with at most one point, nothing else. */
static bool
parse_decimal(struct span text, double *ret)
{
	double value = 0;
	double unit = 1;
	bool point = false;
	size_t digits = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (text.p[i] < '0' || text.p[i] > '9' || ++digits > 9)
			return false;
		value = value * 10 + (text.p[i] - '0');
		unit = point ? unit * 10 : 1;
	}
	*ret = value / unit;
	return digits > 0;
}

int
yaml_percent(const struct yaml_source *source, const char *text, const struct yaml_node *at,
	     double *ret)
{
	struct span all = span_from(text);
	double value = 0;

	if (!text)
		return 0;
	if (!span_ends_with(all, SPAN("%")) ||
	    !parse_decimal(span_slice(all, 0, all.n - 1), &value) || value > 100)
		return yaml_fail(source->err, source->path, at,
				 "not a percentage from 0%% to 100%%: \"%.40s\" (write 70%%)",
				 text);
	*ret = value / 100;
	return 0;
}

int
yaml_expiry(const struct yaml_source *source, const char *text, const struct yaml_node *at,
	    int64_t *ret)
{
	enum { DATE = 10, DAY = 24 * 60 * 60 };
	struct err why = ERR_INIT;
	int64_t seconds = 0;

	if (!text)
		return 0;
	if (clock_parse(span_from(text), &seconds, &why) < 0)
		return yaml_fail(source->err, source->path, at,
				 "not a date: \"%.40s\" (write 2027-01-31)", text);
	*ret = strlen(text) == DATE ? seconds + DAY : seconds;
	return 0;
}

static bool
is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int
yaml_name(const struct yaml_source *source, const char *text, const struct yaml_node *at,
	  struct span *ret)
{
	enum { NAME_MAX_BYTES = 100 };
	struct span name = span_from(text);

	if (!text)
		return 0;
	bool good = name.n > 0 && name.n <= NAME_MAX_BYTES && is_alphanumeric(name.p[0]);
	for (size_t i = 0; good && i < name.n; i++)
		good = is_alphanumeric(name.p[i]) || strchr("._-", name.p[i]);
	if (!good)
		return yaml_fail(source->err, source->path, at,
				 "not a usable name: \"%.40s\" (letters, digits, \".\", \"_\", "
				 "\"-\"; at most %d)",
				 text, NAME_MAX_BYTES);
	return yaml_text(source, text, ret);
}

static int
join(const struct yaml_source *source, struct span before, struct span path, struct span *ret)
{
	bool relative = path.n > 0 && path.p[0] != '/' && source->folder.n > 0;
	struct span folder = relative ? source->folder : SPAN("");
	const char *slash = relative && !span_ends_with(folder, SPAN("/")) ? "/" : "";
	struct span joined = arena_printf(source->arena, "%.*s%.*s%s%.*s", SPAN_ARG(before),
					  SPAN_ARG(folder), slash, SPAN_ARG(path));

	if (!joined.p)
		return err_memory(source->err);
	*ret = joined;
	return 0;
}

int
yaml_path(const struct yaml_source *source, const char *text, struct span *ret)
{
	return text ? join(source, SPAN(""), span_from(text), ret) : 0;
}

int
yaml_key(const struct yaml_source *source, const char *text, struct span *ret)
{
	if (text && span_starts_with(span_from(text), SPAN("pkcs11:")))
		return yaml_text(source, text, ret);
	return yaml_path(source, text, ret);
}

int
yaml_reference(const struct yaml_source *source, const char *text, struct span *ret)
{
	static const struct span local[] = {
		SPAN_INIT("oci:"),
		SPAN_INIT("oci-archive:"),
		SPAN_INIT("docker-archive:"),
		SPAN_INIT("dir:"),
	};
	struct span all = span_from(text);

	if (!text)
		return 0;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		if (span_starts_with(all, local[i]))
			return join(source, local[i], span_slice(all, local[i].n, all.n), ret);
	}
	return yaml_text(source, text, ret);
}

int
yaml_list(const struct yaml_source *source, const struct yaml_strings *list, struct span_list *ret)
{
	if (list->items_count == 0)
		return 0;
	struct span *items = arena_array(source->arena, list->items_count, sizeof(*items));
	if (!items)
		return err_memory(source->err);
	for (uint32_t i = 0; i < list->items_count; i++) {
		int r = yaml_text(source, list->items[i], &items[i]);
		if (r < 0)
			return r;
	}
	*ret = (struct span_list){items, list->items_count};
	return 0;
}

int
yaml_globs(const struct yaml_source *source, const struct yaml_strings *list,
	   const struct yaml_node *at, struct span_list *ret)
{
	struct err why = ERR_INIT;

	for (uint32_t i = 0; i < list->items_count; i++) {
		if (list->items[i][0] != '/')
			return yaml_fail(source->err, source->path, yaml_at(at, i),
					 "a path in the image must begin with \"/\": \"%.60s\"",
					 list->items[i]);
		if (glob_check(span_from(list->items[i]), &why) < 0)
			return yaml_fail(source->err, source->path, yaml_at(at, i), "%s", why.text);
	}
	return yaml_list(source, list, ret);
}

static bool
is_variable(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (!is_alphanumeric(name.p[i]) && !strchr("_.-", name.p[i]))
			return false;
	}
	return name.n > 0 && (name.p[0] < '0' || name.p[0] > '9');
}

int
yaml_environment(const struct yaml_source *source, const struct yaml_node *map,
		 struct span_list *ret)
{
	size_t i = 0;

	if (!map)
		return 0;
	if (map->kind != YAML_MAP)
		return yaml_fail(source->err, source->path, map,
				 "env wants a map (NAME: value), not a list or text");
	struct span *items =
		arena_array(source->arena, map->count ? map->count : 1, sizeof(*items));
	if (!items)
		return err_memory(source->err);
	for (const struct yaml_node *node = map->first; node; node = node->next) {
		if (!is_variable(node->key))
			return yaml_fail(source->err, source->path, node,
					 "not a variable's name: \"%.40s\"", node->key.p);
		if (node->kind != YAML_SCALAR)
			return yaml_fail(source->err, source->path, node, "%s wants one value",
					 node->key.p);
		items[i] = arena_printf(source->arena, "%s=%s", node->key.p, node->text.p);
		if (!items[i++].p)
			return err_memory(source->err);
	}
	*ret = (struct span_list){items, map->count};
	return 0;
}
