/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/start_json.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/gaps_json.h"

#include <stddef.h>

static const char *const change_names[CHANGE_KINDS] = {
	[CHANGE_DIRECTORY] = "directory",
	[CHANGE_FILE] = "file",
	[CHANGE_LINK] = "link",
	[CHANGE_FIFO] = "fifo",
	[CHANGE_ATTRIBUTES] = "attributes",
	[CHANGE_REMOVED] = "removed",
	[CHANGE_OTHER] = "other",
};

static json_t *
strings(const struct span_list *list)
{
	json_t *json = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_add(&json, json_span(list->items[i]));
	return json;
}

/* All 64 bits: JSON's integers have a sign. */
static json_t *
mask(uint64_t value)
{
	return json_sprintf("%016llx", (unsigned long long)value);
}

static int
mask_read(const json_t *json, uint64_t *ret, struct err *err)
{
	const char *text = json_string_value(json);
	uint64_t value = 0;

	if (!text || json_string_length(json) != 16)
		return err_set(err, ERR_INVALID, "not a mask of 64 bits");
	for (size_t i = 0; i < 16; i++) {
		int digit = text[i] >= '0' && text[i] <= '9'   ? text[i] - '0'
			    : text[i] >= 'a' && text[i] <= 'f' ? text[i] - 'a' + 10
							       : -1;
		if (digit < 0)
			return err_set(err, ERR_INVALID, "not a mask of 64 bits");
		value = value << 4 | (uint64_t)digit;
	}
	*ret = value;
	return 0;
}

/* ---- a state, out ---- */

static json_t *
change_make(const struct start_change *change)
{
	char digest[DIGEST_TEXT];
	json_t *json = json_pack("{s:s, s:o, s:i, s:I, s:I, s:b}", "kind",
				 change_names[change->kind], "path", json_span(change->path),
				 "mode", (int)change->mode, "uid", (json_int_t)change->uid, "gid",
				 (json_int_t)change->gid, "replaces", change->replaces);

	if (change->content.p)
		json_put(&json, "content", json_span(change->content));
	if (change->replaces)
		json_put(&json, "before", json_string(digest_format(&change->before, digest)));
	return json;
}

static json_t *
masks_make(const uint64_t *values, size_t count)
{
	json_t *json = json_array();

	for (size_t i = 0; i < count; i++)
		json_add(&json, mask(values[i]));
	return json;
}

/* soft, hard, soft, hard, ... */
static json_t *
limits_make(const struct start_limit limits[START_LIMITS])
{
	json_t *json = json_array();

	for (size_t i = 0; i < START_LIMITS; i++) {
		json_add(&json, mask(limits[i].soft));
		json_add(&json, mask(limits[i].hard));
	}
	return json;
}

static json_t *
state_make(const struct start_state *state)
{
	json_t *changes = json_array();
	json_t *groups = json_array();
	json_t *json = json_object();

	for (size_t i = 0; i < state->change_count; i++)
		json_add(&changes, change_make(&state->changes[i]));
	for (size_t i = 0; i < state->group_count; i++)
		json_add(&groups, json_integer(state->groups[i]));
	json_put(&json, "reached", json_boolean(state->reached));
	json_put(&json, "status", json_integer(state->status));
	json_put(&json, "words", json_span(state->words));
	json_put(&json, "program", json_span(state->program));
	json_put(&json, "arguments", strings(&state->arguments));
	json_put(&json, "environment", strings(&state->environment));
	json_put(&json, "directory", json_span(state->directory));
	json_put(&json, "uid", json_integer(state->uid));
	json_put(&json, "gid", json_integer(state->gid));
	json_put(&json, "umask", json_integer(state->umask));
	json_put(&json, "groups", groups);
	json_put(&json, "capabilities", masks_make(state->capabilities, START_CAPABILITIES));
	json_put(&json, "ignored", mask(state->ignored));
	json_put(&json, "blocked", mask(state->blocked));
	json_put(&json, "no_new_privileges", json_boolean(state->no_new_privileges));
	json_put(&json, "limits", limits_make(state->limits));
	json_put(&json, "descriptors", strings(&state->descriptors));
	json_put(&json, "processes", strings(&state->processes));
	json_put(&json, "changes", changes);
	return json;
}

int
start_state_write(const struct start_state *state, struct arena *arena, struct span *ret,
		  struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = state_make(state);

	return json_text(json, false, arena, ret, err);
}

/* ---- and in ---- */

struct change_document {
	struct start_change change;
	struct span kind;
	struct span before;
};

#define CHANGE_AT(member) offsetof(struct change_document, member)

static int
change_read(const json_t *json, struct arena *arena, struct start_change *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"kind", JSON_FIELD_SPAN, CHANGE_AT(kind), true},
		{"path", JSON_FIELD_SPAN, CHANGE_AT(change.path), true},
		{"mode", JSON_FIELD_U32, CHANGE_AT(change.mode), true},
		{"uid", JSON_FIELD_U32, CHANGE_AT(change.uid), true},
		{"gid", JSON_FIELD_U32, CHANGE_AT(change.gid), true},
		{"replaces", JSON_FIELD_BOOL, CHANGE_AT(change.replaces), true},
		{"content", JSON_FIELD_SPAN, CHANGE_AT(change.content), false},
		{"before", JSON_FIELD_SPAN, CHANGE_AT(before), false},
		{NULL},
	};
	struct change_document document = {0};
	int r = json_read(json, fields, &document, arena, err);

	if (r == 0 && document.before.p)
		r = digest_parse(document.before, &document.change.before, err);
	if (r < 0)
		return r;
	if (document.change.path.n == 0 || document.change.path.p[0] != '/')
		return err_set(err, ERR_INVALID, "a change at a path that is not absolute");
	for (size_t i = 0; i < CHANGE_KINDS; i++) {
		if (span_equal(document.kind, span_from(change_names[i]))) {
			*ret = document.change;
			ret->kind = (enum start_change_kind)i;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "an unknown kind of change");
}

struct state_document {
	struct start_state state;
	int64_t status;
	json_t *groups;
	json_t *capabilities;
	json_t *ignored;
	json_t *blocked;
	json_t *limits;
	json_t *changes;
};

#define STATE_AT(member) offsetof(struct state_document, member)

static const struct json_field state_fields[] = {
	{"reached", JSON_FIELD_BOOL, STATE_AT(state.reached), true},
	{"status", JSON_FIELD_I64, STATE_AT(status), true},
	{"words", JSON_FIELD_SPAN, STATE_AT(state.words), true},
	{"program", JSON_FIELD_SPAN, STATE_AT(state.program), true},
	{"arguments", JSON_FIELD_STRINGS, STATE_AT(state.arguments), true},
	{"environment", JSON_FIELD_STRINGS, STATE_AT(state.environment), true},
	{"directory", JSON_FIELD_SPAN, STATE_AT(state.directory), true},
	{"uid", JSON_FIELD_U32, STATE_AT(state.uid), true},
	{"gid", JSON_FIELD_U32, STATE_AT(state.gid), true},
	{"umask", JSON_FIELD_U32, STATE_AT(state.umask), true},
	{"groups", JSON_FIELD_RAW, STATE_AT(groups), true},
	{"capabilities", JSON_FIELD_RAW, STATE_AT(capabilities), true},
	{"ignored", JSON_FIELD_RAW, STATE_AT(ignored), true},
	{"blocked", JSON_FIELD_RAW, STATE_AT(blocked), true},
	{"no_new_privileges", JSON_FIELD_BOOL, STATE_AT(state.no_new_privileges), true},
	{"limits", JSON_FIELD_RAW, STATE_AT(limits), true},
	{"descriptors", JSON_FIELD_STRINGS, STATE_AT(state.descriptors), true},
	{"processes", JSON_FIELD_STRINGS, STATE_AT(state.processes), true},
	{"changes", JSON_FIELD_RAW, STATE_AT(changes), true},
	{NULL},
};

static int
masks_read(const json_t *json, uint64_t *values, size_t count, struct err *err)
{
	int r = json_array_size(json) == count ? 0
					       : err_set(err, ERR_INVALID, "not %zu masks", count);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = mask_read(json_array_get(json, i), &values[i], err);
	return r;
}

static int
limits_read(const json_t *json, struct start_limit limits[START_LIMITS], struct err *err)
{
	uint64_t values[START_LIMITS * 2];
	int r = masks_read(json, values, (size_t)START_LIMITS * 2, err);

	for (size_t i = 0; r == 0 && i < START_LIMITS; i++)
		limits[i] = (struct start_limit){values[i * 2], values[i * 2 + 1]};
	return r;
}

static int
groups_read(const json_t *json, struct arena *arena, struct start_state *state, struct err *err)
{
	size_t count = json_array_size(json);

	if (!json_is_array(json) || count > START_ITEMS_MAX)
		return err_set(err, ERR_INVALID, "not a list of groups");
	state->groups = arena_array(arena, count ? count : 1, sizeof(*state->groups));
	if (!state->groups)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		json_int_t group = json_integer_value(json_array_get(json, i));

		if (group < 0 || group >= UINT32_MAX)
			return err_set(err, ERR_INVALID, "not a list of groups");
		state->groups[i] = (uint32_t)group;
	}
	state->group_count = count;
	return 0;
}

static int
changes_read(const json_t *json, struct arena *arena, struct start_state *state, struct err *err)
{
	size_t count = json_array_size(json);
	int r = 0;

	if (!json_is_array(json) || count > START_CHANGES_MAX)
		return err_set(err, ERR_INVALID, "not a list of changes");
	state->changes = arena_array(arena, count ? count : 1, sizeof(*state->changes));
	if (!state->changes)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = change_read(json_array_get(json, i), arena, &state->changes[i], err);
	state->change_count = count;
	return r;
}

static int
state_read(const json_t *json, struct arena *arena, struct start_state *ret, struct err *err)
{
	struct state_document document = {0};
	struct start_state *state = &document.state;
	int r = json_read(json, state_fields, &document, arena, err);

	if (r == 0)
		r = groups_read(document.groups, arena, state, err);
	if (r == 0)
		r = masks_read(document.capabilities, state->capabilities, START_CAPABILITIES, err);
	if (r == 0)
		r = limits_read(document.limits, state->limits, err);
	if (r == 0)
		r = mask_read(document.ignored, &state->ignored, err);
	if (r == 0)
		r = mask_read(document.blocked, &state->blocked, err);
	if (r == 0)
		r = changes_read(document.changes, arena, state, err);
	if (r == 0) {
		*ret = *state;
		ret->status = (int)document.status;
	}
	return r;
}

int
start_state_read(struct span text, struct arena *arena, struct start_state **ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct start_state *state = arena_alloc(arena, sizeof(*state));

	if (!state)
		return err_memory(err);
	int r = json_parse(text, &json, err);
	if (r == 0)
		r = state_read(json, arena, state, err);
	if (r < 0)
		return err_wrap(err, "start");
	*ret = state;
	return 0;
}

/* ---- what is made of them ---- */

static const char *const kind_names[] = {
	[VARIABLE_FIXED] = "fixed",
	[VARIABLE_FREE] = "free",
	[VARIABLE_PREFIX] = "prefix",
};

enum { KINDS = sizeof(kind_names) / sizeof(kind_names[0]) };

static json_t *
variables_make(const struct start *start)
{
	json_t *json = json_array();

	for (size_t i = 0; i < start->variable_count; i++) {
		const struct start_variable *variable = &start->variables[i];

		json_add(&json,
			 json_pack("{s:o, s:s, s:o}", "name", json_span(variable->name), "kind",
				   kind_names[variable->kind], "value",
				   variable->value.p ? json_span(variable->value) : json_null()));
	}
	return json;
}

json_t *
start_json_make(const struct start *start)
{
	json_t *json = json_object();

	json_put(&json, "form", json_string(start_form_name(start->form)));
	json_put(&json, "script", json_span(start->script));
	json_put(&json, "program", json_span(start->program));
	json_put(&json, "arguments", strings(&start->argv));
	json_put(&json, "uid", json_integer(start->uid));
	json_put(&json, "gid", json_integer(start->gid));
	json_put(&json, "runs", json_integer(start->runs));
	json_put(&json, "entrypoint", strings(&start->entrypoint));
	json_put(&json, "command", strings(&start->command));
	json_put(&json, "plan", json_span(start->plan));
	json_put(&json, "variables", variables_make(start));
	json_put(&json, "carried", strings(&start->carried));
	json_put(&json, "left", gaps_json_make(&start->left));
	json_put(&json, "remarks", gaps_json_make(&start->remarks));
	return json;
}

struct variable_document {
	struct start_variable variable;
	struct span kind;
};

static int
variable_read(const json_t *json, struct arena *arena, struct start_variable *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"name", JSON_FIELD_SPAN, offsetof(struct variable_document, variable.name), true},
		{"kind", JSON_FIELD_SPAN, offsetof(struct variable_document, kind), true},
		{"value", JSON_FIELD_SPAN, offsetof(struct variable_document, variable.value),
		 false},
		{NULL},
	};
	struct variable_document document = {0};
	int r = json_read(json, fields, &document, arena, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < KINDS; i++) {
		if (span_equal(document.kind, span_from(kind_names[i]))) {
			*ret = document.variable;
			ret->kind = (enum start_variable_kind)i;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "an unknown kind of variable");
}

static int
variables_read(const json_t *json, struct arena *arena, struct start *start, struct err *err)
{
	size_t count = json_array_size(json);
	int r = 0;

	if (!json_is_array(json) || count > START_VARIABLES_MAX)
		return err_set(err, ERR_INVALID, "not a list of variables");
	start->variables = arena_array(arena, count ? count : 1, sizeof(*start->variables));
	if (!start->variables)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = variable_read(json_array_get(json, i), arena, &start->variables[i], err);
	start->variable_count = count;
	return r;
}

struct start_document {
	struct start start;
	struct span form;
	json_t *variables;
	json_t *left;
	json_t *remarks;
};

#define START_AT(member) offsetof(struct start_document, member)

static const struct json_field start_fields[] = {
	{"form", JSON_FIELD_SPAN, START_AT(form), true},
	{"script", JSON_FIELD_SPAN, START_AT(start.script), true},
	{"program", JSON_FIELD_SPAN, START_AT(start.program), true},
	{"arguments", JSON_FIELD_STRINGS, START_AT(start.argv), true},
	{"uid", JSON_FIELD_U32, START_AT(start.uid), true},
	{"gid", JSON_FIELD_U32, START_AT(start.gid), true},
	{"runs", JSON_FIELD_U32, START_AT(start.runs), true},
	{"entrypoint", JSON_FIELD_STRINGS, START_AT(start.entrypoint), true},
	{"command", JSON_FIELD_STRINGS, START_AT(start.command), true},
	{"plan", JSON_FIELD_SPAN, START_AT(start.plan), true},
	{"variables", JSON_FIELD_RAW, START_AT(variables), true},
	{"carried", JSON_FIELD_STRINGS, START_AT(start.carried), true},
	{"left", JSON_FIELD_RAW, START_AT(left), true},
	{"remarks", JSON_FIELD_RAW, START_AT(remarks), true},
	{NULL},
};

static int
form_read(struct span name, enum start_form *ret, struct err *err)
{
	for (enum start_form form = START_KEPT; form <= START_LAUNCHER; form++) {
		if (span_equal(name, span_from(start_form_name(form)))) {
			*ret = form;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "an unknown form of start");
}

int
start_json_read(const json_t *json, struct arena *arena, struct start **ret, struct err *err)
{
	struct start_document document = {0};
	struct start *start = arena_alloc(arena, sizeof(*start));
	int r = start ? json_read(json, start_fields, &document, arena, err) : err_memory(err);

	if (r == 0)
		r = form_read(document.form, &document.start.form, err);
	if (r == 0)
		r = variables_read(document.variables, arena, &document.start, err);
	if (r == 0)
		r = gaps_json_read(document.left, arena, &document.start.left, err);
	if (r == 0)
		r = gaps_json_read(document.remarks, arena, &document.start.remarks, err);
	if (r == 0 && document.start.plan.n > START_PLAN_MAX)
		r = err_set(err, ERR_LIMIT, "a start plan of %zu bytes", document.start.plan.n);
	if (r == 0 && (document.start.form == START_LAUNCHER) != (document.start.plan.n > 0))
		r = err_set(err, ERR_INVALID, "a start plan without launcher, or none with it");
	if (r < 0)
		return err_wrap(err, "start");
	*start = document.start;
	*ret = start;
	return 0;
}
