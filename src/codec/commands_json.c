/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/commands_json.h"

#include "base/limits.h"
#include "codec/gaps_json.h"
#include "codec/path_json.h"

#include <stddef.h>

static json_t *
strings_make(const struct span_list *texts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < texts->count; i++)
		json_add(&list, json_span(texts->items[i]));
	return list;
}

static json_t *
seen_make(const struct command_seen *seen)
{
	json_t *object = json_object();

	json_put(&object, "line", json_span(seen->line));
	json_put(&object, "from", json_span(seen->from));
	json_put(&object, "runs", json_integer(seen->runs));
	json_put(&object, "input", json_boolean(seen->input));
	json_put(&object, "programs", strings_make(&seen->programs));
	return object;
}

json_t *
commands_json_make(const struct commands *commands)
{
	json_t *object = json_object();
	json_t *shells = json_array();
	json_t *seen = json_array();

	for (size_t i = 0; i < commands->shells.count; i++)
		json_add(&shells, path_json_make(commands->shells.items[i]));
	for (size_t i = 0; i < commands->seen_count; i++)
		json_add(&seen, seen_make(&commands->seen[i]));
	json_put(&object, "form", json_string(commands_form_name(commands->form)));
	json_put(&object, "runs", json_integer(commands->runs));
	json_put(&object, "shells", shells);
	json_put(&object, "seen", seen);
	json_put(&object, "table", json_span(commands->table));
	json_put(&object, "left", gaps_json_make(&commands->left));
	return object;
}

/* ---- reading ---- */

static int
seen_read(const json_t *json, struct arena *arena, struct command_seen *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"line", JSON_FIELD_SPAN, offsetof(struct command_seen, line), true},
		{"from", JSON_FIELD_SPAN, offsetof(struct command_seen, from), true},
		{"runs", JSON_FIELD_U32, offsetof(struct command_seen, runs), true},
		{"input", JSON_FIELD_BOOL, offsetof(struct command_seen, input), true},
		{"programs", JSON_FIELD_STRINGS, offsetof(struct command_seen, programs), true},
		{NULL},
	};

	return json_read(json, fields, ret, arena, err);
}

struct commands_document {
	struct commands commands;
	struct span form;
	json_t *shells;
	json_t *seen;
	json_t *left;
};

#define AT(member) offsetof(struct commands_document, member)

static const struct json_field commands_fields[] = {
	{"form", JSON_FIELD_SPAN, AT(form), true},
	{"runs", JSON_FIELD_U32, AT(commands.runs), true},
	{"shells", JSON_FIELD_RAW, AT(shells), true},
	{"seen", JSON_FIELD_RAW, AT(seen), true},
	{"table", JSON_FIELD_SPAN, AT(commands.table), true},
	{"left", JSON_FIELD_RAW, AT(left), true},
	{NULL},
};

static int
form_read(struct span name, enum commands_form *ret, struct err *err)
{
	for (enum commands_form form = COMMANDS_NONE; form <= COMMANDS_TABLE; form++) {
		if (span_equal(name, span_from(commands_form_name(form)))) {
			*ret = form;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "an unknown form");
}

static int
lists_read(const struct commands_document *document, struct arena *arena, struct commands *commands,
	   struct err *err)
{
	size_t shells = json_array_size(document->shells);
	size_t seen = json_array_size(document->seen);
	int r = json_check_items(document->shells, "shells", SHELLS_MAX, err);

	if (r == 0)
		r = json_check_items(document->seen, "seen", COMMANDS_MAX, err);
	if (r < 0)
		return r;
	commands->shells.items = arena_array(arena, shells + 1, sizeof(struct span));
	commands->seen = arena_array(arena, seen + 1, sizeof(*commands->seen));
	if (!commands->shells.items || !commands->seen)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < shells; i++)
		r = path_json_read(json_array_get(document->shells, i), arena,
				   &commands->shells.items[i], err);
	for (size_t i = 0; r == 0 && i < seen; i++)
		r = seen_read(json_array_get(document->seen, i), arena, &commands->seen[i], err);
	commands->shells.count = shells;
	commands->seen_count = seen;
	return r < 0 ? r : gaps_json_read(document->left, arena, &commands->left, err);
}

int
commands_json_read(const json_t *json, struct arena *arena, struct commands **ret, struct err *err)
{
	struct commands_document document = {0};
	struct commands *commands = arena_alloc(arena, sizeof(*commands));
	int r = commands ? json_read(json, commands_fields, &document, arena, err)
			 : err_memory(err);

	if (r == 0)
		r = form_read(document.form, &document.commands.form, err);
	if (r == 0)
		r = lists_read(&document, arena, &document.commands, err);
	if (r == 0 && document.commands.table.n > COMMAND_TABLE_MAX)
		r = err_set(err, ERR_LIMIT, "a table of %zu bytes", document.commands.table.n);
	if (r == 0 && (document.commands.form == COMMANDS_TABLE) != (document.commands.table.n > 0))
		r = err_set(err, ERR_INVALID, "a form without its table, or none with it");
	if (r < 0)
		return err_wrap(err, "commands");
	*commands = document.commands;
	*ret = commands;
	return 0;
}
