/* SPDX-License-Identifier: Apache-2.0 */
/* The start plan (docs/entrypoint.md), or a plain exec-form start where that is all there is. */
#include "stage/entrypoint/compiler.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <stdlib.h>

/* ---- texts with values in them ---- */

static const struct candidate *
probe_at(const struct compiler *compiler, struct span text)
{
	for (size_t i = 0; i < compiler->candidates.count; i++) {
		const struct candidate *candidate = &compiler->candidates.items[i];

		if (candidate->is_free && span_starts_with(text, candidate->probe))
			return candidate;
	}
	return NULL;
}

/* A string, or a list of strings and {"variable": NAME}. */
static json_t *
pattern_json(const struct compiler *compiler, struct span text)
{
	json_t *list = json_array();
	size_t from = 0;

	for (size_t at = 0; at < text.n;) {
		const struct candidate *found = probe_at(compiler, span_slice(text, at, text.n));

		if (!found) {
			at++;
			continue;
		}
		if (at > from)
			json_add(&list, json_span(span_slice(text, from, at)));
		json_add(&list, json_pack("{s:o}", "variable", json_span(found->name)));
		at += found->probe.n;
		from = at;
	}
	if (list && json_array_size(list) == 0) {
		json_decref(list);
		return json_span(text);
	}
	if (from < text.n)
		json_add(&list, json_span(span_slice(text, from, text.n)));
	return list;
}

static json_t *
strings(struct span_list list)
{
	json_t *json = json_array();

	for (size_t i = 0; i < list.count; i++)
		json_add(&json, json_span(list.items[i]));
	return json;
}

/* Of the shape, by key. */
static struct span
shape_text(const struct compiler *compiler, struct span key, struct span otherwise)
{
	const struct fact *fact = key.p ? facts_find(&compiler->shape, key) : NULL;

	return fact ? fact->text : otherwise;
}

static json_t *
argv_json(const struct compiler *compiler, struct span_list argv)
{
	json_t *json = json_array();

	for (size_t i = 0; i < argv.count; i++)
		json_add(&json, pattern_json(compiler, shape_text(compiler,
								  arena_printf(compiler->arena,
									       "argument/%05zu", i),
								  argv.items[i])));
	return json;
}

/* ---- variables ---- */

static json_t *
variable_json(const struct candidate *candidate)
{
	char text[DIGEST_TEXT];
	struct digest digest;
	json_t *json = json_pack("{s:o}", "name", json_span(candidate->name));

	if (candidate->is_free) {
		json_put(&json, "free", json_true());
		json_put(&json, "plain", json_boolean(candidate->plain));
		json_put(&json, "host", json_boolean(candidate->host));
		json_put(&json, "empty_is_unset", json_boolean(candidate->empty_is_unset));
		if (candidate->has_fallback)
			json_put(&json, "fallback", json_span(candidate->fallback));
	} else if (candidate->value.p && candidate->secret) {
		digest_of(candidate->value, &digest);
		json_put(&json, "sha256", json_string(digest_format(&digest, text) + 7));
	} else if (candidate->value.p) {
		json_put(&json, "value", json_span(candidate->value));
	}
	return json;
}

static json_t *
variables_json(const struct compiler *compiler)
{
	json_t *json = json_array();

	for (size_t i = 0; i < compiler->candidates.count; i++)
		json_add(&json, variable_json(&compiler->candidates.items[i]));
	return json;
}

/* "FOO_" where names are put together; any name of the script where all of them are read. */
static json_t *
prefixes_json(const struct compiler *compiler)
{
	const struct span_list *prefixes = &compiler->found.words[SCRIPT_PREFIX];
	const struct span_list *names = &compiler->found.words[SCRIPT_NAME];
	json_t *json = strings(*prefixes);

	for (size_t i = 0; compiler->found.whole && i < names->count; i++) {
		struct span name = names->items[i];

		if (name.n >= 3 && name.p[0] >= 'A' && name.p[0] <= 'Z' &&
		    name.p[name.n - 1] != '_')
			json_add(&json, json_sprintf("%.*s_", SPAN_ARG(name)));
	}
	return json;
}

/* Whether the variable of this key is only handed through: free, and nothing but its value. */
static bool
is_handed(const struct compiler *compiler, const struct fact *fact)
{
	for (size_t i = 0; i < compiler->candidates.count; i++) {
		const struct candidate *candidate = &compiler->candidates.items[i];

		if (candidate->is_free && span_equal(fact->text, candidate->probe) &&
		    span_ends_with(fact->key, candidate->name) &&
		    fact->key.n == candidate->name.n + sizeof("variable/") - 1)
			return !candidate->exports;
	}
	return false;
}

static json_t *
set_json(const struct compiler *compiler, const struct facts *zero)
{
	json_t *json = json_array();

	for (size_t i = 0; i < compiler->shape.count; i++) {
		const struct fact *fact = &compiler->shape.items[i];
		const struct fact *before = facts_find(zero, fact->key);

		if (!span_starts_with(fact->key, SPAN("variable/")) || is_handed(compiler, fact) ||
		    (before && span_equal(before->text, fact->text)))
			continue;
		struct span name = span_slice(fact->key, sizeof("variable/") - 1, fact->key.n);
		json_t *one = json_pack("{s:o, s:o}", "name", json_span(name), "value",
					pattern_json(compiler, fact->text));
		if (span_equal(name, SPAN("HOME")))
			json_put(&one, "own", json_true());
		json_add(&json, one);
	}
	return json;
}

static json_t *
unset_json(const struct compiler *compiler, const struct facts *zero)
{
	json_t *json = json_array();

	for (size_t i = 0; i < zero->count; i++) {
		struct span key = zero->items[i].key;

		if (span_starts_with(key, SPAN("variable/")) &&
		    !facts_find(&compiler->base_facts, key))
			json_add(&json, json_span(span_slice(key, sizeof("variable/") - 1, key.n)));
	}
	return json;
}

/* ---- effects ---- */

static const char *const kinds[CHANGE_KINDS] = {
	[CHANGE_DIRECTORY] = "directory",
	[CHANGE_FILE] = "file",
	[CHANGE_LINK] = "link",
	[CHANGE_FIFO] = "fifo",
	[CHANGE_ATTRIBUTES] = "attributes",
	[CHANGE_REMOVED] = "remove",
};

static json_t *
effect_json(const struct compiler *compiler, const struct start_change *change)
{
	const bool given = change->uid != compiler->zero->uid || change->gid != compiler->zero->gid;
	char text[DIGEST_TEXT];
	json_t *json = json_pack("{s:s, s:o}", "kind", kinds[change->kind], "path",
				 json_span(change->path));
	struct span content = shape_text(
		compiler, arena_printf(compiler->arena, "content%.*s", SPAN_ARG(change->path)),
		change->content);

	if (change->kind == CHANGE_REMOVED)
		return json;
	json_put(&json, "uid", json_integer(change->uid));
	json_put(&json, "gid", json_integer(change->gid));
	if (change->kind != CHANGE_LINK)
		json_put(&json, "mode", json_integer(change->mode));
	if (change->kind == CHANGE_LINK)
		json_put(&json, "target", json_span(change->content));
	if (change->kind == CHANGE_FILE)
		json_put(&json, "content", pattern_json(compiler, content));
	if (change->replaces)
		json_put(&json, "before", json_string(digest_format(&change->before, text) + 7));
	if (change->kind == CHANGE_ATTRIBUTES || change->replaces ||
	    (change->kind == CHANGE_DIRECTORY && (given || change->mode != 0755)))
		json_put(&json, "on_existing", json_true());
	return json;
}

/* The runtime makes it, not the start. */
static bool
is_working_directory(const struct compiler *compiler, const struct start_change *change)
{
	return change->kind == CHANGE_DIRECTORY && change->uid == 0 && change->gid == 0 &&
	       change->mode == 0755 &&
	       span_starts_with(compiler->input->image->config.working_directory, change->path);
}

static json_t *
effects_json(const struct compiler *compiler)
{
	json_t *json = json_array();

	for (size_t i = 0; i < compiler->base->change_count; i++) {
		const struct start_change *change = &compiler->base->changes[i];

		if (!is_working_directory(compiler, change))
			json_add(&json, effect_json(compiler, change));
	}
	for (size_t i = 0; i < compiler->owned.count; i++) {
		const struct start_plant *owned = &compiler->owned.items[i];
		json_t *one =
			json_pack("{s:s, s:o}", "kind", "own", "path", json_span(owned->path));

		if (owned->uid != UINT32_MAX)
			json_put(&one, "uid", json_integer(owned->uid));
		if (owned->gid != UINT32_MAX)
			json_put(&one, "gid", json_integer(owned->gid));
		if (owned->content.p)
			json_put(&one, "on_existing", json_true());
		json_add(&json, one);
	}
	for (size_t i = 0; i < compiler->cleared.count; i++)
		json_add(&json, json_pack("{s:s, s:o}", "kind", "remove", "path",
					  json_span(compiler->cleared.items[i])));
	return json;
}

/* ---- the process ---- */

static json_t *
limits_json(const struct compiler *compiler)
{
	json_t *json = json_array();

	for (size_t i = 0; i < START_LIMITS; i++) {
		const struct start_limit *now = &compiler->base->limits[i];
		const struct start_limit *before = &compiler->zero->limits[i];

		if (now->soft == before->soft && now->hard == before->hard)
			continue;
		json_t *one = json_pack("{s:i}", "resource", (int)i);
		if (now->soft <= INT64_MAX)
			json_put(&one, "soft", json_integer((json_int_t)now->soft));
		if (now->hard <= INT64_MAX)
			json_put(&one, "hard", json_integer((json_int_t)now->hard));
		json_add(&json, one);
	}
	return json;
}

static bool
same_groups(const struct start_state *a, const struct start_state *b)
{
	bool same = a->group_count == b->group_count;

	for (size_t i = 0; same && i < a->group_count; i++)
		same = a->groups[i] == b->groups[i];
	return same;
}

static bool
becomes(const struct compiler *compiler)
{
	const struct start_state *zero = compiler->zero;
	const struct start_state *base = compiler->base;

	return zero->uid != base->uid || zero->gid != base->gid || !same_groups(zero, base);
}

static void
put_process(const struct compiler *compiler, json_t **json)
{
	const struct start_state *zero = compiler->zero;
	const struct start_state *base = compiler->base;
	json_t *groups = json_array();

	json_put(json, "from",
		 json_pack("{s:I, s:I}", "uid", (json_int_t)zero->uid, "gid",
			   (json_int_t)zero->gid));
	json_put(json, "others", json_boolean(compiler->others));
	for (size_t i = 0; i < base->group_count; i++)
		json_add(&groups, json_integer(base->groups[i]));
	if (becomes(compiler)) {
		json_put(json, "to",
			 json_pack("{s:I, s:I}", "uid", (json_int_t)base->uid, "gid",
				   (json_int_t)base->gid));
		json_put(json, "groups", groups);
	} else {
		json_decref(groups);
	}
	json_put(json, "directory", json_span(base->directory));
	json_put(json, "umask", json_integer(base->umask));
	json_put(json, "no_new_privileges", json_boolean(base->no_new_privileges));
	json_put(json, "limits", limits_json(compiler));
}

static json_t *
arguments_json(const struct compiler *compiler, struct span_list observed)
{
	json_t *json = json_object();

	json_put(&json, "observed", strings(observed));
	if (compiler->same_arguments) {
		json_put(&json, "same", json_integer((json_int_t)compiler->same_arguments));
		json_put(&json, "then", argv_json(compiler, compiler->then));
	}
	if (compiler->options)
		json_put(&json, "lead", argv_json(compiler, compiler->lead));
	json_put(&json, "refused", strings(compiler->refused));
	return json;
}

static int
make_plan(struct compiler *compiler, struct span_list observed, json_t **ret, struct err *err)
{
	struct facts zero;
	json_t *guards = NULL;
	int r = facts_make(compiler->zero, compiler->arena, &zero, err);

	if (r == 0)
		r = guards_make(compiler, &guards, err);
	if (r < 0)
		return r;
	json_t *json =
		json_pack("{s:i, s:o}", "version", 1, "program", json_span(compiler->executed));
	json_put(&json, "argv", argv_json(compiler, compiler->base->arguments));
	json_put(&json, "arguments", arguments_json(compiler, observed));
	json_put(&json, "variables", variables_json(compiler));
	json_put(&json, "prefixes", prefixes_json(compiler));
	json_put(&json, "set", set_json(compiler, &zero));
	json_put(&json, "unset", unset_json(compiler, &zero));
	put_process(compiler, &json);
	json_put(&json, "guards", guards);
	json_put(&json, "effects", effects_json(compiler));
	if (!json)
		return err_memory(err);
	*ret = json;
	return 0;
}

/* ---- the report ---- */

static int
say_carried(struct compiler *compiler, const json_t *plan, struct err *err)
{
	const struct start_state *base = compiler->base;
	size_t index;
	const json_t *item;
	int r = 0;

	json_array_foreach(json_object_get(plan, "effects"), index, item)
	{
		if (r == 0)
			r = compiler_carried(compiler, err, "%s %s",
					     json_string_value(json_object_get(item, "kind")),
					     json_string_value(json_object_get(item, "path")));
	}
	json_array_foreach(json_object_get(plan, "set"), index, item)
	{
		if (r == 0)
			r = compiler_carried(compiler, err, "sets %s",
					     json_string_value(json_object_get(item, "name")));
	}
	json_array_foreach(json_object_get(plan, "unset"), index, item)
	{
		if (r == 0)
			r = compiler_carried(compiler, err, "unsets %s", json_string_value(item));
	}
	if (r == 0 && json_object_get(plan, "to"))
		r = compiler_carried(compiler, err, "becomes user %u, group %u", base->uid,
				     base->gid);
	return r < 0 ? r
		     : compiler_carried(compiler, err, "executes %.*s",
					SPAN_ARG(compiler->start->program));
}

static int
hand_variables(struct compiler *compiler, const json_t *plan, struct err *err)
{
	const json_t *prefixes = json_object_get(plan, "prefixes");
	size_t count = compiler->candidates.count + json_array_size(prefixes);
	struct start_variable *variables =
		arena_array(compiler->arena, count + 1, sizeof(*variables));
	size_t n = 0;

	if (!variables)
		return err_memory(err);
	for (size_t i = 0; i < compiler->candidates.count; i++) {
		const struct candidate *candidate = &compiler->candidates.items[i];

		variables[n++] = (struct start_variable){
			candidate->name, candidate->is_free ? VARIABLE_FREE : VARIABLE_FIXED,
			candidate->secret ? SPAN("(of mohs.yaml)") : candidate->value};
	}
	for (size_t i = 0; i < json_array_size(prefixes); i++) {
		const json_t *item = json_array_get(prefixes, i);

		variables[n] = (struct start_variable){.kind = VARIABLE_PREFIX};
		variables[n].name =
			arena_copy(compiler->arena, (struct span){json_string_value(item),
								  json_string_length(item)});
		if (!variables[n++].name.p)
			return err_memory(err);
	}
	compiler->start->variables = variables;
	compiler->start->variable_count = n < START_VARIABLES_MAX ? n : START_VARIABLES_MAX;
	return 0;
}

/* What mohs.yaml sets may be a secret: it does not go into an image. */
static int
check_secrets(struct compiler *compiler, struct span plan, struct err *err)
{
	enum { SHORTEST = 4 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < compiler->candidates.count; i++) {
		const struct candidate *candidate = &compiler->candidates.items[i];

		if (candidate->secret && candidate->value.n >= SHORTEST &&
		    span_contains(plan, candidate->value))
			r = compiler_left(compiler, candidate->name, err,
					  "its value, which mohs.yaml sets, would be written into "
					  "the image");
	}
	return r;
}

/* ---- where no launcher is needed ---- */

static bool
is_empty(const json_t *plan, const char *name)
{
	return json_array_size(json_object_get(plan, name)) == 0;
}

/* Only what every shell sets by itself. */
static bool
sets_nothing(const json_t *plan)
{
	size_t index;
	const json_t *item;

	json_array_foreach(json_object_get(plan, "set"), index, item)
	{
		if (!names_is_shells(span_from(json_string_value(json_object_get(item, "name")))))
			return false;
	}
	return true;
}

/* Only an exec: nothing changed, nothing read but the script itself, nothing to guard. */
static bool
is_plain(const struct compiler *compiler, const json_t *plan)
{
	static const char *const lists[] = {"prefixes", "unset", "effects", "limits"};
	static const char *const guarded[] = {"missing", "present", "listed"};
	const json_t *guards = json_object_get(plan, "guards");
	const struct start_state *zero = compiler->zero;
	const struct start_state *base = compiler->base;
	bool plain = sets_nothing(plan) && !json_object_get(plan, "to");

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		plain &= is_empty(plan, lists[i]);
	for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++)
		plain &= is_empty(guards, guarded[i]);
	for (size_t i = 0; i < compiler->candidates.count; i++)
		plain &= compiler->candidates.items[i].host;
	return plain &&
	       json_array_size(json_object_get(guards, "same")) <= compiler->scripts.count &&
	       span_equal(zero->directory, base->directory) && zero->umask == base->umask &&
	       zero->no_new_privileges == base->no_new_privileges;
}

/* ENTRYPOINT and CMD without the script; false when the runtime could not find the program so. */
static bool
exec_form(struct compiler *compiler)
{
	const struct span_list *argv = &compiler->base->arguments;
	const struct span_list *given = &compiler->arguments;
	struct start *start = compiler->start;
	size_t lead = compiler->alone ? 0 : argv->count - given->count;

	if (argv->count == 0 || !detect_names(compiler, argv->items[0]))
		return false;
	if (compiler->alone) {
		start->command = *argv;
		return true;
	}
	if (argv->count < given->count || compiler->same_arguments != (given->count ? 1 : 0))
		return false;
	for (size_t i = 0; i < given->count; i++) {
		if (!span_equal(argv->items[lead + i], given->items[i]))
			return false;
	}
	start->entrypoint = (struct span_list){argv->items, lead};
	start->command = *given;
	return true;
}

static int
launcher_form(struct compiler *compiler, const json_t *plan, struct err *err)
{
	static struct span launcher[] = {SPAN_INIT(START_LAUNCHER_PATH)};
	struct start *start = compiler->start;
	bool asked = compiler->input->service->command.count > 0;
	int r = json_text(plan, true, compiler->arena, &start->plan, err);

	if (r < 0)
		return r;
	start->form = START_LAUNCHER;
	if (compiler->alone && !asked) {
		start->command = (struct span_list){launcher, 1};
	} else {
		start->entrypoint = (struct span_list){launcher, 1};
		start->command = compiler->arguments;
	}
	if (start->plan.n > START_PLAN_MAX)
		return compiler_left(compiler, start->script, err,
				     "its plan would have %zu bytes (at most %lu)", start->plan.n,
				     START_PLAN_MAX);
	return check_secrets(compiler, start->plan, err);
}

int
plan_compile(struct compiler *compiler, struct err *err)
{
	bool asked = compiler->input->service->command.count > 0;
	struct span_list observed = compiler->arguments;
	CLEANUP(json_cleanup) json_t *plan = NULL;

	if (compiler->alone && !asked)
		observed.count = 0;
	int r = make_plan(compiler, observed, &plan, err);
	if (r < 0 || compiler->left.count)
		return r;
	compiler->start->program = compiler->executed; /* no more runs */
	r = hand_variables(compiler, plan, err);
	if (r == 0 && is_plain(compiler, plan) && exec_form(compiler)) {
		compiler->start->form = START_EXEC;
		if (!is_empty(plan, "set"))
			r = compiler_remark(compiler, SPAN("PWD"), err,
					    "variables that every shell sets by itself are not set "
					    "any more");
		return r < 0 ? r
			     : compiler_carried(compiler, err,
						"executes %.*s: nothing else was done",
						SPAN_ARG(compiler->start->program));
	}
	if (r == 0)
		r = launcher_form(compiler, plan, err);
	return r < 0 || compiler->left.count ? r : say_carried(compiler, plan, err);
}
