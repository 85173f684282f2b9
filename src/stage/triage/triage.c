/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/triage.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "stage/triage/same_product.h"
#include "stage/triage/statements.h"

/* One entry of an ignore file at work. */
struct rule {
	const struct ignore_file *file;
	const struct ignore_entry *entry;
	bool used;
};

struct triaging {
	const struct findings *findings;
	const struct triage_subject *subject;
	const struct triage_request *request;
	struct arena *arena;   /* of the record */
	struct arena *working; /* gone afterwards */
	struct statement_index *statements;
	struct map *known;
	VEC(struct rule) rules;
	VEC(struct span) notes;
	bool *vex_used;
	struct aside *asides;
	size_t aside_count;
	struct finding *counted;
	size_t counted_count;
};

static int
note(struct triaging *triaging, struct span text, struct err *err)
{
	return text.p ? vec_push(&triaging->notes, &text, FINDINGS_MAX, err) : err_memory(err);
}

/* ---- what an earlier scan had ---- */

/* Vulnerability and package, in whatever version: an update that does not help is not new. */
static int
make_key(struct span id, struct span package, struct span purl, struct arena *arena,
	 struct span *ret, struct err *err)
{
	struct purl parts = {.space = SPAN("")};
	struct err why = ERR_INIT;
	int r = purl.n ? purl_parse(purl, arena, &parts, &why) : -ERR_INVALID;

	if (r == -ERR_MEMORY)
		return err_memory(err);
	*ret = r == 0 ? arena_printf(arena, "%.*s\n%.*s\n%.*s/%.*s", SPAN_ARG(id),
				     SPAN_ARG(parts.name), SPAN_ARG(parts.type),
				     SPAN_ARG(parts.space))
		      : arena_printf(arena, "%.*s\n%.*s\n", SPAN_ARG(id), SPAN_ARG(package));
	return ret->p ? 0 : err_memory(err);
}

static int
prepare_baseline(struct triaging *triaging, struct err *err)
{
	const struct evidence_baseline *baseline = triaging->request->baseline;

	triaging->known = map_new(baseline ? baseline->count : 1);
	if (!triaging->known)
		return err_memory(err);
	for (size_t i = 0; baseline && i < baseline->count; i++) {
		const struct evidence_finding *item = &baseline->items[i];
		struct span key;
		int r = make_key(item->id, item->package, item->purl, triaging->working, &key, err);

		if (r == 0)
			r = map_put(triaging->known, key, 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
is_known(struct triaging *triaging, const struct finding *finding, struct aside *aside, bool *ret,
	 struct err *err)
{
	const struct component *component =
		&triaging->subject->inventory->components[finding->component];
	uint64_t ignored;
	struct span key;

	if (!triaging->request->baseline)
		return 0;
	int r = make_key(finding->id, component->name, component->purl, triaging->working, &key,
			 err);
	if (r < 0)
		return r;
	*ret = map_get(triaging->known, key, &ignored);
	aside->kind = ASIDE_KNOWN;
	aside->reason = SPAN("an earlier scan had it");
	aside->source = SPAN("baseline");
	return 0;
}

/* ---- what has no fix ---- */

static int
is_without_fix(struct triaging *triaging, const struct finding *finding, struct aside *aside,
	       bool *ret, struct err *err)
{
	(void)err;
	*ret = triaging->request->only_fixable && finding->status != FINDING_FIXABLE;
	aside->kind = ASIDE_NO_FIX;
	aside->reason = SPAN("no fixed version is known");
	aside->source = SPAN("advisories");
	return 0;
}

/* ---- ignore files ---- */

/* Those that have expired are told of and left out. */
static int
prepare_rules(struct triaging *triaging, struct err *err)
{
	const struct triage_request *request = triaging->request;
	char date[CLOCK_TEXT];

	for (size_t i = 0; i < request->ignore_count; i++) {
		const struct ignore_file *file = &request->ignore[i];

		for (size_t j = 0; j < file->count; j++) {
			const struct ignore_entry *entry = &file->entries[j];
			const struct rule rule = {file, entry, false};
			int r = entry->expires > request->now
					? vec_push(&triaging->rules, &rule, YAML_NODES_MAX, err)
					: note(triaging,
					       arena_printf(triaging->arena,
							    "%.*s: line %u: %.*s: expired on "
							    "%.10s, ignores nothing any more",
							    SPAN_ARG(file->path), entry->line,
							    SPAN_ARG(entry->id),
							    clock_format(entry->expires - 1, date)),
					       err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int
is_ignored(struct triaging *triaging, const struct finding *finding, struct aside *aside, bool *ret,
	   struct err *err)
{
	const struct component *component =
		&triaging->subject->inventory->components[finding->component];

	for (size_t i = 0; i < triaging->rules.count; i++) {
		struct rule *rule = &triaging->rules.items[i];
		const struct ignore_entry *entry = rule->entry;

		if (!span_equal(entry->id, finding->id) ||
		    (entry->package.n && !span_equal(entry->package, component->name) &&
		     !span_equal(entry->package, component->source)))
			continue;
		rule->used = true;
		*ret = true;
		aside->kind = ASIDE_IGNORED;
		aside->reason = arena_copy(triaging->arena, entry->reason);
		aside->approved_by = arena_copy(triaging->arena, entry->approved_by);
		aside->expires = entry->expires;
		aside->source = arena_printf(triaging->arena, "%.*s: line %u",
					     SPAN_ARG(rule->file->path), entry->line);
		return aside->reason.p && aside->approved_by.p && aside->source.p ? 0
										  : err_memory(err);
	}
	return 0;
}

static int
note_unused_rules(struct triaging *triaging, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < triaging->rules.count && r == 0; i++) {
		const struct rule *rule = &triaging->rules.items[i];

		if (!rule->used)
			r = note(triaging,
				 arena_printf(triaging->arena,
					      "%.*s: line %u: %.*s: not among what was found, or "
					      "set aside by something else",
					      SPAN_ARG(rule->file->path), rule->entry->line,
					      SPAN_ARG(rule->entry->id)),
				 err);
	}
	return r;
}

/* ---- VEX documents ---- */

static int
is_stated(struct triaging *triaging, const struct finding *finding, struct aside *aside, bool *ret,
	  struct err *err)
{
	struct statement_place place;
	int r = statements_find(triaging->statements, finding, &place, err);

	if (r < 0 || !place.statement)
		return r;
	triaging->vex_used[place.vex - triaging->request->vex] = true;
	if (place.statement->status != OPENVEX_NOT_AFFECTED &&
	    place.statement->status != OPENVEX_FIXED)
		return 0;
	struct span reason = place.statement->reason;
	*ret = true;
	aside->kind = ASIDE_STATED;
	aside->reason = arena_printf(triaging->arena, "%s: %.*s",
				     openvex_status_name(place.statement->status),
				     reason.n ? (int)reason.n : (int)sizeof("no reason stated") - 1,
				     reason.n ? reason.p : "no reason stated");
	aside->source = arena_printf(
		triaging->arena, "%.*s (%.*s%s%.*s)", SPAN_ARG(place.vex->path),
		SPAN_ARG(place.vex->document.format), place.vex->document.author.n ? " by " : "",
		SPAN_ARG(place.vex->document.author));
	return aside->reason.p && aside->source.p ? 0 : err_memory(err);
}

static int
note_unused_vex(struct triaging *triaging, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < triaging->request->vex_count && r == 0; i++) {
		const struct triage_vex *vex = &triaging->request->vex[i];

		if (!triaging->vex_used[i])
			r = note(triaging,
				 arena_printf(triaging->arena,
					      "%.*s: none of its %zu statements is about what was "
					      "found in this product",
					      SPAN_ARG(vex->path), vex->document.count),
				 err);
	}
	return r;
}

/* ---- all of it ---- */

/* *ret becomes true where there is a ground, which is then in *aside. */
typedef int ground(struct triaging *triaging, const struct finding *finding, struct aside *aside,
		   bool *ret, struct err *err);

static ground *const grounds[] = {is_stated, is_ignored, is_without_fix, is_known};

/* What is undetermined is in no count anyway. */
static int
decide(struct triaging *triaging, const struct finding *finding, struct err *err)
{
	const size_t count = sizeof(grounds) / sizeof(grounds[0]);
	struct aside aside = {.finding = *finding, .approved_by = SPAN("")};
	bool found = finding->status == FINDING_UNDETERMINED;
	int r = 0;

	if (found) {
		triaging->counted[triaging->counted_count++] = *finding;
		return 0;
	}
	for (size_t i = 0; i < count && r == 0 && !found; i++)
		r = grounds[i](triaging, finding, &aside, &found, err);
	if (r < 0)
		return r;
	if (found)
		triaging->asides[triaging->aside_count++] = aside;
	else
		triaging->counted[triaging->counted_count++] = *finding;
	return 0;
}

static int
prepare(struct triaging *triaging, struct err *err)
{
	size_t count = triaging->findings->count + 1;
	int r;

	triaging->asides = arena_array(triaging->arena, count, sizeof(*triaging->asides));
	triaging->counted = arena_array(triaging->arena, count, sizeof(*triaging->counted));
	triaging->vex_used =
		arena_array(triaging->working, triaging->request->vex_count + 1, sizeof(bool));
	if (!triaging->asides || !triaging->counted || !triaging->vex_used)
		return err_memory(err);
	r = prepare_baseline(triaging, err);
	if (r == 0)
		r = prepare_rules(triaging, err);
	return r < 0 ? r
		     : statements_new(triaging->subject, triaging->request, triaging->working,
				      &triaging->statements, err);
}

static int
finish(struct triaging *triaging, struct triage *triage, struct err *err)
{
	size_t notes = triaging->notes.count;
	struct span *texts = arena_array(triaging->arena, notes + 1, sizeof(*texts));

	if (!texts)
		return err_memory(err);
	if (notes)
		memcpy(texts, triaging->notes.items, notes * sizeof(*texts));
	triage->notes = (struct span_list){texts, notes};
	triage->asides = triaging->asides;
	triage->aside_count = triaging->aside_count;
	for (size_t i = 0; i < triage->aside_count; i++)
		triage->by_kind[triage->asides[i].kind]++;
	triage->counted = (struct findings){
		.items = triaging->counted,
		.count = triaging->counted_count,
		.database = triaging->findings->database,
		.gaps = triaging->findings->gaps,
		.matched = triaging->findings->matched,
	};
	return findings_count(&triage->counted, err);
}

static int
run(struct triaging *triaging, struct triage *triage, struct err *err)
{
	int r = prepare(triaging, err);

	for (size_t i = 0; r == 0 && i < triaging->findings->count; i++)
		r = decide(triaging, &triaging->findings->items[i], err);
	if (r == 0)
		r = note_unused_vex(triaging, err);
	if (r == 0)
		r = note_unused_rules(triaging, err);
	return r < 0 ? r : finish(triaging, triage, err);
}

int
triage_run(const struct findings *findings, const struct triage_subject *subject,
	   const struct triage_request *request, struct triage **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(arena_cleanup) struct arena *working = arena_new(0);
	struct triage *triage = arena ? arena_alloc(arena, sizeof(*triage)) : NULL;
	struct triaging triaging = {
		.findings = findings,
		.subject = subject,
		.request = request,
		.arena = arena,
		.working = working,
	};

	if (!triage || !working)
		return err_memory(err);
	int r = run(&triaging, triage, err);
	statements_free(triaging.statements);
	map_free(triaging.known);
	vec_free(&triaging.rules);
	vec_free(&triaging.notes);
	if (r < 0)
		return r;
	triage->arena = TAKE(arena);
	*ret = triage;
	return 0;
}
