/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/profile_json.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/commands_json.h"
#include "codec/demands_json.h"
#include "codec/gaps_json.h"
#include "codec/path_json.h"
#include "codec/profile_json/missing.h"
#include "codec/profile_json/uses.h"
#include "codec/start_json.h"

#include <stddef.h>

/* 9999-12-31T23:59:59Z: what RFC 3339 can say. */
#define YEAR_9999 INT64_C(253402300799)

/* What the field table of the document fills. */
struct document {
	struct profile profile;
	struct span schema;
	struct span image;
	struct span started;
	json_t *phases;
	json_t *paths;
	json_t *missing;
	json_t *extended;
	json_t *processes;
	json_t *curve;
	json_t *written;
	json_t *gaps;
	json_t *demands;
	json_t *start;
	json_t *commands;
};

#define AT(member) offsetof(struct document, member)

static const struct json_field document_fields[] = {
	{"schema", JSON_FIELD_SPAN, AT(schema), true},
	{"image", JSON_FIELD_SPAN, AT(image), true},
	{"reference", JSON_FIELD_SPAN, AT(profile.reference), true},
	{"architecture", JSON_FIELD_SPAN, AT(profile.architecture), true},
	{"recorder", JSON_FIELD_SPAN, AT(profile.recorder), true},
	{"tool", JSON_FIELD_SPAN, AT(profile.tool), true},
	{"started", JSON_FIELD_SPAN, AT(started), true},
	{"duration_ms", JSON_FIELD_U64, AT(profile.duration_ms), true},
	{"runs", JSON_FIELD_U32, AT(profile.runs), true},
	{"complete", JSON_FIELD_BOOL, AT(profile.complete), true},
	{"narrow", JSON_FIELD_BOOL, AT(profile.narrow), true},
	{"code_watched", JSON_FIELD_BOOL, AT(profile.code_watched), false},
	{"last_new_path_ms", JSON_FIELD_U64, AT(profile.last_new_path_ms), true},
	{"phases", JSON_FIELD_RAW, AT(phases), true},
	{"paths", JSON_FIELD_RAW, AT(paths), true},
	{"missing", JSON_FIELD_RAW, AT(missing), true},
	{"extended", JSON_FIELD_RAW, AT(extended), false},
	{"processes", JSON_FIELD_RAW, AT(processes), true},
	{"curve", JSON_FIELD_RAW, AT(curve), true},
	{"written", JSON_FIELD_RAW, AT(written), true},
	{"gaps", JSON_FIELD_RAW, AT(gaps), true},
	{"demands", JSON_FIELD_RAW, AT(demands), false},
	{"start", JSON_FIELD_RAW, AT(start), false},
	{"commands", JSON_FIELD_RAW, AT(commands), false},
	{NULL},
};

static bool
phase_kind(struct span name, enum profile_phase_kind *ret)
{
	for (enum profile_phase_kind kind = 0; kind < PHASE_KINDS; kind++) {
		if (span_equal(name, span_from(profile_phase_name(kind)))) {
			*ret = kind;
			return true;
		}
	}
	return false;
}

struct phase_document {
	struct profile_phase phase;
	struct span kind;
	int64_t status;
};

#define PHASE_AT(member) offsetof(struct phase_document, member)

static int
phase_read(const json_t *value, struct arena *arena, struct profile_phase *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"kind", JSON_FIELD_SPAN, PHASE_AT(kind), true},
		{"name", JSON_FIELD_SPAN, PHASE_AT(phase.name), true},
		{"repetition", JSON_FIELD_U32, PHASE_AT(phase.repetition), false},
		{"command", JSON_FIELD_SPAN, PHASE_AT(phase.command), true},
		{"duration_ms", JSON_FIELD_U64, PHASE_AT(phase.duration_ms), true},
		{"status", JSON_FIELD_I64, PHASE_AT(status), true},
		{"passed", JSON_FIELD_BOOL, PHASE_AT(phase.passed), true},
		{"new_paths", JSON_FIELD_U32, PHASE_AT(phase.new_paths), true},
		{"used_paths", JSON_FIELD_U32, PHASE_AT(phase.used_paths), true},
		{NULL},
	};
	struct phase_document document = {0};
	int r = json_read(value, fields, &document, arena, err);

	if (r < 0)
		return r;
	if (!phase_kind(document.kind, &document.phase.kind) || document.status < INT32_MIN ||
	    document.status > INT32_MAX)
		return err_set(err, ERR_INVALID, "a phase with an unknown kind or status");
	if (document.phase.repetition == 0)
		document.phase.repetition = 1;
	*ret = document.phase;
	ret->status = (int)document.status;
	return 0;
}

static int
path_phases_read(const json_t *list, const struct profile *profile, struct arena *arena,
		 struct profile_path *path, struct err *err)
{
	int r = json_items(
		list, &(struct json_items){"phases", PROFILE_PHASES_MAX, sizeof(*path->phases)},
		arena, &path->phases, &path->phase_count, err);

	for (size_t i = 0; r == 0 && i < path->phase_count; i++) {
		r = phase_json_read(json_array_get(list, i), profile, &path->phases[i], err);
		if (r == 0 && i > 0 && path->phases[i] <= path->phases[i - 1])
			r = err_set(err, ERR_INVALID, "phases of a path are not in order");
	}
	return r;
}

struct path_document {
	struct profile_path path;
	json_t *name;
	json_t *use;
	json_t *first_phase;
	json_t *phases;
};

#define PATH_AT(member) offsetof(struct path_document, member)

static int
used_path_read(const json_t *value, const struct profile *profile, struct arena *arena,
	       struct profile_path *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"path", JSON_FIELD_RAW, PATH_AT(name), true},
		{"use", JSON_FIELD_RAW, PATH_AT(use), true},
		{"first_phase", JSON_FIELD_RAW, PATH_AT(first_phase), true},
		{"first_ms", JSON_FIELD_U64, PATH_AT(path.first_ms), true},
		{"program", JSON_FIELD_SPAN, PATH_AT(path.program), true},
		{"phases", JSON_FIELD_RAW, PATH_AT(phases), true},
		{NULL},
	};
	struct path_document document = {0};
	int r = json_read(value, fields, &document, arena, err);

	if (r == 0)
		r = path_json_read(document.name, arena, &document.path.path, err);
	if (r == 0)
		r = uses_json_read(document.use, &document.path.use, err);
	if (r == 0)
		r = phase_json_read(document.first_phase, profile, &document.path.first_phase, err);
	if (r == 0)
		r = path_phases_read(document.phases, profile, arena, &document.path, err);
	if (r == 0)
		*ret = document.path;
	return r;
}

static int
phases_and_paths_read(const struct document *document, struct profile *profile, struct err *err)
{
	struct arena *arena = profile->arena;
	int r = json_items(
		document->phases,
		&(struct json_items){"phases", PROFILE_PHASES_MAX, sizeof(*profile->phases)}, arena,
		&profile->phases, &profile->phase_count, err);

	for (size_t i = 0; r == 0 && i < profile->phase_count; i++)
		r = phase_read(json_array_get(document->phases, i), arena, &profile->phases[i],
			       err);
	if (r == 0)
		r = json_items(
			document->paths,
			&(struct json_items){"paths", PROFILE_PATHS_MAX, sizeof(*profile->paths)},
			arena, &profile->paths, &profile->path_count, err);
	for (size_t i = 0; r == 0 && i < profile->path_count; i++) {
		r = used_path_read(json_array_get(document->paths, i), profile, arena,
				   &profile->paths[i], err);
		if (r == 0 && i > 0 &&
		    span_compare(profile->paths[i - 1].path, profile->paths[i].path) >= 0)
			r = err_set(err, ERR_INVALID, "paths are not in order");
		if (r < 0)
			return err_wrap(err, "paths[%zu]", i);
	}
	return r;
}

struct extended_document {
	struct profile_extended extended;
	json_t *path;
	json_t *use;
	struct span kind;
};

#define EXTENDED_AT(member) offsetof(struct extended_document, member)

static int
extended_path_read(const json_t *value, struct arena *arena, struct profile_extended *ret,
		   struct err *err)
{
	static const struct json_field fields[] = {
		{"path", JSON_FIELD_RAW, EXTENDED_AT(path), true},
		{"use", JSON_FIELD_RAW, EXTENDED_AT(use), true},
		{"kind", JSON_FIELD_SPAN, EXTENDED_AT(kind), true},
		{"phase", JSON_FIELD_SPAN, EXTENDED_AT(extended.phase), true},
		{"program", JSON_FIELD_SPAN, EXTENDED_AT(extended.program), true},
		{"round", JSON_FIELD_U32, EXTENDED_AT(extended.round), true},
		{NULL},
	};
	struct extended_document document = {0};
	int r = json_read(value, fields, &document, arena, err);

	if (r == 0)
		r = path_json_read(document.path, arena, &document.extended.path, err);
	if (r == 0)
		r = uses_json_read(document.use, &document.extended.use, err);
	if (r == 0 && !phase_kind(document.kind, &document.extended.kind))
		r = err_set(err, ERR_INVALID, "a phase with an unknown kind");
	if (r == 0 && (document.extended.round < 1 || document.extended.round > PROFILE_ROUND_MAX))
		r = err_set(err, ERR_INVALID, "round %u (1 to %d)", document.extended.round,
			    PROFILE_ROUND_MAX);
	if (r == 0)
		*ret = document.extended;
	return r;
}

/* Documents from before there was such a list have none. */
static int
extended_read(const json_t *list, struct profile *profile, struct err *err)
{
	if (!list)
		return 0;
	int r = json_items(
		list,
		&(struct json_items){"extended", PROFILE_EXTENDED_MAX, sizeof(*profile->extended)},
		profile->arena, &profile->extended, &profile->extended_count, err);

	for (size_t i = 0; r == 0 && i < profile->extended_count; i++) {
		r = extended_path_read(json_array_get(list, i), profile->arena,
				       &profile->extended[i], err);
		if (r == 0 && i > 0 &&
		    span_compare(profile->extended[i - 1].path, profile->extended[i].path) >= 0)
			r = err_set(err, ERR_INVALID, "paths are not in order");
		if (r < 0)
			return err_wrap(err, "extended[%zu]", i);
	}
	return r;
}

struct process_document {
	struct profile_process process;
	json_t *phase;
};

static int
processes_read(const json_t *list, struct profile *profile, struct err *err)
{
	static const struct json_field fields[] = {
		{"program", JSON_FIELD_SPAN, offsetof(struct process_document, process.program),
		 true},
		{"command", JSON_FIELD_SPAN, offsetof(struct process_document, process.command),
		 true},
		{"uid", JSON_FIELD_U32, offsetof(struct process_document, process.uid), true},
		{"phase", JSON_FIELD_RAW, offsetof(struct process_document, phase), true},
		{NULL},
	};
	int r = json_items(list,
			   &(struct json_items){"processes", PROFILE_PROCESSES_MAX,
						sizeof(*profile->processes)},
			   profile->arena, &profile->processes, &profile->process_count, err);

	for (size_t i = 0; r == 0 && i < profile->process_count; i++) {
		struct process_document document = {0};

		r = json_read(json_array_get(list, i), fields, &document, profile->arena, err);
		if (r == 0)
			r = phase_json_read(document.phase, profile, &document.process.phase, err);
		profile->processes[i] = document.process;
	}
	return r;
}

static int
curve_read(const json_t *list, struct profile *profile, struct err *err)
{
	int r = json_items(
		list, &(struct json_items){"curve", PROFILE_CURVE_MAX, sizeof(*profile->curve)},
		profile->arena, &profile->curve, &profile->curve_count, err);

	for (size_t i = 0; r == 0 && i < profile->curve_count; i++) {
		const json_t *point = json_array_get(list, i);
		const json_t *ms = json_array_get(point, 0);
		const json_t *paths = json_array_get(point, 1);
		json_int_t count = json_integer_value(paths);

		if (json_array_size(point) != 2 || !json_is_integer(ms) ||
		    !json_is_integer(paths) || json_integer_value(ms) < 0 || count < 0 ||
		    count > UINT32_MAX)
			return err_set(err, ERR_INVALID, "curve[%zu] is not [ms, paths]", i);
		profile->curve[i] =
			(struct profile_point){(uint64_t)json_integer_value(ms), (uint32_t)count};
		if (i > 0 && (profile->curve[i].ms < profile->curve[i - 1].ms ||
			      profile->curve[i].paths < profile->curve[i - 1].paths))
			return err_set(err, ERR_INVALID, "the curve is not in order");
	}
	return r;
}

static int
lists_read(const struct document *document, struct profile *profile, struct err *err)
{
	int r = phases_and_paths_read(document, profile, err);

	if (r == 0)
		r = missing_json_read(document->missing, profile, err);
	if (r == 0)
		r = extended_read(document->extended, profile, err);
	if (r == 0)
		r = processes_read(document->processes, profile, err);
	if (r == 0)
		r = curve_read(document->curve, profile, err);
	if (r == 0)
		r = gaps_json_read(document->gaps, profile->arena, &profile->gaps, err);
	if (r == 0)
		r = json_items(
			document->written,
			&(struct json_items){"written", PROFILE_WRITTEN_MAX, sizeof(struct span)},
			profile->arena, &profile->written.items, &profile->written.count, err);
	for (size_t i = 0; r == 0 && i < profile->written.count; i++)
		r = path_json_read(json_array_get(document->written, i), profile->arena,
				   &profile->written.items[i], err);
	if (r == 0 && document->demands)
		r = demands_json_read(document->demands, profile->arena, &profile->demands, err);
	return r;
}

static int
document_read(const json_t *json, struct profile *profile, struct err *err)
{
	struct document document = {0};
	struct arena *arena = profile->arena;
	int r = json_read(json, document_fields, &document, arena, err);

	if (r < 0)
		return r;
	if (!span_equal(document.schema, SPAN(PROFILE_SCHEMA)))
		return err_set(err, ERR_UNSUPPORTED,
			       "not a profile of this version: schema \"%.80s\"",
			       document.schema.p);
	*profile = document.profile;
	profile->arena = arena;
	struct start *start = NULL;
	if (document.start)
		r = start_json_read(document.start, arena, &start, err);
	struct commands *commands = NULL;
	if (r == 0 && document.commands)
		r = commands_json_read(document.commands, arena, &commands, err);
	if (r < 0)
		return r;
	profile->start = start;
	profile->commands = commands;
	r = digest_parse(document.image, &profile->image, err);
	if (r == 0)
		r = clock_parse(document.started, &profile->started, err);
	if (r == 0 && (profile->started < 0 || profile->started > YEAR_9999))
		r = err_set(err, ERR_INVALID, "\"started\" is not between 1970 and 9999");
	return r < 0 ? r : lists_read(&document, profile, err);
}

int
profile_json_read(struct span text, struct profile **ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct arena *arena = arena_new(0);
	struct profile *profile = arena ? arena_alloc(arena, sizeof(*profile)) : NULL;

	if (!profile) {
		arena_free(arena);
		return err_memory(err);
	}
	profile->arena = arena;
	int r = json_parse(text, &json, err);
	if (r == 0)
		r = document_read(json, profile, err);
	if (r < 0) {
		arena_free(arena);
		return err_wrap(err, "profile");
	}
	*ret = profile;
	return 0;
}
