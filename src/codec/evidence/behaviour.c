/* SPDX-License-Identifier: Apache-2.0 */
/* What ran: start, profile and tests. */
#include "codec/commands_json.h"
#include "codec/evidence/writer.h"
#include "codec/limits_json.h"

#include "codec/start_json.h"

json_t *
write_entrypoint(struct writer *writer)
{
	const struct start *start =
		writer->evidence->profile ? writer->evidence->profile->start : NULL;
	struct err ignored = ERR_INIT;
	json_t *plan = NULL;

	if (!start)
		return json_null();
	json_t *json = start_json_make(start);
	if (start->plan.n && json_parse(start->plan, &plan, &ignored) < 0)
		plan = NULL;
	writer->failed |= !json || (start->plan.n && !plan);
	if (json)
		write_member(writer, json, "plan", plan ? plan : json_null());
	write_gaps(writer, "entrypoint", &start->left);
	write_gaps(writer, "entrypoint", &start->remarks);
	return json;
}

json_t *
write_commands(struct writer *writer)
{
	const struct commands *commands =
		writer->evidence->profile ? writer->evidence->profile->commands : NULL;
	struct err ignored = ERR_INIT;
	json_t *table = NULL;

	if (!commands)
		return json_null();
	json_t *json = commands_json_make(commands);
	if (commands->table.n && json_parse(commands->table, &table, &ignored) < 0)
		table = NULL;
	writer->failed |= !json || (commands->table.n && !table);
	if (json)
		write_member(writer, json, "table", table ? table : json_null());
	write_gaps(writer, "commands", &commands->left);
	return json;
}

static json_t *
phase_json(struct writer *writer, const struct profile_phase *phase)
{
	json_t *json = json_object();

	write_text(writer, json, "kind", span_from(profile_phase_name(phase->kind)));
	write_text(writer, json, "name", phase->name);
	write_number(writer, json, "repetition", phase->repetition);
	write_text(writer, json, "command", phase->command);
	write_number(writer, json, "duration_ms", phase->duration_ms);
	write_member(writer, json, "status", json_integer(phase->status));
	write_flag(writer, json, "passed", phase->passed);
	write_number(writer, json, "new_paths", phase->new_paths);
	write_number(writer, json, "used_paths", phase->used_paths);
	return json;
}

static bool
is_library(struct span name)
{
	return span_ends_with(name, SPAN(".so")) || span_contains(name, SPAN(".so."));
}

/* Files whose content was read: libraries by name, programs by mode; owners of any of them. */
static void
sort_used(struct writer *writer, json_t *json)
{
	const struct evidence *evidence = writer->evidence;
	const struct image *image = evidence->before.image;
	const struct inventory *inventory = evidence->before.inventory;
	json_t *programs = json_array();
	json_t *libraries = json_array();
	json_t *packages = json_object(); /* as a set */

	for (size_t i = 0; image && i < evidence->profile->path_count; i++) {
		const struct profile_path *used = &evidence->profile->paths[i];
		uint32_t index = image_find(image, used->path);

		if (index == IMAGE_NONE || !(used->use & USE_READ))
			continue;
		const struct image_entry *entry = &image->entries[index];
		if (entry->type != IMAGE_FILE)
			continue;
		if (is_library(image_name(entry)))
			write_item(writer, libraries, json_span(used->path));
		else if (entry->mode & 0111)
			write_item(writer, programs, json_span(used->path));
		if (inventory && inventory->owners[index] != COMPONENT_NONE) {
			struct span name = inventory->components[inventory->owners[index]].name;

			writer->failed |=
				json_object_setn_new(packages, name.p, name.n, json_true()) < 0;
		}
	}
	json_t *names = json_array();
	const char *name;
	json_t *ignored;
	json_object_foreach(packages, name, ignored)
	{
		write_item(writer, names, json_string(name));
	}
	json_decref(packages);
	write_member(writer, json, "binaries", image ? programs : json_null());
	write_member(writer, json, "libraries", image ? libraries : json_null());
	write_member(writer, json, "packages", inventory && image ? names : json_null());
	if (!image) {
		json_decref(programs);
		json_decref(libraries);
	}
	if (!inventory || !image)
		json_decref(names);
}

json_t *
write_profile(struct writer *writer)
{
	const struct profile *profile = writer->evidence->profile;
	json_t *json = json_object();
	json_t *phases = json_array();

	if (!profile) {
		json_decref(json);
		json_decref(phases);
		return json_null();
	}
	for (size_t i = 0; i < profile->phase_count; i++)
		write_item(writer, phases, phase_json(writer, &profile->phases[i]));
	write_digest(writer, json, "image", &profile->image);
	write_text(writer, json, "recorder", profile->recorder);
	write_text(writer, json, "tool", profile->tool);
	write_time(writer, json, "started", profile->started);
	write_number(writer, json, "duration_ms", profile->duration_ms);
	write_number(writer, json, "runs", profile->runs);
	write_flag(writer, json, "complete", profile->complete);
	write_flag(writer, json, "narrow", profile->narrow);
	write_flag(writer, json, "code_watched", profile->code_watched);
	write_number(writer, json, "paths", profile->path_count);
	write_number(writer, json, "missing", profile->missing_count);
	write_number(writer, json, "last_new_path_ms", profile->last_new_path_ms);
	write_member(writer, json, "phases", phases);
	sort_used(writer, json);
	write_gaps(writer, "profile", &profile->gaps);
	return json;
}

static json_t *
case_json(struct writer *writer, const struct suite_case *one)
{
	static const char *const states[] = {
		[CASE_PASSED] = "passed",
		[CASE_FAILED] = "failed",
		[CASE_ERROR] = "error",
		[CASE_SKIPPED] = "skipped",
	};
	json_t *json = json_object();

	write_text(writer, json, "suite", one->suite);
	write_text(writer, json, "name", one->name);
	write_text(writer, json, "state", span_from(states[one->state]));
	write_text(writer, json, "message", one->message);
	write_real(writer, json, "seconds", one->seconds);
	return json;
}

/* What the original has and the run asked for in vain; null when nothing was recorded. */
static json_t *
removed_json(struct writer *writer, const struct profile *run)
{
	if (!run || span_equal(run->recorder, SPAN("none")))
		return json_null();

	json_t *removed = json_array();
	for (size_t i = 0; i < run->missing_count; i++) {
		if (run->missing[i].removed)
			write_item(writer, removed, json_span(run->missing[i].path));
	}
	return removed;
}

static json_t *
suite_json(struct writer *writer, const struct suite *suite)
{
	json_t *json = json_object();
	json_t *cases = json_array();

	for (size_t i = 0; i < suite->count; i++)
		write_item(writer, cases, case_json(writer, &suite->cases[i]));
	write_flag(writer, json, "started", suite->started);
	write_text(writer, json, "start_error", suite->start_error);
	write_number(writer, json, "passed", suite->passed);
	write_number(writer, json, "failed", suite->failed);
	write_number(writer, json, "skipped", suite->skipped);
	write_member(writer, json, "cases", cases);
	write_member(writer, json, "removed_and_missed", removed_json(writer, suite->run));
	write_gaps(writer, "tests", &suite->gaps);
	return json;
}

json_t *
write_limits(struct writer *writer)
{
	const struct limits *limits = writer->evidence->limits;

	if (!limits)
		return json_null();
	write_gaps(writer, "limits", &limits->gaps);
	return limits_json_make(limits);
}

json_t *
write_tests(struct writer *writer)
{
	const struct suite *suite = writer->evidence->suite;
	struct gap untested = {SPAN("tests"), writer->evidence->untested};

	if (untested.text.n)
		write_gaps(writer, "tests", &(struct gap_list){&untested, 1});
	if (!suite)
		return json_null();

	json_t *json = suite_json(writer, suite);
	if (suite->run) {
		write_digest(writer, json, "image", &suite->run->image);
		write_text(writer, json, "recorder", suite->run->recorder);
	}
	return json;
}

static json_t *
added_json(struct writer *writer, const struct profile_extended *added)
{
	json_t *json = json_object();

	write_text(writer, json, "path", added->path);
	write_text(writer, json, "kind", span_from(profile_phase_name(added->kind)));
	write_text(writer, json, "phase", added->phase);
	write_text(writer, json, "program", added->program);
	write_number(writer, json, "round", added->round);
	return json;
}

static json_t *
round_json(struct writer *writer, const struct extension_round *round)
{
	json_t *json = json_object();
	json_t *added = json_array();

	for (size_t i = 0; i < round->added_count; i++)
		write_item(writer, added, added_json(writer, &round->added[i]));
	write_digest(writer, json, "diff_id", &round->diff_id);
	write_flag(writer, json, "learning", round->learning);
	write_member(writer, json, "added", added);
	write_member(writer, json, "tests", suite_json(writer, round->suite));
	return json;
}

static json_t *
wanted_json(struct writer *writer, const struct extension_wanted *wanted)
{
	json_t *json = json_object();

	write_text(writer, json, "path", wanted->path);
	write_text(writer, json, "kind", span_from(profile_phase_name(wanted->kind)));
	write_text(writer, json, "phase", wanted->phase);
	write_text(writer, json, "program", wanted->program);
	write_flag(writer, json, "dropped", wanted->dropped);
	return json;
}

json_t *
write_extension(struct writer *writer)
{
	const struct extension *extension = writer->evidence->extension;
	json_t *json = json_object();
	json_t *rounds = json_array();
	json_t *wanted = json_array();

	if (!extension) {
		json_decref(json);
		json_decref(rounds);
		json_decref(wanted);
		return json_null();
	}
	for (size_t i = 0; i < extension->round_count; i++)
		write_item(writer, rounds, round_json(writer, &extension->rounds[i]));
	for (size_t i = 0; i < extension->wanted_count; i++)
		write_item(writer, wanted, wanted_json(writer, &extension->wanted[i]));
	write_text(writer, json, "mode", span_from(service_extend_name(extension->mode)));
	write_number(writer, json, "max_rounds", extension->max_rounds);
	write_flag(writer, json, "learn", extension->learn);
	write_text(writer, json, "end", span_from(extension_end_name(extension->end)));
	write_text(writer, json, "why", extension->why);
	write_member(writer, json, "rounds", rounds);
	write_member(writer, json, "wanted", wanted);
	return json;
}
