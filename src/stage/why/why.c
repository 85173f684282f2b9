/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/why.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"

struct telling {
	const struct why_input *input;
	struct why *why;
	struct arena *arena;
	VEC(struct why_step) steps;
};

static int
tell(struct telling *telling, unsigned depth, struct span subject, struct span text,
     struct err *err)
{
	struct why_step step = {depth, arena_copy(telling->arena, subject),
				arena_copy(telling->arena, text)};

	if (!subject.p || !text.p || !step.subject.p || !step.text.p)
		return err_memory(err);
	return vec_push(&telling->steps, &step, WHY_STEPS_MAX, err);
}

/* "used while profiling, first in load browse by nginx" */
static struct span
tell_use(struct telling *telling, struct span path)
{
	const struct profile *profile = telling->input->profile;
	struct span text = span_from(plan_reason_text(REASON_USED));

	for (size_t i = 0; profile && i < profile->path_count; i++) {
		const struct profile_path *used = &profile->paths[i];

		if (!span_equal(used->path, path) || used->first_phase >= profile->phase_count)
			continue;

		const struct profile_phase *phase = &profile->phases[used->first_phase];
		const char *kind = profile_phase_name(phase->kind);
		/* startup and shutdown have no names of their own */
		struct span name =
			span_equal(phase->name, span_from(kind)) ? SPAN("") : phase->name;
		struct span times = SPAN("");
		if (phase->repetition > 1)
			times = arena_printf(telling->arena, ", repetition %u", phase->repetition);
		return arena_printf(telling->arena, "%.*s, first in %s%s%.*s%.*s%s%.*s",
				    SPAN_ARG(text), kind, name.n ? " " : "", SPAN_ARG(name),
				    SPAN_ARG(times), used->program.n ? " by " : "",
				    SPAN_ARG(used->program));
	}
	return text;
}

/* "missing in test api, asked for by nginx, added in round 2" */
static struct span
tell_extended(struct telling *telling, struct span path)
{
	const struct profile *profile = telling->input->profile;
	const struct profile_extended *extended =
		profile ? profile_find_extended(profile, path) : NULL;

	if (!extended)
		return span_from(plan_reason_text(REASON_EXTENDED));
	bool named = extended->kind == PHASE_TEST || extended->kind == PHASE_LOAD;
	return arena_printf(telling->arena, "missing in %s%s%.*s%s%.*s, added in round %u",
			    profile_phase_name(extended->kind), named ? " " : "",
			    named ? (int)extended->phase.n : 0, extended->phase.p,
			    extended->program.n ? ", asked for by " : "",
			    SPAN_ARG(extended->program), extended->round);
}

static bool
runs(const struct command_seen *seen, struct span path)
{
	for (size_t i = 0; i < seen->programs.count; i++) {
		if (span_equal(span_base_name(seen->programs.items[i]), span_base_name(path)))
			return true;
	}
	return false;
}

/* "a command that is carried out without a shell: df -kP /data" */
static struct span
tell_command(struct telling *telling, const struct image_entry *entry)
{
	const struct commands *commands = telling->input->plan->commands;
	const char *text = plan_reason_text(REASON_COMMAND);

	for (size_t i = 0; commands && i < commands->shells.count; i++) {
		if (span_equal(commands->shells.items[i], entry->path))
			return arena_printf(telling->arena,
					    "leads to a table of %zu commands that programs run "
					    "through it",
					    commands->seen_count);
	}
	for (size_t i = 0; commands && i < commands->seen_count; i++) {
		const struct command_seen *seen = &commands->seen[i];

		if (runs(seen, entry->path))
			return arena_printf(telling->arena, "%s: %.*s", text, SPAN_ARG(seen->line));
	}
	return span_from(text);
}

static struct span
describe_entry(struct telling *telling, const struct image_entry *entry)
{
	static const char *const types[] = {
		[IMAGE_FILE] = "file",		[IMAGE_DIRECTORY] = "folder",
		[IMAGE_SYMLINK] = "link",	[IMAGE_CHARACTER] = "character device",
		[IMAGE_BLOCK] = "block device", [IMAGE_FIFO] = "fifo",
	};

	if (entry->type == IMAGE_SYMLINK)
		return arena_printf(telling->arena, "link to %.*s", SPAN_ARG(entry->link));
	return arena_printf(telling->arena, "%s, mode %04o, owner %u:%u, %llu bytes, layer %u",
			    types[entry->type], entry->mode, entry->uid, entry->gid,
			    (unsigned long long)entry->size, entry->layer + 1);
}

static struct span
tell_plan(struct telling *telling, uint32_t entry, const struct plan_entry *plan)
{
	if (plan->keep && plan->reason == REASON_USED)
		return tell_use(telling, telling->input->image->entries[entry].path);
	if (plan->keep && plan->reason == REASON_EXTENDED)
		return tell_extended(telling, telling->input->image->entries[entry].path);
	if (plan->keep && plan->reason == REASON_COMMAND)
		return tell_command(telling, &telling->input->image->entries[entry]);
	return arena_printf(telling->arena, "%s%s",
			    plan->keep ? "" : "removed: ", plan_reason_text(plan->reason));
}

/* "no stub takes its place: its code ran: it has 2 constructors; " and the rest */
static struct span
tell_library(struct telling *telling, const struct plan_library *library, struct span rest)
{
	struct span path = telling->input->image->entries[library->entry].path;
	struct span detail =
		library->why == WHOLE_CALLED ? tell_extended(telling, path) : library->detail;

	if (!rest.p)
		return rest;
	return arena_printf(telling->arena, "no stub takes its place: %s%s%.*s; %.*s",
			    plan_whole_text(library->why), detail.n ? ": " : "", SPAN_ARG(detail),
			    SPAN_ARG(rest));
}

static struct span
tell_entry(struct telling *telling, uint32_t entry)
{
	if (!telling->input->plan)
		return describe_entry(telling, &telling->input->image->entries[entry]);

	const struct plan_entry *plan = &telling->input->plan->entries[entry];
	struct span text = tell_plan(telling, entry, plan);
	const char *content = plan_content_text(plan->content);
	const struct plan_library *library = plan_find_library(telling->input->plan, entry);

	if (library)
		return tell_library(telling, library, text);

	return *content && text.p
		       ? arena_printf(telling->arena, "%s; %.*s", content, SPAN_ARG(text))
		       : text;
}

/* The entry, and whoever brought it in, up to what stands by itself. */
static int
tell_chain(struct telling *telling, uint32_t entry, unsigned depth, struct err *err)
{
	const struct why_input *input = telling->input;

	for (unsigned i = 0; entry < input->image->entry_count && i < PLAN_CHAIN_MAX; i++) {
		int r = tell(telling, depth + i, input->image->entries[entry].path,
			     tell_entry(telling, entry), err);

		if (r < 0)
			return r;
		entry = input->plan ? input->plan->entries[entry].via : IMAGE_NONE;
	}
	return 0;
}

static struct span
component_name(struct telling *telling, const struct component *component)
{
	return arena_printf(telling->arena, "%.*s %.*s", SPAN_ARG(component->name),
			    SPAN_ARG(component->version));
}

/* A library of it of which code ran, or whose code cannot go for another reason; NULL: none. */
static const struct plan_library *
find_library(const struct telling *telling, const struct component *component)
{
	const struct plan_library *found = NULL;

	for (size_t i = 0; i < component->file_count; i++) {
		uint32_t entry = component->files[i].entry;
		const struct plan_library *library =
			entry == IMAGE_NONE ? NULL : plan_find_library(telling->input->plan, entry);

		if (library && (library->why == WHOLE_RAN || library->why == WHOLE_CALLED))
			return library;
		found = found ? found : library;
	}
	return found;
}

static struct span
fate_text(struct telling *telling, uint32_t component)
{
	if (!telling->input->plan)
		return arena_printf(telling->arena, "installed, %zu paths",
				    telling->input->inventory->components[component].file_count);

	const struct plan_component *plan = &telling->input->plan->components[component];
	switch (plan->fate) {
	case FATE_REMOVED:
		return SPAN("removed: none of its files is left");
	case FATE_DATA:
		return SPAN("off the record: only data is left");
	case FATE_KEPT:
		break;
	}
	if (plan->because == IMAGE_NONE)
		return SPAN("stays on record: its files are not known");
	struct span text = arena_printf(telling->arena,
					"stays on record: %u of %u files are left, code among them",
					plan->files_kept, plan->files_total);
	const struct plan_library *library =
		find_library(telling, &telling->input->inventory->components[component]);
	if (!library || !text.p)
		return text;
	return arena_printf(telling->arena, "%.*s; of %.*s: %s", SPAN_ARG(text),
			    SPAN_ARG(telling->input->image->entries[library->entry].path),
			    plan_whole_text(library->why));
}

static int
tell_data(struct telling *telling, uint32_t index, unsigned depth, struct err *err)
{
	const struct plan *plan = telling->input->plan;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->orphan_count; i++) {
		if (plan->orphans[i].component == index)
			r = tell_chain(telling, plan->orphans[i].entry, depth, err);
	}
	return r;
}

static int
tell_component(struct telling *telling, uint32_t index, unsigned depth, struct err *err)
{
	const struct component *component = &telling->input->inventory->components[index];
	int r = tell(telling, depth, component_name(telling, component), fate_text(telling, index),
		     err);

	telling->why->stays |= !telling->input->plan;
	if (r < 0 || !telling->input->plan)
		return r;

	const struct plan_component *plan = &telling->input->plan->components[index];
	telling->why->stays |= plan->fate != FATE_REMOVED;
	if (r == 0 && plan->fate == FATE_KEPT)
		r = tell_chain(telling, plan->because, depth + 1, err);
	if (r == 0 && plan->fate == FATE_DATA)
		r = tell_data(telling, index, depth + 1, err);
	return r;
}

/* A removed path that something kept can still ask for. */
static int
tell_risk(struct telling *telling, uint32_t entry, struct err *err)
{
	const struct why_input *input = telling->input;
	const struct risk *risk = input->risks && !telling->why->stays
					  ? risks_find(input->risks, input->image, entry)
					  : NULL;

	if (!risk)
		return 0;
	int r = tell(telling, 0, input->image->entries[risk->entry].path,
		     arena_printf(telling->arena, "at risk: %s", risk_text(risk->kind)), err);
	return r < 0 ? r : tell_chain(telling, risk->via, 1, err);
}

static int
explain_path(struct telling *telling, struct span thing, struct err *err)
{
	const struct why_input *input = telling->input;
	uint32_t entry = image_find(input->image, thing);

	if (entry == IMAGE_NONE)
		entry = image_resolve(input->image, thing, false, NULL, NULL);
	if (entry == IMAGE_NONE)
		return err_set(err, ERR_NOT_FOUND, "%.*s is not in the image",
			       thing.n > 150 ? 150 : (int)thing.n, thing.p);
	telling->why->kind = WHY_PATH;
	telling->why->stays = !input->plan || input->plan->entries[entry].keep;

	int r = tell_chain(telling, entry, 0, err);
	if (r == 0)
		r = tell_risk(telling, entry, err);
	uint32_t owner = input->inventory->owners[entry];
	if (r < 0 || owner >= input->inventory->component_count)
		return r;
	return tell(telling, 0, component_name(telling, &input->inventory->components[owner]),
		    arena_printf(telling->arena, "the package it belongs to: %.*s",
				 SPAN_ARG(fate_text(telling, owner))),
		    err);
}

static int
explain_finding(struct telling *telling, struct span thing, struct err *err)
{
	const struct findings *findings = telling->input->findings;
	int r = 0;

	for (size_t i = 0; r == 0 && findings && i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (!span_equal_nocase(finding->id, thing) ||
		    finding->component >= telling->input->inventory->component_count)
			continue;
		telling->why->kind = WHY_FINDING;
		r = tell(telling, 0, finding->id,
			 arena_printf(telling->arena, "%s, %s%s%.*s",
				      severity_name(finding->severity),
				      finding_status_name(finding->status),
				      finding->fixed_version.n ? ", fixed in " : "",
				      SPAN_ARG(finding->fixed_version)),
			 err);
		if (r == 0)
			r = tell_component(telling, finding->component, 1, err);
	}
	return r;
}

/* All of a purl, or the front of it that ends before the version or the qualifiers. */
static bool
is_purl_of(const struct component *component, struct span thing)
{
	if (!span_starts_with(thing, SPAN("pkg:")) || !span_starts_with(component->purl, thing))
		return false;
	return component->purl.n == thing.n || component->purl.p[thing.n] == '@' ||
	       component->purl.p[thing.n] == '?';
}

static bool
is_named(const struct component *component, struct span thing, bool by_source)
{
	if (by_source)
		return span_equal(component->source, thing);
	return span_equal(component->name, thing) || is_purl_of(component, thing);
}

/* By name or purl; only where none has it, by source package. */
static int
explain_package(struct telling *telling, struct span thing, struct err *err)
{
	const struct inventory *inventory = telling->input->inventory;
	int r = 0;

	for (int pass = 0; r == 0 && pass < 2 && telling->steps.count == 0; pass++) {
		for (uint32_t i = 0; r == 0 && i < inventory->component_count; i++) {
			if (is_named(&inventory->components[i], thing, pass == 1))
				r = tell_component(telling, i, 0, err);
		}
	}
	telling->why->kind = WHY_PACKAGE;
	return r;
}

static int
check(const struct why_input *input, struct err *err)
{
	const struct plan *plan = input->plan;

	if ((plan && (plan->entry_count != input->image->entry_count ||
		      plan->component_count != input->inventory->component_count)) ||
	    input->inventory->owner_count != input->image->entry_count)
		return err_set(err, ERR_MISMATCH, "image, inventory and plan are not of one run");
	return 0;
}

static int
explain(struct telling *telling, struct span thing, struct err *err)
{
	if (thing.n && thing.p[0] == '/')
		return explain_path(telling, thing, err);

	int r = thing.n ? explain_finding(telling, thing, err) : 0;
	if (r == 0 && thing.n && telling->steps.count == 0)
		r = explain_package(telling, thing, err);
	if (r == 0 && telling->steps.count == 0)
		r = err_set(err, ERR_NOT_FOUND,
			    "\"%.*s\" is no path, package or known vulnerability of this image",
			    thing.n > 100 ? 100 : (int)thing.n, thing.n ? thing.p : "");
	return r;
}

static int
hand_over(struct telling *telling, struct err *err)
{
	struct why *why = telling->why;

	why->steps = arena_array(telling->arena, telling->steps.count, sizeof(*why->steps));
	if (!why->steps)
		return err_memory(err);
	for (size_t i = 0; i < telling->steps.count; i++)
		why->steps[i] = telling->steps.items[i];
	why->count = telling->steps.count;
	return 0;
}

int
why_explain(const struct why_input *input, struct span thing, struct why **ret, struct err *err)
{
	struct telling telling = {.input = input};
	struct arena *arena = arena_new(0);
	CLEANUP(why_cleanup) struct why *why = arena ? arena_alloc(arena, sizeof(*why)) : NULL;

	if (!why) {
		arena_free(arena);
		return err_memory(err);
	}
	why->arena = telling.arena = arena;
	why->thing = arena_copy(arena, thing);
	telling.why = why;

	int r = why->thing.p ? check(input, err) : err_memory(err);
	if (r == 0)
		r = explain(&telling, thing, err);
	if (r == 0)
		r = hand_over(&telling, err);
	vec_free(&telling.steps);
	if (r == 0)
		*ret = TAKE(why);
	return r;
}
