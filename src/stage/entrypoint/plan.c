/* SPDX-License-Identifier: Apache-2.0 */
/* The start plan (docs/entrypoint.md). */
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

int
start_plan_make(struct compiler *compiler, struct span_list observed, json_t **ret, struct err *err)
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
