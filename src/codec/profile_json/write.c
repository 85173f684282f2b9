/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/profile_json.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "codec/commands_json.h"
#include "codec/demands_json.h"
#include "codec/gaps_json.h"
#include "codec/path_json.h"
#include "codec/profile_json/missing.h"
#include "codec/profile_json/uses.h"
#include "codec/start_json.h"

static json_t *
phases_make(const struct profile *profile)
{
	json_t *list = json_array();

	for (size_t i = 0; i < profile->phase_count; i++) {
		const struct profile_phase *phase = &profile->phases[i];
		json_t *object = json_object();

		json_put(&object, "kind", json_string(profile_phase_name(phase->kind)));
		json_put(&object, "name", json_span(phase->name));
		json_put(&object, "repetition", json_number(phase->repetition));
		json_put(&object, "command", json_span(phase->command));
		json_put(&object, "duration_ms", json_number(phase->duration_ms));
		json_put(&object, "status", json_integer(phase->status));
		json_put(&object, "passed", json_boolean(phase->passed));
		json_put(&object, "new_paths", json_number(phase->new_paths));
		json_put(&object, "used_paths", json_number(phase->used_paths));
		json_add(&list, object);
	}
	return list;
}

static json_t *
path_make(const struct profile_path *path)
{
	json_t *object = json_object();
	json_t *phases = json_array();

	for (size_t i = 0; i < path->phase_count; i++)
		json_add(&phases, json_number(path->phases[i]));
	json_put(&object, "path", path_json_make(path->path));
	json_put(&object, "use", uses_json_make(path->use));
	json_put(&object, "first_phase", json_number(path->first_phase));
	json_put(&object, "first_ms", json_number(path->first_ms));
	json_put(&object, "program", json_span(path->program));
	json_put(&object, "phases", phases);
	return object;
}

static json_t *
extended_make(const struct profile *profile)
{
	json_t *list = json_array();

	for (size_t i = 0; i < profile->extended_count; i++) {
		const struct profile_extended *extended = &profile->extended[i];
		json_t *object = json_object();

		json_put(&object, "path", path_json_make(extended->path));
		json_put(&object, "program", json_span(extended->program));
		json_put(&object, "kind", json_string(profile_phase_name(extended->kind)));
		json_put(&object, "phase", json_span(extended->phase));
		json_put(&object, "round", json_number(extended->round));
		json_put(&object, "use", uses_json_make(extended->use));
		json_add(&list, object);
	}
	return list;
}

static json_t *
processes_make(const struct profile *profile)
{
	json_t *list = json_array();

	for (size_t i = 0; i < profile->process_count; i++) {
		const struct profile_process *process = &profile->processes[i];
		json_t *object = json_object();

		json_put(&object, "program", json_span(process->program));
		json_put(&object, "command", json_span(process->command));
		json_put(&object, "phase", json_number(process->phase));
		json_put(&object, "uid", json_number(process->uid));
		json_add(&list, object);
	}
	return list;
}

static void
lists_put(const struct profile *profile, json_t **object)
{
	json_t *paths = json_array();
	json_t *curve = json_array();
	json_t *written = json_array();

	for (size_t i = 0; i < profile->path_count; i++)
		json_add(&paths, path_make(&profile->paths[i]));
	for (size_t i = 0; i < profile->curve_count; i++)
		json_add(&curve, json_pack("[o, o]", json_number(profile->curve[i].ms),
					   json_number(profile->curve[i].paths)));
	for (size_t i = 0; i < profile->written.count; i++)
		json_add(&written, path_json_make(profile->written.items[i]));
	json_put(object, "paths", paths);
	json_put(object, "curve", curve);
	json_put(object, "written", written);
	json_put(object, "phases", phases_make(profile));
	json_put(object, "missing", missing_json_make(profile));
	json_put(object, "extended", extended_make(profile));
	json_put(object, "processes", processes_make(profile));
	json_put(object, "gaps", gaps_json_make(&profile->gaps));
	if (demands_are_known(&profile->demands))
		json_put(object, "demands", demands_json_make(&profile->demands));
}

int
profile_json_write(const struct profile *profile, struct arena *arena, struct span *ret,
		   struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = json_object();
	char digest[DIGEST_TEXT];
	char started[CLOCK_TEXT];

	json_put(&json, "schema", json_string(PROFILE_SCHEMA));
	json_put(&json, "image", json_string(digest_format(&profile->image, digest)));
	json_put(&json, "reference", json_span(profile->reference));
	json_put(&json, "architecture", json_span(profile->architecture));
	json_put(&json, "recorder", json_span(profile->recorder));
	json_put(&json, "tool", json_span(profile->tool));
	json_put(&json, "started", json_string(clock_format(profile->started, started)));
	json_put(&json, "duration_ms", json_number(profile->duration_ms));
	json_put(&json, "runs", json_number(profile->runs));
	json_put(&json, "complete", json_boolean(profile->complete));
	json_put(&json, "narrow", json_boolean(profile->narrow));
	json_put(&json, "code_watched", json_boolean(profile->code_watched));
	json_put(&json, "last_new_path_ms", json_number(profile->last_new_path_ms));
	lists_put(profile, &json);
	if (profile->start)
		json_put(&json, "start", start_json_make(profile->start));
	if (profile->commands)
		json_put(&json, "commands", commands_json_make(profile->commands));
	return json_text(json, true, arena, ret, err);
}
